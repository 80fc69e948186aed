//! Fields of bodies and queries that are read alike wherever they stand.

use crate::http::mistakes::Mistakes;
use crate::http::problem::{self, Problem};
use actors::domain::Between;
use actors::{Id, Time};
use serde::{Deserialize, Deserializer};

const LONGEST_NAME: usize = 100;
const LONGEST_REFERENCE: usize = 64;

/// Tells a field that is null from one that is absent.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The id in a path. One that cannot be read names nothing.
pub fn id_in_path(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::plain(&problem::NOT_FOUND))
}

/// An instant with its zone, such as `2026-12-31T23:59:59+01:00`.
pub fn parse_instant(text: &str, pointer: &str) -> Result<Time, Problem> {
    let instant: jiff::Timestamp = text.parse().map_err(|_| {
        Problem::invalid(pointer, "a time with its zone, like 2026-12-31T23:59:59Z")
    })?;
    Ok(Time(instant.as_millisecond()))
}

/// Two instants of a query, each with its pointer.
pub fn parse_between(
    from: (Option<&str>, &str),
    to: (Option<&str>, &str),
) -> Result<Between, Problem> {
    let mut mistakes = Mistakes::default();
    let mut instant = |(text, pointer): (Option<&str>, &str)| {
        mistakes.check(text.map(|text| parse_instant(text, pointer)).transpose()).flatten()
    };
    let between = Between { from: instant(from), to: instant(to) };
    mistakes.end().map(|()| between)
}

/// An instant that lies ahead.
pub fn parse_future(text: &str, pointer: &str, now: Time) -> Result<Time, Problem> {
    match parse_instant(text, pointer)? {
        at if at > now => Ok(at),
        _ => Err(Problem::invalid(pointer, "a time that lies ahead")),
    }
}

/// A name that people read, without space around it.
pub fn parse_name(text: &str, pointer: &str) -> Result<String, Problem> {
    check_name(text, pointer)?;
    Ok(text.trim().to_owned())
}

pub fn check_name(text: &str, pointer: &str) -> Result<(), Problem> {
    check_name_up_to(LONGEST_NAME, text, pointer)
}

/// The same, where people have less room.
pub fn check_name_up_to(longest: usize, text: &str, pointer: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(not_printable(pointer, longest));
    }
    check_printable(text, pointer, longest)
}

/// The caller's own name for something: 1 to 64 printable characters.
pub fn parse_reference(text: &str, pointer: &str) -> Result<Box<str>, Problem> {
    check_printable(text, pointer, LONGEST_REFERENCE)?;
    Ok(text.into())
}

fn check_printable(text: &str, pointer: &str, longest: usize) -> Result<(), Problem> {
    let is_printable = !text.chars().any(char::is_control);
    if is_printable && (1..=longest).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(not_printable(pointer, longest))
    }
}

fn not_printable(pointer: &str, longest: usize) -> Problem {
    Problem::invalid(pointer, format!("1 to {longest} printable characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_zone() {
        assert!(parse_instant("2026-12-31T23:59:59", "/expires_at").is_err());
        assert_eq!(parse_instant("1970-01-01T01:00:00+01:00", "/expires_at").unwrap(), Time(0));
    }
}
