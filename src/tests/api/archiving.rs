//! What is old lies in the archive, and nobody who calls can tell.

use harness::{TestApp, id};
use serde_json::{Value, json};

const DAY: &str = "2099-12-31";
const DAY_S: i64 = 86_400;

#[test]
fn a_server_archives_what_is_old_by_itself_and_all_is_as_before() {
    let app = TestApp::start_with(|config| {
        config.archive_after_days = Some(1);
        config.job_interval_ms = 10;
    });
    if !app.has_a_file() {
        return;
    }
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let buy = || {
        let held = ada.hold(DAY, json!({"pattern": "****", "count": 2})).expect(201);
        ada.confirm(id(&held)).expect(200)
    };
    let first = buy();
    let segment = |number: u32| app.data().join(format!("archive/00000{number}.segment"));
    app.pass_s(DAY_S - 1);
    let second = buy();
    app.pass_s(DAY_S + 2);
    app.until("what is older than two days is archived", || segment(1).exists());
    let shown = || -> [Value; 3] {
        ["/tickets", "/me"]
            .map(|path| ada.get(path).expect(200))
            .into_iter()
            .chain([ada.get(&format!("/holds/{}", id(&first))).expect(200)])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    };
    let (before, books) = (shown(), app.books(DAY));
    assert_eq!(books.sold, 4);
    app.restart();
    assert_eq!((shown(), app.books(DAY)), (before, books));
    app.pass_s(2 * DAY_S);
    app.until("the next day has a segment of its own", || segment(2).exists());
    assert_eq!(ada.get(&format!("/holds/{}", id(&second))).expect(200)["id"], second["id"]);
    buy();
    app.stop();
    app.verified().unwrap();
    // Nobody reads a snapshot any more: all is made from the first record on.
    let database = rusqlite::Connection::open(app.data().join("stampede.db")).unwrap();
    let left: i64 =
        database.query_row("SELECT min(position) FROM log", [], |row| row.get(0)).unwrap();
    assert!(left > 1, "{left}");
    database.execute("DELETE FROM snapshots", []).unwrap();
    drop(database);
    app.serve();
    assert_eq!(app.books(DAY).sold, 6);
    assert_eq!(ada.get(&format!("/holds/{}", id(&first))).expect(200)["id"], first["id"]);
}

#[test]
fn a_server_that_is_not_told_to_archives_nothing() {
    let app = TestApp::start();
    if !app.has_a_file() {
        return;
    }
    app.lottery(DAY, 1);
    app.pass_s(400 * DAY_S);
    app.member("ada").hold(DAY, json!({"pattern": "****"})).expect(201);
    app.stop();
    assert!(!app.data().join("archive").exists());
}
