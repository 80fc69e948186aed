//! A JSON body, read whole up to the limit and parsed into a type that refuses unknown fields.
//!
//! What cannot be read is 400; what can be read but is not valid is 422, with a JSON pointer to the place. No body counts as `{}`.

use super::caller;
use super::problem::{self, Problem};
use crate::app::Shared;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<web::Data<Shared>>().map_or(0, |shared| shared.config.body_limit);
        let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let payload = payload.take();
        let request = request.clone();
        Box::pin(async move {
            let body = read(payload, announced.unwrap_or(0), limit).await.and_then(|bytes| parse(&bytes));
            if body.is_err() {
                caller::is_known(&request).await;
            }
            body.map(Body)
        })
    }
}

/// The whole body, or a problem as soon as it is known to be too large.
pub async fn read(mut payload: Payload, announced: usize, limit: usize) -> Result<web::Bytes, Problem> {
    let too_large = || Problem::new(&problem::TOO_LARGE, format!("a body may have {limit} bytes"));
    if announced > limit {
        return Err(too_large());
    }
    let mut first = web::Bytes::new();
    let mut all = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Problem::new(&problem::NOT_READABLE, format!("the body broke off: {error}")))?;
        if all.len() + first.len() + chunk.len() > limit {
            return Err(too_large());
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

pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    if !bytes.trim_ascii_start().starts_with(b"{") {
        // An array would be taken for the fields in their order.
        let read = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
        return Err(read.map_or_else(|error| explain_unreadable(&error), |_| Problem::invalid("", "expected an object")));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| explain(error.path(), error.inner()))?;
    json.end().map_err(|error| Problem::new(&problem::NOT_READABLE, format!("the body goes on after its JSON: {error}")))?;
    Ok(value)
}

fn explain(path: &Path, error: &serde_json::Error) -> Problem {
    match error.classify() {
        serde_json::error::Category::Data => {
            let said = error.to_string();
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
            Problem::invalid(&pointer(path), said)
        }
        _ => explain_unreadable(error),
    }
}

fn explain_unreadable(error: &serde_json::Error) -> Problem {
    Problem::new(&problem::NOT_READABLE, format!("the body is not JSON: {error}"))
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
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
            ("{}", ""),
            ("[1,[]]", ""),
            ("1", ""),
            ("{\"count\":256}", "/count"),
            ("{\"count\":1,\"of\":[1,-1]}", "/of/1"),
            ("{\"count\":1,\"more\":2}", "/more"),
        ] {
            let problem = problem_of(text);
            assert_eq!((problem.kind.status, problem.errors[0].pointer.as_str()), (422, pointer), "{text}");
        }
    }
}
