//! One connection of a crowd: HTTP by hand, with no client library in the way.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct LoadConnection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl LoadConnection {
    pub async fn open(address: &str) -> LoadConnection {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket takes options");
        LoadConnection { stream, buffer: Vec::with_capacity(4096) }
    }

    pub async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.expect("the server reads");
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
            assert!(read > 0, "the server hung up");
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..end]).expect("a head is text");
                let length = head.lines().find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse::<usize>()
                        .ok()
                });
                let status = head[9..12].parse().expect("a status is a number");
                let body = end + 4..end + 4 + length.unwrap_or(0);
                while self.buffer.len() < body.end {
                    let read =
                        self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
                    assert!(read > 0, "the server hung up");
                }
                return (status, self.buffer[body].to_vec());
            }
        }
    }
}

pub fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let authorization =
        if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    format!(
        "{method} {path} HTTP/1.1\r\nhost: stampede\r\n{authorization}content-type: \
         application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub async fn text(address: &str, method: &str, path: &str, token: &str, body: &str) -> String {
    let (_, body) =
        LoadConnection::open(address).await.ask(&request(method, path, token, body)).await;
    String::from_utf8(body).expect("answers are text")
}

pub async fn call(address: &str, method: &str, path: &str, token: &str, body: &Value) -> Value {
    let (status, answer) = LoadConnection::open(address)
        .await
        .ask(&request(method, path, token, &body.to_string()))
        .await;
    let answer = serde_json::from_slice(&answer).unwrap_or(Value::Null);
    assert!(status < 300, "{method} {path}: {status} {answer}");
    answer
}

pub async fn token(address: &str, username: &str, password: &str) -> String {
    let answer = call(
        address,
        "POST",
        "/api/v1/auth/login",
        "",
        &json!({"username": username, "password": password}),
    )
    .await;
    answer["access_token"].as_str().expect("a login gives a token").to_owned()
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}
