//! Imports: codes made elsewhere, brought as a file: kept, worked off row by row, reported on.
//!
//! `spool` keeps the file before the caller is told so; `rows` and `code` read it; `worker` takes
//! it in, chunk by chunk; `marks` says of each row what became of it; `report` reads that. How far
//! a job has come its partition knows (`actors::domain::imports`), and nothing else. Whatever is
//! done can be done again: a crash anywhere, and the next start goes on and comes to the same.

pub mod chunk;
pub mod code;
pub mod columns;
pub mod header;
pub mod mark;
pub mod marks;
pub mod own;
pub mod racks;
pub mod report;
pub mod rows;
pub mod seen;
pub mod spool;
pub mod told;
pub mod worker;

use crate::failure::{Error, pick};
use crate::table::Engine;
use actors::domain::coupons::Offer;
use actors::domain::coupons::rack::Spelling;
use actors::domain::imports::{
    Command, Event, ImportPlan, ImportView, OnDuplicate, Question, UNFINISHED, job_of_row,
};
use actors::domain::shelves::JOBS;
use actors::engine::{By, Done};
use actors::store::{Page, StoreError};
use actors::{Id, Time};
use spool::{Arrived, Spool};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// Jobs that are looked through for the oldest.
const UNFINISHED_AT_ONCE: usize = 1000;

pub struct Imports {
    engine: Arc<Engine>,
    spool: Arc<Spool>,
    /// Rows that are decided at a time.
    chunk: usize,
    /// Told when there is a job to do, so that it does not wait for the next look around.
    news: Notify,
}

/// What is to be done with a file.
pub struct WantedImport {
    pub name: Option<String>,
    pub offer: Offer,
    pub expires_at: Time,
    pub on_duplicate: OnDuplicate,
    pub dry_run: bool,
    pub spelling: Spelling,
}

impl Imports {
    /// Files in that folder, of so many bytes at most, decided on `chunk` rows at a time.
    pub fn open(
        engine: Arc<Engine>,
        data: &Path,
        limit: u64,
        chunk: usize,
    ) -> std::io::Result<Arc<Imports>> {
        let spool = Arc::new(Spool::open(data, limit)?);
        Ok(Arc::new(Imports { engine, spool, chunk, news: Notify::new() }))
    }

    pub fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// The same file on the same terms from the same caller is the same job.
    pub fn plan(arrived: &Arrived, wanted: WantedImport, owner: Id) -> (Id, ImportPlan) {
        let WantedImport { name, offer, expires_at, on_duplicate, dry_run, spelling } = wanted;
        let plan = ImportPlan {
            name,
            file: arrived.hash,
            bytes: arrived.bytes,
            offer,
            expires_at,
            on_duplicate,
            dry_run,
            spelling,
        };
        (Id::digest(&[b"import", &owner.0, &plan.terms()]), plan)
    }

    /// Creates the job of a file that is where the job looks for it.
    pub async fn create(&self, job: Id, plan: ImportPlan, by: By) -> Result<Done<()>, Error> {
        let done = self.command(job, Command::Create(plan), by).await?;
        let is_created = |event: &Event| {
            matches!(event, Event::Created(_) | Event::Planned(_) | Event::Reopened)
        };
        pick(done, |event| is_created(&event).then_some(()))
    }

    pub async fn cancel(&self, job: Id, by: By) -> Result<Done<()>, Error> {
        let done = self.command(job, Command::Cancel, by).await?;
        pick(done, |event| matches!(event, Event::Cancelling | Event::Cancelled).then_some(()))
    }

    async fn command(&self, job: Id, command: Command, by: By) -> Result<Done<Event>, Error> {
        let done = self.engine.imports.command(&job, command, by).await;
        self.news.notify_one();
        Ok(done?)
    }

    pub async fn view(&self, job: Id) -> Result<Option<ImportView>, Error> {
        Ok(self.engine.imports.look(&job, Question).await?.answer)
    }

    /// All jobs, the newest first: the keys of their lines.
    pub async fn list(
        &self,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let lines = self.engine.rows(Page { shelf: JOBS, owner: Id::SYSTEM, after, limit }).await?;
        Ok(lines.into_iter().filter(|line| line.body == b"import").map(|line| line.key).collect())
    }

    /// The jobs that have not ended, the oldest first.
    async fn unfinished(&self) -> Result<Vec<Id>, StoreError> {
        let page = Page { shelf: JOBS, owner: UNFINISHED, after: None, limit: UNFINISHED_AT_ONCE };
        let mut lines = self.engine.rows(page).await?;
        lines.sort_by(|one, other| one.body.cmp(&other.body));
        Ok(lines.iter().filter_map(|line| job_of_row(&line.key)).collect())
    }

    pub fn now(&self) -> Time {
        self.engine.node.now()
    }
}
