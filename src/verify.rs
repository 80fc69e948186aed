//! `stampede verify`: replays everything from the first record and names the first thing wrong.
//!
//! Checks every hash and sequence, that every record can be read, that the books of every partition balance, and that each
//! snapshot stands on the chain. Memory stays flat: one partition at a time, one frame at a time.

use crate::engine::kind_of;
use crate::stores::sqlite::View;
use actors::machine::Counts;
use actors::store::Position;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;

/// What was found in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub partitions: u64,
    pub records: u64,
    /// What the books say as of the last event, for each lottery, campaign and batch. A share of a batch that nobody has opened is in no log.
    pub books: BTreeMap<String, Counts>,
}

impl Verified {
    /// Adds a share to its whole.
    fn count(&mut self, (whole, share): (String, Counts)) {
        match self.books.get_mut(&whole) {
            Some(counts) => counts.iter_mut().zip(share).for_each(|((_, sum), (_, more))| *sum += more),
            None => drop(self.books.insert(whole, share)),
        }
    }
}

pub fn verify(folder: &Path) -> anyhow::Result<Verified> {
    let view = View::open(folder)?;
    let mut verified = Verified::default();
    for partition in view.partitions() {
        let (records, books) = one(&view, partition).with_context(|| format!("partition {partition}"))?;
        books.into_iter().for_each(|share| verified.count(share));
        verified.records += records;
        verified.partitions += 1;
    }
    Ok(verified)
}

fn one(view: &View, partition: &str) -> anyhow::Result<(u64, Vec<(String, Counts)>)> {
    let Some((kind, name)) = kind_of(partition) else { bail!("its kind is unknown to this version") };
    let mut replay = (kind.audit)(name)?;
    let snapshot = view.snapshot_of(partition)?.map(|snapshot| snapshot.at);
    let mut on_the_chain = snapshot.is_none() || snapshot == Some(Position::default());
    view.frames_of(partition, |frame| {
        replay.frame(&frame)?;
        on_the_chain |= snapshot == Some(frame.to);
        anyhow::Ok(())
    })?;
    let (records, imbalance) = replay.result();
    if imbalance != 0 {
        bail!("its books do not balance: {imbalance} too many or missing after {records} records");
    }
    if !on_the_chain {
        bail!("its snapshot stands at no point of its chain");
    }
    Ok((records, replay.books()))
}
