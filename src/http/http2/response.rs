//! An answer of the framework on a stream of HTTP/2, as fast as its caller takes it.

use actix_http::header::{CONNECTION, HttpDate, TRANSFER_ENCODING, UPGRADE};
use actix_http::{Response, ResponseHead};
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;
use ureq::http::{self, HeaderName, HeaderValue, StatusCode};

/// As much as is asked for at a time.
const PIECE: usize = 16 * 1024;

/// Its caller does not take it, or it could not be made.
pub struct BrokenOff;

impl From<h2::Error> for BrokenOff {
    fn from(_: h2::Error) -> BrokenOff {
        BrokenOff
    }
}

/// Until the body is at its end.
pub async fn send<B: MessageBody>(
    answer: Response<B>,
    respond: &mut SendResponse<Bytes>,
    is_head: bool,
    unread_timeout: Duration,
) -> Result<(), BrokenOff> {
    let (answer, body) = answer.into_parts();
    let size = body.size();
    let is_over = is_head || matches!(size, BodySize::None | BodySize::Sized(0));
    let mut stream = respond.send_response(head(answer.head(), size), is_over)?;
    if is_over {
        return Ok(());
    }
    let mut body = pin!(body);
    loop {
        let piece = poll_fn(|context| match stream.poll_reset(context) {
            Poll::Ready(_) => Poll::Ready(Err(BrokenOff)),
            Poll::Pending => body.as_mut().poll_next(context).map(Ok),
        });
        match piece.await? {
            Some(Ok(piece)) => send_piece(&mut stream, piece, unread_timeout).await?,
            Some(Err(_)) => {
                stream.send_reset(Reason::INTERNAL_ERROR);
                return Err(BrokenOff);
            }
            None => return Ok(stream.send_data(Bytes::new(), true)?),
        }
    }
}

async fn send_piece(
    stream: &mut SendStream<Bytes>,
    mut piece: Bytes,
    unread_timeout: Duration,
) -> Result<(), BrokenOff> {
    while !piece.is_empty() {
        stream.reserve_capacity(piece.len().min(PIECE));
        let room = timeout(unread_timeout, poll_fn(|context| stream.poll_capacity(context))).await;
        match room {
            Ok(Some(room)) => {
                let some = piece.split_to(room?.min(piece.len()));
                stream.send_data(some, false)?;
            }
            Ok(None) => return Err(BrokenOff),
            Err(_) => {
                stream.send_reset(Reason::CANCEL);
                return Err(BrokenOff);
            }
        }
    }
    Ok(())
}

/// Without what only HTTP/1 has.
fn head(answer: &ResponseHead, size: BodySize) -> http::Response<()> {
    let mut response = http::Response::new(());
    let status = answer.status;
    *response.status_mut() = StatusCode::from_u16(status.as_u16()).unwrap_or_default();
    let headers = response.headers_mut();
    for (name, value) in answer.headers() {
        let is_of_http1 = [CONNECTION, TRANSFER_ENCODING, UPGRADE].contains(name)
            || ["keep-alive", "proxy-connection"].contains(&name.as_str());
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (false, Ok(name), Ok(value)) = (is_of_http1, name, value) {
            headers.append(name, value);
        }
    }
    let has_none = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
    let headers = response.headers_mut();
    if let (false, BodySize::Sized(length)) = (has_none, size) {
        headers.insert(http::header::CONTENT_LENGTH, length.into());
    }
    if let Ok(date) = HeaderValue::from_str(&today()) {
        headers.entry(http::header::DATE).or_insert(date);
    }
    response
}

#[expect(clippy::disallowed_methods, reason = "HTTP/1 says the machine's time, too")]
fn today() -> String {
    HttpDate::from(SystemTime::now()).to_string()
}
