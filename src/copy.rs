//! `stampede copy`: carries an installation from the data folder into a keyspace, and checks what
//! has arrived.
//!
//! Secrets come first: where the keyspace has others, it is another installation's, and nothing is
//! written. Then people, then the log, frame by frame in the order in which it became durable, so
//! that positions in the feed, which webhooks remember, stay what they were. Broken off, it is
//! begun again and goes on; nothing that is there is written twice. No node may serve either side
//! meanwhile.

use crate::stores;
use crate::stores::history;
use actors::store::{
    Append, AppendOutcome, FeedFrame, FeedPage, Opened, Position, Store, StoreError,
};
use actors::time::Time;
use anyhow::{Context, bail, ensure};
use base::progress::ProgressBar;
use config::{Choice, Config};
use ports::deeds::{Deed, DeedAttempt};
use ports::directory::Directory;
use ports::history::History;
use ports::moving::Arrivals;
use products::table;
use products::verify::{Verified, verify_telling};
use sqlite::SqliteStore;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::oneshot;

/// People and frames read at a time.
const AT_ONCE: usize = 500;

/// What was carried, for the operator who asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyReport {
    pub people: u64,
    pub frames: u64,
    pub partitions: u64,
    pub records: u64,
}

impl fmt::Display for CopyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CopyReport { people, frames, partitions, records } = self;
        write!(
            f,
            "copied and compared: {people} members, {partitions} partitions, {records} records \
             ({frames} frames written)"
        )
    }
}

pub async fn copy(config: &Config) -> anyhow::Result<CopyReport> {
    let mut arrived = CopyReport::default();
    {
        let from = SqliteStore::open_existing(&config.data, &table::rows)?;
        let to = stores::destination(config).await?;
        from.prepare().await?;
        secrets(&from, &*to.people).await?;
        arrived.people = people(&from, &*to.people).await?;
        deeds(&from, &*to.people, config.idempotency_s).await?;
        arrived.frames =
            Log { from: &from, to: to.store.log(), opened: BTreeMap::new() }.carry().await?;
        to.store.settled().await?;
    }
    let (partitions, records) = compare(config).await?;
    Ok(CopyReport { partitions, records, ..arrived })
}

async fn secrets(from: &SqliteStore, to: &dyn Arrivals) -> anyhow::Result<()> {
    for secret in from.secrets().await? {
        if to.secret(&secret.name, secret.value.clone()).await? != secret.value {
            bail!(
                "the keyspace holds another installation: its secret {} is another one; copy into \
                 an empty keyspace",
                secret.name
            );
        }
    }
    Ok(())
}

async fn people(from: &SqliteStore, to: &dyn Arrivals) -> anyhow::Result<u64> {
    for key in from.service_keys().await? {
        to.create_service_key(key.clone()).await?;
        if let Some(at) = key.revoked_at {
            to.revoke_service_key(key.id, at).await?;
        }
    }
    for (mark, until) in from.partings().await? {
        to.note_partings(vec![mark], until).await?;
    }
    let mut after = 0;
    loop {
        let page = from.outsiders(after, AT_ONCE).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (_, outsider) in page {
            to.note_outsider(outsider).await?;
        }
    }
    let (mut carried, mut after) = (0, None);
    loop {
        let page = from.people(after, AT_ONCE).await?;
        for person in &page {
            to.take_in(person.clone()).await?;
            let there = to.person(person.id).await?;
            ensure!(
                there == *person,
                "the member {} is not in the keyspace as in the data folder; copy into an empty \
                 keyspace",
                person.id
            );
        }
        carried += page.len() as u64;
        after = page.last().map(|person| person.id);
        if page.len() < AT_ONCE {
            break;
        }
    }
    ensure!(
        to.service_keys().await? == from.service_keys().await?,
        "the service keys that arrived are not those that left"
    );
    Ok(carried)
}

/// What is done under idempotency keys, so that a repeat is one there, too.
async fn deeds(from: &SqliteStore, to: &dyn Arrivals, idempotency_s: u32) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = from.deeds(after, AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key);
        for deed in page {
            let attempt = DeedAttempt {
                deed: Deed { done: false, ..deed },
                keys_since: deed.at.minus_s(idempotency_s),
                given_up_before: Time(i64::MIN),
            };
            to.begin_deed(attempt).await?;
            if deed.done {
                to.end_deed(attempt, true).await?;
            }
        }
    }
}

struct Log<'a> {
    from: &'a SqliteStore,
    to: Arc<dyn Store>,
    /// How far each partition had come in the keyspace when its first frame was looked at.
    opened: BTreeMap<Arc<str>, Position>,
}

impl Log<'_> {
    /// How many frames were written. Those that are there already must be the same.
    async fn carry(mut self) -> anyhow::Result<u64> {
        let mut after = self.common().await?;
        let mut written = 0;
        let mut bar = ProgressBar::on_terminal("frames");
        loop {
            let feed = ask(|done| self.from.feed(after, AT_ONCE, done)).await?;
            for fed in feed.frames {
                after = fed.position;
                written += u64::from(self.frame(fed).await?);
            }
            bar.at(after, feed.end);
            if after >= feed.end {
                return Ok(written);
            }
        }
    }

    /// Up to where both have the same frames in the same order.
    async fn common(&self) -> anyhow::Result<u64> {
        let mut common = 0;
        loop {
            let there: FeedPage = ask(|done| self.to.feed(common, AT_ONCE, done)).await?;
            let here: FeedPage =
                ask(|done| self.from.feed(common, there.frames.len(), done)).await?;
            let Some(last) = there.frames.last() else { return Ok(common) };
            // Answers are bounded in bytes, too, so one may be shorter than the other.
            let same = there.frames.iter().zip(&here.frames).all(|(there, here)| there == here);
            ensure!(
                same && !here.frames.is_empty(),
                "the keyspace holds another log; copy into an empty keyspace"
            );
            common =
                here.frames.last().map_or(last.position, |here| here.position.min(last.position));
        }
    }

    /// Whether it had to be written.
    async fn frame(&mut self, fed: FeedFrame) -> anyhow::Result<bool> {
        let FeedFrame { partition, frame, .. } = fed;
        let there = self.opened(&partition).await?;
        if frame.to.seq <= there.seq {
            ensure!(
                frame.to.seq < there.seq || frame.to.head == there.head,
                "the keyspace holds another log of {partition}"
            );
            return Ok(false);
        }
        let rows = table::rows(&partition, &frame);
        let append = Append { partition: partition.clone(), frame, rows };
        let outcome = ask_plainly(|done| self.to.append(append, done)).await?;
        match outcome {
            AppendOutcome::Durable => Ok(true),
            AppendOutcome::Fenced => {
                bail!("another process writes to {partition} in this keyspace")
            }
            AppendOutcome::Unknown(why) => {
                bail!("{partition}: {why}; begin again, and it goes on from here")
            }
        }
    }

    async fn opened(&mut self, partition: &Arc<str>) -> anyhow::Result<Position> {
        if let Some(at) = self.opened.get(partition) {
            return Ok(*at);
        }
        let Opened { snapshot, frames } = ask(|done| self.to.open(partition, done)).await?;
        let at = frames
            .last()
            .map(|frame| frame.to)
            .or(snapshot.map(|snapshot| snapshot.at))
            .unwrap_or_default();
        self.opened.insert(partition.clone(), at);
        Ok(at)
    }
}

/// Replays both from their first records, and compares how far each partition has come and by which
/// chain.
async fn compare(config: &Config) -> anyhow::Result<(u64, u64)> {
    let here = history(&Config { store: Choice::Sqlite, ..config.clone() }).await?;
    let there = history(&Config { store: Choice::Cql, ..config.clone() }).await?;
    let (left, arrived) = (
        verify_aloud("data folder", &*here).context("in the data folder")?,
        verify_aloud("keyspace", &*there).context("in the keyspace")?,
    );
    ensure!(
        left == arrived,
        "what arrived is not what left: {} partitions and {} records left, {} and {} arrived; \
         `stampede verify` shows the books of either side",
        left.partitions,
        left.records,
        arrived.partitions,
        arrived.records
    );
    for partition in here.partitions()? {
        let mut ends = [Position::default(); 2];
        for (history, end) in [&here, &there].into_iter().zip(&mut ends) {
            history.frames_of(&partition, &mut |frame| {
                *end = frame.to;
                Ok(())
            })?;
        }
        ensure!(ends[0] == ends[1], "the log of {partition} that arrived is not the one that left");
    }
    Ok((arrived.partitions, arrived.records))
}

fn verify_aloud(what: &'static str, history: &dyn History) -> anyhow::Result<Verified> {
    let mut bar = ProgressBar::on_terminal(what);
    verify_telling(history, &mut |done, of| bar.at(done, of))
}

async fn ask<T: Send + 'static>(
    ask: impl FnOnce(actors::store::Callback<Result<T, StoreError>>),
) -> anyhow::Result<T> {
    Ok(ask_plainly(ask).await??)
}

async fn ask_plainly<T: Send + 'static>(
    ask: impl FnOnce(actors::store::Callback<T>),
) -> anyhow::Result<T> {
    let (to, answer) = oneshot::channel();
    ask(Box::new(move |answer| drop(to.send(answer))));
    answer.await.context("the store was closed")
}
