//! What was sold, submitted and drawn: lists for whoever runs it, with their filters.

use crate::coupons::{assign, batch, my_id};
use harness::{Client, TestApp, id, pointers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

fn all(client: &Client, path: &str, limit: usize) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    let sign = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = client.get(&format!("{path}{sign}limit={limit}{cursor}")).expect(200);
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn printed(lines: &[Value], field: &str) -> Vec<String> {
    lines.iter().map(|line| line[field].as_str().unwrap().to_owned()).collect()
}

fn buy(client: &Client, day: &str, number: &str, count: u16) {
    let held = client.hold(day, json!({"number": number, "count": count})).expect(201);
    client.confirm(id(&held)).expect(200);
}

#[test]
fn sold_tickets_are_listed_with_whose_they_are() {
    let app = TestApp::start();
    app.lottery(DAY, 3);
    app.lottery("2026-12-30", 3);
    let (admin, ada) = (app.admin(), app.member("ada"));
    let m1 = app.service("shop").on_behalf_of("m1");
    let path = format!("/lotteries/{DAY}/tickets/sold");
    assert_eq!(all(&admin, &path, 5).len(), 0);
    // All copies of each, because which one comes first is left to chance.
    buy(&m1, DAY, "9999", 3);
    buy(&ada, DAY, "0042", 3);
    buy(&ada, "2026-12-30", "0001", 1);
    app.pass_s(60);
    buy(&m1, DAY, "0000", 3);
    buy(&m1, DAY, "0999", 3);
    // Held, and not sold.
    ada.hold(DAY, json!({"number": "5000"})).expect(201);
    let tickets = |numbers: &[&str]| -> Vec<String> {
        let of = |copy| numbers.iter().map(move |number| format!("t_20261231_{number}_{copy}"));
        (1..=3).flat_map(of).collect()
    };
    let expected = [tickets(&["0000", "0042", "0999"]), tickets(&["9999"])].concat();
    for limit in [1, 2, 7, 100] {
        assert_eq!(printed(&all(&admin, &path, limit), "id"), expected, "by {limit}");
    }
    let first = all(&admin, &path, 1).swap_remove(0);
    assert_eq!((&first["member"], &first["number"]), (&json!(my_id(&m1)), &json!("0000")));
    assert_eq!(first["known_as"], json!({"service": "shop", "id": "m1"}));
    assert_eq!(first["bought_at"], "2026-12-01T12:01:00.000Z");
    let of = |query: &str| printed(&all(&admin, &format!("{path}?{query}"), 2), "id");
    assert_eq!(of(&format!("member={}", my_id(&ada))), tickets(&["0042"]));
    let before = of("service=shop&their_id=m1&to=2026-12-01T12:01:00Z");
    assert_eq!(before, tickets(&["9999"]));
    let mut later = of("from=2026-12-01T12:01:00Z");
    later.sort();
    let mut expected_later = tickets(&["0000", "0999"]);
    expected_later.sort();
    assert_eq!(later, expected_later);
    app.restart();
    let table = admin.get(&format!("{path}?format=csv"));
    let lines: Vec<&str> = table.expect_text(200).lines().collect();
    assert_eq!(lines[0], "id,lottery,number,copy,hold,bought_at,member,service,their_id");
    assert!(lines.len() == 13 && lines[1].ends_with(",shop,m1"), "{lines:?}");
    admin.post(&format!("/tickets/{}/refund", expected[1]), json!({})).expect(200);
    assert_eq!(printed(&all(&admin, &path, 3), "id"), [&expected[..1], &expected[2..]].concat());

    assert_eq!(all(&ada, "/tickets", 100).len(), 3);
    assert_eq!(all(&ada, &format!("/tickets?lottery={DAY}"), 1).len(), 2);
    assert_eq!(all(&ada, "/tickets?lottery=2026-12-30", 1).len(), 1);
    assert_eq!(all(&ada, "/tickets?lottery=2026-12-29", 1).len(), 0);
    let problem = ada.get("/tickets?lottery=X&limit=0").refused(422, "invalid");
    assert_eq!(pointers(&problem), ["?lottery", "?limit"]);
    let problem = admin.get(&format!("{path}?member=x&from=x&to=x&format=x"));
    let problem = problem.refused(422, "invalid");
    assert_eq!(pointers(&problem), ["?member", "?from", "?to", "?format"]);
    app.ballots("2026-12-29", json!({}));
    admin.get("/lotteries/2026-12-29/tickets/sold").refused(409, "no-tickets");
}

#[test]
fn ballots_of_one_member_are_found_at_once() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    app.ballots("2026-12-30", json!({}));
    let (admin, ada) = (app.admin(), app.member("ada"));
    let m1 = app.service("shop").on_behalf_of("m1");
    let mut theirs: Vec<String> =
        (0..5).map(|_| id(&m1.submit(DAY).expect(201)).to_owned()).collect();
    ada.submit(DAY).expect(201);
    m1.submit("2026-12-30").expect(201);
    let path = format!("/lotteries/{DAY}/ballots");
    let mut found = printed(&all(&admin, &format!("{path}?service=shop&their_id=m1"), 2), "id");
    found.sort();
    theirs.sort();
    assert_eq!(found, theirs);
    assert_eq!(all(&admin, &format!("{path}?member={}", my_id(&ada)), 2).len(), 1);
    let problem = admin.get(&format!("{path}?their_id=m1&limit=0")).refused(422, "invalid");
    assert_eq!(pointers(&problem), ["?service", "?limit"]);
}

#[test]
fn past_lotteries_are_found_by_day_and_state() {
    let app = TestApp::start();
    let admin = app.admin();
    for day in ["2026-12-05", "2026-12-20", "2027-02-01", "2027-06-30"] {
        app.ballots(day, json!({}));
    }
    for day in ["2026-12-05", "2027-02-01"] {
        admin.post(&format!("/lotteries/{day}/close"), json!({})).expect(200);
    }
    let anybody = app.anybody();
    let of = |query: &str| printed(&all(&anybody, &format!("/lotteries{query}"), 1), "closes_on");
    assert_eq!(of(""), ["2026-12-20", "2027-06-30"]);
    assert_eq!(of("?to=2026-12-31"), ["2026-12-20"]);
    assert_eq!(of("?state=open"), ["2026-12-20", "2027-06-30"]);
    let year = ["2026-12-05", "2026-12-20", "2027-02-01", "2027-06-30"];
    assert_eq!(of("?from=2026-12-01"), year);
    assert_eq!(of("?from=2026-12-06&to=2027-02-01"), year[1..3]);
    assert_eq!(of("?from=2026-12-01&state=drawn"), [year[0], year[2]]);
    assert_eq!(of("?from=2026-12-20&to=2026-12-20"), [year[1]]);
    assert_eq!(of("?from=2027-07-01").len(), 0);
    assert_eq!(of("?from=2027-01-01&to=2026-01-01").len(), 0);
    let problem = anybody.get("/lotteries?from=2026-02-30&to=x&state=gone&limit=0");
    let problem = problem.refused(422, "invalid");
    assert_eq!(pointers(&problem), ["?limit", "?state", "?from", "?to"]);
}

#[test]
fn notices_are_found_by_when_they_were_given() {
    let app = TestApp::start_with(|config| {
        config.notice_days = vec![3, 1];
        config.job_interval_ms = 10;
    });
    let (admin, m1) = (app.admin(), app.service("shop").on_behalf_of("m1"));
    assign(&m1, &batch(&app, json!({"expires_at": "2026-12-05T10:00:00Z"})), json!({})).expect(201);
    for count in 1..3 {
        app.set_time(actors::Time(app.now().0 + 86_400_000 * if count == 1 { 1 } else { 2 }));
        app.until("notice is given", || all(&admin, "/notices", 100).len() == count);
    }
    let given = printed(&all(&admin, "/notices", 1), "at");
    let of = |query: &str| printed(&all(&admin, &format!("/notices?{query}"), 1), "at");
    assert_eq!(of(&format!("from={}", given[1])), given[1..]);
    assert_eq!(of(&format!("from={}&to={}", given[0], given[1])), given[..1]);
    assert_eq!(of(&format!("to={}", given[0])).len(), 0);
    admin.get("/notices?from=x").refused(422, "invalid");
}
