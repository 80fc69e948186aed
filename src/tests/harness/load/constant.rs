//! The constant reply: everything that stands around a real request, its token checked and its body
//! parsed, and nothing behind it.

use super::server::route;
use actix_web::web::{Data, ServiceConfig};
use serde::de::DeserializeOwned;
use serde_json::json;
use stampede::http::body::Body;
use stampede::http::caller::AsMember;
use stampede::http::problem::Problem;
use stampede::http::reply;
use stampede::shared::Shared;

pub const PATH: &str = "/api/v1/constant";

/// For requests with that body.
pub fn serve<B: DeserializeOwned + 'static>(routes: &mut ServiceConfig) {
    let constant = |_: Data<Shared>, AsMember(_): AsMember, Body(_): Body<B>| async {
        Ok::<_, Problem>(reply::created(&json!({"id": "h_20261231_6_3_17", "state": "held"})))
    };
    route(routes, "/constant", constant);
}
