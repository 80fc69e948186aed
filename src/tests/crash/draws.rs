//! `kill -9` while a lottery closes: what was acknowledged is drawn from, one winner is announced,
//! and the proof of it can be checked without the server.

use crate::STAMPEDE;
use actors::dice::Dice;
use draws::fraud::FraudKind;
use harness::{Client, Process, TestFolder, Verifier, id};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

const SEED: u64 = 41;
const ROUNDS: u64 = 12;
const CROWD: u64 = 6;
const CLOSERS: usize = 20;
/// Goes on while the others close, so that the kill has a clock.
const BUSY_DAY: &str = "2198-12-31";

struct Member {
    client: Client,
    name: u64,
    asked: u64,
    taken: Vec<String>,
}

impl Member {
    fn submit(&mut self, day: &str) -> Option<u16> {
        let key = format!("{}-{}", self.name, self.asked);
        let answer =
            self.client.key(&key).try_to_post(&format!("/lotteries/{day}/ballots"), json!({}))?;
        match answer.status {
            409 => assert_eq!(answer.body["type"], "/problems/lottery-closed"),
            status => {
                assert_eq!(status, 201, "{}", answer.body);
                self.taken.push(id(&answer.body).to_owned());
                self.asked += 1;
            }
        }
        Some(answer.status)
    }

    /// Until it is closed, or the server is gone. An answer that was lost is asked for again when
    /// it is back.
    fn submit_until_the_end(&mut self, day: &str, acknowledged: &SyncSender<()>) {
        while self.submit(day) == Some(201) {
            let _ = acknowledged.try_send(());
        }
    }
}

fn ballots(server: &Process, day: &str) {
    server
        .admin()
        .post("/lotteries", json!({"closes_on": day, "ballots": true, "winners": 2, "reserves": 1}))
        .expect(201);
}

fn lines(client: &Client, path: &str) -> Vec<Value> {
    let (mut lines, mut query) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}{query}")).expect(200);
        lines.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("?cursor={cursor}"),
            None => return lines,
        }
    }
}

/// Closes in the middle of the crowd, and dies so many acknowledgments of somebody else later.
fn killed_while_closing(
    server: Process,
    crowd: &mut [Member],
    busy: &Client,
    day: &str,
    later: u64,
) {
    thread::scope(|scope| {
        let (acknowledged, heard) = sync_channel(4096);
        for member in crowd {
            let acknowledged = acknowledged.clone();
            scope.spawn(move || member.submit_until_the_end(day, &acknowledged));
        }
        (0..20).for_each(|_| heard.recv().unwrap());
        let admin = server.admin();
        scope.spawn(move || admin.try_to_post(&format!("/lotteries/{day}/close"), json!({})));
        for _ in 0..later {
            busy.post(&format!("/lotteries/{BUSY_DAY}/ballots"), json!({})).expect(201);
        }
        server.kill();
    });
}

#[test]
fn whoever_closes_after_a_kill_announces_one_winner_among_all_that_was_acknowledged() {
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    ballots(&server, BUSY_DAY);
    let mut busy = server.member("busy");
    let mut crowd: Vec<Member> = (0..CROWD)
        .map(|name| Member {
            client: server.member(&format!("member-{name}")),
            name,
            asked: 0,
            taken: Vec::new(),
        })
        .collect();
    let mut dice = Dice::new(SEED);
    for round in 0..ROUNDS {
        let day = format!("2199-01-{:02}", round + 1);
        ballots(&server, &day);
        crowd.iter_mut().for_each(|member| member.taken.clear());
        busy = busy.at(&server.address);
        killed_while_closing(server, &mut crowd, &busy, &day, dice.below(6));
        server = STAMPEDE.start(&folder);
        for member in &mut crowd {
            member.client = member.client.at(&server.address);
        }
        let (path, admin) = (format!("/lotteries/{day}/close"), server.admin());
        let closed: Vec<Value> = thread::scope(|scope| {
            for member in &mut crowd {
                let day = &day;
                scope.spawn(move || member.submit_until_the_end(day, &sync_channel(1).0));
            }
            let closing: Vec<_> = (0..CLOSERS)
                .map(|_| scope.spawn(|| admin.post(&path, json!({})).expect(200)))
                .collect();
            closing.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(
            closed.iter().all(|one| *one == closed[0] && one["state"] == "drawn"),
            "seed {SEED}, round {round}: {closed:?}"
        );
        let taken: BTreeSet<String> =
            crowd.iter().flat_map(|member| member.taken.clone()).collect();
        let counted: BTreeSet<String> = lines(&admin, &format!("/lotteries/{day}/ballots"))
            .iter()
            .map(|ballot| id(ballot).to_owned())
            .collect();
        assert_eq!(counted, taken, "seed {SEED}, round {round}");
        let drawn = admin.get(&format!("/lotteries/{day}/winner")).expect(200);
        assert!(
            taken.contains(drawn["winner"]["ballot"].as_str().unwrap()),
            "seed {SEED}, round {round}"
        );
    }
    server.kill();
    STAMPEDE.verify(&folder);
}

#[test]
fn what_the_server_hands_out_is_checked_without_it() {
    const DAY: &str = "2199-12-30";
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    ballots(&server, DAY);
    let commitment =
        server.anybody().get(&format!("/lotteries/{DAY}")).expect(200)["ballots"]["commitment"]
            .as_str()
            .unwrap()
            .to_owned();
    let key = server.anybody().get("//.well-known/stampede-receipts.json").expect(200)["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let ada = server.member("ada");
    let mine: Vec<Value> = (0..100)
        .map(|_| ada.post(&format!("/lotteries/{DAY}/ballots"), json!({})).expect(201))
        .collect();
    server.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    let download = |path: &str| server.anybody().get(path).expect_text(200).to_owned();
    let proof = download(&format!("/lotteries/{DAY}/proof"));
    let inclusion = download(&format!("/ballots/{}/proof", id(&mine[17])));
    server.kill();

    let write = |name: &str, text: &str| {
        let file = folder.with_file_name(name);
        std::fs::write(&file, text).unwrap();
        file.into_os_string().into_string().unwrap()
    };
    let (draw, included, receipt) = (
        write("draw.json", &proof),
        write("included.json", &inclusion),
        write("receipt.json", &mine[17]["receipt"].to_string()),
    );
    let swapped = write(
        "swapped.json",
        &proof.replacen("\"winners\":2,\"reserves\":1", "\"winners\":1,\"reserves\":2", 1),
    );
    for verifier in Verifier::every(STAMPEDE) {
        for (file, code) in
            [(&draw, 0), (&included, 0), (&swapped, FraudKind::WinnersDiffer.code() as i32)]
        {
            let mut line = vec![file.as_str(), "--key", &key, "--receipt", &receipt];
            if file != &included {
                line.extend(["--commitment", &commitment]);
            }
            let said = verifier.one(&line);
            assert_eq!(said.code, code, "{verifier:?} {file}: {}{}", said.out, said.err);
        }
    }
}
