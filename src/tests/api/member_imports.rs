//! Members of another system, brought in a file: who they were, they are here, with the password
//! that they had.

use harness::{Answer, Client, PASSWORD, TestApp, pointers};
use serde_json::{Value, json};

/// Each is from another implementation of bcrypt.
const HASHES: [(&str, &str, &str); 3] = [
    ("ada", "password", "$2a$04$UuTkLRZZ6QofpDOlMz32MuuxEHA43WOemOYHPz6.SjsVsyO1tDU96"),
    ("bob", "rasmuslerdorf", "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"),
    ("eve", "Kk4DQuMMfZL9o", "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"),
];

fn import(admin: &Client, query: &str, file: &str) -> Answer {
    admin.send_file(&format!("/member-imports{query}"), file.as_bytes())
}

fn log_in(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anybody().post("/auth/login", json!({"account": name, "password": password}))
}

/// Imported, there already, invalid.
fn counts(report: &Value) -> (u64, u64, u64) {
    let count = |state: &str| report[state].as_u64().unwrap();
    (count("imported"), count("exists"), count("invalid"))
}

fn rows(report: &Value) -> Vec<(u64, &str, &str)> {
    let row = |row: &'_ Value| row["row"].as_u64().unwrap();
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|one| {
        (row(one), one["state"].as_str().unwrap(), one["why"].as_str().unwrap_or_default())
    })
    .collect()
}

fn hash_of(app: &TestApp, name: &str) -> String {
    let name = name.to_owned();
    app.with_directory(async |directory| {
        directory.account(name).await.unwrap().unwrap().password_hash
    })
}

#[test]
fn who_had_a_password_elsewhere_logs_in_with_it_and_it_is_hashed_anew() {
    let app = TestApp::start();
    let line = |(name, _, hash): &(&str, &str, &str)| format!("{name},{hash}\n");
    let file = format!("username,password_hash\n{}", HASHES.iter().map(line).collect::<String>());
    let report = import(&app.admin(), "", &file).expect(200);
    assert_eq!(counts(&report), (3, 0, 0));
    app.stop();
    HASHES.iter().for_each(|(name, _, hash)| assert_eq!(hash_of(&app, name), *hash));
    app.serve();
    for (number, (name, password, _)) in HASHES.iter().enumerate() {
        log_in(&app, name, "another one").refused(401, "wrong-credentials");
        let first = log_in(&app, name, password).expect(200);
        assert_eq!(first["first_login"], true);
        let me = app.log_in(name, password).get("/me").expect(200);
        let imported = &report["rows"][number]["member"];
        assert_eq!((&me["id"], &me["role"]), (imported, &json!("member")));
    }
    app.stop();
    for (name, _, old) in HASHES {
        let new = hash_of(&app, name);
        assert!(new.starts_with("$2b$04$"), "{new}");
        // One that is as they are made today stays.
        assert_eq!(new == old, old.starts_with("$2b$04$"), "{new}");
    }
    app.serve();
    HASHES.iter().for_each(|(name, password, _)| drop(log_in(&app, name, password).expect(200)));
    app.stop();
    app.verified().unwrap();
}

#[test]
fn every_row_is_accounted_for() {
    let app = TestApp::start();
    app.member("taken");
    let (admin, hash) = (app.admin(), HASHES[0].2);
    let file = format!(
        "Reference,email,username,phone,password_hash,birthday,full_name\n\
        7,ada@example.org,ada,+49 170 1234567,{hash},1990-02-28,Ada Lovelace\n\
        8,,Taken,,,,\n\
        9,ada@example.org,,'+49 170 1234567,,,\n\
        10,nobody,x,,plain text,tomorrow,\n\
        11,,,,{hash},,\n\
        12,bob@example.org\n\
        \"a quote\n\
        13,zoe@example.org,,,,,\n"
    );
    let report = import(&admin, "", &file).expect(200);
    assert_eq!(counts(&report), (2, 2, 4));
    assert_eq!(report["dry_run"], false);
    let told = rows(&report);
    let states: Vec<&str> = told.iter().map(|row| row.1).collect();
    let (i, e, x) = ("imported", "exists", "invalid");
    assert_eq!(states, [i, e, e, x, x, x, x, i]);
    for (row, says) in [
        (2, "another account has this username"),
        (3, "another account has this email and phone"),
        (4, "password_hash: a bcrypt hash"),
        (4, "birthday: "),
        (4, "username: "),
        (4, "email: "),
        (5, "at least one of username, email and phone"),
        (6, "more or fewer fields"),
        (7, "unreadable"),
    ] {
        assert!(told[row - 1].2.contains(says), "{says}: {told:#?}");
    }
    let references: Vec<&Value> =
        report["rows"].as_array().unwrap().iter().map(|row| &row["reference"]).collect();
    let known = |text: &str| json!(text);
    assert_eq!(references[0], &known("7"));
    assert_eq!(
        (references[5], references[6], references[7]),
        (&Value::Null, &Value::Null, &known("13"))
    );
    let ada = admin.get(&format!("/users/{}", report["rows"][0]["member"].as_str().unwrap()));
    let ada = ada.expect(200);
    assert_eq!(
        (&ada["full_name"], &ada["birthday"]),
        (&json!("Ada Lovelace"), &json!("1990-02-28"))
    );
    assert_eq!(ada["phone"], "+491701234567");
    // Nothing of the file is left, which had hashes in it.
    assert_eq!(std::fs::read_dir(app.data().join("imports")).unwrap().count(), 0);
}

#[test]
fn the_same_row_again_is_the_same_import_and_another_row_is_none() {
    let app = TestApp::start();
    let admin = app.admin();
    let file = format!("username,password_hash\nada,{}\nbob,\n", HASHES[0].2);
    let first = import(&admin, "", &file).expect(200);
    log_in(&app, "ada", "password").expect(200);
    let again = import(&admin, "", &file).expect(200);
    assert_eq!((counts(&again), &again["rows"]), ((2, 0, 0), &first["rows"]));
    let other = import(&admin, "", "username,full_name\nada,Ada\nbob,Bob\n").expect(200);
    assert_eq!(counts(&other), (0, 2, 0));
    assert_eq!(rows(&other)[0].2, "it was imported before, with other details");
    assert_eq!(admin.get("/users?limit=100").expect(200)["items"].as_array().unwrap().len(), 3);
    log_in(&app, "ada", "password").expect(200);
}

#[test]
fn a_dry_run_says_the_same_and_imports_nobody() {
    let app = TestApp::start();
    app.member("taken");
    let admin = app.admin();
    let file = "username,email\nada,a@example.org\nbob,a@example.org\nbob,\nTAKEN,\nx,\nada,\n";
    let dry = import(&admin, "?dry_run=true", file).expect(200);
    assert_eq!(dry["dry_run"], true);
    let there =
        |app: &TestApp| app.admin().get("/users").expect(200)["items"].as_array().unwrap().len();
    assert_eq!(there(&app), 2);
    let report = import(&admin, "", file).expect(200);
    let states =
        |report: &Value| rows(report).iter().map(|row| row.1.to_owned()).collect::<Vec<_>>();
    assert_eq!(states(&dry), ["imported", "exists", "imported", "exists", "invalid", "exists"]);
    assert_eq!((states(&dry), counts(&dry)), (states(&report), counts(&report)));
    assert_eq!(there(&app), 4);
    assert_eq!(std::fs::read_dir(app.data().join("imports")).unwrap().count(), 0);
    // What is there already would be imported by the same row again.
    let again = import(&admin, "?dry_run=true", "username,email\nada,a@example.org\nbob,x@y.org\n");
    assert_eq!(states(&again.expect(200)), ["imported", "exists"]);
}

#[test]
fn a_long_file_is_told_in_its_order_or_in_part() {
    let app = TestApp::start();
    let admin = app.admin();
    let line = |n: u32| match n % 300 {
        7 => "x\n".to_owned(),
        8 => "member6\n".to_owned(),
        _ => format!("member{n}\n"),
    };
    let file = format!("username\n{}", (1..=700).map(line).collect::<String>());
    let report = import(&admin, "", &file).expect(200);
    let rows = rows(&report);
    assert!(rows.iter().map(|row| row.0).eq(1..=700));
    assert_eq!(counts(&report), (694, 3, 3));
    for (state, numbers) in [
        ("invalid", vec![7, 307, 607]),
        ("exists", vec![8, 308, 608]),
        ("rejected", vec![7, 8, 307, 308, 607, 608]),
    ] {
        let part = import(&admin, &format!("?state={state}"), &file).expect(200);
        assert_eq!(counts(&part), (694, 3, 3));
        assert!(self::rows(&part).iter().map(|row| row.0).eq(numbers), "{state}");
    }
    let imported = import(&admin, "?state=imported", &file).expect(200);
    assert_eq!(imported["rows"].as_array().unwrap().len(), 694);
}

#[test]
fn who_has_logged_in_elsewhere_is_no_newcomer_and_who_has_no_password_needs_a_reset() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = json!({"name": "Welcome", "quota": 10, "discount_percent": 10,
        "ends_at": "2026-12-31T00:00:00Z", "trigger": "first_login"});
    admin.post("/campaigns", first).expect(201);
    let hash = HASHES[0].2;
    let file = format!(
        "username,first_login_at,password_hash\nada,2019-05-06T07:08:09Z,{hash}\nbob,,{hash}\n\
        eve,2019-05-06,{hash}\nzoe,2999-01-01T00:00:00Z,{hash}\nkim,2020-01-01T00:00:00+09:00,\n"
    );
    let report = import(&admin, "", &file).expect(200);
    assert_eq!(counts(&report), (3, 0, 2));
    assert!(rows(&report)[2].2.contains("first_login_at: "), "{report}");
    let ada = log_in(&app, "ada", "password").expect(200);
    assert_eq!((&ada["first_login"], &ada["vouchers"]), (&json!(false), &json!([])));
    let ada = app.log_in("ada", "password").get("/me").expect(200);
    assert_eq!(ada["first_login_at"], "2019-05-06T07:08:09.000Z");
    let bob = log_in(&app, "bob", "password").expect(200);
    assert_eq!((&bob["first_login"], bob["vouchers"].as_array().unwrap().len()), (&json!(true), 1));
    for password in ["", "password", PASSWORD] {
        log_in(&app, "kim", password).refused(401, "wrong-credentials");
    }
    let kim = report["rows"][4]["member"].as_str().unwrap();
    let offer = admin.post(&format!("/users/{kim}/password"), json!({})).expect(201);
    let reset = json!({"token": offer["token"], "new_password": PASSWORD});
    app.anybody().post("/auth/reset", reset).expect(204);
    assert_eq!(log_in(&app, "kim", PASSWORD).expect(200)["first_login"], false);
}

#[test]
fn a_file_that_names_no_member_is_refused_and_nothing_is_kept() {
    let app = TestApp::start();
    let admin = app.admin();
    for (file, named) in [
        ("", "empty"),
        ("ada\nbob\n", "\"ada\" is no column"),
        ("username,password\nada,secret\n", "\"password\" is no column"),
        ("password_hash,reference\n,1\n", "one of the columns username, email and phone"),
        ("username,email,Username\n", "may be there once"),
    ] {
        let refused = import(&admin, "", file).refused(422, "csv-header");
        assert!(refused["detail"].as_str().unwrap().contains(named), "{refused}");
    }
    for (query, pointer) in
        [("?state=duplicate", "?state"), ("?dry_run=1", "?dry_run"), ("?name=x", "?name")]
    {
        let refused = import(&admin, query, "username\nada\n").refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer]);
    }
    assert_eq!(std::fs::read_dir(app.data().join("imports")).unwrap().count(), 0);
    let (long, hash) = ("x".repeat(5000), HASHES[0].2);
    let report =
        import(&admin, "", &format!("username,password_hash\n{long},{hash}\nada,{hash}\n"));
    assert_eq!(counts(&report.expect(200)), (1, 0, 1));
    for (caller, status, kind) in [
        (app.anybody(), 401, "unauthenticated"),
        (app.member("kim"), 403, "forbidden"),
        (app.service("shop").on_behalf_of("m1"), 403, "forbidden"),
    ] {
        import(&caller, "", "username\nbob\n").refused(status, kind);
    }
}

#[test]
fn members_come_as_lines_of_json_too() {
    let app = TestApp::start();
    let (name, password, hash) = HASHES[0];
    let ada = json!({"username": name, "password_hash": hash, "birthday": null, "reference": "7"});
    let long = json!({"username": "x", "full_name": "x".repeat(5000)});
    let file = format!(
        "{ada}\r\n\n{}\n{}\n{long}\n[]\n{}\n{}",
        json!({"email": "bob@example.com", "first_login_at": "2020-02-29T00:00:00Z"}),
        json!({"username": "eve", "role": "admin"}),
        json!({"full_name": "Nobody"}),
        json!({"username": "zoe"}),
    );
    let would = import(&app.admin(), "?dry_run=true", &file).expect(200);
    assert_eq!(counts(&would), (3, 0, 4));
    let report = import(&app.admin(), "", &file).expect(200);
    assert_eq!(counts(&report), (3, 0, 4));
    let told = rows(&report);
    let states: Vec<(u64, &str)> = told.iter().map(|(row, state, _)| (*row, *state)).collect();
    assert_eq!(
        states,
        [
            (1, "imported"),
            (2, "imported"),
            (3, "invalid"),
            (4, "invalid"),
            (5, "invalid"),
            (6, "invalid"),
            (7, "imported")
        ]
    );
    assert_eq!(report["rows"][0]["reference"], "7");
    assert!(told[2].2.starts_with("not a JSON object") && told[4].2 == told[2].2, "{told:?}");
    assert_eq!(told[3].2, "longer than 4096 bytes");
    log_in(&app, name, password).expect(200);
    // The same member in a table is the same import.
    let again = import(&app.admin(), "", &format!("username,password_hash\n{name},{hash}\n"));
    assert_eq!(rows(&again.expect(200)), [(1, "imported", "")]);
}
