//! A body that is handed to the connection in pieces.
//!
//! The framework copies what a body gives it into the connection's own buffer, and takes no more
//! while that is full. So a caller who reads nothing holds a few pieces and not a copy of it all.

use super::problem::{self, Problem};
use super::room::{Held, Room};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::web::Bytes;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

pub const PIECE: usize = 16 * 1024;

/// Bytes that are known whole.
pub struct Pieces {
    rest: Bytes,
    _held: Option<Held>,
}

impl Pieces {
    /// Of bytes that all answers share, so that they cost nothing more.
    pub fn shared(bytes: &Bytes) -> BoxBody {
        BoxBody::new(Pieces { rest: bytes.clone(), _held: None })
    }
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(piece(&mut self.get_mut().rest).map(Ok))
    }
}

/// The next piece of what is left.
pub fn piece(rest: &mut Bytes) -> Option<Bytes> {
    (!rest.is_empty()).then(|| rest.split_to(PIECE.min(rest.len())))
}

/// Whether an answer is so large that it must not be copied whole.
pub fn is_large(response: &ServiceResponse<BoxBody>) -> bool {
    matches!(response.response().body().size(), BodySize::Sized(bytes) if bytes > PIECE as u64)
}

/// Counts a large answer in, and turns it into pieces. Without room a read is refused; what has
/// changed something is answered all the same.
pub fn count_in(
    room: &Room,
    response: ServiceResponse<BoxBody>,
    id: &str,
) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(rest) => {
            let mut held = room.enter();
            let bytes = rest.len();
            if !held.grow(bytes) && [Method::GET, Method::HEAD].contains(request.method()) {
                let busy = Problem::new(&problem::BUSY, "too many answers wait to be read");
                return ServiceResponse::new(request, busy.refuse(id));
            }
            held.insist(bytes);
            BoxBody::new(Pieces { rest, _held: Some(held) })
        }
        // It is a stream, or in pieces already.
        Err(body) => body,
    };
    ServiceResponse::new(request, head.set_body(body))
}
