//! The auditor's own idea of a lottery: open, closing, closed, drawn, each once and in that order.
//!
//! Which lots a draw must have is the only thing it takes from the rule book. Verifiers of other
//! draws share no code with that.

use super::super::right::{Answered, Right};
use actors::Time;
use actors::domain::lottery::{
    BallotSetup, Command, Drawn, Event, LotteryPlan, LotteryView, Phase, Refusal, places,
};
use sha2::{Digest, Sha256};

pub struct Model {
    plan: LotteryPlan,
    setup: BallotSetup,
    pub known: Option<LotteryView>,
}

impl Model {
    pub fn new(plan: LotteryPlan, setup: BallotSetup) -> Model {
        Model { plan, setup, known: None }
    }

    fn phase(&self) -> Option<Phase> {
        self.known.as_ref().map(|known| known.phase)
    }

    pub fn record(&mut self, event: &Event, at: Time) {
        let phase = self.phase();
        match (event, &mut self.known) {
            (Event::Arranged(plan), None) => {
                assert_eq!(*plan, self.plan);
                self.known = Some(LotteryView {
                    plan: plan.clone().into(),
                    phase: Phase::Open,
                    created_at: at,
                    boxes: Vec::new(),
                    drawn: None,
                });
            }
            (Event::Stopped { closes_at }, Some(known)) => {
                assert_eq!((phase, *closes_at), (Some(Phase::Open), self.plan.closes_at));
                known.phase = Phase::Closing;
            }
            (Event::Sealed { boxes }, Some(known)) => {
                assert_eq!(phase, Some(Phase::Closing), "what was sealed is known already");
                assert_eq!(boxes.len(), usize::from(self.setup.boxes));
                (known.phase, known.boxes) = (Phase::Closed, boxes.clone());
            }
            (Event::Drawn(drawn), Some(known)) => {
                assert_eq!(phase, Some(Phase::Closed), "drawn twice, or too early");
                (known.phase, known.drawn) = (Phase::Drawn, Some(drawn.clone()));
            }
            (event, known) => panic!("{known:?} came to {event:?}"),
        }
    }

    /// Whether that is what it came to, if it came to that at all.
    pub fn has_come_to(&self, event: &Event) -> bool {
        let Some(known) = &self.known else { return false };
        match event {
            Event::Arranged(_) => true,
            Event::Stopped { .. } => known.phase != Phase::Open,
            Event::Sealed { boxes } => known.boxes == *boxes,
            Event::Drawn(drawn) => known.drawn.as_ref() == Some(drawn),
            other => panic!("nobody asks for {other:?}"),
        }
    }

    /// What the rule book ought to answer.
    pub fn right(&self, command: &Command) -> Right<Refusal> {
        let Some(known) = &self.known else {
            return match command {
                Command::Create(_) => Ok(Answered::New),
                _ => Err(Refusal::Unknown),
            };
        };
        let is_closed = matches!(known.phase, Phase::Closed | Phase::Drawn);
        match command {
            Command::Create(_) => Err(Refusal::Exists),
            Command::Close if known.phase == Phase::Open => Ok(Answered::New),
            Command::Close => Ok(Answered::Already),
            Command::Finish { .. } if known.phase == Phase::Open => Err(Refusal::NotClosing),
            Command::Finish { boxes } if is_closed && *boxes == known.boxes => {
                Ok(Answered::Already)
            }
            Command::Finish { boxes }
                if !is_closed && boxes.len() == usize::from(self.setup.boxes) =>
            {
                Ok(Answered::New)
            }
            Command::Finish { .. } => Err(Refusal::OtherBoxes),
            Command::Draw(_) if known.phase == Phase::Drawn => Ok(Answered::Already),
            Command::Draw(_) if !is_closed => Err(Refusal::NotClosed),
            Command::Draw(drawn) => self.right_draw(known, drawn),
            Command::Withdraw { .. } | Command::EndWithdrawal { .. } => {
                panic!("nobody withdraws it")
            }
        }
    }

    fn right_draw(&self, known: &LotteryView, drawn: &Drawn) -> Right<Refusal> {
        let committed: [u8; 32] = Sha256::digest(drawn.seed).into();
        if committed != self.setup.commitment {
            return Err(Refusal::OtherSeed);
        }
        if drawn.beacon.as_ref().map(|beacon| beacon.round) != self.setup.round {
            return Err(Refusal::OtherRound);
        }
        let chosen = places(&self.setup, &known.boxes, &drawn.seed, drawn.beacon.as_ref());
        match drawn.lots.iter().map(|lot| (lot.number, lot.index)).eq(chosen) {
            true => Ok(Answered::New),
            false => Err(Refusal::OtherLots),
        }
    }
}
