//! Every row of a file is accounted for, whatever the file is like, whoever else imports.

use super::{Importing, counts, ended, file, imported, rows, spooled, states};
use harness::{TestApp, id};
use serde_json::{Value, json};
use std::fs;

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
    assert_eq!(
        accepted["offer"],
        json!({"discount_percent": 10, "min_amount": 500, "cancel_by": "member"})
    );
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
        (b"code,price,owner\nA,1,x\n", "\"price\" is no column"),
        (b"owner,state\nA,1\n", "`code` must be there"),
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
        (&json!("failed"), (0, 1, 1), &Value::Null)
    );
    assert_eq!(failed["rows"]["not_imported"], 4);
    assert_eq!(rows(&admin, id(&failed), "state=imported").len(), 0);
    assert_eq!(rows(&admin, id(&failed), "state=not_imported")[0]["row"], 1);
    let report = admin.get(&format!("/jobs/{}/report", id(&failed))).text;
    assert!(report.contains("1,\"A\",not_imported,"), "{report}");
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
fn loose_codes_are_used_however_they_are_typed_and_imported_once() {
    let app = TestApp::start();
    let admin = app.admin();
    for query in ["&spelling=loose&dry_run=true", "&spelling=loose&on_duplicate=skip"] {
        let file = "code\nSUMMER-26\nsummer 26\nSu-Mm-Er26\nWINTER 26\n- -\n";
        let job = ended(&app, &admin, id(&admin.import(query, file).expect(202)));
        assert_eq!((&job["state"], &job["spelling"]), (&json!("finished"), &json!("loose")));
        assert_eq!(counts(&job), (2, 2, 1));
        let fates = ["imported", "duplicate", "duplicate", "imported", "invalid"];
        assert_eq!(states(&admin, id(&job)), fates);
    }
    let again = imported(&app, &admin, "&spelling=loose", "code\nwinter26\nwinter-27\n");
    assert_eq!(counts(&again), (1, 1, 0));
    // Letter by letter it is another code, but whoever types it means the one that is there.
    let exact = imported(&app, &admin, "", "code\nWINTER-27\nWINTER-28\n");
    assert_eq!((counts(&exact), &exact["spelling"]), ((1, 1, 0), &json!("exact")));
    let loose = imported(&app, &admin, "&spelling=loose", "code\nWINTER-28\n");
    assert_eq!(counts(&loose), (0, 1, 0));
    let ada = app.member("ada");
    let to = json!({"member_id": crate::coupons::my_id(&ada)});
    for typed in ["summer-26", "Summer%2026", "SUMMER26"] {
        let given = admin.put(&format!("/coupons/{typed}/assign"), to.clone()).expect(200);
        assert_eq!(given["code"], "SUMMER-26", "as it was written");
    }
    let used = ada.post("/coupons/sUmMeR-2-6/use", json!({"amount": 1000})).expect(200);
    assert_eq!((&used["code"], &used["discount"]), (&json!("SUMMER-26"), &json!(100)));
    ada.post("/coupons/SUMMER26/use", json!({"amount": 1000})).refused(409, "coupon-used");
    admin.put("/coupons/WINTER-28/assign", to.clone()).expect(200);
    admin.put("/coupons/winter-28/assign", to).refused(404, "unknown-coupon");
}
