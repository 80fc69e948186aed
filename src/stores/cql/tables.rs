//! The tables of the log store, each with its own prepared statements.
//!
//! What a column is called here is what it is called in `cql/001-log.cql`; conditional statements
//! list the columns of their condition last.

use super::database::{Database, Tuning};
use super::error::{Error, broken};
use super::generations::Generations;
use super::log::FrameLog;
use super::lookups::Lookups;
use super::published::Published;
use super::rows::FIRST;
use super::session::Cql;
use super::sleepers::Sleepers;
use super::snapshots::Snapshots;
use actors::store::{Opened, Position, StoreError};
use std::sync::Arc;

pub struct Tables {
    pub db: Database,
    pub generations: Arc<Generations>,
    pub log: Arc<FrameLog>,
    pub snapshots: Snapshots,
    pub lookups: Lookups,
    pub sleepers: Sleepers,
    pub published: Published,
}

impl Tables {
    pub async fn prepare(cql: Arc<Cql>, tuning: Tuning) -> Result<Tables, Error> {
        let db = Database { cql, tuning };
        let generations = Arc::new(Generations::prepare(db.clone()).await?);
        let log = Arc::new(FrameLog::prepare(db.clone(), generations.clone()).await?);
        Ok(Tables {
            snapshots: Snapshots::prepare(db.clone(), log.clone()).await?,
            lookups: Lookups::prepare(db.clone()).await?,
            sleepers: Sleepers::prepare(db.clone()).await?,
            published: Published::prepare(db.clone()).await?,
            generations,
            log,
            db,
        })
    }

    /// The newest snapshot that fits the log, the frames whose keys it still remembers, and every
    /// frame after it up to that position, which is where the log ends.
    pub async fn read_up_to(&self, name: &str, end: Position) -> Result<Opened, StoreError> {
        let (generation, snapshot) = match self.snapshots.load(name).await? {
            Some((generation, snapshot)) => (generation, Some(snapshot)),
            None => (FIRST, None),
        };
        let (at, after) = snapshot
            .as_ref()
            .map_or((Position::default(), 0), |snapshot| (snapshot.at, snapshot.keys_after));
        let generation = self.generations.of(name, after, generation).await?;
        let mut frames = self.log.frames_after(name, generation, after).await?;
        // If another node has taken over since, there may be more; but then this opening can write
        // nothing.
        frames.retain(|frame| frame.to.seq <= end.seq);
        match frames.last().map_or(at, |last| last.to) {
            found if found == end => Ok(Opened { snapshot, frames }),
            found => Err(broken(format!(
                "the log of {name} ends at {} and should end at {}",
                found.seq, end.seq
            ))),
        }
    }
}
