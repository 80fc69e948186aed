//! The slips themselves, one interleaving after the other: whatever Redis keeps, loses or brings
//! back, no slip outlives an end.

use crate::nodes::reached_at;
use actors::Id;
use futures_util::future::join;
use harness::RedisServer;
use harness::loopback::free_port;
use ports::SharedMemory;
use ports::shared_memory::MemoryState;
use redis_store::{LIFE, Redis, RedisSettings};
use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::oneshot;

const ADA: Id = Id([1; 16]);
const SESSION: Id = Id([2; 16]);
const OTHER: Id = Id([3; 16]);

/// Longer than any of these tests.
const LONG: Duration = Duration::from_secs(600);

async fn node(server: &RedisServer, slip_life: Duration) -> Redis {
    found(&reached_at(server, slip_life)).await
}

async fn found(settings: &RedisSettings) -> Redis {
    let redis = Redis::start(settings, "test").await.unwrap();
    assert_eq!(redis.state(), MemoryState::Up);
    redis
}

/// Whether it is alive, when that is what the store says; and whether the store was asked.
async fn look(node: &Redis, session: Id, store: bool) -> (bool, bool) {
    let asked = Cell::new(false);
    let ask = async {
        asked.set(true);
        Ok::<_, Infallible>(store)
    };
    let alive = node.is_alive(ADA, session, ask).await.unwrap();
    (alive, asked.get())
}

#[actix_rt::test]
async fn one_node_asks_and_all_are_spared_the_question_until_it_is_torn_up() {
    let Some(server) = RedisServer::start() else { return };
    let (one, two) = (node(&server, LONG).await, node(&server, LONG).await);
    assert_eq!(look(&one, SESSION, true).await, (true, true));
    assert_eq!(look(&two, SESSION, true).await, (true, false));
    assert_eq!(look(&two, OTHER, true).await, (true, true));
    assert_eq!(look(&one, OTHER, true).await, (true, false));
    two.tear_up(ADA).await;
    assert_eq!(look(&one, SESSION, true).await, (true, true));
    assert_eq!(look(&one, OTHER, true).await, (true, true));
    one.tear_up(ADA).await;
    assert_eq!(look(&two, OTHER, false).await, (false, true));
    assert_eq!(look(&one, OTHER, false).await, (false, true));
}

#[actix_rt::test]
async fn an_owner_of_more_than_a_slip_has_room_for_is_let_in_all_the_same() {
    let Some(server) = RedisServer::start() else { return };
    let node = node(&server, LONG).await;
    for n in 0..100 {
        assert_eq!(look(&node, Id([n; 16]), true).await, (true, true));
    }
    assert_eq!(look(&node, Id([0; 16]), true).await, (true, false));
    assert!(server.ask(&format!("STRLEN stampede:test:slip:{ADA}")).starts_with(":536\r\n"));
}

/// What can happen to Redis between the end of a session and the late word of a node that asked the
/// store before it.
const BETWEEN: [&str; 5] =
    ["nothing", "emptied", "a new slip", "emptied, then a new slip", "restarted"];

#[actix_rt::test]
async fn what_the_store_said_before_an_end_is_not_written_down_after_it() {
    let Some(mut server) = RedisServer::start() else { return };
    for between in BETWEEN {
        let (slow, ends, other) =
            (node(&server, LONG).await, node(&server, LONG).await, node(&server, LONG).await);
        let (asked, is_asked) = oneshot::channel();
        let (answer, store) = oneshot::channel();
        let slow_look = slow.is_alive(ADA, SESSION, async {
            asked.send(()).unwrap();
            Ok::<_, Infallible>(store.await.unwrap())
        });
        let meanwhile = async {
            is_asked.await.unwrap();
            ends.tear_up(ADA).await;
            if between.starts_with("emptied") {
                server.empty();
            }
            if between.ends_with("a new slip") {
                assert_eq!(look(&other, OTHER, true).await, (true, true));
            }
            if between == "restarted" {
                server.kill();
                server.run();
            }
            answer.send(true).unwrap();
        };
        // It was asked before the end, so it may still be let in; nobody may be after it.
        assert!(join(slow_look, meanwhile).await.0.unwrap());
        let third = node(&server, LONG).await;
        for node in [&other, &ends, &slow, &third] {
            assert_eq!(look(node, SESSION, false).await, (false, true), "{between}");
        }
        server.empty();
    }
}

#[actix_rt::test]
async fn a_node_that_cannot_reach_redis_waits_with_an_end_until_every_slip_is_dead() {
    let Some(server) = RedisServer::start() else { return };
    let life = Duration::from_secs(3);
    let nowhere = RedisSettings {
        url: format!("redis://127.0.0.1:{}", free_port()),
        ..reached_at(&server, life)
    };
    let cut_off = Redis::start(&nowhere, "test").await.unwrap();
    let other = node(&server, life).await;
    assert_eq!(look(&other, SESSION, true).await, (true, true));
    cut_off.tear_up(ADA).await;
    assert_eq!(look(&other, SESSION, false).await, (false, true));
    // It is asked again and again, and still no slip grows older than its life.
    assert_eq!(look(&other, OTHER, true).await, (true, true));
    cut_off.tear_up(ADA).await;
    assert_eq!(look(&other, OTHER, false).await, (false, true));
}

#[actix_rt::test]
async fn an_end_that_redis_does_not_confirm_waits_until_every_slip_is_dead() {
    let Some(server) = RedisServer::start() else { return };
    let life = Duration::from_secs(3);
    let hasty = RedisSettings { deadline: Duration::from_millis(50), ..reached_at(&server, life) };
    let ends = found(&hasty).await;
    assert_eq!(look(&node(&server, life).await, SESSION, true).await, (true, true));
    server.pause();
    ends.tear_up(ADA).await;
    server.go_on();
    assert_eq!(look(&node(&server, life).await, SESSION, false).await, (false, true));
}

#[actix_rt::test]
async fn a_slip_that_a_restart_brings_back_is_not_believed() {
    let Some(mut server) = RedisServer::start() else { return };
    assert_eq!(look(&node(&server, LONG).await, SESSION, true).await, (true, true));
    server.ask("SAVE");
    let before = node(&server, LONG).await;
    before.tear_up(ADA).await;
    server.kill();
    server.run();
    assert!(server.ask("KEYS *").contains("stampede:test:slip:"), "the file has brought it back");
    assert_eq!(look(&node(&server, LONG).await, SESSION, false).await, (false, true));
    assert_eq!(look(&before, SESSION, false).await, (false, true));
}

#[actix_rt::test]
async fn whatever_redis_refuses_or_holds_instead_the_store_is_asked() {
    let Some(server) = RedisServer::start() else { return };
    let node = node(&server, LONG).await;
    let slip = format!("stampede:test:slip:{ADA}");
    for instead in [
        format!("SET {slip} \"\""),
        format!("SET {slip} short"),
        format!("SET {slip} {}", "x".repeat(100)),
        format!("LPUSH {slip} x"),
    ] {
        server.empty();
        assert!(!server.ask(&instead).starts_with('-'), "{instead}");
        assert_eq!(look(&node, SESSION, true).await, (true, true), "{instead}");
        assert_eq!(look(&node, SESSION, false).await, (false, true), "{instead}");
    }
    server.empty();
    server.ask("CONFIG SET maxmemory 1");
    assert_eq!(look(&node, SESSION, true).await, (true, true));
    assert_eq!(look(&node, SESSION, false).await, (false, true));
    assert_eq!(node.state(), MemoryState::Up);
}

#[test]
fn a_slip_lives_no_longer_than_a_client_waits_for_the_end_of_his_session() {
    assert!(LIFE <= Duration::from_secs(10));
}
