//! The id of a request, as the log, the audit and the answer have it.

use actix_web::http::header::{HeaderMap, HeaderName};
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

/// Unlikely to be met twice: a start-up's random half and a count.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static START: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    use std::hash::{BuildHasher, RandomState};
    let start = START.get_or_init(|| RandomState::new().hash_one(0));
    format!("{:08x}{:08x}", *start as u32, NEXT.fetch_add(1, Ordering::Relaxed))
}
