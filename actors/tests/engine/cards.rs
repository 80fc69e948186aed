//! Requests that need a card which is not in memory: they wait for it, nobody else does, and what
//! they come to is the same.

use actors::domain::coupons::campaign::{
    Answer, Campaign, CampaignPlan, Command, Event, Question, Refusal, Trigger,
};
use actors::domain::coupons::redeem;
use actors::domain::coupons::{CancelBy, CouponState, Discount, Offer, Serial};
use actors::engine::partition::Wanted;
use actors::engine::{CardBudget, KeyWindow, Manner, Partition, Reply, Request};
use actors::store::{Bodies, Callback, Frame, Opened, Store, StoreError};
use actors::{Caller, Id, Time};
use std::sync::Arc;
use testing::memory::MemoryStore;

const NOW: Time = Time(1_000_000);
const NAME: Serial = Serial(2);

type Vouchers = Partition<Campaign, &'static str>;

fn member(n: u8) -> Caller {
    Caller::member(Id([n; 16]))
}

fn plan() -> CampaignPlan {
    let offer = Offer::of(Discount::percent(10));
    let (starts_at, ends_at) = (Time(0), Time(10_000_000));
    let (name, trigger, valid_s) = ("first".into(), Trigger::Claim, None);
    CampaignPlan { name, quota: 100, starts_at, ends_at, trigger, offer, valid_s }
}

fn claim(n: u8) -> Request<Campaign> {
    claim_of(member(n))
}

fn claim_of(caller: Caller) -> Request<Campaign> {
    let command = Command::Claim { member: caller.id, code: None };
    Request::Command { command, caller, key: None, how: Manner::ForGood }
}

fn use_it(n: u8, rank: u64) -> Request<Campaign> {
    let use_it = redeem::Command::Use { slot: rank, amount: None, reference: None, hold_s: None };
    let command = Command::Redeem(use_it);
    Request::Command { command, caller: member(n), key: None, how: Manner::ForGood }
}

fn cancel(n: u8, rank: u64) -> Request<Campaign> {
    let command = Command::Redeem(redeem::Command::Cancel { slot: rank, by: CancelBy::Admin });
    Request::Command { command, caller: member(n), key: None, how: Manner::ForGood }
}

fn now<T: Send + 'static>(ask: impl FnOnce(Callback<Result<T, StoreError>>)) -> T {
    let (to, from) = std::sync::mpsc::channel();
    ask(Box::new(move |answer| to.send(answer).unwrap()));
    from.recv().unwrap().unwrap()
}

/// A campaign in which ten members have claimed, and the store that has its cards.
fn opened_again(bytes: usize) -> (Vouchers, MemoryStore) {
    opened_after(bytes, plan(), (1..=10).map(claim))
}

/// Opened again after all that, so that no card is in memory, with so much room for them.
fn opened_after(
    bytes: usize,
    plan: CampaignPlan,
    asked: impl IntoIterator<Item = Request<Campaign>>,
) -> (Vouchers, MemoryStore) {
    let (store, mut frames) = (MemoryStore::default(), Vec::<Frame>::new());
    let open = |opened| {
        let window = Arc::new(KeyWindow::new(1_000, 3_600));
        Vouchers::open_within(NAME, opened, window, CardBudget::new(bytes)).unwrap()
    };
    let mut first = open(Opened::default());
    let command = Command::Open(plan);
    let opening =
        Request::Command { command, caller: Caller::SYSTEM, key: None, how: Manner::ForGood };
    let mut looked_up = 0;
    for request in [opening].into_iter().chain(asked) {
        first.serve(request, NOW, 7, "them");
        // Somebody new may be taken for one who has a card.
        while let Some(Wanted { keys, rows }) = first.wanted() {
            looked_up += 1;
            first.found(&keys, now(|done| store.find(rows, done)), NOW);
        }
        let append = first.flush().unwrap();
        frames.push(append.frame.clone());
        store.append(append, Box::new(|_| ()));
        first.land();
    }
    assert!(looked_up * 100 <= frames.len(), "{looked_up} of {} were looked up", frames.len());
    (open(Opened { snapshot: None, frames }), store)
}

/// Shows the partition all that it wants, as often as it wants something.
fn show(partition: &mut Vouchers, store: &MemoryStore) -> Vec<(&'static str, Reply<Campaign>)> {
    let mut answers = Vec::new();
    while let Some(Wanted { keys, rows }) = partition.wanted() {
        let bodies: Bodies = now(|done| store.find(rows, done));
        answers.extend(partition.found(&keys, bodies, NOW));
        if let Some(append) = partition.flush() {
            store.append(append, Box::new(|_| ()));
            answers.extend(partition.land().answers);
        }
    }
    answers
}

#[test]
fn a_request_waits_for_its_card_and_nobody_else_waits_with_it() {
    let (mut partition, store) = opened_again(1 << 20);
    assert!(partition.serve(claim(3), NOW, 7, "the third").is_none());
    assert!(!partition.is_quiet() && partition.wants_cards());
    let asked = partition.serve(Request::Look(Question::Campaign), NOW, 7, "a look");
    assert!(matches!(asked, Some(("a look", Reply::Looked(_)))));
    let answers = show(&mut partition, &store);
    let [("the third", Reply::Done(done))] = &answers[..] else { panic!("it is done") };
    assert!(done.replayed && matches!(done.event, Event::Granted { rank: 3, .. }));
    assert!(partition.is_quiet());
    // Now it is in memory.
    assert!(partition.serve(claim(3), NOW, 7, "the third").is_some());
}

#[test]
fn a_card_is_looked_up_once_for_all_who_wait_and_they_are_served_in_their_order() {
    let (mut partition, store) = opened_again(1 << 20);
    for who in ["one", "two", "three"] {
        assert!(partition.serve(claim(77), NOW, 7, who).is_none());
    }
    let Some(Wanted { keys, rows }) = partition.wanted() else { panic!("a card is wanted") };
    assert_eq!(keys.len(), 1);
    assert!(partition.wanted().is_none(), "it is asked for once");
    let bodies = now(|done| store.find(rows, done));
    assert!(partition.found(&keys, bodies, NOW).is_empty(), "the grant is not durable yet");
    assert!(partition.flush().is_some());
    let answers = partition.land().answers;
    let told: Vec<_> = answers
        .iter()
        .map(|(who, reply)| match reply {
            Reply::Done(done) => (*who, done.replayed),
            _ => panic!("{who} is told something else"),
        })
        .collect();
    assert_eq!(told, [("one", false), ("two", true), ("three", true)]);
}

#[test]
fn what_one_who_waited_gives_back_is_over_before_the_next_one_is_served() {
    let for_a_minute = CampaignPlan { valid_s: Some(60), ..plan() };
    let (mut partition, store) = opened_after(1 << 20, for_a_minute, [claim(1), use_it(1, 1)]);
    let later = NOW.plus_s(600);
    // Used while it was good, it has not been said to have expired.
    for (request, who) in [(cancel(1, 1), "cancels"), (use_it(1, 1), "uses")] {
        assert!(partition.serve(request, later, 7, who).is_none());
    }
    let Some(Wanted { keys, rows }) = partition.wanted() else { panic!("a card is wanted") };
    let bodies = now(|done| store.find(rows, done));
    assert!(partition.found(&keys, bodies, later).is_empty(), "nothing is durable yet");
    assert!(partition.flush().is_some());
    let answers = partition.land().answers;
    let [("cancels", Reply::Done(done)), ("uses", Reply::Refused(why))] = &answers[..] else {
        panic!("it was used after its end")
    };
    assert!(matches!(done.event, Event::Redeemed(redeem::Event::Cancelled { .. })));
    assert_eq!(*why, Refusal::Coupon(redeem::Refusal::Expired));
}

#[test]
fn whoever_waits_for_a_card_that_cannot_be_read_is_told_so_and_nothing_was_done() {
    let (mut partition, store) = opened_again(1 << 20);
    partition.serve(claim(3), NOW, 7, "the third");
    let wanted = partition.wanted().unwrap();
    partition.serve(claim(4), NOW, 7, "the fourth");
    assert_eq!(partition.not_found(&wanted.keys), ["the third"]);
    let answers = show(&mut partition, &store);
    assert!(matches!(&answers[..], [("the fourth", Reply::Done(_))]));
    assert!(partition.serve(claim(3), NOW, 7, "the third").is_none(), "it is looked up again");
    assert_eq!(show(&mut partition, &store).len(), 1);
}

#[test]
fn who_waits_for_a_card_is_told_when_the_partition_is_given_up() {
    let (mut partition, _store) = opened_again(1 << 20);
    partition.serve(claim(3), NOW, 7, "the third");
    assert_eq!(partition.abandon(), ["the third"]);
}

#[test]
fn without_any_room_for_cards_everything_comes_to_the_same() {
    let (mut partition, store) = opened_again(0);
    let mut ask = |request| {
        let at_once = partition.serve(request, NOW, 7, "they");
        let mut answers: Vec<_> = at_once.into_iter().chain(show(&mut partition, &store)).collect();
        if let Some(append) = partition.flush() {
            store.append(append, Box::new(|_| ()));
            answers.extend(partition.land().answers);
        }
        assert_eq!(answers.len(), 1);
        answers.pop().unwrap().1
    };
    assert!(matches!(ask(use_it(3, 3)), Reply::Done(_)));
    let again = Refusal::Coupon(redeem::Refusal::AlreadyUsed);
    assert!(matches!(ask(use_it(3, 3)), Reply::Refused(refusal) if refusal == again));
    let others = Refusal::Coupon(redeem::Refusal::NotYours);
    assert!(matches!(ask(use_it(3, 4)), Reply::Refused(refusal) if refusal == others));
    for rank in 1..=10 {
        let Reply::Looked(looked) = ask(Request::Look(Question::Voucher(rank))) else { panic!() };
        let Answer::Voucher(Some(view)) = looked.answer else { panic!("{:?}", looked.answer) };
        let state = if rank == 3 { CouponState::Used } else { CouponState::Assigned };
        assert_eq!((view.state, view.coupon.owner), (state, member(rank as u8).id));
    }
    assert!(matches!(ask(claim(5)), Reply::Done(done) if done.replayed));
    assert!(matches!(ask(claim(11)), Reply::Done(done) if !done.replayed));
}

#[test]
fn names_that_were_read_need_no_look_up_any_more() {
    let (mut partition, store) = opened_again(1 << 20);
    for n in 100..200 {
        partition.serve(claim(n), NOW, 7, "they");
        if partition.wants_cards() {
            show(&mut partition, &store);
        }
        while let Some(page) = partition.to_learn() {
            partition.learned(Some(now(|done| store.rows(page, done))));
        }
        if let Some(append) = partition.flush() {
            store.append(append, Box::new(|_| ()));
            partition.land();
        }
    }
    for n in 1..=10 {
        assert!(partition.serve(claim(n), NOW, 7, "they").is_none(), "their cards must be read");
    }
    let known = show(&mut partition, &store);
    assert!(known.iter().all(|(_, reply)| matches!(reply, Reply::Done(done) if done.replayed)));
    assert_eq!(known.len(), 10, "whoever has a card is not taken for new");
    // The quota is used up since, which is said without a look-up, too.
    let asked = partition.serve(claim(250), NOW, 7, "they");
    assert!(matches!(asked, Some((_, Reply::Refused(Refusal::SoldOut)))));
}

#[test]
fn names_are_not_read_for_the_sake_of_those_who_have_a_card() {
    let (mut partition, store) = opened_again(1 << 20);
    for n in 1..=10 {
        assert!(partition.serve(claim(n), NOW, 7, "they").is_none());
    }
    assert_eq!(show(&mut partition, &store).len(), 10);
    assert!(partition.to_learn().is_none());
    for n in 100..110 {
        assert!(partition.serve(claim(n), NOW, 7, "they").is_none());
    }
    show(&mut partition, &store);
    assert!(partition.to_learn().is_some(), "ten were looked up for nothing");
}

#[test]
fn names_are_read_to_the_last_of_many() {
    let one = |n: u32| claim_of(Caller::member(Id::digest(&[&n.to_be_bytes()])));
    let many = CampaignPlan { quota: 10_000, ..plan() };
    let (mut partition, store) = opened_after(1 << 20, many, (0..5_000).map(one));
    for n in 10_000..10_010 {
        assert!(partition.serve(one(n), NOW, 7, "they").is_none());
    }
    show(&mut partition, &store);
    while let Some(page) = partition.to_learn() {
        partition.learned(Some(now(|done| store.rows(page, done))));
    }
    for n in [0, 4_095, 4_096, 4_999] {
        partition.serve(one(n), NOW, 7, "they");
    }
    let known = show(&mut partition, &store);
    assert!(known.iter().all(|(_, reply)| matches!(reply, Reply::Done(done) if done.replayed)));
    assert_eq!(known.len(), 4, "whoever has a card is not taken for new");
    partition.serve(one(20_000), NOW, 7, "they");
    assert!(!partition.wants_cards(), "all names are known");
}
