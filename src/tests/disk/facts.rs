//! Clients that note what they were told and how far the disk was then, and the search for it in
//! what a power cut left.

use crate::control::Control;
use actors::domain::tickets::{Event, HoldId, SliceName};
use actors::engine::record::{self, Entry};
use harness::{ADMIN_PASSWORD, Client, DAY, PASSWORD, Process, id, wait_until_free};
use products::table;
use products::verify::verify;
use serde_json::{Value, json};
use sqlite::{SqliteHistory, SqliteStore};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A hold that was acknowledged when the recording was so far.
#[derive(Clone, Debug)]
pub struct Fact {
    pub at: u64,
    pub hold: String,
}

/// What they were told, together.
#[derive(Default)]
pub struct Told {
    facts: Mutex<Vec<Fact>>,
    /// Answers that were no promise.
    refused: AtomicU64,
}

impl Told {
    /// In the order of their positions.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = self.facts.lock().unwrap().clone();
        facts.sort_by_key(|fact| fact.at);
        facts
    }

    pub fn count(&self) -> usize {
        self.facts.lock().unwrap().len()
    }

    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// Holds one ticket. None when nobody answers any more.
    pub fn hold(&self, client: &Client, control: &Control) -> Option<()> {
        let body = json!({"pattern": "****", "ttl_s": 7200});
        let answer = client.try_to_post(&format!("/lotteries/{DAY}/holds"), body)?;
        if answer.status == 201 {
            // Read after the answer: what made it durable came before.
            let fact = Fact { at: control.position(), hold: id(&answer.body).to_owned() };
            self.facts.lock().unwrap().push(fact);
        } else {
            self.refused.fetch_add(1, Ordering::SeqCst);
        }
        Some(())
    }
}

/// A lottery and so many members, or None if the disk fails them.
pub fn gather(server: &Process, members: usize) -> Option<Vec<Client>> {
    let admin = log_in(server, "admin", ADMIN_PASSWORD)?;
    let plan = json!({"closes_on": DAY, "tickets": {"digits": 4, "copies": 5}});
    granted(admin.try_to_post("/lotteries", plan))?;
    (0..members).map(|number| member(server, &format!("member-{number}"))).collect()
}

fn member(server: &Process, name: &str) -> Option<Client> {
    let new = json!({"username": name, "password": PASSWORD});
    granted(server.anybody().try_to_post("/auth/register", new))?;
    log_in(server, name, PASSWORD)
}

fn log_in(server: &Process, name: &str, password: &str) -> Option<Client> {
    let tokens = granted(
        server
            .anybody()
            .try_to_post("/auth/login", json!({"username": name, "password": password})),
    )?;
    Some(server.anybody().bearer(tokens["access_token"].as_str()?))
}

fn granted(answer: Option<harness::Answer>) -> Option<Value> {
    answer.filter(|answer| answer.status < 300).map(|answer| answer.body)
}

/// Opens what a cut left, as a start does, and looks whether everything is in order and all facts
/// are there once.
pub fn check(data: &Path, facts: &[Fact]) -> anyhow::Result<()> {
    wait_until_free(data);
    drop(SqliteStore::open(data, &table::rows)?);
    wait_until_free(data);
    let view = SqliteHistory::open(data, &products::table::rows)?;
    verify(&view)?;
    let holds = holds(&view)?;
    if let Some((hold, times)) = holds.iter().find(|(_, times)| **times != 1) {
        anyhow::bail!("{hold} is there {times} times");
    }
    let lost: Vec<&str> = facts
        .iter()
        .map(|fact| fact.hold.as_str())
        .filter(|hold| !holds.contains_key(*hold))
        .collect();
    anyhow::ensure!(
        lost.is_empty(),
        "{} of {} are lost, first {}",
        lost.len(),
        facts.len(),
        lost[0]
    );
    Ok(())
}

/// How often each hold was made, says the log.
fn holds(view: &SqliteHistory) -> anyhow::Result<BTreeMap<String, u32>> {
    let mut holds = BTreeMap::new();
    for partition in view.partitions().map(str::to_owned).collect::<Vec<_>>() {
        let Some(slice) = partition.strip_prefix("tickets/") else { continue };
        let slice: SliceName = slice.parse()?;
        view.frames_of::<anyhow::Error>(&partition, |frame| {
            for made in record::records::<Event>(&frame)? {
                if let Entry::Fact(Event::Held { hold, .. }) = made.entry {
                    *holds.entry(HoldId { slice, number: hold }.to_string()).or_default() += 1;
                }
            }
            Ok(())
        })?;
    }
    Ok(holds)
}
