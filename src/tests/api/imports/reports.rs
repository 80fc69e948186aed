//! What an import tells of its rows: in pages, filtered, as a file, safe for spreadsheets.

use super::{Importing, counts, file, imported, rows};
use harness::{TestApp, id, pointers};
use serde_json::json;
use stampede::http::page::cursor;
use std::fs;

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
        ("x=1", "?x"),
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
