//! What the outside hears of acts: that one was begun, and what came of it. Only a webhook that
//! names these types is told.

use crate::telling::said::{Says, Told};
use crate::telling::{id, time, topics};
use actors::domain::Only;
use actors::domain::acts::{ActBy, Acts, Event};
use serde_json::{Value, json};

impl Told for Acts {
    fn tell(_: &Only, event: &Event, says: &mut Says) {
        match event {
            Event::Begun { number, act } => {
                let (account, key, service) = match &act.by {
                    ActBy::Account(account) => (id(account), Value::Null, Value::Null),
                    ActBy::Key { key, service } => (Value::Null, id(key), json!(service)),
                };
                let data = [
                    ("act", id(number)),
                    ("account", account),
                    ("service_key", key),
                    ("service", service),
                    ("what", json!(act.what)),
                    ("path", json!(act.path)),
                    ("dry_run", json!(act.dry_run)),
                    ("reason", json!(act.reason)),
                    ("request_id", json!(act.request)),
                ];
                says.say(&topics::AUDIT_BEGUN, data);
            }
            Event::Ended { number, begun_at, status } => {
                let data =
                    [("act", id(number)), ("begun_at", time(*begun_at)), ("status", json!(status))];
                says.say(&topics::AUDIT_ENDED, data);
            }
        }
    }
}
