//! Numbers that follow one another, such as seats in a row, held together.

use harness::{Answer, Client, TestApp, id, numbers};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn hall(app: &TestApp, more: Value) {
    let labels = json!([{"name": "row 7", "pattern": "07**"}, {"name": "box", "pattern": "012*"},
        {"name": "aisle", "pattern": "***0"}]);
    let mut body = json!({"id": "hall", "closes_at": "2026-12-20T18:00:00Z",
        "tickets": {"digits": 4}, "labels": labels});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.admin().post("/pools", body).expect(201);
}

fn hold(member: &Client, wanted: Value) -> Answer {
    let mut body = json!({"together": true});
    body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
    member.post("/pools/hall/holds", body)
}

/// Its numbers, which follow one another.
#[track_caller]
fn run(held: &Value) -> Vec<u32> {
    let numbers: Vec<u32> = numbers(held).iter().map(|text| text.parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|two| two[0] + 1 == two[1]), "{held}");
    numbers
}

#[test]
fn seats_of_one_row_are_side_by_side() {
    let app = TestApp::start();
    hall(&app, json!({}));
    let ada = app.member("ada");
    let held = hold(&ada, json!({"label": "row 7", "count": 4})).expect(201);
    assert!(id(&held).starts_with("h_hall_"), "one slice costs one fact: {held}");
    let seats = run(&held);
    assert_eq!(seats.len(), 4);
    assert!(seats.iter().all(|seat| (700..800).contains(seat)), "{held}");
    // Whatever the pattern, they are side by side, and of one slice.
    for _ in 0..20 {
        let held = hold(&ada, json!({"pattern": "****", "count": 5})).expect(201);
        let seats = run(&held);
        assert_eq!((seats.len(), seats[0] / 1000), (5, seats[4] / 1000));
    }
    let bought = ada.confirm(id(&held)).expect(200);
    assert_eq!(run(&bought), seats);
    // Every tenth number never follows another one.
    let told = hold(&ada, json!({"label": "aisle", "count": 2})).refused(409, "none-together");
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("no 2 numbers") && detail.ends_with("the most are 1"), "{told}");
    hold(&ada, json!({"label": "aisle", "count": 1})).expect(201);
}

#[test]
fn several_copies_of_a_number_count_once() {
    let app = TestApp::start();
    hall(&app, json!({"tickets": {"digits": 4, "copies": 3}}));
    let ada = app.member("ada");
    for _ in 0..3 {
        let held = hold(&ada, json!({"label": "box", "count": 10})).expect(201);
        assert_eq!(run(&held), (120..130).collect::<Vec<_>>());
    }
    hold(&ada, json!({"label": "box", "count": 2})).refused(409, "none-together");
}

#[test]
fn the_longest_run_is_had_where_there_are_not_so_many() {
    let app = TestApp::start();
    hall(&app, json!({}));
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    // What is left of the box is 120 to 122 and 124 to 128.
    for number in ["0123", "0129"] {
        bob.post("/pools/hall/holds", json!({"number": number})).expect(201);
    }
    let asked = json!({"label": "box", "count": 6});
    let told = hold(&ada, asked.clone()).refused(409, "none-together");
    assert!(told["detail"].as_str().unwrap().contains("no 6 numbers"), "{told}");
    assert!(told["detail"].as_str().unwrap().ends_with("the most are 5"), "{told}");
    let asked = json!({"label": "box", "count": 6, "at_least": 2});
    assert_eq!(run(&hold(&ada, asked.clone()).expect(201)), (124..129).collect::<Vec<_>>());
    assert_eq!(run(&hold(&ada, asked.clone()).expect(201)), (120..123).collect::<Vec<_>>());
    hold(&ada, asked).refused(409, "none-together");
    // Without a pattern that leads elsewhere, the slice that has the most is found.
    let held = hold(&ada, json!({"pattern": "*12*", "count": 10, "at_least": 2})).expect(201);
    assert_eq!(run(&held).len(), 10);
}

#[test]
fn the_limits_of_the_pool_count() {
    let app = TestApp::start();
    hall(&app, json!({"per_member": {"held": 3}}));
    let ada = app.member("ada");
    hold(&ada, json!({"label": "row 7", "count": 5})).refused(409, "hold-limit-reached");
    let held = hold(&ada, json!({"label": "row 7", "count": 5, "at_least": 2})).expect(201);
    assert_eq!(run(&held).len(), 3);
    assert!(id(&held).starts_with("o_hall_"), "{held}");
    hold(&ada, json!({"label": "row 7", "count": 2})).refused(409, "hold-limit-reached");
    ada.release(id(&held)).expect(200);
    // What is refused leaves nothing behind.
    hold(&ada, json!({"label": "aisle", "count": 2})).refused(409, "none-together");
    assert_eq!(run(&hold(&ada, json!({"pattern": "****", "count": 3})).expect(201)).len(), 3);
}

#[test]
fn a_repeat_has_the_same_numbers_and_together_is_a_part_of_what_a_key_stands_for() {
    let app = TestApp::start();
    hall(&app, json!({}));
    app.lottery("2026-12-31", 1);
    let ada = app.member("ada");
    for (key, wanted) in [
        ("one", json!({"label": "row 7", "count": 3})),
        ("two", json!({"pattern": "****", "count": 3})),
    ] {
        let keyed = ada.key(key);
        let first = hold(&keyed, wanted.clone()).expect(201);
        let again = hold(&keyed, wanted.clone());
        assert!(again.was_replayed());
        assert_eq!(again.expect(201), first);
        // All else that they ask for is the same.
        let mut alone = wanted;
        alone["at_least"] = json!(3);
        keyed.post("/pools/hall/holds", alone).refused(422, "idempotency-key-reused");
    }
    // Of a lottery, too.
    let wanted = json!({"pattern": "****", "count": 5, "together": true});
    assert_eq!(run(&ada.hold("2026-12-31", wanted).expect(201)).len(), 5);
    let tried = json!({"pattern": "****", "count": 3, "together": true});
    let before = app.anybody().get("/pools/hall/ledger").expect(200);
    let told = ada.post("/pools/hall/holds?dry_run=true", tried).expect(201);
    assert_eq!(run(&told).len(), 3);
    assert_eq!(app.anybody().get("/pools/hall/ledger").expect(200), before);
}

#[test]
fn a_crowd_is_seated_until_no_group_fits_and_nobody_sits_twice() {
    let app = TestApp::start();
    hall(&app, json!({}));
    let crowd: Vec<Client> = (0..8).map(|n| app.member(&format!("member-{n}"))).collect();
    let groups: Vec<Vec<u32>> = std::thread::scope(|scope| {
        let seating: Vec<_> = crowd
            .iter()
            .map(|member| {
                scope.spawn(move || {
                    let mut seated = Vec::new();
                    loop {
                        // Ten rows of ten seats, in ten slices.
                        let answer = hold(member, json!({"pattern": "*12*", "count": 3}));
                        if answer.status != 201 {
                            answer.refused(409, "none-together");
                            return seated;
                        }
                        seated.push(run(&answer.expect(201)));
                    }
                })
            })
            .collect();
        seating.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let seats: Vec<u32> = groups.concat();
    let once: BTreeSet<u32> = seats.iter().copied().collect();
    assert_eq!(
        (once.len(), groups.len() * 3),
        (seats.len(), seats.len()),
        "a seat was given twice"
    );
    let rows = (0..10).map(|slice| slice * 1000 + 120);
    for first in rows.flat_map(|row| row..row + 8) {
        assert!((first..first + 3).any(|seat| once.contains(&seat)), "three fit at {first}");
    }
    assert!(groups.len() >= 20, "{groups:?}");
}
