//! Lists: my holds and my tickets, page by page, whatever is written meanwhile.

use crate::campaigns::{campaign, claim};
use harness::{Client, TestApp, id, numbers};
use serde_json::{Value, json};
use stampede::http::page::cursor;

const DAY: &str = "2026-12-31";

fn page(
    client: &Client,
    path: &str,
    limit: usize,
    cursor: Option<&str>,
) -> (Vec<Value>, Option<String>) {
    let cursor = cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"));
    let mut page = client.get(&format!("{path}?limit={limit}{cursor}")).expect(200);
    let next = page["next_cursor"].as_str().map(str::to_owned);
    let Value::Array(items) = page["items"].take() else { panic!("{page}") };
    assert!(items.len() <= limit);
    (items, next)
}

fn all(client: &Client, path: &str, limit: usize, mut between: impl FnMut()) -> Vec<Value> {
    let (mut found, mut next) = page(client, path, limit, None);
    while let Some(cursor) = next {
        between();
        let (items, after) = page(client, path, limit, Some(&cursor));
        found.extend(items);
        next = after;
    }
    found
}

fn printed(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[test]
fn my_holds_are_the_live_ones_of_mine() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    bob.hold(DAY, json!({"number": "1000"})).expect(201);
    let kept = ada.hold(DAY, json!({"number": "2000", "ttl_s": 600})).expect(201);
    let bought = ada.hold(DAY, json!({"number": "2001"})).expect(201);
    let released = ada.hold(DAY, json!({"number": "2002"})).expect(201);
    ada.hold(DAY, json!({"number": "2003", "ttl_s": 10})).expect(201);
    ada.confirm(id(&bought)).expect(200);
    ada.release(id(&released)).expect(200);
    app.pass_s(10);
    let kept = [kept];
    assert_eq!(all(&ada, "/holds", 100, || {}), kept);
    app.restart();
    assert_eq!(all(&ada, "/holds", 100, || {}), kept);
    assert_eq!(all(&bob, "/holds", 100, || {}).len(), 1);
}

#[test]
fn to_list_my_holds_wakes_no_lottery_but_those_where_i_hold_something() {
    let app = TestApp::start();
    ["2026-12-29", "2026-12-30", DAY].iter().for_each(|day| app.lottery(day, 1));
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let held = ada.hold("2026-12-30", json!({"number": "4000"})).expect(201);
    app.restart();
    assert_eq!(all(&bob, "/holds", 100, || {}), Vec::<Value>::new());
    assert_eq!(all(&ada, "/holds", 100, || {}), [held]);
    let awake = app.shared().engine.slices.awake();
    let held_in = "2026-12-30".parse().unwrap();
    assert!(!awake.is_empty() && awake.iter().all(|slice| slice.pool == held_in), "{awake:?}");
}

#[test]
fn my_tickets_are_the_ones_i_bought() {
    let app = TestApp::start();
    app.lottery(DAY, 2);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let held = ada.hold(DAY, json!({"number": "0042", "count": 2})).expect(201);
    assert_eq!(all(&ada, "/tickets", 100, || {}), Vec::<Value>::new());
    app.pass_s(7);
    ada.confirm(id(&held)).expect(200);
    let ticket = |copy: u16| {
        json!({"id": format!("t_20261231_0042_{copy}"), "lottery": DAY, "number": "0042",
            "copy": copy, "hold": id(&held),
            "bought_at": "2026-12-01T12:00:07.000Z"})
    };
    assert_eq!(all(&ada, "/tickets", 100, || {}), [ticket(1), ticket(2)]);
    app.restart();
    assert_eq!(all(&ada, "/tickets", 1, || {}), [ticket(1), ticket(2)]);
    assert_eq!(all(&bob, "/tickets", 100, || {}), Vec::<Value>::new());
}

#[test]
fn pages_are_stable_while_others_are_written_before_and_behind_and_across_restarts() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let buy = |number: u32| {
        let held = ada.hold(DAY, json!({"number": format!("{number:04}")})).expect(201);
        ada.confirm(id(&held)).expect(200);
    };
    (0..25).for_each(|n| buy(1000 + n * 10));
    let mut turn = 0;
    let found = all(&ada, "/tickets", 4, || {
        turn += 1;
        // One before everything seen, one right behind a line that was not seen yet.
        buy(turn);
        if turn % 2 == 0 {
            app.restart();
        }
    });
    assert_eq!(
        printed(&found, "number"),
        (0..25).map(|n| format!("{}", 1000 + n * 10)).collect::<Vec<_>>()
    );
}

#[test]
fn a_line_that_goes_away_takes_no_other_with_it() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let holds: Vec<Value> =
        (0..6).map(|n| ada.hold(DAY, json!({"number": format!("100{n}")})).expect(201)).collect();
    let (first, next) = page(&ada, "/holds", 2, None);
    // The very line that the cursor names, and the next one.
    ada.release(id(&holds[1])).expect(200);
    ada.release(id(&holds[2])).expect(200);
    let (second, end) = page(&ada, "/holds", 100, next.as_deref());
    let seen: Vec<String> = first.iter().chain(&second).flat_map(numbers).collect();
    assert_eq!(
        (seen, end),
        (["1000", "1001", "1003", "1004", "1005"].map(String::from).to_vec(), None)
    );
}

#[test]
fn a_page_of_my_holds_goes_on_behind_those_that_have_just_ended() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    for lead in 1..6 {
        ada.hold(DAY, json!({"number": format!("{lead}000"), "ttl_s": 10})).expect(201);
    }
    let kept = ada.hold(DAY, json!({"number": "6000", "ttl_s": 600})).expect(201);
    app.pass_s(10);
    assert_eq!(page(&ada, "/holds", 1, None), (vec![kept], None));
}

#[test]
fn every_size_of_page_gives_the_same_list_once() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    app.lottery("2027-01-31", 1);
    let ada = app.member("ada");
    for day in [DAY, "2027-01-31"] {
        for lead in 0..6 {
            ada.hold(day, json!({"pattern": format!("{lead}***")})).expect(201);
        }
    }
    let whole = printed(&all(&ada, "/holds", 100, || {}), "id");
    assert_eq!(whole.len(), 12);
    for limit in [1, 2, 5, 11, 12, 13] {
        assert_eq!(printed(&all(&ada, "/holds", limit, || {}), "id"), whole, "{limit}");
    }
}

#[test]
fn a_cursor_of_the_greatest_number_there_can_be_is_the_end_of_a_list() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let campaign = campaign(&app, json!({}));
    claim(&ada, &campaign).expect(201);
    admin.post("/lotteries", json!({"closes_on": DAY, "ballots": {"most": 10}})).expect(201);
    ada.submit(DAY).expect(201);
    let claims = (format!("/campaigns/{campaign}/claims"), u64::MAX.to_string());
    let ballots =
        (format!("/lotteries/{DAY}/ballots"), format!("bl_20261231_0_{}_{:016x}", u64::MAX, 0));
    for (path, last) in [claims, ballots] {
        assert_eq!(admin.all(&path).len(), 1, "{path}");
        let behind = admin.get(&format!("{path}?cursor={}", cursor(last.as_bytes()))).expect(200);
        assert_eq!(behind, json!({"items": [], "next_cursor": null}), "{path}");
    }
}
