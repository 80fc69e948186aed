//! The command line: what it prints, what it refuses, and with which code.

use crate::STAMPEDE;
use actors::domain::coupons::Serial;
use actors::domain::coupons::code::{CouponNumber, Keys};
use harness::{ADMIN_PASSWORD, Process, TestFolder, fails, hold_number, succeeds};
use serde_json::{Value, json};

#[test]
fn a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    for (arguments, instead) in [
        (vec!["serve"], "another stampede"),
        (vec![], "another stampede"),
        (vec!["key", "create", "shop"], "ask that one: POST /api/v1/service-keys"),
        (vec!["key", "list"], "ask that one: GET /api/v1/service-keys"),
        (vec!["key", "revoke", "1"], "ask that one: DELETE /api/v1/service-keys/{id}"),
        (vec!["key", "rotate", "--coupons"], "another stampede"),
        (vec!["admin", "password"], "stop that one first"),
        (vec!["archive", "--older-than-days", "1"], "another stampede"),
    ] {
        let sentence = fails(STAMPEDE.run(&folder, &arguments), 1);
        assert!(
            sentence.starts_with("stampede: the folder ")
                && sentence.contains("is in use by another stampede")
                && sentence.trim_end().ends_with(instead),
            "{sentence}"
        );
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
    }
    server.admin().get("/users").expect(200);
    std::fs::remove_file(folder.join("lock")).unwrap();
    assert!(fails(STAMPEDE.run(&folder, ["serve"]), 1).contains("is in use by another stampede"));
    server.admin().get("/users").expect(200);
}

#[test]
fn a_start_that_cannot_listen_says_no_password_that_nobody_would_read() {
    let folder = TestFolder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let mut command = STAMPEDE.command(&folder);
    command.env_remove("STAMPEDE_ADMIN_PASSWORD");
    let refused = command.args(["--listen", &at]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&refused.stdout), "");
    assert!(fails(refused, 1).contains(&format!("listen: cannot bind {at}")));
    let mut command = STAMPEDE.command(&folder);
    command.env_remove("STAMPEDE_ADMIN_PASSWORD");
    let (_server, said) = Process::start_with(command, &folder);
    assert!(said.iter().any(|line| line.contains("its password, shown this once")), "{said:?}");
}

#[test]
fn a_start_without_the_database_but_with_its_log_is_refused_and_what_is_put_back_serves() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    hold_number(&server.member("ada"), "0007");
    let (database, away) = (folder.join("stampede.db"), folder.with_extension("away"));
    let copy = folder.with_extension("backup");
    succeeds(STAMPEDE.run(&folder, ["backup".as_ref(), copy.as_os_str()]));
    server.kill();
    std::fs::rename(&database, &away).unwrap();
    for arguments in [
        ["serve".as_ref()].as_slice(),
        &["key".as_ref(), "list".as_ref()],
        &["restore".as_ref(), copy.as_os_str()],
    ] {
        let sentence = fails(STAMPEDE.run(&folder, arguments), 1);
        assert!(sentence.contains("stampede.db-wal") && sentence.contains("is gone"), "{sentence}");
    }
    std::fs::rename(&away, &database).unwrap();
    assert_eq!(STAMPEDE.start(&folder).books(), (1, 0));
}

#[test]
fn a_port_that_is_taken_is_refused_with_the_setting_and_the_address() {
    let (folder, other) = (TestFolder::new(), TestFolder::new());
    let server = STAMPEDE.start(&folder);
    let sentence =
        fails(STAMPEDE.command(&other).args(["--listen", &server.address]).output().unwrap(), 1);
    assert!(sentence.contains("listen") && sentence.contains(&server.address), "{sentence}");
}

#[test]
fn service_keys_are_made_listed_and_revoked_while_nobody_serves() {
    let folder = TestFolder::new();
    STAMPEDE.start(&folder).stop();
    let made = succeeds(STAMPEDE.run(&folder, ["key", "create", "shop"]));
    let (id, key) = (made.lines().next().unwrap(), made.lines().nth(1).unwrap());
    assert!(key.starts_with("sk_"), "{made}");
    assert_eq!(
        succeeds(STAMPEDE.run(&folder, ["key", "list"])).trim_end(),
        format!("{id} shop members")
    );
    let told = succeeds(STAMPEDE.run(&folder, ["key", "list", "--json"]));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told[0]["scopes"], json!(["members"]), "{told}");
    assert_eq!((&told[0]["id"], &told[0]["revoked_at"]), (&json!(id), &Value::Null), "{told}");
    let asked = |expected: u16| {
        let server = STAMPEDE.start(&folder);
        let answer = server.anybody().bearer(key).on_behalf_of("seven").get("/me");
        server.stop();
        answer.expect(expected)
    };
    assert_eq!(asked(200)["on_behalf_of"], "seven");
    succeeds(STAMPEDE.run(&folder, ["key", "revoke", id]));
    asked(401);
    assert!(
        fails(STAMPEDE.run(&folder, ["key", "revoke", "nonsense"]), 1)
            .contains("nonsense is not the id of a key")
    );
    assert!(fails(STAMPEDE.run(&folder, ["key", "create", "two words"]), 1).contains("name"));
    let narrow = ["key", "create", "ci", "--scope", "operate", "--purpose", "the nightly job"];
    succeeds(STAMPEDE.run(&folder, [&narrow[..], &["--expires-at", "2099-01-01T00:00Z"]].concat()));
    let listed = succeeds(STAMPEDE.run(&folder, ["key", "list"]));
    assert!(
        listed.contains(" ci operate until 2099-01-01T00:00:00.000Z (the nightly job)"),
        "{listed}"
    );
    fails(STAMPEDE.run(&folder, ["key", "create", "ci", "--scope", "admin"]), 2);
    let past = ["key", "create", "ci", "--expires-at", "2001-01-01T00:00Z"];
    assert!(fails(STAMPEDE.run(&folder, past), 1).contains("lies ahead"));
}

#[test]
fn coupon_keys_are_replaced_and_the_codes_that_are_out_stay_good() {
    let folder = TestFolder::new();
    STAMPEDE.start(&folder).stop();
    let place = CouponNumber { serial: Serial(18), index: 5 };
    let before = coupon_keys(&folder).print(place);
    for version in [1, 2] {
        let said = succeeds(STAMPEDE.run(&folder, ["key", "rotate", "--coupons"]));
        assert_eq!(
            said.trim_end(),
            format!("new coupon codes are printed with version {version} of the keys")
        );
    }
    let keys = coupon_keys(&folder);
    assert_eq!(keys.read(before.as_str()), Ok(place));
    assert!(keys.print(place).as_str().starts_with('2'));
    succeeds(STAMPEDE.run(&folder, ["key", "rotate"]));
    assert_eq!(coupon_keys(&folder).to_bytes(), keys.to_bytes(), "that is for access tokens");
    STAMPEDE.start(&folder).stop();
    assert_eq!(
        coupon_keys(&folder).to_bytes(),
        keys.to_bytes(),
        "a start makes keys where there are none"
    );
}

/// As they are kept. Not opened as a store would be, for the lock of its folder could pass to a
/// child that another test starts meanwhile.
fn coupon_keys(folder: &TestFolder) -> Keys {
    let database = rusqlite::Connection::open(folder.join("stampede.db")).unwrap();
    let kept: Vec<u8> = database
        .query_row("SELECT value FROM secrets WHERE name = 'coupon-keys'", [], |row| row.get(0))
        .unwrap();
    Keys::from_bytes(&kept).unwrap()
}

#[test]
fn the_administrator_gets_a_new_password_and_the_old_one_is_worth_nothing() {
    let folder = TestFolder::new();
    STAMPEDE.start(&folder).stop();
    let printed = succeeds(STAMPEDE.run(&folder, ["admin", "password"]));
    let password = printed.trim_end().rsplit(' ').next().unwrap();
    let server = STAMPEDE.start(&folder);
    server.anybody().log_in("admin", password).get("/users").expect(200);
    let old = json!({"username": "admin", "password": ADMIN_PASSWORD});
    server.anybody().post("/auth/login", old).expect(401);
}

#[test]
fn the_first_start_without_a_password_prints_one_once() {
    let folder = TestFolder::new();
    let mut first = STAMPEDE.command(&folder);
    first.env_remove("STAMPEDE_ADMIN_PASSWORD");
    let (server, printed) = Process::start_with(first, &folder);
    let password = printed
        .iter()
        .find_map(|line| line.split("shown this once: ").nth(1))
        .expect("it is printed")
        .to_owned();
    server.anybody().log_in("admin", &password).get("/users").expect(200);
    server.stop();
    let mut second = STAMPEDE.command(&folder);
    second.env_remove("STAMPEDE_ADMIN_PASSWORD");
    let (server, printed) = Process::start_with(second, &folder);
    assert_eq!(printed, Vec::<String>::new());
    server.anybody().log_in("admin", &password).get("/users").expect(200);
}

#[test]
fn the_description_of_the_api_is_printed_as_it_is_served() {
    let folder = TestFolder::new();
    let printed: Value =
        serde_json::from_str(&succeeds(STAMPEDE.run(&folder, ["openapi"]))).unwrap();
    let server = STAMPEDE.start(&folder);
    assert_eq!(server.anybody().get("//openapi.json").expect(200), printed);
}

#[test]
fn every_setting_is_printed_with_its_value_and_where_it_came_from() {
    let folder = TestFolder::new();
    let printed = succeeds(STAMPEDE.run(&folder, ["config", "--token-s", "77"]));
    assert!(
        printed.contains("STAMPEDE_BCRYPT_COST")
            && printed.contains("--token-s")
            && printed.contains("77"),
        "{printed}"
    );
    assert!(!printed.contains(ADMIN_PASSWORD), "a secret was printed");
    let file = folder.join("settings.toml");
    std::fs::write(&file, succeeds(STAMPEDE.run(&folder, ["config", "--toml"]))).unwrap();
    succeeds(STAMPEDE.command(&folder).arg("config").arg("--config").arg(&file).output().unwrap());
}

#[test]
fn a_wrong_setting_stops_the_start_with_2_and_its_name() {
    let folder = TestFolder::new();
    for (arguments, variable, name) in [
        (vec!["--workers", "none"], None, "workers"),
        (vec![], Some(("STAMPEDE_BCRYPT_COST", "3")), "bcrypt_cost"),
        (vec![], Some(("STAMPEDE_TIME_ZONE", "Mars/Olympus")), "time_zone"),
        (vec!["--listen", "here"], None, "listen"),
        (vec!["--hold-ttl-s", "9000"], None, "hold_ttl_s"),
        (vec!["--config", "/nowhere/at/all.toml"], None, "/nowhere/at/all.toml"),
    ] {
        let sentence =
            fails(STAMPEDE.command(&folder).args(arguments).envs(variable).output().unwrap(), 2);
        assert!(sentence.lines().last().unwrap().contains(name), "{sentence}");
    }
    assert!(!folder.join("stampede.db").exists(), "a start that was refused left something behind");
    fails(STAMPEDE.run(&folder, ["--no-such-flag"]), 2);
    fails(STAMPEDE.run(&folder, ["no-such-command"]), 2);
}

#[test]
fn version_and_help_are_no_failures() {
    let folder = TestFolder::new();
    assert_eq!(
        succeeds(STAMPEDE.run(&folder, ["--version"])),
        format!("stampede {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(succeeds(STAMPEDE.run(&folder, ["--help"])).contains("verify"));
}

#[test]
fn archiving_says_what_it_did_and_asks_how_old() {
    let folder = TestFolder::new();
    let nothing = STAMPEDE.run(&folder, ["archive", "--older-than-days", "1"]);
    assert!(fails(nothing, 1).contains("there is no database in the folder"));
    STAMPEDE.start(&folder).stop();
    let sentence = fails(STAMPEDE.run(&folder, ["archive"]), 1);
    assert!(sentence.contains("--older-than-days") && sentence.contains("archive_after_days"));
    fails(STAMPEDE.run(&folder, ["archive", "--older-than-days", "0"]), 2);
    let said = succeeds(STAMPEDE.run(&folder, ["archive", "--archive-after-days", "1"]));
    assert!(said.starts_with("archived 0 frames in 0 segments"), "{said}");
    let elsewhere = ["archive", "--older-than-days", "1", "--store", "cql"];
    assert!(fails(STAMPEDE.run(&folder, elsewhere), 1).contains("nothing to archive"));
    STAMPEDE.verify(&folder);
}

#[test]
fn a_folder_without_a_database_has_nothing_to_verify() {
    let folder = TestFolder::new();
    assert!(
        fails(STAMPEDE.run(&folder, ["verify"]), 1).contains("there is no database in the folder")
    );
}

#[test]
fn a_script_is_told_the_books() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    hold_number(&server.member("ada"), "0007");
    server.stop();
    let told = succeeds(STAMPEDE.run(&folder, ["verify", "--json"]));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["records"].as_u64().unwrap() > 0, "{told}");
    let books = told["books"].as_object().unwrap();
    assert!(books.values().any(|counts| counts["held"] == 1), "{told}");
}

#[cfg(unix)]
#[test]
fn a_data_folder_may_have_a_name_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = TestFolder::new();
    let odd = folder.join(std::ffi::OsStr::from_bytes(b"d\xffta"));
    let server = STAMPEDE.start(&odd);
    server.lottery(1);
    hold_number(&server.member("ada"), "0007");
    server.kill();
    assert_eq!(STAMPEDE.start(&odd).books(), (1, 0));
    STAMPEDE.verify(&odd);
    let copy = folder.join(std::ffi::OsStr::from_bytes(b"b\xffckup"));
    succeeds(STAMPEDE.run(&odd, ["backup".as_ref(), copy.as_os_str()]));
    assert!(copy.exists());
}
