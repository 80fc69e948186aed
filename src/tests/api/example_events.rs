//! The examples of the events that webhooks are sent: each is as a server sends it.

use harness::{Client, TestApp, TestReceiver, id};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const DAY: &str = "2026-12-31";
const END: &str = "2026-12-31T00:00:00Z";

/// What is there, and of which kind: a value without what it says.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect()
        }
        Value::Array(values) => values.iter().take(1).map(shape).collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "flag".into(),
        Value::Null => Value::Null,
    }
}

/// A server, a webhook that hears everything, staff, and a member of a service.
struct Stage {
    app: TestApp,
    receiver: TestReceiver,
    admin: Client,
    member: Client,
}

impl Stage {
    fn new() -> Stage {
        let app = TestApp::start_with(|config| {
            config.webhook_private_addresses = true;
            config.notice_days = vec![3];
            config.job_interval_ms = 10;
            config.import_chunk = 1;
        });
        let (receiver, admin) = (TestReceiver::start(), app.admin());
        let events = json!(["*", "audit.begun", "audit.ended"]);
        admin.post("/webhooks", json!({"url": receiver.url(), "events": events})).expect(201);
        let member = app.service("shop").on_behalf_of("m1");
        Stage { app, receiver, admin, member }
    }

    fn make(&self, path: &str, body: Value) -> String {
        id(&self.admin.post(path, body).expect(201)).to_owned()
    }

    fn tell(&self, path: String) {
        self.admin.post(&path, json!({})).expect(200);
    }

    fn pools(&self) {
        self.make("/pools", json!({"id": "gone", "closes_at": END, "ballots": true}));
        self.admin.delete("/pools/gone").expect(200);
        let both = json!({"closes_on": DAY, "tickets": {"digits": 4}, "ballots": true});
        self.admin.post("/lotteries", both).expect(201);
        let held = self.member.hold(DAY, json!({"pattern": "****"})).expect(201);
        let bought = self.member.confirm(id(&held)).expect(200);
        self.tell(format!("/tickets/{}/refund", id(&bought["tickets"][0])));
        self.member.post(&format!("/lotteries/{DAY}/ballots"), json!({})).expect(201);
        self.tell(format!("/lotteries/{DAY}/close"));
    }

    fn campaigns(&self) {
        let offer = |name: &str| {
            json!({"name": name, "quota": 10, "discount_percent": 10, "ends_at": END,
                "trigger": "claim"})
        };
        let gone = self.make("/campaigns", offer("Gone"));
        self.admin.delete(&format!("/campaigns/{gone}")).expect(200);
        let path = format!("/campaigns/{}", self.make("/campaigns", offer("Winter")));
        self.admin.patch(&path, json!({"quota": 20})).expect(200);
        self.admin.patch(&path, json!({"name": "Winter sale"})).expect(200);
        self.tell(format!("{path}/pause"));
        self.tell(format!("{path}/resume"));
        self.member.post(&format!("{path}/claims"), json!({})).expect(201);
        self.tell(format!("{path}/end"));
    }

    fn batches(&self) {
        let body =
            json!({"count": 3, "discount_percent": 10, "expires_at": "2026-12-05T10:00:00Z"});
        let batch = || format!("/coupon-batches/{}", self.make("/coupon-batches", body.clone()));
        self.admin.delete(&batch()).expect(200);
        let path = batch();
        self.tell(format!("{path}/pause"));
        self.tell(format!("{path}/resume"));
        self.admin.patch(&path, json!({"expires_at": "2026-12-06T10:00:00Z"})).expect(200);
        self.admin.patch(&path, json!({"discount_percent": 20})).expect(200);
        self.tell(format!("{path}/void"));
        let path = batch();
        let given = self.member.post(&format!("{path}/assign"), json!({})).expect(201);
        let code = format!("/coupons/{}", given["code"].as_str().unwrap());
        let hold = json!({"amount": 5000, "hold_s": 60, "reference": "order-1"});
        self.member.post(&format!("{code}/use"), hold).expect(200);
        self.app.pass_s(61);
        let used = json!({"amount": 5000, "reference": "order-1"});
        self.member.post(&format!("{code}/use"), used).expect(200);
        self.member.delete(&format!("{code}/use")).expect(200);
        let given = self.member.post(&format!("{path}/assign"), json!({})).expect(201);
        self.tell(format!("/coupons/{}/void", given["code"].as_str().unwrap()));
        // Of one that nobody has had there is no member to tell.
        let codes = self.admin.get(&format!("{path}/codes?from=2"));
        let last: Value = serde_json::from_str(codes.expect_text(200)).unwrap();
        self.tell(format!("/coupons/{}/void", last["code"].as_str().unwrap()));
    }

    fn import(&self, more: &str, file: String) -> String {
        let path = format!("/coupon-imports?discount_percent=10&expires_at={END}{more}");
        let job = self.admin.send_file(&path, file.as_bytes()).expect(202);
        format!("/jobs/{}", id(&job))
    }

    fn imports(&self) {
        let ended = |path: &str| {
            let has_ended = || self.admin.get(path).expect(200)["ended_at"].is_string();
            self.app.until("the job ends", has_ended);
        };
        ended(&self.import("", "code\nAUTUMN-1\nAUTUMN-2\n".into()));
        ended(&self.import("&on_duplicate=fail", "code\nA\nA\n".into()));
        let many: String = (0..2_000).map(|n| format!("MANY-{n}\n")).collect();
        let long = self.import("", format!("code\n{many}"));
        self.admin.delete(&long).expect(200);
        ended(&long);
    }

    /// Everything that there is to hear, by its type.
    fn heard(&self) -> BTreeMap<String, Vec<Value>> {
        let mut heard: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for event in self.receiver.events() {
            heard.entry(event["type"].as_str().unwrap().to_owned()).or_default().push(event);
        }
        heard
    }
}

#[test]
fn every_event_is_shown_as_a_server_sends_it() {
    let stage = Stage::new();
    stage.pools();
    stage.campaigns();
    stage.batches();
    stage.imports();
    // The morning of the notices, and then the end of a batch.
    stage.app.pass_s(86_400);
    stage.app.until("a notice is given", || stage.heard().contains_key("coupon.expiring"));
    stage.app.pass_s(86_400 * 4);
    let hooks = stage.app.anybody().get("//openapi.json").expect(200)["webhooks"].clone();
    let hooks: &Map<String, Value> = hooks.as_object().unwrap();
    let is_heard = || hooks.keys().all(|topic| stage.heard().contains_key(topic));
    stage.app.until("every type of event is heard", is_heard);
    let heard = stage.heard();
    for (topic, hook) in hooks {
        let example = &hook["post"]["requestBody"]["content"]["application/json"]["example"];
        let sent: BTreeSet<String> =
            heard[topic].iter().map(|event| shape(event).to_string()).collect();
        assert_eq!(&example["type"], topic);
        assert!(sent.contains(&shape(example).to_string()), "{topic} is sent as {sent:#?}");
    }
}
