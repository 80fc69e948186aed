//! What a slice decides about a hold: whether it begins, is bought, lasts longer or ends, and
//! whether a ticket of it is taken back.
//!
//! A live hold is in the head. What became of one that no longer lives, its card tells.

use super::books::Live;
use super::names::lead_digits;
use super::past::{self, Buyer, HoldEnd, PastHold};
use super::pattern::Pattern;
use super::rules::Slice;
use super::stock::Ticket;
use super::terms::SliceTerms;
use super::wish::SliceWish;
use super::words::{Event, HoldState, HoldView, Refusal};
use crate::cards::Cards;
use crate::dice::Dice;
use crate::id::Id;
use crate::machine::{Caller, Role, Stamp, Verdict};
use crate::time::Time;

type Decided = Result<Verdict<Event>, Refusal>;

/// A hold of the caller's.
enum Held<'a> {
    Live(&'a Live),
    Past(PastHold),
}

impl Slice {
    pub(super) fn hold(
        &self,
        wish: &SliceWish,
        ttl_s: u32,
        caller: &Caller,
        terms: &SliceTerms,
        stamp: &Stamp,
    ) -> Decided {
        self.sells(terms, stamp)?;
        let tickets = self.pick(terms, caller.id, wish, stamp)?;
        let until = stamp.at.plus_s(ttl_s.min(terms.hold_max_s)).min(terms.closes_at);
        let (hold, owner) = (self.books.next_hold, caller.id);
        Ok(Verdict::New(Event::Held { hold, owner, tickets, until }))
    }

    pub(super) fn pick(
        &self,
        terms: &SliceTerms,
        owner: Id,
        SliceWish { pattern, count, at_least, together }: &SliceWish,
        stamp: &Stamp,
    ) -> Result<Vec<Ticket>, Refusal> {
        let stock = &self.books.stock;
        let limit = terms.holds_per_member;
        let allowed = (limit as u32).saturating_sub(self.books.held_by(owner));
        if allowed < u32::from(*at_least).max(1) {
            return Err(Refusal::LimitReached { limit });
        }
        if !self.has(pattern, terms) {
            return Err(Refusal::NoMatchLeft { left: 0 });
        }
        let released = self.released(terms, stamp.at);
        let most = u64::from(allowed).min(u64::from(*count)).min(released) as usize;
        let mut dice = Dice::new(stamp.seed);
        let tickets = match together {
            true => stock.pick_run(pattern, most, &mut dice),
            false => stock.pick(pattern, most, &mut dice),
        };
        let needed = usize::from(*at_least).max(1);
        if tickets.len() >= needed {
            return Ok(tickets);
        }
        let are_there = || match together {
            true => stock.longest_run(pattern, needed) >= needed,
            false => stock.matching(pattern).0 >= needed as u64,
        };
        match terms.sale.next_release(stamp.at) {
            Some(next_at) if are_there() => Err(Refusal::NotReleasedYet { next_at }),
            _ => Err(Refusal::NoMatchLeft { left: tickets.len() as u64 }),
        }
    }

    /// Whether holds may begin now.
    pub(super) fn sells(&self, terms: &SliceTerms, stamp: &Stamp) -> Result<(), Refusal> {
        self.takes_commands(terms, stamp)?;
        match (terms.sale.starts_at, terms.sale.ends_at) {
            (Some(opens_at), _) if stamp.at < opens_at => Err(Refusal::NotYetOpen { opens_at }),
            (_, Some(ends_at)) if stamp.at >= ends_at => Err(Refusal::SaleOver),
            _ => Ok(()),
        }
    }

    /// How many more may be held or sold, as far as the waves say.
    pub(super) fn released(&self, terms: &SliceTerms, at: Time) -> u64 {
        let taken = || self.books.stock.size() - self.books.stock.free();
        terms.sale.released(at).map_or(u64::MAX, |released| released.saturating_sub(taken()))
    }

    /// Whether any number of this slice may match.
    pub(super) fn has(&self, pattern: &Pattern, terms: &SliceTerms) -> bool {
        pattern.digits() == terms.digits
            && pattern.may_begin_with(self.lead as u32, lead_digits(terms.digits))
    }

    pub(super) fn confirm(
        &self,
        hold: u32,
        caller: &Caller,
        terms: &SliceTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        match self.hold_of(hold, caller, cards)? {
            Held::Live(Live { owner, tickets, .. }) => {
                self.takes_commands(terms, stamp)?;
                let tickets = tickets.to_vec();
                Ok(Verdict::New(Event::Confirmed { hold, owner: *owner, tickets }))
            }
            Held::Past(PastHold { owner, end }) => {
                let (tickets, _) = end.sold()?;
                Ok(Verdict::Already(Event::Confirmed { hold, owner, tickets }))
            }
        }
    }

    pub(super) fn extend(
        &self,
        hold: u32,
        ttl_s: u32,
        caller: &Caller,
        terms: &SliceTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        match self.hold_of(hold, caller, cards)? {
            Held::Live(live) => {
                self.takes_commands(terms, stamp)?;
                extend(hold, live, terms, stamp.at.plus_s(ttl_s))
            }
            Held::Past(PastHold { end, .. }) => Err(end.into()),
        }
    }

    pub(super) fn release(&self, hold: u32, caller: &Caller, cards: &Cards<'_>) -> Decided {
        match self.hold_of(hold, caller, cards)? {
            Held::Live(live) => Ok(Verdict::New(Event::Released { hold, owner: live.owner })),
            Held::Past(PastHold { owner, end: HoldEnd::Released }) => {
                Ok(Verdict::Already(Event::Released { hold, owner }))
            }
            Held::Past(PastHold { end, .. }) => Err(end.into()),
        }
    }

    pub(super) fn refund(&self, ticket: Ticket, caller: &Caller, cards: &Cards<'_>) -> Decided {
        if self.sealed {
            return Err(Refusal::Closed);
        }
        if !self.books.stock.is_taken(&ticket) {
            let known = self.books.stock.has(&ticket);
            return Err(if known { Refusal::NotSold } else { Refusal::UnknownTicket });
        }
        // A part may not have heard yet that its order was bought.
        let of_order = || self.books.order_with(&ticket).map(Buyer::Order);
        let buyer = past::buyer(&ticket, cards).or_else(of_order).ok_or(Refusal::NotSold)?;
        if caller.role == Role::Member {
            return Err(Refusal::NotAdmin);
        }
        let hold = match buyer {
            Buyer::Hold(hold) => hold,
            Buyer::Order(order) => return Ok(Verdict::New(Event::Referred { ticket, order })),
        };
        let PastHold { owner, end } = past::of_hold(hold, cards).ok_or(Refusal::NotSold)?;
        let (mut left, mut refunded) = end.sold().map_err(|_| Refusal::NotSold)?;
        left.retain(|other| *other != ticket);
        if refunded.is_empty() {
            return Ok(Verdict::New(Event::Refunded { ticket, hold, owner, left }));
        }
        // What was taken back before stays known, so that a repeat of that call is answered.
        refunded.push(ticket);
        let tickets = vec![ticket];
        Ok(Verdict::New(Event::HoldRefunded { hold, owner, tickets, left, refunded }))
    }

    pub(super) fn refund_hold(
        &self,
        hold: u32,
        tickets: &[Ticket],
        caller: &Caller,
        cards: &Cards<'_>,
    ) -> Decided {
        if self.sealed {
            return Err(Refusal::Closed);
        }
        let Held::Past(PastHold { owner, end }) = self.hold_of(hold, caller, cards)? else {
            return Err(Refusal::NotSold);
        };
        let (left, mut refunded) = end.sold().map_err(|_| Refusal::NotSold)?;
        if caller.role == Role::Member {
            return Err(Refusal::NotAdmin);
        }
        let asked = |ticket: &Ticket| tickets.is_empty() || tickets.contains(ticket);
        let (back, left): (Vec<Ticket>, Vec<Ticket>) = left.into_iter().partition(asked);
        if !tickets.iter().all(|ticket| back.contains(ticket) || refunded.contains(ticket)) {
            return Err(Refusal::NotSold);
        }
        if back.is_empty() {
            let tickets = refunded.iter().filter(|ticket| asked(ticket)).copied().collect();
            let event = Event::HoldRefunded { hold, owner, tickets, left, refunded };
            return Ok(Verdict::Already(event));
        }
        refunded.extend(&back);
        Ok(Verdict::New(Event::HoldRefunded { hold, owner, tickets: back, left, refunded }))
    }

    /// A live hold, or one that was sold. Of one that ended there is nothing to see.
    pub(super) fn view(&self, hold: u32, cards: &Cards<'_>) -> Option<HoldView> {
        self.books.view(hold).or_else(|| {
            let PastHold { owner, end } = self.past_hold(hold, cards)?;
            let (tickets, _) = end.sold().ok()?;
            Some(HoldView { owner, tickets, state: HoldState::Confirmed })
        })
    }

    fn hold_of(&self, hold: u32, caller: &Caller, cards: &Cards<'_>) -> Result<Held<'_>, Refusal> {
        if let Some(live) = self.books.live.get(&hold) {
            return of_caller(caller, live.owner).map(|()| Held::Live(live));
        }
        let past = self.past_hold(hold, cards).ok_or(Refusal::UnknownHold)?;
        of_caller(caller, past.owner).map(|()| Held::Past(past))
    }

    /// No card is looked up for a hold that never began.
    fn past_hold(&self, hold: u32, cards: &Cards<'_>) -> Option<PastHold> {
        (hold < self.books.next_hold).then(|| past::of_hold(hold, cards))?
    }
}

/// Why nothing can be done with it.
impl From<HoldEnd> for Refusal {
    fn from(end: HoldEnd) -> Refusal {
        match end {
            HoldEnd::Sold(_) | HoldEnd::TakenBack { .. } => Refusal::AlreadyConfirmed,
            HoldEnd::Released => Refusal::HoldReleased,
            HoldEnd::Expired => Refusal::HoldExpired,
        }
    }
}

fn of_caller(caller: &Caller, owner: Id) -> Result<(), Refusal> {
    if caller.may_act_for(owner) { Ok(()) } else { Err(Refusal::NotYours) }
}

fn extend(hold: u32, live: &Live, terms: &SliceTerms, wanted: Time) -> Decided {
    let cap = live.since.plus_s(terms.hold_max_s).min(terms.closes_at);
    match wanted.min(cap) {
        until if until > live.until => Ok(Verdict::New(Event::Extended { hold, until })),
        _ if wanted <= live.until => {
            Ok(Verdict::Already(Event::Extended { hold, until: live.until }))
        }
        _ => Err(Refusal::ExtendedToTheLimit { until: cap }),
    }
}
