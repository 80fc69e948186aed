//! Who calls: register, log in, stay in, leave; sessions, passwords, and oneself.
//!
//! Every answer with a token in it says that it must not be stored on the way.

use crate::http::api::coupon_bodies::VoucherBody;
use crate::http::api::people::bodies::{
    ChangePassword, LoggedInBody, Logout, MeBody, OutsiderBody, RefreshTokens, RegisterMember,
    RegisteredBody, ResetPassword, SessionBody, TokensBody,
};
use crate::http::api::people::credentials::{Credentials, MaybeSigned};
use crate::http::body::Body;
use crate::http::caller::SignedIn;
use crate::http::fields::id_in_path;
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::origin::ClientOrigin;
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use crate::welcome;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use actors::Id;
use base::calendar::wire_time;
use ports::directory::Session;

pub async fn register(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<RegisterMember>,
) -> Result<HttpResponse, Problem> {
    let (draft, password) = body.split();
    let registered =
        shared.people.registrations.register(draft, password, key.text(), &origin).await?;
    let status = if registered.again { StatusCode::OK } else { StatusCode::CREATED };
    Ok(reply::forbid_storing(reply::json(
        status,
        &RegisteredBody { member: registered.member.into(), tokens: registered.tokens.into() },
    )))
}

pub async fn login(
    shared: web::Data<Shared>,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    credentials: Credentials,
) -> Result<HttpResponse, Problem> {
    welcome::get_ready(&shared).await;
    let owes = |now| shared.first_logins.owed_at(now);
    let logged_in = shared.people.logins.log_in(credentials.0, &origin, &owes).await?;
    let granted = welcome::of_first_login(&shared, &logged_in).await;
    let vouchers = granted.iter().map(|granted| VoucherBody::of(&shared, granted)).collect();
    Ok(reply::forbid_storing(reply::ok(&LoggedInBody::of(logged_in, vouchers))))
}

pub async fn refresh(
    shared: web::Data<Shared>,
    _: Params<flags::Nothing>,
    Body(body): Body<RefreshTokens>,
) -> Result<HttpResponse, Problem> {
    let tokens = shared.people.sessions.refresh(&body.refresh_token).await?;
    Ok(reply::forbid_storing(reply::ok(&TokensBody::from(tokens))))
}

pub async fn logout(
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

pub async fn logout_all(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    shared.people.sessions.end_all(signed.caller.id).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn sessions(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, paging.after_id()?);
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

pub async fn end_session(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    match shared.people.sessions.end(signed.caller.id, id_in_path(&id)?).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::new(&problem::NOT_FOUND, "you have no such session")),
    }
}

pub async fn change_password(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    shared.people.passwords.change(&signed, &body.old_password, body.new_password, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn reset_password(
    shared: web::Data<Shared>,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<ResetPassword>,
) -> Result<HttpResponse, Problem> {
    shared.people.passwords.reset(&body.token, body.new_password, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn me(
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
