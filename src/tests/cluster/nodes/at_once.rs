//! Two nodes are told things at one instant that cannot both be so: other names for one campaign,
//! or that something is withdrawn and that somebody has of it.

use super::told::{all_ask, granted};
use super::town::Town;
use harness::database::database;
use harness::{Answer, Client, id, numbers};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Whoever is not told in so long is never told.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two askings.
const MOMENT: Duration = Duration::from_millis(20);

const ENDS: &str = "2199-12-31T00:00:00Z";

/// Both at one instant, each until it is told.
fn at_once<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    let both = Barrier::new(2);
    thread::scope(|scope| {
        let one = scope.spawn(|| {
            both.wait();
            one()
        });
        both.wait();
        let other = other();
        (one.join().unwrap(), other)
    })
}

/// Comes again under the same key while it is told to come later: a node is being taken over, or
/// what it asks of is being withdrawn.
fn told(client: &Client, key: &str, ask: impl Fn(&Client) -> Answer) -> Answer {
    let client = client.key(&key.replace(' ', "-"));
    let began = Instant::now();
    loop {
        let answer = ask(&client);
        if answer.status != 503 {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "{key} is never told: {}", answer.text);
        thread::park_timeout(MOMENT);
    }
}

fn campaign(name: &str) -> Value {
    json!({"name": name, "quota": 10, "discount_percent": 10, "ends_at": ENDS, "trigger": "claim"})
}

#[test]
fn a_campaign_that_two_nodes_rename_at_once_has_one_name_and_all_others_are_free() {
    let Some(database) = database() else { return };
    let mut town = Town::of(2, database);
    let admins = [0, 1].map(|node| town.node(node).admin());
    let path = format!("/campaigns/{}", town.campaign(10));
    let mut before = "Welcome".to_owned();
    for round in 0..12 {
        let wanted = [format!("Left {round}"), format!("Right {round}")];
        let rename = |node: usize| {
            let name = json!({"name": wanted[node]});
            told(&admins[node], &wanted[node], |admin| admin.patch(&path, name.clone())).expect(200)
        };
        let (left, right) = at_once(|| rename(0), || rename(1));
        // Each is told what its own change came to.
        assert_eq!([&left["name"], &right["name"]], [&wanted[0], &wanted[1]]);
        let [now, also] = [0, 1].map(|node| admins[node].get(&path).expect(200)["name"].clone());
        assert_eq!(now, also, "as both nodes say");
        assert!(wanted.iter().any(|name| now == **name), "{now}");
        for name in [&before, &wanted[0], &wanted[1]] {
            let answer = admins[round % 2].post("/campaigns", campaign(name));
            if now == **name {
                answer.refused(409, "name-taken");
            } else {
                let made = answer.expect(201);
                admins[round % 2].delete(&format!("/campaigns/{}", id(&made))).expect(200);
            }
        }
        before = now.as_str().unwrap().to_owned();
    }
    let verified = town.verify();
    assert!(verified.contains("in order"), "{verified}");
}

/// How often the withdrawal was first, and how often the other.
#[derive(Debug, Default)]
struct First {
    withdrawal: usize,
    other: usize,
}

impl First {
    /// Either it is withdrawn and nobody has anything of it, or it is in use and somebody has.
    fn count(&mut self, withdrawn: &Answer, others: &[Answer]) {
        let had = others.iter().filter(|answer| answer.status < 300).count();
        match withdrawn.status {
            200 => {
                assert_eq!(had, 0, "{} and yet {others:?}", withdrawn.body);
                self.withdrawal += 1;
            }
            409 => {
                assert_eq!(withdrawn.body["type"], "/problems/in-use", "{}", withdrawn.body);
                assert!(had > 0, "who was in the way? {others:?}");
                self.other += 1;
            }
            _ => panic!("{}", withdrawn.body),
        }
        assert!(others.iter().all(|answer| answer.status < 500), "{others:?}");
    }
}

/// Of this many turns each is begun by the other node a little earlier or later.
const ROUNDS: usize = 12;

#[test]
fn a_pool_is_withdrawn_at_one_node_or_somebody_has_of_it_at_the_other() {
    let Some(database) = database() else { return };
    let mut town = Town::of(2, database);
    let admins = [0, 1].map(|node| town.node(node).admin());
    let member = town.node(0).anybody().register("ada");
    let mut first = First::default();
    for round in 0..ROUNDS {
        let path = format!("/pools/gala-{round}");
        let plan = json!({"id": format!("gala-{round}"), "closes_at": ENDS,
            "tickets": {"digits": 4}, "ballots": true});
        admins[0].post("/pools", plan.clone()).expect(201);
        let has = || -> Answer {
            // A pool has many parts, each of which has to give way.
            (0..6 * round).for_each(|_| drop(member.get(&path)));
            let key = format!("has {round}");
            match round % 3 {
                0 => told(&member, &key, |ada| ada.post(&format!("{path}/ballots"), json!({}))),
                kind => {
                    let hold = json!({"pattern": "7***", "count": 3, "together": kind == 1});
                    told(&member, &key, |ada| ada.post(&format!("{path}/holds"), hold.clone()))
                }
            }
        };
        let withdraw =
            || told(&admins[1], &format!("withdraw {round}"), |admin| admin.delete(&path));
        let (withdrawn, had) = at_once(withdraw, has);
        let is_gone = withdrawn.status == 200;
        first.count(&withdrawn, &[had]);
        if is_gone {
            admins[0].get(&path).refused(404, "not-found");
            admins[0].post("/pools", plan).expect(201);
        }
        let ledger = admins[1].get(&format!("{path}/ledger")).expect(200);
        let [held, ballots] = ["held", "ballots"].map(|what| ledger[what].as_u64().unwrap());
        assert_eq!(held + ballots == 0, is_gone, "{ledger}");
        assert_eq!(ledger["imbalance"], 0, "{ledger}");
    }
    println!("pools: {first:?}");
    assert!(town.verify().contains("in order"));
}

#[test]
fn a_campaign_or_batch_is_withdrawn_at_one_node_or_somebody_has_of_it_at_the_other() {
    let Some(database) = database() else { return };
    let mut town = Town::of(2, database);
    let admins = [0, 1].map(|node| town.node(node).admin());
    let member = town.node(0).anybody().register("ada");
    let member_id = id(&member.get("/me").expect(200)).to_owned();
    let (mut campaigns, mut batches) = (First::default(), First::default());
    for round in 0..ROUNDS {
        let made = admins[0].post("/campaigns", campaign(&format!("Gala {round}"))).expect(201);
        let path = format!("/campaigns/{}", id(&made));
        let withdraw =
            || told(&admins[1], &format!("withdraw {path}"), |admin| admin.delete(&path));
        let claim = || {
            (0..round / 4).for_each(|_| drop(member.get(&path)));
            told(&member, &path, |ada| ada.post(&format!("{path}/claims"), json!({})))
        };
        let (withdrawn, claimed) = at_once(withdraw, claim);
        campaigns.count(&withdrawn, &[claimed]);

        // Each of its parts gives to whoever asks.
        let made = admins[0].post("/coupon-batches", large_batch()).expect(201);
        let path = format!("/coupon-batches/{}", id(&made));
        let withdraw =
            || told(&admins[1], &format!("withdraw {path}"), |admin| admin.delete(&path));
        let assign = || -> Vec<Answer> {
            let ask = |n: usize| {
                let to = json!({"member_id": member_id});
                let assign = format!("{path}/assign");
                told(&admins[0], &format!("{path} {n}"), |admin| admin.post(&assign, to.clone()))
            };
            (0..3).map(ask).collect()
        };
        let (withdrawn, assigned) = at_once(withdraw, assign);
        let given = assigned.iter().filter(|answer| answer.status < 300).count() as u64;
        batches.count(&withdrawn, &assigned);
        let ledger = admins[1].get(&format!("{path}/ledger")).expect(200);
        assert_eq!(ledger["assigned"].as_u64(), Some(given), "{ledger}");
    }
    println!("campaigns: {campaigns:?}, batches: {batches:?}");
    assert!(town.verify().contains("in order"));
}

/// Sixteen parts.
fn large_batch() -> Value {
    json!({"count": 2_000_000, "discount_amount": 500, "expires_at": ENDS})
}

#[test]
fn a_batch_that_two_nodes_revise_at_once_has_the_terms_of_one_in_all_its_parts() {
    let Some(database) = database() else { return };
    let mut town = Town::of(2, database);
    let admins = [0, 1].map(|node| town.node(node).admin());
    let mut last = BTreeSet::new();
    for round in 0..6 {
        let made = admins[0].post("/coupon-batches", large_batch()).expect(201);
        let path = format!("/coupon-batches/{}", id(&made));
        let revise = |node: usize| {
            let terms = json!({"discount_amount": 600 + node});
            let key = format!("revise {path} {node}");
            told(&admins[node], &key, |admin| admin.patch(&path, terms.clone())).expect(200)
        };
        let (left, right) = at_once(|| revise(0), || revise(1));
        // Each is told what its own change came to.
        assert_eq!([&left["discount_amount"], &right["discount_amount"]], [600, 601]);
        // One of each part, because they lie in turn in all parts.
        let admin = &admins[round % 2];
        let codes = admin.get(&format!("{path}/codes?format=csv&limit=16")).text;
        let codes: Vec<&str> =
            codes.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
        let worth_of = |code: &&str| {
            let coupon = admin.get(&format!("/coupons/{code}")).expect(200);
            coupon["discount_amount"].as_u64().expect("it is worth something")
        };
        let worth: BTreeSet<u64> = codes.iter().map(worth_of).collect();
        assert_eq!((codes.len(), worth.len()), (16, 1), "{worth:?}");
        let shown = admins[1 - round % 2].get(&path).expect(200);
        assert_eq!(shown["discount_amount"].as_u64(), worth.first().copied());
        assert_eq!(shown["state"], "open");
        last.extend(worth);
    }
    println!("last: {last:?}");
    let verified = town.verify();
    assert!(verified.contains("in order"), "{verified}");
}

#[test]
fn nobody_sits_on_anothers_seat_whichever_nodes_look_for_seats_in_a_row() {
    let Some(database) = database() else { return };
    let mut town = Town::of(2, database);
    town.lottery();
    let crowd = town.crowd();
    let told = all_ask(60, |n| crowd.hold_together(n, 2 + n % 4), || {});
    for (n, told) in told.iter().enumerate() {
        assert!(told.is_granted(), "there is enough for all: {}", told.body);
        let seats: Vec<u32> =
            numbers(&told.body).iter().map(|seat| seat.parse().unwrap()).collect();
        assert_eq!(seats.len(), 2 + n % 4, "{}", told.body);
        assert!(seats.windows(2).all(|two| two[0] + 1 == two[1]), "{}", told.body);
    }
    let all: BTreeSet<String> = granted(&told);
    assert_eq!(town.ledger()["held"].as_u64(), Some(all.len() as u64));
    let verified = town.verify();
    assert!(verified.contains("in order"), "{verified}");
}
