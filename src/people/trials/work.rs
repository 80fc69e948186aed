//! Proofs of work on two nodes that keep people in one place.

use super::house::House;
use crate::{Error, People, Sharing, WorkFlaw, WorkRefusal};
use actors::Time;
use actors::time::Clock;
use futures_util::future::join_all;
use ports::GuardedCall;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Another node of the same installation.
async fn beside(house: &House) -> People {
    let now = house.now.clone();
    let clock: Clock = Arc::new(move || Time(now.load(Ordering::Relaxed)));
    let opened =
        People::open(house.store.clone(), house.settings.clone(), Sharing::Directory, clock);
    opened.await.unwrap().0
}

fn solved(people: &People, call: GuardedCall) -> String {
    let challenge = people.work_proofs.issue(call).unwrap();
    challenge.answer(challenge.solve().unwrap())
}

async fn claim(people: &People, shown: &str, key: Option<&str>, said: &[u8]) -> Result<(), Error> {
    people.work_proofs.spend(GuardedCall::Claim, Some(shown), key, &[said]).await.map(drop)
}

fn used() -> Result<(), Error> {
    Err(Error::Work(WorkRefusal { call: GuardedCall::Claim, flaw: WorkFlaw::Used }))
}

#[actix_rt::test]
async fn a_challenge_of_one_node_is_solved_at_another_and_spent_for_both() {
    let house = House::new().await;
    let other = beside(&house).await;
    let shown = solved(&house.people, GuardedCall::Claim);
    assert_eq!(claim(&other, &shown, None, b"ada").await, Ok(()));
    assert_eq!(claim(&house.people, &shown, None, b"ada").await, used());
    assert_eq!(claim(&other, &shown, None, b"ada").await, used());
    drop(other);
    let house = house.restart().await;
    assert_eq!(claim(&house.people, &shown, None, b"ada").await, used());
}

#[actix_rt::test]
async fn of_many_at_two_nodes_at_once_one_is_let_in() {
    let house = House::new().await;
    let other = beside(&house).await;
    let shown = solved(&house.people, GuardedCall::Claim);
    let nodes = [&*house.people, &other];
    let all = (0..32).map(|n| claim(nodes[n % 2], &shown, None, b"ada"));
    let all: Vec<_> = join_all(all).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(all.iter().filter(|one| **one == used()).count(), 31);
}

#[actix_rt::test]
async fn under_a_key_it_stands_for_one_request_at_every_node() {
    let house = House::new().await;
    let other = beside(&house).await;
    let shown = solved(&house.people, GuardedCall::Claim);
    assert_eq!(claim(&house.people, &shown, Some("k"), b"ada").await, Ok(()));
    assert_eq!(claim(&other, &shown, Some("k"), b"ada").await, Ok(()));
    assert_eq!(claim(&other, &shown, Some("k"), b"bob").await, used());
    assert_eq!(claim(&other, &shown, Some("l"), b"ada").await, used());
    assert_eq!(claim(&other, &shown, None, b"ada").await, used());
}

#[actix_rt::test]
async fn what_is_swept_away_has_expired() {
    let mut settings = super::house::settings();
    // Keys are forgotten sooner than challenges.
    settings.idempotency_s = 1;
    let house = House::with(settings).await;
    let shown = solved(&house.people, GuardedCall::Claim);
    assert_eq!(claim(&house.people, &shown, None, b"ada").await, Ok(()));
    for passed_s in [2, 150, 147] {
        house.pass_s(passed_s);
        let next = solved(&house.people, GuardedCall::Claim);
        assert_eq!(claim(&house.people, &next, None, b"ada").await, Ok(()));
        assert_eq!(claim(&house.people, &shown, None, b"ada").await, used());
    }
    house.pass_s(1);
    let refused = claim(&house.people, &shown, None, b"ada").await;
    let expired = WorkRefusal { call: GuardedCall::Claim, flaw: WorkFlaw::Expired };
    assert_eq!(refused, Err(Error::Work(expired)));
}

/// A login under a key, and whether the same may be tried again when it has come to that.
async fn may_be_repeated(people: &People, outcome: Result<(), Error>) -> bool {
    let (proofs, shown) = (&people.work_proofs, solved(people, GuardedCall::Login));
    let said: &[&[u8]] = &[b"ada"];
    let log_in = || proofs.spend(GuardedCall::Login, Some(&shown), Some("k"), said);
    let spent = log_in().await.unwrap();
    let refused = Error::Work(WorkRefusal { call: GuardedCall::Login, flaw: WorkFlaw::Used });
    assert_eq!(log_in().await.unwrap_err(), refused);
    proofs.note_outcome(GuardedCall::Login, spent, &outcome).await;
    log_in().await.map_err(|error| assert_eq!(error, refused)).is_ok()
}

#[actix_rt::test]
async fn one_solution_tries_one_password_and_again_what_was_right_or_was_not_tried() {
    let house = House::new().await;
    let people = &house.people;
    assert!(may_be_repeated(people, Ok(())).await);
    assert!(may_be_repeated(people, Err(Error::TooMany { retry_after_s: 1 })).await);
    assert!(!may_be_repeated(people, Err(Error::WrongCredentials)).await);
    assert!(!may_be_repeated(people, Err(Error::KeyReused)).await);
}

#[actix_rt::test]
async fn a_call_that_is_not_named_asks_for_nothing() {
    let house = House::new().await;
    assert!(house.people.work_proofs.issue(GuardedCall::Ballot).is_none());
    let spent = house.people.work_proofs.spend(GuardedCall::Ballot, None, None, &[]).await;
    assert!(spent.is_ok());
}
