//! Whether traffic is welcome on a disk that is full or a database that is damaged, and that
//! nothing else is denied.

use crate::STAMPEDE;
use crate::control::UNLIMITED;
use crate::cuts::hold_until;
use crate::facts::{Told, check, gather};
use crate::watched::Watched;
use harness::{Process, TestFolder, hold_number};
use rusqlite::Connection;

/// Asks until it is so; a server that never says so fails by its number of answers.
fn until_ready_is(server: &Process, status: u16) -> serde_json::Value {
    let client = server.anybody();
    let mut answers = (0..100_000).map(|_| client.get("//health/ready"));
    answers
        .find(|answer| answer.status == status)
        .unwrap_or_else(|| panic!("it never answered {status}"))
        .body
}

#[track_caller]
pub fn metric(server: &Process, line: &str) {
    let text = ureq::get(format!("http://{}/metrics", server.address))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(text.contains(&format!("\n{line}\n")), "{line} is not in {text}");
}

#[test]
fn a_full_disk_is_not_ready_and_is_again_when_there_is_room() {
    let (disk, told) = (Watched::new(), Told::default());
    let server = disk.start();
    let clients = gather(&server, 2).unwrap();
    hold_until(&told, 100, &clients, &disk);
    disk.control.leave_room(100_000);
    hold_until(&told, 1_000_000, &clients, &disk);
    assert!(told.refused() > 0);
    let refused = until_ready_is(&server, 503);
    assert_eq!(refused["type"], "/problems/not-ready");
    assert!(refused["detail"].as_str().unwrap().contains("full"), "{refused}");
    metric(&server, "stampede_store_out_of_room 1");
    metric(&server, "stampede_store_folding_broken 0");
    server.anybody().get("//health/live").expect(200);

    disk.control.leave_room(UNLIMITED);
    until_ready_is(&server, 200);
    metric(&server, "stampede_store_out_of_room 0");
    let (before, refused) = (told.count(), told.refused());
    hold_until(&told, 50, &clients, &disk);
    assert_eq!((told.count() >= before + 50, told.refused()), (true, refused));
    let said = server.whole_log();
    assert_eq!(
        (said.matches("the store has no room").count(), said.contains("needs a restart")),
        (1, false),
        "{said}"
    );
    server.stop();
    check(&disk.root().join("data"), &told.facts()).unwrap();
}

#[test]
fn a_log_that_cannot_be_folded_for_want_of_room_is_folded_when_there_is_some() {
    let (disk, told) = (Watched::new(), Told::default());
    let server = disk.start();
    let clients = gather(&server, 4).unwrap();
    // The log has grown and begun anew, so it takes writes on a full disk; the database does not.
    let database = disk.root().join("data/stampede.db");
    let size = || database.metadata().unwrap().len();
    let small = size();
    while size() == small {
        hold_until(&told, 100, &clients, &disk);
    }
    disk.control.leave_room(0);
    hold_until(&told, 1_000_000, &clients, &disk);
    until_ready_is(&server, 503);
    metric(&server, "stampede_store_out_of_room 1");
    disk.control.leave_room(UNLIMITED);
    until_ready_is(&server, 200);
    server.kill();
    check(&disk.root().join("data"), &told.facts()).unwrap();
}

#[test]
fn a_malformed_database_is_not_ready() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    let mut ada = server.member("ada");
    hold_number(&ada, "0007");
    server.stop();
    let file = folder.join("stampede.db");
    let database = Connection::open(&file).unwrap();
    let page: u32 = database
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'lookups'", [], |row| {
            row.get(0)
        })
        .unwrap();
    drop(database);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[(page as usize - 1) * 4096..page as usize * 4096].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();

    let server = STAMPEDE.start(&folder);
    ada = ada.at(&server.address);
    ada.get("/tickets").expect(503);
    let refused = server.anybody().get("//health/ready").expect(503);
    assert!(refused["detail"].as_str().unwrap().contains("malformed"), "{refused}");
    metric(&server, "stampede_store_folding_broken 1");
    server.anybody().get("//health/live").expect(200);
}
