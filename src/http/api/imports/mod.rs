//! Imports: bring codes of your own in a file, and see what became of each row.
//!
//! The endpoints, and the calls about jobs. `arriving` takes a file in, `bodies` has what is read
//! and answered, `explain` what is said when a file or a job is refused.

pub mod arriving;
pub mod bodies;
pub mod explain;
mod finding;

use crate::http::api::imports::bodies::{
    JobBody, RowBody, RowsQuery, parse_place, parse_states, row_state, write_place,
};
use crate::http::api::imports::explain::explain_missing_file;
use crate::http::api::imports::finding::{find_job, job_in_path};
use crate::http::api::offers::MOST_MONEY;
use crate::http::body::Body;
use crate::http::caller::{Operator, Viewer, stay};
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, IdempotencyKey, Params};
use crate::http::page::{self, Items, Paging};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::streams::download;
use crate::http::words::{Cancellers, Duplicates, Spellings};
use crate::shared::Shared;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{self, Bytes, block};
use actix_web::{HttpRequest, HttpResponse};
use actors::domain::imports::job_of_row;
use actors::engine::How;
use futures_util::future::try_join_all;
use futures_util::stream;
use products::imports::report::{CSV_HEADER, Report, ReportPlace};
use std::io;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/coupon-imports", arriving::create)
            .named("importCodes")
            .repeatable()
            .summary("Import coupon codes of your own")
            .notes(
                "The body is CSV with a column `code`: 1 to 64 visible characters, and not in the \
                 shape of this server's own codes. Codes are compared exactly, or with \
                 `spelling=loose` without regard to case, dashes and spaces: two of a file that \
                 differ in nothing else are duplicates, and whoever uses one may type it either \
                 way. It may have more columns, in any order. Of a past: `state` (`created`, \
                 `assigned` or `used`), `owner` (the id of a member here), and of a use its \
                 `amount` and `reference`. Where a code is otherwise than the batch: `expires_at` \
                 (not later than that of the batch), `discount_percent` or `discount_amount`, \
                 `min_amount` and `max_discount`; an empty cell is as the batch has it. \
                 The file is on disk before the answer comes; the job then takes it in, also \
                 after a crash. The same file with the same parameters \
                 is the same job, and one that failed or was cancelled is taken up again by it. \
                 With `on_duplicate=fail` the whole file is checked \
                 first and nothing is imported if it has a duplicate; one that appears while the \
                 job imports stops it there. \
                 An apostrophe before `=`, `+`, `-` or `@` at the beginning of a code is not part \
                 of it: exports put it there for spreadsheets.",
            )
            .who(Who::Operator)
            .query("name", "Of the batch and the job, up to 100 characters.")
            .instant("expires_at", "When the coupons expire.")
            .required()
            .percent("discount_percent", "Either this or `discount_amount`, or `no_discount`.")
            .number("discount_amount", 1..=MOST_MONEY, "In minor units.")
            .number("min_amount", 1..=MOST_MONEY, "Less than this may not be paid with it.")
            .number("max_discount", 1..=MOST_MONEY, "The discount is never more than this.")
            .choice("on_duplicate", Duplicates::ALL, "`skip`, if absent.")
            .flag("no_discount", "`true`: all of the amount stays payable.")
            .choice("spelling", Spellings::ALL, "How codes are compared; `exact`, if absent.")
            .flag("dry_run", "`true`: the whole report, and nothing is imported.")
            .choice("cancel_by", Cancellers::ALL, "Who may take back a use; `member`, if absent.")
            .streams("text/csv")
            .or_bytes()
            .answer::<JobBody>(202, "The job. `Location` is where to look at it.")
            .problems(&[
                &problem::CSV_HEADER,
                &problem::NO_SPACE,
                &problem::BUSY,
                &problem::UNAVAILABLE,
                &problem::CLOCK_MOVED,
            ]),
        Endpoint::get("/jobs", list)
            .named("listJobs")
            .summary("List the jobs")
            .who(Who::Viewer)
            .lists::<JobBody>("The newest first.")
            .problems(&[&problem::UNAVAILABLE]),
        Endpoint::get("/jobs/{id}", show)
            .named("getJob")
            .summary("Look at a job")
            .who(Who::Viewer)
            .answer::<JobBody>(200, "How far it has come.")
            .problems(&[&problem::NOT_FOUND, &problem::UNAVAILABLE]),
        Endpoint::get("/jobs/{id}/rows", rows)
            .named("listJobRows")
            .summary("List what became of each row")
            .notes(
                "A page may have fewer lines than `limit`, even none, while there are more: go \
                on as long as there is a `next_cursor`.",
            )
            .who(Who::Operator)
            .choice(
                "state",
                &["imported", "not_imported", "duplicate", "invalid", "rejected"],
                "`rejected` is `duplicate` and `invalid`. All rows if absent.",
            )
            .lists::<RowBody>("In the order of the file, as far as it was worked off.")
            .problems(&[&problem::NOT_FOUND, &problem::REPORT_GONE, &problem::UNAVAILABLE]),
        Endpoint::get("/jobs/{id}/report", report)
            .named("downloadJobReport")
            .summary("Download what became of each row")
            .notes(
                "CSV with the columns `row`, `code`, `state` and `why`, as far as the file was \
                 worked off when the download began. \
                 A code that a spreadsheet would run (it begins with `=`, `+`, `-` or `@`) has an \
                 apostrophe in front.",
            )
            .who(Who::Operator)
            .answer_text(200, "text/csv", "One line for each row.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::REPORT_GONE,
                &problem::UNAVAILABLE,
                &problem::BUSY,
            ]),
        Endpoint::delete("/jobs/{id}", cancel)
            .named("cancelJob")
            .repeatable()
            .summary("Cancel a job")
            .notes(
                "It ends where the rows under way end. What was imported stays, and is counted. \
                The same file brought again takes the job up again.",
            )
            .who(Who::Operator)
            .answer::<JobBody>(200, "The job, which is `cancelling` or `cancelled`.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::JOB_ENDED,
                &problem::BUSY,
                &problem::UNAVAILABLE,
                &problem::CLOCK_MOVED,
            ]),
    ]
}

/// Lines of a report that are made at a time.
const LINES_AT_ONCE: u64 = 2000;

async fn list(
    shared: web::Data<Shared>,
    _: Viewer,
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
    _: Viewer,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let job = job_in_path(&id)?;
    Ok(reply::ok(&JobBody::of(job, &find_job(&shared, job).await?)))
}

async fn rows(
    shared: web::Data<Shared>,
    _: Operator,
    id: web::Path<String>,
    Params(query): Params<RowsQuery>,
) -> Result<HttpResponse, Problem> {
    let job = job_in_path(&id)?;
    let states = parse_states(query.state.as_deref())?;
    let paging = Paging::of(query.limit, query.cursor);
    let (limit, after) = (paging.limit()?, paging.after()?);
    let view = find_job(&shared, job).await?;
    let from = after.map(|key| parse_place(&key, view.plan.bytes)).transpose()?.unwrap_or_default();
    let (spool, looked_at) = (shared.imports.spool().clone(), view.clone());
    let wanted = move |fate| states.contains(&row_state(&looked_at, fate));
    let read = move || Report::open(&spool, job, from, view.progress.rows)?.page(wanted, limit);
    let (lines, next) = block(read)
        .await
        .map_err(|_| Problem::plain(&problem::STARTING))?
        .map_err(explain_missing_file)?;
    let items = lines.into_iter().map(|line| RowBody::of(&view, line)).collect();
    Ok(reply::ok(&Items::<RowBody> {
        items,
        next_cursor: next.map(|next| page::cursor(&write_place(next))),
    }))
}

async fn report(
    shared: web::Data<Shared>,
    _: Operator,
    request: HttpRequest,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let job = job_in_path(&id)?;
    let view = find_job(&shared, job).await?;
    let seat = shared.streams.reports.take(stay(&shared, &request)?)?;
    let spool = shared.imports.spool().clone();
    let open = move || Report::open(&spool, job, ReportPlace::default(), view.progress.rows);
    let report = block(open)
        .await
        .map_err(|_| Problem::plain(&problem::STARTING))?
        .map_err(explain_missing_file)?;
    let lines = stream::try_unfold((report, view), |(mut report, view)| async move {
        let made = block(move || report.read(LINES_AT_ONCE).map(|lines| (lines, report))).await;
        let (lines, report) = made.map_err(|_| io::Error::other("the server stops"))??;
        let mut text = String::new();
        for line in lines {
            line.write_csv(row_state(&view, line.mark.fate()), &mut text);
        }
        Ok::<_, io::Error>((!text.is_empty()).then(|| (Bytes::from(text), (report, view))))
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
    Operator(caller): Operator,
    key: IdempotencyKey,
    id: web::Path<String>,
    _: Params<flags::Nothing>,
    Body(flags::Nothing {}): Body<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let job = job_in_path(&id)?;
    let by = key.by(caller, How::ForGood, || vec![b"cancel".to_vec(), job.0.to_vec()]);
    let done = shared.imports.cancel(job, by).await?;
    let view = find_job(&shared, job).await?;
    Ok(reply::mark_replayed(reply::ok(&JobBody::of(job, &view)), done.replayed))
}
