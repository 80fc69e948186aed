//! What each second came to: one bulletin for all who listen.

use crate::{events, streams};
use harness::{Client, TestApp, id};
use serde_json::{Value, json};
use std::io::BufRead;

const PATH: &str = "/api/v1/events/bulletins";

/// From the first bulletin on, which says where one begins.
struct Listener {
    lines: Box<dyn BufRead>,
    first: Value,
}

impl Listener {
    fn of(app: &TestApp, client: &Client) -> Listener {
        let mut lines: Box<dyn BufRead> = Box::new(streams::open(app, client, PATH));
        let first = heard(&mut lines).expect("it says where it begins");
        Listener { lines, first }
    }

    fn next(&mut self) -> Option<Value> {
        heard(&mut self.lines)
    }

    /// Bulletins until so much has happened.
    fn until_counted(&mut self, kind: &str, count: u64) -> Vec<Value> {
        let (mut all, mut counted) = (Vec::new(), 0);
        while counted < count {
            let told = self.next().expect("the stream goes on");
            counted += told["counts"][kind].as_u64().unwrap_or_default();
            all.push(told);
        }
        assert_eq!(counted, count);
        all
    }
}

fn heard(lines: &mut dyn BufRead) -> Option<Value> {
    let mut line = String::new();
    while lines.read_line(&mut line).ok().filter(|read| *read > 0).is_some() {
        match line.trim_end().strip_prefix("data: ") {
            Some(data) if data.contains("\"why\"") => return None,
            Some(data) => return Some(serde_json::from_str(data).unwrap()),
            None => line.clear(),
        }
    }
    None
}

fn campaign(admin: &Client) -> String {
    let offer = json!({"name": "First", "quota": 1000, "discount_percent": 10,
        "ends_at": "2026-12-31T00:00:00Z", "trigger": "claim"});
    id(&admin.post("/campaigns", offer).expect(201)).to_owned()
}

fn claim_sheet(shop: &Client, campaign: &str, members: std::ops::Range<u32>) {
    let lines: String = members.map(|n| format!("{{\"member\":\"m{n}\"}}\n")).collect();
    shop.send_lines(&format!("/campaigns/{campaign}/claims:batch"), &lines).expect(200);
}

#[test]
fn a_crowd_is_counted_to_the_last_and_each_bulletin_begins_where_the_one_before_ended() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    let campaign = campaign(&admin);
    let mut one = Listener::of(&app, &admin);
    assert_eq!((&one.first["counts"], &one.first["events"]), (&json!({}), &json!([])));
    assert_eq!(one.first["after"], one.first["until"]);
    let mut events = events::listen(&admin, &app, None);
    let mut other = Listener::of(&app, &app.admin());
    claim_sheet(&shop, &campaign, 0..300);
    let told = one.until_counted("campaign.claimed", 300);
    assert_eq!(other.until_counted("campaign.claimed", 300).last(), told.last(), "one for all");
    let mut until = &one.first["until"];
    for bulletin in &told {
        assert_eq!(&bulletin["after"], until, "{bulletin}");
        until = &bulletin["until"];
        let whole = bulletin["events"].as_array().unwrap().len() as u64;
        let all: u64 =
            bulletin["counts"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(bulletin["left_out"], json!({"events": all - whole, "of_things": 0}));
        assert!(whole == all.min(20) && bulletin.to_string().len() < 32 * 1024, "{bulletin}");
    }
    let last = told.last().unwrap();
    assert_eq!(last["things"]["campaigns"][&campaign]["granted"], 300);
    // Those that are told whole are told as they are elsewhere.
    let every: Vec<Value> = (0..300).map(|_| events::next(&mut events).unwrap().2).collect();
    let newest = last["events"].as_array().unwrap();
    assert_eq!(newest[..], every[300 - newest.len()..]);
}

#[test]
fn in_a_calm_second_every_event_is_told_whole_and_acts_of_staff_are_not() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut lines = Listener::of(&app, &admin);
    let campaign = campaign(&admin);
    admin.post(&format!("/campaigns/{campaign}/pause"), json!({})).expect(200);
    let mut told = lines.until_counted("campaign.created", 1);
    if told.last().unwrap()["counts"]["campaign.paused"].is_null() {
        told.extend(lines.until_counted("campaign.paused", 1));
    }
    let types: Vec<&Value> = told
        .iter()
        .flat_map(|bulletin| bulletin["events"].as_array().unwrap())
        .map(|event| &event["type"])
        .collect();
    assert_eq!(types, ["campaign.created", "campaign.paused"]);
    assert!(told.iter().all(|bulletin| bulletin["left_out"]["events"] == 0));
}

#[test]
fn nothing_is_made_while_nobody_listens_and_the_stream_ends_with_its_caller_or_the_server() {
    let app = TestApp::start_with(|config| config.streams = 1);
    let admin = app.admin();
    assert!(!app.shared().board.is_heard());
    let mut lines = Listener::of(&app, &admin);
    assert!(app.shared().board.is_heard());
    app.admin().get("/events/bulletins").refused(503, "busy");
    admin.post("/auth/logout", json!({})).expect(204);
    assert_eq!(lines.next(), None);
    drop(lines);
    app.until("nobody listens", || !app.shared().board.is_heard());
    let mut lines = Listener::of(&app, &app.admin());
    app.stop();
    assert_eq!(lines.next(), None);
}

#[test]
fn after_a_restart_one_goes_on_from_where_the_log_ended() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut lines = Listener::of(&app, &admin);
    campaign(&admin);
    let told = lines.until_counted("campaign.created", 1);
    // Whoever comes when nothing has happened since has missed nothing, and sees it.
    let other = Listener::of(&app, &app.admin());
    assert_eq!(other.first["until"], told.last().unwrap()["until"]);
    drop((lines, other));
    app.restart();
    let again = Listener::of(&app, &app.admin());
    let until = |said: &Value| said["until"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(until(&again.first) >= until(told.last().unwrap()));
    assert_eq!(again.first["counts"], json!({}));
}
