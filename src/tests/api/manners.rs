//! Manners that hold everywhere: request ids, unknown paths and methods, dry runs, problem pages,
//! and pages that need no other host.

use crate::campaigns::with;
use crate::wire;
use harness::{Answer, ENDLESS, TestApp, TicketBooks, id};
use serde_json::{Value, json};
use stampede::http::problem;

const DAY: &str = "2026-12-31";

fn page(app: &TestApp, path: &str) -> Answer {
    let answer = app.anybody().get(&format!("/{path}"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer
}

#[test]
fn a_request_id_comes_back_on_every_kind_of_answer() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let named = app.anybody().with("X-Request-Id", "trace-7/a:b");
    for path in [
        "//health/live",
        "/lotteries",
        "/lotteries/2026-12-31",
        "/nowhere",
        "//nowhere",
        "/me",
        "//problems/busy",
        "//docs/",
        "//openapi.json",
    ] {
        let answer = named.get(path);
        assert_eq!(answer.header("x-request-id"), Some("trace-7/a:b"), "{path} {}", answer.status);
    }
    assert_eq!(
        named.post("/lotteries", json!({})).refused(401, "unauthenticated")["request_id"],
        "trace-7/a:b"
    );
    assert_eq!(
        named.send("TRACE", "/lotteries", None).refused(405, "method-not-allowed")["request_id"],
        "trace-7/a:b"
    );
}

#[test]
fn a_request_id_that_is_not_decent_is_replaced_by_a_new_one() {
    let app = TestApp::start();
    let mut seen = std::collections::BTreeSet::new();
    for given in ["", "two words", "tab\tbed", &"x".repeat(65)] {
        let answer = app.anybody().with("X-Request-Id", given).get("//health/live");
        let id = answer.header("x-request-id").expect("there is one").to_owned();
        assert!(id.len() == 16 && id != given, "{id}");
        assert!(seen.insert(id));
    }
    let longest = "x".repeat(64);
    assert_eq!(
        app.anybody().with("X-Request-Id", &longest).get("//health/live").header("x-request-id"),
        Some(longest.as_str())
    );
}

#[test]
fn a_path_that_is_not_there_is_an_unknown_route() {
    let app = TestApp::start();
    for path in [
        "/nowhere",
        "//nowhere",
        "/holds/1/2/3",
        "/lotteries/",
        "//api",
        "//api/v1",
        "//api/v2/lotteries",
        "/Lotteries",
    ] {
        app.anybody().get(path).refused(404, "unknown-route");
        app.admin().post(path, json!({})).refused(404, "unknown-route");
    }
}

#[test]
fn a_wrong_method_is_told_which_ones_are_right() {
    let app = TestApp::start();
    for (method, path, allow) in [
        ("DELETE", "/lotteries", "GET, POST"),
        ("PUT", "/holds/h_20261231_4_1_0", "GET, DELETE"),
        ("GET", "/holds/h_20261231_4_1_0/confirm", "POST"),
        ("PATCH", "//health/live", "GET"),
        ("OPTIONS", "/tickets", "GET"),
        ("POST", "//health/ready", "GET, PUT"),
        ("DELETE", "//metrics", "GET"),
        ("DELETE", "//", "GET"),
    ] {
        let answer = app.anybody().send(method, path, None);
        let mut told: Vec<&str> = answer.header("allow").expect("Allow").split(", ").collect();
        let mut expected: Vec<&str> = allow.split(", ").collect();
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected, "{method} {path}");
        answer.refused(405, "method-not-allowed");
    }
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let plan = json!({"closes_on": DAY, "tickets": {"digits": 4}});
    assert_eq!(admin.post("/lotteries?dry_run=true", plan.clone()).expect(201)["closes_on"], DAY);
    app.anybody().get("/lotteries/2026-12-31").refused(404, "not-found");
    admin.post("/lotteries", plan.clone()).expect(201);
    admin.post("/lotteries?dry_run=true", plan).refused(409, "lottery-exists");

    let wanted = json!({"number": "0007"});
    let holds = "/lotteries/2026-12-31/holds?dry_run=true";
    assert_eq!(ada.post(holds, wanted.clone()).expect(201)["tickets"][0]["number"], "0007");
    assert_eq!(
        ada.post(holds, json!({"pattern": "****", "count": 3})).expect(201)["tickets"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(app.books(DAY), TicketBooks { free: 10_000, held: 0, sold: 0 });
    let held = ada.hold(DAY, wanted.clone()).expect(201);
    ada.post(holds, wanted).refused(409, "no-match-left");

    let path = format!("/holds/{}", id(&held));
    let extended =
        ada.post(&format!("{path}/extend?dry_run=true"), json!({"ttl_s": 600})).expect(200);
    assert_eq!(extended["expires_at"], "2026-12-01T12:10:00.000Z");
    assert_eq!(ada.delete(&format!("{path}?dry_run=true")).expect(200)["state"], "released");
    assert_eq!(
        ada.post(&format!("{path}/confirm?dry_run=true"), json!({})).expect(200)["state"],
        "confirmed"
    );
    assert_eq!(ada.get(&path).expect(200), held);
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 1, sold: 0 });

    ada.confirm(id(&held)).expect(200);
    admin.post("/tickets/t_20261231_0007_1/refund?dry_run=true", json!({})).expect(200);
    admin.post("/lotteries/2026-12-31/close?dry_run=true", json!({})).expect(200);
    app.restart();
    assert_eq!(app.books(DAY), TicketBooks { free: 9_999, held: 0, sold: 1 });
}

#[test]
fn a_dry_run_uses_up_no_key() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    ada.key("key-1")
        .post("/lotteries/2026-12-31/holds?dry_run=true", json!({"pattern": "1***"}))
        .expect(201);
    let real = ada.key("key-1").hold(DAY, json!({"pattern": "2***"}));
    assert!(!real.was_replayed());
    real.expect(201);
}

#[test]
fn every_problem_has_a_page_that_explains_it() {
    let app = TestApp::start();
    let index = page(&app, "/problems");
    let document = app.anybody().get("//openapi.json").expect(200);
    let all: Vec<_> = document["paths"].as_object().unwrap().values().collect();
    let calls = |name: &str| {
        let says = |call: &&Value| call["responses"].to_string().contains(&format!("`{name}`: "));
        let all = all.iter().flat_map(|item| item.as_object().unwrap().values());
        all.filter(says).map(|call| call["operationId"].as_str().unwrap()).collect::<Vec<_>>()
    };
    for kind in problem::ALL {
        let page = page(&app, &format!("/problems/{}", kind.name));
        assert!(
            page.text.contains(kind.title)
                && page.text.contains(&format!("/problems/{}", kind.name)),
            "{}",
            page.text
        );
        assert!(index.text.contains(&format!("href=\"/problems/{}\"", kind.name)), "{}", kind.name);
        for part in ["What happened", "What to do", "An example"] {
            assert!(page.text.contains(part), "{}: {part}", kind.name);
        }
        // Who says it is what the document says of it.
        let said = calls(kind.name);
        let listed = |name: &&str| page.text.contains(&format!("href=\"/docs/#{name}\""));
        let is_of_all = page.text.contains("All of them.");
        assert!(is_of_all || said.iter().all(listed), "{}: {said:?}", kind.name);
        assert_eq!(
            page.text.matches("href=\"/docs/#").count(),
            if is_of_all { 0 } else { said.len() }
        );
    }
    app.anybody().get("//problems/none-such").refused(404, "not-found");
}

#[test]
fn the_front_page_says_what_this_is_and_its_links_lead_somewhere() {
    let app = TestApp::start();
    let front = page(&app, "/");
    assert!(front.header("content-type").unwrap().starts_with("text/html"));
    assert!(front.text.contains(env!("CARGO_PKG_VERSION")) && !front.text.contains("{{"));
    let links = addresses(&front.text);
    assert!(links.len() >= 5, "{links:?}");
    for link in links {
        page(&app, &link);
    }
}

#[test]
fn the_page_of_the_api_and_all_it_loads_come_from_this_server() {
    let app = TestApp::start();
    let docs = page(&app, "/docs/");
    let parts = addresses(&docs.text);
    assert!(
        parts.iter().any(|part| part.ends_with(".js"))
            && parts.iter().any(|part| part.ends_with(".css")),
        "{parts:?}"
    );
    for part in &parts {
        assert!(part.starts_with('/') && !part.contains("//"), "{part} is on another host");
        assert!(!page(&app, part).text.is_empty(), "{part}");
    }
    let policy = docs.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    // Without the slash it leads to the same page.
    assert_eq!(page(&app, "/docs").text, docs.text);
}

#[test]
fn pages_are_packed_for_those_who_can_unpack_and_not_sent_twice() {
    let app = TestApp::start();
    let get = |path: &str, headers: &[(&str, &[u8])]| {
        wire::send(&app, &wire::request("GET", path.as_bytes(), headers, b"")).unwrap()
    };
    for path in ["/console/vendor/preact.mjs", "/openapi.json", "/docs/", "/"] {
        let plain = get(path, &[]);
        let packed = get(path, &[("Accept-Encoding", b"br, gzip")]);
        let length =
            |answer: &Answer| answer.header("content-length").unwrap().parse::<usize>().unwrap();
        assert_eq!(
            (plain.status, packed.status, plain.header("content-encoding")),
            (200, 200, None)
        );
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert!(length(&packed) < length(&plain), "{path}");
        for (first, headers) in
            [(&plain, vec![]), (&packed, vec![("Accept-Encoding", &b"gzip"[..])])]
        {
            assert_eq!(first.header("vary"), Some("Accept-Encoding"));
            let tag = first.header("etag").unwrap();
            let again = get(path, &[&headers[..], &[("If-None-Match", tag.as_bytes())]].concat());
            assert_eq!(
                (again.status, again.header("etag"), again.text.as_str()),
                (304, Some(tag), "")
            );
            let changed = get(path, &[&headers[..], &[("If-None-Match", b"\"another\"")]].concat());
            assert_eq!(changed.status, 200);
        }
        assert_ne!(plain.header("etag"), packed.header("etag"));
    }
    assert_eq!(get("/docs/none-such.js", &[]).status, 404);
}

/// What `href` and `src` of a page say.
fn addresses(html: &str) -> Vec<String> {
    let after = html.split("href=\"").skip(1).chain(html.split("src=\"").skip(1));
    after.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn neither_a_dry_run_nor_a_question_opens_a_partition() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let plan = json!({"closes_on": DAY, "tickets": {"digits": 7, "copies": 1000}, "ballots": true,
        "winners": 3});
    let made = admin.post("/lotteries", plan).expect(201);
    let offer = json!({"discount_amount": 5, "name": "Quiet"});
    let campaign = json!({"quota": 2, "trigger": "claim", "ends_at": "2026-12-02T00:00:00Z"});
    let campaign =
        id(&admin.post("/campaigns", with(offer.clone(), campaign)).expect(201)).to_owned();
    let batch = with(offer, json!({"count": 1_000_001, "expires_at": "2026-12-02T00:00:00Z"}));
    let batch = id(&admin.post("/coupon-batches", batch).expect(201)).to_owned();
    let before = app.partitions();
    assert!(before.iter().any(|name| name.starts_with("lottery/")), "{before:?}");

    // Of each there is as much as if it had been opened.
    let found = app.anybody().get(&format!("/lotteries/{DAY}/tickets?pattern=*****77")).expect(200);
    assert_eq!((&found["matching"], &found["free"]), (&json!(100_000_000), &json!(100_000_000)));
    assert_eq!(found["sample"].as_array().unwrap().len(), 10);
    let books = app.anybody().get(&format!("/lotteries/{DAY}/ledger")).expect(200);
    assert_eq!(
        (&books["stock"], &books["free"], &books["imbalance"]),
        (&made["tickets"]["stock"], &made["tickets"]["stock"], &json!(0))
    );
    app.anybody().get(&format!("/lotteries/{DAY}/statistics")).expect(200);
    assert_eq!(app.anybody().get(&format!("/campaigns/{campaign}")).expect(200)["remaining"], 2);
    assert_eq!(crate::campaigns::ledger(&app, &campaign)["available"], 2);
    assert_eq!(
        admin.get(&format!("/coupon-batches/{batch}/ledger")).expect(200)["available"],
        1_000_001
    );

    let hold = |wanted| ada.post(&format!("/lotteries/{DAY}/holds?dry_run=true"), wanted);
    assert_eq!(
        hold(json!({"pattern": "**23***", "count": 3})).expect(201)["tickets"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(hold(json!({"number": "1234567"})).expect(201)["tickets"][0]["number"], "1234567");
    assert_eq!(
        ada.post(&format!("/lotteries/{DAY}/ballots?dry_run=true"), json!({})).expect(201)["id"],
        json!(null)
    );
    admin
        .post(&format!("/lotteries/{DAY}/ballots?dry_run=true"), json!({}))
        .refused(403, "forbidden");
    let claimed =
        ada.post(&format!("/campaigns/{campaign}/claims?dry_run=true"), json!({})).expect(201);
    assert_eq!(claimed["rank"], 1);
    let me = id(&ada.get("/me").expect(200)).to_owned();
    let assigned = admin
        .post(&format!("/coupon-batches/{batch}/assign?dry_run=true"), json!({"member_id": me}))
        .expect(201);
    assert_eq!((&assigned["code"], &claimed["voucher"]["code"]), (&json!(null), &json!(null)));
    admin.post(&format!("/campaigns/{campaign}/pause?dry_run=true"), json!({})).expect(200);
    assert_eq!(app.partitions(), before);

    // Where time has passed, it has passed for what was never opened, too.
    app.pass_s(86_400);
    ada.post(&format!("/campaigns/{campaign}/claims?dry_run=true"), json!({}))
        .refused(409, "ended");
    assert_eq!(crate::campaigns::ledger(&app, &campaign)["expired"], 2);
    assert_eq!(
        admin.get(&format!("/coupon-batches/{batch}/ledger")).expect(200)["expired"],
        1_000_001
    );
    assert_eq!(app.partitions(), before);
}

/// What stands beside the routes of the document: pages, and what only nodes say to each other.
const BESIDE: &[&str] = &[
    "/",
    "/docs",
    "/docs/",
    "/docs/index.html",
    "/docs/nothing",
    "/problems",
    "/problems/none-such",
    "/openapi.json",
    "/cluster/ask",
    "/cluster",
    "/api",
    "/api/v1",
    "/nowhere",
];
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// What no client library sends.
const ODD_METHODS: &[&str] = &["TRACE", "BREW"];

#[test]
fn whatever_is_refused_is_a_problem_on_every_path_by_every_method() {
    let app = TestApp::start();
    let document = app.anybody().get("//openapi.json").expect(200);
    let named = |path: &String| {
        path.split('/')
            .map(|part| if part.starts_with('{') { "none-such" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    let written = document["paths"].as_object().unwrap().keys().map(named);
    for path in written.chain(BESIDE.iter().map(|path| (*path).to_owned())) {
        let is_endless = |method: &str| {
            method == "GET" && ENDLESS.iter().any(|stream| path == format!("/api/v1{stream}"))
        };
        for method in METHODS.iter().filter(|method| !is_endless(method)) {
            for client in [app.anybody(), app.admin()] {
                is_a_problem_if_refused(
                    &client.send(method, &format!("/{path}"), None),
                    method,
                    &path,
                );
            }
        }
        for method in ODD_METHODS {
            let answer = wire::send(&app, &wire::request(method, path.as_bytes(), &[], b""))
                .expect("the server answers");
            is_a_problem_if_refused(&answer, method, &path);
        }
    }
}

#[test]
fn every_answer_says_what_a_browser_may_make_of_it() {
    let app =
        TestApp::start_with(|config| config.cors_origins = vec!["https://shop.example".into()]);
    app.lottery(DAY, 1);
    let (ada, anybody) = (app.member("ada"), app.anybody());
    let held = ada.hold(DAY, json!({"pattern": "****"}));
    assert_eq!(held.status, 201, "{}", held.text);
    let preflight = anybody
        .clone()
        .with("Origin", "https://shop.example")
        .with("Access-Control-Request-Method", "POST")
        .send("OPTIONS", "/lotteries", None);
    let answers = [
        ("a hold", held),
        ("a list", ada.get("/holds")),
        ("a refusal", ada.get("/users")),
        ("nobody's", anybody.get("/lotteries")),
        ("unknown", anybody.get("/nowhere")),
        ("a preflight", preflight),
        ("the console", anybody.get("//")),
        ("a problem's page", anybody.get("//problems/busy")),
        ("the document", anybody.get("//openapi.json")),
        ("metrics", anybody.get("//metrics")),
    ];
    for (what, answer) in &answers {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        let policy = answer.header("content-security-policy").expect(what);
        for rule in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{what}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{what}: {policy}");
    }
    let of = |what: &str| &answers.iter().find(|(name, _)| *name == what).unwrap().1;
    // What is somebody's own stays in no cache, and is data for no page.
    for what in ["a hold", "a list", "a refusal"] {
        assert_eq!(of(what).header("cache-control"), Some("no-store"), "{what}");
        assert!(!of(what).header("content-security-policy").unwrap().contains("-src 'self'"));
    }
    for what in ["the console", "a problem's page"] {
        assert_eq!(of(what).header("referrer-policy"), Some("no-referrer"), "{what}");
    }
    // An answer that says for how long it may be kept is kept so long, whoever asks.
    let keys = ada.get("//.well-known/jwks.json");
    assert_eq!(keys.header("cache-control"), Some("public, max-age=15"));
}

fn is_a_problem_if_refused(answer: &Answer, method: &str, path: &str) {
    if answer.status < 400 {
        return;
    }
    let at = format!("{method} {path}: {} {}", answer.status, answer.text);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{at}");
    assert_eq!(answer.header("allow").is_some(), answer.status == 405, "{at}");
    assert!(answer.header("x-request-id").is_some(), "{at}");
    if method != "HEAD" {
        assert_eq!(answer.body["status"], answer.status, "{at}");
    }
}

#[test]
fn what_nodes_say_to_each_other_is_no_path_for_anybody_else() {
    let app = TestApp::start();
    for method in METHODS.iter().filter(|method| **method != "HEAD") {
        app.admin().send(method, "//cluster/ask", None).refused(404, "unknown-route");
    }
}
