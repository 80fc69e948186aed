//! What every write may say beside its body: an idempotency key, and `?dry_run=true`; and how query
//! strings are read.

use super::headers;
use super::mistakes::{self, Readable};
use super::problem::{self, Invalid, Problem};
use super::unparsed::Unparsed;
use crate::shared::Shared;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, rt, web};
use actors::engine::{By, How, Key};
use actors::{Caller, Id};
use futures_util::future::{Either, LocalBoxFuture};
use people::DeedName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::sync::Arc;
use tokio::sync::Semaphore;

pub const LONGEST_KEY: usize = 255;

/// The caller's `Idempotency-Key`, bare or in double quotes.
pub struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The key of a line in a sheet that was sent with this one: its own, else this one's with the
    /// line's number.
    pub fn of_line(&self, own: Option<&str>, number: usize) -> Result<IdempotencyKey, Problem> {
        let key = match (own, self.text()) {
            (Some(own), _) => parse_key(own.as_bytes()),
            (None, Some(sheet)) => parse_key(format!("{sheet}.{number}").as_bytes()),
            (None, None) => return Ok(IdempotencyKey(None)),
        };
        key.map(|key| IdempotencyKey(Some(key)))
    }

    /// This caller's command, under the key for a request with that meaning.
    pub fn by(&self, caller: Caller, how: How, meaning: impl FnOnce() -> Vec<Vec<u8>>) -> By {
        By { caller, key: self.of(caller.id, meaning), how }
    }

    /// The key of this caller for a request with that meaning.
    pub fn of(&self, caller: Id, meaning: impl FnOnce() -> Vec<Vec<u8>>) -> Option<Key> {
        let text = self.0.as_ref()?;
        let parts = meaning();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Some(Key::new(caller, text.as_bytes(), &parts))
    }

    /// Does what is no command of a partition, unless this caller did it under the key before:
    /// then true. `meaning` has no secret in it.
    pub async fn once(
        &self,
        shared: &web::Data<Shared>,
        caller: Id,
        meaning: &[&[u8]],
        act: impl Future<Output = Result<(), Problem>> + 'static,
    ) -> Result<bool, Problem> {
        let name = self.text().map(|key| DeedName::new(&[&caller.0, key.as_bytes()], meaning));
        let deeds = shared.people.deeds.clone();
        to_its_end(async move { deeds.once(name, act).await }).await
    }
}

/// What is begun under a key comes to its end, also if its caller does not wait for it.
pub async fn to_its_end<T: 'static>(
    act: impl Future<Output = Result<T, Problem>> + 'static,
) -> Result<T, Problem> {
    let ended = rt::spawn(act).await;
    ended.unwrap_or_else(|_| Err(Problem::plain(&problem::INTERNAL)))
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let only = headers::only(request, &headers::IDEMPOTENCY_KEY, &problem::BAD_KEY);
        let key = only.and_then(|value| value.map(|value| parse_key(value.as_bytes())).transpose());
        ready(key.map(IdempotencyKey))
    }
}

fn parse_key(value: &[u8]) -> Result<String, Problem> {
    let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    let text = std::str::from_utf8(bare)
        .ok()
        .filter(|text| text.bytes().all(|b| (b'!'..=b'~').contains(&b)));
    match text {
        Some(text) if (1..=LONGEST_KEY).contains(&text.len()) => Ok(text.to_owned()),
        _ => Err(Problem::plain(&problem::BAD_KEY)),
    }
}

/// A query string, parsed into a type that refuses unknown parameters.
pub struct Params<T>(pub T);

/// What is wrong in the query, for whoever tells what is wrong in the body.
pub struct WrongQuery(pub Vec<Invalid>);

/// What a handler wants of a body, and when the query can be refused.
#[derive(Clone)]
pub enum AfterBody {
    /// Once it is closed, if the body is right. Else the body tells of both.
    Ends(Arc<Semaphore>),
    /// Never: the body's check will.
    Checks,
}

impl<T: DeserializeOwned + 'static> FromRequest for Params<T> {
    type Error = Problem;
    type Future =
        Either<Ready<Result<Self, Problem>>, LocalBoxFuture<'static, Result<Self, Problem>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Readable { value, wrong } = read_pairs::<T>(request.query_string(), '?');
        match value {
            Some(value) if wrong.is_empty() => Either::Left(ready(Ok(Params(value)))),
            value => {
                request.extensions_mut().insert(WrongQuery(wrong.clone()));
                Either::Right(Box::pin(refuse_query(request.clone(), value, wrong)))
            }
        }
    }
}

/// By now all that the handler wants has been asked for.
async fn refuse_query<T>(
    request: HttpRequest,
    value: Option<T>,
    wrong: Vec<Invalid>,
) -> Result<Params<T>, Problem> {
    let after = request.extensions().get::<AfterBody>().cloned();
    match (after, value) {
        (Some(AfterBody::Checks), Some(value)) => return Ok(Params(value)),
        (Some(AfterBody::Ends(read)), _) => drop(read.acquire().await),
        _ => {}
    }
    Err(Problem::all_invalid(wrong))
}

/// What is written as a query string is. `at` begins the pointer to what is wrong in it.
pub fn parse_pairs<T: DeserializeOwned>(text: &str, at: char) -> Result<T, Problem> {
    match read_pairs(text, at) {
        Readable { value: Some(value), wrong } if wrong.is_empty() => Ok(value),
        Readable { wrong, .. } => Err(Problem::all_invalid(wrong)),
    }
}

fn read_pairs<T: DeserializeOwned>(text: &str, at: char) -> Readable<T> {
    match web::Query::<T>::from_query(text) {
        Ok(read) => Readable { value: Some(read.into_inner()), wrong: Vec::new() },
        Err(_) => {
            let pairs = web::Query::from_query(text).map(web::Query::into_inner);
            mistakes::explain::<T>(Unparsed::parameters(pairs.unwrap_or_default()), at)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    #[serde(default)]
    pub dry_run: bool,
}

impl DryRun {
    pub fn how(&self) -> How {
        How::dry_run_if(self.dry_run)
    }
}

/// For calls that take no parameters, so that a misspelt one is not silently ignored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_be_quoted() {
        assert_eq!(parse_key(b"\"a-b\"").unwrap(), "a-b");
        assert_eq!(parse_key(b"a-1").unwrap(), "a-1");
    }

    #[test]
    fn a_key_that_is_empty_too_long_or_not_visible_is_refused() {
        let long = [b'k'; LONGEST_KEY + 1];
        for key in [&b""[..], b"\"\"", &long, b"\xff", b"tab\there", b"a b"] {
            assert_eq!(parse_key(key).unwrap_err().kind.status, 400);
        }
        assert!(parse_key(&long[1..]).is_ok());
    }
}
