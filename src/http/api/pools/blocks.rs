//! The number space of a pool as a hundred blocks, for pictures of it.

use crate::http::api::pool::{PoolInPath, find_plan};
use crate::http::api::pools::availability::{SECOND, answer_for_a_second};
use crate::http::caller::Perhaps;
use crate::http::flags::{self, Params};
use crate::http::problem::{self, Problem};
use crate::http::static_page::StaticPage;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::domain::pool::PoolName;
use actors::domain::tickets::Tenth;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = TicketBlocks)]
pub struct BlocksBody {
    pub pool: String,
    /// In the order of their numbers. A hundred, or fewer if the pool has only so many numbers.
    pub blocks: Vec<BlockBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TicketBlock)]
pub struct BlockBody {
    /// The first two digits of all its numbers.
    pub begins_with: String,
    /// How many tickets it has. 0: the pool ends before.
    pub stock: u64,
    pub free: u64,
}

pub async fn show(
    shared: web::Data<Shared>,
    request: HttpRequest,
    Perhaps(signed): Perhaps,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let plan = find_plan(&shared, pool).await?;
    let make = async || {
        let page = serde_json::to_string(&look(&shared, pool).await?).expect("it is plain data");
        Ok(Arc::new(StaticPage::of("application/json", format!("{page}\n").into())))
    };
    let told = async || shared.blocks.answer(&(pool, plan.edition), SECOND, make).await;
    answer_for_a_second(plan.figures, signed.as_ref(), &request, told).await
}

async fn look(shared: &Shared, pool: PoolName) -> Result<BlocksBody, Problem> {
    let plan = find_plan(shared, pool).await?;
    if plan.tickets.is_none() {
        return Err(Problem::plain(&problem::NO_TICKETS));
    }
    let hundredths = shared.tickets.hundredths(pool, &plan).await?;
    let block = |(n, Tenth { free, all }): (usize, Tenth)| BlockBody {
        begins_with: format!("{n:02}"),
        stock: all,
        free,
    };
    let blocks = hundredths.into_iter().enumerate().map(block).collect();
    Ok(BlocksBody { pool: pool.to_string(), blocks })
}
