//! What every write may say beside its body: an idempotency key, and `?dry_run=true`; and how query
//! strings are read.

use super::headers;
use super::mistakes;
use super::problem::{self, Problem};
use super::unparsed::Unparsed;
use crate::shared::Shared;
use actix_web::{FromRequest, HttpRequest, dev::Payload, rt, web};
use actors::engine::{By, How, Key};
use actors::{Caller, Id};
use people::DeedName;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

pub const LONGEST_KEY: usize = 255;

/// The caller's `Idempotency-Key`, bare or in double quotes.
pub struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
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

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse_pairs(request.query_string(), '?').map(Params))
    }
}

/// What is written as a query string is. `at` begins the pointer to what is wrong in it.
pub fn parse_pairs<T: DeserializeOwned>(text: &str, at: char) -> Result<T, Problem> {
    let read = web::Query::<T>::from_query(text).map(web::Query::into_inner);
    read.map_err(|_| {
        let pairs = web::Query::from_query(text).map(web::Query::into_inner);
        mistakes::explain::<T>(Unparsed::parameters(pairs.unwrap_or_default()), at)
    })
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
