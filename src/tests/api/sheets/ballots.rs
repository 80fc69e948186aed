//! Sheets of ballots.

use super::{all_fared, answers, line_of};
use harness::{TestApp, id};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DAY: &str = "2026-12-31";

#[test]
fn every_line_is_a_ballot_with_a_receipt_until_the_lottery_is_closed() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    let (shop, path) = (app.service("shop"), format!("/lotteries/{DAY}/ballots:batch"));
    let lines = || -> Vec<Value> { ["m1", "m1", "m2"].map(line_of).into() };
    let first = answers(&shop.key("evening"), &path, lines());
    assert_eq!(all_fared(&first), [(201, ""); 3]);
    let ids: BTreeSet<&str> = first.iter().map(|line| id(&line["body"])).collect();
    assert_eq!(ids.len(), 3);
    assert!(first.iter().all(|line| line["body"]["receipt"].is_object()));
    let again = answers(&shop.key("evening"), &path, lines());
    for (line, before) in again.iter().zip(&first) {
        assert_eq!((&line["replayed"], id(&line["body"])), (&json!(true), id(&before["body"])));
    }
    let own = shop.on_behalf_of("m1").get("/ballots").expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 2);
    assert_eq!(all_fared(&answers(&app.admin(), &path, vec![json!({})])), [(403, "forbidden")]);
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    assert_eq!(all_fared(&answers(&shop, &path, lines())), [(409, "lottery-closed"); 3]);
}
