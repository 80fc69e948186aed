//! What a lottery is told and asked, what happens, and why not.

use super::arranged::ArrangedPlan;
use super::plan::LotteryPlan;
use super::result::Drawn;
use super::shipped::{FirstPlan, SecondPlan};
use crate::domain::draw::Sealed;
use crate::domain::pool::Edition;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    Open,
    Closing,
    Closed,
    /// Only lotteries with ballots come to this.
    Drawn,
    /// All parts are asked whether anybody has touched them.
    Withdrawing,
    /// Nobody had, and its name is free again.
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LotteryView {
    pub plan: ArrangedPlan,
    pub phase: Phase,
    pub created_at: Time,
    /// What the boxes held, once they are sealed.
    pub boxes: Vec<Sealed>,
    pub drawn: Option<Drawn>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Create(LotteryPlan),
    /// Takes nothing new from now on; the slices and boxes are to be sealed.
    Close,
    /// Every slice and box is sealed, and this is what the boxes hold.
    Finish {
        boxes: Vec<Sealed>,
    },
    Draw(Drawn),
    /// As if it had never been; all of its parts are to be asked. They were before, too, to no
    /// avail but to know whether it is worth while.
    Withdraw {
        seems_untouched: bool,
    },
    /// What the parts have said.
    EndWithdrawal {
        edition: Edition,
        is_untouched: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// As it was written before there were ballots.
    Created(FirstPlan),
    /// As `Stopped` was written before there was a list of closing instants.
    Closing,
    /// A lottery without ballots has come to its end.
    Closed,
    /// As it was written before pools had sales, labels and limits.
    Planned(SecondPlan),
    /// Nothing is taken any more; what the boxes hold is fixed, and nothing is drawn yet.
    Sealed {
        boxes: Vec<Sealed>,
    },
    Drawn(Drawn),
    /// What it is, from here on and for good.
    Arranged(LotteryPlan),
    /// It takes nothing new; it was to close at that instant.
    Stopped {
        closes_at: Time,
    },
    /// Its parts are being asked whether anybody has touched them. This is what is withdrawn.
    Withdrawing {
        edition: Edition,
        plan: LotteryPlan,
        created_at: Time,
    },
    /// Nobody had, and nobody can any more. The name is free for another one.
    Withdrawn {
        edition: Edition,
        closes_at: Time,
    },
    /// Somebody had, so it goes on as before.
    Kept {
        edition: Edition,
        closes_at: Time,
    },
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    Unknown,
    Exists,
    /// It has begun to close, or is over.
    Over,
    /// Its parts are being asked whether anybody has touched them.
    BeingWithdrawn,
    /// Somebody has held, bought, ordered or submitted something.
    Touched,
    /// This withdrawal never began, or was over long ago.
    NotWithdrawing,
    NotClosing,
    NotClosed,
    /// The lottery has no ballots, or other boxes than these.
    OtherBoxes,
    /// Not the seed that was committed to.
    OtherSeed,
    /// Not the round that was named, or one although none was.
    OtherRound,
    /// Not the ballots that seed and round choose.
    OtherLots,
}

impl Refused for Refusal {}

/// All that is known of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Question;

/// None: there is no such lottery.
pub type Answer = Option<LotteryView>;
