//! Putting frames into the feed: one order over all partitions, whatever node wrote them and
//! whatever its clock says.
//!
//! CQL has no order over partitions, so the feed is a log of its own, and every node appends to its
//! end where the frames lie that it wrote, many at once, by a conditional statement that names the
//! end it knows. Whoever is refused reads what others appended, and tries again. So what is shown
//! stays where it is, and everything later comes after it. Clocks play no part.
//!
//! A frame is published once. `published` says how far each partition has come; it is written after
//! an entry, and before any entry that follows, by whoever appends that. So whoever reads it, and
//! the entries from the last one he knows on, knows what is published. Frames whose node died
//! before it published them are found by whoever opens their partition.

use super::entry::{self, FEED, Place};
use super::log::{self, BEFORE_ALL, all_of};
use super::session::broken;
use super::tables::{LogRow, Tables, frame};
use actors::store::{Position, StoreError};
use base::journal::Value;
use base::{fresh, journal};
use futures_util::TryStreamExt;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Frames of one entry.
const ENTRY: usize = 1000;
/// News that may wait while the feed cannot be written; beyond it only their partitions are
/// remembered.
const NEWS: usize = 100_000;

pub enum News {
    /// A partition was taken over: what its former owner did not publish is to be found.
    Opened { name: Arc<str> },
    /// A frame is durable.
    Landed { name: Arc<str>, generation: i32, from: u64, to: u64 },
}

impl News {
    fn name(&self) -> &Arc<str> {
        match self {
            News::Opened { name } | News::Landed { name, .. } => name,
        }
    }
}

/// Asks how far the feed has come once all news before it are published.
pub type Asked = oneshot::Sender<Result<u64, StoreError>>;

/// The feed's log, as far as it was followed.
struct Known {
    generation: i32,
    began: u64,
    at: Position,
    /// How far the partitions of the last entry came with it.
    last: BTreeMap<Arc<str>, (i32, u64)>,
    /// Whether `published` says so.
    is_told: bool,
}

pub struct Publisher {
    tables: Arc<Tables>,
    news: mpsc::UnboundedReceiver<News>,
    asked: mpsc::UnboundedReceiver<Asked>,
    heard: VecDeque<News>,
    pending: VecDeque<Place>,
    /// Up to which sequence each partition is published or pending.
    marks: HashMap<Arc<str>, u64>,
    known: Option<Known>,
}

impl Publisher {
    pub fn new(
        tables: Arc<Tables>,
        news: mpsc::UnboundedReceiver<News>,
        asked: mpsc::UnboundedReceiver<Asked>,
    ) -> Publisher {
        Publisher {
            tables,
            news,
            asked,
            heard: VecDeque::new(),
            pending: VecDeque::new(),
            marks: HashMap::new(),
            known: None,
        }
    }

    /// Until the store is given up.
    pub async fn run(mut self) {
        let mut earliest = Instant::now();
        loop {
            let has_news = !self.heard.is_empty() || !self.pending.is_empty();
            let asked = tokio::select! {
                biased;
                asked = self.asked.recv() => match asked {
                    Some(asked) => Some(asked),
                    None => return,
                },
                Some(news) = self.news.recv() => {
                    self.hear(news);
                    continue;
                }
                () = tokio::time::sleep_until(earliest), if has_news => None,
            };
            while let Ok(news) = self.news.try_recv() {
                self.hear(news);
            }
            let end = self.publish().await;
            if let (Err(error), None) = (&end, &asked) {
                journal::warn("the feed could not be written", &[("error", Value::Text(error))]);
            }
            if let Some(asked) = asked {
                // Whoever asked may be gone.
                let _ = asked.send(end);
            }
            earliest = Instant::now() + self.tables.tuning.publish_every;
        }
    }

    fn hear(&mut self, news: News) {
        if self.heard.len() >= NEWS {
            let names: HashSet<Arc<str>> =
                self.heard.drain(..).map(|news| news.name().clone()).collect();
            self.heard.extend(names.into_iter().map(|name| News::Opened { name }));
        }
        self.heard.push_back(news);
    }

    /// Appends everything heard of, and says where the feed then ends.
    async fn publish(&mut self) -> Result<u64, StoreError> {
        let mut known = match self.known.take() {
            Some(known) => known,
            None => self.begin().await?,
        };
        let published = self.publish_after(&mut known).await;
        let end = known.at.seq;
        self.known = Some(known);
        published.map(|()| end)
    }

    async fn publish_after(&mut self, known: &mut Known) -> Result<(), StoreError> {
        let until = self.tables.deadline();
        self.follow(known).await?;
        self.take_in(known).await?;
        while !self.pending.is_empty() {
            if !self.append(known).await {
                self.follow(known).await?;
                if Instant::now() >= until {
                    return Err(StoreError::Unavailable(
                        "the feed could not be written in time".into(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// One attempt to append what is pending. False if it is not known to have counted.
    async fn append(&mut self, known: &mut Known) -> bool {
        if self.tell(known).await.is_err() {
            return false;
        }
        if known.at.seq - known.began >= self.tables.tuning.generation_records {
            let next = known.generation + 1;
            let row =
                (next, 0i64, FEED, known.generation, 0i64, known.at.seq as i64, &known.at.head[..]);
            // Whatever comes of it, following finds out.
            let _ = self.tables.cql.decide(&self.tables.close, row, false).await;
            return false;
        }
        let places: Vec<Place> = self.pending.iter().take(ENTRY).cloned().collect();
        let from = known.at;
        let to = Position { seq: from.seq + places.len() as u64, head: fresh::bytes() };
        let (from_seq, from_head, seq, head) =
            (from.seq as i64, &from.head[..], to.seq as i64, &to.head[..]);
        let records = entry::to_bytes(&places);
        let row = (
            seq,
            head,
            from_seq,
            from_head,
            head,
            0,
            records,
            FEED,
            known.generation,
            seq,
            0i64,
            from_seq,
            from_head,
        );
        let answer = self.tables.cql.decide(&self.tables.append, row, false).await;
        if !answer.is_ok_and(|verdict| verdict.applied) {
            return false;
        }
        self.pending.drain(..places.len());
        known.enter(to, &places);
        true
    }

    /// Reads what was appended since, by whomever.
    async fn follow(&mut self, known: &mut Known) -> Result<(), StoreError> {
        loop {
            let missing = || broken("the feed has lost its sentinel");
            let fence = self.tables.fence(FEED, known.generation).await?.ok_or_else(missing)?;
            if fence.at.seq > known.at.seq {
                let rows = self
                    .tables
                    .all::<LogRow, _>(
                        &self.tables.frames_after,
                        (FEED, known.generation, known.at.seq as i64),
                    )
                    .await?;
                for row in rows.try_collect::<Vec<_>>().await? {
                    let (frame, _) = frame(row)?;
                    let places = entry::from_bytes(&frame.records)?;
                    self.cross_off(&places);
                    known.enter(frame.to, &places);
                }
            }
            let Some(next) = fence.next else { return Ok(()) };
            self.tables.begin(FEED, next, 0, fence.at).await;
            self.tables.hint(FEED, next).await;
            (known.generation, known.began) = (next, fence.at.seq);
        }
    }

    /// Somebody has published these.
    fn cross_off(&mut self, places: &[Place]) {
        let mut reached: HashMap<&Arc<str>, u64> = HashMap::new();
        for place in places {
            if let Some(mark) = self.marks.get_mut(&place.name) {
                *mark = (*mark).max(place.seq);
                reached.insert(&place.name, place.seq);
            }
        }
        if !reached.is_empty() {
            self.pending.retain(|place| {
                reached.get(&place.name).is_none_or(|reached| place.seq > *reached)
            });
        }
    }

    /// Turns what was heard into what is pending.
    async fn take_in(&mut self, known: &Known) -> Result<(), StoreError> {
        while let Some(news) = self.heard.front() {
            let name = news.name().clone();
            let mark = match self.marks.get(&name) {
                Some(mark) => (log::FIRST, *mark),
                None => self.published(known, &name).await?,
            };
            match news {
                News::Landed { to, .. } if *to <= mark.1 => drop(self.marks.insert(name, mark.1)),
                News::Landed { generation, from, to, .. } if *from == mark.1 => {
                    self.pending.push_back(Place {
                        name: name.clone(),
                        generation: *generation,
                        seq: *to,
                    });
                    self.marks.insert(name, *to);
                }
                News::Landed { .. } | News::Opened { .. } => {
                    let found = self.unpublished(&name, mark).await?;
                    self.marks.insert(name, found.last().map_or(mark.1, |last| last.seq));
                    self.pending.extend(found);
                }
            }
            self.heard.pop_front();
        }
        Ok(())
    }

    /// How far the partition has come in the feed, up to what is known of it.
    async fn published(&self, known: &Known, name: &Arc<str>) -> Result<(i32, u64), StoreError> {
        let told: Option<(i32, i64)> = self.tables.one(&self.tables.published, (&**name,)).await?;
        let told = told.map_or((log::FIRST, 0), |(generation, seq)| (generation, seq as u64));
        Ok(known.last.get(name).copied().filter(|last| last.1 > told.1).unwrap_or(told))
    }

    /// The partition's frames after that.
    async fn unpublished(
        &self,
        name: &Arc<str>,
        (mut generation, seq): (i32, u64),
    ) -> Result<Vec<Place>, StoreError> {
        let mut after = seq as i64;
        let mut found = Vec::new();
        loop {
            let rows = self
                .tables
                .all::<(i64,), _>(&self.tables.sequences_after, (&**name, generation, after))
                .await?;
            let place = |(seq,): (i64,)| Place { name: name.clone(), generation, seq: seq as u64 };
            found.extend(rows.try_collect::<Vec<_>>().await?.into_iter().map(place));
            match self.tables.fence(name, generation).await?.and_then(|fence| fence.next) {
                Some(next) => (generation, after) = (next, after.max(BEFORE_ALL)),
                None => return Ok(found),
            }
        }
    }

    /// Says how far the partitions of the last entry have come, before another entry follows it.
    async fn tell(&self, known: &mut Known) -> Result<(), StoreError> {
        if !known.is_told {
            let position = known.at.seq as i64;
            let tables = &self.tables;
            let told = |(name, (generation, seq)): (&Arc<str>, &(i32, u64))| {
                let row = (name.to_string(), *generation, *seq as i64, position);
                async move { tables.cql.write(&tables.put_published, row).await }
            };
            all_of(known.last.iter().map(told)).await?;
            known.is_told = true;
        }
        Ok(())
    }

    /// Finds the end of the feed's log, or makes it.
    async fn begin(&self) -> Result<Known, StoreError> {
        let tables = &self.tables;
        let mut generation = tables.hinted(FEED).await?;
        loop {
            match tables.fence(FEED, generation).await? {
                None => {
                    generation = log::FIRST;
                    tables.begin(FEED, generation, 0, Position::default()).await;
                }
                Some(fence) => {
                    let missing = || broken("the feed has lost its sentinel");
                    let began = tables.beginning(FEED, generation).await?.ok_or_else(missing)?;
                    let of_last = if began == fence.at { generation - 1 } else { generation };
                    let mut known = Known {
                        generation,
                        began: began.seq,
                        at: fence.at,
                        last: BTreeMap::new(),
                        is_told: true,
                    };
                    if fence.at.seq > 0 {
                        let last = tables.frame_at(FEED, of_last, fence.at.seq).await?;
                        known.enter(last.to, &entry::from_bytes(&last.records)?);
                    }
                    return Ok(known);
                }
            }
        }
    }
}

impl Known {
    fn enter(&mut self, to: Position, places: &[Place]) {
        self.at = to;
        self.last = places
            .iter()
            .map(|place| (place.name.clone(), (place.generation, place.seq)))
            .collect();
        self.is_told = false;
    }
}
