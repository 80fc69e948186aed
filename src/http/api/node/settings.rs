//! With which settings this node runs, and where each was said. No secret is told.

use crate::http::api::node::bodies::{SettingBody, SettingsBody};
use crate::http::caller::Admin;
use crate::http::flags::{self, Params};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use config::{Origin, SettingLine};

pub async fn show(shared: web::Data<Shared>, _: Admin, _: Params<flags::Nothing>) -> HttpResponse {
    let lines = shared.settings.get().map(Vec::as_slice).unwrap_or_default();
    reply::ok(&SettingsBody { settings: lines.iter().map(body_of).collect() })
}

fn body_of(line: &SettingLine) -> SettingBody {
    let (from, place) = match &line.origin {
        Origin::Default => ("default", None),
        origin @ Origin::File { .. } => ("file", Some(origin.to_string())),
        Origin::Variable(name) => ("variable", Some(name.clone())),
        origin @ Origin::Flag(_) => ("flag", Some(origin.to_string())),
    };
    SettingBody {
        name: line.name,
        value: line.value.clone(),
        is_secret: line.is_secret,
        is_set: line.is_set,
        from,
        place,
        default: line.default.clone(),
        meaning: line.reason,
    }
}
