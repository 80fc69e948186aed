//! Accounts: administrators list and create them; who has one reads, changes and deletes their own.

use crate::http::api::people::bodies::{RegisterMember, ResetBody};
use crate::http::api::people::profiles::{
    CreateUser, PatchUser, PutUser, UserBody, parse_parts, replace_all,
};
use crate::http::body::Body;
use crate::http::caller::{Admin, SignedIn};
use crate::http::fields::id_in_path;
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::origin::ClientOrigin;
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Id;
use actors::engine::By;
use base::calendar::wire_time;
use people::{Draft, Error, Signed, role_of};
use ports::directory::{AccountRole, Member};

/// Holds that are looked up at a time when a member is deleted.
const HOLDS_AT_ONCE: usize = 100;

pub async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, paging.after_id()?);
    let found = shared.people.accounts.list(after, limit + 1).await?;
    Ok(reply::ok(&Items::page(
        found,
        limit,
        |member: &Member| member.id.0.to_vec(),
        |member| Some(UserBody::from(member)),
    )))
}

pub async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    ClientOrigin(origin): ClientOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<CreateUser>,
) -> Result<HttpResponse, Problem> {
    let role = match body.role.as_deref() {
        None => AccountRole::Member,
        Some(role) => parse_role(role)?,
    };
    let CreateUser { username, email, phone, password, full_name, birthday, .. } = body;
    let (draft, password) =
        RegisterMember { username, email, phone, password, full_name, birthday }.split();
    let made = shared
        .people
        .registrations
        .create(caller.id, draft, password, role, key.text(), &origin)
        .await?;
    Ok(reply::mark_replayed(reply::created(&UserBody::from(made.member)), made.again))
}

pub async fn show(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = parse_own_or_any(&signed, &id)?;
    let member = shared
        .people
        .accounts
        .find(id)
        .await?
        .ok_or_else(|| Problem::plain(&problem::NOT_FOUND))?;
    Ok(reply::ok(&UserBody::from(member)))
}

pub async fn put(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    ClientOrigin(origin): ClientOrigin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(body): Body<PutUser>,
) -> Result<HttpResponse, Problem> {
    let id = parse_own_or_any(&signed, &id)?;
    let PutUser { username, email, phone, full_name, birthday } = body;
    let draft = Draft { username, email, phone, full_name, birthday };
    let profile = draft.parse(shared.people.accounts.birthday_before()).map_err(Error::Invalid)?;
    let member = shared.people.accounts.change(id, replace_all(profile), &origin).await?;
    Ok(reply::ok(&UserBody::from(member)))
}

pub async fn patch(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    ClientOrigin(origin): ClientOrigin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(mut body): Body<PatchUser>,
) -> Result<HttpResponse, Problem> {
    let id = parse_own_or_any(&signed, &id)?;
    if let Some(role) = body.role.take() {
        return change_role(&shared, &signed, id, &role, &body).await;
    }
    let changes = parse_parts(&shared.people.accounts, body)?;
    let member = shared.people.accounts.change(id, changes, &origin).await?;
    Ok(reply::ok(&UserBody::from(member)))
}

/// A step of its own: with a profile in the same call, one could be done without the other.
async fn change_role(
    shared: &Shared,
    signed: &Signed,
    id: Id,
    role: &str,
    beside: &PatchUser,
) -> Result<HttpResponse, Problem> {
    if signed.role != AccountRole::Admin {
        return Err(Problem::needs(AccountRole::Admin));
    }
    let role = parse_role(role)?;
    if !beside.is_empty() {
        return Err(Problem::invalid("/role", "a role is changed in a call of its own"));
    }
    let member = shared.people.accounts.change_role(id, role).await?;
    Ok(reply::ok(&UserBody::from(member)))
}

pub async fn delete(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = parse_own_or_any(&signed, &id)?;
    shared.people.accounts.delete(id).await?;
    release_holds(&shared, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// After the member's sessions have ended, so that they hold nothing new. What a crash leaves
/// behind ends by itself.
async fn release_holds(shared: &Shared, owner: Id) -> Result<(), Problem> {
    let mut after = None;
    loop {
        let holds = shared.tickets.holds_of(owner, after, HOLDS_AT_ONCE).await?;
        let Some((last, _)) = holds.last() else { return Ok(()) };
        after = Some(*last);
        for (hold, _) in &holds {
            // One that was confirmed or has ended is not released, and need not be.
            let _ = shared.tickets.release(hold, By::SYSTEM).await;
        }
    }
}

pub async fn offer_reset(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let offer = shared.people.passwords.offer_reset(id_in_path(&id)?).await?;
    Ok(reply::forbid_storing(reply::created(&ResetBody {
        token: offer.token,
        expires_at: wire_time(offer.until),
    })))
}

fn parse_role(name: &str) -> Result<AccountRole, Problem> {
    role_of(name)
        .ok_or_else(|| Problem::invalid("/role", "`member`, `viewer`, `operator` or `admin`"))
}

/// The account in the path, if the caller may see it: their own, or any for an administrator.
fn parse_own_or_any(signed: &Signed, id: &str) -> Result<Id, Problem> {
    let id = id_in_path(id)?;
    if signed.caller.id == id || signed.role == AccountRole::Admin {
        Ok(id)
    } else {
        Err(Problem::new(&problem::FORBIDDEN, "that is somebody else's account"))
    }
}
