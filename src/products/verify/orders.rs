//! Slices against tills: what a slice has for an order, its till has given that order, and the
//! other way round; and no member and no limit key ever had more than is allowed.
//!
//! A slice follows its till, so it may be behind. Slices are read first and tills after them, and
//! whatever looks as if a slice were behind is read once more. Of very many orders so many are
//! remembered at a time, and the logs are gone through again for the others.

mod allowances;

use super::portion::Portion;
use actors::Machine;
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, OrderNumber, PartFate, Slice, SliceName};
use actors::domain::till::{self, OrderEnd, OrderId, OrderPart, PastOrder, Till, TillName};
use actors::engine::record::{Entry, records};
use actors::store::Frame;
use allowances::Allowances;
use anyhow::{Context, bail};
use ports::history::History;
use std::collections::{BTreeMap, HashMap};

/// The orders of one portion of all of them.
pub struct OrderAudit {
    portion: Portion,
    orders: HashMap<(PoolName, OrderNumber), Order>,
    /// Of the till that is being read.
    allowances: Allowances,
    most: usize,
}

#[derive(Default)]
struct Order {
    till: Told,
    /// Whether its till takes it for settled.
    settled: bool,
    parts: BTreeMap<u8, Part>,
}

/// What a till says of an order.
#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    Gathering,
    /// Begun in one slice, which may be asked, and have nothing, before it is given up.
    InOneSlice,
    Placed(Vec<OrderPart>),
    /// With what was taken back, or would be.
    Over(PastOrder),
}

/// What a slice has for an order.
enum Part {
    Live(Vec<Ticket>),
    Sold(Vec<Ticket>),
    Ended,
}

/// How a part and its order fit together.
enum Fit {
    Well,
    /// The slice may not have heard yet.
    Behind(String),
    Never(String),
}

impl OrderAudit {
    /// Those of the first portion, which is all of them unless there are more than so many.
    pub fn first(most: usize) -> OrderAudit {
        let (portion, orders, allowances) = (Portion::ALL, HashMap::new(), Allowances::default());
        OrderAudit { portion, orders, allowances, most }
    }

    /// Those of the next portion, if there is one.
    pub fn next(self) -> Option<OrderAudit> {
        let portion = Portion { part: self.portion.part + 1, ..self.portion };
        let next = || OrderAudit { portion, ..OrderAudit::first(self.most) };
        (portion.part < portion.parts).then(next)
    }

    /// Whether a partition knows of orders.
    fn are_in(partition: &str) -> bool {
        is_slice(partition) || partition.split('/').next() == Some(Till::KIND)
    }

    pub fn see(&mut self, partition: &str, frame: &Frame) -> anyhow::Result<()> {
        let Some((kind, name)) = partition.split_once('/') else { return Ok(()) };
        if kind == Slice::KIND {
            let name: SliceName = name.parse().context("no name of a slice")?;
            for event in facts(frame)? {
                self.see_slice(&name, event);
            }
        } else if kind == Till::KIND {
            let name: TillName = name.parse().context("no name of a till")?;
            for event in facts(frame)? {
                self.allowances.see(&name, &event, self.portion)?;
                self.see_till(&name, event);
            }
        }
        self.keep_within_bounds();
        Ok(())
    }

    /// Only the first portion may still be cut: what it loses belongs to portions that come later.
    fn keep_within_bounds(&mut self) {
        while self.portion.part == 0 && self.orders.len() + self.allowances.len() > self.most {
            self.portion.parts *= 2;
            let portion = self.portion;
            self.orders.retain(|order, _| portion.has(order));
            self.allowances.keep(portion);
        }
    }

    fn order(&mut self, pool: PoolName, order: OrderNumber) -> Option<&mut Order> {
        self.portion.has((pool, order)).then(|| self.orders.entry((pool, order)).or_default())
    }

    fn see_slice(&mut self, name: &SliceName, event: tickets::Event) {
        let (order, part) = match event {
            tickets::Event::HeldFor { order, tickets, .. } => (order, Part::Live(tickets)),
            tickets::Event::Followed { order, tickets, fate: PartFate::Sold, .. } => {
                (order, Part::Sold(tickets))
            }
            tickets::Event::Followed { order, .. } => (order, Part::Ended),
            tickets::Event::FollowedRefund { order, left, .. } => (order, Part::Sold(left)),
            _ => return,
        };
        if let Some(order) = self.order(name.pool, order) {
            order.parts.insert(name.lead, part);
        }
    }

    fn see_till(&mut self, name: &TillName, event: till::Event) {
        let mut say = |number, told| {
            let number = OrderNumber { till: name.number, number };
            if let Some(order) = self.order(name.pool, number) {
                (order.till, order.settled) = (told, false);
            }
        };
        match event {
            till::Event::Begun { order, .. } => say(order, Told::Gathering),
            till::Event::BegunInOne { order, .. } => say(order, Told::InOneSlice),
            till::Event::Placed { order, parts, .. } => say(order, Told::Placed(parts)),
            till::Event::Confirmed { order, past, .. }
            | till::Event::Refunded { order, past, .. } => say(order, Told::Over(past)),
            till::Event::Ended { orders } | till::Event::Cleared { orders } => {
                orders.into_iter().for_each(|(order, past)| say(order, Told::Over(past)));
            }
            till::Event::Settled { orders } => {
                for number in orders {
                    let number = OrderNumber { till: name.number, number };
                    if let Some(order) = self.order(name.pool, number) {
                        order.settled = matches!(order.till, Told::Over(_));
                    }
                }
            }
            _ => {}
        }
    }

    /// Names what can never be so. True if some slices seem to be behind, and must be read again.
    pub fn check(&self) -> anyhow::Result<bool> {
        let mut behind = false;
        for (id, fit) in self.fits() {
            match fit {
                Fit::Well => {}
                Fit::Behind(_) => behind = true,
                Fit::Never(why) => bail!("order {id}: {why}"),
            }
        }
        Ok(behind)
    }

    /// Slices will be read once more, after the tills.
    pub fn forget_slices(&mut self) {
        self.orders.values_mut().for_each(|order| order.parts.clear());
    }

    /// Slices were read after the tills, so none is behind any more.
    pub fn check_again(&self) -> anyhow::Result<()> {
        for (id, fit) in self.fits() {
            if let Fit::Behind(why) = fit {
                bail!("order {id}: {why}");
            }
        }
        Ok(())
    }

    fn fits(&self) -> impl Iterator<Item = (OrderId, Fit)> {
        self.orders.iter().flat_map(|((pool, number), order)| {
            let id = OrderId::of(*pool, *number);
            order.fits().into_iter().map(move |fit| (id, fit))
        })
    }
}

fn is_slice(partition: &str) -> bool {
    partition.split('/').next() == Some(Slice::KIND)
}

/// Shows the frames of those partitions that know of orders.
fn read(
    history: &dyn History,
    partitions: &[String],
    which: fn(&str) -> bool,
    orders: &mut OrderAudit,
) -> anyhow::Result<()> {
    for partition in partitions.iter().filter(|partition| which(partition)) {
        let seen = history.frames_of(partition, &mut |frame| orders.see(partition, &frame));
        seen.with_context(|| format!("partition {partition}"))?;
    }
    Ok(())
}

/// Names the first order of which a slice and its till say different things, when all partitions
/// were seen once.
pub fn compare(
    history: &dyn History,
    partitions: &[String],
    mut orders: OrderAudit,
) -> anyhow::Result<()> {
    loop {
        if orders.check()? {
            orders.forget_slices();
            read(history, partitions, is_slice, &mut orders)?;
            orders.check_again()?;
        }
        let Some(next) = orders.next() else { return Ok(()) };
        orders = next;
        read(history, partitions, OrderAudit::are_in, &mut orders)?;
    }
}

fn facts<E: serde::de::DeserializeOwned>(frame: &Frame) -> anyhow::Result<Vec<E>> {
    let facts = records::<E>(frame)?.into_iter().filter_map(|record| match record.entry {
        Entry::Fact(event) => Some(event),
        Entry::Passed { .. } | Entry::Declined => None,
    });
    Ok(facts.collect())
}

impl Order {
    fn fits(&self) -> Vec<Fit> {
        let mut fits: Vec<Fit> =
            self.parts.iter().map(|(lead, part)| self.fits_with(*lead, part)).collect();
        fits.extend(self.missing().map(|lead| {
            Fit::Behind(format!("its till says that slice {lead} has tickets for it; it has none"))
        }));
        fits
    }

    /// Slices that should have some of its tickets, and have heard nothing of it.
    fn missing(&self) -> impl Iterator<Item = u8> {
        let parts = match &self.till {
            Told::Placed(parts) => &parts[..],
            Told::Over(past) if past.end == OrderEnd::Sold => &past.parts[..],
            _ => &[],
        };
        let has_some = |part: &&OrderPart| !part.tickets.is_empty();
        let leads = parts.iter().filter(has_some).map(|part| part.lead);
        leads.filter(|lead| !self.parts.contains_key(lead))
    }

    fn fits_with(&self, lead: u8, part: &Part) -> Fit {
        let never = |why: &str| Fit::Never(format!("slice {lead} {why}"));
        let may_be_behind = |why: &str| match self.settled {
            true => Fit::Behind(format!("its till takes it for settled, and slice {lead} {why}")),
            false => Fit::Well,
        };
        match (part, &self.till) {
            (_, Told::Nothing) => never("has a part of it, and its till never began it"),
            (Part::Live(_), Told::Gathering | Told::InOneSlice) => Fit::Well,
            (Part::Ended, Told::InOneSlice) => Fit::Well,
            (Part::Live(has), Told::Placed(parts)) => match of_slice(parts, lead) {
                Some(tickets) if tickets.is_empty() || tickets == has => Fit::Well,
                None => Fit::Well,
                Some(_) => never("holds other tickets than it was placed with"),
            },
            (Part::Live(_), Told::Over(_)) => may_be_behind("still holds tickets for it"),
            (Part::Sold(has), Told::Over(past)) if past.end == OrderEnd::Sold => {
                let left = of_slice(&past.parts, lead).map_or(&[][..], |tickets| tickets);
                let is_its =
                    |ticket: &Ticket| left.contains(ticket) || past.refunded.contains(ticket);
                match (has.iter().all(is_its), left.iter().all(|ticket| has.contains(ticket))) {
                    (false, _) => never("sold tickets that it did not buy"),
                    (_, false) => never("did not sell all that it bought"),
                    _ if has.len() == left.len() => Fit::Well,
                    _ => may_be_behind("did not take back what was refunded"),
                }
            }
            (Part::Sold(_), _) => never("sold tickets of it, and it was not bought"),
            (Part::Ended, Told::Gathering | Told::Placed(_)) => never("let go of it, and it lives"),
            (Part::Ended, Told::Over(past)) => {
                let left = of_slice(&past.parts, lead).is_some_and(|tickets| !tickets.is_empty());
                match past.end == OrderEnd::Sold && left {
                    true => never("let go of tickets that it has bought"),
                    false => Fit::Well,
                }
            }
        }
    }
}

fn of_slice(parts: &[OrderPart], lead: u8) -> Option<&Vec<Ticket>> {
    parts.iter().find(|part| part.lead == lead).map(|part| &part.tickets)
}

#[cfg(test)]
mod tests;
