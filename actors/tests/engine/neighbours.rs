//! Several nodes on one store that pass requests on to each other, whatever they believe about who
//! owns what.

use super::bench::*;
use actors::Time;
use actors::domain::tickets::Question;
use actors::domain::tickets::{Command, Event, Refusal, Slice};
use actors::engine::neighbours::{Astray, Passing, Peer};
use actors::engine::{
    By, Done, Failure, HomeNote, Key, Manner, Neighbours, Reply, Request, Router,
};
use actors::machine::partition_id;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use testing::memory::MemoryStore;

/// Whom a node believes to own everything.
type Belief = Option<Peer>;

/// What becomes of a request on its way.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    NobodyThere,
    LostOnTheWay,
    AnswerLost,
    /// Another node takes over while it is on the way.
    TakenOverBy(Peer),
}

#[derive(Default)]
struct Street {
    routers: Mutex<BTreeMap<Peer, Router<Slice>>>,
    beliefs: Mutex<BTreeMap<Peer, Belief>>,
    mishaps: Mutex<VecDeque<Mishap>>,
    passed: AtomicUsize,
}

/// A node's view of the others.
struct Door {
    street: Arc<Street>,
    of: Peer,
}

impl Neighbours for Door {
    fn owner_of(&self, _: &str) -> Option<Peer> {
        self.street.beliefs.lock().unwrap()[&self.of]
    }

    fn pass_on(&self, to: Peer, partition: &str, request: Vec<u8>) -> Passing {
        let street = self.street.clone();
        let (name, me) = (partition.split_once('/').unwrap().1.to_owned(), self.of);
        Box::pin(async move {
            street.passed.fetch_add(1, Ordering::SeqCst);
            let mishap = street.mishaps.lock().unwrap().pop_front();
            let router = |peer: Peer| street.routers.lock().unwrap()[&peer].clone();
            match mishap {
                Some(Mishap::NobodyThere) => {
                    street.believe(me, None);
                    return Err(Astray::NotThere);
                }
                Some(Mishap::LostOnTheWay) => return Err(Astray::Unknown),
                Some(Mishap::TakenOverBy(third)) => {
                    router(third)
                        .serve_passed_on(&name, &postcard_look())
                        .await
                        .expect("it can be read");
                }
                Some(Mishap::AnswerLost) | None => {}
            }
            let answer = router(to).serve_passed_on(&name, &request).await.expect("it can be read");
            if matches!(mishap, Some(Mishap::AnswerLost)) {
                Err(Astray::Unknown)
            } else {
                Ok(answer)
            }
        })
    }
}

fn postcard_look() -> Vec<u8> {
    postcard::to_stdvec(&Request::<Slice>::Look(Question::Ledger)).unwrap()
}

impl Street {
    fn believe(&self, node: Peer, owner: Belief) {
        self.beliefs.lock().unwrap().insert(node, owner);
    }
}

struct Nodes {
    street: Arc<Street>,
    nodes: Vec<Bench>,
}

/// Three nodes on one store; each believes that the first owns everything. Slice 0 is open.
fn with_nodes(test: impl AsyncFnOnce(Nodes)) {
    in_a_system(async || {
        let first = MemoryStore::default().confirming_reads();
        let views = [first.another_node(), first.another_node(), first.another_node()];
        let street = Arc::new(Street::default());
        let nodes: Vec<Bench> = views
            .into_iter()
            .enumerate()
            .map(|(n, view)| {
                let view = Arc::new(view);
                let bench = Bench::on(view.clone(), view, Default::default());
                bench.node.live_among(Arc::new(Door { street: street.clone(), of: n as Peer }));
                street.routers.lock().unwrap().insert(n as Peer, bench.slices.clone());
                street.believe(n as Peer, (n != 0).then_some(0));
                bench
            })
            .collect();
        nodes[0].open(0).await;
        test(Nodes { street, nodes }).await;
    });
}

impl Nodes {
    async fn hold(
        &self,
        node: usize,
        pattern: &str,
        key: Option<Key>,
    ) -> Result<Done<Event>, Failure<Refusal>> {
        self.nodes[node].command(0, hold(pattern), ADA, key).await
    }

    fn passed(&self) -> usize {
        self.street.passed.load(Ordering::SeqCst)
    }

    fn mishaps(&self, mishaps: &[Mishap]) {
        self.street.mishaps.lock().unwrap().extend(mishaps);
    }

    /// Every number that the log says is held; none twice.
    fn held(&self) -> BTreeSet<u32> {
        let mut held = BTreeSet::new();
        for event in self.nodes[0].facts(0) {
            if let Event::Held { tickets, .. } = event {
                tickets.iter().for_each(|ticket| {
                    assert!(held.insert(ticket.number), "{} is held twice", ticket.number)
                });
            }
        }
        held
    }
}

fn number(done: &Done<Event>) -> u32 {
    match &done.event {
        Event::Held { tickets, .. } => tickets[0].number,
        other => panic!("nothing is held: {other:?}"),
    }
}

#[test]
fn whoever_is_asked_the_owner_answers() {
    with_nodes(async |nodes| {
        for node in 0..3 {
            nodes.hold(node, &format!("000{node}"), None).await.expect("it is free");
        }
        assert_eq!(nodes.passed(), 2);
        assert_eq!(
            nodes.nodes[1].slices.awake().len() + nodes.nodes[2].slices.awake().len(),
            0,
            "only the owner opened it"
        );
        let refused = nodes.hold(2, "0000", None).await;
        assert_eq!(refused, Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 })));
        assert_eq!(nodes.nodes[1].ledger(0).await.held, 3);
    });
}

#[test]
fn a_repeat_at_another_node_gets_the_same_answer() {
    with_nodes(async |nodes| {
        let first = nodes.hold(1, "0***", key("k")).await.expect("there are many");
        let again = nodes.hold(2, "0***", key("k")).await.expect("it was answered");
        assert_eq!((first.event, first.at, again.replayed), (again.event, again.at, true));
        let other = Key { command: key("k").unwrap().command + 1, ..key("k").unwrap() };
        assert_eq!(nodes.hold(1, "0***", Some(other)).await, Err(Failure::KeyReused));
    });
}

#[test]
fn two_who_both_believe_to_own_it_lose_and_double_nothing() {
    with_nodes(async |nodes| {
        nodes.street.believe(1, None);
        let mut numbers = BTreeSet::new();
        for round in 0..100u32 {
            let text = round.to_string();
            let done = nodes
                .hold(round as usize % 3, "0***", key(&text))
                .await
                .expect("the fence decides, and the request is made again");
            assert!(numbers.insert(number(&done)));
        }
        assert_eq!(nodes.held(), numbers);
    });
}

#[test]
fn two_who_both_believe_to_own_it_drain_it_exactly_while_a_crowd_asks_both() {
    with_nodes(async |nodes| {
        nodes.street.believe(1, None);
        let asked: Vec<_> = (0..150u32)
            .map(|n| {
                let slices = nodes.nodes[n as usize % 2].slices.clone();
                actix_rt::spawn(async move {
                    let key = Key::new(ADA.id, &n.to_le_bytes(), &[b"hold"]);
                    // As a client does: the same key, until it is known.
                    loop {
                        match slices
                            .command(&slice(0), hold("00**"), By::for_good(ADA).under(Some(key)))
                            .await
                        {
                            Err(Failure::Moved | Failure::Unknown) => {}
                            told => return told,
                        }
                    }
                })
            })
            .collect();
        let mut numbers = BTreeSet::new();
        let mut refused = 0;
        for asked in asked {
            match asked.await.expect("a request does not panic") {
                Ok(done) => assert!(numbers.insert(number(&done))),
                Err(failure) => {
                    assert_eq!(failure, Failure::Refused(Refusal::NoMatchLeft { left: 0 }));
                    refused += 1;
                }
            }
        }
        assert_eq!((numbers.len(), refused), (100, 50));
        assert_eq!(nodes.held(), numbers);
    });
}

#[test]
fn a_stale_owner_refuses_nobody_falsely() {
    with_nodes(async |nodes| {
        nodes.hold(0, "0123", None).await.expect("it is free");
        // Another takes over unseen and gives the ticket back. The old owner still remembers it as
        // held.
        nodes.street.believe(1, None);
        nodes.nodes[1]
            .command(0, Command::Release { hold: 0 }, ADA, None)
            .await
            .expect("it is hers");
        assert!(
            nodes.hold(0, "0123", None).await.is_ok(),
            "its refusal would have rested on what is no longer so"
        );
    });
}

#[test]
fn where_neither_believes_to_own_it_whoever_is_passed_a_request_serves_it() {
    with_nodes(async |nodes| {
        nodes.street.believe(0, Some(1));
        nodes.street.believe(1, Some(0));
        let first = nodes.hold(0, "0***", key("a")).await.expect("it does not go in a circle");
        let second = nodes.hold(1, "0***", key("b")).await.expect("it does not go in a circle");
        assert_eq!(nodes.held(), BTreeSet::from([number(&first), number(&second)]));
    });
}

#[test]
fn a_peer_that_is_not_there_is_no_reason_for_a_failure() {
    with_nodes(async |nodes| {
        nodes.mishaps(&[Mishap::NobodyThere]);
        nodes.hold(1, "0***", None).await.expect("it was not served, so the next owner serves it");
        assert_eq!((nodes.passed(), nodes.held().len()), (1, 1));
    });
}

#[test]
fn where_nobody_can_be_reached_nothing_was_done_and_one_is_told_so() {
    with_nodes(async |nodes| {
        struct Nowhere;
        impl Neighbours for Nowhere {
            fn owner_of(&self, _: &str) -> Option<Peer> {
                Some(9)
            }
            fn pass_on(&self, _: Peer, _: &str, _: Vec<u8>) -> Passing {
                Box::pin(async { Err(Astray::NotThere) })
            }
        }
        let view = Arc::new(nodes.nodes[0].store.another_node());
        let lonely = Bench::on(view.clone(), view, Default::default());
        lonely.node.live_among(Arc::new(Nowhere));
        assert_eq!(lonely.command(0, hold("0***"), ADA, None).await, Err(Failure::Moved));
        assert!(nodes.held().is_empty());
    });
}

#[test]
fn a_request_with_a_key_is_made_again_when_its_peer_vanishes_before_or_after_it_was_served() {
    for mishap in [Mishap::LostOnTheWay, Mishap::AnswerLost] {
        with_nodes(async |nodes| {
            nodes.mishaps(&[mishap]);
            let done =
                nodes.hold(1, "0***", key("k")).await.expect("the key makes a repeat harmless");
            assert_eq!(nodes.held(), BTreeSet::from([number(&done)]), "{mishap:?}");
            assert_eq!(done.replayed, matches!(mishap, Mishap::AnswerLost));
        });
    }
}

#[test]
fn a_request_without_a_key_is_not_made_again_when_nobody_knows_what_became_of_it() {
    for (mishap, held) in [(Mishap::LostOnTheWay, 0), (Mishap::AnswerLost, 1)] {
        with_nodes(async |nodes| {
            nodes.mishaps(&[mishap]);
            assert_eq!(nodes.hold(1, "0***", None).await, Err(Failure::Unknown), "{mishap:?}");
            assert_eq!(nodes.held().len(), held, "{mishap:?}");
        });
    }
}

#[test]
fn a_question_that_nobody_answers_leaves_nothing_in_doubt() {
    with_nodes(async |nodes| {
        nodes.mishaps(&[Mishap::LostOnTheWay]);
        assert!(nodes.nodes[1].slices.look(&slice(0), Question::Ledger).await.is_ok());
        nodes.mishaps(&[Mishap::AnswerLost; 4]);
        let looked = nodes.nodes[1].slices.look(&slice(0), Question::Ledger).await;
        assert!(matches!(looked, Err(Failure::Unavailable(_))), "{looked:?}");
    });
}

#[test]
fn one_that_may_have_been_served_is_never_said_to_have_come_to_nothing() {
    with_nodes(async |nodes| {
        let nobody =
            [Mishap::AnswerLost, Mishap::LostOnTheWay, Mishap::LostOnTheWay, Mishap::LostOnTheWay];
        nodes.mishaps(&nobody);
        assert_eq!(nodes.hold(1, "0***", key("k")).await, Err(Failure::Unknown));
        assert_eq!(nodes.held().len(), 1);
        assert!(nodes.hold(1, "0***", key("k")).await.is_ok_and(|done| done.replayed));
    });
}

#[test]
fn a_take_over_on_the_way_is_noticed_by_nobody_who_asks() {
    with_nodes(async |nodes| {
        for (round, key_text) in (0..20).zip((0..).map(|n: u32| n.to_string())) {
            nodes.mishaps(&[Mishap::TakenOverBy(1 + round % 2)]);
            nodes
                .hold(2, "0***", key(&key_text))
                .await
                .expect("the one who was fenced off says that nothing was done");
        }
        assert_eq!(nodes.held().len(), 20);
    });
}

#[test]
fn a_node_lets_go_of_what_another_should_own() {
    with_nodes(async |nodes| {
        nodes.hold(0, "0***", key("k")).await.expect("there are many");
        assert_eq!(nodes.nodes[0].slices.let_go(), 0, "it is the first one's own");
        nodes.street.believe(0, Some(1));
        nodes.street.believe(1, None);
        nodes.street.believe(2, Some(1));
        assert_eq!(nodes.nodes[0].slices.let_go(), 1);
        settle().await;
        assert!(nodes.nodes[0].slices.awake().is_empty());
        let again = nodes.hold(2, "0***", key("k")).await.expect("the other one opened it");
        assert!(again.replayed);
        assert_eq!(nodes.nodes[1].slices.awake().len(), 1);
    });
}

#[test]
fn nobody_wakes_what_another_should_own() {
    with_nodes(async |nodes| {
        nodes.nodes[1].slices.wake(&slice(0));
        settle().await;
        assert!(nodes.nodes[1].slices.awake().is_empty());
        nodes.street.believe(1, None);
        nodes.nodes[1].slices.wake(&slice(0));
        settle().await;
        assert_eq!(nodes.nodes[1].slices.awake().len(), 1);
    });
}

/// The home remembers whom it passed a key on to; the guest has moved to a node that remembers
/// further back than the one that forgot it.
#[test]
fn what_a_guest_has_forgotten_it_never_grants_again_wherever_it_has_moved() {
    in_a_system(async || {
        let store = Arc::new(MemoryStore::default());
        let guest = |since: i64| Request::<Slice>::Command {
            command: hold("0***"),
            caller: ADA,
            key: key("k"),
            how: Manner::Guest(HomeNote { to: 0, at: Time(since) }),
        };
        let serve = async |bench: &Bench, request: Request<Slice>| {
            let bytes = postcard::to_stdvec(&request).unwrap();
            let answer = bench
                .slices
                .serve_passed_on(&slice(0).to_string(), &bytes)
                .await
                .expect("it can be read");
            postcard::from_bytes::<Result<Reply<Slice>, Failure<Refusal>>>(&answer)
                .unwrap()
                .unwrap()
        };
        let old = Bench::on(store.clone(), store.clone(), Default::default());
        old.open(0).await;
        assert!(matches!(serve(&old, guest(START)).await, Reply::Done(_)));
        // So many other keys that the old node's window forgets the first ones, and the snapshot
        // with it.
        old.node.window.horizon_at(Time(START + 3_600_001));
        old.command(0, hold("0***"), BOB, Some(Key::new(BOB.id, b"x", &[b"hold"])))
            .await
            .expect("there are many");
        assert!(!old.slices.rest());
        settle().await;
        assert!(old.slices.rest(), "it has written its snapshot and left");
        assert!(!store.frames(&partition_id::<Slice>(&slice(0))).is_empty());
        let new = Bench::on(Arc::new(store.another_node()), store.clone(), Default::default());
        assert!(matches!(serve(&new, guest(START)).await, Reply::KeyForgotten));
        assert_eq!(new.held(0), 2, "one for the key, one for Bob");
    });
}

#[test]
fn many_commands_at_once_find_their_owner_wherever_they_are_asked() {
    with_nodes(async |nodes| {
        let ask = async |node: usize, tens: u32| {
            let slices = nodes.nodes[node].slices.clone();
            let command = |n: u32| (hold(&format!("0{:03}", tens * 10 + n)), By::for_good(ADA));
            let commands = (0..3).map(command).collect();
            let asked =
                actix_rt::spawn(async move { slices.command_together(&slice(0), commands).await });
            told(asked).await.iter().filter(|outcome| outcome.is_ok()).count()
        };
        assert_eq!((ask(0, 1).await, nodes.passed()), (3, 0));
        assert_eq!((ask(1, 2).await, nodes.passed()), (3, 3));
        // Another node takes over, and the first finds out while it serves them.
        nodes.street.believe(1, None);
        nodes.hold(1, "0500", None).await.expect("it was free");
        assert_eq!((ask(0, 3).await, nodes.held().len()), (3, 10));
    });
}
