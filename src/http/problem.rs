//! Every way in which the API says no: one table, from which answers, `/problems/<name>` and the
//! OpenAPI document are made.
//!
//! A problem is RFC 9457 JSON with a stable `type`, and says whether a repeat makes sense. Nothing
//! else in the shell makes an error body.

mod kinds;

pub use kinds::*;

use super::reply;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use ports::GuardedCall;
use ports::directory::AccountRole;
use ports::scopes::Scope;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// A problem as one answer has it.
#[derive(Clone, Debug)]
pub struct Problem {
    pub kind: &'static ProblemKind,
    pub detail: Cow<'static, str>,
    pub errors: Vec<Invalid>,
    pub retry_after_s: Option<u32>,
    /// The rate that was used up: whose it is, and how much it is per minute.
    pub rate: Option<(&'static str, u32)>,
    pub allow: Option<String>,
    /// For which call a proof of work is needed.
    pub work: Option<GuardedCall>,
}

/// What is invalid, and where.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Invalid {
    /// A JSON pointer into the body, or `?name` for a query parameter.
    pub pointer: String,
    pub detail: String,
}

impl Invalid {
    /// The pointer to the whole body is empty, and a sentence cannot begin with nothing.
    fn say(&self) -> String {
        let place = if self.pointer.is_empty() { "the body" } else { &self.pointer };
        format!("{place}: {}", self.detail)
    }
}

impl Problem {
    pub fn new(kind: &'static ProblemKind, detail: impl Into<Cow<'static, str>>) -> Problem {
        let retry_after_s = matches!(kind.status, 429 | 503).then_some(1);
        Problem {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s,
            rate: None,
            allow: None,
            work: None,
        }
    }

    /// The table's own words are enough.
    pub fn plain(kind: &'static ProblemKind) -> Problem {
        Problem::new(kind, kind.meaning)
    }

    pub fn no_such(thing: &str) -> Problem {
        Problem::new(&NOT_FOUND, format!("there is no such {thing}"))
    }

    /// The call is for that role, and for those that may do more.
    pub fn needs(role: AccountRole) -> Problem {
        let who = match role {
            AccountRole::Member => "nobody without an account may do this",
            AccountRole::Viewer => "only a viewer, an operator or an administrator may do this",
            AccountRole::Operator => "only an operator or an administrator may do this",
            AccountRole::Admin => "only an administrator may do this",
        };
        Problem::new(&FORBIDDEN, who)
    }

    /// The caller's key has none of these scopes.
    pub fn out_of_scope(needed: &[Scope]) -> Problem {
        let named: Vec<String> = needed.iter().map(|one| format!("`{}`", one.name())).collect();
        let says = format!("the call needs a service key with the scope {}", named.join(" or "));
        Problem::new(&OUT_OF_SCOPE, says)
    }

    pub fn only_operators() -> Problem {
        Problem::needs(AccountRole::Operator)
    }

    /// One field of the body is wrong.
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Problem {
        Problem::all_invalid(vec![Invalid { pointer: pointer.into(), detail: detail.into() }])
    }

    /// The call takes another proof of work.
    pub fn work(kind: &'static ProblemKind, call: GuardedCall, why: impl fmt::Display) -> Problem {
        let why = format!("{why}; GET {} gives a challenge", challenge_for(call));
        Problem { work: Some(call), ..Problem::new(kind, why) }
    }

    /// All of these are wrong.
    pub fn all_invalid(errors: Vec<Invalid>) -> Problem {
        let said: Vec<String> = errors.iter().map(Invalid::say).collect();
        let mut problem = Problem::new(&INVALID, said.join("; "));
        problem.errors = errors;
        problem
    }

    pub fn retry_after(mut self, seconds: u32) -> Problem {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    /// The rate of a caller, or of an address, is used up for so long.
    pub fn rate(mut self, whose: &'static str, per_minute: u32, seconds: u32) -> Problem {
        self.rate = Some((whose, per_minute));
        self.retry_after(seconds)
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What the answer says.
    pub fn body<'a>(&'a self, request_id: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            r#type: self.kind.address,
            title: self.kind.title,
            status: self.kind.status,
            detail: &self.detail,
            retry: self.kind.retry,
            request_id,
            challenge: self.work.map(challenge_for),
            errors: &self.errors,
        }
    }

    /// The answer, counted.
    pub fn refuse(&self, request_id: &str) -> HttpResponse {
        let counter = || metrics::counter!("stampede_refusals_total", "reason" => self.kind.name);
        self.kind.told.get_or_init(counter).increment(1);
        self.response(request_id)
    }

    /// The answer. The edge calls this, because it knows the request id.
    pub fn response(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        response
            .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/problem+json")));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if let (Some((whose, per_minute)), Some(seconds)) = (self.rate, self.retry_after_s) {
            let policy = format!("\"{whose}\";q={per_minute};w=60");
            response.insert_header(("RateLimit-Policy", policy));
            response.insert_header(("RateLimit", format!("\"{whose}\";r=0;t={seconds}")));
        }
        if let Some(allow) = &self.allow {
            response.insert_header(("Allow", allow.as_str()));
        }
        if self.kind.status == 401 {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        response.body(reply::written(&self.body(request_id)))
    }
}

/// Where a challenge for that call is to be had.
fn challenge_for(call: GuardedCall) -> String {
    format!("/api/v1/proof-of-work/challenge?for={}", call.name())
}

/// The body of every answer that is not a success.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Stable, and a page that explains it.
    pub r#type: &'a str,
    pub title: &'a str,
    pub status: u16,
    /// What it was this time.
    pub detail: &'a str,
    pub retry: Retry,
    pub request_id: &'a str,
    /// Where a challenge is to be had, if a proof of work is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub challenge: Option<String>,
    #[serde(skip_serializing_if = "<[Invalid]>::is_empty")]
    pub errors: &'a [Invalid],
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        // The edge makes the body; what is made here carries the error to it.
        HttpResponse::new(self.status())
    }
}
