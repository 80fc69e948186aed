//! What goes on at a node, as consoles hear it.

use harness::{Client, TestApp, id};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines};

type Told = Lines<BufReader<ureq::BodyReader<'static>>>;

fn listen(client: &Client, app: &TestApp) -> Told {
    let mut request = app.agent().get(format!("http://{}/api/v1/live", app.address()));
    request = request.header("Authorization", client.header("Authorization").unwrap());
    let answer = request.call().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut lines = BufReader::new(answer.into_body().into_reader()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), ": listening");
    lines
}

/// The figures of the next second.
fn next(lines: &mut Told) -> Value {
    let data = lines.map_while(Result::ok).find_map(|line| {
        line.strip_prefix("data: ").map(|data| serde_json::from_str(data).unwrap())
    });
    data.expect("the stream goes on")
}

#[test]
fn all_who_listen_hear_each_second_what_was_done_and_what_was_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let offer = json!({"name": "First", "quota": 3, "discount_percent": 10,
        "ends_at": "2026-12-31T00:00:00Z", "trigger": "claim"});
    let campaign = id(&admin.post("/campaigns", offer).expect(201)).to_owned();
    let (mut one, mut other) = (listen(&admin, &app), listen(&app.admin(), &app));
    // From here on there is a second before.
    assert_eq!(next(&mut one)["version"], env!("CARGO_PKG_VERSION"));
    next(&mut other);
    for n in 0..6 {
        app.member(&format!("member{n}")).post(&format!("/campaigns/{campaign}/claims"), json!({}));
    }
    // Other tests are in the same process and share its meters.
    let heard = |lines: &mut Told, what: &dyn Fn(&Value) -> bool| {
        let mut seconds = std::iter::repeat_with(|| next(lines));
        seconds.find(what).unwrap()
    };
    for lines in [&mut one, &mut other] {
        let figures = heard(lines, &|told| told["rates"]["claims"].as_f64().unwrap_or(0.0) > 0.0);
        assert!(figures["commits"]["per_s"].as_f64().unwrap() > 0.0, "{figures}");
        assert!(figures["answers"]["p99_ms"].is_number(), "{figures}");
        assert!(figures["gauges"]["stampede_in_flight_limit"].is_number(), "{figures}");
    }
    let stock = |told: &Value| told["stock"]["campaigns"][&campaign]["assigned"] == 3.0;
    heard(&mut one, &stock);
}

#[test]
fn nothing_is_made_while_nobody_listens_and_the_stream_ends_with_its_caller() {
    let app = TestApp::start_with(|config| config.streams = 1);
    let admin = app.admin();
    assert!(!app.shared().live.is_heard());
    let lines = listen(&admin, &app);
    assert!(app.shared().live.is_heard());
    app.admin().get("/live").refused(503, "busy");
    admin.post("/auth/logout", json!({})).expect(204);
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(rest.contains(&"event: closed".to_owned()), "{rest:?}");
    app.until("nobody listens", || !app.shared().live.is_heard());
}
