//! An example of every body, of every answer, and of every event that webhooks are sent. They are
//! written in `examples/`, a file for each tag: by the name of the call, its `bodies` by media type
//! and its `answers` by status, or by status and media type (`200 text/csv`). Lines and tables are
//! made from what is JSON.
//!
//! The test `examples` of the API sends each body to a server, and holds each answer and each event
//! against its schema and against what the server says.

use super::super::endpoint::JSON;
use super::super::export::{TableColumns, table};
use serde_json::{Map, Value};

const LINES: &str = "application/x-ndjson";
const TABLE: &str = "text/csv";

macro_rules! files {
    ($( $tag:literal )*) => {
        const FILES: &[&str] = &[$( include_str!(concat!("examples/", $tag, ".json")) ),*];
    };
}

files! {
    "audit" "auth" "ballots" "campaigns" "clock" "coupon-batches" "coupon-imports" "coupons"
    "events" "health" "holds" "jobs" "live" "lotteries" "me" "member-imports" "metrics" "notices"
    "pools" "proof-of-work" "service-keys" "settings" "tickets" "users" "voidings" "webhook-events"
    "webhooks" "well-known"
}

/// By the names of calls.
pub struct Examples(Map<String, Value>);

impl Examples {
    pub fn read() -> Examples {
        let read = |file: &&str| -> Map<String, Value> {
            serde_json::from_str(file).expect("examples are objects of JSON")
        };
        Examples(FILES.iter().flat_map(read).collect())
    }

    pub fn body(&self, call: &str, media: &str) -> Option<Value> {
        let bodies = self.0.get(call)?.get("bodies")?;
        in_form(bodies.get(media), bodies.get(JSON), media)
    }

    /// `own` is the form in which it is given to who asks for none; as a table it has the columns.
    pub fn answer(
        &self,
        call: &str,
        status: u16,
        (own, media): (&str, &str),
        columns: TableColumns,
    ) -> Option<Value> {
        let answers = self.0.get(call)?.get("answers")?;
        let usual = answers.get(status.to_string());
        let named = |media: &str| answers.get(format!("{status} {media}"));
        let own = named(media).or(usual.filter(|_| media == own));
        if media == TABLE && own.is_none() && !columns.is_empty() {
            let lines = in_form(named(LINES), usual, LINES)?;
            let lines = lines.as_str()?.lines().filter_map(|line| serde_json::from_str(line).ok());
            return Some(table(columns, lines).into());
        }
        in_form(own, usual, media)
    }
}

/// What is JSON can be had as lines: those of a page, or one for each element.
fn in_form(own: Option<&Value>, json: Option<&Value>, media: &str) -> Option<Value> {
    match (own, json) {
        (Some(own), _) => Some(own.clone()),
        (None, Some(json)) if media == LINES => Some(lines(json).into()),
        _ => None,
    }
}

fn lines(json: &Value) -> String {
    let rows = json.get("items").unwrap_or(json).as_array();
    let rows = rows.map_or(std::slice::from_ref(json), Vec::as_slice);
    rows.iter().map(|row| format!("{row}\n")).collect()
}
