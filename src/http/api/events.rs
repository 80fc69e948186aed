//! The feed, live: server-sent events from now on, or from where the last connection broke off.

use crate::app::Shared;
use crate::feed::{Listener, Place};
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::{self, Params};
use crate::http::headers;
use crate::http::problem::{self, Problem};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/events", listen)
            .summary("Follow what happens")
            .notes(
                "Server-sent events, the same as webhooks get: `id`, `event` (its type), `data` (the whole event as JSON). From now on, or \
                 from behind the event that the header `Last-Event-ID` names. Nothing is sent that is not durable. It ends when the node stops.",
            )
            .who(Who::Admin)
            .answer_empty(200, "A stream that does not end by itself: `text/event-stream`.")
            .problems(&[&problem::NOT_READABLE, &problem::BUSY, &problem::UNAVAILABLE]),
    ]
}

async fn listen(shared: web::Data<Shared>, _: Admin, request: HttpRequest, _: Params<flags::None>) -> Result<HttpResponse, Problem> {
    let last = last_event(&request)?;
    let end = shared.feed.end().await?;
    if last.is_some_and(|last| last.position > end) {
        return Err(Problem::new(&problem::NOT_READABLE, "Last-Event-ID names an event that has not happened here"));
    }
    let listener = Listener::seat(shared.feed.clone(), end, last);
    let listener = listener.ok_or_else(|| Problem::new(&problem::BUSY, "as many listen as may; come back later"))?;
    let chunks = stream::unfold(listener, |mut listener| async move {
        let text = listener.next().await?;
        Some((Ok::<_, std::convert::Infallible>(web::Bytes::from(text)), listener))
    });
    Ok(HttpResponse::Ok().content_type("text/event-stream").insert_header((CACHE_CONTROL, "no-store")).streaming(chunks))
}

fn last_event(request: &HttpRequest) -> Result<Option<Place>, Problem> {
    let id = headers::only(request, &headers::LAST_EVENT_ID, &problem::NOT_READABLE)?;
    let Some(id) = id else { return Ok(None) };
    let place = id.to_str().ok().and_then(|id| id.parse().ok());
    place.map(Some).ok_or_else(|| Problem::new(&problem::NOT_READABLE, "Last-Event-ID is not the id of an event"))
}
