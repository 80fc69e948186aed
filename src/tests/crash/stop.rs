//! SIGTERM: what was accepted is finished and kept, and the process ends with 0.

use crate::STAMPEDE;
use harness::{Client, DAY, TestFolder};
use serde_json::json;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Buys until it is told that the server stops. Returns how many holds were acknowledged.
fn buy_until_turned_away(client: &Client, acknowledged: &SyncSender<()>) -> u64 {
    let mut held = 0;
    loop {
        let body = json!({"pattern": "****", "ttl_s": 7200});
        match client.try_to_post(&format!("/lotteries/{DAY}/holds"), body) {
            Some(answer) if answer.status == 201 => held += 1,
            Some(answer) => {
                assert_eq!(answer.expect(503)["type"], "/problems/not-ready");
                return held;
            }
            None => return held,
        }
        let _ = acknowledged.send(());
    }
}

#[test]
fn told_to_stop_under_load_it_finishes_what_it_accepted_and_ends_with_0() {
    let folder = TestFolder::new();
    for round in 0..3 {
        let mut server = STAMPEDE.start(&folder);
        if round == 0 {
            server.lottery(5);
        }
        let before = server.books().0;
        let clients: Vec<Client> =
            (0..4).map(|n| server.member(&format!("member-{round}-{n}"))).collect();
        let acknowledged: u64 = thread::scope(|scope| {
            let (acknowledged, heard) = sync_channel(1024);
            let buying: Vec<_> = clients
                .iter()
                .map(|client| {
                    let acknowledged = acknowledged.clone();
                    scope.spawn(move || buy_until_turned_away(client, &acknowledged))
                })
                .collect();
            (0..50).for_each(|_| heard.recv().unwrap());
            server.tell_to_stop();
            drop(heard);
            buying.into_iter().map(|buyer| buyer.join().unwrap()).sum()
        });
        assert_eq!(server.wait().code(), Some(0));
        STAMPEDE.verify(&folder);
        let server = STAMPEDE.start(&folder);
        assert_eq!(
            server.books().0 - before,
            acknowledged,
            "something was done that nobody was told"
        );
        server.stop();
    }
}

#[test]
fn a_stop_does_not_wait_for_clients_that_say_nothing() {
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    let silent = std::net::TcpStream::connect(&server.address).unwrap();
    let mut half = std::net::TcpStream::connect(&server.address).unwrap();
    std::io::Write::write_all(&mut half, b"POST /api/v1/lotteries HTTP/1.1\r\nContent-Le").unwrap();
    server.tell_to_stop();
    assert_eq!(server.wait().code(), Some(0));
    drop((silent, half));
}

#[test]
fn a_stop_writes_snapshots_so_that_the_next_start_replays_nothing() {
    let folder = TestFolder::new();
    let mut server = STAMPEDE.start(&folder);
    server.lottery(5);
    let client = server.member("ada");
    thread::scope(|scope| {
        let (acknowledged, heard) = sync_channel(1024);
        scope.spawn(|| buy_until_turned_away(&client, &{ acknowledged }));
        (0..100).for_each(|_| heard.recv().unwrap());
        server.tell_to_stop();
        drop(heard);
    });
    assert_eq!(server.wait().code(), Some(0));
    let database = rusqlite::Connection::open(folder.join("stampede.db")).unwrap();
    let behind = "SELECT count(*) FROM partitions p LEFT JOIN snapshots s ON s.partition = p.id \
        WHERE s.seq IS NOT p.seq";
    let behind: i64 = database.query_row(behind, [], |row| row.get(0)).unwrap();
    assert_eq!(behind, 0, "partitions without a snapshot at their end");
}
