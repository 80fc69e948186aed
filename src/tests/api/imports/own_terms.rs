//! Codes that come with terms of their own: an end before that of their batch, and another worth.

use super::{Importing, begun, counts, ended, imported, rows, slow};
use harness::{Answer, Client, TestApp, id};
use serde_json::{Value, json};

const HEADER: &str = "code,expires_at,discount_percent,discount_amount,min_amount,max_discount\n";
/// The first expires before its batch, the others with it; each but the last is worth something
/// else.
const FOUR: &str =
    "EARLY,2026-12-10T12:00:00Z,12.5,,,\nFIXED,,,300,1000,\nCAPPED,,,,,50\nPLAIN,,,,,\n";

fn me(client: &Client) -> String {
    id(&client.get("/me").expect(200)).to_owned()
}

fn give(app: &TestApp, code: &str, member: &Client) {
    let body = json!({"member_id": me(member)});
    app.admin().put(&format!("/coupons/{code}/assign"), body).expect(200);
}

fn use_it(member: &Client, code: &str, amount: u64) -> Answer {
    member.post(&format!("/coupons/{code}/use"), json!({"amount": amount}))
}

fn coupon(client: &Client, code: &str) -> Value {
    client.get(&format!("/coupons/{code}")).expect(200)
}

/// Percentage, amount, minimum, cap and end.
fn worth(coupon: &Value) -> Value {
    let fields =
        ["discount_percent", "discount_amount", "min_amount", "max_discount", "expires_at"];
    fields.iter().map(|field| coupon[field].clone()).collect::<Vec<_>>().into()
}

fn ledger(app: &TestApp, job: &Value) -> Value {
    let path = format!("/coupon-batches/{}/ledger", job["batch"].as_str().unwrap());
    let ledger = app.admin().get(&path).expect(200);
    let counts = ["issued", "available", "assigned", "used", "expired", "void", "imbalance"];
    counts.iter().map(|count| ledger[count].clone()).collect::<Vec<_>>().into()
}

/// The codes that expire on that day.
fn expiring(app: &TestApp, query: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/coupons/expired?limit=1{query}{cursor}");
        let page = app.admin().get(&path).expect(200);
        let codes = page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str());
        found.extend(codes.map(|code| code.unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    found.sort();
    found
}

#[test]
fn a_code_is_worth_what_its_row_says_and_expires_then() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let job = imported(&app, &admin, "", format!("{HEADER}{FOUR}"));
    assert_eq!(counts(&job), (4, 0, 0));
    let (end, early) = ("2027-01-01T00:00:00.000Z", "2026-12-10T12:00:00.000Z");
    let four = [
        ("EARLY", json!([12.5, null, null, null, early])),
        ("FIXED", json!([null, 300, 1000, null, end])),
        ("CAPPED", json!([10, null, null, 50, end])),
        ("PLAIN", json!([10, null, null, null, end])),
    ];
    let would = json!({"member_id": me(&ada)});
    for (code, terms) in &four {
        assert_eq!(&worth(&coupon(&admin, code)), terms, "{code}");
        let path = format!("/coupons/{code}/assign?dry_run=true");
        assert_eq!(&worth(&admin.put(&path, would.clone()).expect(200)), terms, "{code}");
        give(&app, code, &ada);
        assert_eq!(&worth(&coupon(&ada, code)), terms, "{code}");
    }
    app.restart();
    let listed = ada.get("/coupons").expect(200);
    for item in listed["items"].as_array().unwrap() {
        let (_, terms) = four.iter().find(|(code, _)| item["code"] == *code).unwrap();
        assert_eq!(&worth(item), terms, "{item}");
    }
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
    let table = ada.get("/coupons?format=csv");
    let table = table.expect_text(200);
    assert!(table.contains(",12.5,,,,") && table.contains(early), "{table}");
    // The quote of a use is what the use comes to.
    let quote = ada.post("/coupons/EARLY/use?dry_run=true", json!({"amount": 1000})).expect(200);
    assert_eq!((&quote["discount"], &quote["payable"]), (&json!(125), &json!(875)));
    let used = use_it(&ada, "EARLY", 1000).expect(200);
    assert_eq!((&used["discount"], &used["payable"]), (&json!(125), &json!(875)));
    use_it(&ada, "FIXED", 999).refused(409, "below-minimum");
    assert_eq!(use_it(&ada, "FIXED", 1000).expect(200)["discount"], 300);
    assert_eq!(use_it(&ada, "CAPPED", 1000).expect(200)["discount"], 50);
    assert_eq!(use_it(&ada, "PLAIN", 1000).expect(200)["discount"], 100);
    app.stop();
    app.verified().unwrap();
}

#[test]
fn a_row_whose_terms_cannot_be_is_rejected_with_its_reason() {
    let app = TestApp::start();
    let admin = app.admin();
    let file = format!(
        "{HEADER}A,2027-01-01T00:00:00.001Z,,,,\nB,2026-11-30T00:00:00Z,,,,\nC,tomorrow,,,,\n\
        D,,10,5,,\nE,,10.125,,,\nF,,,0,,\nG,2027-01-01T01:00:00+01:00,,,,\n"
    );
    for dry_run in ["&dry_run=true", ""] {
        let job = imported(&app, &admin, dry_run, &file);
        assert_eq!(counts(&job), (1, 0, 6));
        let rows = rows(&admin, id(&job), "state=invalid");
        let whys = [
            "later than the end of the batch",
            "was over when the file came",
            "no instant",
            "both there",
            "`discount_percent`",
            "minor units",
        ];
        for (row, why) in rows.iter().zip(whys) {
            assert!(row["why"].as_str().unwrap().contains(why), "{why}: {row}");
        }
    }
    assert_eq!(coupon(&admin, "G")["expires_at"], "2027-01-01T00:00:00.000Z");
    let terms = "/coupon-imports?no_discount=true&expires_at=2027-01-01T00:00:00Z";
    let file = format!("{HEADER}X,,,,,50\nY,,10,,,50\n").into_bytes();
    let job = ended(&app, &admin, id(&admin.send("POST", terms, Some(file)).expect(202)));
    assert_eq!(counts(&job), (1, 0, 1));
    assert!(rows(&admin, id(&job), "")[0]["why"].as_str().unwrap().contains("without a discount"));
}

#[test]
fn codes_expire_at_their_own_ends_and_are_listed_on_these_days() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let more = "NEVER-GIVEN,2026-12-10T15:00:00Z,,,,\n";
    let job = imported(&app, &admin, "", format!("{HEADER}{FOUR}{more}"));
    give(&app, "EARLY", &ada);
    let on_10th = |query: &str| expiring(&app, &format!("&on=2026-12-10{query}"));
    assert_eq!(on_10th(""), ["EARLY", "NEVER-GIVEN"]);
    assert_eq!(on_10th("&assigned=false"), ["NEVER-GIVEN"]);
    assert_eq!(expiring(&app, "&on=2027-01-01"), ["CAPPED", "FIXED", "PLAIN"]);
    assert_eq!(ledger(&app, &job), json!([5, 4, 1, 0, 0, 0, 0]));
    app.pass_s(86_400 * 10);
    app.restart();
    assert_eq!(ledger(&app, &job), json!([5, 3, 0, 0, 2, 0, 0]));
    assert_eq!(on_10th("&state=expired"), ["EARLY", "NEVER-GIVEN"]);
    use_it(&ada, "EARLY", 1000).refused(409, "coupon-expired");
    let body = json!({"member_id": me(&ada)});
    admin.put("/coupons/NEVER-GIVEN/assign", body.clone()).refused(409, "coupon-expired");
    let told = coupon(&admin, "EARLY");
    let last = told["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&told["state"], &last["step"]), (&json!("expired"), &json!("expired")));
    assert_eq!(last["at"], "2026-12-10T12:00:00.000Z");
    // The next free ones are those that have not expired.
    let assign = format!("/coupon-batches/{}/assign", job["batch"].as_str().unwrap());
    for _ in 0..3 {
        let given = admin.post(&assign, body.clone()).expect(201);
        assert!(given["code"] != "NEVER-GIVEN" && given["state"] == "assigned", "{given}");
    }
    admin.post(&assign, body).refused(409, "sold-out");
    app.stop();
    app.verified().unwrap();
}

#[test]
fn an_extended_batch_takes_those_along_that_have_not_expired() {
    let app = TestApp::start();
    let admin = app.admin();
    let late = "LATE,2026-12-20T00:00:00Z,,,,\n";
    let job = imported(&app, &admin, "", format!("{HEADER}{FOUR}{late}"));
    app.pass_s(86_400 * 10);
    let batch = format!("/coupon-batches/{}", job["batch"].as_str().unwrap());
    admin.patch(&batch, json!({"expires_at": "2027-06-01T00:00:00Z"})).expect(200);
    assert_eq!(coupon(&admin, "LATE")["expires_at"], "2027-06-01T00:00:00.000Z");
    assert_eq!(coupon(&admin, "EARLY")["expires_at"], "2026-12-10T12:00:00.000Z");
    assert_eq!(coupon(&admin, "EARLY")["state"], "expired");
    app.pass_s(86_400 * 20);
    assert_eq!(ledger(&app, &job), json!([5, 4, 0, 0, 1, 0, 0]));
}

#[test]
fn a_restart_in_the_middle_loses_no_terms() {
    let app = slow();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let owner = me(&ada);
    let line = |n: u32| match n % 3 {
        0 => format!("C-{n},used,{owner},1000,,{},\n", n + 1),
        1 => format!("C-{n},,,,2026-12-{:02}T00:00:00Z,,500\n", 10 + n % 20),
        _ => format!("C-{n},,,,,,\n"),
    };
    let lines: String = (0..60).map(line).collect();
    let header = "code,state,owner,amount,expires_at,discount_amount,min_amount\n";
    let job = admin.import("", format!("{header}{lines}")).expect(202);
    begun(&app, &admin, id(&job));
    app.restart();
    let job = ended(&app, &app.admin(), id(&job));
    assert_eq!(counts(&job), (60, 0, 0));
    assert_eq!(ledger(&app, &job), json!([60, 40, 0, 20, 0, 0, 0]));
    for n in 0..60u32 {
        let told = coupon(&app.admin(), &format!("C-{n}"));
        match n % 3 {
            0 => assert_eq!(told["use"]["discount"], n + 1, "{told}"),
            1 => {
                let end = format!("2026-12-{:02}T00:00:00.000Z", 10 + n % 20);
                assert_eq!((&told["expires_at"], &told["min_amount"]), (&json!(end), &json!(500)));
            }
            _ => assert_eq!(told["expires_at"], "2027-01-01T00:00:00.000Z"),
        }
    }
    app.stop();
    app.verified().unwrap();
}

#[test]
fn owners_are_told_before_the_ends_of_their_codes() {
    let app = TestApp::start_with(|config| {
        config.notice_days = vec![3];
        config.job_interval_ms = 10;
    });
    let ada = app.member("ada");
    imported(&app, &app.admin(), "", format!("{HEADER}{FOUR}"));
    give(&app, "EARLY", &ada);
    give(&app, "PLAIN", &ada);
    app.set_time(actors::Time(1_796_644_800_000)); // 2026-12-07T12:00:00Z
    let notices = || app.admin().get("/notices").expect(200)["items"].clone();
    app.until("a notice is given", || notices().as_array().unwrap().len() == 1);
    let told = notices()[0].clone();
    assert_eq!((&told["code"], &told["days"]), (&json!("EARLY"), &json!(3)));
    assert_eq!(told["expires_at"], "2026-12-10T12:00:00.000Z");
}
