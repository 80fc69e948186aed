//! Large answers and streams of which those who asked for them read nothing: proofs, exports and
//! events. So many of a kind are under way, what they hold is bounded, and they are cut off.

use crate::abuse::{
    CROWD, ask_and_take_little, beside_an_honest_caller, get, growth_kib, start, status, until,
};
use harness::{DAY, Process, TestFolder, id};
use serde_json::json;

/// What all of them together may hold.
const MOST_KIB: u64 = 64 * 1024;
/// Of each kind that may be under way at once.
const SEATS: usize = 64;
/// More of them than fit into what a system keeps of an answer that nobody reads.
const BALLOTS: usize = 20_000;
const LINES: usize = 1000;

/// A lottery with many ballots.
fn ballots(server: &Process) {
    let admin = server.admin();
    admin.post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let key = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let shop = server.anybody().bearer(key["key"].as_str().unwrap());
    for sheet in 0..BALLOTS / LINES {
        let line = |n: usize| format!("{{\"member\":\"m{}\"}}\n", sheet * LINES + n);
        let lines: String = (0..LINES).map(line).collect();
        let fared = shop.send_lines(&format!("/lotteries/{DAY}/ballots:batch"), &lines);
        let fared = fared.expect(200);
        assert!(fared.as_array().unwrap().iter().all(|line| line["status"] == 201));
    }
}

fn campaign(server: &Process, name: &str) -> String {
    let offer = json!({"name": name, "quota": 100_000, "discount_percent": 10,
        "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"});
    id(&server.admin().post("/campaigns", offer).expect(201)).to_owned()
}

/// A crowd asks for it and reads nothing.
fn is_bounded(server: &Process, what: &str, request: &[u8], meanwhile: impl FnOnce()) {
    let (memory, open) = (server.resident_kib(), server.descriptors());
    let all = beside_an_honest_caller(server, what, || {
        let all: Vec<_> = (0..CROWD).map(|_| ask_and_take_little(server, request)).collect();
        let said: Vec<String> = all.iter().map(status).collect();
        let count = |status: &str| said.iter().filter(|said| said.ends_with(status)).count();
        println!("{what}: {} were let in, {} had no place", count("200"), count("503"));
        assert!((1..=SEATS).contains(&count("200")), "{what}: {said:?}");
        assert_eq!(count("200") + count("503"), CROWD, "{what}: {said:?}");
        meanwhile();
        growth_kib(server, memory, what);
        // What was written and is on its way stays with the allocator for a moment.
        let is_bounded = || server.resident_kib() < memory + MOST_KIB;
        until(server, &format!("{what} hold less than {MOST_KIB} KiB"), is_bounded);
        all
    });
    until(server, "they are cut off", || server.descriptors() <= open + CROWD / 10);
    drop(all);
}

#[test]
fn proofs_exports_and_events_that_nobody_reads_are_bounded_and_cut_off() {
    let folder = TestFolder::new();
    let settings = [("STAMPEDE_UNREAD_TIMEOUT_S", "2"), ("STAMPEDE_KEEP_ALIVE_S", "2")];
    let server = start(&folder, &settings);
    ballots(&server);
    let admin = server.admin();
    let export = format!("/api/v1/lotteries/{DAY}/ballots?format=ndjson");
    is_bounded(&server, "unread exports", &get(&export, admin.token()), || ());
    let campaigns = ["before", "meanwhile"].map(|name| campaign(&server, name));
    let key = admin.post("/service-keys", json!({"name": "other"})).expect(201);
    let shop = server.anybody().bearer(key["key"].as_str().unwrap());
    let claim = |campaign: &str| {
        for sheet in 0..5 {
            let line = |n: usize| format!("{{\"member\":\"m{}\"}}\n", sheet * LINES + n);
            let lines: String = (0..LINES).map(line).collect();
            shop.send_lines(&format!("/campaigns/{campaign}/claims:batch"), &lines).expect(200);
        }
    };
    // What the claims themselves leave in memory is there before anybody looks on.
    claim(&campaigns[0]);
    let events = get("/api/v1/events", admin.token());
    is_bounded(&server, "unread events", &events, || claim(&campaigns[1]));
    admin.post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    let proof = format!("/api/v1/lotteries/{DAY}/proof");
    is_bounded(&server, "unread proofs", &get(&proof, None), || ());
    server.stop();
}
