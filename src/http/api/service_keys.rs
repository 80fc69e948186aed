//! Keys for the back ends of companies that have members of their own: made, listed and revoked by
//! administrators.

use super::auth::{after_id, keyed, known_id, secret};
use crate::http::body::Body;
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::page::{Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use base::calendar::wire_time;
use ports::directory::ServiceKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateServiceKey {
    /// Whose key it is. All keys of one name act for the same members, so that a key can be
    /// replaced.
    #[schema(example = "shop")]
    pub name: String,
    /// `service`, which is the default and all there is.
    pub role: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NewServiceKey)]
pub struct NewServiceKeyBody {
    pub id: String,
    pub name: String,
    pub role: &'static str,
    /// For `Authorization: Bearer …`. It is shown this once and kept nowhere.
    pub key: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ServiceKey)]
pub struct ServiceKeyBody {
    pub id: String,
    pub name: String,
    pub role: &'static str,
    pub created_at: String,
    /// Null while it lets in.
    pub revoked_at: Option<String>,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        keyed(Endpoint::post("/service-keys", create))
            .summary("Make a service key")
            .notes(
                "Whoever has it may do what a member may, in the name of `On-Behalf-Of`. A \
                repeat with the same idempotency key gives the same key.",
            )
            .who(Who::Admin)
            .body::<CreateServiceKey>()
            .answer::<NewServiceKeyBody>(201, "The key.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/service-keys", list)
            .summary("List the service keys")
            .who(Who::Admin)
            .lists::<ServiceKeyBody>("Without the keys themselves.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::delete("/service-keys/{id}", revoke)
            .summary("Revoke a service key")
            .who(Who::Admin)
            .answer_empty(204, "It lets nobody in any more.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    _: Params<flags::Nothing>,
    Body(body): Body<CreateServiceKey>,
) -> Result<HttpResponse, Problem> {
    if body.role.is_some_and(|role| role != "service") {
        return Err(Problem::invalid("/role", "service"));
    }
    let made = match key.text() {
        Some(text) => shared.people.service_keys.create_once(&body.name, caller.id, text).await?,
        None => shared.people.service_keys.create(&body.name).await?,
    };
    let answer = NewServiceKeyBody {
        id: made.id.to_string(),
        name: body.name,
        role: "service",
        key: made.key,
    };
    Ok(reply::replayed(secret(reply::created(&answer)), made.again))
}

async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let (limit, after) = (paging.limit()?, after_id(&paging)?);
    let mut found = shared.people.service_keys.list().await?;
    found.retain(|key| after.is_none_or(|after| key.id > after));
    Ok(reply::ok(&Items::page(
        found,
        limit,
        |key: &ServiceKey| key.id.0.to_vec(),
        |key| Some(ServiceKeyBody::from(key)),
    )))
}

async fn revoke(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    match shared.people.service_keys.revoke(known_id(&id)?).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => {
            Err(Problem::new(&problem::NOT_FOUND, "there is no such key, or it was revoked before"))
        }
    }
}

impl From<ServiceKey> for ServiceKeyBody {
    fn from(key: ServiceKey) -> ServiceKeyBody {
        ServiceKeyBody {
            id: key.id.to_string(),
            name: key.name,
            role: "service",
            created_at: wire_time(key.created_at),
            revoked_at: key.revoked_at.map(wire_time),
        }
    }
}
