//! The campaign in a path.

use crate::http::problem::Problem;
use crate::shared::Shared;
use actors::domain::coupons::{Serial, SerialKind};
use products::promotions::Promotion;
use std::sync::Arc;

/// A name that cannot be read names none.
pub async fn find_campaign(shared: &Shared, id: &str) -> Result<Arc<Promotion>, Problem> {
    let serial: Serial = id.parse().map_err(|_| Problem::no_such("campaign"))?;
    if serial.of() != SerialKind::Campaign {
        return Err(Problem::no_such("campaign"));
    }
    shared.promotions.find(serial).await?.ok_or_else(|| Problem::no_such("campaign"))
}
