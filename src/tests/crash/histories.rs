//! Histories of real clients, with kills and lost answers in them: each can be put in one order in
//! which every answer is right.
//!
//! What was done and told is written down; a checker of others, porcupine, looks for the order
//! (`src/tests/histories`). `STAMPEDE_HISTORIES=5000` lives through more, `STAMPEDE_SEED=17` begins
//! with another seed. A history that has no order is kept in `target/histories`, with a picture.

mod orders;

use crate::STAMPEDE;
use actors::dice::Dice;
use harness::client::agent;
use harness::{Answer, Client, DAY, Doorway, Process, TestFolder, id, needed, root};
use serde::Serialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Instant;

const USUAL: u64 = 12;
const SEED: u64 = 22;
const CLIENTS: u64 = 8;
const OPERATIONS: u64 = 420;
const QUOTA: u64 = 24;
/// More than can win.
const MEMBERS: u64 = 40;
const NUMBERS: u64 = 12;
/// What one member of a pool may hold at a time, and buy.
const HELD: u64 = 4;
const MAY_BUY: u64 = 9;

/// One line of a history, as the checker reads it.
#[derive(Clone, Serialize)]
struct Line {
    history: u64,
    client: u64,
    thing: String,
    did: &'static str,
    with: String,
    told: String,
    gave: String,
    quota: u64,
    held: u64,
    count: u64,
    asked: u64,
    heard: u64,
    lost: bool,
}

/// What all clients of one history share.
struct World {
    history: u64,
    service: Client,
    admin: Client,
    campaign: String,
    up: Up,
    began: Instant,
    done: AtomicU64,
    lines: Mutex<Vec<Line>>,
}

/// How often the server was started again. Whoever was not answered waits for the next time.
#[derive(Default)]
struct Up {
    times: Mutex<u64>,
    again: Condvar,
}

impl Up {
    fn times(&self) -> u64 {
        *self.times.lock().unwrap()
    }

    fn once_more(&self) {
        *self.times.lock().unwrap() += 1;
        self.again.notify_all();
    }

    fn wait_for_more_than(&self, before: u64) {
        let times = self.times.lock().unwrap();
        drop(self.again.wait_while(times, |times| *times <= before).unwrap());
    }
}

struct Caller<'a> {
    world: &'a World,
    number: u64,
    dice: Dice,
    holds: Vec<(String, String)>,
    orders: Vec<orders::Ordered>,
}

#[test]
fn every_history_has_an_order_in_which_each_answer_is_right() {
    let Some(checker) = checker() else { return };
    let (histories, seed) = (number("STAMPEDE_HISTORIES", USUAL), number("STAMPEDE_SEED", SEED));
    let lines = live_through(histories, seed);
    let lost = lines.iter().filter(|line| line.lost).count();
    assert!(lost > 0, "no answer was ever lost, so nothing was shown");
    let told = |word: &str| lines.iter().filter(|line| line.told == word).count();
    for word in ["granted", "sold-out", "held", "no-match-left", "confirmed", "released"] {
        assert!(told(word) > 0, "nobody was ever told {word}");
    }
    for word in orders::words() {
        let heard = |line: &Line| orders::is_about_orders(line) && line.told == word;
        assert!(lines.iter().any(heard), "nobody who ordered was ever told {word}");
    }
    let found = check(&checker, &lines);
    assert!(found.is_ok(), "seed {seed}: {}", found.unwrap_err());
}

#[test]
fn a_history_with_a_wrong_answer_has_no_such_order() {
    let Some(checker) = checker() else { return };
    let lines = live_through(1, SEED + 1);
    check(&checker, &lines).unwrap();
    let first = |word: &str| lines.iter().position(|line| line.told == word).unwrap();
    let last = |word: &str| lines.iter().rposition(|line| line.told == word).unwrap();
    let forge = |change: &dyn Fn(&mut Vec<Line>)| {
        let mut forged = lines.clone();
        change(&mut forged);
        assert!(check(&checker, &forged).is_err());
    };
    // A rank that two members have.
    forge(&|lines| {
        let ranks: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].told == "granted").collect();
        let other = ranks.iter().find(|n| lines[**n].gave != lines[ranks[0]].gave).unwrap();
        lines[*other].gave = lines[ranks[0]].gave.clone();
    });
    // A grant of which nothing is known later.
    forge(&|lines| {
        let claim = first("granted");
        let (with, thing) = (lines[claim].with.clone(), lines[claim].thing.clone());
        let mut late = lines[claim].clone();
        (late.asked, late.heard) = (u64::MAX / 4, u64::MAX / 4 + 1);
        late.gave = QUOTA.to_string();
        lines.retain(|line| line.with != with || line.thing != thing);
        lines.push(late);
    });
    // Sold out while some are left.
    forge(&|lines| {
        let claim = first("granted");
        lines[claim].told = "sold-out".into();
        (lines[claim].asked, lines[claim].heard) = (0, 1);
    });
    // A number that was sold, and held again.
    forge(&|lines| {
        let sold = lines[last("confirmed")].clone();
        let again = (u64::MAX / 4, u64::MAX / 4 + 1);
        let line = Line { did: "hold", told: "held".into(), gave: "another".into(), ..sold };
        lines.push(Line { with: String::new(), asked: again.0, heard: again.1, ..line });
    });
    // An answer that came before its question could have had it.
    forge(&|lines| {
        let sold = first("confirmed");
        (lines[sold].asked, lines[sold].heard) = (0, 1);
    });
}

#[test]
fn a_history_of_orders_with_a_wrong_answer_has_no_such_order() {
    let Some(checker) = checker() else { return };
    let lines = live_through(1, SEED + 2);
    check(&checker, &lines).unwrap();
    for (what, forged) in orders::forgeries(&lines) {
        assert!(check(&checker, &forged).is_err(), "{what}");
    }
}

/// What happened in so many histories, each with a kill in it.
fn live_through(histories: u64, seed: u64) -> Vec<Line> {
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    let door = Doorway::at(&server.address);
    let admin = Client::of(door.clone(), agent()).log_in("admin", harness::ADMIN_PASSWORD);
    let made = admin.post("/service-keys", json!({"name": "shop"})).expect(201);
    let service =
        Client::of(door.clone(), agent()).bearer(made["key"].as_str().expect("a new key is told"));
    let mut lines = Vec::new();
    for history in 0..histories {
        let world = &World {
            history,
            service: service.clone(),
            admin: admin.clone(),
            campaign: new_campaign(&admin, history),
            up: Up::default(),
            began: Instant::now(),
            done: AtomicU64::new(0),
            lines: Mutex::default(),
        };
        admin.open_lottery(&day(history), 1);
        orders::open_pool(&admin, history);
        let mut dice = Dice::new(seed + history);
        let kill_at = OPERATIONS / 8 + dice.below(OPERATIONS / 2);
        server = thread::scope(|scope| {
            for number in 0..CLIENTS {
                let dice = Dice::new(dice.roll());
                let mut caller =
                    Caller { world, number, dice, holds: Vec::new(), orders: Vec::new() };
                scope.spawn(move || caller.act_until_enough_was_done());
            }
            while world.done.load(Ordering::SeqCst) < kill_at {
                thread::yield_now();
            }
            restart(server, &folder, &door, world)
        });
        lines.append(&mut world.lines.lock().unwrap());
    }
    server.kill();
    STAMPEDE.verify(&folder);
    lines
}

/// Kills the server under its callers, who wait until it is there again.
fn restart(server: Process, folder: &Path, door: &Doorway, world: &World) -> Process {
    server.kill();
    let server = STAMPEDE.start(folder);
    door.move_to(&server.address);
    world.up.once_more();
    server
}

fn new_campaign(admin: &Client, history: u64) -> String {
    let body = json!({"name": format!("history {history}"), "quota": QUOTA, "trigger": "claim",
        "discount_percent": 10, "ends_at": format!("{DAY}T00:00:00Z")});
    id(&admin.post("/campaigns", body).expect(201)).to_owned()
}

/// Each history has a lottery of its own.
fn day(history: u64) -> String {
    let (year, month, day) = (2100 + history / 336, history / 28 % 12 + 1, history % 28 + 1);
    format!("{year}-{month:02}-{day:02}")
}

impl Caller<'_> {
    fn act_until_enough_was_done(&mut self) {
        while self.world.done.fetch_add(1, Ordering::SeqCst) < OPERATIONS {
            self.act();
        }
    }

    fn act(&mut self) {
        let open = self.holds.len() as u64;
        match self.dice.below(20) {
            12.. => self.act_with_orders(),
            0..4 => self.claim(),
            4 => self.count(),
            5..8 => self.hold(),
            8 => self.look(),
            _ if open == 0 => self.hold(),
            way => {
                // Twice in a while, so that a repeat meets what is over.
                let chosen = self.dice.below(open) as usize;
                let (number, hold) = self.holds[chosen].clone();
                if self.dice.below(3) > 0 {
                    self.holds.swap_remove(chosen);
                }
                self.end(number, hold, if way == 11 { "release" } else { "confirm" });
            }
        }
    }

    fn claim(&mut self) {
        let member = format!("m{}", self.dice.below(MEMBERS));
        let path = format!("/campaigns/{}/claims", self.world.campaign);
        let client = self.world.service.on_behalf_of(&member);
        let line = self.line(self.world.campaign.clone(), "claim", member);
        self.ask(line, &|| client.try_to_post(&path, json!({})), &|line, answer| {
            line.told = told(answer, "granted");
            line.gave = answer.body["rank"].to_string();
        });
    }

    fn count(&mut self) {
        let path = format!("/campaigns/{}", self.world.campaign);
        let client = self.client();
        let line = self.line(self.world.campaign.clone(), "count", String::new());
        self.ask(line, &|| client.try_to_send("GET", &path, None), &|line, answer| {
            line.told = told(answer, "counted");
            line.gave = answer.body["granted"].to_string();
        });
    }

    fn hold(&mut self) {
        let number = self.number();
        let key = format!("{}-{}-{}", self.world.history, self.number, self.dice.roll());
        let path = format!("/lotteries/{}/holds", day(self.world.history));
        let client = self.client().key(&key);
        let line = self.line(number.clone(), "hold", String::new());
        let body = json!({"number": number, "ttl_s": 7200});
        let line = self.ask(line, &|| client.try_to_post(&path, body.clone()), &|line, answer| {
            line.told = told(answer, "held");
            line.gave = answer.body["id"].as_str().unwrap_or_default().to_owned();
        });
        if line.told == "held" {
            self.holds.push((number, line.gave));
        }
    }

    fn look(&mut self) {
        let number = self.number();
        let path = format!("/lotteries/{}/tickets?pattern={number}", day(self.world.history));
        let client = self.client();
        let line = self.line(number, "look", String::new());
        self.ask(line, &|| client.try_to_send("GET", &path, None), &|line, answer| {
            line.told = told(answer, "seen");
            line.gave = answer.body["free"].to_string();
        });
    }

    fn end(&mut self, number: String, hold: String, did: &'static str) {
        let (method, path, done) = match did {
            "confirm" => ("POST", format!("/holds/{hold}/confirm"), "confirmed"),
            _ => ("DELETE", format!("/holds/{hold}"), "released"),
        };
        let client = self.client();
        let line = self.line(number, did, hold);
        self.ask(
            line,
            &|| client.try_to_send(method, &path, Some(b"{}".to_vec())),
            &|line, answer| {
                line.told = told(answer, done);
            },
        );
    }

    /// Asks, and writes down what came of it. Whoever hears nothing asks once more under the same
    /// key, or leaves it open whether it was done.
    fn ask(
        &mut self,
        mut line: Line,
        send: &dyn Fn() -> Option<Answer>,
        read: &dyn Fn(&mut Line, &Answer),
    ) -> Line {
        line.asked = self.now();
        let before = self.world.up.times();
        let mut answer = send();
        if answer.is_none() {
            self.world.up.wait_for_more_than(before);
            if self.dice.below(2) == 0 {
                answer = send();
            }
        }
        line.heard = self.now();
        line.lost = answer.is_none();
        if let Some(answer) = &answer {
            read(&mut line, answer);
        }
        self.world.lines.lock().unwrap().push(line.clone());
        line
    }

    fn client(&self) -> Client {
        self.world.service.on_behalf_of(&format!("client-{}", self.number))
    }

    fn number(&mut self) -> String {
        format!("{:04}", self.dice.below(NUMBERS) * 700)
    }

    fn now(&self) -> u64 {
        self.world.began.elapsed().as_nanos() as u64
    }

    fn line(&self, thing: String, did: &'static str, with: String) -> Line {
        Line {
            history: self.world.history,
            client: self.number,
            thing,
            did,
            with,
            told: String::new(),
            gave: String::new(),
            quota: QUOTA,
            held: 0,
            count: 0,
            asked: 0,
            heard: 0,
            lost: false,
        }
    }
}

/// What was done, or by which problem it was refused.
fn told(answer: &Answer, done: &str) -> String {
    match answer.status {
        200 | 201 => done.to_owned(),
        _ => {
            let problem = answer.body["type"].as_str().unwrap_or_default();
            problem.trim_start_matches("/problems/").to_owned()
        }
    }
}

/// The checker, built once for this process; none where Go is not installed.
fn checker() -> Option<PathBuf> {
    static BUILDING: Mutex<()> = Mutex::new(());
    if !needed::are_there(&["go"], "It builds the checker of histories.") {
        return None;
    }
    let _alone = BUILDING.lock().unwrap();
    let (source, built) = (root().join("src/tests/histories"), kept().join("histories"));
    let mut go = Command::new(needed::found("go").expect("it was found before"));
    let built_it = go.arg("build").arg("-o").arg(&built).arg(".").current_dir(source).status();
    assert!(built_it.unwrap().success(), "the checker does not build");
    Some(built)
}

fn kept() -> PathBuf {
    let kept = root().join("target/histories");
    fs::create_dir_all(&kept).unwrap();
    kept
}

/// What the checker says, if one of them has no order.
fn check(checker: &Path, lines: &[Line]) -> Result<(), String> {
    let folder = TestFolder::new();
    fs::create_dir_all(&*folder).unwrap();
    let (file, picture) = (folder.join("histories"), folder.join("picture.html"));
    let text: Vec<String> =
        lines.iter().map(|line| serde_json::to_string(line).expect("it is plain data")).collect();
    fs::write(&file, text.join("\n")).unwrap();
    let said = Command::new(checker).arg(&file).arg(&picture).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    match said.status.code() {
        Some(0) => Ok(()),
        Some(1) => {
            fs::copy(&file, kept().join("wrong")).unwrap();
            fs::copy(&picture, kept().join("wrong.html")).unwrap();
            Err(text)
        }
        _ => panic!("the checker: {}", String::from_utf8_lossy(&said.stderr)),
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a test lives is no setting of the product")]
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a whole number"))
}

/// Two histories are two, whatever is shared between them.
#[test]
fn each_history_has_a_day_of_its_own() {
    let days: std::collections::BTreeSet<String> = (0..5000).map(day).collect();
    assert_eq!(days.len(), 5000);
    let _: Value = json!(days.first());
}
