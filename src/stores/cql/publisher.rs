//! Putting frames into the feed: one order over all partitions, whatever node wrote them and
//! whatever its clock says.
//!
//! CQL has no order over partitions, so the feed is a log of its own. Every node appends to its end
//! where the frames lie that it wrote, many at once. So what is shown stays where it is, and
//! everything later comes after it. Clocks play no part.
//!
//! A frame is published once. `published` says how far each partition has come. It is written after
//! an entry, by the node that appends the next one, and before that. So a node that reads it, and
//! the entries from the last one it knows on, knows what is published. If a node dies before it has
//! published its frames, the next opening of their partition finds them.

use super::entry::FramePlace;
use super::feed_end::{ENTRY, FeedEnd};
use super::rows::{BEFORE_ALL, FIRST};
use super::tables::Tables;
use actors::store::StoreError;
use base::journal;
use base::journal::Value;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

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

pub struct Publisher {
    tables: Arc<Tables>,
    news: mpsc::UnboundedReceiver<News>,
    asked: mpsc::UnboundedReceiver<Asked>,
    heard: VecDeque<News>,
    pending: VecDeque<FramePlace>,
    /// Up to which sequence each partition is published or pending.
    marks: HashMap<Arc<str>, u64>,
    end: Option<FeedEnd>,
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
            end: None,
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
                // The caller may be gone.
                let _ = asked.send(end);
            }
            earliest = Instant::now() + self.tables.db.tuning.publish_every;
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
        let mut end = match self.end.take() {
            Some(end) => end,
            None => FeedEnd::find(self.tables.clone()).await?,
        };
        let published = self.publish_after(&mut end).await;
        let position = end.position();
        self.end = Some(end);
        published.map(|()| position)
    }

    async fn publish_after(&mut self, end: &mut FeedEnd) -> Result<(), StoreError> {
        let until = self.tables.db.deadline();
        self.follow(end).await?;
        self.take_in(end).await?;
        while !self.pending.is_empty() {
            let places: Vec<FramePlace> = self.pending.iter().take(ENTRY).cloned().collect();
            if end.append(&places).await {
                self.pending.drain(..places.len());
                continue;
            }
            self.follow(end).await?;
            if Instant::now() >= until {
                return Err(StoreError::Unavailable(
                    "the feed could not be written in time".into(),
                ));
            }
        }
        Ok(())
    }

    async fn follow(&mut self, end: &mut FeedEnd) -> Result<(), StoreError> {
        end.follow(|places| self.cross_off(places)).await
    }

    /// Other nodes have published these, or this one before.
    fn cross_off(&mut self, places: &[FramePlace]) {
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
    async fn take_in(&mut self, end: &FeedEnd) -> Result<(), StoreError> {
        while let Some(news) = self.heard.front() {
            let name = news.name().clone();
            let mark = match self.marks.get(&name) {
                Some(mark) => (FIRST, *mark),
                None => end.reached(&name).await?,
            };
            match news {
                News::Landed { to, .. } if *to <= mark.1 => drop(self.marks.insert(name, mark.1)),
                News::Landed { generation, from, to, .. } if *from == mark.1 => {
                    self.pending.push_back(FramePlace {
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

    /// The partition's frames after that.
    async fn unpublished(
        &self,
        name: &Arc<str>,
        (mut generation, seq): (i32, u64),
    ) -> Result<Vec<FramePlace>, StoreError> {
        let mut after = seq as i64;
        let mut found = Vec::new();
        loop {
            let sequences = self.tables.log.sequences_after(name, generation, after).await?;
            let place = |seq| FramePlace { name: name.clone(), generation, seq };
            found.extend(sequences.into_iter().map(place));
            match self
                .tables
                .generations
                .fence(name, generation)
                .await?
                .and_then(|fence| fence.next)
            {
                Some(next) => (generation, after) = (next, after.max(BEFORE_ALL)),
                None => return Ok(found),
            }
        }
    }
}
