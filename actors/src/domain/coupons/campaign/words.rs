//! What a campaign is, what it is told and asked, what happens, and why not.

use crate::domain::FiguresFor;
use crate::domain::coupons::coupon::CouponView;
use crate::domain::coupons::ledger::{CouponLedger, Walk, Walked};
use crate::domain::coupons::offer::{Offer, OfferChanges};
use crate::domain::coupons::redeem;
use crate::id::Id;
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A voucher's place in the order of claims, from 1 on; its slot in the book.
pub type Rank = u64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignPlan {
    pub name: String,
    pub quota: u64,
    pub starts_at: Time,
    pub ends_at: Time,
    pub trigger: Trigger,
    pub offer: Offer,
    /// How long a voucher is good for after its grant; until the campaign's end if nothing is said.
    pub valid_s: Option<u32>,
}

/// What a claim is made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    FirstLogin,
    Claim,
    /// By members who know the code.
    Code(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Open(CampaignPlan),
    Change {
        quota: Option<u64>,
        ends_at: Option<Time>,
    },
    Pause,
    Resume,
    End,
    Claim {
        member: Id,
        /// What the member says is the code.
        code: Option<String>,
    },
    /// For a member whose first login was then.
    ClaimFirstLogin {
        member: Id,
        at: Time,
    },
    Redeem(redeem::Command),
    /// Until the first claim. A name has to be the one that it has.
    Revise(CampaignChanges),
    /// Until the first claim: as if it had never been.
    Withdraw,
    /// To whom the figures are told from now on.
    TellFigures(FiguresFor),
    /// As `Revise`, also with another name, which was taken for the campaign in that turn.
    ReviseInTurn {
        changes: CampaignChanges,
        turn: u32,
    },
    /// No name of that turn, or of an earlier one, is followed any more.
    PassTurn(u32),
}

/// What is to become otherwise; what is not said stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignChanges {
    pub name: Option<String>,
    pub quota: Option<u64>,
    pub starts_at: Option<Time>,
    pub ends_at: Option<Time>,
    pub offer: OfferChanges,
    /// None within takes it away.
    pub valid_s: Option<Option<u32>>,
}

impl CampaignChanges {
    pub fn made_to(&self, plan: &CampaignPlan) -> CampaignPlan {
        CampaignPlan {
            name: self.name.clone().unwrap_or_else(|| plan.name.clone()),
            quota: self.quota.unwrap_or(plan.quota),
            starts_at: self.starts_at.unwrap_or(plan.starts_at),
            ends_at: self.ends_at.unwrap_or(plan.ends_at),
            trigger: plan.trigger.clone(),
            offer: self.offer.made_to(plan.offer),
            valid_s: self.valid_s.unwrap_or(plan.valid_s),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Opened(CampaignPlan),
    Changed { quota: u64, ends_at: Time },
    Paused,
    Resumed,
    Ended,
    Granted { rank: Rank, member: Id, expires_at: Time },
    Redeemed(redeem::Event),
    Revised(CampaignPlan),
    Withdrawn,
    FiguresTold(FiguresFor),
    RevisedInTurn { plan: CampaignPlan, turn: u32 },
    TurnPassed(u32),
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The campaign was not told its plan yet. The shell tells it, and asks again.
    NotOpened,
    NotAdmin,
    /// Administrators never claim.
    AdminsDoNotClaim,
    /// It is claimed by logging in for the first time, and by nothing else.
    ByFirstLoginOnly,
    WrongCode,
    Ended,
    NotYetOpen {
        starts_at: Time,
    },
    Paused,
    /// Somebody has claimed: the quota only grows, and the end only moves later. Before, at least
    /// one voucher and some time must be left.
    OnlyMore,
    SoldOut,
    Coupon(redeem::Refusal),
    /// Somebody has claimed.
    Claimed,
    /// It would end before it begins, or have ended already.
    NoTimeLeft,
    /// Another name has to be taken in a turn, a later one than the last. The shell takes it, and
    /// asks again.
    NotItsTurn,
}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub enum Question {
    Campaign,
    Voucher(Rank),
    Vouchers(Vec<Rank>),
    /// The voucher of a member.
    Of(Id),
    Walk(Walk),
    Ledger,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    NotOpened,
    Campaign(Overview),
    Voucher(Option<CouponView>),
    Vouchers(Vec<Option<CouponView>>),
    Of(Option<(Rank, CouponView)>),
    Walked(Walked),
    Ledger(CouponLedger),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub plan: CampaignPlan,
    pub granted: u64,
    pub paused: bool,
    pub over: bool,
    pub withdrawn: bool,
    /// None: to those whom its registration named.
    pub figures: Option<FiguresFor>,
    /// The last turn in which its name could change.
    pub turn: u32,
}
