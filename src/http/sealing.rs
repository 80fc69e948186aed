//! What every answer says to a browser: that it is what its type says and nothing else, and that
//! nobody's own things are kept.
//!
//! The pages say more of their own, and say it first. An answer that names its own cache keeps it.

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};

/// Data is no page: it loads nothing, runs nothing, and stands in no other page.
const OF_DATA: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

pub fn seal(response: &mut ServiceResponse<BoxBody>) {
    let is_for_somebody = response.request().headers().contains_key(AUTHORIZATION);
    let headers = response.headers_mut();
    default(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(headers, CONTENT_SECURITY_POLICY, OF_DATA);
    if is_for_somebody {
        default(headers, CACHE_CONTROL, "no-store");
    }
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
