//! Keys for the back ends of companies that have members of their own: made, listed and revoked by
//! administrators.

use crate::http::api::people::bodies::{CreateServiceKey, NewServiceKeyBody, ServiceKeyBody};
use crate::http::caller::Admin;
use crate::http::fields::id_in_path;
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use base::calendar::wire_time;
use ports::directory::ServiceKey;

pub async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    _: Params<flags::Nothing>,
    body: Unchecked<CreateServiceKey>,
) -> Result<HttpResponse, Problem> {
    let keys = &shared.people.service_keys;
    let draft = body.checked(|body| body.checked(keys))?;
    let made = match key.text() {
        Some(text) => keys.create_once(draft.clone(), caller.id, text).await?,
        None => keys.create(draft.clone()).await?,
    };
    let answer = NewServiceKeyBody {
        id: made.id.to_string(),
        name: draft.name,
        role: "service",
        purpose: draft.purpose,
        scopes: draft.scopes.names(),
        expires_at: draft.expires_at.map(wire_time),
        key: made.key,
    };
    Ok(reply::mark_replayed(reply::forbid_storing(reply::created(&answer)), made.again))
}

pub async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, paging.after_id()?);
    let mut found = shared.people.service_keys.list().await?;
    found.retain(|key| after.is_none_or(|after| key.id > after));
    Ok(reply::ok(&Items::page(
        found,
        limit,
        |key: &ServiceKey| key.id.0.to_vec(),
        |key| Some(ServiceKeyBody::from(key)),
    )))
}

pub async fn revoke(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let (id, keys) = (id_in_path(&id)?, shared.people.service_keys.clone());
    let none =
        || Problem::new(&problem::NOT_FOUND, "there is no such key, or it was revoked before");
    let revoke = async move { if keys.revoke(id).await? { Ok(()) } else { Err(none()) } };
    let replayed = key.once(&shared, caller.id, &[b"revoke key", &id.0], revoke).await?;
    Ok(reply::mark_replayed(HttpResponse::NoContent().finish(), replayed))
}
