//! Which facts become which events, one file for each family of partitions. Facts that are nobody's
//! business outside are named, too.

mod campaigns;
mod coupons;
mod imports;
mod tickets;

use super::said::{Says, Told};
use actors::domain::webhook::{self, Webhook};
use actors::{Id, Time};
use serde_json::{Value, json};

/// A webhook is told nothing of webhooks: there would be no end.
impl Told for Webhook {
    fn tell(_: &Id, _: &webhook::Event, _: &mut Says) {}
}

fn id(id: &impl std::fmt::Display) -> Value {
    Value::String(id.to_string())
}

/// Nobody is null.
fn member(member: Id) -> Value {
    if member == Id::SYSTEM { Value::Null } else { id(&member) }
}

fn time(time: Time) -> Value {
    json!(base::calendar::wire_time(time))
}
