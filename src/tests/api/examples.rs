//! The examples of the OpenAPI document: each body and each answer has one, it is as its schema has
//! it, and a server takes it and answers alike.

use crate::writes::{Scene, Write, writes};
use harness::schemas::Schemas;
use harness::{TestApp, id};
use serde_json::{Map, Value, json};
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
    let all = ["paths", "webhooks"].into_iter();
    let items = all.flat_map(|part| document[part].as_object().unwrap().values());
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
    let missing: Vec<String> = forms(&served())
        .iter()
        .filter(|form| form.content.get("example").is_none())
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

/// What is shown as lines is as what is shown as JSON has it: a line of the page, or all of it.
#[test]
fn every_line_that_is_shown_is_as_its_page_has_it() {
    let schemas = Schemas { document: served() };
    let all = forms(&schemas.document);
    let mut lines_of = 0;
    for Form { call, place, content, .. } in all.iter().filter(|form| form.media == LINES) {
        let is_json =
            |form: &&Form| (&form.call, &form.place, form.media.as_str()) == (call, place, JSON);
        // A draw has lines of another kind; the codes have no other form.
        let Some(json) = all.iter().find(is_json).filter(|_| !call.starts_with("getWinners"))
        else {
            continue;
        };
        let example = &json.content["example"];
        for line in lines(content["example"].as_str().unwrap()).as_array().unwrap() {
            let line = match example {
                Value::Array(_) => json!([line]),
                _ if example.get("next_cursor").is_some() => {
                    json!({"items": [line], "next_cursor": null})
                }
                _ => line.clone(),
            };
            let wrong = schemas.flaws(&json.content["schema"], &line);
            assert!(wrong.is_empty(), "{call} {place}: {wrong:#?}");
            lines_of += 1;
        }
    }
    assert!(lines_of > 10, "{lines_of}");
}

/// Where a list is that can be taken out as a table, on a server that has one line of each.
fn path_of_table(scene: &Scene, call: &str) -> String {
    let (admin, app) = (&scene.admin, &scene.app);
    let member = app.service("shop").on_behalf_of("m1");
    let campaign = || {
        let plan = json!({"name": format!("The campaign of {call}"), "quota": 9, "trigger": "claim",
            "discount_percent": 10, "ends_at": "2026-12-31T00:00:00Z"});
        let made = admin.post("/campaigns", plan).expect(201);
        member.post(&format!("/campaigns/{}/claims", id(&made)), json!({})).expect(201);
        id(&made).to_owned()
    };
    let batch = || {
        let body = json!({"count": 3, "discount_amount": 5, "expires_at": "2026-12-03T15:00:00Z"});
        let made = admin.post("/coupon-batches", body).expect(201);
        let path = format!("/coupon-batches/{}", id(&made));
        let given = member.post(&format!("{path}/assign"), json!({})).expect(201);
        let using = format!("/coupons/{}/use", given["code"].as_str().unwrap());
        member.post(&using, json!({"amount": 100})).expect(200);
        path
    };
    let pool = || {
        let name = format!("pool-of-{}", call.to_lowercase());
        let plan = json!({"id": name, "closes_at": "2026-12-31T00:00:00Z", "ballots": true,
            "tickets": {"digits": 4}});
        admin.post("/pools", plan).expect(201);
        let path = format!("/pools/{name}");
        member.post(&format!("{path}/ballots"), json!({})).expect(201);
        let held = member.post(&format!("{path}/holds"), json!({"pattern": "****"})).expect(201);
        member.confirm(id(&held)).expect(200);
        path
    };
    match call {
        "listCampaigns" => {
            campaign();
            "/campaigns".into()
        }
        "listClaims" => format!("/campaigns/{}/claims", campaign()),
        "getCampaignLedger" => format!("/campaigns/{}/ledger", campaign()),
        "listCouponBatches" => {
            batch();
            "/coupon-batches".into()
        }
        "getCouponBatchLedger" => batch() + "/ledger",
        "listCouponsOfBatch" => batch() + "/coupons",
        "streamCodes" => batch() + "/codes",
        "listMyCoupons" => {
            batch();
            "/coupons?reference=none".into()
        }
        "listNotices" => "/notices".into(),
        "listBallotsOfLottery" | "listBallotsOfPool" => pool() + "/ballots",
        "getLotteryLedger" | "getPoolLedger" => pool() + "/ledger",
        "listSoldTickets" | "listSoldTicketsOfPool" => pool() + "/tickets/sold",
        "getWinners" | "getWinnersOfPool" => {
            let path = pool();
            admin.post(&format!("{path}/close"), json!({})).expect(200);
            path + "/winner"
        }
        "downloadJobReport" => {
            let file = format!("code\nOF-{call}\n");
            let path = "/coupon-imports?discount_percent=10&expires_at=2026-12-31T00:00:00Z";
            let job = admin.send_file(path, file.as_bytes()).expect(202);
            let path = format!("/jobs/{}", id(&job));
            app.until("the job ends", || admin.get(&path).expect(200)["ended_at"].is_string());
            path + "/report"
        }
        _ => panic!("{call} has no row here: every table is compared with a server's"),
    }
}

#[test]
fn every_table_is_shown_as_a_server_writes_it() {
    let scene = Scene::new();
    let forms = forms(&scene.app.anybody().get("//openapi.json").expect(200));
    let tables = forms.iter().filter(|form| form.media == "text/csv" && form.place == "200");
    let mut compared = 0;
    for Form { call, content, .. } in tables {
        let path = path_of_table(&scene, call);
        let and = if path.contains('?') { '&' } else { '?' };
        let path =
            if call == "downloadJobReport" { path } else { format!("{path}{and}format=csv") };
        let answer = scene.admin.get(&path);
        let (told, shown) = (answer.expect_text(200), content["example"].as_str().unwrap());
        assert_eq!(told.lines().next(), shown.lines().next(), "{call}");
        assert!(shown.lines().count() > 1, "{call} shows a table of nothing");
        compared += 1;
    }
    assert!(compared > 15, "{compared}");
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
