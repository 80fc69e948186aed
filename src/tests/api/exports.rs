//! Lists and ledgers taken out whole: tables for a spreadsheet, lines of JSON for a program.

use crate::campaigns::{campaign, claim, voucher};
use crate::coupons::{assign, batch, code, my_id};
use crate::streams::{open, rest};
use harness::{Client, TestApp, id, pointers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

/// The lines of a table, split where no cell of these tests has a comma.
fn table(client: &Client, path: &str) -> Vec<Vec<String>> {
    let answer = client.get(path);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = answer.expect_text(200);
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn lines(client: &Client, path: &str) -> Vec<Value> {
    let answer = client.get(path);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let text = answer.expect_text(200);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn cell<'a>(table: &'a [Vec<String>], line: usize, column: &str) -> &'a str {
    let place = table[0].iter().position(|name| name == column).expect("a column of that name");
    &table[line][place]
}

#[test]
fn claims_leave_whole_with_the_ids_of_the_shop_as_a_table_and_as_lines() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    let campaign = campaign(&app, json!({"quota": 400}));
    let path = format!("/campaigns/{campaign}/claims");
    assert_eq!(table(&admin, &format!("{path}?format=csv")).len(), 1, "the head alone");
    assert_eq!(lines(&admin, &format!("{path}?format=ndjson")).len(), 0);
    // More than one page of an export.
    for n in 0..300 {
        claim(&shop.on_behalf_of(&format!("m{n}")), &campaign).expect(201);
    }
    let theirs = voucher(&shop.on_behalf_of("=1+1"), &campaign);
    let used = json!({"amount": 1000, "reference": "-7"});
    shop.on_behalf_of("=1+1").post(&format!("/coupons/{theirs}/use"), used).expect(200);
    let all = admin.all(&path);
    assert_eq!(lines(&admin, &format!("{path}?format=ndjson")), all);
    let table = table(&admin, &format!("{path}?format=csv"));
    assert_eq!(table.len(), 302);
    for line in [1, 250, 251, 300] {
        let of = &all[line - 1];
        assert_eq!(
            (cell(&table, line, "rank"), cell(&table, line, "code"), cell(&table, line, "owner")),
            (
                line.to_string().as_str(),
                of["code"].as_str().unwrap(),
                of["owner"].as_str().unwrap()
            )
        );
        assert_eq!(
            (cell(&table, line, "service"), cell(&table, line, "their_id")),
            ("shop", format!("m{}", line - 1).as_str())
        );
        assert_eq!(cell(&table, line, "used_at"), "");
    }
    let told = ["state", "amount", "discount", "payable", "reference", "their_id", "used_at"];
    let told: Vec<&str> = told.iter().map(|column| cell(&table, 301, column)).collect();
    // What a spreadsheet would run is a text there.
    assert_eq!(told, ["used", "1000", "100", "900", "'-7", "'=1+1", "2026-12-01T12:00:00.000Z"]);
}

#[test]
fn an_export_goes_on_behind_a_cursor_and_has_no_limit() {
    let app = TestApp::start();
    let admin = app.admin();
    let campaign = campaign(&app, json!({"quota": 5}));
    for name in ["ada", "bob", "eve"] {
        claim(&app.member(name), &campaign).expect(201);
    }
    let path = format!("/campaigns/{campaign}/claims");
    let page = admin.get(&format!("{path}?limit=1")).expect(200);
    let next = page["next_cursor"].as_str().unwrap();
    let behind = lines(&admin, &format!("{path}?format=ndjson&cursor={next}"));
    assert_eq!(behind, admin.all(&path)[1..]);
    // JSON is what nobody has to ask for.
    assert_eq!(admin.get(&format!("{path}?limit=1&format=json")).expect(200), page);
    for (query, pointer) in [
        ("format=xml", "?format"),
        ("format=csv&limit=5", "?limit"),
        ("format=csv&cursor=!", "?cursor"),
        ("format=csv&cursor=_w", "?cursor"),
    ] {
        let problem = admin.get(&format!("{path}?{query}")).refused(422, "invalid");
        assert_eq!(pointers(&problem), [pointer], "{query}");
    }
    app.member("joe").get(&format!("{path}?format=csv")).refused(403, "forbidden");
}

#[test]
fn ballots_winners_and_notices_leave_as_tables_and_lines() {
    let app = TestApp::start_with(|config| {
        config.notice_days = vec![3];
        config.job_interval_ms = 10;
    });
    let (admin, m1) = (app.admin(), app.service("shop").on_behalf_of("m1"));
    app.ballots(DAY, json!({}));
    let ballot = m1.submit(DAY).expect(201);
    let ballots = format!("/lotteries/{DAY}/ballots");
    let expected = ["id,member,service,their_id".to_owned()].into_iter();
    let expected = expected.chain([format!("{},{},shop,m1", id(&ballot), my_id(&m1))]);
    let told = admin.get(&format!("{ballots}?format=csv"));
    assert_eq!(told.expect_text(200).lines().map(str::to_owned).collect::<Vec<_>>(), {
        expected.collect::<Vec<_>>()
    });
    assert_eq!(lines(&admin, &format!("{ballots}?format=ndjson")), admin.all(&ballots));

    admin.post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200);
    let lots = lines(&admin, &format!("/lotteries/{DAY}/winner?format=ndjson"));
    let lot = json!({"drawn_as": "winner", "place": 1, "ballot": id(&ballot), "name": "a member",
        "member": my_id(&m1), "known_as": {"service": "shop", "id": "m1"}});
    assert_eq!(lots, [lot]);

    let batch = batch(&app, json!({"expires_at": "2026-12-05T10:00:00Z"}));
    let coupon = code(&assign(&m1, &batch, json!({})).expect(201)).to_owned();
    app.set_time(actors::Time(app.now().0 + 86_400_000));
    app.until("notice is given", || !admin.all("/notices").is_empty());
    let notices = table(&admin, "/notices?format=csv");
    let told = ["code", "batch", "their_id", "days", "expires_at"];
    let told: Vec<&str> = told.iter().map(|column| cell(&notices, 1, column)).collect();
    assert_eq!(told, [coupon.as_str(), &batch, "m1", "3", "2026-12-05T10:00:00.000Z"]);
    assert_eq!(lines(&admin, "/notices?format=ndjson"), admin.all("/notices"));
}

#[test]
fn campaigns_and_batches_leave_as_tables_and_lines() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let secret = json!({"name": "Secret", "quota": 7, "figures": "staff"});
    let (public, secret) = (campaign(&app, json!({"quota": 5})), campaign(&app, secret));
    let batch = batch(&app, json!({}));
    for (path, ids) in [("/campaigns", vec![public, secret]), ("/coupon-batches", vec![batch])] {
        let told = lines(&admin, &format!("{path}?format=ndjson"));
        assert_eq!(told, admin.all(path));
        let table = table(&admin, &format!("{path}?format=csv"));
        let named: Vec<&str> = (1..table.len()).map(|line| cell(&table, line, "id")).collect();
        assert_eq!(named, ids);
        assert_eq!(table[0].len(), told[0].as_object().unwrap().len(), "{path}");
    }
    // Each is told what their page tells them.
    let hers = table(&ada, "/campaigns?format=csv");
    assert_eq!((cell(&hers, 1, "remaining"), cell(&hers, 2, "remaining")), ("5", ""));
    ada.get("/coupon-batches?format=csv").refused(403, "forbidden");
    app.anybody().get("/campaigns?format=csv").refused(401, "unauthenticated");
    admin.get("/campaigns?format=csv&limit=2").refused(422, "invalid");
}

#[test]
fn ledgers_are_tables_of_one_line() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (campaign, batch) = (campaign(&app, json!({"quota": 7})), batch(&app, json!({})));
    for (path, total, count) in [
        (format!("/campaigns/{campaign}/ledger"), "issued", "7"),
        (format!("/coupon-batches/{batch}/ledger"), "issued", "10"),
        (format!("/lotteries/{DAY}/ledger"), "stock", "10000"),
    ] {
        let books = app.admin().get(&path).expect(200);
        let table = table(&app.admin(), &format!("{path}?format=csv"));
        assert_eq!((table.len(), cell(&table, 1, total)), (2, count), "{path}");
        assert_eq!(table[0].len(), books.as_object().unwrap().len(), "{path}");
        assert_eq!(lines(&app.admin(), &format!("{path}?format=ndjson")), [books]);
        app.admin().get(&format!("{path}?format=xml")).refused(422, "invalid");
    }
}

#[test]
fn so_many_exports_are_under_way_and_a_whole_one_has_its_end() {
    let app = TestApp::start_with(|config| config.streams = 2);
    let admin = app.admin();
    let campaign = campaign(&app, json!({"quota": 6}));
    claim(&app.member("ada"), &campaign).expect(201);
    let path = format!("/campaigns/{campaign}/claims?format=ndjson");
    let whole = rest(open(&app, &admin, &format!("/api/v1{path}")));
    assert!(whole.ends_with(b"\r\n0\r\n\r\n"), "{}", String::from_utf8_lossy(&whole));
    let seat = |n: u8| app.shared().streams.exports.take_from(Some([192, 0, 2, n].into()));
    let (one, other) = (seat(1), seat(2));
    assert!(one.is_ok() && other.is_ok());
    let busy = admin.get(&path);
    assert!(busy.header("retry-after").is_some());
    busy.refused(503, "busy");
    // A page is no export.
    admin.get(&path.replace("ndjson", "json")).expect(200);
    drop(one);
    admin.get(&path).expect_text(200);
}
