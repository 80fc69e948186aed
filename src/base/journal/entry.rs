//! What a line of the log says, before it has a form.

use std::fmt::Display;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Json,
    /// Warnings and errors only, as plain lines.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// One answered request.
#[derive(Clone, Copy, Debug)]
pub struct AnsweredRequest<'a> {
    pub method: &'a str,
    /// The pattern, not the path: no ids in the log, and lines that can be counted.
    pub route: &'a str,
    pub status: u16,
    pub took: Duration,
    pub id: &'a str,
}

/// The value of an event's field; in JSON a whole number stays a number.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Text(&'a dyn Display),
    Whole(i64),
}

pub type Field<'a> = (&'a str, Value<'a>);
