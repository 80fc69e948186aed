//! What a till decides about a limit key that it keeps: an order takes of its allowance, and then
//! says what it came to.
//!
//! An order says it in steps. A step that comes again changes nothing, and one that comes late does
//! not either. An order that is over before it took anything leaves a card, so that a request that
//! comes late takes nothing. A sealed till needs no such card, and hears of nothing more but that
//! something which was bought was taken back.

use super::cards;
use super::names::LimitKey;
use super::rules::Till;
use super::words::{Event, KeyShare, Refusal, TillTerms};
use crate::cards::Cards;
use crate::domain::tickets::OrderNumber;
use crate::machine::{Stamp, Verdict};

type Decided = Result<Verdict<Event>, Refusal>;

impl Till {
    pub(super) fn take(
        &self,
        order: OrderNumber,
        key: LimitKey,
        (count, at_least): (u16, u16),
        terms: &TillTerms,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Decided {
        match self.share_of(order, key, cards) {
            Some(KeyShare { step: 0, held, .. }) => {
                return Ok(Verdict::Already(Event::Taken { order, key, count: held }));
            }
            Some(_) => return Err(Refusal::OrderOver),
            None => {}
        }
        self.takes_orders(terms, stamp)?;
        let count = self.granted(key.0, count, at_least, terms, cards)?;
        Ok(Verdict::New(Event::Taken { order, key, count }))
    }

    pub(super) fn follow_key(
        &self,
        order: OrderNumber,
        key: LimitKey,
        share: KeyShare,
        cards: &Cards<'_>,
    ) -> Decided {
        let (bought, known) = (cards::bought(key.0, cards), self.share_of(order, key, cards));
        let before = match known {
            Some(known) if known.step >= share.step => {
                let event = Event::FollowedKey { order, key, share: known, bought };
                return Ok(Verdict::Already(event));
            }
            None if self.sealed && share.bought == 0 && share.held == 0 => {
                return Ok(Verdict::Already(Event::FollowedKey { order, key, share, bought }));
            }
            known if self.sealed && (known.is_none() || share.held > 0) => {
                return Err(Refusal::Closed);
            }
            known => known.map_or(0, |known| u32::from(known.bought)),
        };
        let bought = bought.saturating_sub(before).saturating_add(u32::from(share.bought));
        Ok(Verdict::New(Event::FollowedKey { order, key, share, bought }))
    }

    fn share_of(&self, order: OrderNumber, key: LimitKey, cards: &Cards<'_>) -> Option<KeyShare> {
        let live = self.book.shares.get(&(order, key)).copied();
        live.or_else(|| cards::share(&order, key, cards))
    }
}
