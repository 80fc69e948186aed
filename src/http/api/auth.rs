//! Who calls: register, log in, stay in, leave; sessions, passwords, and oneself.
//!
//! Every answer with a token in it says that it must not be stored on the way.

mod bodies;
pub mod origin;
mod vouchers;

pub use bodies::{RegisterMember, UserBody};
pub use origin::{RequestOrigin, certain_address};
pub use vouchers::make_good;

use crate::http::body::{self, Body};
use crate::http::caller::SignedIn;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Invalid, Problem};
use crate::http::{headers, reply};
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use actors::Id;
use base::calendar::wire_time;
use bodies::{
    ChangePassword, LoggedInBody, LoginBody, LoginForm, Logout, MeBody, OutsiderBody,
    RefreshTokens, RegisteredBody, ResetPassword, SessionBody, TokensBody,
};
use futures_util::future::LocalBoxFuture;
use people::{Denied, Error, Login, Signed};
use ports::directory::Session;
use serde::de::DeserializeOwned;

const FORM: &str = "application/x-www-form-urlencoded";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        keyed(Endpoint::post("/auth/register", register))
            .summary("Register")
            .notes(
                "The answer has tokens as a login's has, but it is not the member's first \
                login. A repeat with the same key and password gives 200 and new tokens.",
            )
            .body::<RegisterMember>()
            .answer::<RegisteredBody>(201, "The member, logged in.")
            .answer::<RegisteredBody>(
                200,
                "The member whom the first request with this key has \
                made.",
            )
            .problems(&[&problem::TAKEN])
            .problems(CROWDED),
        Endpoint::post("/auth/login", login)
            .summary("Log in")
            .notes(
                "As JSON, or as an OAuth2 password form whose `username` is an identifier of \
                any kind. An unknown account, a wrong password and an account with too many \
                failures are answered alike, in the same time.",
            )
            .body::<LoginBody>()
            .answer::<LoggedInBody>(200, "The tokens.")
            .problems(&[&problem::WRONG_CREDENTIALS])
            .problems(CROWDED),
        Endpoint::post("/auth/refresh", refresh)
            .summary("Get new tokens")
            .notes(
                "The refresh token is used up. Used again after its successor was used, or \
                after 30 seconds, it ends the session: somebody else has it.",
            )
            .body::<RefreshTokens>()
            .answer::<TokensBody>(200, "The tokens.")
            .problems(&[&problem::UNAUTHENTICATED, &problem::UNAVAILABLE]),
        Endpoint::post("/auth/logout", logout)
            .summary("Log out")
            .notes(
                "Both tokens of the session are dead when this is answered. Needs a valid \
                access token, a refresh token, or both.",
            )
            .body::<Logout>()
            .answer_empty(204, "Logged out.")
            .problems(&[&problem::UNAUTHENTICATED, &problem::UNAVAILABLE]),
        Endpoint::post("/auth/logout-all", logout_all)
            .summary("End all my sessions")
            .who(Who::Member)
            .answer_empty(204, "All of them have ended, this one, too.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/auth/sessions", sessions)
            .summary("List my sessions")
            .who(Who::Member)
            .lists::<SessionBody>("Oldest first.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::delete("/auth/sessions/{id}", end_session)
            .summary("End one of my sessions")
            .who(Who::Member)
            .answer_empty(204, "It has ended.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::post("/auth/password", change_password)
            .summary("Change my password")
            .notes("My other sessions end.")
            .who(Who::Member)
            .body::<ChangePassword>()
            .answer_empty(204, "It is changed.")
            .problems(&[&problem::WRONG_CREDENTIALS, &problem::NOT_FOUND])
            .problems(CROWDED),
        Endpoint::post("/auth/reset", reset_password)
            .summary("Set a password with a reset token")
            .notes(
                "An administrator hands the token out (`POST /users/{id}/password`). It is good \
                for one use within a day; all sessions end.",
            )
            .body::<ResetPassword>()
            .answer_empty(204, "It is set.")
            .problems(&[&problem::UNAUTHENTICATED])
            .problems(CROWDED),
        Endpoint::get("/me", me)
            .summary("Who am I?")
            .who(Who::Member)
            .answer::<MeBody>(200, "The caller.")
            .problems(&[&problem::UNAVAILABLE]),
    ]
}

/// What a crowd meets.
const CROWDED: &[&problem::ProblemKind] =
    &[&problem::TOO_MANY, &problem::BUSY, &problem::UNAVAILABLE];

/// Takes an idempotency key.
pub fn keyed(mut endpoint: Endpoint) -> Endpoint {
    endpoint.repeatable = true;
    endpoint.problems(&[&problem::BAD_KEY, &problem::KEY_REUSED])
}

async fn register(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    RequestOrigin(origin): RequestOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<RegisterMember>,
) -> Result<HttpResponse, Problem> {
    let (draft, password) = body.split();
    let registered =
        shared.people.registrations.register(draft, password, key.text(), &origin).await?;
    let tokens = registered.tokens.ok_or_else(|| Problem::plain(&problem::INTERNAL))?;
    let status = if registered.again { StatusCode::OK } else { StatusCode::CREATED };
    Ok(secret(reply::json(
        status,
        &RegisteredBody { member: registered.member.into(), tokens: tokens.into() },
    )))
}

async fn login(
    shared: web::Data<Shared>,
    RequestOrigin(origin): RequestOrigin,
    _: Params<flags::Nothing>,
    credentials: Credentials,
) -> Result<HttpResponse, Problem> {
    vouchers::get_ready(&shared).await;
    let owes = |now| shared.first_logins.owed_at(now);
    let logged_in = shared.people.logins.log_in(credentials.0, &origin, &owes).await?;
    let vouchers = vouchers::of_first_login(&shared, &logged_in).await;
    Ok(secret(reply::ok(&LoggedInBody::of(logged_in, vouchers))))
}

async fn refresh(
    shared: web::Data<Shared>,
    _: Params<flags::Nothing>,
    Body(body): Body<RefreshTokens>,
) -> Result<HttpResponse, Problem> {
    let tokens = shared.people.sessions.refresh(&body.refresh_token).await?;
    Ok(secret(reply::ok(&TokensBody::from(tokens))))
}

async fn logout(
    shared: web::Data<Shared>,
    signed: MaybeSigned,
    _: Params<flags::Nothing>,
    Body(body): Body<Logout>,
) -> Result<HttpResponse, Problem> {
    let signed = match (signed.0, &body.refresh_token) {
        (Ok(signed), _) => Some(signed),
        (Err(_), Some(_)) => None,
        (Err(problem), None) => return Err(problem),
    };
    shared.people.sessions.log_out(signed.as_ref(), body.refresh_token.as_deref()).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn logout_all(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    shared.people.sessions.end_all(signed.caller.id).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn sessions(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, after_id(&paging)?);
    let found = shared.people.sessions.list(signed.caller.id, after, limit + 1).await?;
    let current = signed.session();
    Ok(reply::ok(&Items::page(
        found,
        limit,
        |session: &Session| session.id.0.to_vec(),
        |session| Some(session_body(session, current)),
    )))
}

fn session_body(session: Session, current: Option<Id>) -> SessionBody {
    SessionBody {
        id: session.id.to_string(),
        began_at: wire_time(session.began_at),
        refreshed_at: wire_time(session.refreshed_at),
        agent: session.agent,
        current: current == Some(session.id),
    }
}

async fn end_session(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    match shared.people.sessions.end(signed.caller.id, known_id(&id)?).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::new(&problem::NOT_FOUND, "you have no such session")),
    }
}

async fn change_password(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    RequestOrigin(origin): RequestOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    shared.people.passwords.change(&signed, &body.old_password, body.new_password, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn reset_password(
    shared: web::Data<Shared>,
    RequestOrigin(origin): RequestOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<ResetPassword>,
) -> Result<HttpResponse, Problem> {
    shared.people.passwords.reset(&body.token, body.new_password, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn me(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    if let Some(outsider) = OutsiderBody::of(signed.caller.id, &signed.via) {
        return Ok(reply::ok(&MeBody::Outsider(outsider)));
    }
    let member = shared
        .people
        .accounts
        .find(signed.caller.id)
        .await?
        .ok_or_else(|| Problem::plain(&problem::UNAUTHENTICATED))?;
    Ok(reply::ok(&MeBody::Account(member.into())))
}

/// An answer with a secret in it, which no cache may keep.
pub fn secret(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The id in a path. One that cannot be read names nothing.
pub fn known_id(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::plain(&problem::NOT_FOUND))
}

/// The id after which a page begins.
pub fn after_id(paging: &Paging) -> Result<Option<Id>, Problem> {
    let id = |bytes: Vec<u8>| {
        bytes
            .try_into()
            .map(Id)
            .map_err(|_| Problem::invalid("?cursor", "not a cursor of this list"))
    };
    paging.after()?.map(id).transpose()
}

/// The caller, if there is one, without insisting.
struct MaybeSigned(Result<Signed, Problem>);

impl FromRequest for MaybeSigned {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let given = headers::only(request, &AUTHORIZATION, &problem::NOT_READABLE);
        let given = given.map(|value| value.is_some());
        let signer = SignedIn::from_request(request, payload);
        Box::pin(async move {
            let missing = || Problem::plain(&problem::UNAUTHENTICATED);
            Ok(MaybeSigned(if given? {
                signer.await.map(|signer| signer.0)
            } else {
                Err(missing())
            }))
        })
    }
}

/// A login as JSON or as a form, whichever the body says it is.
struct Credentials(Login);

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
                body::parse::<LoginBody>(&bytes)?.into()
            };
            Ok(Credentials(login))
        })
    }
}

fn form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Problem::new(&problem::NOT_READABLE, "the form is not UTF-8"))?;
    // A form is written as a query string is.
    let parsed = web::Query::<T>::from_query(text).map(web::Query::into_inner);
    parsed.map_err(|error| {
        Problem::invalid("", error.to_string().trim_start_matches("Query deserialize error: "))
    })
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        match denied {
            Denied::Unauthenticated(_) => Problem::plain(&problem::UNAUTHENTICATED),
            Denied::BadOnBehalfOf => Problem::new(&problem::NOT_READABLE, denied.to_string()),
            Denied::NotAService => Problem::new(&problem::FORBIDDEN, denied.to_string()),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Invalid(flaws) => all_invalid(flaws.iter().map(|flaw| (flaw.field, flaw.says))),
            Error::Taken(kinds) => taken(kinds.iter().map(|kind| kind.name())),
            Error::KeyReused => Problem::plain(&problem::KEY_REUSED),
            Error::WrongCredentials => Problem::plain(&problem::WRONG_CREDENTIALS),
            Error::TooMany { retry_after_s } => {
                Problem::plain(&problem::TOO_MANY).retry_after(retry_after_s)
            }
            Error::OverRate { per_minute, retry_after_s } => {
                Problem::plain(&problem::TOO_MANY).rate(per_minute, retry_after_s)
            }
            Error::Busy(busy) => {
                Problem::new(&problem::BUSY, busy.to_string()).retry_after(busy.retry_after_s)
            }
            Error::Denied(denied) => denied.into(),
            Error::Unknown => Problem::plain(&problem::NOT_FOUND),
            Error::Store(error) => error.into(),
        }
    }
}

fn all_invalid<'a>(flaws: impl Iterator<Item = (&'a str, &'a str)>) -> Problem {
    let errors: Vec<Invalid> = flaws
        .map(|(field, says)| Invalid { pointer: pointer(field), detail: says.into() })
        .collect();
    let said: Vec<String> =
        errors.iter().map(|error| format!("{}: {}", error.pointer, error.detail)).collect();
    let mut problem = Problem::new(&problem::INVALID, said.join("; "));
    problem.errors = errors;
    problem
}

fn taken<'a>(fields: impl Iterator<Item = &'a str>) -> Problem {
    let mut problem = Problem::plain(&problem::TAKEN);
    problem.errors = fields
        .map(|field| Invalid { pointer: pointer(field), detail: "another account has it".into() })
        .collect();
    problem
}

fn pointer(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("/{field}") }
}
