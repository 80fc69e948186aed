//! Works off the jobs that have not ended, a chunk of each in turn, so that a small file does not
//! wait for a large one.
//!
//! One turn: read some rows, let the racks decide, write down what became of each, flush, and only
//! then advance the job. Whatever is lost on the way is done again from where the job stands, and
//! comes to the same. What cannot be done now is tried again.

use crate::failure::{Error, pick};
use crate::imports::chunk::{BrokenJob, Chunk, JobFiles};
use crate::imports::seen::Seen;
use crate::imports::{Imports, racks};
use crate::looking::wait_for_news;
use actix_rt::task::spawn_blocking;
use actors::Id;
use actors::domain::Only;
use actors::domain::coupons::{Serial, catalogue, rack};
use actors::domain::imports::{
    Command, Event, ImportPass, ImportState, ImportView, OnDuplicate, WhyFailed,
};
use actors::engine::By;
use base::journal;
use base::journal::Value;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use metrics::{counter, gauge};
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

/// Jobs that are worked on at the same time.
const AT_ONCE: usize = 4;
/// Codes that get their owners and uses at the same time.
const PASTS_AT_ONCE: usize = 64;

/// What is left of a job after a turn.
enum Turn {
    On(Box<JobFiles>),
    /// Its files have to be opened anew.
    Again,
    Ended,
}

/// Why a turn came to nothing this time.
struct Trouble(String);

impl<E: Display> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        Trouble(error.to_string())
    }
}

/// Starts the worker on this thread. It ends when the node stops.
pub fn start(imports: Arc<Imports>, stops: impl Fn() -> bool + 'static) {
    actix_rt::spawn(async move {
        let mut works: HashMap<Id, Box<JobFiles>> = HashMap::new();
        while !stops() {
            let found = imports.unfinished().await;
            let is_any_open = !found.as_ref().is_ok_and(Vec::is_empty);
            let mut jobs = found.unwrap_or_default();
            if !imports.engine.node.is_settled() {
                jobs.clear();
            }
            if imports.engine.node.has_neighbours() {
                // The file is where it arrived, and nowhere else.
                jobs.retain(|job| imports.spool.has(*job));
            }
            gauge!("stampede_jobs_unfinished").set(jobs.len() as f64);
            let jobs = &jobs[..jobs.len().min(AT_ONCE)];
            works.retain(|job, _| jobs.contains(job));
            let turns: Vec<_> =
                jobs.iter().map(|job| turn(&imports, *job, works.remove(job))).collect();
            let mut idle = true;
            for (job, turn) in jobs.iter().zip(join_all(turns).await) {
                idle &= turn.is_err();
                match turn {
                    Ok(Turn::On(work)) => drop(works.insert(*job, work)),
                    Ok(Turn::Again | Turn::Ended) => {}
                    // A node that stops takes the partitions away under it; the next start goes on.
                    Err(_) if stops() => {}
                    Err(Trouble(why)) => journal::warn(
                        "an import waits",
                        &[("job", Value::Text(job)), ("error", Value::Text(&why))],
                    ),
                }
            }
            if idle {
                wait_for_news(&imports.engine.node, &imports.news, is_any_open).await;
            }
        }
    });
}

async fn turn(imports: &Imports, job: Id, work: Option<Box<JobFiles>>) -> Result<Turn, Trouble> {
    let Some(view) = imports.view(job).await? else { return Ok(Turn::Ended) };
    let work = work.filter(|work| work.is_at(&view));
    // With its files at hand, every chunk that was begun is counted. Without, the last one may be
    // half done, and is done before it ends.
    let nothing_under_way = work.is_some()
        || view.pass == ImportPass::Checking
        || view.batch.is_none()
        || view.has_read_all();
    match (view.state, view.must_fail()) {
        (ImportState::Finished | ImportState::Failed(_) | ImportState::Cancelled, _) => {
            return Ok(Turn::Ended);
        }
        (_, Some(why)) => return end(imports, job, Command::Fail(why)).await,
        (ImportState::Cancelling, None) if nothing_under_way => {
            return end(imports, job, Command::Stop).await;
        }
        (ImportState::Running, None) if view.is_through() => {
            return end(imports, job, Command::Finish).await;
        }
        (ImportState::Running, None) if !imports.may_read(&view) => {
            return register(imports, job, &view).await;
        }
        (ImportState::Running | ImportState::Cancelling, None) => {}
    }
    match work {
        Some(work) => on(imports, job, &view, work).await,
        None => match open(imports, job, &view).await? {
            Ok(work) => on(imports, job, &view, Box::new(work)).await,
            Err(why) => end(imports, job, Command::Fail(why)).await,
        },
    }
}

/// Opens a job's files where it stands, or says why they can never be.
async fn open(
    imports: &Imports,
    job: Id,
    view: &ImportView,
) -> Result<Result<JobFiles, WhyFailed>, Trouble> {
    let (spool, view) = (imports.spool.clone(), view.clone());
    match spawn_blocking(move || JobFiles::open(&spool, job, &view)).await? {
        Ok(work) => Ok(Ok(work)),
        Err(BrokenJob::Missing) => Ok(Err(WhyFailed::FileMissing)),
        Err(BrokenJob::Changed) => Ok(Err(WhyFailed::FileChanged)),
        Err(broken) => Err(broken.into()),
    }
}

/// The next chunk of a job.
async fn on(
    imports: &Imports,
    job: Id,
    view: &ImportView,
    mut work: Box<JobFiles>,
) -> Result<Turn, Trouble> {
    let (most, spelling) = (imports.chunk, view.plan.spelling);
    let (read, mut work) = spawn_blocking(move || (work.read(most), work)).await?;
    let mut chunk: Chunk = read?;
    let taken = match (view.pass, view.batch) {
        (ImportPass::Importing, Some(batch)) => {
            let terms =
                rack::RackTerms { offer: view.plan.offer, expires_at: view.plan.expires_at };
            if work.ends_must_be_listed() {
                imports.list_own_ends(batch).await?;
                work.ends_are_listed();
            }
            let taken =
                racks::import(&imports.engine, batch, terms, spelling, &chunk.lines, &chunk.own)
                    .await?;
            let relive = |(code, past)| racks::relive(&imports.engine, batch, spelling, code, past);
            let pasts = stream::iter(chunk.pasts(&taken).map(relive));
            pasts.buffer_unordered(PASTS_AT_ONCE).try_collect::<()>().await?;
            taken
        }
        _ => {
            let free = racks::check(&imports.engine, view.batch, spelling, &chunk.lines).await?;
            let (first, back, lines) =
                spawn_blocking(move || (work.first(&chunk.lines), work, chunk)).await?;
            (work, chunk) = (back, lines);
            let first = first?.unwrap_or_default();
            free.iter().zip(first).map(|(free, first)| *free && first).collect()
        }
    };
    chunk.decided(&taken);
    if view.pass == ImportPass::Checking && view.plan.on_duplicate == OnDuplicate::Fail {
        chunk.end_at_duplicate();
    }
    let (progress, mut work) = spawn_blocking(move || (work.mark(&chunk), work)).await?;
    let progress = progress?;
    imports.step(job, Command::Advance(progress)).await?;
    for (fate, rows) in work.arrive(progress) {
        counter!("stampede_import_rows_total", "outcome" => fate.name()).increment(rows);
    }
    Ok(Turn::On(work))
}

/// Makes the batch that takes the codes in, once for a job, and begins to import.
async fn register(imports: &Imports, job: Id, view: &ImportView) -> Result<Turn, Trouble> {
    let plan = catalogue::BatchPlan {
        name: view.plan.name.clone(),
        offer: view.plan.offer,
        expires_at: view.plan.expires_at,
        what: catalogue::BatchKind::Imported { job },
    };
    let entry = catalogue::CatalogueEntry::Batch(plan);
    let command = catalogue::Command::Register { entry, key: 0, figures: None };
    let done = imports.engine.catalogue.command(&Only, command, By::SYSTEM).await;
    let registered =
        pick(done.map_err(Error::from)?, |event| event.registered().map(|(serial, ..)| serial))?;
    imports.step(job, Command::Register { batch: registered.event }).await?;
    Ok(Turn::Again)
}

async fn end(imports: &Imports, job: Id, how: Command) -> Result<Turn, Trouble> {
    let event = imports.step(job, how).await?;
    let folder = imports.spool.folder_of(job);
    spawn_blocking(move || Seen::remove(&folder)).await?;
    let state = match event {
        Event::Finished => "finished",
        Event::Failed(_) => "failed",
        _ => "cancelled",
    };
    counter!("stampede_jobs_ended_total", "state" => state).increment(1);
    journal::info(
        "an import has ended",
        &[("job", Value::Text(&job)), ("state", Value::Text(&state))],
    );
    Ok(Turn::Ended)
}

impl Imports {
    /// A step of a job, which the worker itself commands.
    async fn step(&self, job: Id, command: Command) -> Result<Event, Error> {
        Ok(self.engine.imports.command(&job, command, By::SYSTEM).await?.event)
    }

    /// The batch is found by the ends of its codes, too, before any of them is there.
    async fn list_own_ends(&self, serial: Serial) -> Result<(), Error> {
        let list = catalogue::Command::ListExpiry { serial, expires_at: catalogue::OWN_ENDS };
        Ok(self.engine.catalogue.command(&Only, list, By::SYSTEM).await.map(drop)?)
    }

    /// Whether the pass that a job is in has what it needs to go on; if not, its batch comes next.
    fn may_read(&self, view: &ImportView) -> bool {
        match view.pass {
            ImportPass::Checking => !view.has_read_all(),
            ImportPass::Importing => view.batch.is_some(),
        }
    }
}
