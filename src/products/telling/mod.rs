//! What facts tell the outside: the words for it. Which facts become which events stands in each
//! product's `told`; facts that are nobody's business outside are named there, too.

pub mod said;
pub mod topics;

use actors::{Id, Time};
use serde_json::{Value, json};

pub fn id(id: &impl std::fmt::Display) -> Value {
    Value::String(id.to_string())
}

/// Nobody is null.
pub fn member(member: Id) -> Value {
    if member == Id::SYSTEM { Value::Null } else { id(&member) }
}

pub fn time(time: Time) -> Value {
    json!(base::calendar::wire_time(time))
}
