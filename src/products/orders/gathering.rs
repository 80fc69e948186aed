//! How an order comes together: an allowance, then tickets of one slice after the other, then the
//! fact that it is placed. Where one slice alone may have them, it is held as soon as that slice
//! has set them aside, and its till is told without waiting.
//!
//! Only whoever began an order gathers it. If anything is in doubt on the way, the order is given
//! up, and all who may know of it hear so; a request that is repeated under the same key begins
//! another one. So no slice has tickets of an order that the till does not know of.

use super::{Orders, PlacedTickets, WantedOrder, tickets_of};
use crate::failure::Error;
use crate::opening::Whole;
use crate::tickets::WantedTickets;
use crate::tickets::opened::open_with;
use actors::dice::Dice;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::{PoolCommand, PoolName};
use actors::domain::tickets::{self, SliceName};
use actors::domain::till::{
    self, Command, Event, LimitKey, OrderEnd, OrderId, OrderPart, OrderStage, OrderWish, TillName,
};
use actors::engine::{By, Done, Failure, Key};
use actors::time::Time;
use actors::{Caller, Id};
use metrics::counter;

/// So many orders may have been given up under one key before one is placed.
const ATTEMPTS: u8 = 100;

/// An order that this task has begun.
pub(super) struct Begun<'a> {
    pub id: OrderId,
    pub plan: &'a ArrangedPlan,
    pub owner: Id,
    /// With as many as are allowed.
    pub wish: OrderWish,
    /// Of one slice, it is held until then once that slice has tickets for it.
    held_until: Option<Time>,
    /// Whether its numbers have to follow one another.
    together: bool,
    keys: &'a [LimitKey],
    pub by: By,
}

impl Orders {
    /// Places an order: as many tickets as there are, of whichever slices have them.
    pub async fn hold(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        wanted: &WantedOrder<'_>,
        by: By,
    ) -> Result<Done<PlacedTickets>, Error> {
        let till = TillName::of(pool, plan.till_count(), by.caller.id);
        for attempt in 0..ATTEMPTS {
            let by = by.under(by.key.map(|key| of_attempt(key, attempt)));
            let begin = begin(pool, plan, wanted).of(plan.edition);
            let done = self.tell_till(&till, plan, begin, by).await?;
            let (order, owner, wish, held_until) = match done.event {
                Event::Begun { order, owner, wish, .. } => (order, owner, wish, None),
                Event::BegunInOne { order, owner, wish, until, .. } => {
                    (order, owner, wish, Some(until))
                }
                _ => return Err(Error(Failure::Refused(crate::Refusal::OtherFact))),
            };
            let id = OrderId { till, number: order };
            if !done.replayed {
                let (together, keys) = (wanted.tickets.together, wanted.keys);
                let begun = Begun { id, plan, owner, wish, held_until, together, keys, by };
                let event = self.gather(&begun).await?;
                return Ok(Done { event, at: done.at, replayed: false, witness: None });
            }
            if let Some(event) = self.found(&id, plan).await? {
                return Ok(Done { event, at: done.at, replayed: true, witness: None });
            }
        }
        Err(Error(Failure::Busy))
    }

    /// What was placed under that id. None if it was given up.
    async fn found(
        &self,
        id: &OrderId,
        plan: &ArrangedPlan,
    ) -> Result<Option<PlacedTickets>, Error> {
        let Some(view) = self.found_out(id).await? else { return Ok(None) };
        let (tickets, until) = match view.stage {
            OrderStage::Gathering { .. } => {
                self.give_up(id, plan).await?;
                return Ok(None);
            }
            OrderStage::Placed { parts, placed_until, .. } => (tickets_of(&parts), placed_until),
            OrderStage::Past(past) if past.end == OrderEnd::GivenUp => return Ok(None),
            OrderStage::Past(past) => {
                let mut tickets = tickets_of(&past.parts);
                tickets.extend(past.refunded);
                (tickets, past.placed_until.unwrap_or(Time(0)))
            }
        };
        Ok(Some(PlacedTickets { id: *id, tickets, until }))
    }

    async fn gather(&self, begun: &Begun<'_>) -> Result<PlacedTickets, Error> {
        let placed = match self.parts_for(begun).await {
            Ok((parts, wish)) => self.place(begun, parts, &wish).await,
            Err(why) => Err(why),
        };
        let dry = begun.by.is_dry_run();
        match &placed {
            Ok(_) if !dry => counter!("stampede_orders_total", "fate" => "placed").increment(1),
            Ok(_) => {}
            // It is not known whether it is placed; whoever asks again finds out.
            Err(Error(Failure::Unknown)) => {}
            Err(_) if !dry => {
                counter!("stampede_orders_total", "fate" => "given_up").increment(1);
                // Else its till gives it up by itself.
                self.give_up(&begun.id, begun.plan).await.ok();
            }
            Err(_) => {}
        }
        placed
    }

    /// Asks limit keys and slices until there is enough.
    async fn parts_for(&self, begun: &Begun<'_>) -> Result<(Vec<OrderPart>, OrderWish), Error> {
        let Begun { id, plan, owner, by, .. } = *begun;
        let (order, mut wish) = (id.in_pool(), begun.wish);
        let system = By { caller: Caller::SYSTEM, key: None, how: by.how };
        for key in begun.keys {
            let (count, at_least) = (wish.count, wish.at_least);
            let take = Command::Take { order, key: *key, count, at_least }.of(plan.edition);
            let home = TillName::of(id.till.pool, plan.till_count(), key.0);
            let done = self.tell_till(&home, plan, take, system).await.map_err(unsure)?;
            if let Event::Taken { count, .. } = done.event {
                wish.count = wish.count.min(count);
            }
        }
        if begun.together {
            return Ok((self.parts_together(begun, &wish).await?, wish));
        }
        let (mut parts, mut missing, mut limit) = (Vec::new(), wish.count, None);
        for slice in self.likely_slices(id.till.pool, plan, &wish).await? {
            if missing == 0 {
                break;
            }
            let pattern = wish.pattern;
            let hold = tickets::Command::HoldFor { order, owner, pattern, count: missing };
            let hold = hold.of(plan.edition);
            let held = match self.tell_slice(&slice, plan, hold, system).await {
                Ok(tickets::Event::HeldFor { tickets, .. }) => tickets,
                Ok(_) => return Err(Error(Failure::Refused(crate::Refusal::OtherFact))),
                Err(Failure::Refused(refusal)) => {
                    match refusal {
                        tickets::Refusal::NoMatchLeft { .. }
                        | tickets::Refusal::NotReleasedYet { .. } => {}
                        tickets::Refusal::LimitReached { .. } => limit = Some(refusal),
                        other => return Err(Error(Failure::Refused(other.into()))),
                    }
                    Vec::new()
                }
                Err(failure) => return Err(unsure(failure)),
            };
            missing -= held.len() as u16;
            parts.push(OrderPart { lead: slice.lead, tickets: held });
        }
        let has = wish.count - missing;
        if has < wish.at_least.max(1) {
            let none = tickets::Refusal::NoMatchLeft { left: u64::from(has) };
            return Err(Error(Failure::Refused(limit.unwrap_or(none).into())));
        }
        Ok((parts, wish))
    }

    /// The slices that may have some, each as likely to be asked first as many are free there.
    async fn likely_slices(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        wish: &OrderWish,
    ) -> Result<Vec<SliceName>, Error> {
        let mut names = plan.slices_matching(pool, &wish.pattern);
        if names.len() < 2 {
            return Ok(names);
        }
        let open = open_with(plan);
        let slices = Whole { router: &self.engine.slices, names: &names, open: &open };
        let seed = self.engine.node.seed();
        let question = tickets::Question::Matching { pattern: wish.pattern, sample: 0, seed };
        let free = |answer| match answer {
            tickets::Answer::Matching { free, .. } => free,
            _ => 0,
        };
        let mut left: Vec<u64> = slices.look(&question).await?.into_iter().map(free).collect();
        if left.iter().sum::<u64>() < u64::from(wish.at_least.max(1)) {
            let left = left.iter().sum();
            return Err(Error(Failure::Refused(tickets::Refusal::NoMatchLeft { left }.into())));
        }
        let (mut dice, mut order) = (Dice::new(seed), Vec::new());
        while let Some(place) = dice.weigh(&left) {
            left.swap_remove(place);
            order.push(names.swap_remove(place));
        }
        Ok(order)
    }

    async fn place(
        &self,
        begun: &Begun<'_>,
        parts: Vec<OrderPart>,
        wish: &OrderWish,
    ) -> Result<PlacedTickets, Error> {
        let (id, plan) = (begun.id, begun.plan);
        let tickets = tickets_of(&parts);
        if begun.by.is_dry_run() {
            let until = self.lotteries.now().plus_s(wish.ttl_s).min(plan.closes_at);
            return Ok(PlacedTickets { id, tickets, until });
        }
        let place = Command::Place { order: id.number, parts };
        if let Some(until) = begun.held_until
            && self.engine.tills.send(&id.till, place.clone(), By::SYSTEM, |_| ())
        {
            return Ok(PlacedTickets { id, tickets, until });
        }
        let done = self.tell_till(&id.till, plan, place, By::SYSTEM).await?;
        let Event::Placed { parts, until, unsettled, .. } = done.event else {
            return Err(Error(Failure::Refused(crate::Refusal::OtherFact)));
        };
        if unsettled && let Some(view) = self.view(&id).await? {
            // Limit keys give back what the order does not need.
            self.follow(&id, till::PLACED, &view).await;
        }
        Ok(PlacedTickets { id, tickets: tickets_of(&parts), until })
    }

    /// Ends an order that is not placed, and tells all who may know of it.
    pub(super) async fn give_up(&self, id: &OrderId, plan: &ArrangedPlan) -> Result<(), Error> {
        let command = Command::GiveUp { order: id.number };
        let done = self.tell_till(&id.till, plan, command, By::SYSTEM).await?;
        if let Some(past) = super::past_in(&done.event) {
            self.follow_past(id, past).await;
        }
        Ok(())
    }
}

/// Which of the two it is follows from what is asked, so a repeat is the same.
fn begin(pool: PoolName, plan: &ArrangedPlan, wanted: &WantedOrder<'_>) -> Command {
    let (wish, keys) = (wish(wanted), wanted.keys.to_vec());
    let may_be_one = keys.is_empty() && !wanted.tickets.together;
    match may_be_one && plan.slices_matching(pool, &wish.pattern).len() == 1 {
        true => Command::BeginInOne { wish },
        false => Command::Begin { wish, keys },
    }
}

fn wish(wanted: &WantedOrder<'_>) -> OrderWish {
    let WantedTickets { pattern, count, at_least, ttl_s, .. } = wanted.tickets;
    OrderWish { pattern, count, at_least, ttl_s }
}

/// The first is the caller's own.
fn of_attempt(key: Key, attempt: u8) -> Key {
    match attempt {
        0 => key,
        _ => Key { hash: Id::digest(&[&key.hash.0, b"attempt", &[attempt]]), ..key },
    }
}

/// What is in doubt about a part or a key is in no doubt for the caller: the order is given up.
pub(super) fn unsure<R: Into<crate::Refusal>>(failure: Failure<R>) -> Error {
    match failure {
        Failure::Unknown => Error(Failure::Busy),
        other => other.into(),
    }
}
