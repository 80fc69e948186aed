//! A damaged record: `verify` names it, and only its partition is out of order.

use crate::STAMPEDE;
use harness::{Answer, Client, DAY, TestFolder, fails, hold_number, succeeds};
use rusqlite::Connection;
use serde_json::json;

/// Flips one bit of a byte in the middle of the newest frame of the partition. Returns the sequence
/// at which that frame begins.
fn damage(folder: &TestFolder, partition: &str) -> i64 {
    let database = Connection::open(folder.join("stampede.db")).unwrap();
    let newest = "SELECT l.position, l.from_seq, l.records FROM log l JOIN partitions p ON p.id = \
        l.partition WHERE p.name = ?1 ORDER BY l.position DESC";
    let row = |row: &rusqlite::Row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
    };
    let (position, from, mut records) = database.query_row(newest, [partition], row).unwrap();
    let middle = records.len() / 2;
    records[middle] ^= 1;
    database
        .execute("UPDATE log SET records = ?1 WHERE position = ?2", (records, position))
        .unwrap();
    from
}

fn hold(client: &Client, number: &str) -> Answer {
    client.post(&format!("/lotteries/{DAY}/holds"), json!({"number": number}))
}

#[test]
fn a_damaged_record_is_named_and_only_its_partition_is_unavailable() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    let mut ada = server.member("ada");
    for lead in 0..10 {
        hold_number(&ada, &format!("{lead}007"));
    }
    // Killed, so that the record is read again and no snapshot stands in for it.
    server.kill();
    // What is in no table yet is written there by the next start.
    STAMPEDE.start(&folder).kill();
    STAMPEDE.verify(&folder);
    let partition = format!("tickets/{DAY}/3***");
    let from = damage(&folder, &partition);

    let sentence = fails(STAMPEDE.run(&folder, ["verify"]), 1);
    assert!(sentence.contains(&format!("partition {partition}")), "{sentence}");
    assert!(
        [from, from + 1].iter().any(|seq| sentence.contains(&seq.to_string())),
        "{sentence} does not name sequence {from}"
    );

    let server = STAMPEDE.start(&folder);
    ada = ada.at(&server.address);
    for lead in 0..10 {
        let answer = hold(&ada, &format!("{lead}008"));
        if lead == 3 {
            assert_eq!(answer.expect(503)["type"], "/problems/unavailable");
        } else {
            answer.expect(201);
        }
    }
    hold(&ada, "3009").expect(503);
    server.anybody().get("//health/live").expect(200);
    server.anybody().get("//health/ready").expect(200);
    server.stop();
}

/// In the middle of what the write-ahead log has of its newest generation, whose frames have the
/// salts of its header.
fn middle_of(log: &[u8]) -> usize {
    let frames = log[32..].chunks_exact(24 + 4096).take_while(|frame| frame[8..16] == log[16..24]);
    32 + frames.count() / 2 * (24 + 4096) + 24 + 100
}

#[test]
fn a_damaged_log_is_refused_until_its_loss_is_accepted() {
    let folder = TestFolder::new();
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    let ada = server.member("ada");
    (0..10).for_each(|lead| drop(hold_number(&ada, &format!("{lead}007"))));
    server.kill();
    let log = folder.join("stampede.db-wal");
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = middle_of(&bytes);
    bytes[middle] ^= 1;
    std::fs::write(&log, &bytes).unwrap();
    for arguments in
        [vec!["serve"], vec!["verify"], vec!["backup", "/tmp/never.db"], vec!["key", "list"]]
    {
        let sentence = fails(STAMPEDE.run(&folder, &arguments), 1);
        assert!(sentence.contains("stampede.db-wal is damaged or cut at frame"), "{sentence}");
        assert!(sentence.contains("stampede accept-loss"), "{sentence}");
    }
    assert_eq!(std::fs::read(&log).unwrap(), bytes);
    assert!(succeeds(STAMPEDE.run(&folder, ["accept-loss"])).contains("gave up"));
    assert_eq!(std::fs::read(folder.join("stampede.db-wal.damaged")).unwrap(), bytes);
    STAMPEDE.verify(&folder);
    STAMPEDE.start(&folder).stop();
    STAMPEDE.verify(&folder);
}

/// Each log that begins anew has others.
fn salts(log: &[u8]) -> &[u8] {
    &log[16..24]
}

#[test]
fn yesterdays_database_beside_todays_log_is_refused_until_the_log_is_given_up() {
    let folder = TestFolder::new();
    let (file, log) = (folder.join("stampede.db"), folder.join("stampede.db-wal"));
    let server = STAMPEDE.start(&folder);
    server.lottery(1);
    let ada = server.member("ada");
    hold_number(&ada, "1007");
    server.stop();
    let yesterdays = std::fs::read(&file).unwrap();
    let server = STAMPEDE.start(&folder);
    let ada = ada.at(&server.address);
    (2..10).for_each(|lead| drop(hold_number(&ada, &format!("{lead}007"))));
    server.kill();
    let (todays, bytes) = (std::fs::read(&file).unwrap(), std::fs::read(&log).unwrap());

    // In between, until the log begins anew upon another database. A busy server may leave some of
    // it at a stop, and goes on with it.
    let newer = (0..20).find_map(|n| {
        let server = STAMPEDE.start(&folder);
        hold_number(&ada.at(&server.address), &format!("{}1{n:02}", n % 10));
        server.stop();
        let server = STAMPEDE.start(&folder);
        hold_number(&ada.at(&server.address), &format!("{}2{n:02}", n % 10));
        server.kill();
        let newer = std::fs::read(&log).unwrap();
        (salts(&newer) != salts(&bytes)).then_some(newer)
    });
    let newer = newer.expect("it begins anew sometime");
    for older in [&yesterdays, &todays] {
        std::fs::write(&file, older).unwrap();
        for arguments in
            [vec!["serve"], vec!["verify"], vec!["backup", "/tmp/never.db"], vec!["key", "list"]]
        {
            let sentence = fails(STAMPEDE.run(&folder, &arguments), 1);
            assert!(sentence.contains("was not written upon the database"), "{sentence}");
            assert!(sentence.contains("stampede accept-loss"), "{sentence}");
        }
    }
    assert_eq!(std::fs::read(&log).unwrap(), newer, "nothing was changed");

    std::fs::write(&file, &yesterdays).unwrap();
    assert!(succeeds(STAMPEDE.run(&folder, ["accept-loss"])).contains("gave up"));
    assert_eq!(std::fs::read(folder.join("stampede.db-wal.damaged")).unwrap(), newer);
    STAMPEDE.verify(&folder);
    let server = STAMPEDE.start(&folder);
    let ada = ada.at(&server.address);
    hold(&ada, "1007").refused(409, "no-match-left");
    hold(&ada, "2007").expect(201);
    server.stop();

    // Each log beside its own database loses nothing.
    std::fs::write(&file, &todays).unwrap();
    std::fs::write(&log, &bytes).unwrap();
    STAMPEDE.verify(&folder);
    let server = STAMPEDE.start(&folder);
    hold(&ada.at(&server.address), "9007").refused(409, "no-match-left");
    server.stop();
}

#[test]
fn a_database_of_somebody_else_is_not_touched() {
    let folder = TestFolder::new();
    let file = folder.join("stampede.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(fails(STAMPEDE.run(&folder, ["serve"]), 1).contains("is no database of stampede"));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    std::fs::write(&file, "no database at all").unwrap();
    assert!(fails(STAMPEDE.run(&folder, ["serve"]), 1).contains("is no database of stampede"));
    assert_eq!(std::fs::read(&file).unwrap(), b"no database at all");
}
