//! Parts of orders: tickets of this slice for an order that may have tickets of others, too.
//!
//! The order's till decides, and the part follows: it neither expires nor is sold by itself. It is
//! told as often as need be, and comes to the same. An order that is over before its part began
//! leaves a card, so that a request that comes late takes nothing.

use super::books::LivePart;
use super::names::OrderNumber;
use super::past::{PastPart, part_key};
use super::rules::Slice;
use super::stock::Ticket;
use super::terms::SliceTerms;
use super::wish::SliceWish;
use super::words::{Event, PartFate, Refusal};
use crate::cards::Cards;
use crate::id::Id;
use crate::machine::{Stamp, Verdict};

type Decided = Result<Verdict<Event>, Refusal>;

impl Slice {
    pub(super) fn hold_for(
        &self,
        order: OrderNumber,
        owner: Id,
        wish: &SliceWish,
        terms: &SliceTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        if let Some(LivePart { owner, tickets }) = self.books.parts.get(&order) {
            let (owner, tickets) = (*owner, tickets.to_vec());
            return Ok(Verdict::Already(Event::HeldFor { order, owner, tickets }));
        }
        if cards.has(&part_key(&order)) {
            return Err(Refusal::OrderOver);
        }
        self.sells(terms, stamp)?;
        let tickets = self.pick(terms, owner, wish, stamp)?;
        Ok(Verdict::New(Event::HeldFor { order, owner, tickets }))
    }

    pub(super) fn follow(&self, order: OrderNumber, fate: PartFate, cards: &Cards<'_>) -> Decided {
        let followed = |owner, tickets| Event::Followed { order, owner, tickets, fate };
        if let Some(LivePart { owner, tickets }) = self.books.parts.get(&order) {
            return Ok(Verdict::New(followed(*owner, tickets.to_vec())));
        }
        match (cards.read::<PastPart>(&part_key(&order)), fate) {
            (Some(part), _) if part.fate == fate => {
                Ok(Verdict::Already(followed(part.owner, part.tickets)))
            }
            // What is sealed takes nothing anyway.
            (None, PartFate::Ended) if self.sealed => {
                Ok(Verdict::Already(followed(Id::SYSTEM, Vec::new())))
            }
            (None, PartFate::Ended) => Ok(Verdict::New(followed(Id::SYSTEM, Vec::new()))),
            (Some(_), _) | (None, PartFate::Sold) => Err(Refusal::NoPart),
        }
    }

    /// What there is for an order whose till does not know yet. If there is nothing, it is as if
    /// the order were over.
    pub(super) fn decline(&self, order: OrderNumber, cards: &Cards<'_>) -> Decided {
        if let Some(LivePart { owner, tickets }) = self.books.parts.get(&order) {
            let (owner, tickets) = (*owner, tickets.to_vec());
            return Ok(Verdict::Already(Event::HeldFor { order, owner, tickets }));
        }
        match cards.read::<PastPart>(&part_key(&order)) {
            Some(PastPart { owner, tickets, fate }) => {
                Ok(Verdict::Already(Event::Followed { order, owner, tickets, fate }))
            }
            None => self.follow(order, PartFate::Ended, cards),
        }
    }

    pub(super) fn follow_refund(
        &self,
        order: OrderNumber,
        tickets: &[Ticket],
        cards: &Cards<'_>,
    ) -> Decided {
        let part = cards.read::<PastPart>(&part_key(&order));
        let Some(PastPart { owner, fate: PartFate::Sold, tickets: sold }) = part else {
            return Err(Refusal::NoPart);
        };
        let (back, left): (Vec<_>, Vec<_>) =
            sold.into_iter().partition(|ticket| tickets.contains(ticket));
        let nothing_new = back.is_empty();
        let event = Event::FollowedRefund { order, owner, tickets: back, left };
        Ok(if nothing_new { Verdict::Already(event) } else { Verdict::New(event) })
    }
}
