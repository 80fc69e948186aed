//! Sheets: many calls of one kind in one request. Each line is decided and answered as the call
//! alone would be.

mod ballots;
mod claims;
mod coupons;
mod manners;
mod tickets;

use harness::Client;
use serde_json::Value;

/// What each line is answered.
#[track_caller]
pub fn answers(client: &Client, path: &str, lines: Vec<Value>) -> Vec<Value> {
    let count = lines.len();
    let answered = client.post(path, lines.into()).expect(200).as_array().unwrap().clone();
    let numbers: Vec<u64> = answered.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=count as u64).collect::<Vec<u64>>());
    answered
}

/// How a line fared: its status, and the name of its problem if it was refused.
pub fn fared(answer: &Value) -> (u64, &str) {
    let kind = answer["problem"]["type"].as_str().unwrap_or("");
    (answer["status"].as_u64().unwrap(), kind.strip_prefix("/problems/").unwrap_or(""))
}

pub fn all_fared(answers: &[Value]) -> Vec<(u64, &str)> {
    answers.iter().map(fared).collect()
}

/// A line of that member about nothing but what the path says.
pub fn line_of(member: &str) -> Value {
    serde_json::json!({"member": member})
}
