//! `stampede verify`: replays everything from the first record and names the first thing wrong.
//!
//! Checks every hash and sequence, that every record can be read, that the books of every partition
//! balance, and that each snapshot stands on the chain and says there what the log says; that lists
//! and cards are those which the logs declare, no more and no less; that slices and tills say the
//! same of every order, and limits were kept; and what else a store keeps.
//! Memory stays bounded: one partition at a time, one frame at a time, and so many of its rows.

mod lists;
mod orders;
mod portion;

use crate::table;
use crate::table::kind_of;
use actors::machine::Counts;
use actors::store::Position;
use anyhow::{Context, bail};
use lists::{Lists, MOST, Rows};
use orders::OrderAudit;
use ports::history::History;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// What was found in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub partitions: u64,
    pub records: u64,
    /// What the books say as of the last event, for each lottery, campaign and batch. A share of a
    /// batch that nobody has opened is in no log.
    pub books: BTreeMap<String, Counts>,
}

impl Verified {
    pub fn summary(&self) -> String {
        format!("in order: {} partitions, {} records", self.partitions, self.records)
    }

    pub fn as_json(&self) -> Value {
        let counts = |counts: &Counts| -> Value {
            counts.iter().map(|(state, count)| ((*state).to_owned(), json!(count))).collect()
        };
        let books: Value =
            self.books.iter().map(|(whole, of)| (whole.clone(), counts(of))).collect();
        json!({"partitions": self.partitions, "records": self.records, "books": books})
    }

    /// Adds a share to its whole.
    fn count(&mut self, (whole, share): (String, Counts)) {
        match self.books.get_mut(&whole) {
            Some(counts) => {
                counts.iter_mut().zip(share).for_each(|((_, sum), (_, more))| *sum += more)
            }
            None => drop(self.books.insert(whole, share)),
        }
    }
}

/// A line for each whole, and what they come to.
impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (whole, counts) in &self.books {
            let counts = counts.iter().map(|(state, count)| format!("{state} {count}"));
            writeln!(f, "{whole}: {}", counts.collect::<Vec<_>>().join(", "))?;
        }
        f.write_str(&self.summary())
    }
}

pub fn verify(history: &dyn History) -> anyhow::Result<Verified> {
    verify_telling(history, &mut |_, _| ())
}

/// Tells after each partition how many of how many were read.
pub fn verify_telling(
    history: &dyn History,
    tell: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Verified> {
    let (mut verified, mut declared) = (Verified::default(), Lists::default());
    let partitions = history.partitions()?;
    let mut orders = OrderAudit::first(MOST);
    let all = partitions.len() as u64;
    for partition in &partitions {
        tell(verified.partitions, all);
        let one = one(history, partition, &mut declared, &mut orders);
        let (records, books) = one.with_context(|| format!("partition {partition}"))?;
        books.into_iter().for_each(|share| verified.count(share));
        verified.records += records;
        verified.partitions += 1;
    }
    orders::compare(history, &partitions, orders)?;
    history.check_the_rest()?;
    let mut kept = Lists::default();
    if history.each_row(&mut |row| kept.add(&row))? {
        kept.compare(&declared)?;
    }
    Ok(verified)
}

fn one(
    history: &dyn History,
    partition: &str,
    lists: &mut Lists,
    orders: &mut OrderAudit,
) -> anyhow::Result<(u64, Vec<(String, Counts)>)> {
    let Some((kind, name)) = kind_of(partition) else {
        bail!("its kind is unknown to this version")
    };
    let mut replay = (kind.audit)(name)?;
    let snapshot = history.snapshot_of(partition)?;
    let stands_at = snapshot.as_ref().map_or(Position::default(), |snapshot| snapshot.at);
    let mut on_the_chain = stands_at == Position::default();
    snapshot.map_or(Ok(()), |snapshot| replay.suspect(snapshot))?;
    let mut rows = Rows::first(MOST);
    history.frames_of(partition, &mut |frame| {
        replay.frame(&frame)?;
        orders.see(partition, &frame)?;
        table::rows(partition, &frame).iter().for_each(|row| rows.see(row));
        on_the_chain |= stands_at == frame.to;
        Ok(())
    })?;
    let (records, imbalance) = replay.result();
    if imbalance != 0 {
        bail!("its books do not balance: {imbalance} too many or missing after {records} records");
    }
    if !on_the_chain {
        bail!("its snapshot stands at no point of its chain");
    }
    lists.add_all(&rows);
    while let Some(more) = rows.next() {
        rows = more;
        history.frames_of(partition, &mut |frame| {
            table::rows(partition, &frame).iter().for_each(|row| rows.see(row));
            Ok(())
        })?;
        lists.add_all(&rows);
    }
    Ok((records, replay.books()))
}

#[cfg(test)]
mod tests;
