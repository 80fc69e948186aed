//! `POST /coupon-imports`: a file of foreign codes, streamed to the disk and handed to a
//! job.

use crate::http::accepted::NotYetAccepted;
use crate::http::api::imports::bodies::{ImportQuery, JobBody, parse_wanted};
use crate::http::api::imports::explain::explain_stop;
use crate::http::api::imports::finding::find_job;
use crate::http::caller::Operator;
use crate::http::flags::{IdempotencyKey, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::shared::Shared;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{self, block};
use actix_web::{HttpRequest, HttpResponse};
use actors::engine::How;
use futures_util::StreamExt;
use futures_util::future::poll_immediate;
use metrics::counter;
use products::imports::spool::{Arrived, HeaderCheck};
use products::imports::{Imports, header};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Bytes that are handed to the disk at a time; what an upload keeps in memory.
const AT_ONCE: usize = 1024 * 1024;

/// Less than this in a second, over the time that a body may take, and an upload is given up: it
/// would keep one of the few places for ever.
const SLOWEST: usize = 1024;

pub async fn create(
    shared: web::Data<Shared>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Params(query): Params<ImportQuery>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let wanted = parse_wanted(&shared, query)?;
    let arrived = receive(&shared, body, &request, header::check).await?;
    let (job, plan) = Imports::plan(&arrived, wanted, caller.id);
    let spool = shared.imports.spool().clone();
    block(move || spool.keep(&arrived, job)).await.map_err(explain_stop)??;
    let by = key.by(caller, How::ForGood, || vec![b"import".to_vec(), job.0.to_vec()]);
    let done = shared.imports.create(job, plan, by).await?;
    let view = find_job(&shared, job).await?;
    let mut response = reply::json(StatusCode::ACCEPTED, &JobBody::of(job, &view));
    if let Ok(location) = format!("/api/v1/jobs/{job}").parse() {
        response.headers_mut().insert(actix_web::http::header::LOCATION, location);
    }
    Ok(reply::mark_replayed(response, done.replayed))
}

/// Writes the body to the disk as it comes. Dropped on the way, it leaves nothing behind.
pub async fn receive(
    shared: &web::Data<Shared>,
    mut body: web::Payload,
    request: &HttpRequest,
    check: HeaderCheck,
) -> Result<Arrived, Problem> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut pace = Pace::of(shared);
    let spool = shared.imports.spool().clone();
    let mut arriving =
        block(move || spool.receive(announced, check)).await.map_err(explain_stop)??;
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
                    .map_err(explain_stop)?;
            written?;
            emptied.clear();
            (arriving, waiting) = (back, emptied);
            // What the disk took is not the sender's fault.
            pace = Pace::of(shared);
        }
        if is_last {
            return Ok(block(move || arriving.end()).await.map_err(explain_stop)??);
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
        let outside = NotYetAccepted::uncount(shared);
        let next = tokio::time::timeout_at(self.until.into(), next).await;
        outside.accept()?;
        next.map_err(|_| Problem::plain(&problem::REQUEST_TIMEOUT))
    }
}
