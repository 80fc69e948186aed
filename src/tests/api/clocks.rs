//! A machine's clock that jumps: nothing is drawn, expires or is decided by it until it is known to
//! be right.

use crate::campaigns::{END, campaign, ledger, with};
use harness::{Answer, Client, NOON, PASSWORD, TODAY, TestApp, TicketBooks, id};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";
const A_DAY_S: i64 = 86_400;

fn ready(app: &TestApp) -> Answer {
    app.anybody().get("//health/ready")
}

fn clock(app: &TestApp) -> Value {
    app.admin().get("/clock").expect(200)
}

fn accept(client: &Client, moved_by_s: i64) -> Answer {
    client.post("/clock/accept", json!({"moved_by_s": moved_by_s}))
}

#[track_caller]
fn is_not_decided(answer: Answer) {
    assert_eq!(answer.header("retry-after"), Some("10"), "{}", answer.text);
    assert_eq!(answer.refused(503, "clock-moved")["retry"], "later");
}

/// A lottery with tickets and one with ballots of today, a campaign with a voucher, and a hold of a
/// minute.
struct Fair<'a> {
    app: &'a TestApp,
    ada: Client,
    hold: Value,
    campaign: String,
    code: String,
}

impl Fair<'_> {
    fn open(app: &TestApp) -> Fair<'_> {
        app.ballots(TODAY, json!({}));
        app.lottery(DAY, 1);
        let ada = app.member("ada");
        ada.submit(TODAY).expect(201);
        let hold = ada.hold(DAY, json!({"number": "0001", "ttl_s": 60})).expect(201);
        let campaign =
            campaign(app, with(json!({"trigger": "claim", "quota": 9}), json!({"ends_at": END})));
        let claimed = ada.post(&format!("/campaigns/{campaign}/claims"), json!({})).expect(201);
        let code = claimed["voucher"]["code"].as_str().unwrap().to_owned();
        Fair { app, ada, hold, campaign, code }
    }

    fn nothing_has_happened(&self) {
        assert_eq!(self.app.state_of(TODAY), "open");
        assert_eq!(self.app.books(DAY), TicketBooks { free: 9_999, held: 1, sold: 0 });
        assert_eq!(
            (
                &ledger(self.app, &self.campaign)["assigned"],
                &ledger(self.app, &self.campaign)["expired"]
            ),
            (&json!(1), &json!(0))
        );
        assert_eq!(
            self.ada.get(&format!("/coupons/{}", self.code)).expect(200)["state"],
            "assigned"
        );
        assert_eq!(self.ada.get("/holds").expect(200)["items"][0]["id"], self.hold["id"]);
    }

    /// Commands of every kind, by members and by administrators.
    fn decides_nothing(&self) {
        let (ada, admin) = (&self.ada, self.app.admin());
        is_not_decided(ada.submit(TODAY));
        is_not_decided(ada.hold(DAY, json!({"number": "0002"})));
        is_not_decided(ada.confirm(id(&self.hold)));
        is_not_decided(ada.extend(id(&self.hold), 300));
        is_not_decided(ada.release(id(&self.hold)));
        is_not_decided(ada.post(&format!("/campaigns/{}/claims", self.campaign), json!({})));
        is_not_decided(ada.post(&format!("/coupons/{}/use", self.code), json!({"amount": 500})));
        is_not_decided(admin.post(&format!("/lotteries/{TODAY}/close"), json!({})));
        is_not_decided(admin.post(
            "/lotteries",
            json!({"closes_on": "2027-01-31", "tickets": {"digits": 4, "copies": 1}}),
        ));
        let another = json!({"name": "another", "quota": 1, "discount_percent": 10, "ends_at": END,
            "trigger": "claim"});
        is_not_decided(admin.post("/campaigns", another));
        is_not_decided(
            admin.post("/webhooks", json!({"url": "http://127.0.0.1:9/", "events": ["*"]})),
        );
        ada.post(&format!("/lotteries/{DAY}/holds?dry_run=true"), json!({"number": "0002"}))
            .expect(201);
    }

    fn goes_on(&self) {
        ready(self.app).expect(200);
        self.nothing_has_happened();
        self.ada.submit(TODAY).expect(201);
        self.ada.post(&format!("/coupons/{}/use", self.code), json!({"amount": 5000})).expect(200);
        self.ada.confirm(id(&self.hold)).expect(200);
    }
}

#[test]
fn a_clock_that_is_ahead_for_seconds_draws_nothing_and_expires_nothing() {
    let app = TestApp::start_with_two_clocks(|config| {
        config.job_interval_ms = 10;
        config.webhook_private_addresses = true;
    });
    let fair = Fair::open(&app);
    // By a time of its own, because all apps of a test process share their meters.
    let (by, shown) = (400 * A_DAY_S + 77, "stampede_clock_moved_seconds 34560077");
    app.set_ahead_s(by);
    let not_ready = ready(&app).refused(503, "not-ready");
    assert!(not_ready["detail"].as_str().unwrap().contains("34560077 s"), "{not_ready}");
    fair.nothing_has_happened();
    fair.decides_nothing();
    // The jobs have looked at it, and at everything else.
    let told = || app.anybody().get("//metrics").text.lines().any(|line| line == shown);
    assert!((0..200_000).any(|_| told()), "the metrics never say so");
    app.pass_s(20);
    fair.nothing_has_happened();
    fair.decides_nothing();
    app.set_ahead_s(-by);
    fair.goes_on();
    app.stop();
    app.verified().unwrap();
}

#[test]
fn time_goes_on_while_a_clock_is_away() {
    for by in [A_DAY_S, -A_DAY_S] {
        let app = TestApp::start_with_two_clocks(|_| {});
        let fair = Fair::open(&app);
        app.set_ahead_s(by);
        ready(&app).refused(503, "not-ready");
        app.pass_s(59);
        fair.nothing_has_happened();
        // A minute is over, by whichever clock.
        app.pass_s(1);
        assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
        app.set_ahead_s(-by);
        ready(&app).expect(200);
        fair.ada.confirm(id(&fair.hold)).refused(409, "hold-expired");
        assert_eq!(app.state_of(TODAY), "open");
    }
}

#[test]
fn a_clock_that_stays_where_it_has_moved_is_believed_after_a_while() {
    let app = TestApp::start_with_two_clocks(|config| config.clock_trust_s = 120);
    let fair = Fair::open(&app);
    app.set_ahead_s(A_DAY_S);
    let seen = clock(&app);
    assert_eq!((&seen["settled"], &seen["moved_by_s"]), (&json!(false), &json!(A_DAY_S)), "{seen}");
    assert_eq!(
        (&seen["now"], &seen["clock"]),
        (&json!("2026-12-01T12:00:00.000Z"), &json!("2026-12-02T12:00:00.000Z"))
    );
    assert_eq!(seen["believed_at"], "2026-12-01T12:02:00.000Z");
    app.pass_s(119);
    is_not_decided(fair.ada.submit(TODAY));
    app.pass_s(1);
    ready(&app).expect(200);
    assert_eq!(clock(&app)["now"], "2026-12-02T12:02:00.000Z");
    app.until("today is over, so it is drawn", || app.state_of(TODAY) == "drawn");
    fair.ada.submit(TODAY).refused(409, "lottery-closed");
    fair.ada.hold(DAY, json!({"number": "0002"})).expect(201);
}

#[test]
fn another_jump_begins_the_wait_anew() {
    let app = TestApp::start_with_two_clocks(|config| config.clock_trust_s = 120);
    let fair = Fair::open(&app);
    app.set_ahead_s(A_DAY_S);
    ready(&app).refused(503, "not-ready");
    app.pass_s(119);
    app.set_ahead_s(3600);
    ready(&app).refused(503, "not-ready");
    app.pass_s(119);
    is_not_decided(fair.ada.submit(TODAY));
    app.pass_s(1);
    ready(&app).expect(200);
}

#[test]
fn an_administrator_accepts_the_step_that_they_have_seen_and_no_other() {
    let app = TestApp::start_with_two_clocks(|_| {});
    let fair = Fair::open(&app);
    let admin = app.admin();
    accept(&admin, 0).refused(409, "clock-not-moved-so");
    app.set_ahead_s(A_DAY_S);
    accept(&app.anybody(), A_DAY_S).refused(401, "unauthenticated");
    accept(&fair.ada, A_DAY_S).refused(403, "forbidden");
    app.anybody().get("/clock").refused(401, "unauthenticated");
    fair.ada.get("/clock").refused(403, "forbidden");
    let refused = accept(&admin, 3600).refused(409, "clock-not-moved-so");
    assert!(refused["detail"].as_str().unwrap().contains("86400 s"), "{refused}");
    admin.post("/clock/accept", json!({})).refused(422, "invalid");
    fair.nothing_has_happened();
    is_not_decided(fair.ada.submit(TODAY));
    let accepted = accept(&admin, A_DAY_S).expect(200);
    assert_eq!(
        (&accepted["settled"], &accepted["now"]),
        (&json!(true), &json!("2026-12-02T12:00:00.000Z")),
        "{accepted}"
    );
    accept(&admin, A_DAY_S).refused(409, "clock-not-moved-so");
    ready(&app).expect(200);
    app.until("today is over, so it is drawn", || app.state_of(TODAY) == "drawn");
}

#[test]
fn people_come_and_go_while_a_clock_is_away_and_are_owed_what_cannot_be_decided() {
    let app = TestApp::start_with_two_clocks(|config| config.job_interval_ms = 10);
    let campaign = campaign(&app, with(json!({"trigger": "first_login", "quota": 9}), json!({})));
    app.anybody()
        .post("/auth/register", json!({"username": "ada", "password": PASSWORD}))
        .expect(201);
    ledger(&app, &campaign);
    app.set_ahead_s(A_DAY_S);
    ready(&app).refused(503, "not-ready");
    let login = app
        .anybody()
        .post("/auth/login", json!({"account": "ada", "password": PASSWORD}))
        .expect(200);
    assert_eq!((&login["first_login"], &login["vouchers"]), (&json!(true), &json!([])), "{login}");
    let ada = app.anybody().bearer(login["access_token"].as_str().unwrap());
    ada.get("/me").expect(200);
    ada.post("/auth/logout", json!({})).expect(204);
    ada.get("/me").refused(401, "unauthenticated");
    assert_eq!(ledger(&app, &campaign)["assigned"], 0);
    app.set_ahead_s(-A_DAY_S);
    ready(&app).expect(200);
    app.until("what is owed is made good", || ledger(&app, &campaign)["assigned"] == 1);
}

#[test]
fn a_clock_that_drifts_is_followed() {
    let app = TestApp::start_with_two_clocks(|_| {});
    for _ in 0..10 {
        app.set_ahead_s(4);
        app.pass_s(60);
        ready(&app).expect(200);
    }
    assert_eq!(clock(&app)["now"], "2026-12-01T12:10:40.000Z");
}

#[test]
fn a_log_that_was_written_later_than_now_is_told() {
    let app = TestApp::start_with_two_clocks(|_| {});
    app.set_ahead_s(3600);
    app.restart();
    assert_eq!(
        (&clock(&app)["settled"], &clock(&app)["log_ahead_s"]),
        (&json!(true), &Value::Null)
    );
    app.lottery(DAY, 1);
    app.set_ahead_s(-3600);
    app.restart();
    let seen = clock(&app);
    assert_eq!((&seen["settled"], &seen["log_ahead_s"]), (&json!(true), &json!(3600)), "{seen}");
    app.pass_s(3600);
    assert_eq!(clock(&app)["log_ahead_s"], Value::Null);
    assert_eq!(app.now(), NOON.plus_s(3600));
}
