//! The OpenAPI document: it is valid, complete, and about the server that hands it out.

use harness::{ENDLESS, TestApp};
use serde_json::{Value, json};
use stampede::http::{api, problem};
use std::collections::BTreeSet;

fn document(app: &TestApp) -> Value {
    app.anybody().get("//openapi.json").expect(200)
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let path = path.clone();
        let operations = item.as_object().unwrap().clone().into_iter();
        operations
            .map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found
                .extend(fields.get("$ref").map(|reference| reference.as_str().unwrap().to_owned()));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_document_says_what_it_is() {
    let app = TestApp::start();
    let document = document(&app);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    assert_eq!(document["info"]["title"], "stampede");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_used() {
    let app = TestApp::start();
    let document = document(&app);
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').expect("a reference into the document itself");
        assert!(
            document.pointer(pointer).is_some_and(Value::is_object),
            "{reference} leads nowhere"
        );
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(found.contains(&format!("#/components/schemas/{name}")), "nobody uses {name}");
    }
}

#[test]
fn every_route_is_in_the_document_and_nothing_else() {
    let app = TestApp::start();
    let of = |prefix: &str,
              endpoints: Vec<stampede::http::endpoint::Endpoint>|
     -> Vec<(String, String)> {
        endpoints
            .iter()
            .map(|endpoint| (endpoint.method.to_string(), format!("{prefix}{}", endpoint.path)))
            .collect()
    };
    let mut served = of("/api/v1", api::endpoints());
    served.extend(of("", api::endpoints_at_root()));
    let mut written: Vec<(String, String)> =
        operations(&document(&app)).into_iter().map(|(method, path, _)| (method, path)).collect();
    served.sort();
    written.sort();
    assert_eq!(written, served);
}

#[test]
fn every_tag_is_explained() {
    let document = document(&TestApp::start());
    let tags = document["tags"].as_array().unwrap();
    for (method, path, operation) in operations(&document) {
        for tag in operation["tags"].as_array().unwrap() {
            assert!(tags.iter().any(|known| known["name"] == *tag), "{method} {path}: {tag}");
        }
    }
}

#[test]
fn every_operation_is_described_in_full() {
    let app = TestApp::start();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document(&app)) {
        let at = format!("{method} {path}");
        assert!(!operation["summary"].as_str().unwrap_or("").is_empty(), "{at}");
        assert!(!operation["description"].as_str().unwrap_or("").is_empty(), "{at}");
        let id = operation["operationId"].as_str().unwrap();
        let is_a_method = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(is_a_method && ids.insert(id.to_owned()), "{at} is called {id:?}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{at}");
        assert!(
            answers.values().all(|answer| !answer["description"].as_str().unwrap().is_empty()),
            "{at}"
        );
        let mut in_path: Vec<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut said: Vec<&str> = parameters
            .iter()
            .filter(|p| p["in"] == "path")
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        in_path.sort_unstable();
        said.sort_unstable();
        assert_eq!(in_path, said, "{at}");
    }
}

/// The types of problems that a schema lets through: one, or one of several.
fn kinds_of(document: &Value, schema: &Value) -> BTreeSet<String> {
    if let Some(kinds) = schema["oneOf"].as_array() {
        return kinds.iter().flat_map(|kind| kinds_of(document, kind)).collect();
    }
    let to = schema["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
    let parts = &document.pointer(to).unwrap()["allOf"];
    assert_eq!(parts[0]["$ref"], "#/components/schemas/Problem");
    let kinds = parts[1]["properties"]["type"]["enum"].as_array().unwrap();
    kinds.iter().map(|kind| kind.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_problem_named_exists_under_the_status_it_has() {
    let app = TestApp::start();
    let document = document(&app);
    for (method, path, operation) in operations(&document) {
        for (status, answer) in operation["responses"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(status, _)| !status.starts_with('2') && status.as_str() != "304")
        {
            let schema = &answer["content"]["application/problem+json"]["schema"];
            let said = kinds_of(&document, schema);
            let mut named = BTreeSet::new();
            for line in answer["description"]
                .as_str()
                .unwrap()
                .split("; ")
                .filter(|line| line.starts_with('`'))
            {
                let name = line.trim_start_matches('`').split('`').next().unwrap();
                let kind = problem::ALL.iter().find(|kind| kind.name == name);
                let kind = kind.unwrap_or_else(|| {
                    panic!("{method} {path} names {name}, which does not exist")
                });
                assert_eq!(kind.status.to_string(), *status, "{method} {path} {name}");
                named.insert(kind.address.to_owned());
            }
            assert_eq!(said, named, "{method} {path} {status}");
        }
    }
}

#[test]
fn every_path_written_down_is_served() {
    let app = TestApp::start();
    let admin = app.admin();
    // Their own tests read those that never end by themselves.
    let ends = |path: &str| ENDLESS.iter().all(|stream| path != format!("/api/v1{stream}"));
    for (method, path, operation) in
        operations(&document(&app)).into_iter().filter(|(_, path, _)| ends(path))
    {
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "none-such" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let body = operation.get("requestBody").map(|_| json!({}).to_string().into_bytes());
        let answer = admin.send(&method, &format!("/{path}"), body);
        assert_ne!(answer.body["type"], "/problems/unknown-route", "{method} {path}");
        assert!(
            ![405, 500].contains(&answer.status),
            "{method} {path}: {} {}",
            answer.status,
            answer.text
        );
    }
}

#[test]
fn whatever_is_decided_takes_a_key_and_a_dry_run() {
    let app = TestApp::start();
    for (method, path, operation) in operations(&document(&app)) {
        let about = path.starts_with("/api/v1/lotteries")
            || path.starts_with("/api/v1/holds")
            || path.starts_with("/api/v1/tickets");
        if about && method != "GET" {
            let parameters = operation["parameters"].as_array().unwrap();
            let key = json!({"$ref": "#/components/parameters/IdempotencyKey"});
            assert!(parameters.contains(&key), "{method} {path}");
            let dry_run = parameters.iter().find(|p| p["name"] == "dry_run");
            assert_eq!(dry_run.unwrap()["schema"]["type"], "boolean", "{method} {path}");
        }
    }
}

#[test]
fn what_needs_a_token_says_so_and_the_rest_does_not() {
    let app = TestApp::start();
    for (method, path, operation) in operations(&document(&app)) {
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "none-such" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let answer = app.anybody().send(
            &method,
            &format!("/{path}"),
            operation.get("requestBody").map(|_| b"{}".to_vec()),
        );
        let ways = operation["security"].as_array().unwrap();
        if !ways.is_empty() && !ways.contains(&json!({})) {
            answer.refused(401, "unauthenticated");
        } else if ways.is_empty() && !path.ends_with("/auth/logout") {
            // Where a token is optional, what is there may be for members alone.
            assert_ne!(answer.status, 401, "{method} {path}");
        }
    }
}

#[test]
fn what_is_json_is_called_an_object_and_what_is_not_has_its_own_type() {
    let app = TestApp::start();
    for (method, path, operation) in operations(&document(&app)) {
        for (status, answer) in operation["responses"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(status, _)| status.starts_with('2'))
        {
            let schema = &answer["content"]["application/json"]["schema"];
            assert_ne!(schema["type"], "string", "{method} {path} {status}");
            // Only what has no body says nothing about it.
            let is_empty = answer.get("content").is_none();
            assert!(
                !is_empty || ["204", "302"].contains(&status.as_str()),
                "{method} {path} {status} has a body"
            );
        }
    }
}
