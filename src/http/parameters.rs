//! What a call takes beside its body, each with its type.

use serde_json::{Value, json};
use std::ops::{Bound, RangeBounds};

pub struct Parameter {
    pub name: &'static str,
    pub place: ParameterPlace,
    pub meaning: &'static str,
    pub required: bool,
    /// As JSON Schema.
    pub schema: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterPlace {
    Query,
    Header,
}

impl Parameter {
    pub fn text(name: &'static str, meaning: &'static str) -> Parameter {
        Parameter::of(name, json!({"type": "string"}), meaning)
    }

    pub fn number(
        name: &'static str,
        range: impl RangeBounds<u64>,
        meaning: &'static str,
    ) -> Parameter {
        let mut schema = json!({"type": "integer", "format": "int64"});
        for (name, bound) in [("minimum", range.start_bound()), ("maximum", range.end_bound())] {
            if let Bound::Included(bound) = bound {
                schema[name] = json!(bound);
            }
        }
        Parameter::of(name, schema, meaning)
    }

    /// With two decimals at most.
    pub fn percent(name: &'static str, meaning: &'static str) -> Parameter {
        let schema = json!({"type": "number", "format": "double", "minimum": 0.01, "maximum": 100});
        Parameter::of(name, schema, meaning)
    }

    pub fn flag(name: &'static str, meaning: &'static str) -> Parameter {
        Parameter::of(name, json!({"type": "boolean"}), meaning)
    }

    pub fn choice(name: &'static str, words: &[&str], meaning: &'static str) -> Parameter {
        Parameter::of(name, json!({"type": "string", "enum": words}), meaning)
    }

    pub fn day(name: &'static str, meaning: &'static str) -> Parameter {
        Parameter::of(name, json!({"type": "string", "format": "date"}), meaning)
    }

    pub fn instant(name: &'static str, meaning: &'static str) -> Parameter {
        Parameter::of(name, json!({"type": "string", "format": "date-time"}), meaning)
    }

    pub fn header(name: &'static str, meaning: &'static str) -> Parameter {
        Parameter { place: ParameterPlace::Header, ..Parameter::text(name, meaning) }
    }

    fn of(name: &'static str, schema: Value, meaning: &'static str) -> Parameter {
        Parameter { name, place: ParameterPlace::Query, meaning, required: false, schema }
    }
}
