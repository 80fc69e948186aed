//! Draws: who has won is told once and for good, by names that give nobody away; and the seed is
//! nobody's before.

use actors::Time;
use actors::domain::draw::{Lots, Sealed, commitment, lottery_root, place_of};
use base::Hex;
use draws::bundle::Document;
use harness::{Client, PASSWORD, TestApp, TestFolder, TestReceiver, id};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const DAY: &str = "2026-12-31";

fn close(app: &TestApp) -> Value {
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200)
}

fn winner(app: &TestApp) -> Value {
    app.anybody().get(&format!("/lotteries/{DAY}/winner")).expect(200)
}

fn ballots_of(lots: &Value) -> Vec<String> {
    lots.as_array().unwrap().iter().map(|lot| lot["ballot"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_lottery_is_drawn_when_it_is_closed_and_announces_one_result_for_ever() {
    let app = TestApp::start();
    let made = app.ballots(DAY, json!({"winners": 3, "reserves": 4}));
    let ada = app.member("ada");
    let mine: BTreeSet<String> =
        (0..30).map(|_| id(&ada.submit(DAY).expect(201)).to_owned()).collect();
    let refused =
        app.anybody().get(&format!("/lotteries/{DAY}/winner")).refused(409, "not-drawn-yet");
    assert_eq!(refused["retry"], "later");
    app.anybody().get(&format!("/lotteries/{DAY}/proof")).refused(409, "not-drawn-yet");
    let close_path = format!("/lotteries/{DAY}/close?dry_run=true");
    assert_eq!(app.admin().post(&close_path, json!({})).expect(200)["state"], "drawn");
    assert_eq!(app.state_of(DAY), "open");

    let closed = close(&app);
    assert_eq!((&closed["state"], &closed["ballots"]), (&json!("drawn"), &made["ballots"]));
    let drawn = winner(&app);
    let (winners, reserves) = (ballots_of(&drawn["winners"]), ballots_of(&drawn["reserves"]));
    assert_eq!((winners.len(), reserves.len(), &drawn["winner"]), (3, 4, &drawn["winners"][0]));
    let all: BTreeSet<String> = winners.iter().chain(&reserves).cloned().collect();
    assert!(all.len() == 7 && all.is_subset(&mine), "none twice, and each was submitted: {drawn}");
    let seed: Hex<32> = serde_json::from_value(drawn["seed"].clone()).unwrap();
    assert_eq!(json!(Hex(commitment(&seed.0))), made["ballots"]["commitment"]);
    for _ in 0..2 {
        assert_eq!(close(&app), closed);
        assert_eq!(
            app.admin().key("k").post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200),
            closed
        );
        assert_eq!(winner(&app), drawn);
        assert_eq!(app.anybody().get("/lotteries").expect(200)["items"], json!([]));
        ada.submit(DAY).refused(409, "lottery-closed");
        app.restart();
    }
}

#[test]
fn the_proof_of_a_draw_repeats_it() {
    let app = TestApp::start();
    app.ballots(DAY, json!({"winners": 2, "reserves": 2}));
    let ada = app.member("ada");
    let mine: BTreeSet<String> =
        (0..25).map(|_| id(&ada.submit(DAY).expect(201)).to_owned()).collect();
    close(&app);
    let (drawn, streamed) = (winner(&app), app.anybody().get(&format!("/lotteries/{DAY}/proof")));
    assert_eq!((streamed.status, streamed.header("content-type")), (200, Some("application/json")));
    let Document::Draw(bundle) = Document::read(streamed.text.as_bytes()).unwrap() else {
        panic!("it is a draw: {}", streamed.text)
    };
    let listed: BTreeSet<String> = streamed.body["boxes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["ballots"].as_array().unwrap())
        .map(|ballot| ballot.as_str().unwrap().to_owned())
        .collect();
    assert_eq!((bundle.misplaced, listed), (None, mine));
    let boxes: Vec<Sealed> = bundle.sealed();
    let lots = Lots::new(&bundle.head.seed.0, &lottery_root(&boxes), 25, None)
        .take(4)
        .map(|lot| place_of(lot, &boxes).unwrap());
    let chosen: Vec<String> =
        lots.map(|(number, index)| bundle.ballot(number, index).unwrap().to_string()).collect();
    assert_eq!([ballots_of(&drawn["winners"]), ballots_of(&drawn["reserves"])].concat(), chosen);
    assert_eq!(json!(bundle.head.root), drawn["root"]);
}

#[test]
fn a_lottery_in_which_nobody_took_part_is_drawn_with_no_winner() {
    let app = TestApp::start();
    app.ballots(DAY, json!({"winners": 3}));
    assert_eq!(close(&app)["state"], "drawn");
    let drawn = winner(&app);
    assert_eq!(
        (&drawn["winner"], &drawn["winners"], &drawn["reserves"]),
        (&Value::Null, &json!([]), &json!([]))
    );
    let proof = app.anybody().get(&format!("/lotteries/{DAY}/proof")).expect(200);
    assert_eq!(proof["lots"], json!([]));
    app.lottery("2027-01-01", 1);
    app.anybody().get("/lotteries/2027-01-01/winner").refused(409, "no-ballots");
    app.anybody().get("/lotteries/2027-01-02/winner").refused(404, "not-found");
    app.anybody().get("/lotteries/2027-01-02/proof").refused(404, "not-found");
}

#[test]
fn fewer_ballots_than_winners_all_win() {
    let app = TestApp::start();
    app.ballots(DAY, json!({"winners": 2, "reserves": 5}));
    let ada = app.member("ada");
    (0..4).for_each(|_| drop(ada.submit(DAY).expect(201)));
    close(&app);
    let drawn = winner(&app);
    assert_eq!((ballots_of(&drawn["winners"]).len(), ballots_of(&drawn["reserves"]).len()), (2, 2));
}

#[test]
fn the_public_reads_a_name_that_gives_nobody_away() {
    let app = TestApp::start();
    app.ballots(DAY, json!({"winners": 10}));
    let register = |body: Value| {
        let made = app.anybody().post("/auth/register", body).expect(201);
        app.anybody().bearer(made["access_token"].as_str().unwrap())
    };
    let named = register(
        json!({"username": "countess", "full_name": "Ada King Lovelace", "password": PASSWORD}),
    );
    let by_username = register(json!({"username": "babbage", "password": PASSWORD}));
    let by_email = register(json!({"email": "grace@example.org", "password": PASSWORD}));
    let (gone, customer) = (app.member("mallory"), app.service("shop").on_behalf_of("customer-7"));
    let everybody = [&named, &by_username, &by_email, &gone, &customer];
    let mine: Vec<String> = everybody
        .iter()
        .map(|client: &&Client| id(&client.submit(DAY).expect(201)).to_owned())
        .collect();
    gone.delete(&format!("/users/{}", id(&gone.get("/me").expect(200)))).expect(204);
    close(&app);
    let drawn = winner(&app);
    for (ballot, name) in mine.iter().zip(["Ada L.", "b***", "a member", "a member", "a member"]) {
        let lot = drawn["winners"]
            .as_array()
            .unwrap()
            .iter()
            .find(|lot| lot["ballot"] == ballot.as_str())
            .unwrap();
        assert_eq!(lot["name"], name);
    }
    let proof = app.anybody().get(&format!("/lotteries/{DAY}/proof")).text;
    for secret in ["Lovelace", "countess", "babbage", "grace", "customer-7", "mallory"] {
        assert!(!drawn.to_string().contains(secret) && !proof.contains(secret), "{secret}");
    }
}

/// Every byte in a folder, file by file.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn the_seed_is_nowhere_before_it_is_revealed() {
    let app = TestApp::start_with(|config| config.webhook_private_addresses = true);
    let receiver = TestReceiver::start();
    app.admin().post("/webhooks", json!({"url": receiver.url(), "events": ["*"]})).expect(201);
    let mut said = vec![app.ballots(DAY, json!({})).to_string()];
    let (ada, admin) = (app.member("ada"), app.admin());
    let ballot = ada.submit(DAY).expect(201);
    said.push(ballot.to_string());
    for path in ["", "/statistics", "/ledger", "/ballots", "/winner", "/proof"] {
        said.push(admin.get(&format!("/lotteries/{DAY}{path}")).text);
    }
    for path in [
        "/lotteries".into(),
        format!("/ballots/{}", id(&ballot)),
        format!("/ballots/{}/proof", id(&ballot)),
    ] {
        said.push(admin.get(&path).text);
    }
    said.push(admin.post(&format!("/lotteries/{DAY}/close?dry_run=true"), json!({})).text);
    said.push(app.anybody().get("//metrics").text);
    app.until("its creation is told", || {
        receiver.events().iter().any(|event| event["type"] == "lottery.created")
    });
    said.extend(receiver.heard().into_iter().map(|heard| heard.text));
    app.restart();
    let kept = bytes_in(app.data());
    close(&app);
    let seed = winner(&app)["seed"].as_str().unwrap().to_owned();
    let raw: Hex<32> = seed.parse().unwrap();
    assert!(said.iter().all(|text| !text.contains(&seed)), "{said:?}");
    let holds = |bytes: &[u8]| bytes.windows(32).any(|window| window == raw.0);
    if !app.has_a_file() {
        return;
    }
    assert!(!holds(&kept), "it is not even in the store");
    app.stop();
    assert!(holds(&bytes_in(app.data())), "the fact that it was drawn has it");
}

/// 2023-08-23T10:00:00Z, before the network's first round.
const BEFORE_GENESIS: Time = Time(1_692_784_800_000);
const EARLY_DAY: &str = "2023-08-23";
const ROUND_123: &str = "b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482e26cd02df8\
    35d3546d23c4b13e0dfc92";
const ROUND_1000: &str = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8\
    dd2bacbe47e4b6b63ed5e39";

#[test]
fn a_draw_waits_for_the_round_that_was_named_and_takes_no_other() {
    let rounds = TestFolder::new();
    let folder = rounds.to_path_buf();
    let app = TestApp::start_at(BEFORE_GENESIS, |config| {
        (config.time_zone, config.beacon_file) =
            (jiff::tz::TimeZone::get("Asia/Tokyo").unwrap(), Some(folder));
    });
    for round in [0, 1_000_000_000, u64::MAX] {
        let plan = json!({"closes_on": EARLY_DAY, "ballots": true, "beacon": {"round": round}});
        app.admin().post("/lotteries", plan).refused(422, "invalid");
    }
    let made = app.ballots(EARLY_DAY, json!({"beacon": {"round": 123}}));
    assert_eq!(
        (&made["closes_at"], &made["ballots"]["beacon"]["round"]),
        (&json!("2023-08-23T15:00:00.000Z"), &json!(123))
    );
    assert_eq!(made["ballots"]["beacon"]["due_at"], "2023-08-23T15:15:33.000Z");
    let next = app.ballots("2023-08-24", json!({"beacon": true}));
    assert_eq!(next["ballots"]["beacon"]["due_at"], "2023-08-24T15:01:00.000Z");
    let ada = app.member("ada");
    for _ in 0..5 {
        assert_eq!(ada.submit(EARLY_DAY).expect(201)["receipt"]["round"], 123);
    }
    let close = || {
        app.admin().post(&format!("/lotteries/{EARLY_DAY}/close"), json!({})).expect(200)["state"]
            .clone()
    };
    let answer = |round: u64, signature: &str| {
        std::fs::write(
            rounds.join("123.json"),
            json!({"round": round, "signature": signature}).to_string(),
        )
        .unwrap();
    };
    // It is closed before its day is over, and the round is not out yet.
    assert_eq!(close(), "closed");
    ada.submit(EARLY_DAY).refused(409, "lottery-closed");
    app.anybody().get(&format!("/lotteries/{EARLY_DAY}/winner")).refused(409, "not-drawn-yet");
    // Whoever had the round before it is due would not be asked.
    answer(123, ROUND_123);
    app.set_time(Time(1_692_803_733_000 - 1));
    assert_eq!(close(), "closed");
    std::fs::remove_file(rounds.join("123.json")).unwrap();
    // It is late, forged, and another one.
    app.set_time(Time(1_692_803_733_000 + 60_000));
    assert_eq!(close(), "closed");
    answer(123, ROUND_1000);
    assert_eq!(close(), "closed");
    answer(1000, ROUND_1000);
    assert_eq!(close(), "closed");
    app.restart();
    assert_eq!((close(), app.state_of(EARLY_DAY)), (json!("closed"), json!("closed")));
    assert!(app.anybody().get("//metrics").text.contains("stampede_draws_waiting "));
    answer(123, ROUND_123);
    app.until("it is drawn by itself", || app.state_of(EARLY_DAY) == "drawn");
    let proof = app.anybody().get(&format!("/lotteries/{EARLY_DAY}/proof")).expect(200);
    assert_eq!(
        (&proof["beacon"]["round"], &proof["beacon"]["signature"]),
        (&json!(123), &json!(ROUND_123))
    );
    assert_eq!(app.state_of("2023-08-24"), "open");
}

/// Sockets that ask at once.
const FLOOD: usize = 200;

#[test]
fn a_flood_that_asks_who_has_won_keeps_nobody_from_logging_in() {
    let app = TestApp::start();
    app.ballots(DAY, json!({"winners": 400, "reserves": 20}));
    let crowd: Vec<Client> = (0..8).map(|n| app.member(&format!("winner-{n}"))).collect();
    std::thread::scope(|scope| {
        crowd.iter().for_each(|client| {
            drop(scope.spawn(|| (0..60).for_each(|_| drop(client.submit(DAY).expect(201)))))
        });
    });
    close(&app);
    let (path, drawn) = (format!("/lotteries/{DAY}/winner"), winner(&app));
    assert_eq!(
        (drawn["winners"].as_array().unwrap().len(), drawn["reserves"].as_array().unwrap().len()),
        (400, 20)
    );
    let over = AtomicBool::new(false);
    let (mut waited, told) = std::thread::scope(|scope| {
        let ask = || {
            let mut told = 0u64;
            while !over.load(Ordering::Relaxed) {
                let answer = app.anybody().get(&path);
                match answer.status {
                    200 => assert_eq!(answer.body, drawn),
                    // Turned away is told so, and when to come back.
                    _ => assert!(
                        answer.status == 503 && answer.header("retry-after").is_some(),
                        "{}",
                        answer.text
                    ),
                }
                told += 1;
            }
            told
        };
        let flood: Vec<_> = (0..FLOOD).map(|_| scope.spawn(ask)).collect();
        let log_in = |n: usize| {
            let began = Instant::now();
            app.log_in(&format!("winner-{}", n % 8), PASSWORD);
            began.elapsed()
        };
        let waited: Vec<_> = (0..100).map(log_in).collect();
        over.store(true, Ordering::Relaxed);
        (waited, flood.into_iter().map(|one| one.join().unwrap()).sum::<u64>())
    });
    waited.sort();
    let (half, most) = (waited[50], waited[98]);
    println!(
        "{FLOOD} sockets were told {told} times who has won; logins meanwhile: p50 {half:?}, p99 \
         {most:?}"
    );
    // A name goes with its owner, although the draw stays.
    let gone = id(&crowd[0].get("/me").expect(200)).to_owned();
    app.admin().delete(&format!("/users/{gone}")).expect(204);
    let after = winner(&app);
    assert_eq!(ballots_of(&after["winners"]), ballots_of(&drawn["winners"]));
    let nameless =
        after["winners"].as_array().unwrap().iter().filter(|lot| lot["name"] == "a member").count();
    assert!((1..=60).contains(&nameless), "{nameless}");
}
