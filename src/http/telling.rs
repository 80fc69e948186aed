//! A stream of server-sent events that goes on for as long as its caller may stay.

use super::streams::Seat;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use futures_util::stream;
use people::Reason;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a stream on which nothing happens looks whether its caller may stay.
const LOOK: Duration = Duration::from_secs(1);

/// A comment so often, so that nobody takes silence for a broken connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The headers leave with the first bytes, and say that from here on nothing is missed.
pub const GREETING: &str = ": listening\n\n";

/// Where a stream has its events from.
pub trait EventSource: 'static {
    /// What to send next, whenever that is. None at the end. Given up on the way, it goes on from
    /// there the next time.
    fn next(&mut self) -> impl Future<Output = Option<String>>;
}

/// The answer to whoever has that place.
pub fn tell(news: impl EventSource, seat: Arc<Seat>) -> HttpResponse {
    let telling = Telling { news, seat, told: Instant::now() };
    let chunks = stream::unfold(Some(telling), |telling| async move {
        let (text, telling) = telling?.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), telling))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(chunks)
}

struct Telling<N> {
    news: N,
    seat: Arc<Seat>,
    told: Instant,
}

impl<N: EventSource> Telling<N> {
    /// What to send next, and who goes on. Nothing is told once the caller may not stay.
    async fn next(mut self) -> Option<(String, Option<Telling<N>>)> {
        loop {
            let news = timeout(LOOK, self.news.next()).await;
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
