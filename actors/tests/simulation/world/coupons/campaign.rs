//! The auditor's own idea of a campaign: who was first, second, and so on, and what it is called.

use super::super::right::{Answered, Right};
use super::batch::is_end;
use super::pool::Pool;
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{CampaignPlan, Command, Event, Refusal, Trigger};
use actors::domain::coupons::{CouponLedger, redeem};
use actors::machine::Role;
use actors::{Caller, Id, Time};

pub struct Model {
    pub plan: CampaignPlan,
    pub opened: bool,
    pub paused: bool,
    ended: bool,
    pub over: bool,
    withdrawn: bool,
    pub figures: Option<FiguresFor>,
    /// The last one in which its name could change.
    pub turn: u32,
    time: Time,
    pub pool: Pool,
}

impl Model {
    pub fn new(plan: CampaignPlan) -> Model {
        Model {
            plan,
            opened: false,
            paused: false,
            ended: false,
            over: false,
            withdrawn: false,
            figures: None,
            turn: 0,
            time: Time(i64::MIN),
            pool: Pool::default(),
        }
    }

    pub fn granted(&self) -> u64 {
        self.pool.coupons.len() as u64
    }

    fn has_one(&self, member: Id) -> bool {
        self.pool.coupons.values().any(|one| one.owner == member)
    }

    pub fn ledger(&self) -> Option<CouponLedger> {
        self.opened.then(|| self.pool.ledger(self.plan.quota, self.over))
    }

    pub fn record(&mut self, event: &Event, at: Time) {
        assert!(at >= self.time, "time went back from {:?} to {at:?}", self.time);
        self.time = at;
        if !is_expiry(event) {
            assert!(
                !self.opened || self.over || at < self.plan.ends_at,
                "{event:?} came before the campaign's end"
            );
            self.pool.nothing_is_overdue(at);
        }
        assert!(
            self.opened != matches!(event, Event::Opened(_)),
            "opened twice, or not at all: {event:?}"
        );
        match event {
            Event::Opened(plan) => {
                assert_eq!(*plan, self.plan);
                self.opened = true;
            }
            Event::Changed { quota, ends_at } => {
                let is_less = *quota < self.plan.quota || *ends_at < self.plan.ends_at;
                assert!(!self.over && *quota > 0 && (!is_less || self.granted() == 0));
                (self.plan.quota, self.plan.ends_at) = (*quota, *ends_at);
            }
            Event::Paused | Event::Resumed => {
                assert_eq!((self.over, self.paused), (false, *event == Event::Resumed));
                self.paused = *event == Event::Paused;
            }
            Event::Ended => {
                assert!(!self.over);
                (self.ended, self.over) = (true, true);
            }
            Event::Revised(plan) => {
                assert_eq!(plan.name, self.plan.name, "another name without a turn");
                self.revise(plan, at);
            }
            Event::RevisedInTurn { plan, turn } => {
                self.passes_to(*turn);
                self.revise(plan, at);
            }
            Event::TurnPassed(turn) => self.passes_to(*turn),
            Event::Withdrawn => {
                assert_eq!(self.granted(), 0, "somebody has built on it");
                (self.ended, self.over, self.withdrawn) = (true, true, true);
            }
            Event::Granted { rank, member, expires_at } => {
                self.grant(*rank, *member, at, *expires_at)
            }
            Event::FiguresTold(to) => {
                assert_ne!(self.figures, Some(*to));
                self.figures = Some(*to);
            }
            Event::Redeemed(event) => {
                self.pool.record(event, at, |_| false);
                if let redeem::Event::Expired { until } = event {
                    self.over |= self.plan.ends_at <= *until;
                }
            }
        }
    }

    fn revise(&mut self, plan: &CampaignPlan, at: Time) {
        assert!(!self.over && self.granted() == 0, "somebody has built on it");
        assert!(plan.ends_at > plan.starts_at.max(at) && plan.quota > 0);
        self.plan = plan.clone();
    }

    fn passes_to(&mut self, turn: u32) {
        assert!(turn > self.turn, "turn {turn} came after {}", self.turn);
        self.turn = turn;
    }

    fn grant(&mut self, rank: u64, member: Id, at: Time, expires_at: Time) {
        assert_eq!(rank, self.granted() + 1, "a gap in the ranks, or one given twice");
        assert!(rank <= self.plan.quota, "rank {rank} of {}", self.plan.quota);
        assert!(!self.has_one(member), "{member:?} has a rank");
        assert!(!self.paused && !self.ended, "granted by a campaign that takes no claims");
        match self.plan.valid_s {
            None => assert_eq!(expires_at, self.plan.ends_at),
            // At the next full second, since none here is good for more than an hour.
            Some(valid_s) => {
                assert!(valid_s <= 3600);
                let longer = expires_at.0 - at.plus_s(valid_s).0;
                assert!((0..1000).contains(&longer) && expires_at.0 % 1000 == 0);
            }
        }
        if self.plan.trigger != Trigger::FirstLogin {
            assert!(at >= self.plan.starts_at && !self.over, "granted outside the window");
        }
        self.pool.assign(rank, member, at, expires_at);
    }

    pub fn rights(&self, command: &Command, caller: &Caller) -> Vec<Right<Refusal>> {
        let is_admin = caller.role != Role::Member;
        let right = match command {
            Command::Open(_) => Ok(if self.opened { Answered::Already } else { Answered::New }),
            _ if !self.opened => Err(Refusal::NotOpened),
            Command::Change { .. }
            | Command::Pause
            | Command::Resume
            | Command::End
            | Command::Revise(_)
            | Command::ReviseInTurn { .. }
            | Command::PassTurn(_)
            | Command::Withdraw
            | Command::TellFigures(_)
                if !is_admin =>
            {
                Err(Refusal::NotAdmin)
            }
            Command::Withdraw if self.withdrawn => Ok(Answered::Already),
            Command::Withdraw if self.granted() > 0 => Err(Refusal::Claimed),
            Command::Withdraw => Ok(Answered::New),
            Command::TellFigures(to) => Ok(match self.figures == Some(*to) {
                true => Answered::Already,
                false => Answered::New,
            }),
            Command::End if self.over => Ok(Answered::Already),
            Command::PassTurn(turn) if *turn > self.turn => Ok(Answered::New),
            Command::PassTurn(_) => Ok(Answered::Already),
            Command::Change { .. }
            | Command::Pause
            | Command::Resume
            | Command::Revise(_)
            | Command::ReviseInTurn { .. }
                if self.over =>
            {
                Err(Refusal::Ended)
            }
            Command::Revise(changes) | Command::ReviseInTurn { changes, .. }
                if changes.made_to(&self.plan) == self.plan =>
            {
                Ok(Answered::Already)
            }
            Command::Revise(_) | Command::ReviseInTurn { .. } if self.granted() > 0 => {
                Err(Refusal::Claimed)
            }
            // Some are planned to end before they begin.
            Command::Revise(_) | Command::ReviseInTurn { .. }
                if self.plan.ends_at <= self.plan.starts_at =>
            {
                Err(Refusal::NoTimeLeft)
            }
            Command::ReviseInTurn { turn, .. } if *turn > self.turn => Ok(Answered::New),
            Command::Revise(changes) if changes.name.is_none() => Ok(Answered::New),
            Command::Revise(changes) if changes.name.as_ref() == Some(&self.plan.name) => {
                Ok(Answered::New)
            }
            Command::Revise(_) | Command::ReviseInTurn { .. } => Err(Refusal::NotItsTurn),
            Command::Pause if self.paused => Ok(Answered::Already),
            Command::Resume if !self.paused => Ok(Answered::Already),
            Command::Change { quota: Some(quota), .. } if *quota < self.plan.quota => {
                let leaves_something = *quota > 0 && self.plan.ends_at > self.plan.starts_at;
                match self.granted() == 0 && leaves_something {
                    true => Ok(Answered::New),
                    false => Err(Refusal::OnlyMore),
                }
            }
            Command::Change { quota, .. } if quota.is_none_or(|quota| quota == self.plan.quota) => {
                Ok(Answered::Already)
            }
            Command::Change { .. } | Command::Pause | Command::Resume | Command::End => {
                Ok(Answered::New)
            }
            Command::Claim { member, code } => {
                return self.rights_to_claim(*member, code.as_deref(), caller);
            }
            Command::ClaimFirstLogin { member, at } => self.right_of_a_first_login(*member, *at),
            Command::Redeem(command) => {
                self.pool.right(command, caller, |_| None).map_err(Refusal::Coupon)
            }
        };
        vec![right]
    }

    /// More than one, because the exact instant of the decision is not known.
    fn rights_to_claim(
        &self,
        member: Id,
        code: Option<&str>,
        caller: &Caller,
    ) -> Vec<Right<Refusal>> {
        if caller.role == Role::Admin {
            return vec![Err(Refusal::AdminsDoNotClaim)];
        }
        if self.has_one(member) {
            return vec![Ok(Answered::Already)];
        }
        match &self.plan.trigger {
            Trigger::FirstLogin => return vec![Err(Refusal::ByFirstLoginOnly)],
            Trigger::Code(right) if code != Some(right.as_str()) => {
                return vec![Err(Refusal::WrongCode)];
            }
            _ if self.over => return vec![Err(Refusal::Ended)],
            _ => {}
        }
        let too_early = (self.time < self.plan.starts_at)
            .then_some(Err(Refusal::NotYetOpen { starts_at: self.plan.starts_at }));
        [self.right_to_a_rank()].into_iter().chain(too_early).collect()
    }

    fn right_of_a_first_login(&self, member: Id, at: Time) -> Right<Refusal> {
        match &self.plan.trigger {
            _ if self.has_one(member) => Ok(Answered::Already),
            Trigger::Claim | Trigger::Code(_) => Err(Refusal::ByFirstLoginOnly),
            Trigger::FirstLogin if self.ended || at >= self.plan.ends_at => Err(Refusal::Ended),
            Trigger::FirstLogin if at < self.plan.starts_at => {
                Err(Refusal::NotYetOpen { starts_at: self.plan.starts_at })
            }
            Trigger::FirstLogin => match self.right_to_a_rank() {
                // Its voucher would have ended with the campaign.
                Ok(Answered::New) if self.over && self.plan.valid_s.is_none() => {
                    Err(Refusal::Ended)
                }
                right => right,
            },
        }
    }

    fn right_to_a_rank(&self) -> Right<Refusal> {
        match (self.paused, self.granted() < self.plan.quota) {
            (true, _) => Err(Refusal::Paused),
            (false, true) => Ok(Answered::New),
            (false, false) => Err(Refusal::SoldOut),
        }
    }
}

pub fn is_expiry(event: &Event) -> bool {
    matches!(event, Event::Redeemed(event) if is_end(event))
}
