//! A backup taken under load is a moment of the whole, and a restored one serves.

use crate::STAMPEDE;
use crate::load::Buyer;
use harness::{DAY, TestFolder, fails, hold_number, id, succeeds};
use serde_json::json;
use std::sync::mpsc::sync_channel;
use std::thread;

#[test]
fn a_backup_under_load_has_all_that_was_answered_before_it_and_serves_elsewhere() {
    let (folder, elsewhere) = (TestFolder::new(), TestFolder::new());
    let server = STAMPEDE.start(&folder);
    server.lottery(5);
    let ada = server.member("ada");
    let held = hold_number(&ada, "0007");
    let file = elsewhere.join("backup.db");
    let mut buyers: Vec<Buyer> =
        (0..4).map(|name| Buyer::new(server.member(&format!("buyer-{name}")), name, 3)).collect();
    thread::scope(|scope| {
        let (acknowledged, heard) = sync_channel(0);
        for buyer in &mut buyers {
            let acknowledged = acknowledged.clone();
            scope.spawn(move || buyer.buy_until_it_is_gone(&acknowledged));
        }
        let backup = scope.spawn(|| STAMPEDE.run(&folder, ["backup".as_ref(), file.as_os_str()]));
        // They buy on until the copy is made.
        while !backup.is_finished() {
            heard.recv().unwrap();
        }
        drop(heard);
        succeeds(backup.join().unwrap());
        server.kill();
    });

    let restored = elsewhere.join("restored");
    succeeds(STAMPEDE.run(&restored, ["restore".as_ref(), file.as_os_str()]));
    STAMPEDE.verify(&restored);
    let server = STAMPEDE.start(&restored);
    let ada = ada.at(&server.address);
    assert_eq!(ada.get(&format!("/holds/{}", id(&held))).expect(200), held);
    ada.post(&format!("/holds/{}/confirm", id(&held)), json!({})).expect(200);
    let (held, sold) = server.books();
    assert!(sold >= 1, "{held} {sold}");
    server.stop();
    STAMPEDE.verify(&restored);
}

#[test]
fn neither_backup_nor_restore_overwrites_anything() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    server.stop();
    let file = folder.join("backup.db");
    let backup = || STAMPEDE.run(&folder, ["backup".as_ref(), file.as_os_str()]);
    succeeds(backup());
    assert!(fails(backup(), 1).contains("exists already"));
    let restore = STAMPEDE.run(&folder, ["restore".as_ref(), file.as_os_str()]);
    assert!(fails(restore, 1).contains("holds a database already"));
    let nothing = STAMPEDE
        .run(&folder.join("elsewhere"), ["restore".as_ref(), folder.join("none.db").as_os_str()]);
    assert!(fails(nothing, 1).contains("none.db"));
    let text = folder.join("text");
    std::fs::write(&text, "no database at all").unwrap();
    let foreign = STAMPEDE.run(&folder.join("elsewhere"), ["restore".as_ref(), text.as_os_str()]);
    assert!(fails(foreign, 1).contains("is no database of stampede"));
    let empty = STAMPEDE.run(&folder.join("empty"), ["backup", "never.db"]);
    assert!(fails(empty, 1).contains("there is no database in the folder"));
    assert_eq!(
        STAMPEDE.start(&folder).anybody().get(&format!("/lotteries/{DAY}")).expect(200)["state"],
        "open"
    );
}
