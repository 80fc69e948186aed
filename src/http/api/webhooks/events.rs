//! The feed, live: server-sent events from now on, or from where the last connection broke off.

use crate::http::caller::{Viewer, stay};
use crate::http::flags::{self, Params};
use crate::http::headers;
use crate::http::problem::{self, Problem};
use crate::http::telling::{self, EventSource};
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use products::feed::{FeedPlace, Listener};

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
    Ok(telling::tell(listener, seat))
}

impl EventSource for Listener {
    async fn next(&mut self) -> Option<String> {
        Listener::next(self).await
    }
}

fn parse_last_event(request: &HttpRequest) -> Result<Option<FeedPlace>, Problem> {
    let id = headers::only(request, &headers::LAST_EVENT_ID, &problem::NOT_READABLE)?;
    let Some(id) = id else { return Ok(None) };
    let place = id.to_str().ok().and_then(|id| id.parse().ok());
    place.map(Some).ok_or_else(|| {
        Problem::new(&problem::NOT_READABLE, "Last-Event-ID is not the id of an event")
    })
}
