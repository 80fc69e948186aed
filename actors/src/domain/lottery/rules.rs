//! The life of one lottery, from its creation to its end: open → closing → closed → drawn.
//! `withdrawal` has the way back: open → withdrawing → as if it had never been, or open again.
//!
//! Creation fixes everything that its slices and boxes need to know, so that the first request
//! that needs one can open it. It takes nothing new from its closing instant on, or when it is told
//! so. Closing begins here and ends here; in between a job seals every slice and box. What the
//! boxes held is written down before the draw. The draw is refused unless it used the seed that was
//! committed to, the round that was named, and the ballots these choose.

use super::arranged::ArrangedPlan;
use super::result::{Drawn, places};
use super::rows;
use super::words::{Answer, Command, Event, LotteryView, Phase, Question, Refusal};
use crate::cards::Cards;
use crate::domain::draw::{Sealed, commitment};
use crate::domain::pool::{Edition, PoolName};
use crate::machine::{Caller, Machine, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Lottery {
    pub(super) known: Option<LotteryView>,
    /// What the next one is, or the one that is there.
    pub(super) edition: Edition,
    /// How the last withdrawal ended: whether the one before this edition was kept.
    pub(super) was_kept: bool,
}

impl Machine for Lottery {
    const KIND: &'static str = "lottery";
    type Name = PoolName;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        _: &Caller,
        _: &Stamp,
        _: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        match (command, &self.known) {
            (Command::Create(plan), None) => Ok(Verdict::New(Event::Arranged(plan.clone()))),
            (Command::Create(_), Some(_)) => Err(Refusal::Exists),
            (Command::EndWithdrawal { edition, is_untouched }, _) => {
                self.end_withdrawal(*edition, *is_untouched)
            }
            (_, None) => Err(Refusal::Unknown),
            (Command::Close, Some(known)) => match known.phase {
                Phase::Open => Ok(Verdict::New(known.stop())),
                Phase::Closing | Phase::Closed | Phase::Drawn => Ok(Verdict::Already(known.stop())),
                Phase::Withdrawing | Phase::Withdrawn => Err(Refusal::BeingWithdrawn),
            },
            (Command::Withdraw { seems_untouched }, Some(known)) => {
                self.withdraw(known, *seems_untouched)
            }
            (Command::Finish { boxes }, Some(known)) => known.finish(boxes),
            (Command::Draw(drawn), Some(known)) => known.draw(drawn),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        let edition = self.edition;
        let created = |plan| Some(LotteryView::opened(ArrangedPlan { edition, plan }, at));
        match (event, &mut self.known) {
            (Event::Created(plan), none) => *none = created(plan.clone().into()),
            (Event::Planned(plan), none) => *none = created(plan.clone().into()),
            (Event::Arranged(plan), none) => *none = created(plan.clone()),
            (Event::Closing | Event::Stopped { .. }, Some(known)) => known.phase = Phase::Closing,
            (Event::Closed, Some(known)) => known.phase = Phase::Closed,
            (Event::Sealed { boxes }, Some(known)) => {
                (known.phase, known.boxes) = (Phase::Closed, boxes.clone())
            }
            (Event::Drawn(drawn), Some(known)) => {
                (known.phase, known.drawn) = (Phase::Drawn, Some(drawn.clone()))
            }
            (Event::Withdrawing { .. }, Some(known)) => known.phase = Phase::Withdrawing,
            (Event::Withdrawn { edition, .. }, known) => {
                *known = None;
                (self.edition, self.was_kept) = (edition + 1, false);
            }
            (Event::Kept { edition, .. }, Some(known)) => {
                (known.phase, known.plan.edition) = (Phase::Open, edition + 1);
                (self.edition, self.was_kept) = (edition + 1, true);
            }
            (
                Event::Closing
                | Event::Stopped { .. }
                | Event::Closed
                | Event::Sealed { .. }
                | Event::Drawn(_)
                | Event::Withdrawing { .. }
                | Event::Kept { .. },
                None,
            ) => {}
        }
    }

    fn look(&self, _: &Question, _: &Cards<'_>) -> Answer {
        self.known.clone()
    }

    fn due(&self) -> Option<Time> {
        self.known.as_ref().filter(|known| known.phase == Phase::Open).map(LotteryView::closes_at)
    }

    fn expire(&self, now: Time) -> Option<Event> {
        self.due().filter(|due| *due <= now)?;
        self.known.as_ref().map(LotteryView::stop)
    }

    fn rows(pool: &PoolName, event: &Event, _: Time, rows: &mut Vec<Row>) {
        rows::declare(pool, event, rows);
    }
}

impl LotteryView {
    /// One that was made at that instant.
    pub fn opened(plan: ArrangedPlan, at: Time) -> LotteryView {
        let (phase, boxes, drawn) = (Phase::Open, Vec::new(), None);
        LotteryView { plan, phase, created_at: at, boxes, drawn }
    }

    fn closes_at(&self) -> Time {
        self.plan.closes_at
    }

    fn stop(&self) -> Event {
        Event::Stopped { closes_at: self.plan.closes_at }
    }

    fn finish(&self, boxes: &[Sealed]) -> Result<Verdict<Event>, Refusal> {
        let with_ballots = self.plan.ballots.is_some();
        let done =
            if with_ballots { Event::Sealed { boxes: boxes.to_vec() } } else { Event::Closed };
        match self.phase {
            Phase::Open | Phase::Withdrawing | Phase::Withdrawn => Err(Refusal::NotClosing),
            Phase::Closing
                if boxes.len() != self.plan.ballots.map_or(0, |ballots| ballots.boxes as usize) =>
            {
                Err(Refusal::OtherBoxes)
            }
            Phase::Closing => Ok(Verdict::New(done)),
            Phase::Closed | Phase::Drawn if boxes != self.boxes => Err(Refusal::OtherBoxes),
            Phase::Closed | Phase::Drawn => Ok(Verdict::Already(done)),
        }
    }

    fn draw(&self, drawn: &Drawn) -> Result<Verdict<Event>, Refusal> {
        if let Some(first) = &self.drawn {
            return Ok(Verdict::Already(Event::Drawn(first.clone())));
        }
        let plan = self.plan.ballots.ok_or(Refusal::OtherBoxes)?;
        if self.phase != Phase::Closed {
            return Err(Refusal::NotClosed);
        }
        if commitment(&drawn.seed) != plan.commitment {
            return Err(Refusal::OtherSeed);
        }
        if drawn.beacon.as_ref().map(|beacon| beacon.round) != plan.round {
            return Err(Refusal::OtherRound);
        }
        let chosen = places(&plan, &self.boxes, &drawn.seed, drawn.beacon.as_ref());
        if !chosen.iter().copied().eq(drawn.lots.iter().map(|lot| (lot.number, lot.index))) {
            return Err(Refusal::OtherLots);
        }
        Ok(Verdict::New(Event::Drawn(drawn.clone())))
    }
}
