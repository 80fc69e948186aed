//! What slices and tills must agree about. It reads the records of all of them, and keeps an order
//! book of its own.
//!
//! No limit is ever exceeded, whichever tills and slices know of it. A ticket is sold to one order
//! at a time. An order is placed and bought with exactly what its slices have set aside for it. A
//! slice and a limit key follow only what the order's till has decided, and an order is settled
//! only when all have followed it. What is settled comes to nothing else any more.

use super::super::coupons::catalogue::name_book::NameBook;
use super::super::lotteries::box_book::BoxBook;
use actors::Id;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, OrderNumber, PartFate};
use actors::domain::till::{self, KeyShare, LimitKey, MemberLimits, OrderPart};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Gathering { allowed: u32, of_one: bool },
    Placed,
    Sold,
    Ended,
}

#[derive(Debug)]
struct Order {
    owner: Id,
    keys: Vec<LimitKey>,
    state: State,
    /// By their slices, as it was placed.
    parts: BTreeMap<u8, Vec<Ticket>>,
    refunded: BTreeSet<Ticket>,
    /// What its limit keys may have been told, step by step.
    shares: Vec<KeyShare>,
    settled: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Live(Vec<Ticket>),
    Sold(Vec<Ticket>),
    Ended,
}

pub struct Agreement {
    /// What campaigns and the catalogue must agree about.
    pub names: NameBook,
    /// What boxes and their lottery must agree about.
    pub boxes: BoxBook,
    limits: MemberLimits,
    orders: BTreeMap<OrderNumber, Order>,
    parts: BTreeMap<(u8, OrderNumber), Part>,
    shares: BTreeMap<(OrderNumber, LimitKey), KeyShare>,
    /// As tills have decided.
    sold: BTreeMap<Ticket, OrderNumber>,
    /// A sealed till needs not hear of an order that came to nothing.
    a_till_is_sealed: bool,
}

impl Order {
    fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.parts.values().flatten().filter(|ticket| !self.refunded.contains(ticket))
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Sold | State::Ended)
    }

    fn step(&self) -> u32 {
        self.shares.last().map_or(0, |share| share.step)
    }

    fn has_nothing(&self) -> bool {
        self.shares.last().is_some_and(|share| (share.held, share.bought) == (0, 0))
    }

    fn comes_to(&mut self, state: State, step: u32) {
        (self.state, self.settled) = (state, false);
        let count = self.tickets().count() as u16;
        let (held, bought) = match state {
            State::Placed => (count, 0),
            State::Sold => (0, count),
            State::Gathering { .. } | State::Ended => (0, 0),
        };
        self.shares.push(KeyShare { step, held, bought });
    }
}

impl Agreement {
    pub fn new(limits: MemberLimits) -> Agreement {
        let (names, boxes, orders, parts, shares, sold) = Default::default();
        Agreement { names, boxes, limits, orders, parts, shares, sold, a_till_is_sealed: false }
    }

    pub fn hear_of_till(&mut self, till: u8, event: &till::Event) {
        let number = |number: &u32| OrderNumber { till, number: *number };
        match event {
            till::Event::Begun { order, owner, wish, keys, .. } => {
                let state = State::Gathering { allowed: wish.count.into(), of_one: false };
                self.begun(number(order), *owner, state, keys);
            }
            till::Event::BegunInOne { order, owner, wish, .. } => {
                let state = State::Gathering { allowed: wish.count.into(), of_one: true };
                self.begun(number(order), *owner, state, &[]);
            }
            till::Event::Placed { order, parts, .. } => self.placed(number(order), parts),
            till::Event::Confirmed { order, .. } => self.sold(number(order)),
            till::Event::Ended { orders } | till::Event::Cleared { orders } => {
                for (order, past) in orders {
                    self.order(number(order)).comes_to(State::Ended, past.step);
                }
            }
            till::Event::Refunded { order, tickets, past, .. } => {
                for ticket in tickets {
                    let buyer = self.sold.remove(ticket);
                    assert_eq!(buyer, Some(number(order)), "{ticket:?} was not its to give back");
                }
                let order = self.order(number(order));
                order.refunded.extend(tickets);
                order.comes_to(State::Sold, past.step);
            }
            till::Event::Settled { orders } => {
                orders.iter().for_each(|order| self.settled(number(order)));
            }
            till::Event::Taken { order, key, count } => self.taken(*order, *key, *count),
            till::Event::FollowedKey { order, key, share, .. } => {
                self.followed_key(*order, *key, *share);
            }
            till::Event::OpenedIn { .. } | till::Event::Withdrawn { .. } => {
                panic!("nobody withdraws it")
            }
            till::Event::Sealed => self.a_till_is_sealed = true,
            till::Event::Opened { .. }
            | till::Event::Doubted { .. }
            | till::Event::Extended { .. } => {}
        }
    }

    pub fn hear_of_slice(&mut self, lead: u8, event: &tickets::Event) {
        match event {
            tickets::Event::HeldFor { order, owner, tickets } => {
                let known = &self.orders[order];
                assert_eq!(known.owner, *owner, "held for somebody else");
                let settled = known.settled && known.is_over();
                assert!(!settled, "slice {lead} has a part of {order:?}, which is settled");
                let before = self.parts.insert((lead, *order), Part::Live(tickets.clone()));
                assert_eq!(before, None, "a part of {order:?} began twice");
            }
            tickets::Event::Followed { order, tickets, fate, .. } => {
                self.followed(lead, *order, tickets, *fate);
            }
            tickets::Event::FollowedRefund { order, tickets, .. } => {
                let refunded = &self.orders[order].refunded;
                assert!(tickets.iter().all(|ticket| refunded.contains(ticket)), "not taken back");
                let Some(Part::Sold(left)) = self.parts.get_mut(&(lead, *order)) else {
                    panic!("slice {lead} took back tickets of a part that is not sold")
                };
                left.retain(|ticket| !tickets.contains(ticket));
            }
            _ => {}
        }
    }

    fn order(&mut self, order: OrderNumber) -> &mut Order {
        self.orders.get_mut(&order).expect("no order ends before it begins")
    }

    fn begun(&mut self, order: OrderNumber, owner: Id, state: State, keys: &[LimitKey]) {
        let begun = Order {
            owner,
            keys: keys.to_vec(),
            state,
            parts: BTreeMap::new(),
            refunded: BTreeSet::new(),
            shares: Vec::new(),
            settled: false,
        };
        assert!(self.orders.insert(order, begun).is_none(), "{order:?} began twice");
        self.limits_hold(order);
    }

    fn placed(&mut self, number: OrderNumber, parts: &[OrderPart]) {
        let of_slice = |part: &OrderPart| (part.lead, part.tickets.clone());
        let order = self.order(number);
        order.parts = parts.iter().map(of_slice).collect();
        order.comes_to(State::Placed, till::PLACED);
        self.parts_are_set_aside(number);
        self.limits_hold(number);
    }

    fn sold(&mut self, number: OrderNumber) {
        self.parts_are_set_aside(number);
        self.order(number).comes_to(State::Sold, till::PLACED + 1);
        let tickets: Vec<Ticket> = self.orders[&number].tickets().copied().collect();
        for ticket in tickets {
            let before = self.sold.insert(ticket, number);
            assert_eq!(before, None, "{ticket:?} is sold twice, also by {number:?}");
        }
        self.limits_hold(number);
    }

    /// What a till says that an order has, its slices have for it, and for it alone.
    fn parts_are_set_aside(&self, number: OrderNumber) {
        for (lead, tickets) in self.orders[&number].parts.iter().filter(|part| !part.1.is_empty()) {
            let part = self.parts.get(&(*lead, number));
            let expected = Part::Live(tickets.clone());
            assert_eq!(part, Some(&expected), "slice {lead} of {number:?}");
        }
    }

    fn followed(&mut self, lead: u8, number: OrderNumber, tickets: &[Ticket], fate: PartFate) {
        let order = &self.orders[&number];
        let of_part = order.parts.get(&lead).cloned().unwrap_or_default();
        let part = match fate {
            PartFate::Sold => {
                assert_eq!(
                    order.state,
                    State::Sold,
                    "slice {lead} sold what {number:?} did not buy"
                );
                assert_eq!(*tickets, of_part, "slice {lead} sold other tickets of {number:?}");
                Part::Sold(tickets.to_vec())
            }
            PartFate::Ended => {
                let bought = order.state == State::Sold && !of_part.is_empty();
                // It was asked whether it has anything, and had nothing.
                let declined = matches!(order.state, State::Gathering { of_one: true, .. })
                    && !self.parts.contains_key(&(lead, number));
                assert!(
                    order.is_over() && !bought || declined,
                    "slice {lead} let go what {number:?} has"
                );
                Part::Ended
            }
        };
        let before = self.parts.insert((lead, number), part);
        let was_live = matches!(before, Some(Part::Live(_)));
        assert!(was_live || before.is_none(), "slice {lead} followed {number:?} twice");
    }

    fn taken(&mut self, number: OrderNumber, key: LimitKey, count: u16) {
        let order = &self.orders[&number];
        assert!(order.keys.contains(&key), "{number:?} does not count by {key:?}");
        assert!(!(order.settled && order.is_over()), "taken for {number:?}, which is settled");
        self.shares.insert((number, key), KeyShare { step: 0, held: count, bought: 0 });
    }

    fn followed_key(&mut self, number: OrderNumber, key: LimitKey, share: KeyShare) {
        let order = &self.orders[&number];
        assert!(order.shares.contains(&share), "{number:?} never came to {share:?}");
        let before = self.shares.insert((number, key), share);
        assert!(before.is_none_or(|before| before.step < share.step), "a step back of {number:?}");
    }

    /// All who follow an order have heard of its last step.
    fn settled(&mut self, number: OrderNumber) {
        let order = &self.orders[&number];
        for key in &order.keys {
            let told = self.shares.get(&(number, *key)).map(|share| share.step);
            if told.is_none() && self.a_till_is_sealed && order.has_nothing() {
                continue;
            }
            assert_eq!(told, Some(order.step()), "{number:?} is settled, and a key does not know");
        }
        if order.is_over() {
            self.parts_have_followed(number, order);
        }
        self.order(number).settled = true;
    }

    fn parts_have_followed(&self, number: OrderNumber, order: &Order) {
        for ((lead, _), part) in self.parts.iter().filter(|((_, of), _)| *of == number) {
            let left = |ticket: &&Ticket| !order.refunded.contains(ticket);
            let of_part = order.parts.get(lead).into_iter().flatten().filter(left);
            let of_part: Vec<Ticket> = of_part.copied().collect();
            match part {
                Part::Live(_) => panic!("{number:?} is settled, and slice {lead} has a part of it"),
                Part::Sold(tickets) => assert_eq!(*tickets, of_part, "slice {lead} of {number:?}"),
                Part::Ended => assert!(order.state != State::Sold || of_part.is_empty()),
            }
        }
    }

    /// Over all tills and slices.
    fn limits_hold(&self, number: OrderNumber) {
        let order = &self.orders[&number];
        self.limits_hold_for(order.owner, |other| other.owner == order.owner, true);
        for key in &order.keys {
            self.limits_hold_for(key.0, |other| other.keys.contains(key), false);
        }
    }

    /// What is only being gathered counts for its owner, and not yet for a limit key.
    fn limits_hold_for(&self, who: Id, is_theirs: impl Fn(&Order) -> bool, gathered: bool) {
        let (mut held, mut bought) = (0, 0);
        for order in self.orders.values().filter(|order| is_theirs(order)) {
            match order.state {
                State::Gathering { allowed, .. } => held += if gathered { allowed } else { 0 },
                State::Placed => held += order.tickets().count() as u32,
                State::Sold => bought += order.tickets().count() as u32,
                State::Ended => {}
            }
        }
        let most = self.limits.held.map_or(u32::MAX, u32::from);
        assert!(held <= most, "{who:?} holds {held} of {most}");
        let most = self.limits.bought.unwrap_or(u32::MAX);
        assert!(held + bought <= most, "{who:?} holds {held} and has bought {bought} of {most}");
    }

    /// When all is over: every order is settled, slices have sold what orders bought and nothing
    /// else, and nothing is held for anybody.
    pub fn nothing_leaks(&self) {
        for (number, order) in &self.orders {
            assert!(order.is_over() && order.settled, "left over: {number:?} {order:?}");
            self.parts_have_followed(*number, order);
        }
        let mut of_slices = BTreeMap::new();
        for ((lead, number), part) in &self.parts {
            if let Part::Sold(tickets) = part {
                of_slices.extend(tickets.iter().map(|ticket| (*ticket, *number)));
            }
            assert!(!matches!(part, Part::Live(_)), "slice {lead} has a part of {number:?}");
        }
        assert_eq!(of_slices, self.sold, "what slices and tills have sold");
        assert!(self.shares.values().all(|share| share.held == 0), "a key holds something");
    }
}
