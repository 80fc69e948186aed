//! Sessions on several nodes: whoever is thrown out anywhere is out everywhere at the next request,
//! and nobody else is, whatever Redis does.

use crate::nodes::{Node, PASSWORD, Town, assert_over, reached_at};
use actors::{Id, Time};
use futures_util::future::{join, join_all};
use harness::RedisServer;
use harness::loopback::free_port;
use people::{Denied, Error, Reason, RequestOrigin, Sharing, Tokens};
use ports::directory::Directory;
use ports::shared_memory::MemoryState;
use redis_store::RedisSettings;
use std::cell::Cell;
use std::time::Duration;

/// Longer than any of these tests, so that nothing dies of age.
const LONG: Duration = Duration::from_secs(600);
/// Short, where ends have to wait for it.
const SHORT: Duration = Duration::from_millis(300);

async fn three(town: &Town, sharing: Sharing) -> [Node; 3] {
    [town.node(sharing.clone()).await, town.node(sharing.clone()).await, town.node(sharing).await]
}

async fn three_at(town: &Town, server: &RedisServer, slip_life: Duration) -> [Node; 3] {
    [
        town.node_at(server, slip_life).await,
        town.node_at(server, slip_life).await,
        town.node_at(server, slip_life).await,
    ]
}

async fn all_let_in(nodes: &[Node], tokens: &Tokens) {
    for node in nodes {
        assert!(node.let_in(tokens).await.is_ok());
    }
}

async fn all_refuse(nodes: &[Node], tokens: &Tokens) {
    for node in nodes {
        assert_over(node.let_in(tokens).await);
    }
}

/// Every way in which sessions end, each on another node than they began.
async fn every_way_out(nodes: &[Node; 3]) {
    let [one, two, three] = nodes;
    one.register("ada").await;
    let (mine, other) = (one.log_in("ada").await, two.log_in("ada").await);
    all_let_in(nodes, &mine).await;
    all_let_in(nodes, &other).await;

    two.log_out(&mine).await;
    all_refuse(nodes, &mine).await;
    all_let_in(nodes, &other).await;

    let signed = three.let_in(&other).await.unwrap();
    let mine = one.log_in("ada").await;
    all_let_in(nodes, &mine).await;
    assert!(three.0.sessions.end(signed.caller.id, mine.session).await.unwrap());
    all_refuse(nodes, &mine).await;

    let mine = one.log_in("ada").await;
    all_let_in(nodes, &mine).await;
    three
        .0
        .passwords
        .change(&signed, PASSWORD, "another sentence".to_owned(), &RequestOrigin::default())
        .await
        .unwrap();
    all_refuse(nodes, &mine).await;
    all_let_in(nodes, &other).await;

    let offer = one.0.passwords.offer_reset(signed.caller.id).await.unwrap();
    two.0
        .passwords
        .reset(&offer.token, PASSWORD.to_owned(), &RequestOrigin::default())
        .await
        .unwrap();
    all_refuse(nodes, &other).await;

    let stolen = one.log_in("ada").await;
    let newer = two.0.sessions.refresh(&stolen.refresh_token).await.unwrap();
    let newest = three.0.sessions.refresh(&newer.refresh_token).await.unwrap();
    all_let_in(nodes, &newest).await;
    assert_eq!(
        one.0.sessions.refresh(&stolen.refresh_token).await,
        Err(Error::Denied(Denied::Unauthenticated(Reason::RefreshTokenReused)))
    );
    all_refuse(nodes, &newest).await;

    let both = [one.log_in("ada").await, two.log_in("ada").await];
    all_let_in(nodes, &both[0]).await;
    all_let_in(nodes, &both[1]).await;
    assert!(three.0.sessions.end_all(signed.caller.id).await.unwrap() >= 2);
    all_refuse(nodes, &both[0]).await;
    all_refuse(nodes, &both[1]).await;

    let last = one.log_in("ada").await;
    all_let_in(nodes, &last).await;
    two.0.accounts.delete(signed.caller.id).await.unwrap();
    all_refuse(nodes, &last).await;
}

#[actix_rt::test]
async fn whoever_is_thrown_out_on_one_node_is_out_on_all_at_the_very_next_request() {
    let Some(server) = RedisServer::start() else { return };
    let town = Town::new();
    every_way_out(&three_at(&town, &server, LONG).await).await;
}

#[actix_rt::test]
async fn so_he_is_without_redis_and_when_it_was_never_there() {
    let town = Town::new();
    every_way_out(&three(&town, Sharing::Directory).await).await;
    let nowhere = RedisSettings {
        url: format!("redis://127.0.0.1:{}", free_port()),
        password: None,
        deadline: Duration::from_millis(100),
        slip_life: SHORT,
    };
    let town = Town::new();
    let nodes = three(&town, town.sharing(nowhere).await).await;
    assert!(nodes.iter().all(|node| node.0.memory() == Some(MemoryState::Down)));
    every_way_out(&nodes).await;
}

#[actix_rt::test]
async fn an_end_whose_node_died_before_it_told_anybody_is_told_by_its_repeat() {
    let Some(server) = RedisServer::start() else { return };
    let town = Town::new();
    let nodes = three_at(&town, &server, LONG).await;
    nodes[0].register("ada").await;
    for repeat in ["logout", "end_session", "logout_all"] {
        let tokens = nodes[0].log_in("ada").await;
        let member = nodes[1].let_in(&tokens).await.unwrap().caller.id;
        // What the dead node has still done.
        assert!(
            town.store()
                .end_session(member, tokens.session, Time(1_800_000_000_000))
                .await
                .unwrap()
        );
        match repeat {
            "logout" => nodes[2].log_out(&tokens).await,
            "end_session" => {
                assert!(!nodes[2].0.sessions.end(member, tokens.session).await.unwrap())
            }
            _ => drop(nodes[2].0.sessions.end_all(member).await.unwrap()),
        }
        all_refuse(&nodes, &tokens).await;
    }
}

#[actix_rt::test]
async fn nobody_can_end_the_session_of_somebody_else_by_naming_it() {
    let Some(server) = RedisServer::start() else { return };
    let town = Town::new();
    let nodes = three_at(&town, &server, LONG).await;
    let (ada, eve) = (nodes[0].register("ada").await, nodes[0].register("eve").await);
    let eve = nodes[1].let_in(&eve).await.unwrap();
    assert!(!nodes[1].0.sessions.end(eve.caller.id, ada.session).await.unwrap());
    all_let_in(&nodes, &ada).await;
}

#[actix_rt::test]
async fn a_service_key_is_good_on_all_nodes_when_it_is_made_and_on_none_when_it_is_revoked() {
    let Some(server) = RedisServer::start() else { return };
    let town = Town::new();
    for nodes in [three_at(&town, &server, LONG).await, three(&town, Sharing::Directory).await] {
        let (kept, lost) = (
            nodes[0].0.service_keys.create("shop").await.unwrap(),
            nodes[1].0.service_keys.create("shop").await.unwrap(),
        );
        for node in &nodes {
            assert!(node.bearer(&kept.key).await.is_ok() && node.bearer(&lost.key).await.is_ok());
        }
        assert!(nodes[2].0.service_keys.revoke(lost.id).await.unwrap());
        for node in &nodes {
            assert!(node.bearer(&kept.key).await.is_ok() && node.bearer(&lost.key).await.is_err());
        }
    }
}

/// Five members, each of whom logs in, is let in everywhere, logs out somewhere and is refused
/// everywhere, again and again.
async fn come_and_go(nodes: &[Node; 3], rounds: usize, done: &Cell<usize>) {
    let member = async |number: usize| {
        let name = format!("member{number}");
        for round in 0..rounds {
            let at = |n: usize| &nodes[(number + round + n) % 3];
            let tokens = at(0).log_in(&name).await;
            for n in 0..6 {
                at(n).let_in(&tokens).await.expect("a living session is let in");
                done.set(done.get() + 1);
            }
            // While it ends, either is right.
            join(at(1).log_out(&tokens), join_all((0..4).map(|n| at(n).let_in(&tokens)))).await;
            for n in 0..6 {
                assert_over(at(n).let_in(&tokens).await);
                done.set(done.get() + 1);
            }
        }
    };
    join_all((0..5).map(member)).await;
}

#[actix_rt::test]
async fn sessions_are_told_apart_while_redis_hangs_dies_and_is_emptied() {
    const ROUNDS: usize = 12;
    let Some(mut server) = RedisServer::start() else { return };
    let town = Town::new();
    let hasty = RedisSettings { deadline: Duration::from_millis(50), ..reached_at(&server, SHORT) };
    let nodes = three(&town, town.sharing(hasty).await).await;
    for number in 0..5 {
        nodes[0].register(&format!("member{number}")).await;
    }
    let done = Cell::new(0);
    let all = 5 * ROUNDS * 12;
    let troubles = async {
        let requests = async |count: usize| {
            let until = (done.get() + count).min(all);
            while done.get() < until {
                tokio::task::yield_now().await;
            }
        };
        for trouble in ["pause", "empty", "kill", "empty"].into_iter().cycle() {
            requests(15).await;
            if done.get() >= all {
                return;
            }
            match trouble {
                "pause" => {
                    server.pause();
                    requests(15).await;
                    server.go_on();
                }
                "kill" => {
                    server.kill();
                    requests(15).await;
                    server.run();
                }
                _ => server.empty(),
            }
        }
    };
    join(come_and_go(&nodes, ROUNDS, &done), troubles).await;
    assert_eq!(done.get(), all);
}

#[actix_rt::test]
async fn a_redis_that_comes_back_is_used_again() {
    let Some(mut server) = RedisServer::start() else { return };
    let town = Town::new();
    let node = town.node_at(&server, SHORT).await;
    let ada = node.register("ada").await;
    for _ in 0..2 {
        server.kill();
        while node.0.memory() == Some(MemoryState::Up) {
            assert!(node.let_in(&ada).await.is_ok());
        }
        server.run();
        while node.0.memory() == Some(MemoryState::Down) {
            assert!(node.let_in(&ada).await.is_ok());
        }
        assert!(node.let_in(&ada).await.is_ok());
        assert!(server.ask("KEYS *").contains(":slip:"));
    }
}

#[actix_rt::test]
async fn two_installations_on_one_redis_know_nothing_of_each_other() {
    let Some(server) = RedisServer::start() else { return };
    let (here, there) = (Town::new(), Town::new());
    let (here, there) = (here.node_at(&server, LONG).await, there.node_at(&server, LONG).await);
    let ada = here.register("ada").await;
    assert!(here.let_in(&ada).await.is_ok() && there.let_in(&ada).await.is_err());
    let keys = |id: Id| server.ask("KEYS *").matches(&format!(":slip:{id}")).count();
    let member = here.let_in(&ada).await.unwrap().caller.id;
    assert_eq!(keys(member), 1);
    there.0.sessions.end_all(member).await.unwrap();
    assert_eq!(keys(member), 1);
}
