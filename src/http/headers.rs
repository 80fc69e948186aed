//! Headers that decide something, and therefore may stand only once.
//!
//! Of two, a proxy may believe the first and this server the last. So the request is refused, and
//! nothing is done. Every header that says who calls or what is meant is read here.

use super::problem::{Problem, ProblemKind};
use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue};

pub const ON_BEHALF_OF: HeaderName = HeaderName::from_static("on-behalf-of");
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const PROOF_OF_WORK: HeaderName = HeaderName::from_static("proof-of-work");
pub const REASON: HeaderName = HeaderName::from_static("reason");
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The header of that name, or none. Two are a problem of that kind.
pub fn only<'a>(
    request: &'a HttpRequest,
    name: &HeaderName,
    kind: &'static ProblemKind,
) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut all = request.headers().get_all(name);
    let first = all.next();
    match all.next() {
        None => Ok(first),
        Some(_) => Err(Problem::new(kind, format!("the header `{name}` stands more than once"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::NOT_READABLE;
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_header_may_stand_once_or_not_at_all() {
        let request = TestRequest::default();
        assert!(matches!(only(&request.to_http_request(), &ON_BEHALF_OF, &NOT_READABLE), Ok(None)));
        let once = TestRequest::default().append_header(("On-Behalf-Of", "ada")).to_http_request();
        assert_eq!(only(&once, &ON_BEHALF_OF, &NOT_READABLE).unwrap().unwrap(), "ada");
        let twice = TestRequest::default().append_header(("On-Behalf-Of", "ada"));
        let twice = twice.append_header(("on-behalf-of", "ada")).to_http_request();
        let problem = only(&twice, &ON_BEHALF_OF, &NOT_READABLE).unwrap_err();
        assert!(problem.detail.contains("on-behalf-of"), "{}", problem.detail);
    }
}
