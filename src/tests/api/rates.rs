//! How often somebody may ask in a minute: a caller by who they are, and whoever says nothing of
//! that by their address.

use actors::Time;
use harness::{Client, NOON, TestApp};

const DAY: &str = "2026-12-31";

#[track_caller]
fn is_over_rate(client: &Client, path: &str, whose: &str, per_minute: u32) {
    let answer = client.get(path);
    let policy = format!("\"{whose}\";q={per_minute};w=60");
    assert_eq!(answer.header("RateLimit-Policy"), Some(policy.as_str()), "{path}");
    let rate = answer.header("RateLimit").unwrap();
    assert!(rate.starts_with(&format!("\"{whose}\";r=0;t=")), "{rate}");
    assert!(answer.header("Retry-After").is_some());
    answer.refused(429, "too-many-requests");
}

#[test]
fn public_reads_have_a_rate_by_address_and_those_of_known_callers_have_none() {
    let app = TestApp::start_with(|config| {
        config.public_requests_per_minute = 3;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let from = |address: &str| app.anybody().with("X-Forwarded-For", address);
    let (one, other) = (from("192.0.2.1"), from("192.0.2.2"));
    let lottery = format!("/lotteries/{DAY}");
    for path in ["/campaigns", "/lotteries", &lottery] {
        one.get(path).expect(200);
    }
    for path in [
        "/campaigns",
        "/campaigns/c_1",
        "/campaigns/c_1/ledger",
        "/lotteries",
        &lottery,
        &format!("{lottery}/ledger"),
        &format!("{lottery}/statistics"),
        &format!("{lottery}/tickets?pattern=****"),
        &format!("{lottery}/winner"),
        &format!("{lottery}/proof"),
        "/ballots/bl_none/proof",
        "/coupon-batches/b_0",
        "/proof-of-work/challenge?for=login",
    ] {
        is_over_rate(&one, path, "address", 3);
    }
    other.get("/campaigns").expect(200);
    // Logins have budgets of their own, and health is asked for by machines.
    one.get("//health/live").expect(200);
    let known = ada.with("X-Forwarded-For", "192.0.2.1");
    (0..5).for_each(|_| drop(known.get("/campaigns").expect(200)));
    // A token that is none is no way around it.
    let liar = one.clone().with("Authorization", "Bearer none");
    liar.get("/campaigns").refused(401, "unauthenticated");
    let metrics = app.anybody().get("//metrics").text;
    assert!(metrics.contains("stampede_over_rate_total{rate=\"address\"}"), "{metrics}");
    app.set_time(Time(NOON.0 + 60_000));
    one.get("/campaigns").expect(200);
}

#[test]
fn a_caller_has_a_rate_wherever_they_ask_from() {
    let app = TestApp::start_with(|config| config.requests_per_minute = 5);
    let ada = app.member("ada");
    (0..5).for_each(|_| drop(ada.get("/campaigns").expect(200)));
    is_over_rate(&ada, "/campaigns", "caller", 5);
    app.anybody().get("/campaigns").expect(200);
}
