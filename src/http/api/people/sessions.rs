//! Who calls: register, log in, stay in, leave; sessions, passwords, and oneself.
//!
//! Every answer with a token in it says that it must not be stored on the way.

use crate::http::api::coupon_bodies::VoucherBody;
use crate::http::api::people::bodies::{
    ChangePassword, LoggedInBody, Logout, MeBody, OutsiderBody, RefreshTokens, RegisterMember,
    RegisteredBody, ResetPassword, SessionBody, TokensBody,
};
use crate::http::api::people::credentials::{Credentials, Leaver, MaybeSigned};
use crate::http::body::Body;
use crate::http::caller::SignedIn;
use crate::http::fields::id_in_path;
use crate::http::flags::{self, IdempotencyKey, Params, to_its_end};
use crate::http::origin::ClientOrigin;
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::http::work::ShownWork;
use crate::shared::Shared;
use crate::welcome;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use actors::Id;
use base::calendar::wire_time;
use ports::GuardedCall;
use ports::directory::Session;

pub async fn register(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    work: ShownWork,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    body: Unchecked<RegisterMember>,
) -> Result<HttpResponse, Problem> {
    let registrations = &shared.people.registrations;
    let (draft, password) = body.checked(|body| {
        let (draft, password) = body.split();
        registrations.check(&draft, &password)?;
        Ok((draft, password))
    })?;
    let said = [&draft.username, &draft.email, &draft.phone].map(bytes_of);
    let spent = work.spend(&shared, GuardedCall::Register, &key, &said).await?;
    let registered = registrations.register(draft, password, key.text(), &origin).await;
    let proofs = &shared.people.work_proofs;
    proofs.note_outcome(GuardedCall::Register, spent, &registered).await;
    let registered = registered?;
    let status = if registered.again { StatusCode::OK } else { StatusCode::CREATED };
    let again = registered.again;
    let body =
        RegisteredBody { member: registered.member.into(), tokens: registered.tokens.into() };
    Ok(reply::mark_replayed(reply::forbid_storing(reply::json(status, &body)), again))
}

/// What a repeat has to say alike.
fn bytes_of(said: &Option<String>) -> &[u8] {
    said.as_deref().unwrap_or_default().as_bytes()
}

pub async fn login(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    work: ShownWork,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    Credentials(login): Credentials,
) -> Result<HttpResponse, Problem> {
    let said = [&login.account, &login.username, &login.email, &login.phone].map(bytes_of);
    let spent = work.spend(&shared, GuardedCall::Login, &key, &said).await?;
    welcome::get_ready(&shared).await;
    let owes = |now| shared.first_logins.owed_at(now);
    let logins = &shared.people.logins;
    let logged_in = logins.log_in_once(login, key.text(), &origin, &owes).await;
    shared.people.work_proofs.note_outcome(GuardedCall::Login, spent, &logged_in).await;
    let logged_in = logged_in?;
    let again = logged_in.again;
    let granted = welcome::of_first_login(&shared, &logged_in).await;
    let vouchers = granted.iter().map(|granted| VoucherBody::of(&shared, granted)).collect();
    let answer = reply::ok(&LoggedInBody::of(logged_in, vouchers));
    Ok(reply::mark_replayed(reply::forbid_storing(answer), again))
}

pub async fn refresh(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    _: Params<flags::Nothing>,
    Body(body): Body<RefreshTokens>,
) -> Result<HttpResponse, Problem> {
    let sessions = &shared.people.sessions;
    let (tokens, again) = sessions.refresh_once(&body.refresh_token, key.text()).await?;
    let answer = reply::ok(&TokensBody::from(tokens));
    Ok(reply::mark_replayed(reply::forbid_storing(answer), again))
}

pub async fn logout(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    MaybeSigned { signed, was }: MaybeSigned,
    _: Params<flags::Nothing>,
    Body(Logout { refresh_token }): Body<Logout>,
) -> Result<HttpResponse, Problem> {
    let sessions = shared.people.sessions.clone();
    let caller = match (&signed, was, &refresh_token) {
        (Ok(signed), ..) => signed.caller.id,
        (Err(_), Some(was), _) => was,
        (Err(_), None, Some(token)) => sessions.owner_of(token)?,
        (Err(problem), None, None) => return Err(problem.clone()),
    };
    let said = refresh_token.clone().unwrap_or_default();
    let log_out = async move {
        let signed = match (signed, &refresh_token) {
            (Ok(signed), _) => Some(signed),
            (Err(_), Some(_)) => None,
            (Err(problem), None) => return Err(problem),
        };
        Ok(sessions.log_out(signed.as_ref(), refresh_token.as_deref()).await?)
    };
    let meaning = [b"log out", said.as_bytes()];
    let replayed = key.once(&shared, caller, &meaning, log_out).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
}

pub async fn logout_all(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    Leaver { id, signed }: Leaver,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let sessions = shared.people.sessions.clone();
    let end_all = async move { Ok(sessions.end_all(signed?.caller.id).await.map(drop)?) };
    let replayed = key.once(&shared, id, &[b"log out everywhere"], end_all).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
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
    key: IdempotencyKey,
    Leaver { id: caller, signed }: Leaver,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (id, sessions) = (id_in_path(&id)?, shared.people.sessions.clone());
    let end = async move {
        match sessions.end(signed?.caller.id, id).await? {
            true => Ok(()),
            false => Err(Problem::new(&problem::NOT_FOUND, "you have no such session")),
        }
    };
    let replayed = key.once(&shared, caller, &[b"end session", &id.0], end).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
}

pub async fn change_password(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    SignedIn(signed): SignedIn,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    Body(ChangePassword { old_password, new_password }): Body<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    let (caller, passwords) = (signed.caller.id, shared.people.passwords.clone());
    let (new, from) = (new_password.clone(), origin.clone());
    let change = async move { Ok(passwords.change(&signed, &old_password, new, &from).await?) };
    // The passwords are no part of the meaning: what is kept must not help to guess them.
    let replayed = key.once(&shared, caller, &[b"change password"], change).await?;
    if replayed {
        shared.people.passwords.expect_current(caller, &new_password, &origin).await?;
    }
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
}

pub async fn reset_password(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    Body(ResetPassword { token, new_password }): Body<ResetPassword>,
) -> Result<HttpResponse, Problem> {
    let passwords = shared.people.passwords.clone();
    let reset =
        async move { Ok(passwords.reset_once(&token, new_password, key.text(), &origin).await?) };
    let replayed = to_its_end(reset).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
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
