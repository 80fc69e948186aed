//! Requests byte by byte, for what no decent client would send.

use harness::{Answer, TestApp};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

/// Sends these bytes on a connection of their own. None if the server hung up without an answer.
pub fn send(app: &TestApp, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    // A server that has read enough may hang up before it has read all.
    let _ = stream.write_all(request);
    answer(BufReader::new(stream), request.starts_with(b"HEAD "))
}

/// The same, and says that nothing more will come, so that a server that waits for more does not
/// wait for ever.
pub fn send_and_hang_up(app: &TestApp, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    answer(BufReader::new(stream), request.starts_with(b"HEAD "))
}

/// What is answered on a connection that somebody else has opened.
pub fn answer_of(stream: TcpStream) -> Option<Answer> {
    answer(BufReader::new(stream), false)
}

fn answer(mut reader: BufReader<TcpStream>, only_head: bool) -> Option<Answer> {
    let status = line(&mut reader)?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    loop {
        let header = line(&mut reader)?;
        let Some((name, value)) = header.split_once(": ") else { break };
        headers.append(name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?);
    }
    let length = headers
        .get("content-length")
        .filter(|_| !only_head)
        .map(|length| length.to_str().unwrap().parse::<usize>().unwrap());
    let mut bytes = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Some(Answer { status, body, text, headers })
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    Some(line.trim_end().to_owned())
}

/// A request with these header lines and this body, whose length is said unless a header line says
/// something else.
pub fn request(method: &str, path: &[u8], headers: &[(&str, &[u8])], body: &[u8]) -> Vec<u8> {
    let mut request = [method.as_bytes(), b" ", path, b" HTTP/1.1\r\nHost: stampede\r\n"].concat();
    for (name, value) in headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    if !headers.iter().any(|(name, _)| ["Content-Length", "Transfer-Encoding"].contains(name)) {
        request.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
    }
    request.extend(b"\r\n");
    request.extend(body);
    request
}
