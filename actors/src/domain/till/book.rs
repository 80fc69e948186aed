//! The books of a till: which orders live until when, who has how much of their allowance held, and
//! which orders parts or limit keys have yet to follow.
//!
//! Nothing here decides; nothing here fails. What was bought or has ended is on cards. All of it is
//! kept in order, so equal books have equal bytes.

use super::names::LimitKey;
use super::words::{
    Event, KeyShare, OrderEnd, OrderPart, OrderStage, OrderView, OrderWish, PastOrder, TillLedger,
};
use crate::domain::tickets::OrderNumber;
use crate::id::Id;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Book {
    pub next_order: u32,
    pub live: BTreeMap<u32, LiveOrder>,
    /// Up to which step parts and keys have to hear of an order.
    pub unsettled: BTreeMap<u32, u32>,
    /// What orders of any till have of the limit keys that are kept here, as long as they hold
    /// some.
    pub shares: BTreeMap<(OrderNumber, LimitKey), KeyShare>,
    /// Of members and limit keys: who holds nothing is not there.
    held: BTreeMap<Id, u32>,
    deadlines: BTreeSet<(Time, u32)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LiveOrder {
    pub owner: Id,
    pub wish: OrderWish,
    pub keys: Vec<LimitKey>,
    /// When it began, or was placed.
    pub since: Time,
    /// When it is given up, is doubted, or expires.
    pub until: Time,
    /// Begun in one slice, it may be held until then although it is not placed yet.
    pub held_until: Option<Time>,
    pub placed: Option<PlacedOrder>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PlacedOrder {
    pub parts: Vec<OrderPart>,
    /// Until when it was placed at first.
    pub until: Time,
}

/// An order in doubt is unsettled although it has come to nothing yet.
const IN_DOUBT: u32 = 0;
/// What parts and keys hear when an order is placed, and when it ends or is bought.
pub const PLACED: u32 = 1;
pub(super) const OVER: u32 = 2;

pub(super) fn count(parts: &[OrderPart]) -> u32 {
    parts.iter().map(|part| part.tickets.len() as u32).sum()
}

impl LiveOrder {
    /// How much of the allowance it has.
    pub fn held(&self) -> u32 {
        self.placed.as_ref().map_or(u32::from(self.wish.count), |placed| count(&placed.parts))
    }

    /// Whether its slice is asked before it ends.
    fn is_doubted_first(&self) -> bool {
        self.held_until.is_some_and(|held_until| self.until < held_until)
    }

    pub fn over(&self, end: OrderEnd) -> PastOrder {
        let LiveOrder { owner, keys, wish, placed, .. } = self.clone();
        let (parts, placed_until) =
            placed.map_or_else(Default::default, |placed| (placed.parts, Some(placed.until)));
        let end = if placed_until.is_some() { end } else { OrderEnd::GivenUp };
        let (pattern, refunded) = (wish.pattern, Vec::new());
        PastOrder { owner, pattern, keys, parts, refunded, end, placed_until, step: OVER }
    }

    pub fn view(&self) -> OrderView {
        let (owner, keys) = (self.owner, self.keys.clone());
        let stage = match &self.placed {
            None => OrderStage::Gathering {
                wish: self.wish,
                since: self.since,
                held_until: self.held_until,
            },
            Some(PlacedOrder { parts, until }) => {
                OrderStage::Placed { parts: parts.clone(), until: self.until, placed_until: *until }
            }
        };
        OrderView { owner, keys, stage }
    }
}

impl Book {
    pub fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Begun { order, owner, wish, keys, give_up_at } => {
                self.next_order = self.next_order.max(order + 1);
                let (owner, wish, keys, until) = (*owner, *wish, keys.clone(), *give_up_at);
                let (since, held_until, placed) = (at, None, None);
                let live = LiveOrder { owner, wish, keys, since, until, held_until, placed };
                self.insert(*order, live);
            }
            Event::BegunInOne { order, owner, wish, until, doubt_at } => {
                self.next_order = self.next_order.max(order + 1);
                let (owner, wish, keys) = (*owner, *wish, Vec::new());
                let (since, held_until, until) = (at, Some(*until), *doubt_at);
                let live = LiveOrder { owner, wish, keys, since, until, held_until, placed: None };
                self.insert(*order, live);
            }
            Event::Doubted { orders } => {
                for order in orders {
                    let Some(live) = self.remove(*order) else { continue };
                    let until = live.held_until.unwrap_or(live.until);
                    self.insert(*order, LiveOrder { until, ..live });
                    self.unsettled.insert(*order, IN_DOUBT);
                }
            }
            Event::Placed { order, parts, until, unsettled, .. } => {
                let Some(live) = self.remove(*order) else { return };
                let placed = Some(PlacedOrder { parts: parts.clone(), until: *until });
                let (since, until, held_until) = (at, *until, None);
                self.insert(*order, LiveOrder { since, until, held_until, placed, ..live });
                if *unsettled {
                    self.unsettled.insert(*order, PLACED);
                }
            }
            Event::Extended { order, until } => {
                let Some(live) = self.remove(*order) else { return };
                self.insert(*order, LiveOrder { until: *until, ..live });
            }
            Event::Confirmed { order, past, .. } | Event::Refunded { order, past, .. } => {
                self.end(*order, past);
            }
            Event::Ended { orders } | Event::Cleared { orders } => {
                orders.iter().for_each(|(order, past)| self.end(*order, past));
            }
            Event::Settled { orders } => {
                self.unsettled.retain(|order, _| !orders.contains(order));
            }
            Event::Taken { order, key, count } => {
                self.set_share(*order, *key, KeyShare { step: 0, held: *count, bought: 0 });
            }
            Event::FollowedKey { order, key, share, .. } => self.set_share(*order, *key, *share),
            Event::Opened { .. }
            | Event::OpenedIn { .. }
            | Event::Withdrawn { .. }
            | Event::Sealed => {}
        }
    }

    fn insert(&mut self, order: u32, live: LiveOrder) {
        self.deadlines.insert((live.until, order));
        self.hold(live.owner, live.held());
        self.live.insert(order, live);
    }

    fn remove(&mut self, order: u32) -> Option<LiveOrder> {
        let live = self.live.remove(&order)?;
        self.deadlines.remove(&(live.until, order));
        self.give_back(live.owner, live.held());
        Some(live)
    }

    fn end(&mut self, order: u32, past: &PastOrder) {
        self.remove(order);
        self.unsettled.insert(order, past.step);
    }

    fn set_share(&mut self, order: OrderNumber, key: LimitKey, share: KeyShare) {
        let before = self.shares.remove(&(order, key)).map_or(0, |share| share.held);
        self.give_back(key.0, u32::from(before));
        self.hold(key.0, u32::from(share.held));
        if share.held > 0 {
            self.shares.insert((order, key), share);
        }
    }

    fn hold(&mut self, who: Id, count: u32) {
        if count > 0 {
            *self.held.entry(who).or_default() += count;
        }
    }

    fn give_back(&mut self, who: Id, count: u32) {
        if let Some(held) = self.held.get_mut(&who) {
            *held = held.saturating_sub(count);
            if *held == 0 {
                self.held.remove(&who);
            }
        }
    }

    pub fn held_by(&self, who: Id) -> u32 {
        self.held.get(&who).copied().unwrap_or(0)
    }

    pub fn orders_of(&self, owner: Id) -> Vec<(u32, OrderView)> {
        let placed =
            self.live.iter().filter(|(_, live)| live.owner == owner && live.placed.is_some());
        placed.map(|(order, live)| (*order, live.view())).collect()
    }

    pub fn first_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    /// The first orders that have to be doubted at `now`.
    pub fn in_doubt(&self, now: Time, most: usize) -> Vec<u32> {
        let doubted = self.due(now).filter(|(_, live)| live.is_doubted_first());
        doubted.map(|(order, _)| order).take(most).collect()
    }

    /// The first orders that are over at `now`, when none has to be doubted.
    pub fn over(&self, now: Time, most: usize) -> Vec<(u32, PastOrder)> {
        let over = self.due(now).filter(|(_, live)| !live.is_doubted_first()).take(most);
        over.map(|(order, live)| (order, live.over(OrderEnd::Expired))).collect()
    }

    fn due(&self, now: Time) -> impl Iterator<Item = (u32, &LiveOrder)> {
        let due = self.deadlines.iter().take_while(move |(until, _)| *until <= now);
        due.map(|(_, order)| (*order, &self.live[order]))
    }

    /// The first of all that live, as if they had expired.
    pub fn first(&self, most: usize) -> Vec<(u32, PastOrder)> {
        let first = self.live.iter().take(most);
        first.map(|(order, live)| (*order, live.over(OrderEnd::Expired))).collect()
    }

    pub fn ledger(&self) -> TillLedger {
        let placed = self.live.values().filter(|live| live.placed.is_some()).count() as u64;
        TillLedger {
            gathering: self.live.len() as u64 - placed,
            placed,
            unsettled: self.unsettled.len() as u64,
            held: self.live.values().map(|live| u64::from(live.held())).sum(),
            holders: self.held.len() as u64,
            imbalance: self.imbalance(),
            ..TillLedger::default()
        }
    }

    /// What is held must be what orders and shares have.
    pub fn imbalance(&self) -> i64 {
        let mut of_all: BTreeMap<Id, i64> = BTreeMap::new();
        for (who, held) in &self.held {
            of_all.insert(*who, i64::from(*held));
        }
        for live in self.live.values() {
            *of_all.entry(live.owner).or_default() -= i64::from(live.held());
        }
        for ((_, key), share) in &self.shares {
            *of_all.entry(key.0).or_default() -= i64::from(share.held);
        }
        let deadlines = self.live.len().abs_diff(self.deadlines.len()) as i64;
        of_all.values().map(|held| held.abs()).sum::<i64>() + deadlines
    }
}
