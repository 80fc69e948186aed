//! The command line: what it prints, what it refuses, and with which code.

use crate::process::{Folder, Server, fails, run, stampede, succeeds};
use actors::domain::coupons::Serial;
use actors::domain::coupons::code::{CouponNumber, Keys};
use serde_json::{Value, json};

#[test]
fn a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let folder = Folder::new();
    let server = Server::start(&folder.0);
    for arguments in [
        vec!["serve"],
        vec![],
        vec!["key", "create", "shop"],
        vec!["key", "list"],
        vec!["key", "rotate", "--coupons"],
        vec!["admin", "password"],
    ] {
        let sentence = fails(run(&folder.0, &arguments), 1);
        assert!(
            sentence.starts_with("stampede: the folder ")
                && sentence.contains("is in use by another stampede"),
            "{sentence}"
        );
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
    }
    server.admin().get("/users").expect(200);
    std::fs::remove_file(folder.0.join("lock")).unwrap();
    assert!(fails(run(&folder.0, ["serve"]), 1).contains("is in use by another stampede"));
    server.admin().get("/users").expect(200);
}

#[test]
fn a_start_without_the_database_but_with_its_log_is_refused_and_what_is_put_back_serves() {
    let folder = Folder::new();
    let server = Server::start(&folder.0);
    server.lottery(1);
    server.member("ada").hold("0007");
    let (database, away) = (folder.0.join("stampede.db"), folder.0.with_extension("away"));
    let copy = folder.0.with_extension("backup");
    succeeds(run(&folder.0, ["backup".as_ref(), copy.as_os_str()]));
    server.kill();
    std::fs::rename(&database, &away).unwrap();
    for arguments in [
        ["serve".as_ref()].as_slice(),
        &["key".as_ref(), "list".as_ref()],
        &["restore".as_ref(), copy.as_os_str()],
    ] {
        let sentence = fails(run(&folder.0, arguments), 1);
        assert!(sentence.contains("stampede.db-wal") && sentence.contains("is gone"), "{sentence}");
    }
    std::fs::rename(&away, &database).unwrap();
    assert_eq!(Server::start(&folder.0).books(), (1, 0));
}

#[test]
fn a_port_that_is_taken_is_refused_with_the_setting_and_the_address() {
    let (folder, other) = (Folder::new(), Folder::new());
    let server = Server::start(&folder.0);
    let sentence =
        fails(stampede(&other.0).args(["--listen", &server.address]).output().unwrap(), 1);
    assert!(sentence.contains("listen") && sentence.contains(&server.address), "{sentence}");
}

#[test]
fn service_keys_are_made_listed_and_revoked_while_nobody_serves() {
    let folder = Folder::new();
    Server::start(&folder.0).stop();
    let made = succeeds(run(&folder.0, ["key", "create", "shop"]));
    let (id, key) = (made.lines().next().unwrap(), made.lines().nth(1).unwrap());
    assert!(key.starts_with("sk_"), "{made}");
    assert_eq!(succeeds(run(&folder.0, ["key", "list"])).trim_end(), format!("{id} shop"));
    let asked = |expected: u16| {
        let server = Server::start(&folder.0);
        let answer = server.anybody().with_token(key).on_behalf_of("seven", "/me");
        server.stop();
        answer.expect(expected)
    };
    assert_eq!(asked(200)["on_behalf_of"], "seven");
    succeeds(run(&folder.0, ["key", "revoke", id]));
    asked(401);
    assert!(
        fails(run(&folder.0, ["key", "revoke", "nonsense"]), 1)
            .contains("nonsense is not the id of a key")
    );
    assert!(fails(run(&folder.0, ["key", "create", "two words"]), 1).contains("name"));
}

#[test]
fn coupon_keys_are_replaced_and_the_codes_that_are_out_stay_good() {
    let folder = Folder::new();
    Server::start(&folder.0).stop();
    let place = CouponNumber { serial: Serial(18), index: 5 };
    let before = coupon_keys(&folder).print(place);
    for version in [1, 2] {
        let said = succeeds(run(&folder.0, ["key", "rotate", "--coupons"]));
        assert_eq!(
            said.trim_end(),
            format!("new coupon codes are printed with version {version} of the keys")
        );
    }
    let keys = coupon_keys(&folder);
    assert_eq!(keys.read(before.as_str()), Ok(place));
    assert!(keys.print(place).as_str().starts_with('2'));
    succeeds(run(&folder.0, ["key", "rotate"]));
    assert_eq!(coupon_keys(&folder).to_bytes(), keys.to_bytes(), "that is for access tokens");
    Server::start(&folder.0).stop();
    assert_eq!(
        coupon_keys(&folder).to_bytes(),
        keys.to_bytes(),
        "a start makes keys where there are none"
    );
}

/// As they are kept. Not opened as a store would be, for the lock of its folder could pass to a
/// child that another test starts meanwhile.
fn coupon_keys(folder: &Folder) -> Keys {
    let database = rusqlite::Connection::open(folder.0.join("stampede.db")).unwrap();
    let kept: Vec<u8> = database
        .query_row("SELECT value FROM secrets WHERE name = 'coupon-keys'", [], |row| row.get(0))
        .unwrap();
    Keys::from_bytes(&kept).unwrap()
}

#[test]
fn the_administrator_gets_a_new_password_and_the_old_one_is_worth_nothing() {
    let folder = Folder::new();
    Server::start(&folder.0).stop();
    let printed = succeeds(run(&folder.0, ["admin", "password"]));
    let password = printed.trim_end().rsplit(' ').next().unwrap();
    let server = Server::start(&folder.0);
    server.log_in("admin", password).get("/users").expect(200);
    let old = json!({"username": "admin", "password": crate::process::ADMIN_PASSWORD});
    server.anybody().post("/auth/login", None, old).expect(401);
}

#[test]
fn the_first_start_without_a_password_prints_one_once() {
    let folder = Folder::new();
    let mut first = stampede(&folder.0);
    first.env_remove("STAMPEDE_ADMIN_PASSWORD");
    let (server, printed) = Server::start_with(first, &folder.0);
    let password = printed
        .iter()
        .find_map(|line| line.split("shown this once: ").nth(1))
        .expect("it is printed")
        .to_owned();
    server.log_in("admin", &password).get("/users").expect(200);
    server.stop();
    let mut second = stampede(&folder.0);
    second.env_remove("STAMPEDE_ADMIN_PASSWORD");
    let (server, printed) = Server::start_with(second, &folder.0);
    assert_eq!(printed, Vec::<String>::new());
    server.log_in("admin", &password).get("/users").expect(200);
}

#[test]
fn the_description_of_the_api_is_printed_as_it_is_served() {
    let folder = Folder::new();
    let printed: Value = serde_json::from_str(&succeeds(run(&folder.0, ["openapi"]))).unwrap();
    let server = Server::start(&folder.0);
    assert_eq!(server.anybody().get("//openapi.json").expect(200), printed);
}

#[test]
fn every_setting_is_printed_with_its_value_and_where_it_came_from() {
    let folder = Folder::new();
    let printed = succeeds(run(&folder.0, ["config", "--token-s", "77"]));
    assert!(
        printed.contains("STAMPEDE_BCRYPT_COST")
            && printed.contains("--token-s")
            && printed.contains("77"),
        "{printed}"
    );
    assert!(!printed.contains(crate::process::ADMIN_PASSWORD), "a secret was printed");
    let file = folder.0.join("settings.toml");
    std::fs::write(&file, succeeds(run(&folder.0, ["config", "--toml"]))).unwrap();
    succeeds(stampede(&folder.0).arg("config").arg("--config").arg(&file).output().unwrap());
}

#[test]
fn a_wrong_setting_stops_the_start_with_2_and_its_name() {
    let folder = Folder::new();
    for (arguments, variable, name) in [
        (vec!["--workers", "none"], None, "workers"),
        (vec![], Some(("STAMPEDE_BCRYPT_COST", "3")), "bcrypt_cost"),
        (vec![], Some(("STAMPEDE_TIME_ZONE", "Mars/Olympus")), "time_zone"),
        (vec!["--listen", "here"], None, "listen"),
        (vec!["--hold-ttl-s", "9000"], None, "hold_ttl_s"),
        (vec!["--config", "/nowhere/at/all.toml"], None, "/nowhere/at/all.toml"),
    ] {
        let sentence =
            fails(stampede(&folder.0).args(arguments).envs(variable).output().unwrap(), 2);
        assert!(sentence.lines().last().unwrap().contains(name), "{sentence}");
    }
    assert!(
        !folder.0.join("stampede.db").exists(),
        "a start that was refused left something behind"
    );
    fails(run(&folder.0, ["--no-such-flag"]), 2);
    fails(run(&folder.0, ["no-such-command"]), 2);
}

#[test]
fn version_and_help_are_no_failures() {
    let folder = Folder::new();
    assert_eq!(
        succeeds(run(&folder.0, ["--version"])),
        format!("stampede {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(succeeds(run(&folder.0, ["--help"])).contains("verify"));
}

#[test]
fn a_folder_without_a_database_has_nothing_to_verify() {
    let folder = Folder::new();
    assert!(fails(run(&folder.0, ["verify"]), 1).contains("there is no database in the folder"));
}

#[cfg(unix)]
#[test]
fn a_data_folder_may_have_a_name_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let odd = folder.0.join(std::ffi::OsStr::from_bytes(b"d\xffta"));
    let server = Server::start(&odd);
    server.lottery(1);
    server.member("ada").hold("0007");
    server.kill();
    assert_eq!(Server::start(&odd).books(), (1, 0));
    crate::process::verified(&odd);
    let copy = folder.0.join(std::ffi::OsStr::from_bytes(b"b\xffckup"));
    succeeds(run(&odd, ["backup".as_ref(), copy.as_os_str()]));
    assert!(copy.exists());
}
