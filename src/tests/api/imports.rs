//! Importing codes from a file: every row accounted for, whatever the file is like, whoever else
//! imports, whatever is restarted.

use crate::wire;
use harness::{Answer, Client, TestApp, id, pointers};
use serde_json::{Value, json};
use stampede::http::page::cursor;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

const TERMS: &str = "discount_percent=10&expires_at=2027-01-01T00:00:00Z";

/// What an administrator does with imports.
trait Importing {
    fn import(&self, query: &str, file: impl AsRef<[u8]>) -> Answer;
    fn job(&self, id: &str) -> Value;
    fn cancel(&self, id: &str) -> Answer;
}

impl Importing for Client {
    fn import(&self, query: &str, file: impl AsRef<[u8]>) -> Answer {
        self.send("POST", &format!("/coupon-imports?{TERMS}{query}"), Some(file.as_ref().to_vec()))
    }

    fn job(&self, id: &str) -> Value {
        self.get(&format!("/jobs/{id}")).expect(200)
    }

    fn cancel(&self, id: &str) -> Answer {
        self.delete(&format!("/jobs/{id}"))
    }
}

fn has_ended(job: &Value) -> bool {
    job["ended_at"].is_string()
}

/// The job as it is when it has ended.
#[track_caller]
fn ended(app: &TestApp, admin: &Client, job: &str) -> Value {
    app.until("the job ends", || has_ended(&admin.job(job)));
    admin.job(job)
}

/// Imports to the end.
#[track_caller]
fn imported(app: &TestApp, admin: &Client, query: &str, file: impl AsRef<[u8]>) -> Value {
    let accepted = admin.import(query, file).expect(202);
    ended(app, admin, id(&accepted))
}

/// Imported, duplicate, invalid.
fn counts(job: &Value) -> (u64, u64, u64) {
    let count = |state: &str| job["rows"][state].as_u64().unwrap();
    let counts = (count("imported"), count("duplicate"), count("invalid"));
    assert_eq!(job["progress"]["rows"], counts.0 + counts.1 + counts.2, "{job}");
    counts
}

/// All lines of the list of rows, page by page.
fn rows(admin: &Client, job: &str, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = admin.get(&format!("/jobs/{job}/rows?{query}{cursor}")).expect(200);
        all.append(page["items"].as_array_mut().unwrap());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// The state of each row, in order.
fn states(admin: &Client, job: &str) -> Vec<String> {
    rows(admin, job, "").iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
}

fn file(prefix: &str, codes: std::ops::Range<u32>) -> String {
    codes.fold("code\n".to_owned(), |file, n| file + prefix + &n.to_string() + "\n")
}

/// What lies in the folder of imports.
fn spooled(app: &TestApp) -> Vec<PathBuf> {
    fs::read_dir(app.data().join("imports")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A job that is in the middle of its file: rows are decided one at a time.
fn slow() -> TestApp {
    TestApp::start_with(|config| config.import_chunk = 1)
}

#[track_caller]
fn begun(app: &TestApp, admin: &Client, job: &str) {
    app.until("the job begins", || admin.job(job)["progress"]["rows"].as_u64() > Some(0));
}

#[test]
fn every_row_of_a_file_is_accounted_for() {
    let app = TestApp::start();
    let admin = app.admin();
    let file = "code\nSUMMER-1\n\"SUM,MER\"\nSUMMER-1\n\ntwo \
        words\nsommer_ü\n0123-4567-89AB-CDEF-GHJK\na,b\n";
    let accepted = admin.import("&name=Summer&min_amount=500", file).expect(202);
    assert_eq!(
        (&accepted["kind"], &accepted["name"], &accepted["dry_run"]),
        (&json!("coupon_import"), &json!("Summer"), &json!(false))
    );
    assert_eq!(accepted["offer"], json!({"discount_percent": 10, "min_amount": 500}));
    assert_eq!(accepted["expires_at"], "2027-01-01T00:00:00.000Z");
    let job = ended(&app, &admin, id(&accepted));
    assert_eq!(
        (&job["state"], counts(&job), &job["why"]),
        (&json!("finished"), (3, 1, 3), &Value::Null)
    );
    assert_eq!(job["progress"], json!({"rows": 7, "bytes": file.len(), "of_bytes": file.len()}));
    assert!(job["batch"].as_str().unwrap().starts_with("b_"), "{job}");
    let rows = rows(&admin, id(&job), "");
    let told: Vec<(u64, &str, &str)> = rows
        .iter()
        .map(|row| {
            (
                row["row"].as_u64().unwrap(),
                row["code"].as_str().unwrap(),
                row["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, "SUMMER-1", "imported"),
            (2, "SUM,MER", "imported"),
            (3, "SUMMER-1", "duplicate"),
            (4, "two words", "invalid"),
            (5, "sommer_ü", "imported"),
            (6, "0123-4567-89AB-CDEF-GHJK", "invalid"),
            (7, "a,b", "invalid"),
        ]
    );
    assert!(
        rows.iter().all(|row| row["why"].is_null() == (row["state"] == "imported")),
        "{rows:?}"
    );
    app.stop();
    app.verified().unwrap();
}

#[test]
fn a_file_that_does_not_begin_with_the_header_is_refused_and_nothing_is_kept() {
    let app = TestApp::start();
    let admin = app.admin();
    for (file, named) in [
        (&b""[..], "empty"),
        (b"\r\n\r\n", "empty"),
        (b"SUMMER-1\nSUMMER-2\n", "SUMMER-1"),
        (b"code,amount,owner\nA,1,x\n", "\"amount\", \"owner\""),
        (b"coupon\nA\n", "coupon"),
        (b"\xff\xfec\0o\0d\0e\0\n\0", "\\0"),
        (b"\"code\nA\n", "cannot be read"),
        (&vec![b'x'; 1_000_000], "cannot be read"),
    ] {
        let refused = admin.import("", file).refused(422, "csv-header");
        assert!(refused["detail"].as_str().unwrap().contains(named), "{refused}");
    }
    assert_eq!(
        (spooled(&app), admin.get("/jobs").expect(200)["items"].clone()),
        (vec![], json!([]))
    );
}

#[test]
fn a_header_alone_is_an_import_of_nothing() {
    let app = TestApp::start();
    let job = imported(&app, &app.admin(), "", "code");
    assert_eq!((&job["state"], counts(&job)), (&json!("finished"), (0, 0, 0)));
    assert!(rows(&app.admin(), id(&job), "").is_empty());
}

#[test]
fn whatever_the_bytes_are_the_other_rows_are_imported() {
    let app = TestApp::start();
    let admin = app.admin();
    let files: [(&[u8], &[&str]); 6] = [
        (b"\xef\xbb\xbfcode\r\nA1\r\nA2", &["imported", "imported"]),
        (
            b"code\n\"B1\"\n\"B\"\"2\"\n\"B\n3\"\nB4\n",
            &["imported", "imported", "invalid", "imported"],
        ),
        (b"code\nC\0\n\0\nC2\n", &["invalid", "invalid", "imported"]),
        (b"code\nD\xff\nD\xc3\xbc\n\xc3\n", &["invalid", "imported", "invalid"]),
        (b"code\nE1\n\"E2\nE3\nE4\n", &["imported", "invalid", "imported", "imported"]),
        (b"code\n\"\"\n F\nF\t\n,\nF2", &["invalid", "invalid", "invalid", "invalid", "imported"]),
    ];
    for (file, expected) in files {
        let job = imported(&app, &admin, "", file);
        assert_eq!(
            (&job["state"], states(&admin, id(&job))),
            (&json!("finished"), expected.iter().map(|s| s.to_string()).collect())
        );
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_is_one_invalid_row() {
    let app = TestApp::start();
    let admin = app.admin();
    let file = [b"code\nA\n", vec![b'x'; 100_000_000].as_slice(), b"\nB\n"].concat();
    let job = imported(&app, &admin, "", file);
    assert_eq!((&job["state"], counts(&job)), (&json!("finished"), (2, 0, 1)));
    let rows = rows(&admin, id(&job), "state=invalid");
    assert_eq!((&rows[0]["row"], &rows[0]["code"]), (&json!(2), &json!("")));
    assert!(rows[0]["why"].as_str().unwrap().starts_with("unreadable"), "{rows:?}");
}

#[test]
fn a_code_is_imported_once_whatever_file_it_stands_in() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = imported(&app, &admin, "", "code\nA\nB\nA\nB\nA\n");
    assert_eq!(
        (counts(&first), states(&admin, id(&first)).join(" ")),
        ((2, 3, 0), "imported imported duplicate duplicate duplicate".into())
    );
    let second = imported(&app, &admin, "", "code\nC\nB\na\n");
    assert_eq!(
        (counts(&second), states(&admin, id(&second)).join(" ")),
        ((2, 1, 0), "imported duplicate imported".into())
    );
    assert_ne!(first["batch"], second["batch"]);
}

#[test]
fn two_imports_side_by_side_share_no_code() {
    let app = TestApp::start_with(|config| config.import_chunk = 20);
    let admin = app.admin();
    let backwards = (0..2000).rev().fold("code\n".to_owned(), |file, n| format!("{file}X{n}\n"));
    let one = admin.import("", file("X", 0..2000)).expect(202);
    let other = admin.import("", backwards).expect(202);
    let (one, other) = (ended(&app, &admin, id(&one)), ended(&app, &admin, id(&other)));
    let ((first, first_twice, _), (second, second_twice, _)) = (counts(&one), counts(&other));
    assert_eq!((first + second, first_twice + second_twice), (2000, 2000));
    let of = |job: &Value| -> Vec<String> {
        rows(&admin, id(job), "state=imported")
            .iter()
            .map(|row| row["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut codes = [of(&one), of(&other)].concat();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 2000);
}

#[test]
fn a_dry_run_says_what_would_be_and_imports_nothing() {
    let app = TestApp::start_with(|config| config.import_chunk = 3);
    let admin = app.admin();
    imported(&app, &admin, "", "code\nKNOWN\n");
    let file = "code\nA\nB\nKNOWN\nx y\nA\nC\nB\nB\nD\n";
    let dry = imported(&app, &admin, "&dry_run=true", file);
    assert_eq!(
        (&dry["state"], counts(&dry), &dry["batch"]),
        (&json!("finished"), (4, 4, 1), &Value::Null)
    );
    let folder = app.data().join("imports").join(id(&dry));
    app.until("what the dry run needed for itself is gone", || {
        fs::read_dir(&folder).unwrap().count() == 2
    });
    let real = imported(&app, &admin, "", file);
    assert_eq!(counts(&real), (4, 4, 1));
    assert_eq!(states(&admin, id(&dry)), states(&admin, id(&real)));
}

#[test]
fn a_file_that_may_have_no_duplicate_is_imported_whole_or_not_at_all() {
    let app = TestApp::start_with(|config| config.import_chunk = 3);
    let admin = app.admin();
    let file = "code\nA\nB\nC\nD\nx y\nB\nE\n";
    let failed = imported(&app, &admin, "&on_duplicate=fail", file);
    assert_eq!(
        (&failed["state"], counts(&failed), &failed["batch"]),
        (&json!("failed"), (4, 1, 1), &Value::Null)
    );
    assert_eq!(failed["why"], "row 6 is a duplicate; nothing was imported");
    assert_eq!(rows(&admin, id(&failed), "state=duplicate")[0]["row"], 6);
    assert_eq!(
        counts(&imported(&app, &admin, "&dry_run=true", file)),
        (5, 1, 1),
        "something was imported"
    );

    let whole = imported(&app, &admin, "&on_duplicate=fail", "code\nA\nB\nC\n");
    assert_eq!((&whole["state"], counts(&whole)), (&json!("finished"), (3, 0, 0)));
    let known = imported(&app, &admin, "&on_duplicate=fail", "code\nF\nC\n");
    assert_eq!(
        (&known["state"], &known["why"]),
        (&json!("failed"), &json!("row 2 is a duplicate; nothing was imported"))
    );
    assert_eq!(counts(&imported(&app, &admin, "", "code\nF\n")), (1, 0, 0));
    let dry = imported(&app, &admin, "&on_duplicate=fail&dry_run=true", "code\nG\nG\n");
    assert_eq!(
        (&dry["state"], &dry["why"]),
        (&json!("failed"), &json!("row 2 is a duplicate; nothing was imported"))
    );
}

#[test]
fn the_same_file_is_the_same_job() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = admin.import("", "code\nA\nB\n");
    assert!(!first.was_replayed());
    assert_eq!(
        first.header("location"),
        Some(format!("/api/v1/jobs/{}", id(&first.body)).as_str())
    );
    let job = ended(&app, &admin, id(&first.body));
    let again = admin.import("", "code\nA\nB\n");
    assert!(again.was_replayed());
    assert_eq!(again.expect(202), job);
    app.restart();
    assert_eq!(admin.import("", "code\nA\nB\n").expect(202), job);
    for other in ["&name=x", "&dry_run=true", "&on_duplicate=fail", "&min_amount=1"] {
        assert_ne!(admin.import(other, "code\nA\nB\n").expect(202)["id"], job["id"], "{other}");
    }
    assert_ne!(admin.import("", "code\nA\nB").expect(202)["id"], job["id"]);
    let key = admin.key("import-1");
    let keyed = key.import("", "code\nK\n").expect(202);
    assert_eq!(key.import("", "code\nK\n").expect(202)["id"], keyed["id"]);
    key.import("", "code\nL\n").refused(422, "idempotency-key-reused");
}

#[test]
fn a_cancelled_job_counts_what_it_imported_and_the_same_file_takes_it_up_again() {
    for query in ["", "&on_duplicate=fail"] {
        let app = slow();
        let admin = app.admin();
        let codes = file("C", 0..1000);
        let accepted = admin.import(query, &codes).expect(202);
        let job = || admin.job(id(&accepted));
        app.until("it imports", || {
            job()["state"] == "importing" && job()["progress"]["rows"].as_u64() > Some(0)
        });
        let answer = admin.cancel(id(&accepted)).expect(200);
        assert!(
            ["cancelling", "cancelled"].contains(&answer["state"].as_str().unwrap()),
            "{answer}"
        );
        let cancelled = ended(&app, &admin, id(&accepted));
        let (stayed, ..) = counts(&cancelled);
        assert_eq!(cancelled["state"], "cancelled");
        assert!(0 < stayed && stayed < 1000, "{cancelled}");
        assert_eq!(admin.cancel(id(&accepted)).expect(200), cancelled);
        // Exactly what it counts is there.
        app.stop();
        let app = app.with_chunks_of(300);
        let admin = app.admin();
        assert_eq!(
            counts(&imported(&app, &admin, "&dry_run=true", &codes)),
            (1000 - stayed, stayed, 0)
        );
        // What it brought itself is no duplicate to it.
        let again = admin.import(query, &codes).expect(202);
        assert_eq!(again["id"], accepted["id"]);
        let finished = ended(&app, &admin, id(&again));
        assert_eq!(
            (&finished["state"], counts(&finished), &finished["batch"]),
            (&json!("finished"), (1000, 0, 0), &cancelled["batch"])
        );
        admin.cancel(id(&again)).refused(409, "job-ended");
    }
}

#[test]
fn a_job_that_is_cancelled_when_the_process_stops_ends_after_the_start_and_counts_what_it_imported()
{
    let app = slow();
    let admin = app.admin();
    let codes = file("C", 0..1000);
    let accepted = admin.import("", &codes).expect(202);
    begun(&app, &admin, id(&accepted));
    admin.cancel(id(&accepted)).expect(200);
    app.restart();
    let cancelled = ended(&app, &admin, id(&accepted));
    let (stayed, ..) = counts(&cancelled);
    assert!(cancelled["state"] == "cancelled" && stayed > 0, "{cancelled}");
    assert_eq!(
        counts(&imported(&app, &admin, "&dry_run=true", &codes)),
        (1000 - stayed, stayed, 0)
    );
}

#[test]
fn a_restart_in_the_middle_goes_on_where_it_stopped() {
    for query in ["", "&on_duplicate=fail", "&dry_run=true"] {
        let app = slow();
        let admin = app.admin();
        let accepted = admin.import(query, file("R", 0..1000)).expect(202);
        begun(&app, &admin, id(&accepted));
        app.stop();
        let app = app.with_chunks_of(100);
        let admin = app.admin();
        assert!(!has_ended(&admin.job(id(&accepted))), "it was over before the restart");
        let job = ended(&app, &admin, id(&accepted));
        assert_eq!((&job["state"], counts(&job)), (&json!("finished"), (1000, 0, 0)), "{query}");
        assert!(states(&admin, id(&job)).iter().all(|state| state == "imported"));
    }
}

#[test]
fn a_job_whose_file_is_gone_fails_and_says_so_until_the_file_comes_again() {
    for change in [
        |folder: &PathBuf| fs::remove_dir_all(folder),
        |folder: &PathBuf| fs::write(folder.join("file.csv"), "code\n"),
    ] {
        let app = slow();
        // On several nodes the file may lie on another one, so nobody takes its absence for the
        // end.
        if !app.has_a_file() {
            return;
        }
        let admin = app.admin();
        let accepted = admin.import("", file("S", 0..500)).expect(202);
        begun(&app, &admin, id(&accepted));
        app.stop();
        change(&app.data().join("imports").join(id(&accepted))).unwrap();
        let app = app.with_chunks_of(100);
        let admin = app.admin();
        let failed = ended(&app, &admin, id(&accepted));
        assert!(
            failed["state"] == "failed"
                && failed["why"].as_str().unwrap().contains("send it again"),
            "{failed}"
        );
        assert_eq!(admin.import("", file("S", 0..500)).expect(202)["id"], accepted["id"]);
        let job = ended(&app, &admin, id(&accepted));
        assert_eq!((&job["state"], counts(&job)), (&json!("finished"), (500, 0, 0)));
    }
}

#[test]
fn a_report_that_is_gone_says_so() {
    let app = TestApp::start();
    let admin = app.admin();
    let job = imported(&app, &admin, "", "code\nA\n");
    fs::remove_dir_all(app.data().join("imports").join(id(&job))).unwrap();
    for path in ["rows", "report"] {
        admin.get(&format!("/jobs/{}/{path}", id(&job))).refused(410, "report-gone");
    }
    assert_eq!(admin.job(id(&job)), job);
}

#[test]
fn the_rows_are_paged_filtered_and_downloaded() {
    let app = TestApp::start();
    let admin = app.admin();
    let codes = file("P", 0..250) + "P7\nx y\n=\"1\"\n";
    let job = imported(&app, &admin, "", codes);
    let job = id(&job);
    let all = rows(&admin, job, "limit=100");
    assert_eq!(all.len(), 253);
    assert!(all.iter().enumerate().all(|(at, row)| row["row"] == at + 1));
    for limit in [1, 7, 100] {
        assert_eq!(rows(&admin, job, &format!("limit={limit}")), all, "limit {limit}");
    }
    let of = |state: &str| rows(&admin, job, &format!("state={state}&limit=2"));
    assert_eq!(
        (of("imported").len(), of("duplicate"), of("invalid")),
        (251, vec![all[250].clone()], vec![all[251].clone()])
    );
    assert_eq!(of("rejected"), [all[250].clone(), all[251].clone()]);
    let report = admin.get(&format!("/jobs/{job}/report"));
    assert_eq!(report.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = report.text.split("\r\n").collect();
    assert_eq!(
        (lines.len(), lines[0], lines[1]),
        (255, "row,code,state,why", "1,\"P0\",imported,")
    );
    assert!(
        lines[251].starts_with("251,\"P7\",duplicate,\"")
            && lines[253].starts_with("253,\"'=\"\"1\"\"\",imported,"),
        "{lines:?}"
    );
    for (query, pointer) in [
        ("state=x", "?state"),
        ("limit=0", "?limit"),
        ("cursor=AAAA", "?cursor"),
        ("cursor=*", "?cursor"),
        ("x=1", "?"),
    ] {
        let refused = admin.get(&format!("/jobs/{job}/rows?{query}")).refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer], "{query}");
    }
}

#[test]
fn what_a_spreadsheet_would_run_is_told_as_text_and_comes_back_as_it_was() {
    let app = TestApp::start();
    let admin = app.admin();
    let dangerous =
        ["=1+1", "=HYPERLINK(\"http://x/,y\")", "+49", "-SALE", "@SUM(A1)", "\u{ff1d}1"];
    let plain = ["A=1", "a-b", "7"];
    let line = |code: &&str| format!("\"{}\"\n", code.replace('"', "\"\""));
    let job = imported(
        &app,
        &admin,
        "",
        format!("code\n{}", dangerous.iter().chain(&plain).map(line).collect::<String>()),
    );
    assert_eq!(counts(&job), (9, 0, 0));
    let batch = job["batch"].as_str().unwrap();
    let cells = |text: &str, column: usize| -> Vec<String> {
        let mut file = csv::Reader::from_reader(std::io::Cursor::new(text.to_owned()));
        file.records().map(|row| row.unwrap()[column].to_owned()).collect()
    };
    let exported = cells(&admin.get(&format!("/coupon-batches/{batch}/codes?format=csv")).text, 1);
    let reported = cells(&admin.get(&format!("/jobs/{}/report", id(&job))).text, 1);
    for (cells, what) in [(&exported, "export"), (&reported, "report")] {
        assert_eq!(cells.len(), 9);
        assert!(
            dangerous.iter().all(|code| cells.contains(&format!("'{code}"))),
            "{what}: {cells:?}"
        );
        assert!(plain.iter().all(|code| cells.contains(&(*code).to_owned())), "{what}: {cells:?}");
    }
    // What was exported is known here under the codes it was imported with.
    let again =
        format!("code\n{}", exported.iter().map(|code| line(&code.as_str())).collect::<String>());
    assert_eq!(counts(&imported(&app, &admin, "&dry_run=true", again)), (0, 9, 0));
    for code in dangerous {
        let ndjson = admin.get(&format!("/coupon-batches/{batch}/codes")).text;
        assert!(ndjson.contains(&json!(code).to_string()), "{code}: {ndjson}");
    }
}

#[test]
fn a_cursor_of_rows_that_lies_behind_the_file_is_pointed_at() {
    let app = TestApp::start();
    let admin = app.admin();
    let job = imported(&app, &admin, "", file("Q", 0..3));
    let length = job["progress"]["of_bytes"].as_u64().unwrap();
    let at = |rows: u64, offset: u64| {
        let place = cursor(&[rows.to_be_bytes(), offset.to_be_bytes()].concat());
        admin.get(&format!("/jobs/{}/rows?cursor={place}", id(&job)))
    };
    assert_eq!(at(3, length).expect(200)["items"], json!([]));
    for (rows, offset) in [
        (1, 0),
        (length + 1, length),
        (3, length + 1),
        (1 << 63, 9),
        (3, 1 << 63),
        (u64::MAX, u64::MAX),
    ] {
        let refused = at(rows, offset).refused(422, "invalid");
        assert_eq!(pointers(&refused), ["?cursor"], "{rows} {offset}");
    }
}

#[test]
fn jobs_are_listed_the_newest_first() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut made = Vec::new();
    for n in 0..5 {
        app.pass_s(1);
        made.insert(0, id(&imported(&app, &admin, "", format!("code\nL{n}\n"))).to_owned());
    }
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/jobs?limit=2{cursor}")).expect(200);
        listed.extend(page["items"].as_array().unwrap().iter().map(|job| id(job).to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(listed, made);
}

#[test]
fn wrong_parameters_are_pointed_at_before_the_file_is_read() {
    let app = TestApp::start();
    let admin = app.admin();
    let expires = "expires_at=2027-01-01T00:00:00Z";
    for (query, pointer) in [
        ("discount_percent=10".to_owned(), "?expires_at"),
        ("discount_percent=10&expires_at=2026-12-01T12:00:00Z".to_owned(), "?expires_at"),
        ("discount_percent=10&expires_at=2027-01-01".to_owned(), "?expires_at"),
        (expires.to_owned(), "?discount_percent"),
        (format!("{expires}&discount_percent=101"), "?discount_percent"),
        (format!("{expires}&discount_percent=1&discount_amount=1"), "?discount_amount"),
        (format!("{expires}&discount_percent=1&on_duplicate=stop"), "?on_duplicate"),
        (format!("{expires}&discount_percent=1&name="), "?name"),
        (format!("{expires}&discount_percent=1&name=a%0Ab"), "?name"),
        (format!("{expires}&discount_percent=1&dry_run=perhaps"), "?"),
        (format!("{expires}&discount_percent=1&colour=red"), "?"),
    ] {
        let refused = admin
            .send("POST", &format!("/coupon-imports?{query}"), Some(b"code\nA\n".to_vec()))
            .refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer], "{query}");
    }
    assert!(spooled(&app).is_empty());
}

#[test]
fn a_file_beyond_the_limit_is_refused_and_nothing_is_kept() {
    let app = TestApp::start_with(|config| config.import_limit = 2_000_000);
    let admin = app.admin();
    let fits = [&b"code\nA\n"[..], &vec![b'\n'; 1_999_993]].concat();
    assert_eq!(counts(&imported(&app, &admin, "", &fits)), (1, 0, 0));
    let before = spooled(&app);
    let authorization = admin.header("Authorization").unwrap().as_bytes();
    let path = format!("/api/v1/coupon-imports?{TERMS}");
    let sent = |name: &str, value: &[u8], body: &[u8]| {
        let request = wire::request(
            "POST",
            path.as_bytes(),
            &[("Authorization", authorization), (name, value)],
            body,
        );
        wire::send(&app, &request).unwrap()
    };
    sent("Content-Length", b"2000001", b"").refused(413, "too-large");
    // In pieces, whose sum nobody announced.
    let piece =
        |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    sent("Transfer-Encoding", b"chunked", &[piece(&fits), piece(b"\n"), piece(b"")].concat())
        .refused(413, "too-large");
    assert_eq!(spooled(&app), before);
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing_behind() {
    let app = TestApp::start();
    let admin = app.admin();
    let authorization = admin.header("Authorization").unwrap().as_bytes();
    let path = format!("/api/v1/coupon-imports?{TERMS}");
    let headers: [(&str, &[u8]); 2] =
        [("Authorization", authorization), ("Content-Length", b"1000000")];
    let mut stream = std::net::TcpStream::connect(app.address()).unwrap();
    stream.write_all(&wire::request("POST", path.as_bytes(), &headers, b"code\nA\nB\n")).unwrap();
    app.until("the file arrives", || spooled(&app).len() == 1);
    drop(stream);
    app.until("what arrived is gone", || spooled(&app).is_empty());
    assert_eq!(admin.get("/jobs").expect(200)["items"], json!([]));
}

#[test]
fn what_was_arriving_when_the_process_went_down_is_removed() {
    let app = TestApp::start();
    app.stop();
    fs::write(app.data().join("imports/receiving-7"), "code\nA\n").unwrap();
    app.serve();
    assert!(spooled(&app).is_empty());
}

#[test]
fn imports_and_jobs_are_for_administrators() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let job = imported(&app, &admin, "", "code\nA\n");
    let job = id(&job);
    for (method, path) in [
        ("POST", format!("/coupon-imports?{TERMS}")),
        ("GET", "/jobs".into()),
        ("GET", format!("/jobs/{job}")),
        ("GET", format!("/jobs/{job}/rows")),
        ("GET", format!("/jobs/{job}/report")),
        ("DELETE", format!("/jobs/{job}")),
    ] {
        ada.send(method, &path, None).refused(403, "forbidden");
        app.anybody().send(method, &path, None).refused(401, "unauthenticated");
    }
    let nobody = job.replace(|_| true, "0");
    for path in
        [format!("/jobs/{nobody}"), format!("/jobs/{nobody}/rows"), "/jobs/none-such/report".into()]
    {
        admin.get(&path).refused(404, "not-found");
    }
    admin.cancel(&nobody).refused(404, "not-found");
}

#[test]
fn what_is_imported_is_metered() {
    let app = TestApp::start();
    let admin = app.admin();
    imported(&app, &admin, "", "code\nA\nA\n\"\"\n");
    let metrics = app.anybody().get("//metrics").text;
    for name in [
        "stampede_import_rows_total{outcome=\"imported\"}",
        "stampede_import_rows_total{outcome=\"duplicate\"}",
        "stampede_import_rows_total{outcome=\"invalid\"}",
        "stampede_import_bytes_total",
        "stampede_jobs_unfinished",
        "stampede_jobs_ended_total{state=\"finished\"}",
    ] {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
}
