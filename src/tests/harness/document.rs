//! The OpenAPI document, held against every request that a server takes and everything that it
//! answers: a test that asks anything is a test of the document, too.

use crate::schemas::Schemas;
use serde_json::{Value, json};
use std::sync::LazyLock;
use ureq::http::HeaderMap;

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::of(stampede::http::openapi::document()));

/// What any path may answer, whatever is said of it.
const OF_ANY_PATH: [&str; 3] = ["method-not-allowed", "too-large", "unknown-route"];

struct Document {
    routes: Vec<DocumentedRoute>,
    schemas: Schemas,
}

struct DocumentedRoute {
    /// Without what is in braces.
    parts: Vec<Option<String>>,
    item: Value,
}

/// What was asked, and what was answered.
pub struct Exchange<'a> {
    pub method: &'a str,
    /// From the root, with its query.
    pub path: &'a str,
    pub media: &'a str,
    pub sent: Option<&'a [u8]>,
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub text: &'a str,
    pub body: &'a Value,
}

/// Ends the test if the document says otherwise.
#[track_caller]
pub fn check(exchange: &Exchange<'_>) {
    let wrong = DOCUMENT.flaws(exchange);
    assert!(
        wrong.is_empty(),
        "the document has it otherwise: {} {} {}: {wrong:#?}\n{}",
        exchange.method,
        exchange.path,
        exchange.status,
        exchange.text
    );
}

/// Ends the test if the document has no such event.
#[track_caller]
pub fn check_event(event: &Value) {
    let topic = event["type"].as_str().unwrap_or("");
    let operation = &DOCUMENT.schemas.document["webhooks"][topic]["post"];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "the document has no event like {event}");
    let wrong = DOCUMENT.schemas.flaws(schema, event);
    assert!(wrong.is_empty(), "the document has it otherwise: {event}: {wrong:#?}");
}

impl Document {
    fn of(document: Value) -> Document {
        let part = |part: &str| (!part.starts_with('{')).then(|| part.to_owned());
        let paths = document["paths"].as_object().expect("a document has paths");
        let route = |(path, item): (&String, &Value)| DocumentedRoute {
            parts: path.split('/').map(part).collect(),
            item: item.clone(),
        };
        let mut routes: Vec<DocumentedRoute> = paths.iter().map(route).collect();
        // Of two that match, the one with fewer braces is meant.
        routes.sort_by_key(|route| route.parts.iter().filter(|part| part.is_none()).count());
        Document { routes, schemas: Schemas { document } }
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path: Vec<&str> = path.split('/').collect();
        let route = self.routes.iter().find(|route| route.matches(&path))?;
        route.item.get(method.to_lowercase())
    }

    fn flaws(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let (path, query) = exchange.path.split_once('?').unwrap_or((exchange.path, ""));
        let Some(operation) = self.operation(exchange.method, path) else { return Vec::new() };
        if exchange.status >= 400 {
            return self.flaws_of_refusal(operation, exchange);
        }
        let mut wrong = self.flaws_of_answer(operation, exchange);
        wrong.extend(self.flaws_of_query(operation, query));
        wrong.extend(self.flaws_of_body(operation, exchange));
        wrong
    }

    fn flaws_of_refusal(&self, operation: &Value, answer: &Exchange<'_>) -> Vec<String> {
        let kind = answer.body["type"].as_str().unwrap_or("");
        if OF_ANY_PATH.iter().any(|name| kind == format!("/problems/{name}")) {
            return self
                .schemas
                .flaws(&json!({"$ref": "#/components/schemas/Problem"}), answer.body);
        }
        let response = &operation["responses"][answer.status.to_string()];
        let schema = &response["content"]["application/problem+json"]["schema"];
        if !schema.is_object() {
            return vec![format!("it is never answered {} {kind}", answer.status)];
        }
        self.schemas.flaws(schema, answer.body)
    }

    fn flaws_of_answer(&self, operation: &Value, answer: &Exchange<'_>) -> Vec<String> {
        let response = &operation["responses"][answer.status.to_string()];
        if !response.is_object() {
            return vec![format!("it is never answered {}", answer.status)];
        }
        let said = |name: &str| response["headers"].get(name).is_some();
        let mut wrong: Vec<String> = ["Idempotent-Replayed", "Location", "X-Request-Id"]
            .into_iter()
            .filter(|name| answer.headers.contains_key(*name) && !said(name))
            .map(|name| format!("it does not have the header {name}"))
            .collect();
        let media = answer.headers.get("content-type").and_then(|media| media.to_str().ok());
        let media = media.unwrap_or("").split(';').next().unwrap_or("").trim();
        match response.get("content") {
            None if answer.text.is_empty() => {}
            None => wrong.push("it has no body".into()),
            Some(content) if content.get(media).is_none() => {
                wrong.push(format!("it is never {media:?}"));
            }
            Some(content) if media == "application/json" => {
                wrong.extend(self.schemas.flaws(&content[media]["schema"], answer.body));
            }
            Some(_) => {}
        }
        wrong
    }

    fn flaws_of_query(&self, operation: &Value, query: &str) -> Vec<String> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let flaws = pairs.flat_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let known = operation["parameters"].as_array().into_iter().flatten();
            let known = known.filter(|known| known["in"] == "query");
            match known.into_iter().find(|known| known["name"] == name) {
                None => vec![format!("it takes no {name}")],
                Some(known) => {
                    let schema = &known["schema"];
                    let value = match schema["type"].as_str() {
                        Some("integer" | "number" | "boolean") => {
                            serde_json::from_str(value).unwrap_or(Value::Null)
                        }
                        _ => value.replace("%3A", ":").into(),
                    };
                    self.schemas.flaws(schema, &value)
                }
            }
        });
        flaws.collect()
    }

    fn flaws_of_body(&self, operation: &Value, asked: &Exchange<'_>) -> Vec<String> {
        let (Some(content), Some(body)) = (operation["requestBody"].get("content"), asked.sent)
        else {
            return Vec::new();
        };
        let schema = &content[asked.media]["schema"];
        match serde_json::from_slice::<Value>(body) {
            Ok(body) if asked.media == "application/json" && schema.is_object() => {
                self.schemas.flaws(schema, &body)
            }
            _ => Vec::new(),
        }
    }
}

impl DocumentedRoute {
    fn matches(&self, path: &[&str]) -> bool {
        let is = |(own, other): (&Option<String>, &&str)| {
            own.as_ref().map_or(!other.is_empty(), |own| own == other)
        };
        self.parts.len() == path.len() && self.parts.iter().zip(path).all(is)
    }
}
