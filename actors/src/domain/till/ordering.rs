//! What a till decides about an order: whether it begins, is placed, bought, lasts longer or ends,
//! and whether tickets of it are taken back.

use super::book::{LiveOrder, OVER, PlacedOrder, count};
use super::cards;
use super::names::LimitKey;
use super::rules::Till;
use super::words::{
    AllowanceSide, Event, OrderEnd, OrderPart, OrderStage, OrderView, OrderWish, PastOrder,
    Refusal, TillTerms,
};
use crate::cards::Cards;
use crate::domain::tickets::stock::Ticket;
use crate::id::Id;
use crate::machine::{Caller, Role, Stamp, Verdict};
use crate::time::Time;

type Decided = Result<Verdict<Event>, Refusal>;

/// An order that is not placed by then is given up.
const GATHER_S: u32 = 30;
/// Of one that was begun in one slice, that slice is asked then.
const DOUBT_S: u32 = 10;

/// An order of the caller's.
enum Order<'a> {
    Live(&'a LiveOrder),
    Past(PastOrder),
}

impl Till {
    pub(super) fn begin(
        &self,
        wish: &OrderWish,
        keys: &[LimitKey],
        caller: &Caller,
        terms: &TillTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        self.takes_orders(terms, stamp)?;
        let count = self.granted(caller.id, wish.count, wish.at_least, terms, cards)?;
        Ok(Verdict::New(Event::Begun {
            order: self.book.next_order,
            owner: caller.id,
            wish: OrderWish { count, ..*wish },
            keys: keys.to_vec(),
            give_up_at: stamp.at.plus_s(GATHER_S).min(terms.closes_at),
        }))
    }

    pub(super) fn begin_in_one(
        &self,
        wish: &OrderWish,
        caller: &Caller,
        terms: &TillTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        self.takes_orders(terms, stamp)?;
        let count = self.granted(caller.id, wish.count, wish.at_least, terms, cards)?;
        let until = held_until(wish, terms, stamp);
        Ok(Verdict::New(Event::BegunInOne {
            order: self.book.next_order,
            owner: caller.id,
            wish: OrderWish { count, ..*wish },
            until,
            doubt_at: stamp.at.plus_s(DOUBT_S).min(until),
        }))
    }

    /// How many of so many a member, or a limit key, is allowed.
    pub(super) fn granted(
        &self,
        who: Id,
        count: u16,
        at_least: u16,
        terms: &TillTerms,
        cards: &Cards<'_>,
    ) -> Result<u16, Refusal> {
        let held = self.book.held_by(who);
        let of_held = terms.limits.held.map(|limit| {
            let limit = u32::from(limit);
            (AllowanceSide::Held, limit, limit.saturating_sub(held))
        });
        let of_bought = terms.limits.bought.map(|limit| {
            let taken = cards::bought(who, cards).saturating_add(held);
            (AllowanceSide::Bought, limit, limit.saturating_sub(taken))
        });
        let least = of_held.into_iter().chain(of_bought).min_by_key(|(.., left)| *left);
        match least {
            Some((side, limit, left)) if left < u32::from(at_least.max(1)) => {
                Err(Refusal::LimitReached { side, limit, left })
            }
            Some((.., left)) => Ok(u32::from(count).min(left) as u16),
            None => Ok(count),
        }
    }

    pub(super) fn place(
        &self,
        order: u32,
        parts: &[OrderPart],
        terms: &TillTerms,
        stamp: &Stamp,
    ) -> Decided {
        let live = match self.book.live.get(&order) {
            None if order < self.book.next_order => return Err(Refusal::OrderOver),
            None => return Err(Refusal::UnknownOrder),
            Some(live) => live,
        };
        let (owner, wish) = (live.owner, live.wish);
        if let Some(PlacedOrder { parts, until }) = &live.placed {
            let (parts, until, unsettled) = (parts.clone(), *until, !live.keys.is_empty());
            return Ok(Verdict::Already(Event::Placed { order, owner, parts, until, unsettled }));
        }
        if stamp.at >= live.until {
            return Err(Refusal::OrderOver);
        }
        self.takes_orders(terms, stamp)?;
        let (tickets, least) = (count(parts), u32::from(wish.at_least.max(1)));
        if tickets < least || tickets > u32::from(wish.count) {
            return Err(Refusal::OtherTickets);
        }
        Ok(Verdict::New(Event::Placed {
            order,
            owner,
            parts: parts.to_vec(),
            until: live.held_until.unwrap_or_else(|| held_until(&wish, terms, stamp)),
            unsettled: !live.keys.is_empty(),
        }))
    }

    pub(super) fn give_up(&self, order: u32, cards: &Cards<'_>) -> Decided {
        match self.order_of(order, &Caller::SYSTEM, cards)? {
            Order::Live(LiveOrder { placed: Some(_), .. }) => Err(Refusal::OrderOver),
            Order::Live(live) => Ok(Verdict::New(ended(order, live.over(OrderEnd::GivenUp)))),
            Order::Past(past) if past.end == OrderEnd::GivenUp => {
                Ok(Verdict::Already(ended(order, past)))
            }
            Order::Past(_) => Err(Refusal::OrderOver),
        }
    }

    pub(super) fn confirm(
        &self,
        order: u32,
        caller: &Caller,
        terms: &TillTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        match self.order_of(order, caller, cards)? {
            Order::Live(LiveOrder { placed: None, .. }) => Err(Refusal::NotPlaced),
            Order::Live(live) => {
                self.takes_orders(terms, stamp)?;
                let past = live.over(OrderEnd::Sold);
                let bought = cards::bought(past.owner, cards).saturating_add(count(&past.parts));
                Ok(Verdict::New(Event::Confirmed { order, past, bought }))
            }
            Order::Past(past) if past.end == OrderEnd::Sold => {
                let bought = cards::bought(past.owner, cards);
                Ok(Verdict::Already(Event::Confirmed { order, past, bought }))
            }
            Order::Past(past) => Err(past.end.into()),
        }
    }

    pub(super) fn extend(
        &self,
        order: u32,
        ttl_s: u32,
        caller: &Caller,
        terms: &TillTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        match self.order_of(order, caller, cards)? {
            Order::Live(LiveOrder { placed: None, .. }) => Err(Refusal::NotPlaced),
            Order::Live(live) => {
                self.takes_orders(terms, stamp)?;
                extend(order, live, terms, stamp.at.plus_s(ttl_s))
            }
            Order::Past(past) => Err(past.end.into()),
        }
    }

    pub(super) fn release(&self, order: u32, caller: &Caller, cards: &Cards<'_>) -> Decided {
        match self.order_of(order, caller, cards)? {
            Order::Live(LiveOrder { placed: None, .. }) => Err(Refusal::NotPlaced),
            Order::Live(live) => Ok(Verdict::New(ended(order, live.over(OrderEnd::Released)))),
            Order::Past(past) if past.end == OrderEnd::Released => {
                Ok(Verdict::Already(ended(order, past)))
            }
            Order::Past(past) => Err(past.end.into()),
        }
    }

    pub(super) fn refund(
        &self,
        order: u32,
        tickets: &[Ticket],
        caller: &Caller,
        cards: &Cards<'_>,
    ) -> Decided {
        if self.sealed {
            return Err(Refusal::Closed);
        }
        let past = match self.order_of(order, caller, cards)? {
            Order::Past(past) if past.end == OrderEnd::Sold => past,
            _ => return Err(Refusal::NotSold),
        };
        if caller.role == Role::Member {
            return Err(Refusal::NotAdmin);
        }
        let asked = |ticket: &Ticket| tickets.is_empty() || tickets.contains(ticket);
        let back: Vec<Ticket> = past.tickets().filter(|ticket| asked(ticket)).copied().collect();
        let known = |ticket: &Ticket| back.contains(ticket) || past.refunded.contains(ticket);
        if !tickets.iter().all(known) {
            return Err(Refusal::OtherTickets);
        }
        let bought = cards::bought(past.owner, cards);
        if back.is_empty() {
            let tickets: Vec<Ticket> =
                past.refunded.iter().filter(|ticket| asked(ticket)).copied().collect();
            return Ok(Verdict::Already(Event::Refunded { order, tickets, past, bought }));
        }
        let bought = bought.saturating_sub(back.len() as u32);
        let mut past = past;
        for part in &mut past.parts {
            part.tickets.retain(|ticket| !back.contains(ticket));
        }
        past.refunded.extend(&back);
        past.step += 1;
        Ok(Verdict::New(Event::Refunded { order, tickets: back, past, bought }))
    }

    pub(super) fn settle(&self, orders: &[(u32, u32)]) -> Decided {
        let heard = |(order, step): &&(u32, u32)| self.book.unsettled.get(order) == Some(step);
        let orders: Vec<u32> = orders.iter().filter(heard).map(|(order, _)| *order).collect();
        let nothing_new = orders.is_empty();
        let event = Event::Settled { orders };
        Ok(if nothing_new { Verdict::Already(event) } else { Verdict::New(event) })
    }

    pub(super) fn view(&self, order: u32, cards: &Cards<'_>) -> Option<OrderView> {
        if let Some(live) = self.book.live.get(&order) {
            return Some(live.view());
        }
        let past = self.past_order(order, cards)?;
        let (owner, keys) = (past.owner, past.keys.clone());
        Some(OrderView { owner, keys, stage: OrderStage::Past(past) })
    }

    fn order_of(
        &self,
        order: u32,
        caller: &Caller,
        cards: &Cards<'_>,
    ) -> Result<Order<'_>, Refusal> {
        let of_caller = |owner| {
            if caller.may_act_for(owner) { Ok(()) } else { Err(Refusal::NotYours) }
        };
        if let Some(live) = self.book.live.get(&order) {
            return of_caller(live.owner).map(|()| Order::Live(live));
        }
        let past = self.past_order(order, cards).ok_or(Refusal::UnknownOrder)?;
        of_caller(past.owner).map(|()| Order::Past(past))
    }

    /// No card is looked up for an order that never began.
    fn past_order(&self, order: u32, cards: &Cards<'_>) -> Option<PastOrder> {
        (order < self.book.next_order).then(|| cards::past_order(order, cards))?
    }
}

/// Why nothing can be done with it.
impl From<OrderEnd> for Refusal {
    fn from(end: OrderEnd) -> Refusal {
        match end {
            OrderEnd::Sold => Refusal::AlreadyBought,
            OrderEnd::Released => Refusal::OrderReleased,
            OrderEnd::Expired => Refusal::OrderExpired,
            OrderEnd::GivenUp => Refusal::NotPlaced,
        }
    }
}

fn held_until(wish: &OrderWish, terms: &TillTerms, stamp: &Stamp) -> Time {
    stamp.at.plus_s(wish.ttl_s.min(terms.hold_max_s)).min(terms.closes_at)
}

fn ended(order: u32, past: PastOrder) -> Event {
    debug_assert_eq!(past.step, OVER, "an order ends once");
    Event::Ended { orders: vec![(order, past)] }
}

fn extend(order: u32, live: &LiveOrder, terms: &TillTerms, wanted: Time) -> Decided {
    let cap = live.since.plus_s(terms.hold_max_s).min(terms.closes_at);
    match wanted.min(cap) {
        until if until > live.until => Ok(Verdict::New(Event::Extended { order, until })),
        _ if wanted <= live.until => {
            Ok(Verdict::Already(Event::Extended { order, until: live.until }))
        }
        _ => Err(Refusal::ExtendedToTheLimit { until: cap }),
    }
}
