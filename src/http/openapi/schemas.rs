//! The types of the document: those of bodies and answers, a kind of problem each, and what a
//! field's name says about it.

use super::super::endpoint::{Described, Endpoint};
use super::super::problem::{ProblemBody, ProblemKind};
use serde_json::{Map, Value, json};

pub fn all(endpoints: &[&Endpoint]) -> Map<String, Value> {
    let mut all = Map::new();
    let problem = Described::of::<ProblemBody>();
    let answered = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.answers.iter().filter_map(|answer| answer.body.as_ref()));
    add(&mut all, answered.chain([&problem]), true);
    add(&mut all, endpoints.iter().flat_map(|endpoint| endpoint.bodies()), false);
    for kind in endpoints.iter().flat_map(|endpoint| &endpoint.problems) {
        all.insert(problem_name(kind), problem_schema(kind));
    }
    all
}

pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn add<'a>(
    all: &mut Map<String, Value>,
    described: impl Iterator<Item = &'a Described>,
    in_answers: bool,
) {
    for (name, schema) in described.flat_map(|described| &described.schemas) {
        if !all.contains_key(name) {
            let mut schema = json!(schema);
            finish(&mut schema, in_answers);
            all.insert(name.clone(), schema);
        }
    }
}

/// In answers, what may be null is there all the same.
fn finish(schema: &mut Value, in_answers: bool) {
    for composed in ["allOf", "oneOf", "anyOf"] {
        let parts = schema.get_mut(composed).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(|part| finish(part, in_answers));
    }
    let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let mut there: Vec<String> = Vec::new();
    for (name, field) in fields.iter_mut() {
        say_format(name, field);
        if in_answers && may_be_null(field) {
            there.push(name.clone());
        }
    }
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    there.extend(required.iter().filter_map(|name| Some(name.as_str()?.to_owned())));
    there.sort();
    there.dedup();
    if !there.is_empty() {
        schema["required"] = json!(there);
    }
}

/// Instants, days and addresses are named alike everywhere.
pub fn say_format(name: &str, field: &mut Value) {
    let is_plain = field["type"] == "string" || field["type"] == json!(["string", "null"]);
    if !is_plain || field.get("format").is_some() || field.get("enum").is_some() {
        return;
    }
    let format = match name {
        "at" | "until" | "held_until" | "timestamp" => "date-time",
        "birthday" | "closes_on" => "date",
        "url" => "uri",
        _ if name.ends_with("_at") => "date-time",
        _ => return,
    };
    field["format"] = format.into();
}

fn may_be_null(field: &Value) -> bool {
    let is_null = |schema: &Value| schema["type"] == "null";
    let has_null = |kinds: &Vec<Value>| kinds.iter().any(|kind| kind == "null");
    field["type"].as_array().is_some_and(has_null)
        || field["oneOf"].as_array().is_some_and(|parts| parts.iter().any(is_null))
}

/// `hold-expired` is `HoldExpiredProblem`.
pub fn problem_name(kind: &ProblemKind) -> String {
    let words = kind.name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect::<String>() + "Problem"
}

fn problem_schema(kind: &ProblemKind) -> Value {
    json!({
        "title": problem_name(kind),
        "description": format!("{}. {}", kind.title.trim_end_matches('?'), kind.meaning),
        "allOf": [
            reference("Problem"),
            {
                "type": "object",
                "properties": {
                    "type": {"type": "string", "enum": [kind.address]},
                },
            },
        ],
        "examples": [{
            "type": kind.address,
            "title": kind.title,
            "status": kind.status,
            "detail": kind.meaning,
            "retry": kind.retry,
            "request_id": "f4a4d5c700000012",
        }],
    })
}
