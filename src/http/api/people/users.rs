//! Accounts: administrators list and create them; who has one reads, changes and deletes their own.

use crate::http::api::people::bodies::{RegisterMember, ResetBody};
use crate::http::api::people::credentials::Leaver;
use crate::http::api::people::profiles::{
    CreateUser, PatchUser, PutUser, UserBody, parse_parts, replace_all, spell_out,
};
use crate::http::body::Body;
use crate::http::caller::{Admin, SignedIn};
use crate::http::fields::id_in_path;
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::mistakes::Mistakes;
use crate::http::origin::ClientOrigin;
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Id;
use actors::engine::By;
use base::calendar::wire_time;
use people::{Draft, Error, RequestOrigin, Signed, role_name, role_of};
use ports::directory::{AccountRole, Changes, Member};
use products::holds::HeldByMe;

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
    body: Unchecked<CreateUser>,
) -> Result<HttpResponse, Problem> {
    let registrations = &shared.people.registrations;
    let (draft, password, role) = body.checked(|body| {
        let CreateUser { username, email, phone, password, full_name, birthday, role } = body;
        let body = RegisterMember { username, email, phone, password, full_name, birthday };
        let (draft, password) = body.split();
        let mut mistakes = Mistakes::default();
        mistakes.check(registrations.check(&draft, &password).map_err(Problem::from));
        let role = role.map_or(Ok(AccountRole::Member), |role| parse_role(&role));
        let role = mistakes.check(role).unwrap_or(AccountRole::Member);
        mistakes.end().map(|()| (draft, password, role))
    })?;
    let made = registrations.create(caller.id, draft, password, role, key.text(), &origin).await?;
    Ok(reply::mark_replayed(reply::created(&UserBody::from(made.member)), made.again))
}

pub async fn show(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = parse_own_or_any(&signed, &id)?;
    Ok(reply::ok(&find_body(&shared, id).await?))
}

async fn find_body(shared: &Shared, id: Id) -> Result<UserBody, Problem> {
    let found = shared.people.accounts.find(id).await?;
    found.map(UserBody::from).ok_or_else(|| Problem::plain(&problem::NOT_FOUND))
}

pub async fn put(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    SignedIn(signed): SignedIn,
    ClientOrigin(origin): ClientOrigin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    body: Unchecked<PutUser>,
) -> Result<HttpResponse, Problem> {
    let id = parse_own_or_any(&signed, &id);
    let (id, profile) = body.checked(|body| {
        let id = id?;
        let PutUser { username, email, phone, full_name, birthday } = body;
        let draft = Draft { username, email, phone, full_name, birthday };
        let profile = draft.parse(shared.people.accounts.birthday_before());
        Ok((id, profile.map_err(Error::Invalid)?))
    })?;
    change(&shared, &key, signed.caller.id, id, replace_all(profile), origin).await
}

pub async fn patch(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    SignedIn(signed): SignedIn,
    ClientOrigin(origin): ClientOrigin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(mut body): Body<PatchUser>,
) -> Result<HttpResponse, Problem> {
    let id = parse_own_or_any(&signed, &id)?;
    if let Some(role) = body.role.take() {
        return change_role(&shared, &key, &signed, id, &role, &body).await;
    }
    let changes = parse_parts(&shared.people.accounts, body)?;
    change(&shared, &key, signed.caller.id, id, changes, origin).await
}

async fn change(
    shared: &web::Data<Shared>,
    key: &IdempotencyKey,
    caller: Id,
    id: Id,
    changes: Changes,
    origin: RequestOrigin,
) -> Result<HttpResponse, Problem> {
    let said = spell_out(&changes);
    let its = shared.clone();
    let change = async move {
        note_parting(&its, id, Some(&changes)).await?;
        Ok(its.people.accounts.change(id, changes, &origin).await.map(drop)?)
    };
    let replayed = key.once(shared, caller, &[b"change user", &id.0, &said], change).await?;
    Ok(reply::mark_replayed(reply::ok(&find_body(shared, id).await?), replayed))
}

/// A step of its own: with a profile in the same call, one could be done without the other.
async fn change_role(
    shared: &web::Data<Shared>,
    key: &IdempotencyKey,
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
    let its = shared.clone();
    let change = async move { Ok(its.people.accounts.change_role(id, role).await.map(drop)?) };
    let meaning: [&[u8]; 3] = [b"change role", &id.0, role_name(role).as_bytes()];
    let replayed = key.once(shared, signed.caller.id, &meaning, change).await?;
    Ok(reply::mark_replayed(reply::ok(&find_body(shared, id).await?), replayed))
}

pub async fn delete(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    Leaver { id: caller, signed }: Leaver,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (id, its) = (id_in_path(&id)?, shared.clone());
    let delete = async move {
        check_own_or_any(&signed?, id)?;
        note_parting(&its, id, None).await?;
        its.people.accounts.delete(id).await?;
        release_holds(&its, id).await
    };
    let replayed = key.once(&shared, caller, &[b"delete user", &id.0], delete).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
}

pub async fn end_sessions(
    shared: web::Data<Shared>,
    key: IdempotencyKey,
    Leaver { id: caller, signed }: Leaver,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (id, its) = (id_in_path(&id)?, shared.clone());
    let end = async move {
        check_own_or_any(&signed?, id)?;
        find_body(&its, id).await?;
        Ok(its.people.sessions.end_all(id).await.map(drop)?)
    };
    let replayed = key.once(&shared, caller, &[b"end sessions of user", &id.0], end).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
}

/// What a member gives up brings nobody a second first login while a campaign for these lasts.
async fn note_parting(
    shared: &Shared,
    member: Id,
    changes: Option<&Changes>,
) -> Result<(), Problem> {
    let marks = shared.people.partings.given_up(member, changes).await.map_err(Error::from)?;
    if marks.is_empty() {
        return Ok(());
    }
    match shared.first_logins.last_end(shared.promotions.now()).await? {
        Some(until) => Ok(shared.people.partings.note(marks, until).await.map_err(Error::from)?),
        None => Ok(()),
    }
}

/// After the member's sessions have ended, so that they hold nothing new. What a crash leaves
/// behind ends by itself.
async fn release_holds(shared: &Shared, owner: Id) -> Result<(), Problem> {
    let mut after = None;
    loop {
        let held = shared.holds.of_member(owner, after, HOLDS_AT_ONCE).await?;
        let Some(last) = held.last() else { return Ok(()) };
        after = Some(last.key.clone());
        for HeldByMe { id, .. } in &held {
            // One that was confirmed or has ended is not released, and need not be.
            let _ = shared.holds.release(id, By::SYSTEM).await;
        }
    }
}

pub async fn offer_reset(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (id, passwords) = (id_in_path(&id)?, &shared.people.passwords);
    let offer = match key.text() {
        Some(text) => passwords.offer_reset_once(id, caller.id, text).await?,
        None => passwords.offer_reset(id).await?,
    };
    let body = ResetBody { token: offer.token, expires_at: wire_time(offer.until) };
    Ok(reply::mark_replayed(reply::forbid_storing(reply::created(&body)), offer.again))
}

fn parse_role(name: &str) -> Result<AccountRole, Problem> {
    role_of(name)
        .ok_or_else(|| Problem::invalid("/role", "`member`, `viewer`, `operator` or `admin`"))
}

/// The account in the path, if the caller may see it: their own, or any for an administrator.
fn parse_own_or_any(signed: &Signed, id: &str) -> Result<Id, Problem> {
    let id = id_in_path(id)?;
    check_own_or_any(signed, id).map(|()| id)
}

fn check_own_or_any(signed: &Signed, id: Id) -> Result<(), Problem> {
    if signed.caller.id == id || signed.role == AccountRole::Admin {
        Ok(())
    } else {
        Err(Problem::new(&problem::FORBIDDEN, "that is somebody else's account"))
    }
}
