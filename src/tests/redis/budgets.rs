//! Budgets on several nodes: one for all as long as Redis answers, each its own when it does not.

use crate::nodes::{Node, PASSWORD, Town};
use futures_util::future::join_all;
use harness::RedisServer;
use people::{Error, Guesser, RequestOrigin, Sharing, Tokens};
use ports::shared_memory::MemoryState;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(600);

async fn three_at(town: &Town, server: &RedisServer) -> [Node; 3] {
    [
        town.node_at(server, LONG).await,
        town.node_at(server, LONG).await,
        town.node_at(server, LONG).await,
    ]
}

fn outcome(login: Result<people::LoggedIn, Error>) -> Option<Error> {
    login.err()
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[actix_rt::test]
async fn three_nodes_with_one_redis_answer_as_one_node_does() {
    let Some(server) = RedisServer::start() else { return };
    let mut seen = [0; 4];
    // Addresses that are paused before an account can be, and such that never are.
    for per_address in [6, 600] {
        compare(&server, per_address, &mut seen).await;
    }
    assert!(seen.iter().all(|times| *times > 20), "every answer was among them: {seen:?}");
}

/// The same thousand logins on a node alone and on three that share a Redis.
async fn compare(server: &RedisServer, per_address: u32, seen: &mut [u32; 4]) {
    let (mut alone, mut together) = (Town::new(), Town::new());
    (alone.failures_per_minute, together.failures_per_minute) = (per_address, per_address);
    let one = alone.node(Sharing::Alone).await;
    let nodes = three_at(&together, server).await;
    for name in ["ada", "bob", "eve"] {
        one.register(name).await;
        nodes[0].register(name).await;
    }
    let mut dice = Dice(7);
    for step in 0..1000 {
        let name = ["ada", "bob", "eve", "nobody"][dice.below(4) as usize];
        let address = ["home", "thief", "office"][dice.below(3) as usize];
        let password = if dice.below(3) == 0 { PASSWORD } else { "wrong" };
        let node = &nodes[dice.below(3) as usize];
        let expected = outcome(one.try_password(name, password, address).await);
        assert_eq!(
            outcome(node.try_password(name, password, address).await),
            expected,
            "step {step}: {name} from {address}, {password}"
        );
        seen[match expected {
            None => 0,
            Some(Error::WrongCredentials) if password == PASSWORD => 1,
            Some(Error::WrongCredentials) => 2,
            _ => 3,
        }] += 1;
        let seconds = [0, 0, 0, 0, 0, 1, 2, 20][dice.below(8) as usize];
        // Now and then for so long that pauses are forgiven.
        let seconds = if dice.below(200) == 0 { 5000 } else { seconds };
        alone.pass_s(seconds);
        together.pass_s(seconds);
    }
}

/// On each of the nodes, whichever was told of the failures.
async fn ada_is_paused_for_15_s(town: &Town, nodes: &[Node]) {
    for node in nodes {
        assert_eq!(
            outcome(node.try_password("ada", PASSWORD, "elsewhere").await),
            Some(Error::WrongCredentials)
        );
    }
    town.pass_s(15);
    for node in nodes {
        assert_eq!(outcome(node.try_password("ada", PASSWORD, "elsewhere").await), None);
    }
}

#[actix_rt::test]
async fn guesses_at_all_nodes_at_once_have_one_budget() {
    let Some(server) = RedisServer::start() else { return };
    let town = Town::new();
    let nodes = three_at(&town, &server).await;
    nodes[0].register("ada").await;
    join_all((0..6).map(|n| nodes[n % 3].try_password("ada", "wrong", "thief"))).await;
    ada_is_paused_for_15_s(&town, &nodes).await;
}

#[actix_rt::test]
async fn a_pause_that_began_while_the_clock_was_ahead_is_as_long_as_any_on_all_nodes() {
    let Some(server) = RedisServer::start() else { return };
    let town = Town::new();
    let nodes = three_at(&town, &server).await;
    nodes[0].register("ada").await;
    town.pass_s(6 * 3600);
    join_all((0..6).map(|n| nodes[n % 3].try_password("ada", "wrong", "thief"))).await;
    town.pass_s(-6 * 3600);
    ada_is_paused_for_15_s(&town, &nodes).await;
}

#[actix_rt::test]
async fn a_home_is_known_when_redis_was_emptied_and_a_node_begins_anew() {
    let Some(server) = RedisServer::start() else { return };
    let town = Town::new();
    let before = town.node_at(&server, LONG).await;
    before.register("ada").await;
    assert_eq!(outcome(before.try_password("ada", PASSWORD, "home").await), None);
    server.empty();
    let node = town.node_at(&server, LONG).await;
    for _ in 0..5 {
        assert_eq!(
            outcome(node.try_password("ada", "wrong", "thief").await),
            Some(Error::WrongCredentials)
        );
    }
    assert_eq!(
        outcome(node.try_password("ada", PASSWORD, "elsewhere").await),
        Some(Error::WrongCredentials)
    );
    assert_eq!(outcome(node.try_password("ada", PASSWORD, "home").await), None);
}

async fn guesser(node: &Node, tokens: &Tokens, address: &str) -> Guesser {
    let origin = RequestOrigin { address: address.to_owned(), agent: None };
    Guesser::of(&node.let_in(tokens).await.unwrap(), &origin)
}

#[actix_rt::test]
async fn guesses_at_one_campaign_are_counted_on_all_nodes_together() {
    let Some(server) = RedisServer::start() else { return };
    let mut town = Town::new();
    town.campaign_guesses_per_minute = 6;
    let nodes = three_at(&town, &server).await;
    let (ada, bob) = (nodes[0].register("ada").await, nodes[0].register("bob").await);
    for n in 0..6 {
        let thief = guesser(&nodes[0], &ada, &format!("thief {n}")).await;
        nodes[n % 3].0.guesses.count(&thief, Some("campaign")).await;
        assert_eq!(nodes[n % 3].0.guesses.admit(&thief).await, Ok(()));
    }
    // Now one wrong code is enough, on every node, and who has tried none goes on.
    let (once, never) =
        (guesser(&nodes[0], &ada, "once").await, guesser(&nodes[0], &bob, "never").await);
    nodes[1].0.guesses.count(&once, Some("campaign")).await;
    for node in &nodes {
        assert_eq!(node.0.guesses.admit(&once).await, Err(Error::TooMany { retry_after_s: 5 }));
        assert_eq!(node.0.guesses.admit(&never).await, Ok(()));
    }
}

#[actix_rt::test]
async fn guesses_at_codes_have_one_budget_too() {
    let Some(server) = RedisServer::start() else { return };
    let mut town = Town::new();
    town.failures_per_minute = 5;
    let nodes = three_at(&town, &server).await;
    let ada = nodes[0].register("ada").await;
    let ada = guesser(&nodes[0], &ada, "home").await;
    for n in 0..5 {
        assert_eq!(nodes[n % 3].0.guesses.admit(&ada).await, Ok(()));
        nodes[n % 3].0.guesses.count(&ada, None).await;
    }
    for node in &nodes {
        assert_eq!(node.0.guesses.admit(&ada).await, Err(Error::TooMany { retry_after_s: 5 }));
    }
}

#[actix_rt::test]
async fn without_redis_each_node_has_its_own_budget_and_goes_on_with_what_it_has_seen() {
    let Some(mut server) = RedisServer::start() else { return };
    let town = Town::new();
    let nodes = three_at(&town, &server).await;
    let ada = nodes[0].register("ada").await;
    let ada = guesser(&nodes[0], &ada, "home").await;
    // Four of the five failures, two of them here.
    for n in [0, 0, 1, 2] {
        assert_eq!(
            outcome(nodes[n].try_password("ada", "wrong", "thief").await),
            Some(Error::WrongCredentials)
        );
    }
    server.kill();
    while nodes.iter().any(|node| node.0.memory() == Some(MemoryState::Up)) {
        for node in &nodes {
            let _ = node.0.guesses.admit(&ada).await;
        }
    }
    for _ in 0..3 {
        assert_eq!(
            outcome(nodes[0].try_password("ada", "wrong", "thief").await),
            Some(Error::WrongCredentials)
        );
    }
    assert_eq!(
        outcome(nodes[0].try_password("ada", PASSWORD, "elsewhere").await),
        Some(Error::WrongCredentials)
    );
    assert_eq!(outcome(nodes[1].try_password("ada", PASSWORD, "elsewhere").await), None);
}

#[actix_rt::test]
async fn a_rate_is_for_all_nodes_together_and_without_redis_for_each() {
    let Some(mut server) = RedisServer::start() else { return };
    let mut town = Town::new();
    town.requests_per_minute = 10;
    let nodes = three_at(&town, &server).await;
    let (ada, bob) = (nodes[0].register("ada").await, nodes[0].register("bob").await);
    let asked = join_all((0..30).map(|n| nodes[n % 3].let_in(&ada))).await;
    let refused =
        |answer: &Result<_, Error>| matches!(answer, Err(Error::OverRate { per_minute: 10, .. }));
    assert_eq!(asked.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(asked.iter().filter(|answer| refused(answer)).count(), 20);
    assert!(nodes[0].let_in(&bob).await.is_ok());
    town.pass_s(60);
    assert!(nodes[0].let_in(&ada).await.is_ok());
    town.pass_s(60);
    let guesser = guesser(&nodes[0], &ada, "home").await;
    server.kill();
    while nodes.iter().any(|node| node.0.memory() == Some(MemoryState::Up)) {
        for node in &nodes {
            let _ = node.0.guesses.admit(&guesser).await;
        }
    }
    town.pass_s(60);
    let asked = join_all((0..60).map(|n| nodes[n % 3].let_in(&ada))).await;
    assert_eq!(asked.iter().filter(|answer| answer.is_ok()).count(), 30);
    assert_eq!(asked.iter().filter(|answer| refused(answer)).count(), 30);
}
