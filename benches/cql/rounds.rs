//! What a commit of ten partitions costs the database, by four ways: as it is, as one round of
//! consensus for all of them would, without consensus, and what their list rows cost beside. And
//! what a confirmation costs, by a round and by a look.
//!
//! One commit at a time, in turns on one database. The statements are those of the store, but for
//! the ways that it does not go.

use crate::TURNS;
use cql::{Conditional, Cql, Tuning};
use futures_util::future::join_all;
use harness::database::{TestDatabase, connect, store_of, wait};
use harness::load::median;
use harness::load::process::cpu_s;
use products::table;
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testing::contract::answer;

const PARTITIONS: usize = 10;
/// Of one partition's records in a commit: some nine holds.
const BYTES: usize = 800;
/// List rows of such a commit.
const ROWS: usize = 90;
const IF_UNCHANGED: &str = "IF epoch = ? AND last_seq = ? AND last_head = ?";

#[derive(Clone, Copy, Debug)]
enum Way {
    TenRounds,
    OneRound,
    TenWritesAndLooks,
    /// So many in one request.
    ListRows(usize),
    TenConfirmingRounds,
    TenLooks,
}

impl Way {
    const ALL: [(Way, &str); 8] = [
        (Way::TenRounds, "ten conditional updates, as it is"),
        (Way::OneRound, "one conditional update with the bytes of ten"),
        (Way::TenWritesAndLooks, "ten plain writes, then ten looks at the fence"),
        (Way::ListRows(9), "ninety list rows of such a commit, nine to a request as they come"),
        (Way::ListRows(40), "the same, forty to a request"),
        (Way::ListRows(90), "the same in one request"),
        (Way::TenConfirmingRounds, "ten confirmations by a conditional update"),
        (Way::TenLooks, "ten confirmations by a look at the fence"),
    ];
}

/// Where each partition's log stands.
struct Log {
    name: String,
    seq: i64,
    head: Vec<u8>,
}

struct Rounds {
    cql: Arc<Cql>,
    append: Conditional,
    confirm: Conditional,
    write: PreparedStatement,
    look: PreparedStatement,
    row: PreparedStatement,
    logs: Vec<Log>,
    whole: Log,
    /// Members with a list row, and plain writes of each log, so far.
    members: u64,
    written: i64,
}

/// What one turn of one way came to, for each commit.
struct Turn {
    ms: f64,
    database_ms: f64,
    own_ms: f64,
}

pub fn measure(database: &TestDatabase, turn: Duration) {
    let settings = database.fresh();
    let names: Vec<String> = (0..=PARTITIONS).map(|number| format!("rounds/{number}")).collect();
    let store = store_of(&settings, Tuning::default(), table::rows);
    for name in &names {
        answer(|done| actors::store::Store::open(&store, name, done)).expect("it opens");
    }
    drop(store);
    let mut rounds = wait(Rounds::prepare(connect(&settings), names));
    let mut turns: Vec<Vec<Turn>> = Way::ALL.iter().map(|_| Vec::new()).collect();
    for number in 0..=TURNS {
        for ((way, _), turns) in Way::ALL.into_iter().zip(&mut turns) {
            let one = wait(rounds.turn(way, turn));
            // The first one warms up.
            turns.extend((number > 0).then_some(one));
        }
    }
    println!("one commit of {PARTITIONS} partitions after the other, medians of {TURNS} turns");
    for ((_, name), turns) in Way::ALL.iter().zip(&turns) {
        let of = |part: fn(&Turn) -> f64| median(turns.iter().map(part));
        println!(
            "  {name}: {:.2} ms, CPU of the database {:.2} ms, of the node {:.2} ms",
            of(|turn| turn.ms),
            of(|turn| turn.database_ms),
            of(|turn| turn.own_ms)
        );
    }
}

impl Rounds {
    async fn prepare(cql: Arc<Cql>, names: Vec<String>) -> Rounds {
        let append = format!(
            "UPDATE log SET last_seq = ?, last_head = ?, from_seq = ?, from_head = ?, head = ?, \
             parts = 0, records = ? WHERE name = ? AND generation = 1 AND seq = ? {IF_UNCHANGED}"
        );
        let confirm = format!(
            "UPDATE log SET last_head = ? WHERE name = ? AND generation = 1 {IF_UNCHANGED}"
        );
        let write = "INSERT INTO log (name, generation, seq, from_seq, from_head, head, parts, \
                     records) VALUES (?, 1, ?, ?, ?, ?, 0, ?)";
        let look = "SELECT epoch, last_seq, last_head, next, closed_epoch FROM log WHERE name = ? \
                    AND generation = 1 LIMIT 1";
        let row = "INSERT INTO lookups (shelf, owner, key, name, body) VALUES (?, ?, ?, ?, ?) \
                   USING TIMESTAMP ?";
        let log = |name: String| Log { name, seq: 0, head: vec![0; 32] };
        let mut logs: Vec<Log> = names.into_iter().map(log).collect();
        let plain = async |statement| cql.prepare(statement).await.expect("a statement");
        let conditional =
            async |statement: &str| cql.prepare_conditional(statement).await.expect("a statement");
        Rounds {
            append: conditional(&append).await,
            confirm: conditional(&confirm).await,
            write: plain(write).await,
            look: plain(look).await,
            row: plain(row).await,
            whole: logs.pop().expect("one more"),
            logs,
            members: 0,
            written: 0,
            cql,
        }
    }

    async fn turn(&mut self, way: Way, turn: Duration) -> Turn {
        let (me, database) = (std::process::id(), database_pid());
        let (own, theirs, began) = (cpu_s(me), cpu_s(database), Instant::now());
        let mut commits = 0.0;
        while began.elapsed() < turn {
            self.commit(way).await;
            commits += 1.0;
        }
        let a_commit = |seconds: f64| seconds * 1000.0 / commits;
        Turn {
            ms: a_commit(began.elapsed().as_secs_f64()),
            database_ms: a_commit(cpu_s(database) - theirs),
            own_ms: a_commit(cpu_s(me) - own),
        }
    }

    async fn commit(&mut self, way: Way) {
        match way {
            Way::TenRounds => {
                join_all(self.logs.iter().map(|log| self.append(log, BYTES))).await;
                self.logs.iter_mut().for_each(Log::advance);
            }
            Way::OneRound => {
                self.append(&self.whole, BYTES * PARTITIONS).await;
                self.whole.advance();
            }
            Way::TenWritesAndLooks => {
                self.written += 1;
                join_all(self.logs.iter().map(|log| self.write_and_look(log))).await;
            }
            Way::ListRows(at_once) => self.list_rows(at_once).await,
            Way::TenConfirmingRounds => {
                join_all(self.logs.iter().map(|log| self.confirm(log))).await;
            }
            Way::TenLooks => {
                join_all(self.logs.iter().map(|log| self.look(log))).await;
            }
        }
    }

    async fn append(&self, log: &Log, bytes: usize) {
        let (seq, head, records) = (log.seq + 1, log.next_head(), vec![7u8; bytes]);
        let row = (
            seq, &head, log.seq, &log.head, &head, &records, &log.name, seq, 1i64, log.seq,
            &log.head,
        );
        let answer = self.cql.decide(&self.append, row, false).await.expect("an answer");
        assert!(answer.applied, "{answer:?}");
    }

    async fn confirm(&self, log: &Log) {
        let row = (&log.head, &log.name, 1i64, log.seq, &log.head);
        let answer = self.cql.decide(&self.confirm, row, false).await.expect("an answer");
        assert!(answer.applied, "{answer:?}");
    }

    /// Under a sequence that no append uses.
    async fn write_and_look(&self, log: &Log) {
        let seq = i64::MAX / 2 + self.written;
        let (head, records) = (log.next_head(), vec![7u8; BYTES]);
        let row = (&log.name, seq, log.seq, &log.head, &head, &records);
        self.cql.write(&self.write, row).await.expect("it is written");
        self.look(log).await;
    }

    async fn look(&self, log: &Log) {
        let answer = self.cql.read(&self.look, (&log.name,)).await.expect("an answer");
        assert_eq!(answer.rows_num(), 1);
    }

    /// Each of another member.
    async fn list_rows(&mut self, at_once: usize) {
        let name = self.logs[0].name.clone();
        let rows: Vec<_> = (0..ROWS)
            .map(|_| {
                self.members += 1;
                let mut owner = vec![0u8; 16];
                owner[..8].copy_from_slice(&self.members.to_be_bytes());
                (1i32, owner, vec![7u8; 24], name.clone(), vec![7u8; 40], self.members as i64)
            })
            .collect();
        let requests = rows.chunks(at_once);
        let written = join_all(requests.map(|some| self.cql.write_each(&self.row, some))).await;
        written.into_iter().for_each(|written| written.expect("it is written"));
    }
}

impl Log {
    fn next_head(&self) -> Vec<u8> {
        let mut head = self.head.clone();
        head[..8].copy_from_slice(&(self.seq + 1).to_be_bytes());
        head
    }

    fn advance(&mut self) {
        (self.head, self.seq) = (self.next_head(), self.seq + 1);
    }
}

/// Of the database that this process started.
fn database_pid() -> u32 {
    let folder = harness::root().join(format!("target/peers/cluster-{}-1", std::process::id()));
    let pid = std::fs::read_to_string(folder.join("node1/pid")).expect("it was started here");
    pid.trim().parse().expect("a number")
}
