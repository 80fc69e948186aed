//! The audit: what staff did, and why.

use harness::{Client, TestApp, id, pointers};
use serde_json::{Value, json};

fn offer(name: &str) -> Value {
    json!({"name": name, "quota": 10, "discount_percent": 10,
        "ends_at": "2026-12-31T00:00:00Z", "trigger": "claim"})
}

/// The acts, the newest first, without those that made the world of the test.
fn acts(app: &TestApp, filter: &str) -> Vec<Value> {
    app.admin().get(&format!("/audit?{filter}")).expect(200)["items"].as_array().unwrap().clone()
}

fn names(acts: &[Value]) -> Vec<(&str, &str)> {
    acts.iter()
        .map(|act| (act["what"].as_str().unwrap(), act["outcome"].as_str().unwrap()))
        .collect()
}

fn operator(app: &TestApp) -> Client {
    crate::roles::staff_named(app, "operator", "olga")
}

#[test]
fn what_staff_do_is_written_down_with_who_why_and_what_came_of_it() {
    let app = TestApp::start();
    let olga = operator(&app);
    let me = olga.get("/me").expect(200);
    let why = olga.clone().with("Reason", "the spring sale").with("X-Request-Id", "r-17");
    let campaign = id(&why.post("/campaigns", offer("First")).expect(201)).to_owned();
    olga.post("/campaigns", offer("First")).refused(409, "name-taken");
    olga.post(&format!("/campaigns/{campaign}/pause?dry_run=true"), json!({})).expect(200);
    olga.post("/users", json!({})).refused(403, "forbidden");
    let mine = acts(&app, &format!("who={}", id(&me)));
    assert_eq!(
        names(&mine),
        [
            ("createUser", "refused"),
            ("pauseCampaign", "done"),
            ("createCampaign", "refused"),
            ("createCampaign", "done"),
        ]
    );
    let first = &mine[3];
    assert_eq!(
        (&first["username"], &first["reason"], &first["status"], &first["request_id"]),
        (&json!("olga"), &json!("the spring sale"), &json!(201), &json!("r-17"))
    );
    assert_eq!(first["path"], "/api/v1/campaigns");
    assert_eq!((&mine[1]["dry_run"], &mine[2]["status"]), (&json!(true), &json!(409)));
    assert_eq!(mine[1]["path"], format!("/api/v1/campaigns/{campaign}/pause"));
    // Looks and members are nobody's business.
    app.member("ada").post("/auth/logout-all", json!({})).expect_text(204);
    olga.get("/campaigns").expect(200);
    assert_eq!(acts(&app, &format!("who={}", id(&me))), mine);
    app.restart();
    assert_eq!(acts(&app, &format!("who={}", id(&me))), mine);
}

#[test]
fn codes_and_bodies_stand_in_no_act() {
    let app = TestApp::start();
    let batch = json!({"count": 1, "discount_percent": 10, "expires_at": "2026-12-31T00:00:00Z"});
    let made = app.admin().post("/coupons", batch).expect(201);
    let code = made["codes"][0].as_str().unwrap();
    app.admin().post(&format!("/coupons/{code}/void"), json!({})).expect(200);
    let voided = &acts(&app, "what=voidCoupon")[0];
    assert_eq!(voided["path"], "/api/v1/coupons/{code}/void");
    let all = app.admin().get("/audit").expect(200).to_string();
    assert!(!all.contains(code) && !all.contains(harness::PASSWORD), "{all}");
}

#[test]
fn a_job_acts_by_its_key_and_filters_find_what_they_name() {
    let app = TestApp::start();
    let made = json!({"name": "ci", "scopes": ["operate"]});
    let made = app.admin().post("/service-keys", made).expect(201);
    let job = app.anybody().bearer(made["key"].as_str().unwrap());
    app.pass_s(60);
    job.post("/campaigns", offer("First")).expect(201);
    app.pass_s(60);
    job.post("/campaigns", offer("First")).refused(409, "name-taken");
    for who in ["ci", id(&made)] {
        let found = acts(&app, &format!("who={who}"));
        assert_eq!(names(&found), [("createCampaign", "refused"), ("createCampaign", "done")]);
        assert_eq!(
            (&found[0]["service_key"], &found[0]["service"], &found[0]["account"]),
            (&made["id"], &json!("ci"), &Value::Null)
        );
    }
    assert_eq!(acts(&app, "who=ci&outcome=done").len(), 1);
    assert_eq!(acts(&app, "who=ci&outcome=unknown").len(), 0);
    assert_eq!(acts(&app, "what=createServiceKey")[0]["outcome"], "done");
    let since = "from=2026-12-01T12:01:00Z&to=2026-12-01T12:02:00Z";
    assert_eq!(names(&acts(&app, &format!("who=ci&{since}"))), [("createCampaign", "done")]);
    let all = acts(&app, "limit=100");
    let first = app.admin().get("/audit?limit=2").expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(first["items"].as_array().unwrap()[..], all[..2]);
    assert_eq!(acts(&app, &format!("limit=100&cursor={cursor}")), all[2..]);
    let wrong = app.admin().get("/audit?from=x&to=y&outcome=z&limit=0").refused(422, "invalid");
    assert_eq!(pointers(&wrong), ["?from", "?to", "?outcome", "?limit"]);
}

#[test]
fn only_administrators_read_it_and_a_reason_can_be_read() {
    let app = TestApp::start();
    let olga = operator(&app);
    olga.get("/audit").refused(403, "forbidden");
    for bad in [" ", "tab\tbed", &"x".repeat(201)] {
        let answer = olga.clone().with("Reason", bad).post("/campaigns", offer("First"));
        answer.refused(400, "not-readable");
    }
    let hook = json!({"url": "https://shop.example/hook", "events": ["audit.begun"]});
    olga.post("/webhooks", hook).refused(403, "forbidden");
}
