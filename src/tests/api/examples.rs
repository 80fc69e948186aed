//! The examples of the OpenAPI document: each body and each answer has one, it is as its schema has
//! it, and a server takes it and answers alike.

use crate::writes::{Scene, Write, writes};
use harness::TestApp;
use harness::schemas::Schemas;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// What of an example only this server knows: whom it means, a code, a token.
const KNOWN_THERE: &[(&str, &[&str])] = &[
    ("assignCoupon", &["member_id"]),
    ("assignNextCoupon", &["member_id"]),
    ("changePassword", &["old_password"]),
    ("confirmHoldSheet", &["id"]),
    ("confirmUseSheet", &["code"]),
    // Nothing outside is called by a test.
    ("createWebhook", &["url"]),
    ("logIn", &["username", "password"]),
    ("logOut", &["refresh_token"]),
    ("refreshTokens", &["refresh_token"]),
    ("refundHold", &["tickets"]),
    ("resetPassword", &["token"]),
    ("useCouponSheet", &["code"]),
    ("voidCouponSheet", &["code"]),
];

/// Names that only one may have.
const TAKEN_ONCE: &[(&str, &[&str])] = &[
    ("createPool", &["id"]),
    ("createUser", &["username", "email"]),
    ("register", &["username", "email"]),
    ("replaceUser", &["username", "email"]),
];

struct Form {
    call: String,
    /// Of which request or answer it is.
    place: String,
    media: String,
    content: Value,
}

/// Every form of every body, and of every answer that is no refusal.
fn forms(document: &Value) -> Vec<Form> {
    let mut found = Vec::new();
    let items = document["paths"].as_object().unwrap().values();
    for operation in items.flat_map(|item| item.as_object().unwrap().values()) {
        let call = operation["operationId"].as_str().unwrap();
        let mut add = |place: &str, holder: &Value| {
            for (media, content) in holder["content"].as_object().into_iter().flatten() {
                let (call, place, media) = (call.into(), place.into(), media.clone());
                found.push(Form { call, place, media, content: content.clone() });
            }
        };
        add("body", &operation["requestBody"]);
        let answers = operation["responses"].as_object().unwrap();
        for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with('2')) {
            add(status, answer);
        }
    }
    found
}

fn served() -> Value {
    TestApp::start().anybody().get("//openapi.json").expect(200)
}

#[test]
fn every_body_and_every_answer_has_an_example() {
    // The table that an answer can be had as is told of in words.
    let is_told = |form: &Form| form.media == "text/csv" && form.place != "body";
    let missing: Vec<String> = forms(&served())
        .iter()
        .filter(|form| form.content.get("example").is_none() && !is_told(form))
        .map(|Form { call, place, media, .. }| format!("{call} {place} {media}"))
        .collect();
    assert!(missing.is_empty(), "no example: {}", missing.join("\n"));
}

#[test]
fn every_example_is_as_its_schema_has_it() {
    let schemas = Schemas { document: served() };
    for Form { call, place, media, content } in forms(&schemas.document) {
        let Some(example) = content.get("example") else { continue };
        let wrong = schemas.flaws(&content["schema"], example);
        assert!(wrong.is_empty(), "{call} {place} {media}: {wrong:#?}");
    }
}

#[test]
fn every_example_that_is_written_down_is_in_the_document() {
    let forms = forms(&served());
    let is_shown = |call: &str, place: &str, media: Option<&str>, example: &Value| {
        forms.iter().any(|form| {
            (form.call.as_str(), form.place.as_str()) == (call, place)
                && media.is_none_or(|media| media == form.media)
                && form.content["example"] == *example
        })
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/openapi/examples");
    let mut calls = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let written: Map<String, Value> = serde_json::from_str(&text).unwrap();
        for (call, examples) in written {
            for (media, example) in examples["bodies"].as_object().into_iter().flatten() {
                assert!(is_shown(&call, "body", Some(media), example), "{call} {media}");
            }
            for (answer, example) in examples["answers"].as_object().into_iter().flatten() {
                let (status, media) = match answer.split_once(' ') {
                    Some((status, media)) => (status, Some(media)),
                    None => (answer.as_str(), None),
                };
                assert!(is_shown(&call, status, media, example), "{call} {answer}");
            }
            assert!(calls.insert(call.clone()), "{call} is written down twice");
        }
    }
}

/// The example, with what only this server knows in its place.
fn made_real(call: &str, media: &str, example: &Value, write: &Write) -> Value {
    let names = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(of, _)| *of == call).map_or(&[][..], |(_, names)| names)
    };
    let mut body = example.clone();
    if let (Some(lines), Some(real)) = (body.as_array_mut(), write.body.as_array()) {
        lines.truncate(real.len());
        for (line, real) in lines.iter_mut().zip(real) {
            // A key of another call or another form is another key.
            if let Some(key) = line.get_mut("key") {
                *key = format!("{call}-{media}-{}", key.as_str().unwrap()).into();
            }
            names(KNOWN_THERE).iter().for_each(|name| line[*name] = real[*name].clone());
        }
    } else if body.is_object() {
        names(KNOWN_THERE).iter().for_each(|name| body[*name] = write.body[*name].clone());
        for name in names(TAKEN_ONCE) {
            body[*name] =
                format!("{}-{}", call.to_lowercase(), body[*name].as_str().unwrap()).into();
        }
    }
    body
}

/// What is sent for an example in that form.
fn text_of(call: &str, media: &str, example: &Value, write: &Write) -> String {
    let is_sheet = media == LINES && write.body.is_array();
    let example = if is_sheet { lines(example.as_str().unwrap()) } else { example.clone() };
    match made_real(call, media, &example, write) {
        Value::String(text) => text,
        Value::Array(rows) if is_sheet => rows.iter().map(|row| format!("{row}\n")).collect(),
        body if media.ends_with("urlencoded") => encode(&body),
        body => body.to_string(),
    }
}

fn lines(text: &str) -> Value {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>().into()
}

/// What is wrong with the answer to an example of a body, or to a call that has none.
fn flaw(
    scene: &Scene,
    method: &str,
    name: &str,
    operation: &Value,
    media: Option<&str>,
) -> Option<String> {
    let write = scene.write(name)?;
    let mut answer = match media {
        None => write.send(method, &format!("the-example-of-{name}")),
        Some(media) => {
            let example = &operation["requestBody"]["content"][media]["example"];
            let sent = Some(text_of(name, media, example, &write).into_bytes());
            write.caller.try_to_send_as(media, method, &write.path, sent).unwrap()
        }
    };
    if answer.header("content-type") == Some(LINES) {
        answer.body = lines(&answer.text);
    }
    let status = answer.status.to_string();
    let shown = &operation["responses"][&status]["content"][JSON]["example"];
    let is_done = |status: u64| (200..300).contains(&status);
    let is_line_done = |line: &Value| line["status"].as_u64().is_some_and(is_done);
    let is_like_shown = match answer.body.as_array() {
        Some(all) => !all.is_empty() && all.iter().all(is_line_done),
        None => shown.is_null() || fields(shown) == fields(&answer.body),
    };
    let is_right = is_done(answer.status.into()) && is_like_shown;
    let media = media.unwrap_or("nothing");
    (!is_right).then(|| format!("{name} with {media}: {status} {}", answer.text))
}

fn fields(value: &Value) -> Option<BTreeSet<&String>> {
    value.as_object().map(|fields| fields.keys().collect())
}

fn encode(form: &Value) -> String {
    let pairs = form.as_object().unwrap().iter().map(|(name, value)| {
        let value = value.as_str().unwrap().replace(' ', "+");
        format!("{name}={value}")
    });
    pairs.collect::<Vec<String>>().join("&")
}

#[test]
fn every_example_of_a_body_can_be_sent_and_is_answered_like_its_example() {
    let scene = Scene::new();
    let mut writes = writes(&scene.app);
    // While the clock is doubted, nothing else is done.
    writes.sort_by_key(|(_, name, _)| name == "acceptClock");
    let mut sent = 0;
    let mut wrong = Vec::new();
    for (method, name, operation) in &writes {
        let content = operation["requestBody"]["content"].as_object();
        let mut media: Vec<Option<&str>> =
            content.into_iter().flatten().map(|(media, _)| Some(media.as_str())).collect();
        if media.is_empty() {
            media.push(None);
        }
        for media in media {
            wrong.extend(flaw(&scene, method, name, operation, media));
            sent += usize::from(media.is_some());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(sent > 50, "{sent}");
}
