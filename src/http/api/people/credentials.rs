//! What a login or a logout is made with: a body or a form, a token or none.

use crate::http::api::people::bodies::{LoginBody, LoginForm};
use crate::http::body;
use crate::http::caller::SignedIn;
use crate::http::flags::parse_pairs;
use crate::http::headers::{self, IDEMPOTENCY_KEY};
use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use actors::Id;
use futures_util::future::LocalBoxFuture;
use people::{Login, Signed};
use serde::de::DeserializeOwned;

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The caller, if there is one, without insisting.
pub struct MaybeSigned {
    pub signed: Result<Signed, Problem>,
    /// Whose token it is although its session has ended. Asked only for a repeat under a key.
    pub was: Option<Id>,
}

/// Who ends their own session, and is known by its token when they repeat that.
pub struct Leaver {
    pub id: Id,
    /// As far as they are let in.
    pub signed: Result<Signed, Problem>,
}

impl FromRequest for MaybeSigned {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let given = headers::only(request, &AUTHORIZATION, &problem::NOT_READABLE);
        let given = given.map(|value| value.map(|value| value.to_str().unwrap_or("").to_owned()));
        let signer = SignedIn::from_request(request, payload);
        let may_repeat = request.headers().contains_key(IDEMPOTENCY_KEY);
        let shared = request.app_data::<Data<Shared>>().cloned().filter(|_| may_repeat);
        Box::pin(async move {
            let Some(given) = given? else {
                let missing = Problem::plain(&problem::UNAUTHENTICATED);
                return Ok(MaybeSigned { signed: Err(missing), was: None });
            };
            let signed = signer.await.map(|signer| signer.0);
            let was = match &signed {
                Err(problem) if problem.kind.name == problem::UNAUTHENTICATED.name => {
                    shared.and_then(|shared| shared.people.access.bearer_of(&given))
                }
                _ => None,
            };
            Ok(MaybeSigned { signed, was })
        })
    }
}

impl FromRequest for Leaver {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = MaybeSigned::from_request(request, payload);
        Box::pin(async move {
            let MaybeSigned { signed, was } = caller.await?;
            match (signed, was) {
                (Ok(signed), _) => Ok(Leaver { id: signed.caller.id, signed: Ok(signed) }),
                (Err(problem), Some(id)) => Ok(Leaver { id, signed: Err(problem) }),
                (Err(problem), None) => Err(problem),
            }
        })
    }
}

/// A login as JSON or as a form, whichever the body says it is.
pub struct Credentials(pub Login);

impl FromRequest for Credentials {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let header =
            |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let is_form = header(CONTENT_TYPE).is_some_and(|kind| {
            kind.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case(FORM)
        });
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let bytes = body::read_limited(&request, payload).await?;
            // curl calls whatever it sends a form unless it is told otherwise; no form begins like
            // this.
            let is_form = is_form && !bytes.trim_ascii_start().starts_with(b"{");
            let login = if is_form {
                form::<LoginForm>(&bytes)?.into()
            } else {
                body::parse::<LoginBody>(&bytes)?.checked()?
            };
            Ok(Credentials(login))
        })
    }
}

fn form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Problem::new(&problem::NOT_READABLE, "the form is not UTF-8"))?;
    // A form is written as a query string is.
    parse_pairs(text, '/')
}
