//! Ballots: submitted by members until the lottery closes, each with a receipt that holds, and
//! counted where their owners can see it.

use base::calendar::wire_time;
use draws::{Inclusion, Receipt};
use harness::{Client, TestApp, id, pointers};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DAY: &str = "2026-12-31";

fn receipt(ballot: &Value) -> Receipt {
    serde_json::from_value(ballot["receipt"].clone()).unwrap()
}

fn ids(lines: &[Value]) -> Vec<String> {
    lines.iter().map(|line| id(line).to_owned()).collect()
}

fn submitted(client: &Client, count: usize) -> Vec<String> {
    (0..count).map(|_| id(&client.submit(DAY).expect(201)).to_owned()).collect()
}

#[test]
fn a_lottery_with_ballots_says_what_the_draw_will_be_made_with() {
    let app = TestApp::start();
    let made = app.ballots(DAY, json!({"winners": 3, "reserves": 2, "tickets": {"digits": 4}}));
    let ballots = &made["ballots"];
    assert_eq!(
        (&ballots["winners"], &ballots["reserves"], &ballots["boxes"]),
        (&json!(3), &json!(2), &json!(4))
    );
    assert_eq!(
        (&ballots["most"], &ballots["beacon"], &made["tickets"]["digits"]),
        (&json!(10_000_000), &Value::Null, &json!(4))
    );
    assert_eq!(ballots["commitment"].as_str().unwrap().len(), 64);
    app.restart();
    assert_eq!(app.anybody().get("/lotteries/2026-12-31").expect(200), made);
    let other = app.ballots("2027-01-01", json!({"ballots": {"most": 3}}));
    assert_ne!(other["ballots"]["commitment"], ballots["commitment"]);
    assert_eq!(
        (&other["ballots"]["winners"], &other["ballots"]["most"], &other["ballots"]["boxes"]),
        (&json!(1), &json!(3), &json!(1))
    );
    assert_eq!(
        app.admin()
            .post("/lotteries", json!({"closes_on": "2027-01-02", "ballots": false, "tickets": {}}))
            .expect(201)["ballots"],
        Value::Null
    );
}

#[test]
fn a_ballot_comes_with_a_receipt_that_is_signed_with_the_published_key() {
    let app = TestApp::start();
    let made = app.ballots(DAY, json!({"winners": 2, "reserves": 1}));
    let ada = app.member("ada");
    let key = app.anybody().get("//.well-known/stampede-receipts.json").expect(200);
    assert_eq!(
        (&key["algorithm"], &key["since"]),
        (&json!("ed25519"), &json!("2026-12-01T12:00:00.000Z"))
    );
    for _ in 0..20 {
        let ballot = ada.submit(DAY).expect(201);
        assert_eq!(ballot["lottery"], DAY);
        assert_eq!(ballot["receipt"]["ballot"], ballot["id"]);
        let receipt = receipt(&ballot);
        assert!(receipt.verify(), "{ballot}");
        assert_eq!(
            (json!(receipt.key), json!(receipt.commitment)),
            (key["key"].clone(), made["ballots"]["commitment"].clone())
        );
        assert_eq!((receipt.round, receipt.winners, receipt.reserves), (None, 2, 1));
    }
    app.restart();
    assert_eq!(app.anybody().get("//.well-known/stampede-receipts.json").expect(200), key);
}

#[test]
fn a_repeat_has_the_same_ballot_and_a_receipt_of_its_own() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    app.ballots("2027-01-01", json!({}));
    let ada = app.member("ada");
    let first = ada.key("k").submit(DAY);
    assert!(!first.was_replayed());
    let first = first.expect(201);
    submitted(&ada, 10);
    for _ in 0..2 {
        let again = ada.key("k").submit(DAY);
        assert!(again.was_replayed());
        let again = again.expect(201);
        assert_eq!(again["id"], first["id"]);
        assert!(receipt(&again).verify(), "{again}");
        ada.key("k").submit("2027-01-01").refused(422, "idempotency-key-reused");
        app.restart();
    }
    assert_eq!(ada.all("/ballots").len(), 11);
}

#[test]
fn a_dry_run_says_whether_a_ballot_would_be_taken_and_takes_none() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    let dry =
        |client: &Client| client.post(&format!("/lotteries/{DAY}/ballots?dry_run=true"), json!({}));
    let ada = app.member("ada");
    assert_eq!(dry(&ada).expect(201), json!({"id": null, "lottery": DAY, "receipt": null}));
    dry(&app.admin()).refused(403, "forbidden");
    assert_eq!(app.anybody().get(&format!("/lotteries/{DAY}/ledger")).expect(200)["ballots"], 0);
    assert_eq!(ada.all("/ballots"), [] as [Value; 0]);
}

#[test]
fn who_may_not_submit_and_what_takes_no_ballots_say_so() {
    let app = TestApp::start();
    app.ballots(DAY, json!({"ballots": {"most": 6}}));
    app.lottery("2027-01-01", 1);
    let ada = app.member("ada");
    app.admin().submit(DAY).refused(403, "forbidden");
    app.anybody().submit(DAY).refused(401, "unauthenticated");
    app.service("shop").submit(DAY).refused(403, "forbidden");
    ada.submit("2027-01-01").refused(409, "no-ballots");
    ada.submit("2027-01-02").refused(404, "not-found");
    ada.submit("tomorrow").refused(404, "not-found");
    let refused =
        ada.post(&format!("/lotteries/{DAY}/ballots"), json!({"count": 2})).refused(422, "invalid");
    assert_eq!(pointers(&refused), ["/count"]);
    app.service("bank").on_behalf_of("7").submit(DAY).expect(201);
    submitted(&ada, 5);
    for key in ["a", "b", "c"] {
        ada.submit(DAY).refused(409, "ballots-full");
        ada.key(key).submit(DAY).refused(409, "ballots-full");
    }
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    ada.submit(DAY).refused(409, "lottery-closed");
    assert_eq!(app.admin().all(&format!("/lotteries/{DAY}/ballots")).len(), 6);
}

#[test]
fn a_lottery_is_filled_to_its_last_ballot_whichever_boxes_are_full() {
    let app = TestApp::start();
    let made = app.ballots(DAY, json!({"ballots": {"most": 1003}}));
    assert_eq!((&made["ballots"]["most"], &made["ballots"]["boxes"]), (&json!(1000), &json!(4)));
    let ada = app.member("ada");
    for n in 0..1000 {
        let (client, repeats) =
            if n % 2 == 0 { (ada.key(&n.to_string()), 2) } else { (ada.clone(), 1) };
        let told: BTreeSet<String> =
            (0..repeats).map(|_| id(&client.submit(DAY).expect(201)).to_owned()).collect();
        assert_eq!(told.len(), 1);
    }
    ada.submit(DAY).refused(409, "ballots-full");
    ada.key("late").submit(DAY).refused(409, "ballots-full");
    assert_eq!(ada.all("/ballots").len(), 1000);
    assert_eq!(
        id(&ada.key("998").submit(DAY).expect(201)),
        id(&ada.key("998").submit(DAY).expect(201))
    );
}

#[test]
fn everybody_sees_his_own_ballots_and_an_administrator_all_page_by_page() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    app.ballots("2027-01-01", json!({}));
    let (ada, bob) = (app.member("ada"), app.service("shop").on_behalf_of("bob"));
    let (of_ada, of_bob) = (submitted(&ada, 130), submitted(&bob, 30));
    let later = id(&ada.submit("2027-01-01").expect(201)).to_owned();
    let sorted = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
    app.restart();
    let mine = ada.all("/ballots");
    let at = wire_time(app.now());
    let last =
        json!({"id": later, "lottery": "2027-01-01", "at": at, "won": null, "reserve": null});
    assert_eq!(mine.last().unwrap(), &last);
    assert_eq!(sorted(&ids(&mine)), sorted(&[of_ada.clone(), vec![later]].concat()));
    assert_eq!(sorted(&ids(&bob.all("/ballots"))), sorted(&of_bob));

    let (path, admin) = (format!("/lotteries/{DAY}/ballots"), app.admin());
    let all = admin.all(&path);
    assert_eq!(sorted(&ids(&all)), sorted(&[of_ada.clone(), of_bob].concat()));
    let me = id(&ada.get("/me").expect(200)).to_owned();
    assert_eq!(all.iter().filter(|line| line["member"] == me.as_str()).count(), 130);
    let mut one_by_one = Vec::new();
    let mut page = admin.get(&format!("{path}?limit=7")).expect(200);
    loop {
        one_by_one.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        page = admin.get(&format!("{path}?limit=7&cursor={cursor}")).expect(200);
    }
    assert_eq!(one_by_one, all);
    ada.get(&path).refused(403, "forbidden");
    admin.get("/lotteries/2027-01-02/ballots").refused(404, "not-found");
    admin.get(&format!("{path}?cursor=AAAA")).refused(422, "invalid");
}

#[test]
fn a_list_of_one_lottery_ends_with_it_and_says_which_have_won() {
    let app = TestApp::start();
    let days = ["2026-12-30", DAY, "2027-01-01"];
    let (ada, bob) = (app.member("ada"), app.service("shop").on_behalf_of("bob"));
    for day in days {
        app.ballots(day, json!({"winners": 3, "reserves": 2}));
        (0..5).for_each(|_| drop([&ada, &bob].map(|one| one.submit(day).expect(201))));
    }
    let of = |client: &Client| {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/ballots?lottery={DAY}&limit=2{cursor}");
            let page = client.get(&path).expect(200);
            all.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { return all };
            cursor = format!("&cursor={next}");
        }
    };
    for client in [&ada, &bob] {
        let mine = of(client);
        assert!(mine.len() == 5 && mine.iter().all(|one| one["lottery"] == DAY), "{mine:?}");
        assert!(mine.iter().all(|one| one["won"].is_null() && one["reserve"].is_null()));
    }
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    let drawn = app.anybody().get(&format!("/lotteries/{DAY}/winner")).expect(200);
    let drawn_as = |what: &str| -> BTreeSet<String> {
        let lots = drawn[what].as_array().unwrap().iter();
        lots.map(|lot| lot["ballot"].as_str().unwrap().to_owned()).collect()
    };
    for _ in 0..2 {
        let all = [of(&ada), of(&bob)].concat();
        let said = |what: &str| -> BTreeSet<String> {
            let so = all.iter().filter(|one| one[what] == true);
            so.map(|one| id(one).to_owned()).collect()
        };
        assert_eq!((said("won"), said("reserve")), (drawn_as("winners"), drawn_as("reserves")));
        assert_eq!((said("won").len(), said("reserve").len()), (3, 2));
        let not = all.iter().filter(|one| one["won"] == false && one["reserve"] == false);
        assert_eq!(not.count(), 5);
        let others = ada.all("/ballots").into_iter().filter(|one| one["lottery"] != DAY);
        assert_eq!(others.filter(|one| one["won"].is_null()).count(), 10);
        app.restart();
    }
    assert_eq!(ada.get("/ballots?lottery=2026-12-29").expect(200)["items"], json!([]));
    let refused = ada.get("/ballots?lottery=Soon!").refused(422, "invalid");
    assert_eq!(pointers(&refused), ["?lottery"]);
}

#[test]
fn a_lost_receipt_can_be_had_again_by_whoever_s_ballot_it_is() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let mine = submitted(&ada, 40);
    app.restart();
    for ballot in &mine {
        let path = format!("/ballots/{ballot}");
        let shown = ada.get(&path).expect(200);
        assert!(shown["id"] == ballot.as_str() && receipt(&shown).verify(), "{shown}");
        bob.get(&path).refused(404, "not-found");
    }
    app.admin().get(&format!("/ballots/{}", mine[0])).expect(200);
    let (known, _) = mine[0].rsplit_once('_').unwrap();
    for unknown in [
        &format!("{known}_0000000000000000"),
        "bl_20261231_0_99_0000000000000000",
        "bl_20270101_0_0_0000000000000000",
        "x",
        "%00",
    ] {
        ada.get(&format!("/ballots/{unknown}")).refused(404, "not-found");
        app.anybody().get(&format!("/ballots/{unknown}/proof")).refused(404, "not-found");
    }
}

#[test]
fn once_the_boxes_are_sealed_every_ballot_is_shown_to_be_counted() {
    let app = TestApp::start();
    app.ballots(DAY, json!({}));
    let ada = app.member("ada");
    let mine = submitted(&ada, 50);
    let path = |ballot: &str| format!("/ballots/{ballot}/proof");
    assert_eq!(app.anybody().get(&path(&mine[0])).refused(409, "not-sealed-yet")["retry"], "later");
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    app.restart();
    let root =
        app.anybody().get(&format!("/lotteries/{DAY}/statistics")).expect(200)["root"].clone();
    for ballot in &mine {
        let proof: Inclusion =
            serde_json::from_value(app.anybody().get(&path(ballot)).expect(200)).unwrap();
        assert_eq!((proof.ballot.0.to_string(), json!(proof.root)), (ballot.clone(), root.clone()));
        assert!(proof.adds_up() && proof.leads_to(&proof.own_box().unwrap()), "{proof:?}");
    }
    let (known, _) = mine[0].rsplit_once('_').unwrap();
    app.anybody().get(&path(&format!("{known}_0000000000000000"))).refused(404, "not-found");
}

#[test]
fn ballots_are_counted_for_everybody_to_see() {
    let app = TestApp::start();
    app.ballots(DAY, json!({"tickets": {"digits": 4}}));
    let ada = app.member("ada");
    submitted(&ada, 12);
    ada.hold(DAY, json!({"pattern": "****", "count": 2, "at_least": 2})).expect(201);
    let statistics = || app.anybody().get(&format!("/lotteries/{DAY}/statistics")).expect(200);
    let counted = statistics();
    assert_eq!(
        (&counted["state"], &counted["ballots"], &counted["tickets_held"]),
        (&json!("open"), &json!(12), &json!(2))
    );
    let sum = |counted: &Value| {
        counted["boxes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["ballots"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(
        (sum(&counted), &counted["boxes"][0]["root"], &counted["root"]),
        (12, &Value::Null, &Value::Null)
    );
    let ledger = app.anybody().get(&format!("/lotteries/{DAY}/ledger")).expect(200);
    assert_eq!(
        (&ledger["ballots"], &ledger["stock"], &ledger["imbalance"]),
        (&json!(12), &json!(10_000), &json!(0))
    );
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    let counted = statistics();
    assert_eq!(
        (&counted["state"], sum(&counted), &counted["tickets_free"]),
        (&json!("drawn"), 12, &json!(10_000))
    );
    assert!(counted["root"].is_string() && counted["boxes"][3]["root"].is_string(), "{counted}");
    app.anybody().get("/lotteries/2027-01-01/statistics").refused(404, "not-found");
    let metrics = app.anybody().get("//metrics").text;
    assert!(
        metrics.contains("stampede_ballots_total ") && metrics.contains("stampede_draws_total "),
        "{metrics}"
    );
}

#[test]
fn what_cannot_be_drawn_is_pointed_at() {
    let app = TestApp::start_with(|config| config.ballots_max = 1000);
    for (wrong, pointer) in [
        (json!({"ballots": 1}), "/ballots"),
        (json!({"ballots": "true"}), "/ballots"),
        (json!({"ballots": []}), "/ballots"),
        (json!({"ballots": {"boxes": 2}}), "/ballots/boxes"),
        (json!({"ballots": {"most": 0}}), "/ballots/most"),
        (json!({"ballots": {"most": 1001}}), "/ballots/most"),
        (json!({"ballots": {"most": -1}}), "/ballots/most"),
        (json!({"ballots": {"most": 1.5}}), "/ballots/most"),
        (json!({"ballots": false, "winners": 1}), "/winners"),
        (json!({"reserves": 0}), "/reserves"),
        (json!({"beacon": true}), "/beacon"),
        (json!({"ballots": true, "winners": 0}), "/winners"),
        (json!({"ballots": true, "winners": 1001}), "/winners"),
        (json!({"ballots": true, "winners": -1}), "/winners"),
        (json!({"ballots": true, "winners": "1"}), "/winners"),
        (json!({"ballots": true, "winners": 65_536}), "/winners"),
        (json!({"ballots": true, "reserves": 1000}), "/reserves"),
        (json!({"ballots": true, "winners": 500, "reserves": 501}), "/reserves"),
        (json!({"ballots": true, "reserves": -1}), "/reserves"),
        (json!({"ballots": true, "beacon": true}), "/beacon"),
        (json!({"ballots": true, "beacon": {}}), "/beacon"),
        (json!({"ballots": true, "beacon": 1}), "/beacon"),
        (json!({"ballots": true, "beacon": {"chain": "x"}}), "/beacon/chain"),
        (json!({"ballots": true, "beacon": {"round": -1}}), "/beacon/round"),
        (json!({"ballots": true, "seed": "00"}), "/seed"),
    ] {
        let mut plan = wrong.clone();
        plan["closes_on"] = json!(DAY);
        let refused = app.admin().post("/lotteries", plan).refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer], "{wrong}");
    }
    app.anybody().get(&format!("/lotteries/{DAY}")).refused(404, "not-found");
    app.ballots(DAY, json!({"winners": 500, "reserves": 500, "beacon": false}));
}
