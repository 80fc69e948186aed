//! What staff did: the book of acts, for administrators.

pub mod bodies;

use crate::http::api::audit::bodies::{ActBody, AuditQuery};
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::Params;
use crate::http::page::{self, Items};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::words::ActResults;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::acts::ActBy;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/audit", list)
            .named("listActs")
            .summary("What staff did")
            .notes(
                "Every call that may change something, by an operator, an administrator or a key \
                 with the scope `operate`; the newest first. It is written down before it is done. \
                 `unknown` is what is under way, and what a node that died has left. A page may \
                 have fewer lines than asked for, and a next one all the same.",
            )
            .who(Who::Admin)
            .query("who", "The id of an account or of a service key, or the name of a service.")
            .query("what", "The name of a call in this document, such as `createCampaign`.")
            .instant("from", "Begun then or later.")
            .instant("to", "Begun before then.")
            .choice("outcome", ActResults::ALL, "How it went.")
            .lists::<ActBody>("The newest first.")
            .problems(&[&problem::UNAVAILABLE]),
    ]
}

async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(query): Params<AuditQuery>,
) -> Result<HttpResponse, Problem> {
    let (filter, paging) = query.checked()?;
    let (limit, after) = (paging.limit()?, paging.after()?);
    let (found, next) = shared.acts.list(&filter, after, limit).await?;
    let accounts = found.iter().filter_map(|line| match line.act.by {
        ActBy::Account(id) => Some(id),
        ActBy::Key { .. } => None,
    });
    let accounts = shared.people.accounts.find_all(accounts.collect()).await?;
    let items = found.into_iter().map(|line| ActBody::of(line, &accounts)).collect();
    Ok(reply::ok(&Items::<ActBody> { items, next_cursor: next.map(|key| page::cursor(&key)) }))
}
