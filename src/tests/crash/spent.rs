//! `kill -9` while proofs of work are spent: each lets one request in, before and after.

use crate::STAMPEDE;
use harness::{Client, DAY, Process, TestFolder};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

const SOLUTIONS: usize = 60;
/// Each solution is sent by so many at the same time.
const THIEVES: usize = 4;

fn start(folder: &TestFolder) -> Process {
    let mut command = STAMPEDE.command(folder);
    command.env("STAMPEDE_PROOF_OF_WORK", "ballot");
    command.env("STAMPEDE_PROOF_OF_WORK_NUMBERS", "1000");
    command.env("STAMPEDE_PROOF_OF_WORK_PER_SECOND", "1000000");
    Process::start_with(command, folder).0
}

/// Sends all of them, one after the other, until the server is gone.
fn steal(working: &[Client], told: &SyncSender<(usize, u16)>) {
    for (n, client) in working.iter().enumerate() {
        let path = format!("/lotteries/{DAY}/ballots");
        let Some(answer) = client.try_to_post(&path, json!({})) else { return };
        told.send((n, answer.status)).unwrap();
    }
}

#[test]
fn a_kill_makes_no_spent_solution_good_again_and_loses_no_answer_under_a_key() {
    let folder = TestFolder::new();
    let server = start(&folder);
    server.admin().post("/lotteries", json!({"closes_on": DAY, "ballots": true})).expect(201);
    let ada = server.member("ada");
    let keyed = ada.worked("ballot").key("k");
    let ballot = keyed.submit(DAY).expect(201);
    let working: Vec<Client> = (0..SOLUTIONS).map(|_| ada.worked("ballot")).collect();

    let (told, heard) = sync_channel(SOLUTIONS * THIEVES);
    let mut answers: Vec<(usize, u16)> = Vec::new();
    thread::scope(|scope| {
        for _ in 0..THIEVES {
            let (working, told) = (&working, told.clone());
            scope.spawn(move || steal(working, &told));
        }
        drop(told);
        // In the middle of the next ones.
        answers.extend(heard.iter().take(SOLUTIONS * THIEVES / 3));
        server.kill_now();
        answers.extend(heard.iter());
    });
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    for (n, _) in answers.iter().filter(|(_, status)| *status == 201) {
        *taken.entry(*n).or_default() += 1;
    }
    assert!(taken.len() > 5 && taken.len() < SOLUTIONS, "{taken:?}");
    assert!(taken.values().all(|times| *times == 1), "{taken:?}");

    let server = start(&folder);
    let at = |client: &Client| client.at(&server.address);
    assert_eq!(at(&keyed).submit(DAY).expect(201)["id"], ballot["id"]);
    for (n, client) in working.iter().enumerate() {
        let answer = at(client).submit(DAY);
        match taken.contains_key(&n) {
            true => drop(answer.refused(403, "proof-of-work-used")),
            false => assert!([201, 403].contains(&answer.status), "{}", answer.text),
        }
        at(client).submit(DAY).refused(403, "proof-of-work-used");
    }
    let ballots = server.admin().all(&format!("/lotteries/{DAY}/ballots")).len();
    assert!(ballots <= SOLUTIONS + 1, "{ballots} ballots for {} solutions", SOLUTIONS + 1);
}
