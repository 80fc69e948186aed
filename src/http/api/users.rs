//! Accounts: administrators list and create them; a member reads, changes and deletes their own.

use super::auth::{RegisterMember, RequestOrigin, UserBody, after_id, keyed, known_id, secret};
use crate::http::body::Body;
use crate::http::caller::{Admin, SignedIn};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::Id;
use actors::engine::By;
use base::calendar::wire_time;
use people::{Accounts, Draft, Error, Signed, role_of};
use ports::directory::{AccountRole, Changes, Member};
use ports::profile;
use ports::profile::{Flaw, Identifier, Profile};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Holds that are looked up at a time when a member is deleted.
const HOLDS_AT_ONCE: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub password: String,
    pub full_name: Option<String>,
    pub birthday: Option<String>,
    /// `member`, which is the default, or `admin`. It stays what it is.
    pub role: Option<String>,
}

/// The whole profile: what is absent is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutUser {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub full_name: Option<String>,
    pub birthday: Option<String>,
}

/// Parts of the profile: what is absent stays, what is null is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchUser {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub username: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub full_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub birthday: Option<Option<String>>,
}

/// Tells a field that is null from one that is absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Serialize, ToSchema)]
#[schema(as = PasswordReset)]
pub struct ResetBody {
    /// For `POST /auth/reset`. It is shown this once.
    pub token: String,
    pub expires_at: String,
}

pub fn endpoints() -> Vec<Endpoint> {
    const CHANGED: &[&problem::ProblemKind] = &[
        &problem::FORBIDDEN,
        &problem::NOT_FOUND,
        &problem::TAKEN,
        &problem::TOO_MANY,
        &problem::UNAVAILABLE,
    ];
    vec![
        Endpoint::get("/users", list)
            .summary("List the accounts")
            .who(Who::Admin)
            .lists::<UserBody>("In the order of their creation.")
            .problems(&[&problem::UNAVAILABLE]),
        keyed(Endpoint::post("/users", create))
            .summary("Create an account")
            .who(Who::Admin)
            .body::<CreateUser>()
            .answer::<UserBody>(201, "The account.")
            .problems(&[
                &problem::TAKEN,
                &problem::TOO_MANY,
                &problem::BUSY,
                &problem::UNAVAILABLE,
            ]),
        Endpoint::get("/users/{id}", show)
            .summary("Look at an account")
            .notes("One's own, or any for an administrator.")
            .who(Who::Member)
            .answer::<UserBody>(200, "The account.")
            .problems(&[&problem::FORBIDDEN, &problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::put("/users/{id}", put)
            .summary("Replace a profile")
            .who(Who::Member)
            .body::<PutUser>()
            .answer::<UserBody>(200, "The account.")
            .problems(CHANGED),
        Endpoint::patch("/users/{id}", patch)
            .summary("Change parts of a profile")
            .who(Who::Member)
            .body::<PatchUser>()
            .answer::<UserBody>(200, "The account.")
            .problems(CHANGED),
        Endpoint::delete("/users/{id}", delete)
            .summary("Delete an account")
            .notes(
                "Its sessions end, its identifiers are free, its held tickets are released. \
                What was bought stays, without a name.",
            )
            .who(Who::Member)
            .answer_empty(204, "It is deleted.")
            .problems(&[&problem::FORBIDDEN, &problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::post("/users/{id}/password", offer_reset)
            .summary("Hand out a password reset")
            .notes(
                "The token is good for one `POST /auth/reset` within a day; it replaces the one \
                before.",
            )
            .who(Who::Admin)
            .answer::<ResetBody>(201, "The token to hand over.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
    ]
}

async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, after_id(&paging)?);
    let found = shared.people.accounts.list(after, limit + 1).await?;
    Ok(reply::ok(&Items::page(
        found,
        limit,
        |member: &Member| member.id.0.to_vec(),
        |member| Some(UserBody::from(member)),
    )))
}

async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    RequestOrigin(origin): RequestOrigin,
    _: Params<flags::Nothing>,
    Body(body): Body<CreateUser>,
) -> Result<HttpResponse, Problem> {
    let role = match body.role.as_deref() {
        None => AccountRole::Member,
        Some(role) => role_of(role).ok_or_else(|| Problem::invalid("/role", "member or admin"))?,
    };
    let CreateUser { username, email, phone, password, full_name, birthday, .. } = body;
    let (draft, password) =
        RegisterMember { username, email, phone, password, full_name, birthday }.split();
    let made = shared
        .people
        .registrations
        .create(caller.id, draft, password, role, key.text(), &origin)
        .await?;
    Ok(reply::replayed(reply::created(&UserBody::from(made.member)), made.again))
}

async fn show(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = own_or_any(&signed, &id)?;
    let member = shared
        .people
        .accounts
        .find(id)
        .await?
        .ok_or_else(|| Problem::plain(&problem::NOT_FOUND))?;
    Ok(reply::ok(&UserBody::from(member)))
}

async fn put(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    RequestOrigin(origin): RequestOrigin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(body): Body<PutUser>,
) -> Result<HttpResponse, Problem> {
    let id = own_or_any(&signed, &id)?;
    let PutUser { username, email, phone, full_name, birthday } = body;
    let draft = Draft { username, email, phone, full_name, birthday };
    let profile = draft.parse(shared.people.accounts.birthday_before()).map_err(Error::Invalid)?;
    let member = shared.people.accounts.change(id, whole(profile), &origin).await?;
    Ok(reply::ok(&UserBody::from(member)))
}

async fn patch(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    RequestOrigin(origin): RequestOrigin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(body): Body<PatchUser>,
) -> Result<HttpResponse, Problem> {
    let id = own_or_any(&signed, &id)?;
    let changes = parts(&shared.people.accounts, body)?;
    let member = shared.people.accounts.change(id, changes, &origin).await?;
    Ok(reply::ok(&UserBody::from(member)))
}

async fn delete(
    shared: web::Data<Shared>,
    SignedIn(signed): SignedIn,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = own_or_any(&signed, &id)?;
    if !shared.people.accounts.delete(id).await? {
        return Err(Problem::plain(&problem::NOT_FOUND));
    }
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

async fn offer_reset(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let offer = shared.people.passwords.offer_reset(known_id(&id)?).await?;
    Ok(secret(reply::created(&ResetBody {
        token: offer.token,
        expires_at: wire_time(offer.until),
    })))
}

/// The account in the path, if the caller may see it: their own, or any for an administrator.
fn own_or_any(signed: &Signed, id: &str) -> Result<Id, Problem> {
    let id = known_id(id)?;
    if signed.caller.may_act_for(id) {
        Ok(id)
    } else {
        Err(Problem::new(&problem::FORBIDDEN, "that is somebody else's account"))
    }
}

fn whole(profile: Profile) -> Changes {
    Changes {
        username: Some(profile.username),
        email: Some(profile.email),
        phone: Some(profile.phone),
        full_name: Some(profile.full_name),
        birthday: Some(profile.birthday),
    }
}

fn parts(accounts: &Accounts, body: PatchUser) -> Result<Changes, Error> {
    let today = accounts.birthday_before();
    let mut flaws = Vec::new();
    let changes = Changes {
        username: part(body.username, Identifier::username, &mut flaws),
        email: part(body.email, Identifier::email, &mut flaws),
        phone: part(body.phone, Identifier::phone, &mut flaws),
        full_name: part(body.full_name, profile::full_name, &mut flaws),
        birthday: part(body.birthday, |text| profile::birthday(text, today), &mut flaws),
    };
    if flaws.is_empty() { Ok(changes) } else { Err(Error::Invalid(flaws)) }
}

fn part<T>(
    text: Option<Option<String>>,
    parse: impl Fn(&str) -> Result<T, Flaw>,
    flaws: &mut Vec<Flaw>,
) -> Option<Option<T>> {
    let parsed = text?.map(|text| parse(&text)).transpose();
    parsed.map_err(|flaw| flaws.push(flaw)).ok()
}
