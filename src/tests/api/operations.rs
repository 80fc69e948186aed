//! Operations: health, readiness, metrics, and a node that is full.

use config::Choice;
use harness::{Answer, Client, TestApp, id};
use serde_json::json;
use std::sync::Barrier;
use std::thread;

const DAY: &str = "2026-12-31";

#[test]
fn a_node_leaves_and_joins_the_balancer_when_an_administrator_says_so() {
    let app = TestApp::start();
    let ready = || app.anybody().get("//health/ready");
    assert_eq!(ready().expect(200)["status"], "ready");
    assert_eq!(
        app.admin().put("//health/ready", json!({"ready": false})).expect(200)["status"],
        "left"
    );
    let left = ready();
    assert_eq!(left.header("retry-after"), Some("1"));
    left.refused(503, "not-ready");
    // It still serves whoever comes.
    assert_eq!(app.anybody().get("//health/live").expect(200)["status"], "live");
    app.anybody().get("/lotteries").expect(200);
    assert_eq!(
        app.admin().put("//health/ready", json!({"ready": true})).expect(200)["status"],
        "ready"
    );
    assert_eq!(ready().expect(200)["status"], "ready");
}

#[test]
fn nobody_else_takes_a_node_out_of_the_balancer() {
    let app = TestApp::start();
    app.anybody().put("//health/ready", json!({"ready": false})).refused(401, "unauthenticated");
    app.member("ada").put("//health/ready", json!({"ready": false})).refused(403, "forbidden");
    app.admin().put("//health/ready", json!({"ready": "no"})).refused(422, "invalid");
    app.admin().put("//health/ready", json!({})).refused(422, "invalid");
    app.anybody().get("//health/ready").expect(200);
}

#[test]
fn the_metrics_show_what_an_operator_asks_about() {
    let app = TestApp::start();
    // A day of its own, because all apps of a test process share their meters.
    const OWN: &str = "2026-12-17";
    app.lottery(OWN, 1);
    let ada = app.member("ada");
    let held = ada.hold(OWN, json!({"pattern": "1***", "count": 3})).expect(201);
    ada.confirm(id(&held)).expect(200);
    ada.hold(OWN, json!({"pattern": "2***", "count": 2})).expect(201);
    ada.hold(OWN, json!({"pattern": "12"})).refused(422, "invalid");
    let text = || app.anybody().get("//metrics").text;
    for (state, tickets) in [("free", 9_995), ("held", 2), ("sold", 3)] {
        let line = format!("stampede_tickets{{lottery=\"{OWN}\",state=\"{state}\"}} {tickets}");
        app.until(&line, || text().contains(&line));
    }
    let (text, has_a_file) = (text(), app.config().store == Choice::Sqlite);
    let route = "route=\"/lotteries/{date}/holds\",method=\"POST\",status=\"201\"";
    assert!(
        text.contains(&format!("stampede_http_request_seconds_bucket{{{route},le=\"+Inf\"}}")),
        "{text}"
    );
    for histogram in [
        "stampede_http_request_seconds",
        "stampede_commit_seconds",
        "stampede_batch_events",
        "stampede_store_commit_seconds",
        "stampede_store_commit_events",
        "stampede_hash_seconds",
    ]
    .into_iter()
    .filter(|name| has_a_file || *name != "stampede_store_commit_events")
    {
        assert!(text.contains(&format!("# TYPE {histogram} histogram")), "{histogram}");
        let buckets =
            text.lines().filter(|line| line.starts_with(&format!("{histogram}_bucket{{"))).count();
        assert!(buckets >= 12, "{histogram} has {buckets} buckets");
    }
    for line in [
        "stampede_refusals_total{reason=\"invalid\"}",
        "stampede_commits_total{kind=\"tickets\"}",
        "stampede_in_flight ",
        "stampede_deepest_partition_queue ",
        "stampede_partitions_awake ",
        "stampede_idempotency_keys ",
        "stampede_idempotency_window_seconds ",
        "stampede_members ",
        "stampede_build_info{version=",
        "stampede_http_requests_in_flight ",
        "stampede_in_flight_limit 16384",
        "stampede_partition_in_flight_limit 4096",
        "stampede_store_bytes{file=\"database\"}",
        "stampede_store_bytes{file=\"wal\"}",
        "stampede_notices_total ",
        "stampede_registrations_total ",
        "process_cpu_seconds_total ",
        "process_resident_memory_bytes ",
        "process_start_time_seconds ",
        "process_open_fds ",
        "process_max_fds ",
        "process_threads ",
    ]
    .into_iter()
    .filter(|line| has_a_file || !line.starts_with("stampede_store_bytes"))
    {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line}");
    }
}

#[test]
fn the_metrics_show_what_is_left_of_campaigns_and_batches() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let offer = |more: serde_json::Value| {
        let mut offer = json!({"name": "Shown in the metrics", "discount_amount": 500});
        offer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        offer
    };
    let campaign = admin
        .post(
            "/campaigns",
            offer(json!({"quota": 9, "trigger": "claim", "ends_at": "2027-01-01T00:00:00Z"})),
        )
        .expect(201);
    let claimed = ada.post(&format!("/campaigns/{}/claims", id(&campaign)), json!({})).expect(201);
    let coupons = admin
        .post("/coupons", offer(json!({"count": 7, "expires_at": "2027-01-01T00:00:00Z"})))
        .expect(201);
    let me = ada.get("/me").expect(200);
    for code in coupons["codes"].as_array().unwrap().iter().take(2) {
        admin
            .put(
                &format!("/coupons/{}/assign", code.as_str().unwrap()),
                json!({"member_id": id(&me)}),
            )
            .expect(200);
    }
    ada.post(
        &format!("/coupons/{}/use", claimed["voucher"]["code"].as_str().unwrap()),
        json!({"amount": 900}),
    )
    .expect(200);
    let batch = coupons["batch"]["id"].as_str().unwrap();
    for (metric, of, serial, state, count) in [
        ("stampede_vouchers", "campaign", id(&campaign), "available", 8),
        ("stampede_vouchers", "campaign", id(&campaign), "used", 1),
        ("stampede_vouchers", "campaign", id(&campaign), "assigned", 0),
        ("stampede_coupons", "batch", batch, "available", 5),
        ("stampede_coupons", "batch", batch, "assigned", 2),
        ("stampede_coupons", "batch", batch, "void", 0),
    ] {
        let line = format!(
            "{metric}{{{of}=\"{serial}\",name=\"Shown in the metrics\",state=\"{state}\"}} {count}"
        );
        app.until(&line, || app.anybody().get("//metrics").text.lines().any(|found| found == line));
    }
}

#[test]
fn the_series_of_what_has_gone_go() {
    let app = TestApp::start_with(|config| config.job_interval_ms = 20);
    const OWN: &str = "2026-12-18";
    app.lottery(OWN, 1);
    let (admin, ada) = (app.admin(), app.member("ada"));
    ada.hold(OWN, json!({"pattern": "1***"})).expect(201);
    let offer = |name: &str, ends: &str| {
        json!({"name": name, "discount_amount": 5,
        ends: "2026-12-01T13:00:00Z"})
    };
    let plan = |name| {
        crate::campaigns::with(offer(name, "ends_at"), json!({"quota": 2, "trigger": "claim"}))
    };
    let campaigns = ["Ended", "Run out"]
        .map(|name| id(&admin.post("/campaigns", plan(name)).expect(201)).to_owned());
    campaigns.iter().for_each(|campaign| {
        drop(ada.post(&format!("/campaigns/{campaign}/claims"), json!({})).expect(201))
    });
    let coupons = admin
        .post("/coupons", crate::campaigns::with(offer("Batch", "expires_at"), json!({"count": 2})))
        .expect(201);
    let batch = id(&coupons["batch"]).to_owned();
    admin
        .post(
            &format!("/coupon-batches/{batch}/assign"),
            json!({"member_id": id(&ada.get("/me").expect(200))}),
        )
        .expect(201);
    let text = || app.anybody().get("//metrics").text;
    let mut gone = vec![format!("stampede_tickets{{lottery=\"{OWN}\"")];
    gone.extend(
        campaigns.iter().map(|campaign| format!("stampede_vouchers{{campaign=\"{campaign}\"")),
    );
    gone.push(format!("stampede_coupons{{batch=\"{batch}\""));
    gone.iter().for_each(|line| app.until(line, || text().contains(line)));
    // A voucher that was granted can be used until it expires, although its campaign was ended.
    admin.post(&format!("/campaigns/{}/end", campaigns[0]), json!({})).expect(200);
    admin.post(&format!("/lotteries/{OWN}/close"), json!({})).expect(200);
    app.until("the lottery is shown no more", || !text().contains(&gone[0]));
    assert!(gone[1..].iter().all(|line| text().contains(line)), "{}", text());
    app.pass_s(3600);
    gone.iter().for_each(|line| app.until(&format!("{line} is gone"), || !text().contains(line)));
}

#[test]
fn metrics_are_told_to_the_networks_that_may_read_them() {
    let told = |from: &[&str], proxies: &[&str], headers: &[(&str, &str)]| {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let app = TestApp::start_with(|config| {
            if from != ["default"] {
                config.metrics_from = networks(from);
            }
            config.trusted_proxies = networks(proxies);
        });
        let client =
            headers.iter().fold(app.anybody(), |client, (name, value)| client.with(name, value));
        let answer = client.get("//metrics");
        let status = answer.status;
        if status != 200 {
            answer.refused(403, "forbidden");
        }
        status == 200
    };
    let (theirs, ours) = (("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "127.0.0.9"));
    assert!(told(&["default"], &[], &[]));
    assert!(!told(&[], &[], &[]));
    assert!(!told(&["10.0.0.0/8"], &[], &[]));
    // What a proxy on this machine passes on comes from outside, whatever it claims.
    for header in [
        theirs,
        ours,
        ("Via", "1.1 proxy"),
        ("Forwarded", "for=127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
    ] {
        assert!(!told(&["default"], &[], &[header]), "{header:?}");
    }
    // One that is trusted says from where.
    assert!(!told(&["default"], &["127.0.0.1"], &[theirs]));
    assert!(!told(&["default"], &["127.0.0.1"], &[("Via", "1.1 proxy")]));
    assert!(told(&["203.0.113.0/24"], &["127.0.0.1"], &[theirs, ("Via", "1.1 proxy")]));
    assert!(!told(
        &["203.0.113.0/24"],
        &["127.0.0.1"],
        &[("X-Forwarded-For", "203.0.113.9, 198.51.100.7")]
    ));
}

/// All at once, each on a connection of its own.
fn burst(clients: &[Client], wanted: &str) -> Vec<Answer> {
    let together = Barrier::new(clients.len());
    thread::scope(|scope| {
        let asking: Vec<_> = clients
            .iter()
            .map(|client| {
                scope.spawn(|| {
                    together.wait();
                    client.hold(DAY, json!({"pattern": wanted}))
                })
            })
            .collect();
        asking.into_iter().map(|asked| asked.join().unwrap()).collect()
    })
}

/// Until some were turned away: each answer is a hold or a refusal that cost nothing, and the books
/// know which.
fn a_rush_is_held_or_turned_away(app: &TestApp) {
    app.lottery(DAY, 1);
    app.books(DAY);
    let clients: Vec<Client> = (0..64).map(|n| app.member(&format!("member-{n}"))).collect();
    let (mut granted, mut turned_away) = (0, 0);
    for _ in 0..100 {
        for answer in burst(&clients, "1***") {
            if answer.status == 201 {
                granted += 1;
            } else {
                assert_eq!(answer.header("retry-after"), Some("1"));
                assert_eq!(answer.refused(503, "busy")["retry"], "later");
                turned_away += 1;
            }
        }
        if turned_away > 0 && granted > 0 {
            break;
        }
    }
    assert!(turned_away > 0 && granted > 0, "{granted} granted, {turned_away} turned away");
    assert_eq!(app.books(DAY).held, granted);
    app.restart();
    assert_eq!(app.books(DAY).held, granted);
}

#[test]
fn a_partition_that_is_full_turns_away_and_does_nothing() {
    // The gauges and the job that closes lotteries ask now and then, too.
    a_rush_is_held_or_turned_away(&TestApp::start_with(|config| config.partition_in_flight = 4));
}

#[test]
fn a_node_that_is_full_turns_away_and_does_nothing() {
    // The books ask ten slices at once, and so do the gauges.
    a_rush_is_held_or_turned_away(&TestApp::start_with(|config| config.in_flight = 30));
}

#[test]
fn a_rush_on_one_lottery_leaves_room_for_everything_else() {
    let app = TestApp::start_with(|config| config.partition_in_flight = 4);
    app.lottery(DAY, 1);
    app.lottery("2027-01-31", 1);
    let clients: Vec<Client> = (0..16).map(|n| app.member(&format!("member-{n}"))).collect();
    let calm = app.member("calm");
    app.books("2027-01-31");
    thread::scope(|scope| {
        scope.spawn(|| (0..20).for_each(|_| drop(burst(&clients, "1***"))));
        for n in 0..50 {
            calm.hold("2027-01-31", json!({"number": format!("{n:04}")})).expect(201);
        }
    });
}
