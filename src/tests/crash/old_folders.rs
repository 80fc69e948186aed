//! Folders of older versions: each is read as it is, brought up to date by a start, and serves all
//! that was in it.
//!
//! A file is never changed once its version was shipped. A new version adds a file with what it has
//! more, and its line to `FILES`.

use crate::STAMPEDE;
use harness::{ADMIN_PASSWORD, DAY, PASSWORD, Process, TestFolder, fails, succeeds};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;

/// Each version, and what it has more than the one before it.
const FILES: [(i64, &str); 5] = [
    (4, include_str!("folder-4.sql")),
    (5, include_str!("folder-5.sql")),
    (6, include_str!("folder-6.sql")),
    (7, include_str!("folder-7.sql")),
    (8, include_str!("folder-8.sql")),
];

const NEWEST: i64 = FILES[FILES.len() - 1].0;
/// From when on service keys have scopes.
const SCOPED: i64 = 5;

const VOUCHER: &str = "00KHQ-AYMCV-D83W5-G4GHN";
const COUPON: &str = "0ZCRJ-HHS5X-BZ8R5-QJPXH";
const BALLOT: &str = "bl_21991231_3_0_ade4e2633545199f";
/// Keys of before there were scopes, of a service, and of a job.
const FIRST_KEY: &str = "sk_a-key-of-the-time-before-there-were-any-scopes";
const KEY: &str = "sk_xzts6VoQfUFRuFaQre8U3ytw7VxJiJjT5gTSZlD6I0k";
const JOB: &str = "sk_2Br3c0f1BxlDOTuIX8Rk4RuQ8azwTh0fZcw_p2xx_aE";

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("stampede.db")).unwrap()
}

/// Beside it stands the age of the file.
fn version(folder: &Path) -> i64 {
    let bits: i64 =
        database(folder).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    bits % 256
}

/// A folder as that version left it.
fn folder_of(version: i64) -> TestFolder {
    let folder = TestFolder::new();
    let database = database(&folder);
    let files = FILES.iter().take_while(|(number, _)| *number <= version);
    files.for_each(|(_, text)| database.execute_batch(text).unwrap());
    folder
}

/// All that was in it is answered as it was.
fn serves_what_was_there(server: &Process, version: i64) {
    let ada = server.anybody().log_in("ada", PASSWORD);
    let me = ada.get("/me").expect(200);
    assert_eq!((&me["email"], &me["birthday"]), (&json!("ada@example.org"), &json!("1990-12-10")));
    assert_eq!(ada.all("/tickets")[0]["number"], "0007");
    assert_eq!(ada.all("/coupons")[0]["code"], VOUCHER);
    assert_eq!(ada.all("/ballots")[0]["id"], BALLOT);
    assert!(ada.get(&format!("/ballots/{BALLOT}")).expect(200)["receipt"].is_object());
    let again = ada.post("/campaigns/c_1/claims", json!({})).expect(200);
    assert_eq!((&again["rank"], &again["voucher"]["code"]), (&json!(1), &json!(VOUCHER)));
    server.anybody().log_in("admin", ADMIN_PASSWORD).get("/users").expect(200);
    let of = |key: &str| server.anybody().bearer(key);
    let coupon = |key| of(key).on_behalf_of("m1").get(&format!("/coupons/{COUPON}"));
    assert_eq!(coupon(FIRST_KEY).expect(200)["state"], "used");
    if version < SCOPED {
        coupon(KEY).refused(401, "unauthenticated");
        return;
    }
    assert_eq!(coupon(KEY).expect(200)["use"]["reference"], "order-1");
    of(JOB).get("/coupon-batches").expect(200);
    of(JOB).on_behalf_of("m1").get("/coupons").refused(403, "out-of-scope");
}

/// What is scarce goes on where it was.
fn goes_on(server: &Process) {
    let bob = server.member("bob");
    let hold = |number: &str| bob.hold(DAY, json!({"number": number}));
    hold("0007").refused(409, "no-match-left");
    hold("0008").expect(201);
    let ranked: Value = bob.post("/campaigns/c_1/claims", json!({})).expect(201);
    assert_eq!(ranked["rank"], 2);
    assert_eq!(server.books(), (1, 1));
}

#[test]
fn a_folder_of_each_version_is_read_as_it_is_and_serves_all_that_was_in_it() {
    assert_eq!(version(&folder_of(NEWEST)), NEWEST);
    let fresh = TestFolder::new();
    STAMPEDE.start(&fresh).stop();
    assert_eq!(version(&fresh), NEWEST, "a new version needs a file here");
    for (number, _) in FILES {
        let folder = folder_of(number);
        STAMPEDE.verify(&folder);
        let copy = folder.with_extension("backup");
        succeeds(STAMPEDE.run(&folder, ["backup".as_ref(), copy.as_os_str()]));
        assert_eq!((version(&folder), number), (number, number), "a look changes nothing");

        let server = STAMPEDE.start(&folder);
        serves_what_was_there(&server, number);
        goes_on(&server);
        server.stop();
        assert_eq!(version(&folder), NEWEST);
        STAMPEDE.verify(&folder);

        // What was saved before the upgrade can still be gone back to.
        let restored = TestFolder::new();
        succeeds(STAMPEDE.run(&restored, ["restore".as_ref(), copy.as_os_str()]));
        serves_what_was_there(&STAMPEDE.start(&restored), number);
    }
}

#[test]
fn a_folder_of_a_version_to_come_is_refused_and_left_as_it_is() {
    let folder = folder_of(NEWEST);
    let coming = NEWEST + 1;
    database(&folder).execute_batch(&format!("PRAGMA user_version = {coming}")).unwrap();
    let before = std::fs::read(folder.join("stampede.db")).unwrap();
    for arguments in [["serve"].as_slice(), &["verify"], &["key", "list"], &["admin", "password"]] {
        let sentence = fails(STAMPEDE.run(&folder, arguments), 1);
        let names_both =
            [coming, NEWEST].iter().all(|number| sentence.contains(&number.to_string()));
        assert!(names_both, "{arguments:?}: {sentence}");
    }
    assert_eq!(std::fs::read(folder.join("stampede.db")).unwrap(), before);
}
