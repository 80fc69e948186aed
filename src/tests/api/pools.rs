//! Pools with names of their own: any number at once, sold in a window, closed at an instant.

use harness::{Answer, TestApp, id, numbers, pointers};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CLOSES: &str = "2026-12-20T18:00:00Z";

fn pool(app: &TestApp, name: &str, more: Value) -> Answer {
    let mut body = json!({"id": name, "closes_at": CLOSES});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.admin().post("/pools", body)
}

fn availability(app: &TestApp, name: &str) -> Value {
    let path = format!("/pools/{name}/availability");
    app.anybody().get(&path).expect(200)
}

#[test]
fn a_pool_is_what_its_creation_said() {
    let app = TestApp::start();
    let more = json!({
        "name": "Summer gala", "tickets": {"digits": 4, "copies": 2},
        "sale_starts_at": "2026-12-02T09:00:00Z", "sale_ends_at": "2026-12-19T09:00:00Z",
        "waves": [{"at": "2026-12-02T09:00:00Z", "tickets": 5000},
            {"at": "2026-12-03T09:00:00Z", "tickets": 20_000}],
        "per_member": {"held": 4, "bought": 6},
        "labels": [{"name": "stalls", "pattern": "0***"}, {"name": "row 7", "pattern": "07**"}],
        "ballots": true, "winners": 3, "metadata": {"venue": "old hall", "doors": [19, 30]},
    });
    let made = pool(&app, "summer-gala", more.clone()).expect(201);
    let expected = json!({
        "id": "summer-gala", "name": "Summer gala", "state": "open",
        "closes_at": "2026-12-20T18:00:00.000Z", "created_at": "2026-12-01T12:00:00.000Z",
        "tickets": {
            "digits": 4, "copies": 2, "stock": 20_000, "slices": made["tickets"]["slices"],
            "sale_starts_at": "2026-12-02T09:00:00.000Z",
            "sale_ends_at": "2026-12-19T09:00:00.000Z",
            "waves": [{"at": "2026-12-02T09:00:00.000Z", "tickets": 5000},
                {"at": "2026-12-03T09:00:00.000Z", "tickets": 20_000}],
            "per_member": {"held": 4, "bought": 6},
            "labels": more["labels"],
        },
        "ballots": made["ballots"], "figures": "public", "metadata": more["metadata"],
    });
    assert_eq!(made, expected);
    assert_eq!(made["ballots"]["winners"], 3);
    for _ in 0..2 {
        assert_eq!(app.anybody().get("/pools/summer-gala").expect(200), expected);
        assert_eq!(app.anybody().get("/pools").expect(200)["items"], json!([expected]));
        app.restart();
    }
    pool(&app, "summer-gala", json!({"ballots": true})).refused(409, "pool-exists");
}

#[test]
fn everything_that_is_wrong_with_a_pool_is_told_at_once() {
    let app = TestApp::start();
    let wrong = json!({
        "id": "Summer Gala", "closes_at": "2026-11-01T00:00:00Z", "name": " ",
        "tickets": {"digits": 9, "copies": 0}, "per_member": {"held": 0, "bought": 0},
        "metadata": {"long": "x".repeat(5000)}, "winners": 3,
    });
    let told = app.admin().post("/pools", wrong).refused(422, "invalid");
    let at: BTreeSet<&str> = pointers(&told).into_iter().collect();
    let expected = [
        "/closes_at",
        "/id",
        "/metadata",
        "/name",
        "/per_member/bought",
        "/per_member/held",
        "/tickets/copies",
        "/tickets/digits",
        "/winners",
    ];
    assert_eq!(at, BTreeSet::from(expected), "{told}");
    for (more, at) in [
        (json!({}), "/tickets"),
        (json!({"tickets": {"count": 0}}), "/tickets/count"),
        (json!({"tickets": {"count": 5, "digits": 4}}), "/tickets/digits"),
        (json!({"ballots": true, "sale_ends_at": CLOSES}), "/sale_ends_at"),
        (json!({"tickets": {"count": 5}, "sale_ends_at": "2026-12-21T00:00:00Z"}), "/sale_ends_at"),
        (json!({"tickets": {"count": 5}, "sale_starts_at": CLOSES}), "/sale_starts_at"),
        (
            json!({"tickets": {"count": 5}, "waves": [{"at": CLOSES, "tickets": 6}]}),
            "/waves/0/tickets",
        ),
        (
            json!({"tickets": {"count": 5}, "labels": [{"name": "a", "pattern": "1*"}]}),
            "/labels/0/pattern",
        ),
        (
            json!({"tickets": {"count": 5}, "labels": [{"name": "a", "pattern": "0***"},
                {"name": "a", "pattern": "1***"}]}),
            "/labels/1/name",
        ),
    ] {
        let told = pool(&app, "a", more.clone()).refused(422, "invalid");
        assert_eq!(pointers(&told), [at], "{more}: {told}");
    }
    app.anybody().get("/pools/a").refused(404, "not-found");
    app.anybody().get("/pools/No%20Such").refused(404, "not-found");
}

#[test]
fn a_pool_without_an_id_gets_two_words_and_the_same_ones_again_under_the_same_key() {
    let app = TestApp::start();
    let body = json!({"closes_at": CLOSES, "tickets": {"count": 5}, "ballots": true});
    let admin = app.admin();
    let one = admin.post("/pools", body.clone()).expect(201);
    assert_eq!(id(&one).split('-').count(), 2, "{one}");
    let keyed = admin.key("the-same");
    let first = keyed.post("/pools", body.clone()).expect(201);
    let again = keyed.post("/pools", body.clone());
    assert!(again.was_replayed());
    assert_eq!(again.expect(201), first);
    let other = admin.key("another").post("/pools", body).expect(201);
    let names: BTreeSet<&str> = [&one, &first, &other].map(id).into();
    assert_eq!(names.len(), 3);
    assert_eq!(app.anybody().get("/pools").expect(200)["items"].as_array().unwrap().len(), 3);
}

#[test]
fn a_sale_begins_and_ends_at_its_instants() {
    let app = TestApp::start();
    let window = json!({"tickets": {"count": 50}, "sale_starts_at": "2026-12-02T12:00:00Z",
        "sale_ends_at": "2026-12-03T12:00:00Z"});
    pool(&app, "gala", window).expect(201);
    let member = app.member("ada");
    let hold = || member.post("/pools/gala/holds", json!({"pattern": "****", "ttl_s": 600}));
    let told = hold().refused(409, "not-yet-open");
    assert!(told["detail"].as_str().unwrap().contains("2026-12-02T12:00:00"), "{told}");
    let waits = availability(&app, "gala");
    assert_eq!(
        (&waits["sale"], &waits["opens_at"]),
        (&json!("waiting"), &json!("2026-12-02T12:00:00.000Z"))
    );
    app.pass_s(86_400);
    let held = hold().expect(201);
    app.pass_s(86_399);
    let late = hold().expect(201);
    app.pass_s(1);
    hold().refused(409, "sale-over");
    member.confirm(id(&late)).expect(200);
    member.confirm(id(&held)).refused(409, "hold-expired");
}

#[test]
fn plain_admission_has_so_many_numbers_and_no_more() {
    let app = TestApp::start();
    pool(&app, "doors", json!({"tickets": {"count": 25}})).expect(201);
    let member = app.member("ada");
    let mut all = BTreeSet::new();
    for _ in 0..25 {
        let held = member.post("/pools/doors/holds", json!({"pattern": "****"})).expect(201);
        all.extend(numbers(&held));
    }
    assert_eq!(all, (0..25).map(|number| format!("{number:04}")).collect());
    member.post("/pools/doors/holds", json!({"pattern": "****"})).refused(409, "no-match-left");
    let left = availability(&app, "doors");
    assert_eq!((&left["stock"], &left["free"], &left["held"]), (&json!(25), &json!(0), &json!(25)));
    assert_eq!(left["sale"], "gone");
}

#[test]
fn labels_are_held_by_and_counted() {
    let app = TestApp::start();
    let labels = json!([{"name": "stalls", "pattern": "0***"},
        {"name": "row 7", "pattern": "07**"}]);
    pool(&app, "hall", json!({"tickets": {"digits": 4}, "labels": labels})).expect(201);
    let member = app.member("ada");
    let hold = |wanted: Value| member.post("/pools/hall/holds", wanted);
    let row = hold(json!({"label": "row 7", "count": 3})).expect(201);
    assert!(numbers(&row).iter().all(|number| number.starts_with("07")), "{row}");
    let stalls = hold(json!({"label": "stalls", "pattern": "***5"})).expect(201);
    assert!(numbers(&stalls)[0].starts_with('0') && numbers(&stalls)[0].ends_with('5'));
    member.confirm(id(&row)).expect(200);
    hold(json!({"label": "row 7", "pattern": "1***"})).refused(409, "no-match-left");
    let told = hold(json!({"label": "balcony"})).refused(422, "invalid");
    assert_eq!(pointers(&told), ["/label"]);
    let seen = member.get("/pools/hall/tickets?pattern=****&label=row%207").expect(200);
    assert_eq!((&seen["matching"], &seen["free"]), (&json!(100), &json!(97)));
    let left = availability(&app, "hall");
    let counts: Vec<[&Value; 5]> = left["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| ["name", "stock", "free", "held", "sold"].map(|name| &label[name]))
        .collect();
    assert_eq!(json!(counts), json!([["stalls", 1000, 996, 1, 3], ["row 7", 100, 97, 0, 3]]));
}

#[test]
fn a_wave_releases_so_many_at_its_instant() {
    let app = TestApp::start();
    let waves = json!([{"at": "2026-12-01T12:00:00Z", "tickets": 20},
        {"at": "2026-12-02T12:00:00Z", "tickets": 60}]);
    pool(&app, "waves", json!({"tickets": {"count": 100}, "waves": waves})).expect(201);
    let member = app.member("ada");
    let held = || {
        let mut held = 0;
        loop {
            let hold = json!({"pattern": "****", "ttl_s": 60});
            let answer = member.post("/pools/waves/holds", hold);
            if answer.status != 201 {
                answer.refused(409, "not-released-yet");
                return held;
            }
            held += 1;
        }
    };
    assert_eq!(held(), 20);
    app.pass_s(86_400);
    // What was held has ended by now.
    assert_eq!(held(), 60);
}

#[test]
fn two_draws_of_one_day_end_at_their_own_instants_each_with_its_proof() {
    let app = TestApp::start();
    pool(&app, "noon-draw", json!({"ballots": true, "closes_at": "2026-12-02T12:00:00Z"}))
        .expect(201);
    pool(&app, "late-draw", json!({"ballots": true, "closes_at": "2026-12-02T22:00:00Z"}))
        .expect(201);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    for name in ["noon-draw", "late-draw"] {
        ada.post(&format!("/pools/{name}/ballots"), json!({})).expect(201);
    }
    let state =
        |name: &str| app.anybody().get(&format!("/pools/{name}")).expect(200)["state"].clone();
    app.pass_s(86_400);
    app.until("the first is drawn", || state("noon-draw") == "drawn");
    assert_eq!(state("late-draw"), "open");
    bob.post("/pools/noon-draw/ballots", json!({})).refused(409, "lottery-closed");
    bob.post("/pools/late-draw/ballots", json!({})).expect(201);
    app.pass_s(36_000);
    app.until("the second is drawn", || state("late-draw") == "drawn");
    for (name, ballots) in [("noon-draw", 1), ("late-draw", 2)] {
        let proof = app.anybody().get(&format!("/pools/{name}/proof")).expect(200);
        assert_eq!(proof["lottery"], name, "{proof}");
        let counted = app.admin().all(&format!("/pools/{name}/ballots"));
        assert_eq!(counted.len(), ballots);
        let won = app.anybody().get(&format!("/pools/{name}/winner")).expect(200);
        assert!(won["winner"]["ballot"].as_str().unwrap().contains(name), "{won}");
    }
    let listed = app.anybody().get("/pools?state=drawn").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
}

#[test]
fn a_lottery_is_a_pool_by_its_day() {
    let app = TestApp::start();
    app.lottery("2026-12-31", 1);
    let member = app.member("ada");
    let held = member.post("/pools/2026-12-31/holds", json!({"pattern": "****"})).expect(201);
    let lottery = app.anybody().get("/lotteries/2026-12-31/ledger").expect(200);
    assert_eq!(app.anybody().get("/pools/2026-12-31/ledger").expect(200), lottery);
    assert_eq!(lottery["held"], 1);
    assert_eq!(held["lottery"], "2026-12-31");
    assert_eq!(id(&app.anybody().get("/pools/2026-12-31").expect(200)), "2026-12-31");
}

#[test]
fn what_is_left_is_cacheable_for_a_second_and_named_by_a_tag() {
    let app = TestApp::start();
    pool(&app, "doors", json!({"tickets": {"count": 5}})).expect(201);
    let anybody = app.anybody();
    let first = anybody.get("/pools/doors/availability");
    assert_eq!(first.header("cache-control"), Some("public, max-age=1"));
    let tag = first.header("etag").unwrap().to_owned();
    let same = app.anybody().with("If-None-Match", &tag).get("/pools/doors/availability");
    assert_eq!(same.status, 304);
}
