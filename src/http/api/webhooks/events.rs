//! The feed, live: server-sent events from now on, or from where the last connection broke off.

use crate::http::caller::{Viewer, stay};
use crate::http::flags::{self, Params};
use crate::http::headers;
use crate::http::problem::{self, Problem};
use crate::http::streams::Seat;
use crate::shared::Shared;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::rt::time::timeout;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use people::Reason;
use products::feed::{FeedPlace, Listener};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a stream on which nothing happens looks whether its caller may stay.
const LOOK: Duration = Duration::from_secs(1);

/// A comment so often, so that nobody takes silence for a broken connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub async fn listen(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let last = parse_last_event(&request)?;
    let seat = shared.streams.events.take(stay(&shared, &request)?)?;
    let end = shared.feed.end().await?;
    if last.is_some_and(|last| last.position > end) {
        return Err(Problem::new(
            &problem::NOT_READABLE,
            "Last-Event-ID names an event that has not happened here",
        ));
    }
    let listener = Listener::new(shared.feed.clone(), end, last);
    let telling = Telling { listener, seat, told: Instant::now() };
    let chunks = stream::unfold(Some(telling), |telling| async move {
        let (text, telling) = telling?.next().await?;
        Some((Ok::<_, std::convert::Infallible>(web::Bytes::from(text)), telling))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(chunks))
}

struct Telling {
    listener: Listener,
    seat: Arc<Seat>,
    told: Instant,
}

impl Telling {
    /// What to send next, and who goes on. Nothing is told once the caller may not stay.
    async fn next(mut self) -> Option<(String, Option<Telling>)> {
        loop {
            let news = timeout(LOOK, self.listener.next()).await;
            if let Some(reason) = self.seat.over_anywhere().await {
                return Some((write_closed(reason), None));
            }
            let text = match news {
                Ok(text) => text?,
                Err(_) if self.told.elapsed() >= KEEP_ALIVE => ": still here\n\n".to_owned(),
                Err(_) => continue,
            };
            self.told = Instant::now();
            return Some((text, Some(self)));
        }
    }
}

fn write_closed(reason: Reason) -> String {
    format!("event: closed\ndata: {{\"why\":\"{}\"}}\n\n", reason.name())
}

fn parse_last_event(request: &HttpRequest) -> Result<Option<FeedPlace>, Problem> {
    let id = headers::only(request, &headers::LAST_EVENT_ID, &problem::NOT_READABLE)?;
    let Some(id) = id else { return Ok(None) };
    let place = id.to_str().ok().and_then(|id| id.parse().ok());
    place.map(Some).ok_or_else(|| {
        Problem::new(&problem::NOT_READABLE, "Last-Event-ID is not the id of an event")
    })
}
