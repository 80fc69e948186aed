//! What the calls about pools answer.

use crate::http::api::figures;
use crate::http::api::lottery::bodies::{BallotsBody, DrawBody, state};
use crate::http::api::pools::wish::{LabelPlan, WavePlan};
use crate::http::words;
use actors::domain::lottery::{LotteryPlan, LotteryView, MemberLimits, TicketSetup};
use actors::domain::pool::PoolName;
use actors::domain::tickets::Wave;
use base::calendar::wire_time;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Pool)]
pub struct PoolBody {
    /// A name of its own, or the day of a lottery.
    pub id: String,
    pub name: String,
    /// `open`, `closing`, `closed`, or `drawn`, to which only pools with ballots come.
    #[schema(value_type = words::LotteryStates)]
    pub state: &'static str,
    pub closes_at: String,
    pub tickets: Option<StockBody>,
    pub ballots: Option<BallotsBody>,
    /// To whom it is told how much is left.
    #[schema(value_type = words::FigureReaders)]
    pub figures: &'static str,
    pub created_at: String,
    /// What whoever created it has put there.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// What a closing came to.
#[derive(Serialize, ToSchema)]
#[schema(as = ClosedPool)]
pub struct ClosedPoolBody {
    #[serde(flatten)]
    pub pool: PoolBody,
    /// Who has won, as `/winner` tells an administrator. Null as long as nothing is drawn.
    pub draw: Option<DrawBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PoolTickets)]
pub struct StockBody {
    /// How many digits the numbers have.
    pub digits: u8,
    pub copies: u16,
    /// How many there are in all.
    pub stock: u64,
    /// Partitions that hand them out side by side.
    pub slices: u32,
    /// Null: at once.
    pub sale_starts_at: Option<String>,
    /// Null: with the pool.
    pub sale_ends_at: Option<String>,
    /// Empty: all tickets are released from the beginning.
    pub waves: Vec<WavePlan>,
    pub per_member: LimitsBody,
    pub labels: Vec<LabelPlan>,
}

/// Null where there is no limit.
#[derive(Serialize, ToSchema)]
#[schema(as = PoolLimits)]
pub struct LimitsBody {
    /// Tickets that one member may hold at a time.
    pub held: Option<u16>,
    /// Tickets that one member may have bought.
    pub bought: Option<u32>,
}

impl PoolBody {
    pub fn of(pool: PoolName, view: &LotteryView) -> PoolBody {
        let plan = &view.plan;
        PoolBody {
            id: pool.to_string(),
            name: plan.name.clone(),
            state: state(view.phase),
            closes_at: wire_time(plan.closes_at),
            tickets: plan.tickets.map(|tickets| StockBody::of(pool, plan, tickets)),
            ballots: plan.ballots.map(BallotsBody::of),
            figures: figures::written(plan.figures),
            created_at: wire_time(view.created_at),
            // What cannot be read was never written by a pool.
            metadata: serde_json::from_str(&plan.metadata).unwrap_or_default(),
        }
    }
}

impl LimitsBody {
    pub fn of(limits: &MemberLimits) -> LimitsBody {
        LimitsBody { held: limits.held, bought: limits.bought }
    }
}

impl StockBody {
    fn of(pool: PoolName, plan: &LotteryPlan, tickets: TicketSetup) -> StockBody {
        let wave = |wave: &Wave| WavePlan { at: wire_time(wave.at), tickets: wave.tickets };
        let labels = plan.labels.iter();
        StockBody {
            digits: tickets.digits,
            copies: tickets.copies,
            stock: tickets.stock(),
            slices: plan.slices(pool).len() as u32,
            sale_starts_at: plan.sale.starts_at.map(wire_time),
            sale_ends_at: plan.sale.ends_at.map(wire_time),
            waves: plan.sale.waves.iter().map(wave).collect(),
            per_member: LimitsBody::of(&plan.limits),
            labels: labels
                .map(|label| LabelPlan {
                    name: label.name.clone(),
                    pattern: label.pattern.to_string(),
                })
                .collect(),
        }
    }
}
