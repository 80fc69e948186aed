//! What one claim costs in instructions, wherever it runs: `cargo bench -p stampede-actors --bench
//! instructions`.
//!
//! The core of a partition alone, from request to record and answer: no HTTP, no threads, no disk.
//! callgrind (Debian: valgrind) counts the same work done so many times and once more as often; the
//! difference is what one costs. Seconds differ from machine to machine and from hour to hour;
//! these do not, so they can be compared with the last ones. `--compare FILE` prints both, and
//! `--write FILE` keeps the new ones. It fails only if callgrind cannot be run.

use actors::domain::ballots::{BallotBox, BoxName, BoxTerms, Command as Vote};
use actors::domain::coupons::campaign::{Campaign, CampaignPlan, Command as Claim, Trigger};
use actors::domain::coupons::{Discount, Offer, Serial};
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Command as Hold, FirstTerms, Slice, SliceName};
use actors::engine::{Key, KeyWindow, Manner, Partition, Request};
use actors::store::Opened;
use actors::{Caller, Id, Machine, Time};
use std::process::Command;
use std::sync::Arc;

const AT: Time = Time(1_798_750_800_000);
/// Requests that arrive while one commit is under way.
const BATCH: u64 = 16;
const ONCE: u64 = 4_000;

/// What is counted, and how it is done so many times.
const WORKS: &[(&str, fn(u64))] = &[
    ("campaign claim", claims),
    ("claim when sold out", refusals),
    ("ticket hold", holds),
    ("ballot", ballots),
];

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--do", work, times] => work_of(work)(times.parse().expect("a number of times")),
        ["--compare", file] => {
            print!("{}", compared(&counted(), &std::fs::read_to_string(file).unwrap_or_default()))
        }
        ["--write", file] => {
            std::fs::write(file, lines(&counted())).expect("the file can be written")
        }
        _ => print!("{}", lines(&counted())),
    }
}

fn work_of(name: &str) -> fn(u64) {
    WORKS
        .iter()
        .find(|work| work.0 == name)
        .unwrap_or_else(|| panic!("{name} is nothing that is counted"))
        .1
}

fn counted() -> Vec<(&'static str, u64)> {
    WORKS
        .iter()
        .map(|(name, _)| (*name, (instructions(name, 2 * ONCE) - instructions(name, ONCE)) / ONCE))
        .collect()
}

fn instructions(work: &str, times: u64) -> u64 {
    let program = std::env::current_exe().expect("this program has a path");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args([
        "--do",
        work,
        &times.to_string(),
    ]);
    let output =
        valgrind.output().expect("valgrind is installed (Debian: apt-get install valgrind)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected =
        said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected.unwrap_or_else(|| panic!("callgrind did not count: {said}"))
}

fn lines(counts: &[(&str, u64)]) -> String {
    counts.iter().map(|(name, count)| format!("{name}: {count}\n")).collect()
}

fn compared(counts: &[(&str, u64)], before: &str) -> String {
    let old = |name: &str| {
        before
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse::<u64>().ok())
    };
    let line = |(name, count): &(&str, u64)| match old(name) {
        Some(old) => format!(
            "{name}: {count} instructions, {old} before ({:+.1} %)\n",
            (*count as f64 / old as f64 - 1.0) * 100.0
        ),
        None => format!("{name}: {count} instructions\n"),
    };
    counts.iter().map(line).collect()
}

fn open<M: Machine>(name: M::Name) -> Partition<M, ()> {
    Partition::open(name, Opened::default(), Arc::new(KeyWindow::new(1_000_000, 3600)))
        .expect("nothing was written yet")
}

fn give<M: Machine>(
    partition: &mut Partition<M, ()>,
    command: M::Command,
    caller: Caller,
    key: Option<Key>,
) {
    let seed = u64::from(caller.id.0[0]) + u64::from(caller.id.0[1]) * 256;
    let _ = partition.serve(
        Request::Command { command, caller, key, how: Manner::ForGood },
        AT,
        seed,
        (),
    );
}

/// The commands in batches, each of which becomes one commit.
fn in_batches<M: Machine>(
    partition: &mut Partition<M, ()>,
    times: u64,
    mut one: impl FnMut(u64) -> (M::Command, Caller, Option<Key>),
) {
    for from in (0..times).step_by(BATCH as usize) {
        for number in from..from + BATCH {
            let (command, caller, key) = one(number);
            give(partition, command, caller, key);
        }
        let _ = partition.flush();
        assert!(partition.land().answers.len() <= BATCH as usize);
    }
}

/// Another member for each number. It is made without a hash, which would be counted, too.
fn member(number: u64) -> Caller {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    id[8..].copy_from_slice(&number.to_le_bytes());
    Caller::member(Id(id))
}

fn campaign(quota: u64) -> Partition<Campaign, ()> {
    let offer = Offer::of(Discount::percent(10));
    let (starts_at, ends_at) = (AT, AT.plus_s(86_400));
    let plan = CampaignPlan {
        name: "hot".into(),
        quota,
        starts_at,
        ends_at,
        trigger: Trigger::Claim,
        offer,
        valid_s: None,
    };
    let mut partition = open(Serial(1));
    in_batches(&mut partition, 1, |_| (Claim::Open(plan.clone()), Caller::SYSTEM, None));
    partition
}

fn claim(number: u64) -> (Claim, Caller, Option<Key>) {
    (Claim::Claim { member: member(number).id, code: None }, member(number), None)
}

fn claims(times: u64) {
    in_batches(&mut campaign(1_000_000), times, claim);
}

fn refusals(times: u64) {
    let mut sold_out = campaign(1);
    in_batches(&mut sold_out, 1, claim);
    in_batches(&mut sold_out, times, |number| claim(number + BATCH));
}

/// With a key each, as a careful client sends them.
fn holds(times: u64) {
    let name = SliceName { pool: PoolName::Day(Day(20_261_231)), digits: 6, lead: 3 };
    let terms = FirstTerms {
        digits: 6,
        copies: 10,
        holds_per_member: 10,
        hold_max_s: 7200,
        closes_at: AT.plus_s(86_400),
    }
    .in_full();
    let mut partition = open::<Slice>(name);
    in_batches(&mut partition, 1, |_| {
        (Hold::Open { lead: 3, terms: Box::new(terms.clone()) }, Caller::SYSTEM, None)
    });
    let pattern = "3****7".parse().expect("it is one");
    in_batches(&mut partition, times, |number| {
        let caller = member(number);
        let key = Key::new(caller.id, &number.to_le_bytes(), &[b"hold"]);
        (Hold::Hold { pattern, count: 1, at_least: 1, ttl_s: 300 }, caller, Some(key))
    });
}

fn ballots(times: u64) {
    let name = BoxName { pool: PoolName::Day(Day(20_261_231)), number: 3 };
    let mut partition = open::<BallotBox>(name);
    let terms = BoxTerms { closes_at: AT.plus_s(86_400), most: 1_000_000 };
    in_batches(&mut partition, 1, |_| (Vote::Open { name, terms }, Caller::SYSTEM, None));
    in_batches(&mut partition, times, |number| (Vote::Submit, member(number), None));
}
