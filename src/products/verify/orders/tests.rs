//! Logs of a till and two slices, as they should be and with a lie in them.

use super::{OrderAudit, compare, read};
use crate::verify::verify;
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, FirstTerms, OrderNumber, PartFate, Pattern};
use actors::domain::till::{
    self, KeyShare, LimitKey, MemberLimits, OrderEnd, OrderPart, OrderWish, PastOrder, TillTerms,
};
use actors::engine::record::{self, Entry};
use actors::store::{Frame, Position, Snapshot};
use actors::{Id, Time};
use ports::history::History;
use serde::Serialize;
use std::collections::BTreeMap;

const NOW: Time = Time(1_798_750_800_000);
const LATER: Time = Time(NOW.0 + 1_000_000_000);
const POOL: PoolName = PoolName::Day(Day(20_261_231));
const ADA: Id = Id([1; 16]);
const CARD: LimitKey = LimitKey(Id([9; 16]));

/// What each partition wrote, one fact a commit.
#[derive(Clone)]
struct Logs {
    till: Vec<till::Event>,
    slices: [Vec<tickets::Event>; 2],
}

impl Logs {
    fn of_slice(&self, lead: usize) -> Vec<Frame> {
        frames(&self.slices[lead])
    }
}

impl History for Logs {
    fn partitions(&self) -> anyhow::Result<Vec<String>> {
        let slice = |lead| format!("tickets/{POOL}/{lead}***");
        Ok(vec![slice(0), slice(1), format!("till/{POOL}/0")])
    }

    fn snapshot_of(&self, _: &str) -> anyhow::Result<Option<Snapshot>> {
        Ok(None)
    }

    fn frames_of(
        &self,
        partition: &str,
        visit: &mut dyn FnMut(Frame) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let frames = match partition {
            slice if slice.ends_with("0***") => self.of_slice(0),
            slice if slice.ends_with("1***") => self.of_slice(1),
            _ => frames(&self.till),
        };
        frames.into_iter().try_for_each(visit)
    }
}

fn frames<E: Serialize + Clone>(events: &[E]) -> Vec<Frame> {
    let mut from = Position::default();
    let frame = |event: &E| {
        let (mut bytes, entry) = (Vec::new(), record::entry_bytes(&Entry::Fact(event.clone())));
        record::push(&mut bytes, Id::SYSTEM, NOW, None, &entry);
        let frame = record::frame(from, 1, bytes);
        from = frame.to;
        frame
    };
    events.iter().map(frame).collect()
}

fn order(number: u32) -> OrderNumber {
    OrderNumber { till: 0, number }
}

/// The first copy of that number of the slice.
fn ticket(lead: u8, number: u32) -> Ticket {
    Ticket { number: u32::from(lead) * 1000 + number, copy: 1 }
}

fn pattern() -> Pattern {
    "****".parse().expect("it is one")
}

/// One ticket of each slice.
fn parts(number: u32) -> Vec<OrderPart> {
    [0, 1].map(|lead| OrderPart { lead, tickets: vec![ticket(lead, number)] }).into()
}

fn past(number: u32, end: OrderEnd) -> PastOrder {
    let (parts, refunded, placed_until) = (parts(number), Vec::new(), Some(LATER));
    let (owner, keys, step) = (ADA, vec![CARD], 2);
    PastOrder { owner, pattern: pattern(), keys, parts, refunded, end, placed_until, step }
}

/// The order with that number is begun, placed and bought, and all have heard.
fn buy(logs: &mut Logs, number: u32, bought: u32) {
    let wish = OrderWish { pattern: pattern(), count: 2, at_least: 1, ttl_s: 60 };
    let (owner, keys, of) = (ADA, vec![CARD], order(number));
    let share = |step, held, bought| KeyShare { step, held, bought };
    logs.till.extend([
        till::Event::Begun { order: number, owner, wish, keys, give_up_at: LATER },
        till::Event::Taken { order: of, key: CARD, count: 2 },
        till::Event::Placed {
            order: number,
            owner,
            parts: parts(number),
            until: LATER,
            unsettled: true,
        },
        till::Event::Confirmed { order: number, past: past(number, OrderEnd::Sold), bought },
        till::Event::FollowedKey { order: of, key: CARD, share: share(2, 0, 2), bought },
        till::Event::Settled { orders: vec![number] },
    ]);
    for lead in [0, 1] {
        let tickets = vec![ticket(lead, number)];
        let held = tickets::Event::HeldFor { order: of, owner, tickets: tickets.clone() };
        let fate = PartFate::Sold;
        let followed = tickets::Event::Followed { order: of, owner, tickets, fate };
        logs.slices[usize::from(lead)].extend([held, followed]);
    }
}

fn opened() -> Logs {
    let first = FirstTerms {
        digits: 4,
        copies: 1,
        holds_per_member: 99,
        hold_max_s: 600,
        closes_at: LATER,
    };
    let slice = |lead| vec![tickets::Event::Prepared { lead, terms: Box::new(first.in_full()) }];
    let limits = MemberLimits { held: Some(5), bought: Some(400) };
    let terms = TillTerms { limits, hold_max_s: 600, closes_at: LATER };
    Logs { till: vec![till::Event::Opened { terms }], slices: [slice(0), slice(1)] }
}

/// Bought, and then one ticket taken back.
fn honest() -> Logs {
    let mut logs = opened();
    buy(&mut logs, 0, 2);
    let back = ticket(1, 0);
    let mut left = PastOrder { refunded: vec![back], step: 3, ..past(0, OrderEnd::Sold) };
    left.parts[1].tickets.clear();
    let share = KeyShare { step: 3, held: 0, bought: 1 };
    logs.till.extend([
        till::Event::Refunded { order: 0, tickets: vec![back], past: left, bought: 1 },
        till::Event::FollowedKey { order: order(0), key: CARD, share, bought: 1 },
        till::Event::Settled { orders: vec![0] },
    ]);
    logs.slices[1].push(tickets::Event::FollowedRefund {
        order: order(0),
        owner: ADA,
        tickets: vec![back],
        left: Vec::new(),
    });
    logs
}

#[track_caller]
fn is_named(what: &str, change: impl FnOnce(&mut Logs)) {
    let mut logs = honest();
    change(&mut logs);
    let said = verify(&logs).err().unwrap_or_else(|| panic!("not found: {what}"));
    let said = format!("{said:#}");
    assert!(said.contains(what), "{said}");
}

fn limits(logs: &mut Logs, held: u16, bought: u32) {
    let limits = MemberLimits { held: Some(held), bought: Some(bought) };
    let terms = TillTerms { limits, hold_max_s: 600, closes_at: LATER };
    logs.till[0] = till::Event::Opened { terms };
}

#[test]
fn logs_that_agree_are_in_order_and_so_is_a_slice_that_has_not_heard_yet() {
    verify(&honest()).expect("they agree");
    let mut behind = honest();
    behind.till.truncate(5);
    behind.slices.iter_mut().for_each(|slice| slice.truncate(2));
    verify(&behind).expect("the order is not settled yet");
}

#[test]
fn a_slice_that_says_something_else_than_the_till_is_named() {
    is_named(
        "order o_20261231_0_7: slice 0 has a part of it, and its till never began it",
        |logs| {
            let (owner, tickets) = (ADA, vec![ticket(0, 5)]);
            logs.slices[0].push(tickets::Event::HeldFor { order: order(7), owner, tickets });
        },
    );
    is_named("slice 0 sold tickets of it, and it was not bought", |logs| {
        logs.till.truncate(4);
        let ended = vec![(0, past(0, OrderEnd::Released))];
        logs.till.push(till::Event::Ended { orders: ended });
    });
    is_named("slice 0 sold tickets that it did not buy", |logs| {
        let (owner, tickets, fate) = (ADA, vec![ticket(0, 8)], PartFate::Sold);
        let order = order(0);
        logs.slices[0][1] = tickets::Event::HeldFor { order, owner, tickets: tickets.clone() };
        logs.slices[0][2] = tickets::Event::Followed { order, owner, tickets, fate };
    });
    is_named("slice 0 let go of tickets that it has bought", |logs| {
        let (owner, tickets, fate) = (ADA, vec![ticket(0, 0)], PartFate::Ended);
        logs.slices[0][2] = tickets::Event::Followed { order: order(0), owner, tickets, fate };
    });
    is_named("slice 1 did not sell all that it bought", |logs| logs.till.truncate(7));
    is_named("slice 0 let go of it, and it lives", |logs| {
        logs.till.truncate(4);
        let (owner, tickets, fate) = (ADA, vec![ticket(0, 0)], PartFate::Ended);
        logs.slices[0][2] = tickets::Event::Followed { order: order(0), owner, tickets, fate };
        logs.slices[1].truncate(2);
    });
    is_named("slice 0 holds other tickets than it was placed with", |logs| {
        logs.till.truncate(4);
        let (owner, tickets) = (ADA, vec![ticket(0, 8)]);
        logs.slices[0][1] = tickets::Event::HeldFor { order: order(0), owner, tickets };
        logs.slices.iter_mut().for_each(|slice| slice.truncate(2));
    });
}

#[test]
fn an_order_of_one_slice_may_have_its_tickets_or_none_before_its_till_knows() {
    let mut logs = opened();
    let (owner, until, doubt_at) = (ADA, LATER, LATER);
    for number in [0, 1] {
        let wish = OrderWish { pattern: pattern(), count: 2, at_least: 1, ttl_s: 60 };
        logs.till.push(till::Event::BegunInOne { order: number, owner, wish, until, doubt_at });
    }
    logs.till.push(till::Event::Doubted { orders: vec![0, 1] });
    let tickets = vec![ticket(0, 5)];
    logs.slices[0].push(tickets::Event::HeldFor { order: order(0), owner, tickets });
    let (owner, tickets, fate) = (Id::SYSTEM, Vec::new(), PartFate::Ended);
    logs.slices[0].push(tickets::Event::Followed { order: order(1), owner, tickets, fate });
    verify(&logs).expect("both may be so");
    let tickets = vec![ticket(0, 6)];
    let sold = PartFate::Sold;
    logs.slices[0].push(tickets::Event::Followed { order: order(0), owner, tickets, fate: sold });
    let said = format!("{:#}", verify(&logs).expect_err("nobody has bought it"));
    assert!(said.contains("slice 0 sold tickets of it, and it was not bought"), "{said}");
    limits(&mut logs, 3, 400);
    let said = format!("{:#}", verify(&logs).expect_err("it was begun with more"));
    assert!(said.contains("holds 4, and 3 are allowed"), "{said}");
}

#[test]
fn a_slice_that_should_have_heard_is_named() {
    is_named("takes it for settled, and slice 0 still holds tickets for it", |logs| {
        logs.slices[0].truncate(2);
    });
    is_named("its till says that slice 0 has tickets for it; it has none", |logs| {
        logs.slices[0].truncate(1);
    });
    is_named("slice 1 did not take back what was refunded", |logs| {
        logs.slices[1].truncate(3);
    });
}

#[test]
fn a_limit_that_was_exceeded_at_any_record_is_named() {
    is_named("holds 2, and 1 are allowed", |logs| limits(logs, 1, 7));
    is_named("holds or has bought 2, and 1 are allowed", |logs| limits(logs, 7, 1));
    is_named("holds 2, and 1 are allowed", |logs| {
        limits(logs, 1, 7);
        let till::Event::Opened { terms } = logs.till[0].clone() else { unreachable!() };
        logs.till[0] = till::Event::OpenedIn { edition: 1, terms };
    });
    is_named("has bought 2, and the log says 3", |logs| {
        let past = past(0, OrderEnd::Sold);
        logs.till[4] = till::Event::Confirmed { order: 0, past, bought: 3 };
    });
    is_named("holds 6, and 5 are allowed", |logs| {
        logs.till.push(till::Event::Taken { order: order(0), key: CARD, count: 6 });
    });
}

fn agree(logs: &Logs, most: usize) -> anyhow::Result<()> {
    let partitions = logs.partitions()?;
    let mut orders = OrderAudit::first(most);
    read(logs, &partitions, OrderAudit::are_in, &mut orders)?;
    compare(logs, &partitions, orders)
}

#[test]
fn one_wrong_order_among_many_is_named_however_few_are_remembered_at_a_time() {
    let mut logs = opened();
    (0..100).for_each(|number| buy(&mut logs, number, 2 * number + 2));
    for most in [1, 7, 60, 1000] {
        agree(&logs, most).expect("they agree");
    }
    let wrong: BTreeMap<usize, u32> = [(1 + 2 * 41, 41), (1 + 2 * 99, 99)].into();
    for (place, number) in wrong {
        let mut forged = logs.clone();
        forged.slices[1].remove(place + 1);
        for most in [1, 7, 60, 1000] {
            let said = agree(&forged, most).expect_err("one is wrong");
            assert!(said.to_string().contains(&format!("order o_20261231_0_{number}:")), "{said}");
        }
    }
}
