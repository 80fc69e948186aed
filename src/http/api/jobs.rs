//! Jobs: what was set going and how far it has come, with a line for every row.

use super::auth::keyed;
use super::offers::OfferBody;
use crate::http::body::Body;
use crate::http::caller::{Admin, stay};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::page::{self, Items, Paging};
use crate::http::problem::{self, Explain, Problem};
use crate::http::reply;
use crate::http::streams::download;
use crate::shared::Shared;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{self, Bytes, block};
use actix_web::{HttpRequest, HttpResponse};
use actors::Id;
use actors::domain::imports::{
    ImportPass, ImportState, ImportView, OnDuplicate, Refusal, WhyFailed, job_of_row,
};
use actors::engine::How;
use base::calendar::wire_time;
use futures_util::future::try_join_all;
use futures_util::stream;
use products::imports::mark::Fate;
use products::imports::report::{CSV_HEADER, Line, Place, Report};
use serde::{Deserialize, Serialize};
use std::io;
use utoipa::ToSchema;

/// Lines of a report that are made at a time.
const LINES_AT_ONCE: u64 = 2000;

#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobBody {
    pub id: String,
    /// `coupon_import`.
    pub kind: &'static str,
    /// `checking`, `importing`, `cancelling`, `finished`, `failed` or `cancelled`.
    pub state: &'static str,
    /// Why it failed.
    pub why: Option<String>,
    pub name: Option<String>,
    /// SHA-256 of the file.
    pub file: String,
    /// `skip` or `fail`.
    pub on_duplicate: &'static str,
    pub dry_run: bool,
    pub offer: OfferBody,
    pub expires_at: String,
    pub progress: ProgressBody,
    pub rows: RowsBody,
    /// The batch that has the imported codes. Null until the first is to be imported, and for a dry
    /// run.
    pub batch: Option<String>,
    pub created_at: String,
    pub ended_at: Option<String>,
}

/// How far it has come in the pass that it is in. What was imported stays, also when a job fails or
/// is cancelled.
#[derive(Serialize, ToSchema)]
#[schema(as = JobProgress)]
pub struct ProgressBody {
    pub rows: u64,
    pub bytes: u64,
    pub of_bytes: u64,
}

/// The rows so far, by what became of them. In a dry run or while it checks, `imported` is what
/// would be.
#[derive(Serialize, ToSchema)]
#[schema(as = JobRows)]
pub struct RowsBody {
    pub imported: u64,
    pub duplicate: u64,
    pub invalid: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = JobRow)]
pub struct RowBody {
    /// The first row after the header is 1; blank lines do not count.
    pub row: u64,
    /// As it stands in the file; empty if it cannot be read, and not longer than 100 characters.
    pub code: String,
    /// `imported`, `duplicate` or `invalid`.
    pub state: &'static str,
    pub why: Option<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowsQuery {
    state: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/jobs", list)
            .summary("List the jobs")
            .who(Who::Admin)
            .lists::<JobBody>("The newest first.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/jobs/{id}", show)
            .summary("Look at a job")
            .who(Who::Admin)
            .answer::<JobBody>(200, "How far it has come.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::get("/jobs/{id}/rows", rows)
            .summary("List what became of each row")
            .notes(
                "A page may have fewer lines than `limit`, even none, while there are more: go \
                on as long as there is a `next_cursor`.",
            )
            .who(Who::Admin)
            .query(
                "state",
                "`imported`, `duplicate`, `invalid`, or `rejected`, which is the last \
                two. All rows if absent.",
            )
            .lists::<RowBody>("In the order of the file, as far as it was worked off.")
            .problems(&[&problem::NOT_FOUND, &problem::REPORT_GONE, &problem::UNAVAILABLE]),
        Endpoint::get("/jobs/{id}/report", report)
            .summary("Download what became of each row")
            .notes(
                "CSV with the columns `row`, `code`, `state` and `why`, as far as the file was \
                 worked off when the download began. \
                 A code that a spreadsheet would run (it begins with `=`, `+`, `-` or `@`) has an \
                 apostrophe in front.",
            )
            .who(Who::Admin)
            .answer_text(200, "text/csv", "One line for each row.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::REPORT_GONE,
                &problem::UNAVAILABLE,
                &problem::BUSY,
            ]),
        keyed(Endpoint::delete("/jobs/{id}", cancel))
            .summary("Cancel a job")
            .notes(
                "It ends where the rows under way end. What was imported stays, and is counted. \
                The same file brought again takes the job up again.",
            )
            .who(Who::Admin)
            .answer::<JobBody>(200, "The job, which is `cancelling` or `cancelled`.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::JOB_ENDED,
                &problem::BUSY,
                &problem::UNAVAILABLE,
                &problem::OUTCOME_UNKNOWN,
                &problem::CLOCK_MOVED,
            ]),
    ]
}

async fn list(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let found = shared.imports.list(paging.after()?, limit + 1).await?;
    let keys = Items::page(found, limit, Clone::clone, |key| job_of_row(&key));
    let views = try_join_all(keys.items.iter().map(|job| shared.imports.view(*job))).await?;
    let items = keys
        .items
        .iter()
        .zip(views)
        .filter_map(|(job, view)| Some(JobBody::of(*job, &view?)))
        .collect();
    Ok(reply::ok(&Items::<JobBody> { items, next_cursor: keys.next_cursor }))
}

async fn show(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let job = known_id(&id)?;
    Ok(reply::ok(&JobBody::of(job, &known(&shared, job).await?)))
}

async fn rows(
    shared: web::Data<Shared>,
    _: Admin,
    id: web::Path<String>,
    Params(query): Params<RowsQuery>,
) -> Result<HttpResponse, Problem> {
    let job = known_id(&id)?;
    let wanted = wanted(query.state.as_deref())?;
    let paging = Paging::of(query.limit, query.cursor);
    let (limit, after) = (paging.limit()?, paging.after()?);
    let view = known(&shared, job).await?;
    let from = after.map(|key| place(&key, view.plan.bytes)).transpose()?.unwrap_or_default();
    let spool = shared.imports.spool().clone();
    let read = move || Report::open(&spool, job, from, view.progress.rows)?.page(wanted, limit);
    let (lines, next) =
        block(read).await.map_err(|_| Problem::plain(&problem::STARTING))?.map_err(gone)?;
    let items = lines.into_iter().map(RowBody::of).collect();
    Ok(reply::ok(&Items::<RowBody> {
        items,
        next_cursor: next.map(|next| page::cursor(&key(next))),
    }))
}

async fn report(
    shared: web::Data<Shared>,
    _: Admin,
    request: HttpRequest,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let job = known_id(&id)?;
    let view = known(&shared, job).await?;
    let seat = shared.streams.reports.take(stay(&shared, &request)?)?;
    let spool = shared.imports.spool().clone();
    let open = move || Report::open(&spool, job, Place::default(), view.progress.rows);
    let report =
        block(open).await.map_err(|_| Problem::plain(&problem::STARTING))?.map_err(gone)?;
    let lines = stream::try_unfold(report, |mut report| async move {
        let made = block(move || report.read(LINES_AT_ONCE).map(|lines| (lines, report))).await;
        let (lines, report) = made.map_err(|_| io::Error::other("the server stops"))??;
        let mut text = String::new();
        lines.iter().for_each(|line| line.write_csv(&mut text));
        Ok::<_, io::Error>((!text.is_empty()).then(|| (Bytes::from(text), report)))
    });
    let header =
        stream::once(async { Ok::<_, io::Error>(Bytes::from_static(CSV_HEADER.as_bytes())) });
    let name = format!("attachment; filename=\"{job}.csv\"");
    let mut response = HttpResponse::Ok();
    response.content_type("text/csv; charset=utf-8").insert_header((CONTENT_DISPOSITION, name));
    let lines = futures_util::StreamExt::chain(header, lines);
    Ok(response.streaming(download(seat, lines)))
}

async fn cancel(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let job = known_id(&id)?;
    let by = key.by(caller, How::ForGood, || vec![b"cancel".to_vec(), job.0.to_vec()]);
    let done = shared.imports.cancel(job, by).await?;
    let view = known(&shared, job).await?;
    Ok(reply::replayed(reply::ok(&JobBody::of(job, &view)), done.replayed))
}

pub async fn known(shared: &Shared, job: Id) -> Result<ImportView, Problem> {
    shared.imports.view(job).await?.ok_or_else(no_job)
}

fn known_id(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| no_job())
}

fn no_job() -> Problem {
    Problem::new(&problem::NOT_FOUND, "there is no such job")
}

/// The files of a job that is known.
fn gone(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::plain(&problem::REPORT_GONE),
        _ => Problem::new(&problem::UNAVAILABLE, format!("the job's file cannot be read: {error}")),
    }
}

fn wanted(state: Option<&str>) -> Result<impl Fn(Fate) -> bool + Send + 'static, Problem> {
    let fates: &'static [Fate] = match state {
        None => &[Fate::Imported, Fate::Duplicate, Fate::Invalid],
        Some("imported") => &[Fate::Imported],
        Some("duplicate") => &[Fate::Duplicate],
        Some("invalid") => &[Fate::Invalid],
        Some("rejected") => &[Fate::Duplicate, Fate::Invalid],
        Some(_) => {
            return Err(Problem::invalid("?state", "imported, duplicate, invalid or rejected"));
        }
    };
    Ok(move |fate| fates.contains(&fate))
}

/// Where a page begins, as a cursor has it: the rows before it, and where in the file the next one
/// begins.
fn key(place: Place) -> Vec<u8> {
    [place.rows.to_be_bytes(), place.offset.to_be_bytes()].concat()
}

/// A place behind the end of the file is none that this list has handed out. A row has a byte at
/// least.
fn place(key: &[u8], of_bytes: u64) -> Result<Place, Problem> {
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes);
    match (number(key.get(..8).unwrap_or_default()), number(key.get(8..).unwrap_or_default())) {
        (Ok(rows), Ok(offset)) if (1..=of_bytes).contains(&offset) && rows <= offset => {
            Ok(Place { rows, offset })
        }
        _ => Err(Problem::invalid("?cursor", "not a cursor of this list")),
    }
}

impl JobBody {
    pub fn of(job: Id, view: &ImportView) -> JobBody {
        let ImportView { plan, progress, .. } = view;
        JobBody {
            id: job.to_string(),
            kind: "coupon_import",
            state: state(view),
            why: why(view),
            name: plan.name.clone(),
            file: plan.file.iter().map(|byte| format!("{byte:02x}")).collect(),
            on_duplicate: match plan.on_duplicate {
                OnDuplicate::Skip => "skip",
                OnDuplicate::Fail => "fail",
            },
            dry_run: plan.dry_run,
            offer: plan.offer.into(),
            expires_at: wire_time(plan.expires_at),
            progress: ProgressBody {
                rows: progress.rows,
                bytes: progress.offset,
                of_bytes: plan.bytes,
            },
            rows: RowsBody {
                imported: progress.imported,
                duplicate: progress.duplicate,
                invalid: progress.invalid,
            },
            batch: view.batch.map(|batch| batch.to_string()),
            created_at: wire_time(view.created_at),
            ended_at: view.ended_at.map(wire_time),
        }
    }
}

fn state(view: &ImportView) -> &'static str {
    match (view.state, view.pass) {
        (ImportState::Running, ImportPass::Checking) => "checking",
        (ImportState::Running, ImportPass::Importing) => "importing",
        (ImportState::Cancelling, _) => "cancelling",
        (ImportState::Finished, _) => "finished",
        (ImportState::Failed(_), _) => "failed",
        (ImportState::Cancelled, _) => "cancelled",
    }
}

fn why(view: &ImportView) -> Option<String> {
    let ImportState::Failed(why) = view.state else { return None };
    Some(match (why, view.pass) {
        (WhyFailed::Duplicate { row }, ImportPass::Checking) => format!(
            "row {row} is a duplicate; nothing was \
            imported"
        ),
        (WhyFailed::Duplicate { row }, ImportPass::Importing) => {
            format!(
                "row {row} became a duplicate while the file was imported; what was imported \
                before stays"
            )
        }
        (WhyFailed::FileMissing, _) => {
            "its file is no longer in the data folder; send it again and the \
            job goes on"
                .into()
        }
        (WhyFailed::FileChanged, _) => {
            "its file in the data folder is not the one that was sent; send \
            it again and the job goes on"
                .into()
        }
    })
}

impl RowBody {
    fn of(line: Line) -> RowBody {
        RowBody {
            row: line.row,
            code: line.code,
            state: line.mark.fate().name(),
            why: line.mark.why(),
        }
    }
}

impl Explain for Refusal {
    fn explain(self) -> Problem {
        match self {
            Refusal::Unknown => no_job(),
            Refusal::Ended => Problem::plain(&problem::JOB_ENDED),
            // Only the worker gives commands that must follow from where the job is.
            Refusal::OutOfStep => Problem::plain(&problem::INTERNAL),
        }
    }
}
