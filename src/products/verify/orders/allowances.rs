//! What members and limit keys of one till hold and have bought, record by record.

use crate::verify::portion::Portion;
use actors::Id;
use actors::domain::tickets::OrderNumber;
use actors::domain::till::{
    Event, KeyShare, LimitKey, MemberLimits, OrderEnd, OrderPart, PastOrder, TillName,
};
use anyhow::ensure;
use std::collections::HashMap;

#[derive(Default)]
pub struct Allowances {
    /// The till that is being read.
    till: Option<TillName>,
    limits: MemberLimits,
    /// Held and bought.
    of: HashMap<Id, (u32, u32)>,
    /// Who holds how much by an order.
    live: HashMap<u32, (Id, u32)>,
    shares: HashMap<(OrderNumber, LimitKey), KeyShare>,
}

fn count(parts: &[OrderPart]) -> u32 {
    parts.iter().map(|part| part.tickets.len() as u32).sum()
}

impl Allowances {
    pub fn len(&self) -> usize {
        self.of.len() + self.shares.len()
    }

    pub fn keep(&mut self, portion: Portion) {
        self.of.retain(|who, _| portion.has(who));
        self.live.retain(|_, (who, _)| portion.has(*who));
        self.shares.retain(|(_, key), _| portion.has(key.0));
    }

    pub fn see(&mut self, name: &TillName, event: &Event, portion: Portion) -> anyhow::Result<()> {
        if self.till != Some(*name) {
            *self = Allowances { till: Some(*name), ..Allowances::default() };
        }
        match event {
            Event::Opened { terms } | Event::OpenedIn { terms, .. } => self.limits = terms.limits,
            Event::Begun { order, owner, wish, .. }
            | Event::BegunInOne { order, owner, wish, .. }
                if portion.has(*owner) =>
            {
                self.holds(*order, *owner, u32::from(wish.count))?;
            }
            Event::Placed { order, owner, parts, .. } if portion.has(*owner) => {
                self.ends(*order);
                self.holds(*order, *owner, count(parts))?;
            }
            Event::Confirmed { order, past, bought } if portion.has(past.owner) => {
                self.ends(*order);
                self.buys(past, count(&past.parts) as i64, *bought)?;
            }
            Event::Refunded { tickets, past, bought, .. } if portion.has(past.owner) => {
                self.buys(past, -(tickets.len() as i64), *bought)?;
            }
            Event::Ended { orders } | Event::Cleared { orders } => {
                for (order, past) in orders {
                    ensure!(past.end != OrderEnd::Sold, "order {order} ended as one that is sold");
                    self.ends(*order);
                }
            }
            Event::Taken { order, key, count } if portion.has(key.0) => {
                let taken = KeyShare { step: 0, held: *count, bought: 0 };
                self.has_of_key(*order, *key, taken, None)?;
            }
            Event::FollowedKey { order, key, share: now, bought } if portion.has(key.0) => {
                self.has_of_key(*order, *key, *now, Some(*bought))?;
            }
            // Of an owner whose turn has not come, or nobody's allowance.
            Event::Begun { .. }
            | Event::BegunInOne { .. }
            | Event::Doubted { .. }
            | Event::Placed { .. }
            | Event::Confirmed { .. }
            | Event::Refunded { .. }
            | Event::Taken { .. }
            | Event::FollowedKey { .. }
            | Event::Extended { .. }
            | Event::Settled { .. }
            | Event::Withdrawn { .. }
            | Event::Sealed => {}
        }
        Ok(())
    }

    fn holds(&mut self, order: u32, owner: Id, count: u32) -> anyhow::Result<()> {
        self.live.insert(order, (owner, count));
        self.of.entry(owner).or_default().0 += count;
        self.is_allowed(owner)
    }

    fn ends(&mut self, order: u32) {
        if let Some((owner, count)) = self.live.remove(&order) {
            let of = self.of.entry(owner).or_default();
            of.0 = of.0.saturating_sub(count);
        }
    }

    fn buys(&mut self, past: &PastOrder, more: i64, said: u32) -> anyhow::Result<()> {
        let of = self.of.entry(past.owner).or_default();
        of.1 = (i64::from(of.1) + more).max(0) as u32;
        self.has_bought(past.owner, said)
    }

    fn has_of_key(
        &mut self,
        order: OrderNumber,
        key: LimitKey,
        now: KeyShare,
        said: Option<u32>,
    ) -> anyhow::Result<()> {
        let before = self.shares.insert((order, key), now);
        let (held, bought) = before.map_or((0, 0), |share| (share.held, share.bought));
        let of = self.of.entry(key.0).or_default();
        of.0 = (of.0 + u32::from(now.held)).saturating_sub(u32::from(held));
        of.1 = (of.1 + u32::from(now.bought)).saturating_sub(u32::from(bought));
        match said {
            Some(said) => self.has_bought(key.0, said),
            None => self.is_allowed(key.0),
        }
    }

    /// What the record says, and what all records before it come to.
    fn has_bought(&self, who: Id, said: u32) -> anyhow::Result<()> {
        let bought = self.of[&who].1;
        ensure!(bought == said, "{who} has bought {bought}, and the log says {said}");
        self.is_allowed(who)
    }

    fn is_allowed(&self, who: Id) -> anyhow::Result<()> {
        let (held, bought) = self.of[&who];
        let most = self.limits.held.map_or(u32::MAX, u32::from);
        ensure!(held <= most, "{who} holds {held}, and {most} are allowed");
        let (has, most) = (held.saturating_add(bought), self.limits.bought.unwrap_or(u32::MAX));
        ensure!(has <= most, "{who} holds or has bought {has}, and {most} are allowed");
        Ok(())
    }
}
