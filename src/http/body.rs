//! A JSON body, read whole up to the limit and parsed into a type that refuses unknown fields.
//!
//! It has to be whole in time, and what is not whole yet holds no more memory than there is room
//! for. What cannot be read is 400; what can be read but is not valid is 422, with a JSON pointer
//! to the place. No body counts as `{}`.

use super::accepted::NotYetAccepted;
use super::caller;
use super::flags::{AfterBody, WrongQuery};
use super::mistakes::{self, Readable};
use super::moment::within_a_moment;
use super::problem::{self, Problem};
use super::room::{Held, Room};
use crate::shared::Shared;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use futures_util::StreamExt;
use futures_util::future::{LocalBoxFuture, poll_immediate};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        let request = request.clone();
        let read = Arc::new(Semaphore::new(0));
        request.extensions_mut().insert(AfterBody::Ends(read.clone()));
        Box::pin(async move {
            let body = read_limited(&request, payload).await.and_then(|bytes| parse(&bytes));
            let body = body.map_err(|problem| with_query(&request, problem));
            if body.is_err() {
                caller::is_known(&request).await;
            }
            read.close();
            body.map(Body)
        })
    }
}

/// With what is wrong in the query, too.
fn with_query(request: &HttpRequest, problem: Problem) -> Problem {
    let is_invalid = problem.kind.name == problem::INVALID.name;
    match request.extensions_mut().remove() {
        Some(WrongQuery(mut wrong)) if is_invalid => {
            wrong.extend(problem.errors);
            Problem::all_invalid(wrong)
        }
        _ => problem,
    }
}

/// The body of a request to the API, up to the limit that all of them have.
pub async fn read_limited(request: &HttpRequest, payload: Payload) -> Result<web::Bytes, Problem> {
    let shared = request.app_data::<web::Data<Shared>>();
    let shared = shared.ok_or_else(|| Problem::plain(&problem::INTERNAL))?;
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    read(shared, payload, announced.unwrap_or(0), shared.config.body_limit).await
}

/// The whole body, or a problem as soon as it is known to be too large.
pub async fn read(
    shared: &web::Data<Shared>,
    payload: Payload,
    announced: usize,
    limit: usize,
) -> Result<web::Bytes, Problem> {
    if announced > limit {
        return Err(too_large(limit));
    }
    let mut whole = std::pin::pin!(collect(payload, limit, &shared.rooms.bodies));
    // Mostly it is here already, and neither a timer nor a count is needed.
    match within_a_moment(whole.as_mut()).await {
        Some(whole) => whole,
        None => in_time(shared, whole).await,
    }
}

async fn in_time<T>(
    shared: &web::Data<Shared>,
    whole: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let mut held = shared.rooms.bodies.enter();
    if !held.grow(BUFFER) {
        return Err(no_room());
    }
    let waiting = NotYetAccepted::uncount(shared);
    let most = Duration::from_secs(u64::from(shared.config.body_timeout_s));
    let whole = actix_web::rt::time::timeout(most, whole).await;
    waiting.accept()?;
    whole.unwrap_or_else(|_| Err(Problem::plain(&problem::REQUEST_TIMEOUT)))
}

/// A buffer of the connection that a piece of a body lies in.
const BUFFER: usize = 8192;

async fn collect(mut payload: Payload, limit: usize, room: &Room) -> Result<web::Bytes, Problem> {
    let mut held: Option<Held> = None;
    let mut has_room = |bytes| held.get_or_insert_with(|| room.enter()).grow(BUFFER + bytes);
    let mut first = web::Bytes::new();
    let mut all = web::BytesMut::new();
    loop {
        let chunk = match poll_immediate(payload.next()).await {
            Some(chunk) => chunk,
            // The first look finds nothing yet.
            None if first.is_empty() && all.is_empty() => payload.next().await,
            None if has_room(first.len() + all.capacity()) => payload.next().await,
            None => return Err(no_room()),
        };
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|error| {
            Problem::new(&problem::NOT_READABLE, format!("the body broke off: {error}"))
        })?;
        if all.len() + first.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        if first.is_empty() && all.is_empty() {
            first = chunk;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&chunk);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn no_room() -> Problem {
    Problem::new(&problem::BUSY, "too many bodies are arriving")
}

fn too_large(limit: usize) -> Problem {
    Problem::new(&problem::TOO_LARGE, format!("a body may have {limit} bytes"))
}

pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match read_as(bytes)? {
        Readable { value: Some(value), wrong } if wrong.is_empty() => Ok(value),
        Readable { wrong, .. } => Err(Problem::all_invalid(wrong)),
    }
}

/// Refuses only what is no JSON object.
pub fn read_as<T: DeserializeOwned>(bytes: &[u8]) -> Result<Readable<T>, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    if !bytes.trim_ascii_start().starts_with(b"{") {
        // An array would be taken for the fields in their order.
        let read = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
        return Err(read.map_or_else(
            |error| explain_unreadable(&error),
            |_| Problem::invalid("", "an object"),
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    match T::deserialize(&mut json) {
        Ok(value) => {
            json.end().map_err(|error| explain_unreadable(&error))?;
            Ok(Readable { value: Some(value), wrong: Vec::new() })
        }
        // Only what is wrong is read so thoroughly.
        Err(error) if error.classify() == Category::Data => {
            let said = serde_json::from_slice(bytes);
            let said = said.map_err(|error| explain_unreadable(&error))?;
            Ok(mistakes::explain::<T>(said, '/'))
        }
        Err(error) => Err(explain_unreadable(&error)),
    }
}

fn explain_unreadable(error: &serde_json::Error) -> Problem {
    let what = if error.is_eof() { "ends too early" } else { "cannot be read" };
    let (line, column) = (error.line(), error.column());
    let why = format!("the body is not JSON: it {what}, at line {line}, column {column}");
    Problem::new(&problem::NOT_READABLE, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Order {
        count: u8,
        of: Option<Vec<u8>>,
    }

    fn problem_of(text: &str) -> Problem {
        parse::<Order>(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_not_json_cannot_be_read() {
        for text in ["{", "[", "nonsense", "{\"count\":1} x", "{\"count\":", "\u{0}"] {
            assert_eq!(problem_of(text).kind.status, 400, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (text, pointer) in [
            ("{}", "/count"),
            ("[1,[]]", ""),
            ("1", ""),
            ("{\"count\":256}", "/count"),
            ("{\"count\":1,\"of\":[1,-1]}", "/of/1"),
            ("{\"count\":1,\"more\":2}", "/more"),
        ] {
            let problem = problem_of(text);
            assert_eq!(
                (problem.kind.status, problem.errors[0].pointer.as_str()),
                (422, pointer),
                "{text}"
            );
        }
    }
}
