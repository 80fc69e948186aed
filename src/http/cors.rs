//! Which web pages may call the API from a browser: those of the configured origins, and no others.
//!
//! Tokens travel in a header, never in a cookie, so a page that is not listed can do nothing in
//! anybody's name anyway.

use actix_cors::Cors;
use actix_web::middleware::Condition;

/// What a page may read of an answer beside its body.
const SHOWN: [&str; 4] = ["X-Request-Id", "Idempotent-Replayed", "Retry-After", "Allow"];

pub fn allow(origins: &[String]) -> Condition<Cors> {
    let cors =
        Cors::default().allow_any_method().allow_any_header().expose_headers(SHOWN).max_age(3600);
    let cors = origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin));
    Condition::new(!origins.is_empty(), cors)
}
