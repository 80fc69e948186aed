//! Which pools a list has: first the lotteries that are not over, then all pools that have names of
//! their own.

use crate::http::api::lottery::bodies::state;
use crate::http::api::pools::bodies::PoolBody;
use crate::http::flags::Params;
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging, cursor};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::words::LotteryStates;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::pool::PoolName;
use futures_util::future::try_join_all;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolsQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    state: Option<String>,
    prefix: Option<String>,
}

pub async fn list(
    shared: web::Data<Shared>,
    Params(PoolsQuery { limit, cursor: from, state: wanted, prefix }): Params<PoolsQuery>,
) -> Result<HttpResponse, Problem> {
    let (paging, mut mistakes) = (Paging::of(limit, from), Mistakes::default());
    let limit = mistakes.check(paging.limit());
    let is_a_state = wanted.as_deref().is_none_or(|state| LotteryStates::ALL.contains(&state));
    mistakes.expect(is_a_state, "?state", "`open`, `closing`, `closed` or `drawn`");
    let Some(limit) = limit else { return Err(mistakes.into()) };
    mistakes.end()?;
    let mut names = names_after(&shared, paging.after_name()?, limit + 1).await?;
    let is_more = names.len() > limit;
    names.truncate(limit);
    let next_cursor = names.last().filter(|_| is_more).map(|last| cursor(&key(last)));
    let prefix = prefix.unwrap_or_default();
    names.retain(|name| name.to_string().starts_with(&prefix));
    let views = try_join_all(names.iter().map(|name| shared.lotteries.view(*name))).await?;
    let found = names.iter().zip(views).filter_map(|(name, view)| Some((name, view?)));
    let items = found
        .filter(|(_, view)| wanted.as_deref().is_none_or(|wanted| wanted == state(view.phase)))
        .map(|(name, view)| PoolBody::of(*name, &view))
        .collect();
    Ok(reply::ok(&Items { items, next_cursor }))
}

fn key(name: &PoolName) -> Vec<u8> {
    name.to_string().into_bytes()
}

async fn names_after(
    shared: &Shared,
    after: Option<PoolName>,
    limit: usize,
) -> Result<Vec<PoolName>, Problem> {
    let mut names = Vec::new();
    if after.is_none_or(|after| after.day().is_some()) {
        let found = shared.lotteries.not_over(after, limit).await?;
        names.extend(found.into_iter().filter(|name| name.day().is_some()));
    }
    if names.len() < limit {
        let after = after.filter(|after| after.day().is_none());
        names.extend(shared.lotteries.of_own_names(after, limit - names.len()).await?);
    }
    Ok(names)
}
