//! What a hold is called, whichever of the two kinds it is.

use actors::domain::NoSuchName;
use actors::domain::pool::PoolName;
use actors::domain::tickets::HoldId;
use actors::domain::till::OrderId;
use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldId {
    Slice(HoldId),
    Order(OrderId),
}

impl HeldId {
    pub fn pool(&self) -> PoolName {
        match self {
            HeldId::Slice(hold) => hold.slice.pool,
            HeldId::Order(order) => order.till.pool,
        }
    }
}

impl fmt::Display for HeldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeldId::Slice(hold) => hold.fmt(f),
            HeldId::Order(order) => order.fmt(f),
        }
    }
}

impl FromStr for HeldId {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<HeldId, NoSuchName> {
        match text.starts_with("o_") {
            true => text.parse().map(HeldId::Order),
            false => text.parse().map(HeldId::Slice).map_err(|_| NoSuchName),
        }
    }
}
