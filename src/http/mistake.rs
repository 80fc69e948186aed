//! One mistake that stops the reading of a type, in plain words.

use serde::de::{Error, Expected, Unexpected};
use std::fmt;

/// What stops the reading of a type.
#[derive(Clone, Debug, PartialEq)]
pub enum Mistake {
    Missing(&'static str),
    /// With those that are known.
    Unknown(&'static [&'static str]),
    Twice(&'static str),
    /// With what it should be.
    Wrong(String),
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Missing(_) => f.write_str("is required"),
            Mistake::Unknown([]) => f.write_str("is not known here, where nothing can be said"),
            Mistake::Unknown(known) => write!(f, "is not known here; known are {}", quoted(known)),
            Mistake::Twice(_) => f.write_str("may stand only once"),
            Mistake::Wrong(expected) => f.write_str(expected),
        }
    }
}

impl std::error::Error for Mistake {}

pub fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

impl Error for Mistake {
    fn custom<T: fmt::Display>(what: T) -> Mistake {
        Mistake::Wrong(what.to_string())
    }

    fn invalid_type(_: Unexpected, expected: &dyn Expected) -> Mistake {
        Mistake::Wrong(in_words(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected, expected: &dyn Expected) -> Mistake {
        Mistake::Wrong(in_words(&expected.to_string()))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Mistake {
        Mistake::Wrong(format!("one of {}", quoted(known)))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Mistake {
        Mistake::Unknown(known)
    }

    fn missing_field(name: &'static str) -> Mistake {
        Mistake::Missing(name)
    }

    fn duplicate_field(name: &'static str) -> Mistake {
        Mistake::Twice(name)
    }
}

/// What a type says that it expects, for those who know no types.
fn in_words(expected: &str) -> String {
    let whole = |most: u64| format!("a whole number from 0 to {most}");
    match expected {
        "u8" => whole(u8::MAX.into()),
        "u16" => whole(u16::MAX.into()),
        "u32" => whole(u32::MAX.into()),
        "u64" | "usize" => "a whole number, 0 or more".into(),
        "i64" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a string" => "text".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list".into(),
        other if other.starts_with("struct ") => "an object".into(),
        other => other.into(),
    }
}
