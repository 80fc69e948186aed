//! `stampede demo` and `stampede close`: a server with a crowd of its own, and one that is filled
//! and closed from outside.

use crate::STAMPEDE;
use harness::client::agent;
use harness::{ADMIN_PASSWORD, Client, Process, TestFolder, fails, succeeds};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Command;

/// With its temporary folder inside the test's.
fn demo(folder: &TestFolder, arguments: &[&str]) -> Command {
    let mut command = STAMPEDE.as_it_is();
    command.env_clear().env("TMPDIR", &**folder).env("STAMPEDE_BCRYPT_COST", "4");
    command.arg("demo").args(arguments);
    command
}

/// Listens until the server tells a second in which all of these were done.
fn see(admin: &Client, address: &str, deeds: &[&str]) {
    let request = agent()
        .get(format!("http://{address}/api/v1/live"))
        .header("Authorization", admin.header("Authorization").unwrap());
    let lines = BufReader::new(request.call().unwrap().into_body().into_reader()).lines();
    let mut missing = deeds.to_vec();
    for line in lines.map_while(Result::ok) {
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let told: Value = serde_json::from_str(data).unwrap();
        missing.retain(|deed| told["rates"][deed].as_f64().unwrap_or(0.0) <= 0.0);
        if missing.is_empty() {
            return;
        }
    }
    panic!("it ended, and nobody saw {missing:?}");
}

#[test]
fn a_demo_moves_and_leaves_nothing_behind() {
    let folder = TestFolder::new();
    let (mut server, said) =
        Process::start_with(demo(&folder, &["--rate", "200", "--for", "1h"]), &folder);
    let password = said.iter().find_map(|line| line.split_once("the password ")).unwrap().1;
    let admin = server.anybody().log_in("admin", password);
    let deeds = ["claims", "holds", "bought", "ballots", "assigned", "used", "refused"];
    see(&admin, &server.address, &deeds);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    server.signal("INT");
    assert_eq!(server.wait().code(), Some(0));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_demo_ends_by_itself_and_its_log_is_in_order() {
    let folder = TestFolder::new();
    let said = succeeds(demo(&folder, &["--for", "100ms", "--rate", "300"]).output().unwrap());
    assert!(said.contains("the log of the demo is in order: "), "{said}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

/// All that a second seeding could change.
fn counted(server: &Process) -> Vec<Value> {
    let admin = server.admin();
    let mut found = vec![admin.get("/users?limit=100").expect(200)];
    for (list, key, books) in [
        ("/campaigns", "id", "/ledger"),
        ("/coupon-batches", "id", "/ledger"),
        ("/lotteries", "closes_on", "/statistics"),
    ] {
        for one in admin.all(list) {
            let path = format!("{list}/{}{books}", one[key].as_str().unwrap());
            found.push(admin.get(&path).expect(200));
        }
    }
    found
}

#[test]
fn a_server_is_filled_once_and_a_lottery_closed_from_the_command_line() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    let url = format!("http://{}", server.address);
    let filled = succeeds(STAMPEDE.run(&folder, ["demo", "--seed-only", &url]));
    assert!(filled.starts_with("made ") && filled.contains("demo-ada"), "{filled}");
    let before = counted(&server);
    assert!(before.len() > 6, "{before:?}");
    let again = succeeds(STAMPEDE.run(&folder, ["demo", "--seed-only", &url]));
    assert!(again.starts_with("made 0, "), "{again}");
    // Only when a member was last there has changed.
    let bare = |all: &[Value]| {
        let mut all = all.to_vec();
        for user in all[0]["items"].as_array_mut().unwrap() {
            user.as_object_mut().unwrap().retain(|name, _| !name.starts_with("last_"));
        }
        all
    };
    assert_eq!(bare(&counted(&server)), bare(&before));

    let admin = server.admin();
    let named = |name: &str| {
        let all = admin.all("/lotteries");
        let one = all.iter().find(|one| one["name"].as_str().unwrap().contains(name));
        one.unwrap()["closes_on"].as_str().unwrap().to_owned()
    };
    let day = named("grand draw");
    let closed = succeeds(STAMPEDE.run(&folder, ["close", &day, "--at", &url]));
    assert!(closed.starts_with(&format!("{day} is drawn\nwinner 1: d***, ballot ")), "{closed}");
    assert_eq!(closed.lines().count(), 7, "{closed}");
    assert_eq!(succeeds(STAMPEDE.run(&folder, ["close", &day, "--at", &url])), closed);
    let told = succeeds(STAMPEDE.run(&folder, ["close", &day, "--at", &url, "--json"]));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["draw"]["winners"].as_array().unwrap().len(), 3, "{told}");
    let proof = server.anybody().get(&format!("/lotteries/{day}/proof")).text;
    let proof = folder.file("proof.json", &proof);
    let found = succeeds(STAMPEDE.run(&folder, ["verify-draw", &proof, "--json"]));
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["title"], format!("the draw of the lottery {day}"));
    assert!(!found["checked"].as_array().unwrap().is_empty(), "{found}");
    let unknown = STAMPEDE.run(&folder, ["close", "2199-01-01", "--at", &url]);
    assert!(fails(unknown, 1).contains("(not-found)"));
}

#[test]
fn a_service_fills_a_server_for_members_of_its_own() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    let wanted = json!({"name": "shop", "scopes": ["operate", "members"]});
    let key = server.admin().post("/service-keys", wanted).expect(201);
    let seed = || {
        let mut command = STAMPEDE.command(&folder);
        command.env("STAMPEDE_SERVICE_KEY", key["key"].as_str().unwrap());
        succeeds(command.args(["demo", "--seed-only", &server.address]).output().unwrap())
    };
    assert!(seed().starts_with("made "));
    assert!(seed().starts_with("made 0, "));
    let mut nobody = STAMPEDE.command(&folder);
    nobody.env_remove("STAMPEDE_ADMIN_PASSWORD").args(["close", "2099-12-31"]);
    assert!(fails(nobody.output().unwrap(), 1).contains("STAMPEDE_SERVICE_KEY"));
    let wrong = STAMPEDE
        .command(&folder)
        .env("STAMPEDE_ADMIN_PASSWORD", format!("not {ADMIN_PASSWORD}"))
        .args(["close", "2099-12-31", "--at", &server.address])
        .output();
    assert!(fails(wrong.unwrap(), 1).contains("wrong-credentials"));
    let gone = STAMPEDE.run(&folder, ["close", "2099-12-31", "--at", "127.0.0.1:1"]);
    assert!(fails(gone, 1).contains("does not answer"));
}

#[test]
fn a_server_that_asks_for_proofs_of_work_is_filled_and_closed_all_the_same() {
    let folder = TestFolder::new();
    let mut command = STAMPEDE.command(&folder);
    command.env("STAMPEDE_PROOF_OF_WORK", "register,login,claim,ballot");
    command.env("STAMPEDE_PROOF_OF_WORK_NUMBERS", "1000");
    let server = Process::start_with(command, &folder).0;
    let url = format!("http://{}", server.address);
    let filled = succeeds(STAMPEDE.run(&folder, ["demo", "--seed-only", &url]));
    assert!(filled.starts_with("made "), "{filled}");
    let all = server.anybody().all("/lotteries");
    let one = all.iter().find(|one| one["name"].as_str().unwrap().contains("grand draw"));
    let day = one.unwrap()["closes_on"].as_str().unwrap();
    let closed = succeeds(STAMPEDE.run(&folder, ["close", day, "--at", &url]));
    assert!(closed.starts_with(&format!("{day} is drawn\n")), "{closed}");
}
