//! `POST /coupon-imports`: a file of somebody else's codes, streamed to the disk and handed to a
//! job.

use super::auth::keyed;
use super::jobs::{self, JobBody};
use super::offers::{Worth, future};
use crate::http::caller::Admin;
use crate::http::edge::Outside;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{IdempotencyKey, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{self, block};
use actix_web::{HttpRequest, HttpResponse};
use actors::domain::imports::OnDuplicate;
use actors::engine::How;
use futures_util::StreamExt;
use futures_util::future::poll_immediate;
use metrics::counter;
use products::imports::spool::{Arrived, Refused};
use products::imports::{Imports, WantedImport};
use serde::Deserialize;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const LONGEST_NAME: usize = 100;
/// Bytes that are handed to the disk at a time; what an upload keeps in memory.
const AT_ONCE: usize = 1024 * 1024;
/// Less than this in a second, over the time that a body may take, and an upload is given up: it
/// would keep one of the few places for ever.
const SLOWEST: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    name: Option<String>,
    expires_at: Option<String>,
    discount_percent: Option<u8>,
    discount_amount: Option<u64>,
    min_amount: Option<u64>,
    max_discount: Option<u64>,
    on_duplicate: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        keyed(Endpoint::post("/coupon-imports", create))
            .summary("Import coupon codes of your own")
            .notes(
                "The body is CSV with one column, `code`: 1 to 64 visible characters, compared \
                 exactly, and not in the shape of this server's own \
                 codes. It is on disk before the answer comes; the job then takes it in, also \
                 after a crash. The same file with the same parameters \
                 is the same job, and one that failed or was cancelled is taken up again by it. \
                 With `on_duplicate=fail` the whole file is checked \
                 first and nothing is imported if it has a duplicate; one that appears while the \
                 job imports stops it there. \
                 An apostrophe before `=`, `+`, `-` or `@` at the beginning of a code is not part \
                 of it: exports put it there for spreadsheets.",
            )
            .who(Who::Admin)
            .query("name", "Of the batch and the job, up to 100 characters.")
            .query("expires_at", "When the coupons expire, RFC 3339 with its zone. Required.")
            .query("discount_percent", "1 to 100. Either this or `discount_amount`.")
            .query("discount_amount", "In minor units.")
            .query("min_amount", "Less than this may not be paid with it.")
            .query("max_discount", "The discount is never more than this.")
            .query("on_duplicate", "`skip`, the default, or `fail`.")
            .query("dry_run", "`true`: the whole report, and nothing is imported.")
            .streams("text/csv")
            .answer::<JobBody>(202, "The job. `Location` is where to look at it.")
            .problems(&[
                &problem::CSV_HEADER,
                &problem::NO_SPACE,
                &problem::BUSY,
                &problem::UNAVAILABLE,
                &problem::OUTCOME_UNKNOWN,
                &problem::CLOCK_MOVED,
            ]),
    ]
}

async fn create(
    shared: web::Data<Shared>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    Params(query): Params<ImportQuery>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let wanted = wanted(&shared, query)?;
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let arrived = receive(&shared, body, announced).await?;
    let (job, plan) = Imports::plan(&arrived, wanted, caller.id);
    let spool = shared.imports.spool().clone();
    block(move || spool.keep(&arrived, job)).await.map_err(stopped)??;
    let by = key.by(caller, How::ForGood, || vec![b"import".to_vec(), job.0.to_vec()]);
    let done = shared.imports.create(job, plan, by).await?;
    let view = jobs::known(&shared, job).await?;
    let mut response = reply::json(StatusCode::ACCEPTED, &JobBody::of(job, &view));
    if let Ok(location) = format!("/api/v1/jobs/{job}").parse() {
        response.headers_mut().insert(actix_web::http::header::LOCATION, location);
    }
    Ok(reply::replayed(response, done.replayed))
}

/// Writes the body to the disk as it comes. Dropped on the way, it leaves nothing behind.
async fn receive(
    shared: &web::Data<Shared>,
    mut body: web::Payload,
    announced: Option<u64>,
) -> Result<Arrived, Problem> {
    let mut pace = Pace::of(shared);
    let spool = shared.imports.spool().clone();
    let mut arriving = block(move || spool.receive(announced)).await.map_err(stopped)??;
    let mut waiting =
        web::BytesMut::with_capacity(AT_ONCE.min(announced.unwrap_or(u64::MAX) as usize));
    loop {
        let chunk = match poll_immediate(body.next()).await {
            Some(chunk) => chunk,
            None => pace.wait(shared, body.next()).await?,
        };
        let is_last = chunk.is_none();
        if let Some(chunk) = chunk {
            let chunk = chunk.map_err(|error| {
                Problem::new(&problem::NOT_READABLE, format!("the body broke off: {error}"))
            })?;
            pace.came(chunk.len());
            waiting.extend_from_slice(&chunk);
        }
        if shared.draining.load(Ordering::Acquire) {
            return Err(Problem::plain(&problem::STARTING));
        }
        if is_last || waiting.len() >= AT_ONCE {
            counter!("stampede_import_bytes_total").increment(waiting.len() as u64);
            let (written, back, mut emptied) =
                block(move || (arriving.write(&waiting), arriving, waiting))
                    .await
                    .map_err(stopped)?;
            written?;
            emptied.clear();
            (arriving, waiting) = (back, emptied);
            // What the disk took is not the sender's fault.
            pace = Pace::of(shared);
        }
        if is_last {
            return Ok(block(move || arriving.end()).await.map_err(stopped)??);
        }
    }
}

/// How fast a file must come: so much in each span, or its end.
struct Pace {
    until: Instant,
    missing: usize,
}

impl Pace {
    fn of(shared: &Shared) -> Pace {
        let seconds = shared.config.body_timeout_s;
        let span = Duration::from_secs(u64::from(seconds));
        Pace { until: Instant::now() + span, missing: SLOWEST * seconds as usize }
    }

    fn came(&mut self, bytes: usize) {
        self.missing = self.missing.saturating_sub(bytes);
    }

    /// The next chunk, while a stop does not wait for it.
    async fn wait<T>(
        &mut self,
        shared: &web::Data<Shared>,
        next: impl Future<Output = T>,
    ) -> Result<T, Problem> {
        if self.missing == 0 {
            *self = Pace::of(shared);
        }
        let outside = Outside::step(shared);
        let next = tokio::time::timeout_at(self.until.into(), next).await;
        outside.return_inside()?;
        next.map_err(|_| Problem::plain(&problem::REQUEST_TIMEOUT))
    }
}

fn wanted(shared: &Shared, query: ImportQuery) -> Result<WantedImport, Problem> {
    let ImportQuery {
        name,
        expires_at,
        discount_percent,
        discount_amount,
        min_amount,
        max_discount,
        on_duplicate,
        dry_run,
    } = query;
    let invalid = |name: &str, why: &str| Problem::invalid(&format!("?{name}"), why);
    let is_name = |name: &String| {
        !name.trim().is_empty()
            && name.chars().count() <= LONGEST_NAME
            && !name.chars().any(char::is_control)
    };
    if name.as_ref().is_some_and(|name| !is_name(name)) {
        return Err(invalid("name", "1 to 100 printable characters"));
    }
    let offer =
        Worth { discount_percent, discount_amount, min_amount, max_discount }.checked('?')?;
    let expires_at =
        expires_at.ok_or_else(|| invalid("expires_at", "when do the coupons expire?"))?;
    let expires_at = future(&expires_at, "?expires_at", shared.imports.now())?;
    let on_duplicate = match on_duplicate.as_deref() {
        None | Some("skip") => OnDuplicate::Skip,
        Some("fail") => OnDuplicate::Fail,
        Some(_) => return Err(invalid("on_duplicate", "skip or fail")),
    };
    Ok(WantedImport { name, offer, expires_at, on_duplicate, dry_run })
}

/// The thread that was to do it is gone, because the process stops.
fn stopped(_: actix_web::error::BlockingError) -> Problem {
    Problem::plain(&problem::STARTING)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Busy(_) => Problem::new(&problem::BUSY, refused.to_string()),
            Refused::TooLarge(_) => Problem::new(&problem::TOO_LARGE, refused.to_string()),
            Refused::Header(why) => Problem::new(&problem::CSV_HEADER, why),
            Refused::DiskFull => Problem::plain(&problem::NO_SPACE),
            Refused::Io(_) => Problem::new(&problem::UNAVAILABLE, refused.to_string()),
        }
    }
}
