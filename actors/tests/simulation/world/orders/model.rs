//! The auditor's own idea of a till: all orders that ever were, and what all limit keys were told.
//! What somebody holds or has bought is counted anew from these whenever it is asked for.
//!
//! It is fed with committed records, one by one, and objects to any that breaks a rule. It shares
//! no code with the rule book.

use super::order::{Fate, Order, count};
use actors::domain::tickets::OrderNumber;
use actors::domain::tickets::stock::Ticket;
use actors::domain::till::{
    AllowanceSide, Event, KeyShare, LimitKey, OrderEnd, OrderPart, OrderWish, PastOrder,
    TillLedger, TillTerms,
};
use actors::{Id, Time};
use std::collections::{BTreeMap, BTreeSet};

/// An order that is not placed after so long is over, or asked about.
const GATHERED_WITHIN_S: u32 = 30;
const PLACED_WITHIN_S: u32 = 10;

pub struct Model {
    pub terms: TillTerms,
    pub opened: bool,
    pub closing: bool,
    pub sealed: bool,
    time: Time,
    pub orders: Vec<Order>,
    pub unsettled: BTreeMap<u32, u32>,
    pub shares: BTreeMap<(OrderNumber, LimitKey), KeyShare>,
    /// Those of one slice that ended before their time, and were never placed.
    pub given_up_early: BTreeSet<u32>,
}

/// What all of somebody's orders come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    pub ledger: TillLedger,
    pub of: BTreeMap<Id, (u32, u32)>,
}

impl Model {
    pub fn new(terms: TillTerms) -> Model {
        let (orders, unsettled, shares, given_up_early) = Default::default();
        let (opened, closing, sealed) = (false, false, false);
        let time = Time(i64::MIN);
        Model { terms, opened, closing, sealed, time, orders, unsettled, shares, given_up_early }
    }

    /// Held and bought, of everybody who has any of it.
    pub fn all(&self) -> BTreeMap<Id, (u32, u32)> {
        let mut all: BTreeMap<Id, (u32, u32)> = BTreeMap::new();
        let of_owners = self.orders.iter().map(|order| (order.owner, order.takes()));
        let of_keys = self
            .shares
            .iter()
            .map(|((_, key), share)| (key.0, (u32::from(share.held), u32::from(share.bought))));
        for (who, (held, bought)) in of_owners.chain(of_keys) {
            let sums = all.entry(who).or_default();
            (sums.0, sums.1) = (sums.0 + held, sums.1 + bought);
        }
        all.retain(|_, sums| *sums != (0, 0));
        all
    }

    pub fn of(&self, who: Id) -> (u32, u32) {
        self.all().get(&who).copied().unwrap_or_default()
    }

    /// The limit that is nearest, and how many it leaves; the one of held tickets, if both are.
    pub fn nearest_limit(&self, who: Id) -> Option<(AllowanceSide, u32, u32)> {
        let (held, bought) = self.of(who);
        let of_held = self.terms.limits.held.map(|limit| {
            let limit = u32::from(limit);
            (AllowanceSide::Held, limit, limit.saturating_sub(held))
        });
        let of_bought = self
            .terms
            .limits
            .bought
            .map(|limit| (AllowanceSide::Bought, limit, limit.saturating_sub(held + bought)));
        match (of_held, of_bought) {
            (Some(held), Some(bought)) if bought.2 < held.2 => Some(bought),
            (Some(held), _) => Some(held),
            (None, bought) => bought,
        }
    }

    fn limits_hold(&self, who: Id) {
        let ((held, bought), limits) = (self.of(who), self.terms.limits);
        let most = limits.held.map_or(u32::MAX, u32::from);
        assert!(held <= most, "{who:?} holds {held} of {most}");
        let most = limits.bought.unwrap_or(u32::MAX);
        assert!(held + bought <= most, "{who:?} holds {held} and has bought {bought} of {most}");
    }

    pub fn ledger(&self) -> TillLedger {
        let live = |fate| self.orders.iter().filter(move |order| order.fate == fate);
        let (gathering, placed) = (live(Fate::Gathering), live(Fate::Placed));
        let held = gathering.clone().chain(placed.clone()).map(|order| u64::from(order.takes().0));
        TillLedger {
            gathering: gathering.count() as u64,
            placed: placed.count() as u64,
            unsettled: self.unsettled.len() as u64,
            held: held.sum(),
            holders: self.all().values().filter(|(held, _)| *held > 0).count() as u64,
            imbalance: 0,
            closing: self.closing,
            sealed: self.sealed,
        }
    }

    pub fn last_deadline(&self) -> Option<Time> {
        let live = self.orders.iter().filter(|order| order.is_live());
        live.map(|order| order.until.max(order.held_until.unwrap_or(order.until))).max()
    }

    pub fn record(&mut self, event: &Event, at: Time) {
        assert!(at >= self.time, "time went back from {:?} to {at:?}", self.time);
        self.time = at;
        assert!(self.opened != matches!(event, Event::Opened { .. }), "opened twice, or never");
        // Orders of tills that are sealed later may still give back what they had bought.
        let gives_back = match event {
            Event::FollowedKey { order, key, share, .. } => {
                let before = self.shares.get(&(*order, *key));
                share.held == 0 && before.is_some_and(|before| before.bought > share.bought)
            }
            _ => false,
        };
        assert!(!self.sealed || gives_back, "{event:?} after the till was sealed");
        if !matches!(event, Event::Ended { .. } | Event::Doubted { .. }) {
            let overdue = self.orders.iter().find(|order| order.is_live() && order.until <= at);
            assert!(overdue.is_none(), "{event:?} at {at:?} came before the end of {overdue:?}");
        }
        match event {
            Event::OpenedIn { .. } | Event::Withdrawn { .. } => panic!("nobody withdraws it"),
            Event::Opened { terms } => {
                assert_eq!(*terms, self.terms);
                self.opened = true;
            }
            Event::Begun { order, owner, wish, keys, give_up_at } => {
                let until = at.plus_s(GATHERED_WITHIN_S).min(self.terms.closes_at);
                assert_eq!(*give_up_at, until);
                self.begun(*order, *owner, wish, keys, at);
                self.orders[*order as usize].until = until;
            }
            Event::BegunInOne { order, owner, wish, until, doubt_at } => {
                assert_eq!(*until, self.held_until(wish, at));
                assert_eq!(*doubt_at, at.plus_s(PLACED_WITHIN_S).min(*until));
                self.begun(*order, *owner, wish, &[], at);
                let order = &mut self.orders[*order as usize];
                (order.until, order.held_until) = (*doubt_at, Some(*until));
            }
            Event::Doubted { orders } => {
                assert!(!orders.is_empty(), "nothing is doubted");
                for number in orders {
                    let order = &mut self.orders[*number as usize];
                    assert!(order.fate == Fate::Gathering && order.until <= at, "{order:?}");
                    let held_until = order.held_until.expect("only of one slice");
                    assert!(order.until < held_until, "doubted when it was over: {order:?}");
                    order.until = held_until;
                    self.unsettled.insert(*number, 0);
                }
            }
            Event::Placed { order, owner, parts, until, unsettled } => {
                self.placed(*order, *owner, parts, at, *until, *unsettled);
            }
            Event::Extended { order, until } => {
                let (terms, order) = (self.terms, self.placed_order(*order));
                let cap = order.since.plus_s(terms.hold_max_s).min(terms.closes_at);
                assert!(*until > order.until && *until <= cap, "extended to {until:?}: {order:?}");
                order.until = *until;
            }
            Event::Confirmed { order, past, bought } => {
                assert!(self.takes_orders(at), "bought after the pool closed");
                let expected = self.end(*order, OrderEnd::Sold);
                assert_eq!(*past, expected);
                assert_eq!(*bought, self.of(past.owner).1, "what its owner has bought by now");
                self.limits_hold(past.owner);
            }
            Event::Ended { orders } => {
                assert!(!orders.is_empty(), "nothing ended");
                orders.iter().for_each(|(order, past)| self.ended(*order, past, at));
            }
            Event::Refunded { order, tickets, past, bought } => {
                self.refunded(*order, tickets, past);
                assert_eq!(*bought, self.of(past.owner).1, "what its owner has bought by now");
            }
            Event::Settled { orders } => {
                for order in orders {
                    assert!(self.unsettled.remove(order).is_some(), "{order} was settled before");
                }
            }
            Event::Taken { order, key, count } => {
                assert!(self.takes_orders(at), "taken after the pool closed");
                let share = KeyShare { step: 0, held: *count, bought: 0 };
                let before = self.shares.insert((*order, *key), share);
                assert!(before.is_none() && *count > 0, "taken twice, or nothing: {event:?}");
                self.limits_hold(key.0);
            }
            Event::FollowedKey { order, key, share, bought } => {
                let before = self.shares.insert((*order, *key), *share);
                assert!(before.is_none_or(|before| before.step < share.step), "went back a step");
                assert_eq!(*bought, self.of(key.0).1, "what was bought under the key by now");
                self.limits_hold(key.0);
            }
            Event::Cleared { orders } => {
                self.closing = true;
                for (order, past) in orders {
                    let end = match self.orders[*order as usize].fate {
                        Fate::Gathering => OrderEnd::GivenUp,
                        _ => OrderEnd::Expired,
                    };
                    assert_eq!(*past, self.end(*order, end));
                }
            }
            Event::Sealed => {
                let ledger = self.ledger();
                assert_eq!((ledger.held, ledger.unsettled, ledger.holders), (0, 0, 0));
                (self.closing, self.sealed) = (true, true);
            }
        }
    }

    fn begun(&mut self, number: u32, owner: Id, wish: &OrderWish, keys: &[LimitKey], at: Time) {
        assert!(self.takes_orders(at), "begun after the pool closed");
        assert_eq!(number as usize, self.orders.len(), "orders are numbered in turn");
        assert!(wish.count >= wish.at_least.max(1), "begun with too small an allowance");
        self.orders.push(Order {
            owner,
            wish: *wish,
            keys: keys.to_vec(),
            since: at,
            until: at,
            held_until: None,
            placed_until: None,
            parts: Vec::new(),
            refunded: Vec::new(),
            fate: Fate::Gathering,
            step: 0,
        });
        self.limits_hold(owner);
    }

    fn held_until(&self, wish: &OrderWish, at: Time) -> Time {
        at.plus_s(wish.ttl_s.min(self.terms.hold_max_s)).min(self.terms.closes_at)
    }

    fn takes_orders(&self, at: Time) -> bool {
        !self.closing && at < self.terms.closes_at
    }

    fn placed(
        &mut self,
        order: u32,
        owner: Id,
        parts: &[OrderPart],
        at: Time,
        until: Time,
        unsettled: bool,
    ) {
        assert!(self.takes_orders(at), "placed after the pool closed");
        let of_now = self.held_until(&self.orders[order as usize].wish, at);
        let live = &mut self.orders[order as usize];
        assert_eq!((live.fate, live.owner), (Fate::Gathering, owner), "order {order} is placed");
        let (tickets, wish) = (count(parts), live.wish);
        assert!(
            tickets >= u32::from(wish.at_least.max(1)) && tickets <= u32::from(wish.count),
            "placed with {tickets}: {wish:?}"
        );
        let different: BTreeSet<_> = parts.iter().flat_map(|part| &part.tickets).collect();
        assert_eq!(different.len(), tickets as usize, "a ticket is in it twice");
        assert_eq!(until, live.held_until.unwrap_or(of_now));
        assert_eq!(unsettled, !live.keys.is_empty());
        (live.fate, live.parts, live.step) = (Fate::Placed, parts.to_vec(), 1);
        (live.since, live.until, live.placed_until) = (at, until, Some(until));
        if unsettled {
            self.unsettled.insert(order, 1);
        }
    }

    fn placed_order(&mut self, order: u32) -> &mut Order {
        let order = &mut self.orders[order as usize];
        assert_eq!(order.fate, Fate::Placed, "only a placed order can change");
        order
    }

    fn ended(&mut self, order: u32, past: &PastOrder, at: Time) {
        let live = &self.orders[order as usize];
        let is_over = live.until <= at;
        let right = match past.end {
            OrderEnd::GivenUp => live.fate == Fate::Gathering,
            OrderEnd::Expired => live.fate == Fate::Placed && is_over,
            OrderEnd::Released => live.fate == Fate::Placed && !is_over,
            OrderEnd::Sold => false,
        };
        assert!(right, "order {order} ended at {at:?} as {:?}: {live:?}", past.end);
        if live.fate == Fate::Gathering && live.held_until.is_some_and(|until| at < until) {
            self.given_up_early.insert(order);
        }
        assert_eq!(*past, self.end(order, past.end));
    }

    fn end(&mut self, order: u32, end: OrderEnd) -> PastOrder {
        self.unsettled.insert(order, 2);
        let order = &mut self.orders[order as usize];
        assert!(order.is_live(), "it is over: {order:?}");
        assert!(end != OrderEnd::Sold || order.fate == Fate::Placed, "sold before it was placed");
        (order.fate, order.step) = (Fate::Over(end), 2);
        order.past(end)
    }

    fn refunded(&mut self, number: u32, tickets: &[Ticket], past: &PastOrder) {
        let order = &mut self.orders[number as usize];
        assert_eq!(order.fate, Fate::Over(OrderEnd::Sold), "only what is sold is taken back");
        assert!(!tickets.is_empty(), "nothing was taken back");
        let before = count(&order.parts);
        for part in &mut order.parts {
            part.tickets.retain(|ticket| !tickets.contains(ticket));
        }
        assert_eq!(
            count(&order.parts) as usize + tickets.len(),
            before as usize,
            "not all were its"
        );
        order.refunded.extend(tickets);
        order.step += 1;
        assert_eq!(*past, order.past(OrderEnd::Sold));
        self.unsettled.insert(number, order.step);
    }

    pub fn order(&self, order: u32) -> Option<&Order> {
        self.orders.get(order as usize)
    }
}
