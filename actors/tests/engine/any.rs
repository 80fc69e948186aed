//! Requests that any slice may answer, through the router.

use super::bench::*;
use actors::Caller;
use actors::domain::tickets::{Command, Event, Refusal, Slice, SliceName};
use actors::engine::open::{Reach, ask_any, home};
use actors::engine::{By, Done, Failure, HomeNote, How, Key, Manner, Reply, Request};
use std::cell::Cell;
use std::collections::BTreeSet;

type Told = Result<(usize, Done<Event>), Failure<Refusal>>;

fn three() -> Vec<SliceName> {
    (0..3).map(slice).collect()
}

async fn any(bench: &Bench, pattern: &str, caller: Caller, key: Option<Key>, dry: bool) -> Told {
    bench
        .slices
        .command_any(&three(), hold(pattern), By { caller, key, how: How::dry_run_if(dry) })
        .await
}

fn number(told: &Told) -> u32 {
    match told {
        Ok((place, Done { event: Event::Held { tickets, .. }, .. })) => {
            assert_eq!(
                tickets[0].number / 1000,
                *place as u32,
                "the slice that is named has the ticket"
            );
            tickets[0].number
        }
        other => panic!("nothing is held: {other:?}"),
    }
}

/// Keys whose home is that place.
fn keys_of(place: u16) -> impl Iterator<Item = Key> {
    (0u32..)
        .map(|n| Key::new(ADA.id, &n.to_le_bytes(), &[b"hold"]))
        .filter(move |key| home(key, 3) == place)
}

#[test]
fn an_open_pattern_is_drained_to_the_last_ticket_and_then_refused() {
    for keyed in [false, true] {
        with_engine(async |bench| {
            let mut numbers = BTreeSet::new();
            for n in 0..30u8 {
                let key = keyed.then(|| Key::new(ADA.id, &[n], &[b"hold"]));
                numbers.insert(number(&any(&bench, "*12*", ADA, key, false).await));
            }
            assert_eq!(numbers.len(), 30);
            for n in 30..60u8 {
                let key = keyed.then(|| Key::new(ADA.id, &[n], &[b"hold"]));
                assert_eq!(
                    any(&bench, "*12*", ADA, key, false).await,
                    Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 }))
                );
            }
        });
    }
}

#[test]
fn a_slice_that_was_never_opened_says_so() {
    with_engine(async |bench| {
        let names: Vec<SliceName> = (5..8).map(slice).collect();
        let told = bench.slices.command_any(&names, hold("*12*"), By::for_good(ADA)).await;
        assert_eq!(told, Err(Failure::Refused(Refusal::NotOpened)));
    });
}

#[test]
fn a_request_that_was_passed_on_has_the_same_answer_after_a_restart() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), BOB, None).await.expect("it was free");
        let mut bench = bench;
        for key in keys_of(0).take(2) {
            let first = any(&bench, "*123", ADA, Some(key), false).await;
            assert_ne!(number(&first) / 1000, 0, "its home has nothing");
            bench = bench.restarted();
            let again = any(&bench, "*123", ADA, Some(key), false).await;
            assert_eq!(number(&again), number(&first));
            assert!(again.is_ok_and(|(_, done)| done.replayed));
        }
        assert_eq!(bench.held(1) + bench.held(2), 2);
    });
}

#[test]
fn what_comes_back_to_its_home_is_not_given_to_a_key_that_was_granted_elsewhere() {
    with_engine(async |bench| {
        let key = keys_of(0).next().expect("there are many");
        bench.command(0, hold("0123"), BOB, None).await.expect("it was free");
        let first = any(&bench, "*123", ADA, Some(key), false).await;
        bench
            .command(0, actors::domain::tickets::Command::Release { hold: 0 }, BOB, None)
            .await
            .expect("it is his");
        assert_eq!(number(&any(&bench, "*123", ADA, Some(key), false).await), number(&first));
    });
}

/// A guest had nothing any more when the key came to it, and has something when it comes again,
/// though the clock stands still.
#[test]
fn a_key_that_was_declined_gets_what_is_there_when_it_is_asked_again() {
    with_engine(async |bench| {
        for lead in 0..3 {
            bench.command(lead, hold(&format!("{lead}123")), BOB, None).await.expect("it is free");
        }
        let key = keys_of(0).next().expect("there are many");
        let pass = Request::<Slice>::Pass { key, caller: ADA, declined: None, to: 1, after: None };
        let pass = postcard::to_stdvec(&pass).unwrap();
        bench.slices.serve_passed_on(&slice(0).to_string(), &pass).await.expect("it can be read");
        let sold_out = Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 }));
        assert_eq!(any(&bench, "*123", ADA, Some(key), false).await, sold_out);
        bench.command(1, Command::Release { hold: 0 }, BOB, None).await.expect("it is theirs");
        let granted = any(&bench, "*123", ADA, Some(key), false).await;
        assert_eq!(number(&granted), 1_123);
        let again = any(&bench, "*123", ADA, Some(key), false).await.map(|(_, done)| done.replayed);
        assert_eq!(again, Ok(true));
    });
}

#[test]
fn a_key_that_was_passed_on_is_no_key_for_a_closed_request() {
    with_engine(async |bench| {
        let key = keys_of(0).next().expect("there are many");
        bench.command(0, hold("0123"), BOB, None).await.expect("it was free");
        any(&bench, "*123", ADA, Some(key), false).await.expect("there are others");
        assert_eq!(bench.command(0, hold("0124"), ADA, Some(key)).await, Err(Failure::KeyReused));
    });
}

#[test]
fn a_key_reused_for_another_open_request_is_refused() {
    with_engine(async |bench| {
        let key = keys_of(1).next().expect("there are many");
        any(&bench, "*123", ADA, Some(key), false).await.expect("it was free");
        let other = Key { command: key.command + 1, ..key };
        assert_eq!(any(&bench, "*124", ADA, Some(other), false).await, Err(Failure::KeyReused));
    });
}

#[test]
fn a_dry_run_of_an_open_request_changes_nothing() {
    with_engine(async |bench| {
        let before: Vec<_> = (0..3).map(|lead| bench.facts(lead).len()).collect();
        for n in 0..20u8 {
            number(&any(&bench, "*123", ADA, Some(Key::new(ADA.id, &[n], &[b"hold"])), true).await);
        }
        assert_eq!(before, (0..3).map(|lead| bench.facts(lead).len()).collect::<Vec<_>>());
    });
}

#[test]
fn many_who_ask_at_once_never_get_the_same_ticket() {
    with_engine(async |bench| {
        let asked: Vec<_> = (0..40u8)
            .map(|n| {
                let slices = bench.slices.clone();
                let key = (n % 2 == 0).then(|| Key::new(ADA.id, &[n], &[b"hold"]));
                actix_rt::spawn(async move {
                    slices.command_any(&three(), hold("*12*"), By::for_good(ADA).under(key)).await
                })
            })
            .collect();
        let mut numbers = BTreeSet::new();
        let mut refused = 0;
        for asked in asked {
            match told(asked).await {
                told @ Ok(_) => assert!(numbers.insert(number(&told))),
                Err(failure) => {
                    assert_eq!(failure, Failure::Refused(Refusal::NoMatchLeft { left: 0 }));
                    refused += 1;
                }
            }
        }
        assert_eq!((numbers.len(), refused), (30, 10));
        assert_eq!(bench.held(0) + bench.held(1) + bench.held(2), 30);
    });
}

/// Slices that answer by the book: the home has passed the request on to a guest who declined, and
/// then grants it itself.
struct Granted {
    home: u16,
    event: Event,
}

impl Reach<Slice> for Granted {
    fn places(&self) -> u16 {
        3
    }

    async fn ask(
        &self,
        place: u16,
        request: Request<Slice>,
    ) -> Result<Reply<Slice>, Failure<Refusal>> {
        let at = actors::Time(START);
        Ok(match request {
            Request::Command { how: Manner::ForGood, .. } => {
                Reply::Passed(HomeNote { to: (place + 1) % 3, at })
            }
            Request::Command { .. } => Reply::Declined { at },
            Request::Pass { .. } => {
                assert_eq!(place, self.home);
                Reply::Done(Done { event: self.event.clone(), at, replayed: true, witness: None })
            }
            Request::Left { .. } => Reply::Left(1),
            Request::Look(_) => panic!("nobody looks"),
        })
    }
}

#[test]
fn the_home_is_named_when_it_has_granted_what_a_guest_declined() {
    in_a_system(async || {
        for place in 0..3 {
            let key = keys_of(place).next().expect("there are many");
            let granted = Granted { home: place, event: Event::Sealed { sold: 0 } };
            let told =
                ask_any(&granted, &hold("*123"), By::for_good(ADA).under(Some(key)), 1).await;
            assert_eq!(told.map(|(place, _)| place), Ok(place as usize));
        }
    });
}

/// Slices that answer by the book: nothing is left anywhere, because a twin with the same key has
/// got the last one after the home was asked.
#[derive(Default)]
struct Twin {
    asked_home: Cell<u32>,
}

impl Reach<Slice> for Twin {
    fn places(&self) -> u16 {
        3
    }

    async fn ask(
        &self,
        place: u16,
        request: Request<Slice>,
    ) -> Result<Reply<Slice>, Failure<Refusal>> {
        let at = actors::Time(START);
        Ok(match request {
            Request::Command { how: Manner::Guest(_), .. } => Reply::Done(Done {
                event: Event::Sealed { sold: u64::from(place) },
                at,
                replayed: true,
                witness: None,
            }),
            Request::Command { .. } if self.asked_home.replace(self.asked_home.get() + 1) == 0 => {
                Reply::Refused(Refusal::NoMatchLeft { left: 0 })
            }
            Request::Command { .. } => Reply::Passed(HomeNote { to: (place + 1) % 3, at }),
            Request::Left { .. } => Reply::Left(0),
            Request::Pass { .. } | Request::Look(_) => {
                panic!("there is nothing to pass on for, and nobody looks")
            }
        })
    }
}

#[test]
fn a_twin_with_the_same_key_that_got_the_last_one_is_the_answer_to_both() {
    in_a_system(async || {
        let key = keys_of(0).next().expect("there are many");
        let told =
            ask_any(&Twin::default(), &hold("*123"), By::for_good(ADA).under(Some(key)), 1).await;
        assert_eq!(
            told.map(|(place, done)| (place, done.event)),
            Ok((1, Event::Sealed { sold: 1 }))
        );
    });
}

#[test]
fn chance_is_another_for_every_command_of_every_node() {
    with_engine(async |bench| {
        let other = Bench::on(bench.store.clone(), bench.store.clone(), bench.node.limits);
        let seeds = [&bench.node, &bench.node, &other.node, &other.node].map(|node| node.seed());
        let different: std::collections::BTreeSet<u64> = seeds.into_iter().collect();
        assert_eq!(different.len(), 4, "{seeds:?}");
    });
}
