//! The id of a request, as the log, the audit and the answer have it.

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpMessage, HttpRequest};
use actors::plain::text_of;
use std::sync::atomic::{AtomicU64, Ordering};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_ID: usize = 64;

/// The caller's own id if it is a decent one, else a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match given.filter(|id| {
        (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
    }) {
        Some(id) => id.to_owned(),
        None => new_id(),
    }
}

/// One that an answer names before the edge does.
#[derive(Clone)]
struct Told(String);

/// From now on the request has that id.
pub fn tell(request: &HttpRequest, id: String) {
    request.extensions_mut().insert(Told(id));
}

/// The id that was told already.
pub fn told(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<Told>().map(|Told(id)| id.clone())
}

/// Unlikely to be met twice: a start-up's random half and a count.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static START: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    use std::hash::{BuildHasher, RandomState};
    let start = START.get_or_init(|| RandomState::new().hash_one(0));
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    text_of(&format_args!("{:08x}{next:08x}", *start as u32))
}
