//! A body that is still to be checked, so that everything that is wrong is told in one answer: the
//! query, what cannot be read as its type, and what can be read and is not right.
//!
//! In the place of what is wrong stands anything of its type. So nobody gets at the body but by
//! `checked`, which gives out nothing while anything is wrong.

use super::body;
use super::flags::{AfterBody, WrongQuery};
use super::mistakes::Readable;
use super::problem::{self, Invalid, Problem};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;

pub struct Unchecked<T>(Readable<T>);

impl<T: DeserializeOwned + 'static> FromRequest for Unchecked<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        let request = request.clone();
        request.extensions_mut().insert(AfterBody::Checks);
        Box::pin(async move {
            let bytes = body::read_limited(&request, payload).await?;
            let mut read = body::read_as::<T>(&bytes)?;
            if let Some(WrongQuery(wrong)) = request.extensions_mut().remove() {
                read.wrong.splice(0..0, wrong);
            }
            Ok(Unchecked(read))
        })
    }
}

impl<T> Unchecked<T> {
    /// What was read elsewhere.
    pub fn of(read: Readable<T>) -> Unchecked<T> {
        Unchecked(read)
    }

    /// What the check makes of it, or all that is wrong.
    pub fn checked<R>(self, check: impl FnOnce(T) -> Result<R, Problem>) -> Result<R, Problem> {
        let Unchecked(Readable { value, wrong }) = self;
        let checked = value.map(check);
        match checked {
            Some(checked) if wrong.is_empty() => checked,
            Some(Err(found)) if found.kind.name == problem::INVALID.name => {
                Err(Problem::all_invalid(together(wrong, found.errors)))
            }
            _ => Err(Problem::all_invalid(wrong)),
        }
    }
}

/// What could not be read, and what a check has found beside that.
fn together(mut wrong: Vec<Invalid>, found: Vec<Invalid>) -> Vec<Invalid> {
    for one in found {
        match wrong.iter().position(|other| other.pointer == one.pointer) {
            // A check knows within which bounds a number is good.
            Some(at)
                if wrong[at].detail.starts_with(A_NUMBER) && !one.detail.contains(A_NUMBER) =>
            {
                wrong[at].detail = format!("{A_NUMBER}, {}", one.detail);
            }
            Some(_) => {}
            None if wrong.iter().any(|other| rests_on(&one, other)) => {}
            None => wrong.push(one),
        }
    }
    wrong
}

const A_NUMBER: &str = "a whole number";

/// Whether what was found would be another thing if that could be read.
fn rests_on(one: &Invalid, unread: &Invalid) -> bool {
    let is_within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let name = unread.pointer.rsplit('/').next().unwrap_or_default();
    is_within(&one.pointer, &unread.pointer)
        || is_within(&unread.pointer, &one.pointer)
        || one.detail.contains(&format!("`{name}`"))
}

#[cfg(test)]
mod tests {
    use super::super::mistakes::Mistakes;
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        name: String,
        count: u8,
        at_least: Option<u8>,
        until: Option<String>,
    }

    fn check(order: Order) -> Result<u8, Problem> {
        let mut mistakes = Mistakes::default();
        mistakes.expect(!order.name.is_empty(), "/name", "1 to 100 characters");
        mistakes.expect((1..=9).contains(&order.count), "/count", "1 to 9");
        let is_less = order.at_least.is_none_or(|least| least <= order.count);
        mistakes.expect(is_less, "/at_least", "at most `count`");
        mistakes.expect(order.until.is_none_or(|until| until == "noon"), "/until", "noon");
        mistakes.end().map(|()| order.count)
    }

    fn told(text: &str) -> Vec<(String, String)> {
        let read = body::read_as::<Order>(text.as_bytes()).unwrap();
        let problem = Unchecked(read).checked(check).unwrap_err();
        problem.errors.into_iter().map(|one| (one.pointer, one.detail)).collect()
    }

    #[test]
    fn what_is_right_is_given_out() {
        let read = body::read_as::<Order>(br#"{"name":"x","count":5}"#).unwrap();
        assert_eq!(Unchecked(read).checked(check).unwrap(), 5);
    }

    #[test]
    fn wrong_types_and_wrong_values_are_told_together() {
        let owned = |at: &str, why: &str| (at.to_owned(), why.to_owned());
        for (text, expected) in [
            (
                r#"{"name":7,"count":99,"until":"x"}"#,
                vec![owned("/name", "text"), owned("/count", "1 to 9"), owned("/until", "noon")],
            ),
            // The bounds are the real ones, and what rests on the number is not told.
            (
                r#"{"name":"","count":"5","at_least":4}"#,
                vec![
                    owned("/count", "a whole number, 1 to 9"),
                    owned("/name", "1 to 100 characters"),
                ],
            ),
            (
                r#"{"count":5,"until":[],"x":1}"#,
                vec![
                    owned("/until", "text"),
                    owned(
                        "/x",
                        "is not known here; known are `name`, `count`, `at_least`, `until`",
                    ),
                    owned("/name", "is required"),
                ],
            ),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
