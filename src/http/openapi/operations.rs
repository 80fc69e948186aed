//! A call as the document has it: what it takes, and everything that it may answer.

use super::super::endpoint::{Described, Endpoint, Who};
use super::super::flags::LONGEST_KEY;
use super::super::parameters::ParameterPlace;
use super::super::problem::ProblemKind;
use super::examples::Examples;
use super::schemas::{self, reference};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const PROBLEM: &str = "application/problem+json";

/// The first part of a path below `/api/v1`.
pub fn tag(endpoint: &Endpoint) -> &'static str {
    endpoint.path.split('/').nth(1).unwrap_or_default()
}

pub fn operation(endpoint: &Endpoint, examples: &Examples) -> Value {
    let mut operation = json!({
        "tags": [tag(endpoint)],
        "summary": endpoint.summary,
        "description": description(endpoint),
        "operationId": endpoint.name,
        "security": security(endpoint.who),
        "parameters": parameters(endpoint),
        "responses": responses(endpoint, examples),
    });
    if let Some(body) = &endpoint.body {
        let others = endpoint.other_bodies.iter().map(|(media, described)| (*media, described));
        let forms = [(body.media, body)].into_iter().chain(others);
        let form = |(media, described): (&str, &Described)| {
            let example = examples.body(endpoint.name, media);
            (media.to_owned(), with_example(json!(described.reference), example))
        };
        let content: Map<String, Value> = forms.map(form).collect();
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    operation
}

pub(super) fn with_example(schema: Value, example: Option<Value>) -> Value {
    let mut form = json!({"schema": schema});
    if let Some(example) = example {
        form["example"] = example;
    }
    form
}

fn description(endpoint: &Endpoint) -> String {
    let mut said = match endpoint.notes {
        "" => format!("{}.", endpoint.summary.trim_end_matches(['.', '?'])),
        notes => notes.to_owned(),
    };
    let names: Vec<String> =
        endpoint.scopes.iter().map(|scope| format!("`{}`", scope.name())).collect();
    if !names.is_empty() {
        said += &format!(" Scopes of a service key for it: {}.", names.join(", "));
    }
    said
}

fn security(who: Who) -> Value {
    match who {
        Who::Anybody => json!([]),
        Who::Optional => json!([{}, {"bearer": []}, {"login": []}]),
        _ => json!([{"bearer": []}, {"login": []}]),
    }
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let in_path =
        endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = in_path.map(in_path_as).collect();
    parameters.extend(endpoint.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "in": match parameter.place {
                ParameterPlace::Query => "query",
                ParameterPlace::Header => "header",
            },
            "description": parameter.meaning,
            "required": parameter.required,
            "schema": parameter.schema,
        })
    }));
    if matches!(endpoint.who, Who::Member | Who::Optional) {
        parameters.push(shared("OnBehalfOf"));
    }
    if endpoint.repeatable {
        parameters.push(shared("IdempotencyKey"));
    }
    if !endpoint.method.is_safe() && endpoint.who != Who::Anybody {
        parameters.push(shared("Reason"));
    }
    parameters.push(shared("RequestId"));
    parameters
}

fn shared(name: &str) -> Value {
    json!({"$ref": format!("#/components/parameters/{name}")})
}

fn in_path_as(name: &str) -> Value {
    let (meaning, schema) = match name {
        "date" => ("The lottery's closing day.", json!({"type": "string", "format": "date"})),
        "pool" => ("The pool's name, or the closing day of a lottery.", json!({"type": "string"})),
        "code" => ("The code of the coupon or voucher.", json!({"type": "string"})),
        _ => ("Its id, as a list or its creation has told it.", json!({"type": "string"})),
    };
    json!({"name": name, "in": "path", "required": true, "description": meaning, "schema": schema})
}

/// Headers that many calls take.
pub fn shared_parameters() -> Value {
    let header = |name: &str, meaning: &str, most: usize| {
        json!({
            "name": name,
            "in": "header",
            "required": false,
            "description": meaning,
            "schema": {"type": "string", "minLength": 1, "maxLength": most},
        })
    };
    json!({
        "OnBehalfOf": header(
            "On-Behalf-Of",
            "For a service key: the id that your own member has at your place.",
            255,
        ),
        "IdempotencyKey": header(
            "Idempotency-Key",
            "1 to 255 visible characters. The same key and request get the same answer, marked \
             `Idempotent-Replayed: true`.",
            LONGEST_KEY,
        ),
        "Reason": header(
            "Reason",
            "Why staff do this: up to 200 printable characters, which `GET /audit` tells.",
            200,
        ),
        "RequestId": header(
            "X-Request-Id",
            "Your own name for this request, up to 64 visible characters. It is in the log, and in \
             the answer.",
            64,
        ),
    })
}

/// Headers that many answers have.
pub fn headers() -> Value {
    let header = |meaning: &str, schema: Value| json!({"description": meaning, "schema": schema});
    let text = || json!({"type": "string"});
    let seconds = json!({"type": "integer", "minimum": 1});
    let yes = json!({"type": "string", "enum": ["true"]});
    json!({
        "RequestId": header("The id of the request, as the log has it.", text()),
        "IdempotentReplayed": header("It was done before, under the same key.", yes),
        "RetryAfter": header("After how many seconds a repeat makes sense.", seconds),
        "RateLimit": header("Of the caller's rate: what is left, and when it is full.", text()),
        "RateLimitPolicy": header("The caller's rate.", text()),
        "Authenticate": header("How to say who calls.", text()),
        "Location": header("Where to look at it.", text()),
    })
}

fn header_names(names: &[(&str, &str)]) -> Value {
    let header = |(shown, name): &(&str, &str)| {
        ((*shown).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}))
    };
    Value::Object(names.iter().map(header).collect())
}

fn responses(endpoint: &Endpoint, examples: &Examples) -> Value {
    let mut responses = Map::new();
    for answer in &endpoint.answers {
        let mut names = vec![("X-Request-Id", "RequestId")];
        if endpoint.repeatable {
            names.push(("Idempotent-Replayed", "IdempotentReplayed"));
        }
        if answer.status == 202 {
            names.push(("Location", "Location"));
        }
        let mut response = json!({"description": answer.meaning, "headers": header_names(&names)});
        if let Some(Described { media: own, reference, .. }) = &answer.body {
            let others = answer.other_media.iter().map(|media| (*media, json!({"type": "string"})));
            for (media, schema) in [(*own, json!(reference))].into_iter().chain(others) {
                let forms = (*own, media);
                let example = examples.answer(endpoint.name, answer.status, forms, answer.columns);
                response["content"][media] = with_example(schema, example);
            }
        }
        responses.insert(answer.status.to_string(), response);
    }
    for (status, kinds) in refusals(endpoint) {
        let lines: Vec<String> =
            kinds.iter().map(|kind| format!("`{}`: {}", kind.name, kind.title)).collect();
        let names: &[(&str, &str)] = match status {
            401 => &[("X-Request-Id", "RequestId"), ("WWW-Authenticate", "Authenticate")],
            429 => &[
                ("X-Request-Id", "RequestId"),
                ("Retry-After", "RetryAfter"),
                ("RateLimit", "RateLimit"),
                ("RateLimit-Policy", "RateLimitPolicy"),
            ],
            503 => &[("X-Request-Id", "RequestId"), ("Retry-After", "RetryAfter")],
            _ => &[("X-Request-Id", "RequestId")],
        };
        let mut schemas: Vec<Value> =
            kinds.iter().map(|kind| reference(&schemas::problem_name(kind))).collect();
        let schema = match schemas.len() {
            1 => schemas.remove(0),
            _ => json!({"oneOf": schemas}),
        };
        let response = json!({
            "description": lines.join("; "),
            "headers": header_names(names),
            "content": {PROBLEM: {"schema": schema}},
        });
        responses.insert(status.to_string(), response);
    }
    Value::Object(responses)
}

/// The problems of each status.
fn refusals(endpoint: &Endpoint) -> BTreeMap<u16, Vec<&'static ProblemKind>> {
    let mut by_status: BTreeMap<u16, Vec<&'static ProblemKind>> = BTreeMap::new();
    for kind in &endpoint.problems {
        let kinds = by_status.entry(kind.status).or_default();
        if kinds.iter().all(|other| other.name != kind.name) {
            kinds.push(kind);
        }
    }
    by_status
}
