//! `kill -9` while a crowd logs in for the first time, and while coupons are used: nothing
//! acknowledged is lost, nothing is there twice.

use crate::STAMPEDE;
use harness::{Client, PASSWORD, Process, TestFolder, id};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

const CROWD: usize = 500;
const QUOTA: u64 = 100;
const END: &str = "2199-12-31T00:00:00Z";
const SHARES: usize = 16;

/// What the members were told, by rank: who, and with which code.
type Told = Mutex<BTreeMap<u64, (usize, Value)>>;

fn body_of(member: usize) -> Value {
    json!({"username": format!("member-{member}"), "password": PASSWORD})
}

/// Logs in, and again while it is told that too much is under way. None if the server is gone.
fn log_in(client: &Client, member: usize) -> Option<Value> {
    loop {
        let answer = client.try_to_post("/auth/login", body_of(member))?;
        if answer.status != 503 {
            return Some(answer.expect(200));
        }
    }
}

fn note(told: &Told, member: usize, login: &Value) {
    for voucher in login["vouchers"].as_array().unwrap() {
        let mut told = told.lock().unwrap();
        let mine = (member, voucher["code"].clone());
        let known = told.entry(voucher["rank"].as_u64().unwrap()).or_insert_with(|| mine.clone());
        assert_eq!(*known, mine, "a rank was told twice");
    }
}

/// Each share of the crowd logs in until the server is gone. Those stay who have no answer yet.
fn crowd_logs_in(
    server: &Process,
    waiting: &mut [Vec<usize>],
    told: &Told,
    heard: &SyncSender<()>,
) {
    thread::scope(|scope| {
        for share in waiting {
            let (client, heard) = (server.anybody(), heard.clone());
            scope.spawn(move || {
                while let Some(member) = share.last().copied() {
                    let Some(login) = log_in(&client, member) else { return };
                    note(told, member, &login);
                    share.pop();
                    // Nobody listens any more when the server is about to be gone.
                    let _ = heard.try_send(());
                }
            });
        }
    });
}

#[test]
fn five_hundred_first_logins_with_kills_in_the_middle_have_a_hundred_ranks_once_each() {
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    let plan = json!({"name": "Welcome", "quota": QUOTA, "discount_percent": 10, "ends_at": END,
        "trigger": "first_login"});
    let campaign = id(&server.admin().post("/campaigns", plan).expect(201)).to_owned();
    let client = server.anybody();
    (0..CROWD).for_each(|member| drop(client.post("/auth/register", body_of(member)).expect(201)));
    let told = Told::default();
    let mut waiting: Vec<Vec<usize>> =
        (0..SHARES).map(|share| (share..CROWD).step_by(SHARES).collect()).collect();
    // The second kill falls into the last of the hundred, the third behind them.
    for answers in [30, 60, 40] {
        let (heard, hears) = sync_channel(CROWD);
        thread::scope(|scope| {
            let (server, waiting, told) = (&server, &mut waiting, &told);
            let crowd = scope.spawn(move || crowd_logs_in(server, waiting, told, &heard));
            (0..answers).for_each(|_| hears.recv().unwrap());
            server.kill_now();
            crowd.join().unwrap();
        });
        drop(server);
        STAMPEDE.verify(&folder);
        server = STAMPEDE.start(&folder);
    }
    assert!(
        waiting.iter().any(|share| !share.is_empty()),
        "the kills came too late to show anything"
    );
    crowd_logs_in(&server, &mut waiting, &told, &sync_channel(CROWD).0);
    // Whoever's answer was lost, or who was not told within a moment, hears it now; nobody hears
    // anything else than before.
    let client = server.anybody();
    (0..CROWD)
        .for_each(|member| note(&told, member, &log_in(&client, member).expect("it is there")));
    let told = told.into_inner().unwrap();
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), (1..=QUOTA).collect::<Vec<_>>());
    let ledger = client.get(&format!("/campaigns/{campaign}/ledger")).expect(200);
    assert_eq!(
        (&ledger["assigned"], &ledger["available"], &ledger["imbalance"]),
        (&json!(QUOTA), &json!(0), &json!(0))
    );
    let claims = server.admin().get(&format!("/campaigns/{campaign}/claims")).expect(200);
    let codes: Vec<&Value> =
        claims["items"].as_array().unwrap().iter().map(|claim| &claim["code"]).collect();
    assert_eq!(codes, told.values().map(|(_, code)| code).collect::<Vec<_>>());
    server.stop();
    // The log says what the ledger said.
    let said = STAMPEDE.verify(&folder);
    let books = format!(
        "{campaign}: issued {QUOTA}, available 0, held 0, assigned {QUOTA}, used 0, expired 0, \
         void 0"
    );
    assert!(said.lines().any(|line| line == books), "{said}");
}

/// A coupon as whoever uses it knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Assigned,
    Used,
    /// It was asked for, and nobody answered.
    Asked,
}

/// Uses the coupons one after the other until the server is gone.
fn use_them(client: &Client, coupons: &mut [(String, Known)], heard: &SyncSender<()>) {
    for (code, known) in coupons.iter_mut().filter(|(_, known)| *known == Known::Assigned) {
        let body = json!({"amount": 1000, "reference": code.as_str()});
        let Some(answer) = client.key(code).try_to_post(&format!("/coupons/{code}/use"), body)
        else {
            *known = Known::Asked;
            return;
        };
        assert_eq!(answer.expect(200)["payable"], 500);
        *known = Known::Used;
        let _ = heard.try_send(());
    }
}

#[test]
fn every_use_that_was_acknowledged_before_a_kill_is_there_after_it_and_none_is_there_twice() {
    const EACH: usize = 250;
    const CLIENTS: usize = 4;
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    let admin = server.admin();
    let plan = json!({"count": EACH * CLIENTS, "discount_amount": 500, "expires_at": END});
    let made = admin.post("/coupons", plan).expect(201);
    let batch = id(&made["batch"]);
    let codes: Vec<String> = made["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    let mut owners: Vec<Client> =
        (0..CLIENTS).map(|owner| server.member(&format!("owner-{owner}"))).collect();
    let mut coupons: Vec<Vec<(String, Known)>> = Vec::new();
    for (owner, codes) in owners.iter().zip(codes.chunks(EACH)) {
        let me = owner.get("/me").expect(200);
        for code in codes {
            let given =
                admin.put(&format!("/coupons/{code}/assign"), json!({"member_id": id(&me)}));
            given.expect(200);
        }
        coupons.push(codes.iter().map(|code| (code.clone(), Known::Assigned)).collect());
    }
    let mut lost = 0;
    for _ in 0..10 {
        thread::scope(|scope| {
            let (heard, hears) = sync_channel(codes.len());
            for (owner, coupons) in owners.iter().zip(&mut coupons) {
                let heard = heard.clone();
                scope.spawn(move || use_them(owner, coupons, &heard));
            }
            drop(heard);
            // Clients that have nothing left to use end by themselves.
            (0..20).for_each(|_| _ = hears.recv());
            server.kill_now();
        });
        drop(server);
        server = STAMPEDE.start(&folder);
        owners.iter_mut().for_each(|owner| *owner = owner.at(&server.address));
        for (owner, coupons) in owners.iter().zip(&mut coupons) {
            for (code, known) in coupons.iter_mut() {
                let state = owner.get(&format!("/coupons/{code}")).expect(200)["state"].clone();
                match known {
                    Known::Assigned => assert_eq!(state, "assigned", "{code}"),
                    Known::Used => assert_eq!(state, "used", "{code}"),
                    Known::Asked => {
                        // Whether it was used or not, the same key uses it, once.
                        let body = json!({"amount": 1000, "reference": code.as_str()});
                        let again = owner.key(code).post(&format!("/coupons/{code}/use"), body);
                        assert_eq!(again.was_replayed(), state == "used", "{code}");
                        again.expect(200);
                        (*known, lost) = (Known::Used, lost + 1);
                    }
                }
            }
        }
        let used = coupons.iter().flatten().filter(|(_, known)| *known == Known::Used).count();
        let ledger = server.admin().get(&format!("/coupon-batches/{batch}/ledger")).expect(200);
        assert_eq!((&ledger["used"], &ledger["imbalance"]), (&json!(used), &json!(0)));
    }
    assert!(lost > 0, "no answer was ever lost, so nothing was shown");
    for coupon in coupons.iter().flatten() {
        let seen = server.admin().get(&format!("/coupons/{}", coupon.0)).expect(200);
        let uses = seen["history"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["step"] == "used")
            .count();
        assert_eq!(uses, usize::from(coupon.1 == Known::Used), "{coupon:?}");
    }
    server.stop();
    STAMPEDE.verify(&folder);
}

#[test]
fn ten_billion_coupons_take_next_to_no_memory() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    let admin = server.admin();
    let batch = |count: u64| {
        let plan = json!({"count": count, "discount_amount": 500, "expires_at": END});
        let batch = id(&admin.post("/coupon-batches", plan).expect(201)).to_owned();
        assert_eq!(
            admin.get(&format!("/coupon-batches/{batch}/ledger")).expect(200)["available"],
            count
        );
    };
    // The first batch of sixteen ranges pays for what any batch of that kind needs.
    batch(1_000_001);
    let before = server.resident_kib();
    batch(10_000_000_000);
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB for ten billion coupons");
    server.stop();
}
