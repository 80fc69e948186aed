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
    let stalls = hold(json!({"label": "stalls", "pattern": "*1*5"})).expect(201);
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
    let hold = || member.post("/pools/waves/holds", json!({"pattern": "****", "ttl_s": 60}));
    (0..20).for_each(|_| drop(hold().expect(201)));
    let told = hold().refused(409, "not-released-yet");
    assert!(told["detail"].as_str().unwrap().contains("2026-12-02T12:00:00"), "{told}");
    app.pass_s(86_400);
    // What was held has ended by now.
    (0..60).for_each(|_| drop(hold().expect(201)));
    hold().refused(409, "no-match-left");
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

fn blocks(app: &TestApp, name: &str) -> Vec<(String, u64, u64)> {
    let told = app.anybody().get(&format!("/pools/{name}/tickets/blocks")).expect(200);
    assert_eq!(told["pool"], name);
    let block = |block: &Value| {
        let [stock, free] = ["stock", "free"].map(|what| block[what].as_u64().unwrap());
        (block["begins_with"].as_str().unwrap().to_owned(), stock, free)
    };
    told["blocks"].as_array().unwrap().iter().map(block).collect()
}

#[test]
fn the_number_space_is_told_as_blocks_of_those_that_begin_alike() {
    let app = TestApp::start();
    let member = app.member("ada");
    for (name, digits, of_each) in [("hall", 4, 200), ("field", 7, 200_000)] {
        pool(&app, name, json!({"tickets": {"digits": digits, "copies": 2}})).expect(201);
        let stars = "*".repeat(digits - 3);
        let wanted = json!({"pattern": format!("071{stars}"), "count": 3});
        member.post(&format!("/pools/{name}/holds"), wanted).expect(201);
        let expected = (0..100).map(|n| {
            let begins_with = format!("{n:02}");
            let held = if begins_with == "07" { 3 } else { 0 };
            (begins_with, of_each, of_each - held)
        });
        assert_eq!(blocks(&app, name), expected.collect::<Vec<_>>());
    }
    pool(&app, "doors", json!({"tickets": {"count": 250}})).expect(201);
    let stock: Vec<u64> = blocks(&app, "doors").into_iter().map(|(_, stock, _)| stock).collect();
    assert_eq!(stock, [100, 100, 50, 0, 0, 0, 0, 0, 0, 0]);

    let tag = app.anybody().get("/pools/hall/tickets/blocks").header("etag").unwrap().to_owned();
    let same = app.anybody().with("If-None-Match", &tag).get("/pools/hall/tickets/blocks");
    assert_eq!((same.status, same.header("cache-control")), (304, Some("public, max-age=1")));
    pool(&app, "raffle", json!({"ballots": true})).expect(201);
    app.anybody().get("/pools/raffle/tickets/blocks").refused(409, "no-tickets");
    app.anybody().get("/pools/nowhere/tickets/blocks").refused(404, "not-found");
    pool(&app, "secret", json!({"tickets": {"count": 9}, "figures": "staff"})).expect(201);
    member.get("/pools/secret/tickets/blocks").refused(403, "forbidden");
}

#[test]
fn a_search_with_a_free_first_digit_gives_as_many_as_there_are() {
    let app = TestApp::start();
    pool(&app, "seeds", json!({"tickets": {"digits": 6}})).expect(201);
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let wanted = json!({"pattern": "*77777", "count": 10, "at_least": 10});
    let held = ada.post("/pools/seeds/holds", wanted.clone()).expect(201);
    assert!(id(&held).starts_with("o_seeds_"), "{held}");
    let expected: BTreeSet<String> = (0..10).map(|digit| format!("{digit}77777")).collect();
    assert_eq!(numbers(&held).into_iter().collect::<BTreeSet<_>>(), expected);
    bob.post("/pools/seeds/holds", wanted).refused(409, "no-match-left");
    // One id: it is listed, looked at, bought and refunded as one.
    assert_eq!(ada.get("/holds").expect(200)["items"], json!([held]));
    assert_eq!(ada.get(&format!("/holds/{}", id(&held))).expect(200), held);
    let bought = ada.confirm(id(&held)).expect(200);
    assert_eq!((&bought["state"], &bought["tickets"]), (&json!("confirmed"), &held["tickets"]));
    assert_eq!(ada.confirm(id(&held)).expect(200), bought);
    let mine = ada.all("/tickets");
    assert_eq!(mine.len(), 10);
    assert!(mine.iter().all(|ticket| ticket["hold"] == held["id"]), "{mine:?}");
    let back = mine[3]["id"].as_str().unwrap();
    app.admin().post(&format!("/tickets/{back}/refund"), json!({})).expect(200);
    assert_eq!(ada.all("/tickets").len(), 9);
    app.until("the books follow", || availability(&app, "seeds")["sold"] == 9);
    let one = bob.post("/pools/seeds/holds", json!({"pattern": "*77777"})).expect(201);
    assert_eq!(json!(numbers(&one)), json!([mine[3]["number"]]));
}

#[test]
fn overlapping_searches_of_a_crowd_give_no_ticket_twice_and_each_as_many_as_there_are() {
    let app = TestApp::start();
    pool(&app, "seeds", json!({"tickets": {"digits": 4}})).expect(201);
    let crowd: Vec<harness::Client> = (0..10).map(|n| app.member(&format!("member-{n}"))).collect();
    let held: Vec<Value> = std::thread::scope(|scope| {
        let searching: Vec<_> = crowd
            .iter()
            .enumerate()
            .map(|(who, member)| {
                scope.spawn(move || {
                    let mut held = Vec::new();
                    for round in 0..8 {
                        let pattern = format!("*{}7{}", (who + round) % 3, round % 2);
                        let wanted = json!({"pattern": pattern, "count": 10});
                        let key = format!("{who}-{round}");
                        let answer = member.key(&key).post("/pools/seeds/holds", wanted);
                        match answer.status {
                            201 => held.push(answer.expect(201)),
                            _ => drop(answer.refused(409, "no-match-left")),
                        }
                    }
                    held
                })
            })
            .collect();
        searching.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let all: Vec<String> = held.iter().flat_map(numbers).collect();
    let once: BTreeSet<&String> = all.iter().collect();
    assert_eq!(once.len(), all.len(), "a ticket was given twice");
    // Six patterns of ten numbers each, and more askers than tickets.
    assert_eq!(all.len(), 60);
}

#[test]
fn nobody_buys_more_than_the_pool_says_whoever_asks_and_however() {
    let app = TestApp::start();
    let limits = json!({"tickets": {"digits": 4}, "per_member": {"bought": 7}});
    pool(&app, "fair", limits).expect(201);
    let shop = app.service("shop");
    let ada = shop.on_behalf_of("ada");
    let bought: usize = std::thread::scope(|scope| {
        let buying: Vec<_> = (0..8)
            .map(|_| {
                let ada = ada.clone();
                scope.spawn(move || {
                    let mut bought = 0;
                    for digit in 0..4 {
                        let wanted = json!({"pattern": format!("{digit}***")});
                        let answer = ada.post("/pools/fair/holds", wanted);
                        if answer.status == 201 {
                            ada.confirm(id(&answer.expect(201))).expect(200);
                            bought += 1;
                        } else {
                            answer.refused(409, "hold-limit-reached");
                        }
                    }
                    bought
                })
            })
            .collect();
        buying.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(bought, 7);
    let told = ada.post("/pools/fair/holds", json!({"pattern": "****"}));
    told.refused(409, "hold-limit-reached");
    // What is refunded may be bought again.
    let ticket = ada.all("/tickets")[0]["id"].as_str().unwrap().to_owned();
    app.admin().post(&format!("/tickets/{ticket}/refund"), json!({})).expect(200);
    let again = ada.post("/pools/fair/holds", json!({"pattern": "****"})).expect(201);
    ada.release(id(&again)).expect(200);
}

#[test]
fn a_limit_key_counts_like_a_member_and_only_services_say_it() {
    let app = TestApp::start();
    let limits = json!({"tickets": {"count": 100}, "per_member": {"bought": 3}});
    pool(&app, "cards", limits).expect(201);
    let shop = app.service("shop");
    let hold = |who: &str, card: &str| {
        let wanted = json!({"pattern": "****", "count": 2, "limit_key": card});
        shop.on_behalf_of(who).post("/pools/cards/holds", wanted)
    };
    let one = hold("ada", "card 1").expect(201);
    assert_eq!(numbers(&one).len(), 2);
    // Another member with the same card: one is left to it.
    let two = hold("bob", "card 1").expect(201);
    assert_eq!(numbers(&two).len(), 1);
    hold("eve", "card 1").refused(409, "hold-limit-reached");
    assert_eq!(numbers(&hold("eve", "card 2").expect(201)).len(), 2);
    shop.on_behalf_of("ada").release(id(&one)).expect(200);
    assert_eq!(numbers(&hold("dan", "card 1").expect(201)).len(), 2);
    let wanted = json!({"pattern": "****", "limit_key": "mine"});
    let told = app.member("zoe").post("/pools/cards/holds", wanted).refused(422, "invalid");
    assert_eq!(pointers(&told), ["/limit_key"]);
}

#[test]
fn an_order_that_runs_out_leaves_nothing_behind() {
    let app = TestApp::start();
    let limits = json!({"tickets": {"digits": 4}, "per_member": {"held": 4}});
    pool(&app, "short", limits).expect(201);
    let ada = app.member("ada");
    let wanted = json!({"pattern": "*77*", "count": 4, "ttl_s": 60});
    let held = ada.post("/pools/short/holds", wanted.clone()).expect(201);
    ada.post("/pools/short/holds", wanted.clone()).refused(409, "hold-limit-reached");
    app.pass_s(61);
    ada.confirm(id(&held)).refused(409, "hold-expired");
    app.until("its tickets are free", || availability(&app, "short")["free"] == 10_000);
    ada.post("/pools/short/holds", wanted).expect(201);
    app.admin().post("/pools/short/close", json!({})).expect(200);
    let books = app.anybody().get("/pools/short/ledger").expect(200);
    assert_eq!((&books["held"], &books["imbalance"]), (&json!(0), &json!(0)));
}

#[test]
fn what_is_released_is_told_beside_what_is_free() {
    let app = TestApp::start();
    let waves = json!([{"at": "2026-12-01T12:00:00Z", "tickets": 20},
        {"at": "2026-12-02T12:00:00Z", "tickets": 10_000}]);
    pool(&app, "waves", json!({"tickets": {"digits": 4}, "waves": waves})).expect(201);
    pool(&app, "all", json!({"tickets": {"digits": 4}})).expect(201);
    let member = app.member("ada");
    // It is as it was told to somebody a second ago.
    let is_told = |name: &str, free: u64, released: Value, sale: &str| {
        app.until("it is told", || {
            let left = availability(&app, name);
            left["free"] == free && left["released"] == released && left["sale"] == sale
        });
    };
    is_told("all", 10_000, json!(null), "open");
    is_told("waves", 10_000, json!(20), "open");
    // Two of each slice are released.
    let hold = |wanted: Value| member.post("/pools/waves/holds", wanted);
    hold(json!({"pattern": "3***", "count": 5, "ttl_s": 60})).expect(201);
    is_told("waves", 9_998, json!(18), "open");
    hold(json!({"pattern": "****", "count": 9, "at_least": 9, "ttl_s": 60})).expect(201);
    hold(json!({"pattern": "****", "count": 9, "at_least": 9, "ttl_s": 60})).expect(201);
    is_told("waves", 9_980, json!(0), "gone");
    app.pass_s(86_400);
    is_told("waves", 10_000, json!(10_000), "open");
}

#[test]
fn what_a_later_wave_releases_is_not_told_to_be_gone_whichever_slices_are_asked() {
    let app = TestApp::start();
    let waves = json!([{"at": "2026-12-01T12:00:00Z", "tickets": 10},
        {"at": "2026-12-02T12:00:00Z", "tickets": 10_000}]);
    let more = json!({"tickets": {"digits": 4}, "waves": waves});
    pool(&app, "waves", more).expect(201);
    let member = app.member("ada");
    let hold = |wanted: Value| member.post("/pools/waves/holds", wanted);
    let all = json!({"pattern": "*77*", "count": 10, "at_least": 10});
    let held = hold(all.clone()).expect(201);
    let number = numbers(&held)[0].clone();
    for wanted in [
        all,
        json!({"pattern": "****"}),
        json!({"pattern": "**77", "count": 2, "at_least": 2}),
        json!({"pattern": "****", "count": 3, "together": true}),
        json!({"pattern": "5***"}),
    ] {
        let told = hold(wanted.clone()).refused(409, "not-released-yet");
        assert!(told["detail"].as_str().unwrap().contains("2026-12-02T12:00:00"), "{wanted}");
    }
    // Of these there will be no more.
    hold(json!({ "number": number })).refused(409, "no-match-left");
    hold(json!({"pattern": "***7", "count": 2, "together": true})).refused(409, "none-together");
}

#[test]
fn a_pool_with_a_name_is_told_by_that_word_too_and_a_lottery_as_ever() {
    let app = TestApp::start();
    pool(&app, "gala", json!({"tickets": {"digits": 4}, "ballots": true})).expect(201);
    app.lottery("2026-12-31", 1);
    let ada = app.member("ada");
    let held = ada.post("/pools/gala/holds", json!({"pattern": "0***"})).expect(201);
    let bought = ada.confirm(id(&held)).expect(200);
    let ballot = ada.post("/pools/gala/ballots", json!({})).expect(201);
    let counted = app.anybody().get("/pools/gala/statistics").expect(200);
    let ticket = &ada.all("/tickets")[0];
    for told in [&held, &bought, &ballot, ticket, &ada.all("/ballots")[0], &counted] {
        assert_eq!((&told["lottery"], &told["pool"]), (&json!("gala"), &json!("gala")), "{told}");
    }
    let held = ada.hold("2026-12-31", json!({"pattern": "0***"})).expect(201);
    assert_eq!((&held["lottery"], held.get("pool")), (&json!("2026-12-31"), None));
}
