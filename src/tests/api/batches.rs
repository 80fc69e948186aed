//! Batches: up to ten billion coupons in one call, their codes as a stream, and the last ones over
//! all ranges.

use crate::campaigns::END;
use crate::coupons::{assign, batch, books, code, codes};
use actors::Time;
use actors::domain::coupons::catalogue::{BatchKind, BatchPlan};
use actors::domain::coupons::range::{Command, RangeTerms};
use actors::domain::coupons::{Discount, Offer, Serial};
use actors::domain::day::Day;
use actors::engine::{By, Failure};
use futures_util::future::try_join_all;
use harness::{Client, TestApp};
use serde_json::{Value, json};
use stampede::app::App;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

const TEN_BILLION: u64 = 10_000_000_000;

/// The bytes of all files of the store.
fn bytes_on_disk(app: &TestApp) -> u64 {
    std::fs::read_dir(app.data()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

fn stream(client: &Client, batch: &str, query: &str) -> String {
    let answer = client.get(&format!("/coupon-batches/{batch}/codes?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

#[test]
fn ten_billion_coupons_are_one_call_and_next_to_nothing_on_disk() {
    let app = TestApp::start();
    let (one, shop) = (batch(&app, json!({"count": 1})), app.service("shop"));
    assign(&shop.on_behalf_of("m"), &one, json!({})).expect(201);
    app.restart();
    let before = bytes_on_disk(&app);
    let id = batch(&app, json!({"count": TEN_BILLION}));
    let books_of_all = books(&app, &id);
    assert_eq!(books_of_all["available"], TEN_BILLION);
    let mut given = BTreeSet::new();
    for member in 0..20 {
        let (member, order) = (
            shop.on_behalf_of(&format!("m{member}")),
            json!({"source_id": format!("order-{member}")}),
        );
        let coupon = assign(&member, &id, order.clone()).expect(201);
        assert!(given.insert(code(&coupon).to_owned()));
        assert_eq!(code(&assign(&member, &id, order).expect(200)), code(&coupon));
    }
    let last = stream(&app.admin(), &id, &format!("format=csv&from={}", TEN_BILLION - 1));
    let last = last.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned();
    shop.on_behalf_of("m").put(&format!("/coupons/{last}/assign"), json!({})).expect(200);
    assert_eq!(books(&app, &id)["assigned"], 21);
    app.restart();
    assert_eq!(
        shop.on_behalf_of("m").get(&format!("/coupons/{last}")).expect(200)["state"],
        "assigned"
    );
    let grown = bytes_on_disk(&app) - before;
    assert!(grown < 1_000_000, "{grown} bytes for ten billion coupons");
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn the_codes_of_a_batch_are_streamed_in_order_from_anywhere() {
    let app = TestApp::start();
    let admin = app.admin();
    // More than one chunk of the stream, and not a whole number of them.
    const COUNT: usize = 20_000;
    let large = batch(&app, json!({ "count": COUNT }));
    let csv = stream(&admin, &large, "format=csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("index,code", COUNT + 1));
    let printed: Vec<&str> =
        lines[1..].iter().map(|line| line.split_once(',').unwrap().1).collect();
    assert!(
        lines[1..]
            .iter()
            .enumerate()
            .all(|(index, line)| line.split_once(',').unwrap().0 == index.to_string())
    );
    assert_eq!(printed.iter().collect::<BTreeSet<_>>().len(), COUNT);
    let ndjson = stream(&admin, &large, "");
    let spoken: Vec<Value> =
        ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(spoken.len(), COUNT);
    assert!(
        spoken
            .iter()
            .enumerate()
            .all(|(index, line)| *line == json!({"index": index, "code": printed[index]}))
    );
    for (from, limit) in [(0, 0), (0, 1), (8191, 2), (8192, 8193), (19_999, 5), (20_000, 5)] {
        let part = stream(&admin, &large, &format!("format=csv&from={from}&limit={limit}"));
        let expected = &lines[1 + from..(1 + from + limit).min(lines.len())];
        assert_eq!(part.lines().skip(1).collect::<Vec<_>>(), expected, "{from} {limit}");
    }
    assert_eq!(stream(&admin, &large, "from=18446744073709551615"), "");
    let (small, codes) = codes(&app, json!({}));
    let small = stream(&admin, &small, "format=csv");
    assert_eq!(
        small.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect::<Vec<_>>(),
        codes
    );
}

#[test]
fn a_stream_that_cannot_be_is_refused() {
    let app = TestApp::start();
    let id = batch(&app, json!({}));
    for query in [
        "format=xml",
        "from=-1",
        "limit=ten",
        "limit=18446744073709551616",
        "cursor=x",
        "from=1&from=2",
    ] {
        app.admin().get(&format!("/coupon-batches/{id}/codes?{query}")).refused(422, "invalid");
    }
    app.member("ada").get(&format!("/coupon-batches/{id}/codes")).refused(403, "forbidden");
    app.anybody().get(&format!("/coupon-batches/{id}/codes")).refused(401, "unauthenticated");
}

#[test]
fn batches_are_listed_page_by_page_and_shown_as_they_were_made() {
    let app = TestApp::start();
    let admin = app.admin();
    for n in 0..5 {
        batch(
            &app,
            json!({"name": format!("Batch {n}"), "one_per_member": n == 2, "min_amount": 7,
                "max_discount": 70}),
        );
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = admin.get(&format!("/coupon-batches?{query}")).expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    assert_eq!(
        seen.iter().map(|batch| batch["name"].as_str().unwrap()).collect::<Vec<_>>(),
        (0..5).map(|n| format!("Batch {n}")).collect::<Vec<_>>()
    );
    assert_eq!(
        admin.get(&format!("/coupon-batches/{}", seen[2]["id"].as_str().unwrap())).expect(200),
        seen[2]
    );
    let shown = (
        &seen[2]["count"],
        &seen[2]["one_per_member"],
        &seen[2]["min_amount"],
        &seen[2]["expires_at"],
    );
    assert_eq!(shown, (&json!(10), &json!(true), &json!(7), &json!("2026-12-31T00:00:00.000Z")));
    for query in ["limit=0", "cursor=%21", "cursor=AAAA"] {
        admin.get(&format!("/coupon-batches?{query}")).refused(422, "invalid");
    }
    for path in ["", "/b_0", "/b_0/ledger"] {
        app.member(&format!("ada{}", path.len()))
            .get(&format!("/coupon-batches{path}"))
            .refused(403, "forbidden");
    }
}

/// Opens every range of the batch with so few coupons that it is nearly drained from the beginning.
/// Its count says a million more, which nobody has to wait for: what is shown is how the last ones
/// are found, wherever they are.
fn leave_few(app: &TestApp, batch: &str, each: u64) {
    let (config, now) = (app.config(), app.now());
    let batch: Serial = batch.parse().unwrap();
    app.stop();
    actix_web::rt::System::new().block_on(async move {
        let running =
            App::open(config, Arc::new(move || now)).await.unwrap().serve(|_| {}).unwrap();
        let offer = Offer::of(Discount::Amount(500));
        let expires_at = Time(now.0 + 86_400_000);
        let plan = BatchPlan {
            name: None,
            offer,
            expires_at,
            what: BatchKind::Made { count: 1_000_016, one_per_member: false },
        };
        // Until the workers are there.
        while let Err(failure) = running.shared.lotteries.view(Day(0).into()).await {
            assert!(matches!(failure.0, Failure::Unavailable(_)), "{failure:?}");
            actix_web::rt::task::yield_now().await;
        }
        // All at once, so that no job that looks around finds some of them open and opens the
        // others.
        let open =
            Command::Open(RangeTerms { count: each, offer, expires_at, one_per_member: false });
        let ranges = plan.ranges(batch);
        let tell = |name| running.shared.engine.ranges.command(name, open.clone(), By::SYSTEM);
        try_join_all(ranges.iter().map(tell)).await.unwrap();
        running.stop().await;
    });
    app.wait_until_free();
    app.serve();
}

#[test]
fn the_last_coupons_are_found_in_whichever_of_the_sixteen_ranges_they_are() {
    const LEFT: usize = 16 * 5;
    let app = TestApp::start();
    let id = batch(&app, json!({"count": 1_000_016, "expires_at": END}));
    leave_few(&app, &id, 5);
    assert_eq!(books(&app, &id)["issued"], LEFT);
    let shop = app.service("shop");
    let given = Mutex::new(BTreeSet::new());
    let sold_out = Mutex::new(0);
    thread::scope(|scope| {
        for client in 0..16 {
            let (shop, id, given, sold_out) = (&shop, &id, &given, &sold_out);
            scope.spawn(move || {
                // Sixteen clients want eight each, of which five can be had.
                for order in 0..8 {
                    let member = shop.on_behalf_of(&format!("m{client}"));
                    let body = json!({"source_id": format!("order-{client}-{order}")});
                    let (first, again) =
                        (assign(&member, id, body.clone()), assign(&member, id, body));
                    if first.status == 409 {
                        first.refused(409, "sold-out");
                        *sold_out.lock().unwrap() += 1;
                        continue;
                    }
                    assert_eq!(
                        (first.status, again.status, code(&first.body)),
                        (201, 200, code(&again.body))
                    );
                    assert!(
                        given.lock().unwrap().insert(code(&first.body).to_owned()),
                        "{} was given twice",
                        first.text
                    );
                }
            });
        }
    });
    let given = given.into_inner().unwrap();
    assert_eq!((given.len(), sold_out.into_inner().unwrap()), (LEFT, 16 * 8 - LEFT));
    let books_at_the_end = books(&app, &id);
    assert_eq!(
        (&books_at_the_end["assigned"], &books_at_the_end["available"]),
        (&json!(LEFT), &json!(0))
    );
    // Long after the keys are forgotten, a source still finds its coupon in whichever range gave
    // it.
    app.pass_s(7200);
    app.restart();
    let mut found = BTreeSet::new();
    for client in 0..16 {
        for order in 0..8 {
            let body = json!({"source_id": format!("order-{client}-{order}")});
            let again = assign(&shop.on_behalf_of(&format!("m{client}")), &id, body);
            if again.status == 200 {
                found.insert(code(&again.body).to_owned());
            } else {
                again.refused(409, "sold-out");
            }
        }
    }
    assert_eq!(found, given);
    assert_eq!(books(&app, &id), books_at_the_end);
    app.stop();
    assert!(app.verified().is_ok());
}
