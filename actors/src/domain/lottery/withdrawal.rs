//! A lottery that nobody has touched is withdrawn, as if it had never been.
//!
//! It takes two facts. The first says that all parts are being asked; each part that nobody has
//! touched takes nothing more of this edition then. The second says what they answered: all
//! untouched, and the name is free; or somebody was first, and the lottery goes on in its next
//! edition, in which the parts that gave way open again. Both can be repeated.

use super::rules::Lottery;
use super::words::{Event, LotteryView, Phase, Refusal};
use crate::domain::pool::Edition;
use crate::machine::Verdict;

type Decided = Result<Verdict<Event>, Refusal>;

impl Lottery {
    pub(super) fn withdraw(&self, known: &LotteryView, seems_untouched: bool) -> Decided {
        let edition = self.edition;
        let (plan, created_at) = (known.plan.plan.clone(), known.created_at);
        let withdrawing = Event::Withdrawing { edition, plan, created_at };
        match known.phase {
            Phase::Open if !seems_untouched => Err(Refusal::Touched),
            Phase::Open => Ok(Verdict::New(withdrawing)),
            Phase::Withdrawing => Ok(Verdict::Already(withdrawing)),
            Phase::Closing | Phase::Closed | Phase::Drawn | Phase::Withdrawn => Err(Refusal::Over),
        }
    }

    pub(super) fn end_withdrawal(&self, edition: Edition, is_untouched: bool) -> Decided {
        let closes_at = self.known.as_ref().map(|known| known.plan.closes_at).unwrap_or_default();
        let ended = |was_kept| match was_kept {
            true => Event::Kept { edition, closes_at },
            false => Event::Withdrawn { edition, closes_at },
        };
        let is_asking = self.known.as_ref().is_some_and(|known| known.phase == Phase::Withdrawing);
        if is_asking && edition == self.edition {
            return Ok(Verdict::New(ended(!is_untouched)));
        }
        match edition.checked_add(1) == Some(self.edition) {
            true => Ok(Verdict::Already(ended(self.was_kept))),
            false => Err(Refusal::NotWithdrawing),
        }
    }
}
