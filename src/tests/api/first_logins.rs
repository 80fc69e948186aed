//! First logins: whoever logs in for the first time within a campaign's window gets its voucher,
//! sooner or later, and never two.

use crate::campaigns::{END, campaign, ledger};
use actors::Time;
use harness::{ADMIN_PASSWORD, Answer, NOON, PASSWORD, TestApp, id};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

const NONE: [u64; 0] = [];

fn for_first_logins(app: &TestApp, changes: Value) -> String {
    campaign(app, crate::campaigns::with(json!({"trigger": "first_login", "quota": 100}), changes))
}

fn register(app: &TestApp, name: &str) -> Value {
    app.anybody()
        .post("/auth/register", json!({"username": name, "password": PASSWORD}))
        .expect(201)
}

fn try_to_log_in(app: &TestApp, name: &str) -> Answer {
    app.anybody().post("/auth/login", json!({"account": name, "password": PASSWORD}))
}

/// A login that is repeated as long as the server says that too much is under way.
fn log_in(app: &TestApp, name: &str) -> Value {
    loop {
        let answer = try_to_log_in(app, name);
        if answer.status != 503 {
            return answer.expect(200);
        }
        assert!(answer.header("retry-after").is_some(), "{}", answer.text);
    }
}

/// The answer of the login that says so many vouchers. A login waits for its claims no longer than
/// a moment, and on a busy machine the next one says them.
fn told(app: &TestApp, name: &str, vouchers: usize) -> Value {
    const MOST: usize = 1000;
    let login = (0..MOST).map(|_| log_in(app, name)).find(|login| ranks(login).len() >= vouchers);
    login.unwrap_or_else(|| panic!("{name} is never told of {vouchers} vouchers"))
}

fn ranks(login: &Value) -> Vec<u64> {
    login["vouchers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|voucher| voucher["rank"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_first_login_within_the_window_brings_its_voucher_and_a_later_one_says_it_again() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({}));
    let registered = register(&app, "ada");
    assert!(registered.get("vouchers").is_none(), "registering is no first login: {registered}");
    assert_eq!(ledger(&app, &campaign)["available"], 100);
    assert_eq!(log_in(&app, "ada")["first_login"], true);
    let first = told(&app, "ada", 1);
    assert_eq!(
        (&first["first_login"], &first["vouchers"][0]["campaign"]),
        (&json!(false), &json!(campaign)),
        "{first}"
    );
    app.restart();
    assert_eq!(told(&app, "ada", 1)["vouchers"], first["vouchers"]);
    assert_eq!(ledger(&app, &campaign)["assigned"], 1);
    let code = first["vouchers"][0]["code"].as_str().unwrap();
    app.log_in("ada", PASSWORD)
        .post(&format!("/coupons/{code}/use"), json!({"amount": 500}))
        .expect(200);
}

#[test]
fn of_five_hundred_first_logins_at_once_a_hundred_get_their_ranks_once_each() {
    const CROWD: usize = 500;
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({}));
    thread::scope(|scope| {
        for part in 0..8 {
            let app = &app;
            scope.spawn(move || {
                (part..CROWD).step_by(8).for_each(|n| drop(register(app, &format!("member-{n}"))))
            });
        }
    });
    let granted = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for n in 0..CROWD {
            let (app, granted) = (&app, &granted);
            scope.spawn(move || {
                let name = format!("member-{n}");
                for rank in ranks(&log_in(app, &name)) {
                    let before = granted.lock().unwrap().insert(rank, name.clone());
                    assert_eq!(before, None, "rank {rank} was had twice");
                }
            });
        }
    });
    // Nobody is told anything else at his next login, and whoever was not told within a moment is
    // told then.
    let mut granted = granted.into_inner().unwrap();
    granted.iter().for_each(|(rank, name)| assert_eq!(ranks(&told(&app, name, 1)), [*rank]));
    for name in (0..20 * CROWD).map(|n| format!("member-{}", n % CROWD)) {
        if granted.len() < 100 && !granted.values().any(|told| *told == name) {
            ranks(&log_in(&app, &name))
                .into_iter()
                .for_each(|rank| assert_eq!(granted.insert(rank, name.clone()), None));
        }
    }
    assert_eq!(granted.into_keys().collect::<Vec<_>>(), (1..=100).collect::<Vec<u64>>());
    let ledger = ledger(&app, &campaign);
    assert_eq!((&ledger["assigned"], &ledger["available"]), (&json!(100), &json!(0)));
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn one_member_who_logs_in_twenty_times_at_once_gets_one() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({}));
    register(&app, "ada");
    let first_logins = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let login = log_in(&app, "ada");
                assert!(ranks(&login).iter().all(|rank| *rank == 1), "{login}");
                *first_logins.lock().unwrap() += u32::from(login["first_login"] == true);
            });
        }
    });
    assert_eq!(first_logins.into_inner().unwrap(), 1);
    assert_eq!(ranks(&told(&app, "ada", 1)), [1]);
    assert_eq!(ledger(&app, &campaign)["assigned"], 1);
}

#[test]
fn the_window_begins_with_its_first_millisecond_and_ends_before_its_last() {
    let app = TestApp::start();
    let campaign = for_first_logins(
        &app,
        json!({"starts_at": "2026-12-01T12:01:00Z", "ends_at": "2026-12-01T12:02:00Z"}),
    );
    for (name, after_ms, expected) in
        [("early", 59_999, 0), ("first", 60_000, 1), ("last", 119_999, 1), ("late", 120_000, 0)]
    {
        register(&app, name);
        app.set_time(Time(NOON.0 + after_ms));
        assert_eq!(ranks(&told(&app, name, expected)).len(), expected, "{name}");
    }
    // A later login changes nothing of when the first one was.
    assert_eq!((ranks(&log_in(&app, "early")).len(), ranks(&told(&app, "first", 1))), (0, vec![1]));
    assert_eq!(ledger(&app, &campaign)["expired"], 100);
}

#[test]
fn an_end_that_was_moved_later_counts_for_first_logins_and_an_end_by_hand_does() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({"ends_at": "2026-12-01T12:01:00Z"}));
    let path = format!("/campaigns/{campaign}");
    app.admin().patch(&path, json!({"ends_at": END})).expect(200);
    app.pass_s(60);
    for name in ["ada", "bob", "eve"] {
        register(&app, name);
    }
    assert_eq!(ranks(&told(&app, "ada", 1)), [1]);
    app.restart();
    assert_eq!(ranks(&told(&app, "bob", 1)), [2]);
    app.admin().post(&format!("{path}/end"), json!({})).expect(200);
    assert_eq!(ranks(&log_in(&app, "eve")), NONE);
    assert_eq!(ranks(&told(&app, "ada", 1)), [1]);
    assert_eq!(ledger(&app, &campaign)["expired"], 98);
}

#[test]
fn a_campaign_that_came_after_the_first_login_owes_nothing() {
    let app = TestApp::start();
    register(&app, "ada");
    log_in(&app, "ada");
    // In the very same millisecond, and with a start long before.
    let now = for_first_logins(&app, json!({"name": "Now"}));
    let long_before =
        for_first_logins(&app, json!({"name": "Before", "starts_at": "2026-11-01T00:00:00Z"}));
    assert_eq!(ranks(&log_in(&app, "ada")), NONE);
    app.restart();
    assert_eq!(ranks(&log_in(&app, "ada")), NONE);
    for campaign in [now, long_before] {
        assert_eq!(ledger(&app, &campaign)["available"], 100);
    }
    register(&app, "bob");
    assert_eq!(ranks(&told(&app, "bob", 2)), [1, 1]);
}

#[test]
fn a_campaign_counts_from_the_answer_to_its_creation_on() {
    let app = TestApp::start();
    for n in 0..5 {
        register(&app, &format!("member-{n}"));
        let campaign = for_first_logins(&app, json!({"name": format!("Campaign {n}")}));
        let login = told(&app, &format!("member-{n}"), n + 1);
        assert_eq!(login["vouchers"][n]["campaign"], json!(campaign), "{login}");
        assert_eq!(login["vouchers"].as_array().unwrap().len(), n + 1);
    }
}

#[test]
fn what_a_paused_campaign_owes_is_made_good_when_it_goes_on_although_nobody_logs_in() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({}));
    let path = format!("/campaigns/{campaign}");
    app.admin().post(&format!("{path}/pause"), json!({})).expect(200);
    for name in ["ada", "bob"] {
        register(&app, name);
        assert_eq!(ranks(&log_in(&app, name)), NONE);
    }
    app.admin().post(&format!("{path}/resume"), json!({})).expect(200);
    // Whoever logs in again has it at once; the job does the rest.
    assert_eq!(ranks(&told(&app, "bob", 1)), [1]);
    // The job begins with the process, so nobody has to wait for its next turn.
    app.restart();
    app.until("the job makes good what ada is owed", || ledger(&app, &campaign)["assigned"] == 2);
    assert_eq!(ranks(&told(&app, "ada", 1)), [2]);
}

#[test]
fn what_is_owed_outlives_a_restart_and_the_end_of_the_window() {
    let app = TestApp::start();
    let campaign = for_first_logins(
        &app,
        json!({"ends_at": "2026-12-01T12:01:00Z", "voucher_valid_days": 10}),
    );
    let path = format!("/campaigns/{campaign}");
    app.admin().post(&format!("{path}/pause"), json!({})).expect(200);
    register(&app, "ada");
    assert_eq!(ranks(&log_in(&app, "ada")), NONE);
    app.restart();
    app.admin().post(&format!("{path}/resume"), json!({})).expect(200);
    app.stop();
    app.pass_s(3600);
    app.serve();
    // She was eligible when she came. Whoever comes now is not.
    app.until("the job makes good what ada is owed", || ledger(&app, &campaign)["assigned"] == 1);
    register(&app, "bob");
    assert_eq!((ranks(&told(&app, "ada", 1)), ranks(&log_in(&app, "bob"))), (vec![1], vec![]));
}

#[test]
fn a_login_is_a_login_whatever_becomes_of_the_campaign() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({"quota": 1}));
    for name in ["ada", "bob", "eve"] {
        register(&app, name);
    }
    assert_eq!((ranks(&told(&app, "ada", 1)), ranks(&log_in(&app, "bob"))), (vec![1], vec![]));
    // What was settled is settled: a greater quota is for others.
    app.admin().patch(&format!("/campaigns/{campaign}"), json!({"quota": 2})).expect(200);
    assert_eq!((ranks(&log_in(&app, "bob")), ranks(&told(&app, "eve", 1))), (vec![], vec![2]));
}

#[test]
fn a_login_goes_on_while_campaigns_cannot_be_asked_and_gets_its_voucher_later() {
    // Partitions take few requests at a time here, so that a crowd meets refusals everywhere.
    let app = TestApp::start_with(|config| config.partition_in_flight = 3);
    let campaign = for_first_logins(&app, json!({}));
    app.restart();
    (0..40).for_each(|n| drop(register(&app, &format!("member-{n}"))));
    thread::scope(|scope| {
        for n in 0..40 {
            let app = &app;
            scope.spawn(move || try_to_log_in(app, &format!("member-{n}")).expect(200));
        }
    });
    let mut all: Vec<u64> =
        (0..40).flat_map(|n| ranks(&told(&app, &format!("member-{n}"), 1))).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=40).collect::<Vec<u64>>());
    assert_eq!(ledger(&app, &campaign)["assigned"], 40);
}

/// Flips a bit of the newest frame of the partition, or flips it back, and takes away the snapshot
/// that would stand in for it.
fn damage(app: &TestApp, partition: &str) {
    let database = Connection::open(app.data().join("stampede.db")).unwrap();
    let newest = "SELECT max(l.position) FROM log l JOIN partitions p ON p.id = l.partition WHERE \
        p.name = ?1";
    let position: i64 = database.query_row(newest, [partition], |row| row.get(0)).unwrap();
    let mut records: Vec<u8> = database
        .query_row("SELECT records FROM log WHERE position = ?1", [position], |row| row.get(0))
        .unwrap();
    let middle = records.len() / 2;
    records[middle] ^= 1;
    database
        .execute("UPDATE log SET records = ?1 WHERE position = ?2", (records, position))
        .unwrap();
    let forget =
        "DELETE FROM snapshots WHERE partition = (SELECT id FROM partitions WHERE name = ?1)";
    database.execute(forget, [partition]).unwrap();
}

#[test]
fn a_login_does_not_fail_because_a_campaign_or_all_of_them_are_damaged_and_loses_nothing_by_it() {
    let app = TestApp::start();
    if !app.has_a_file() {
        return;
    }
    let campaign = for_first_logins(&app, json!({}));
    assert_eq!(ledger(&app, &campaign)["available"], 100);
    // What nobody has commanded has no frame that could be damaged.
    for step in ["pause", "resume"] {
        app.admin().post(&format!("/campaigns/{campaign}/{step}"), json!({})).expect(200);
    }
    for (n, partition) in
        [format!("campaign/{campaign}"), "catalogue/1".to_owned()].into_iter().enumerate()
    {
        let name = format!("member-{n}");
        app.stop();
        damage(&app, &partition);
        app.serve();
        app.anybody().get(&format!("/campaigns/{campaign}")).refused(503, "unavailable");
        register(&app, &name);
        assert_eq!(ranks(&try_to_log_in(&app, &name).expect(200)), NONE, "{partition}");
        app.stop();
        damage(&app, &partition);
        app.serve();
        assert_eq!(ranks(&told(&app, &name, 1)), [n as u64 + 1], "{partition}");
    }
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn administrators_never_claim_by_logging_in() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({}));
    let second = json!({"username": "root", "password": PASSWORD, "role": "admin"});
    app.admin().post("/users", second).expect(201);
    let first = log_in(&app, "root");
    assert_eq!((&first["first_login"], &first["vouchers"]), (&json!(true), &json!([])));
    let admin = app
        .anybody()
        .post("/auth/login", json!({"account": "admin", "password": ADMIN_PASSWORD}))
        .expect(200);
    assert_eq!(admin["vouchers"], json!([]));
    assert_eq!(ledger(&app, &campaign)["available"], 100);
}

#[test]
fn nothing_is_owed_to_somebody_deleted() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({}));
    let path = format!("/campaigns/{campaign}");
    let eve = register(&app, "eve");
    log_in(&app, "eve");
    app.admin().post(&format!("{path}/pause"), json!({})).expect(200);
    let ada = register(&app, "ada");
    log_in(&app, "ada");
    for member in [ada, eve] {
        app.admin().delete(&format!("/users/{}", id(&member["member"]))).expect(204);
    }
    app.admin().post(&format!("{path}/resume"), json!({})).expect(200);
    register(&app, "ada");
    assert_eq!(ranks(&log_in(&app, "ada")), NONE);
    register(&app, "bob");
    assert_eq!(ranks(&told(&app, "bob", 1)), [2]);
    // What was granted before stays on the books.
    app.restart();
    assert_eq!(ledger(&app, &campaign)["assigned"], 2);
}

fn leave(app: &TestApp, name: &str) {
    let client = app.log_in(name, PASSWORD);
    let me = crate::coupons::my_id(&client);
    assert_eq!(client.delete(&format!("/users/{me}")).status, 204);
}

#[test]
fn whoever_comes_back_under_a_name_they_had_has_no_second_first_login_while_it_matters() {
    let app = TestApp::start();
    let campaign = for_first_logins(&app, json!({}));
    for name in ["ada", "bob"] {
        register(&app, name);
        told(&app, name, 1);
    }
    leave(&app, "ada");
    let bob = app.log_in("bob", PASSWORD);
    let his = format!("/users/{}", crate::coupons::my_id(&bob));
    bob.patch(&his, json!({"username": "robert"})).expect(200);
    leave(&app, "robert");
    app.restart();
    for name in ["Ada", "bob", "robert"] {
        register(&app, name);
        assert_eq!(ranks(&log_in(&app, name)), NONE, "{name}");
        assert_eq!(ranks(&log_in(&app, name)), NONE, "{name}");
    }
    // Who never logged in has had no first login.
    register(&app, "eve");
    let eve =
        app.anybody().post("/auth/register", json!({"username": "zoe", "password": PASSWORD}));
    let tokens = eve.expect(201);
    let zoe = app.anybody().bearer(tokens["access_token"].as_str().unwrap());
    assert_eq!(zoe.delete(&format!("/users/{}", crate::coupons::my_id(&zoe))).status, 204);
    register(&app, "zoe");
    told(&app, "zoe", 1);
    told(&app, "eve", 1);
    assert_eq!(ledger(&app, &campaign)["assigned"], 4);
    // When no such campaign lasts any more, nothing of it is left.
    app.set_time(Time(app.now().0 + 60 * 86_400_000));
    leave(&app, "bob");
    let later = json!({"name": "Later", "ends_at": "2027-12-31T00:00:00Z"});
    let later = for_first_logins(&app, later);
    register(&app, "bob");
    told(&app, "bob", 1);
    assert_eq!(ledger(&app, &later)["assigned"], 1);
}
