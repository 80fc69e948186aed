//! What services call their members, beside the ids in events.
//!
//! The log has ids only. So the names are looked up when events are read, once for all of a page.

use actors::Id;
use ports::OutsiderNames;
use serde_json::{Map, Value, json};

/// Under which names members stand in the data of an event, and what stands beside them.
const BESIDE: [(&str, &str); 2] = [("member", "known_as"), ("by", "by_known_as")];

/// All members that the data of an event names.
pub fn of(data: &Map<String, Value>) -> Vec<Id> {
    let here = BESIDE.iter().filter_map(|(member, _)| id(data, member));
    here.chain(parts(data).flat_map(of)).collect()
}

/// Says beside each member of a service what that calls them.
pub fn name(data: &mut Map<String, Value>, names: &OutsiderNames) {
    for (member, beside) in BESIDE {
        if let Some(known) = id(data, member).and_then(|id| names.of(id)) {
            let known_as = json!({"service": known.service, "id": known.theirs});
            data.insert(beside.to_owned(), known_as);
        }
    }
    let lists = data.values_mut().filter_map(Value::as_array_mut);
    lists.flatten().filter_map(Value::as_object_mut).for_each(|part| name(part, names));
}

fn id(data: &Map<String, Value>, name: &str) -> Option<Id> {
    data.get(name)?.as_str()?.parse().ok()
}

/// The things in its lists.
fn parts(data: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    data.values().filter_map(Value::as_array).flatten().filter_map(Value::as_object)
}
