//! What every answer says to a browser: that it is what its type says and nothing else, that
//! nobody's own things are kept, and under TLS that it is to come by TLS again.
//!
//! The pages say more of their own, and say it first. An answer that names its own cache keeps it.

use super::connection;
use crate::shared::Shared;
use actix_web::HttpRequest;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Data;

/// Data is no page: it loads nothing, runs nothing, and stands in no other page.
const OF_DATA: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

pub fn seal(response: &mut ServiceResponse<BoxBody>) {
    let is_for_somebody = response.request().headers().contains_key(AUTHORIZATION);
    let by_tls = transport_security(response.request());
    let headers = response.headers_mut();
    if let Some(by_tls) = by_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, by_tls);
    }
    default(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(headers, CONTENT_SECURITY_POLICY, OF_DATA);
    if is_for_somebody {
        default(headers, CACHE_CONTROL, "no-store");
    }
}

/// What a browser is told that came by TLS.
fn transport_security(request: &HttpRequest) -> Option<HeaderValue> {
    if !connection::is_secured(request) {
        return None;
    }
    let seconds = request.app_data::<Data<Shared>>()?.config.hsts_s;
    if seconds == 0 {
        return None;
    }
    HeaderValue::from_str(&format!("max-age={seconds}")).ok()
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
