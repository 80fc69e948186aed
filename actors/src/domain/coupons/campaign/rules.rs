//! A campaign: who was first, second, … up to the quota, and their vouchers.
//!
//! Rules: a claim's rank is its place in this partition's own order, with no gap and no repeat; one
//! per member, for ever. Rank and voucher are one event. A claim counts by the instant of what it
//! is for (the first login), and by its own otherwise. Once anybody has claimed, a quota only grows
//! and an end only moves later; before, any mistake can be mended, or the whole withdrawn. Its name
//! changes in turns, which only grow, because the catalogue has to know of it. What has ended stays
//! so.
//! Vouchers keep the expiry that they were granted with.

use super::words::{
    Answer, CampaignChanges, CampaignPlan, Command, Event, Overview, Question, Rank, Refusal,
    Trigger,
};
use crate::cards::{Card, Cards, NameShelf};
use crate::domain::FiguresFor;
use crate::domain::coupons::book::{Book, Tally};
use crate::domain::coupons::cards::{COUPONS_OF_MEMBERS, CouponSet, Touched};
use crate::domain::coupons::ledger::CouponLedger;
use crate::domain::coupons::names::Serial;
use crate::domain::coupons::redeem::{self, wrap};
use crate::domain::coupons::rows::{self, CouponHome};
use crate::domain::coupons::touched::TouchedSlots;
use crate::id::Id;
use crate::machine::{Caller, Counts, Machine, Role, Stamp, Verdict};
use crate::store::{Row, Shelf};
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Campaign {
    plan: Option<CampaignPlan>,
    paused: bool,
    /// By hand, which nothing that happens later makes undone.
    ended: bool,
    book: Book,
    withdrawn: bool,
    /// To whom the figures are told, if that was changed.
    figures: Option<FiguresFor>,
    /// The last turn in which its name could change.
    turn: u32,
}

/// What a member was granted, as their card says.
#[derive(Serialize, Deserialize)]
struct GrantedTo {
    rank: Rank,
    expires_at: Time,
}

const VOUCHERS: CouponSet = CouponSet(0);

impl Machine for Campaign {
    const KIND: &'static str = "campaign";
    type Name = Serial;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Question;
    type Answer = Answer;
    type Witness = ();

    fn decide(
        &self,
        command: &Command,
        caller: &Caller,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        let plan = match (command, &self.plan) {
            (Command::Open(plan), None) => return Ok(Verdict::New(Event::Opened(plan.clone()))),
            (Command::Open(_), Some(plan)) => {
                return Ok(Verdict::Already(Event::Opened(plan.clone())));
            }
            (_, None) => return Err(Refusal::NotOpened),
            (_, Some(plan)) => plan,
        };
        match command {
            Command::Open(_) => Err(Refusal::NotOpened),
            Command::Change { quota, ends_at } => {
                self.change(plan, *quota, *ends_at, caller, stamp)
            }
            Command::Pause => self.switch(plan, caller, self.paused, Event::Paused),
            Command::Resume => self.switch(plan, caller, !self.paused, Event::Resumed),
            Command::End => self.end_now(plan, caller),
            Command::Claim { member, code } => {
                self.claim(plan, *member, code.as_deref(), caller, stamp, cards)
            }
            Command::ClaimFirstLogin { member, at } => {
                self.claim_first_login(plan, *member, *at, stamp, cards)
            }
            Command::TellFigures(_) if caller.role != Role::Admin => Err(Refusal::NotAdmin),
            Command::TellFigures(to) if self.figures == Some(*to) => {
                Ok(Verdict::Already(Event::FiguresTold(*to)))
            }
            Command::TellFigures(to) => Ok(Verdict::New(Event::FiguresTold(*to))),
            Command::Redeem(command) => {
                let vouchers = self.vouchers(cards);
                let decided = redeem::decide(&vouchers, &plan.offer, None, command, caller, stamp);
                wrap(decided, Event::Redeemed).map_err(Refusal::Coupon)
            }
            Command::Revise(changes) => self.revise(plan, changes, None, caller, stamp),
            Command::ReviseInTurn { changes, turn } => {
                self.revise(plan, changes, Some(*turn), caller, stamp)
            }
            Command::PassTurn(turn) => self.pass_turn(*turn, caller),
            Command::Withdraw => self.withdraw(caller),
        }
    }

    fn is_opening(command: &Command) -> bool {
        matches!(command, Command::Open(_))
    }

    fn must_be_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_unopened(answer: &Answer) -> bool {
        *answer == Answer::NotOpened
    }

    fn apply(&mut self, event: &Event, at: Time) {
        match event {
            Event::Opened(plan) => self.plan = Some(plan.clone()),
            Event::Changed { quota, ends_at } => {
                if let Some(plan) = &mut self.plan {
                    (plan.quota, plan.ends_at) = (*quota, *ends_at);
                }
            }
            Event::Paused => self.paused = true,
            Event::Resumed => self.paused = false,
            Event::Ended => self.ended = true,
            Event::Granted { expires_at, .. } => self.book.assign(*expires_at),
            Event::Redeemed(event) => self.book.apply(event, at),
            Event::Revised(plan) => self.plan = Some(plan.clone()),
            Event::Withdrawn => (self.ended, self.withdrawn) = (true, true),
            Event::FiguresTold(to) => self.figures = Some(*to),
            Event::RevisedInTurn { plan, turn } => {
                (self.plan, self.turn) = (Some(plan.clone()), *turn)
            }
            Event::TurnPassed(turn) => self.turn = *turn,
        }
    }

    fn cards(event: &Event, at: Time, cards: &mut Vec<Card>) {
        match event {
            Event::Granted { rank, member, expires_at } => {
                let granted = GrantedTo { rank: *rank, expires_at: *expires_at };
                cards.push(Card::put(VOUCHERS.of_member(member), &granted));
                cards.push(VOUCHERS.assigned(*rank, *member, at, *expires_at));
            }
            Event::Redeemed(event) => VOUCHERS.redeemed(event, at, cards),
            Event::Opened(_)
            | Event::Changed { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Ended
            | Event::Revised(_)
            | Event::Withdrawn
            | Event::FiguresTold(_)
            | Event::RevisedInTurn { .. }
            | Event::TurnPassed(_) => {}
        }
    }

    const NAMES: &'static [NameShelf] = &[COUPONS_OF_MEMBERS];

    fn next_number(&self, _: Shelf, from: u64) -> Option<u64> {
        TouchedSlots::within(1, self.book.len()).from(from).next()
    }

    fn look(&self, question: &Question, cards: &Cards<'_>) -> Answer {
        let Some(plan) = &self.plan else { return Answer::NotOpened };
        let vouchers = self.vouchers(cards);
        match question {
            Question::Campaign => {
                let over = self.is_over(plan);
                Answer::Campaign(Overview {
                    plan: plan.clone(),
                    granted: self.book.len(),
                    paused: self.paused,
                    over,
                    withdrawn: self.withdrawn,
                    figures: self.figures,
                    turn: self.turn,
                })
            }
            Question::Voucher(rank) => Answer::Voucher(vouchers.view(*rank)),
            Question::Vouchers(ranks) => {
                Answer::Vouchers(ranks.iter().map(|rank| vouchers.view(*rank)).collect())
            }
            Question::Of(member) => Answer::Of(
                granted_to(member, cards)
                    .and_then(|granted| Some((granted.rank, vouchers.view(granted.rank)?))),
            ),
            Question::Walk(walk) => {
                let ranks = vouchers.slots.from(walk.from).filter(|_| walk.touched);
                Answer::Walked(walk.through(ranks, |rank| vouchers.view(rank)))
            }
            Question::Ledger => Answer::Ledger(self.ledger(plan)),
        }
    }

    fn due(&self) -> Option<Time> {
        redeem::due(&self.book, self.end())
    }

    fn expire(&self, now: Time) -> Option<Event> {
        redeem::expire(&self.book, self.end(), now).map(Event::Redeemed)
    }

    fn rows(name: &Serial, event: &Event, at: Time, rows: &mut Vec<Row>) {
        match event {
            Event::Granted { rank, member, .. } => {
                rows.push(rows::of_campaign(*name, *rank, *member, at))
            }
            Event::Redeemed(event) => rows::of_notices(
                event,
                at,
                |rank| CouponHome::Campaign { campaign: *name, rank },
                rows,
            ),
            Event::Opened(_)
            | Event::Changed { .. }
            | Event::Paused
            | Event::Resumed
            | Event::Ended
            | Event::Revised(_)
            | Event::Withdrawn
            | Event::FiguresTold(_)
            | Event::RevisedInTurn { .. }
            | Event::TurnPassed(_) => {}
        }
    }

    fn books(&self, name: &Serial) -> Vec<(String, Counts)> {
        self.plan.iter().map(|plan| (name.to_string(), self.ledger(plan).counts())).collect()
    }

    fn imbalance(&self) -> i64 {
        let Some(plan) = &self.plan else { return self.book.len() as i64 };
        self.ledger(plan).imbalance.abs() + self.book.imbalance()
    }
}

impl Campaign {
    fn claim(
        &self,
        plan: &CampaignPlan,
        member: Id,
        code: Option<&str>,
        caller: &Caller,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        if caller.role == Role::Admin {
            return Err(Refusal::AdminsDoNotClaim);
        }
        if let Some(granted) = granted(member, cards) {
            return Ok(Verdict::Already(granted));
        }
        match &plan.trigger {
            Trigger::FirstLogin => return Err(Refusal::ByFirstLoginOnly),
            Trigger::Code(right) if code != Some(right) => return Err(Refusal::WrongCode),
            Trigger::Code(_) | Trigger::Claim => {}
        }
        self.grant(plan, member, stamp.at, stamp)
    }

    fn claim_first_login(
        &self,
        plan: &CampaignPlan,
        member: Id,
        at: Time,
        stamp: &Stamp,
        cards: &Cards<'_>,
    ) -> Result<Verdict<Event>, Refusal> {
        match (granted(member, cards), &plan.trigger) {
            (Some(granted), _) => Ok(Verdict::Already(granted)),
            (None, Trigger::FirstLogin) => self.grant(plan, member, at, stamp),
            (None, _) => Err(Refusal::ByFirstLoginOnly),
        }
    }

    /// `at`: the instant that must lie in the window.
    fn grant(
        &self,
        plan: &CampaignPlan,
        member: Id,
        at: Time,
        stamp: &Stamp,
    ) -> Result<Verdict<Event>, Refusal> {
        // A claim made good after the campaign's end is none that came too late, unless the
        // campaign was ended by hand.
        if self.ended || at >= plan.ends_at {
            return Err(Refusal::Ended);
        }
        if at < plan.starts_at {
            return Err(Refusal::NotYetOpen { starts_at: plan.starts_at });
        }
        if self.paused {
            return Err(Refusal::Paused);
        }
        if self.book.len() >= plan.quota {
            return Err(Refusal::SoldOut);
        }
        let expires_at = plan.valid_s.map_or(plan.ends_at, |valid_s| expiry(stamp.at, valid_s));
        if expires_at <= stamp.at {
            return Err(Refusal::Ended);
        }
        Ok(Verdict::New(Event::Granted { rank: self.book.len() + 1, member, expires_at }))
    }

    fn vouchers<'a>(&'a self, cards: &'a Cards<'a>) -> Touched<'a> {
        let slots = TouchedSlots::within(1, self.book.len());
        Touched { book: &self.book, set: VOUCHERS, cards, slots }
    }

    fn change(
        &self,
        plan: &CampaignPlan,
        quota: Option<u64>,
        ends_at: Option<Time>,
        caller: &Caller,
        stamp: &Stamp,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if self.is_over(plan) {
            return Err(Refusal::Ended);
        }
        let (quota, ends_at) = (quota.unwrap_or(plan.quota), ends_at.unwrap_or(plan.ends_at));
        let is_less = quota < plan.quota || ends_at < plan.ends_at;
        let leaves_something = quota > 0 && ends_at > plan.starts_at.max(stamp.at);
        if is_less && !(self.book.is_empty() && leaves_something) {
            return Err(Refusal::OnlyMore);
        }
        let changed = Event::Changed { quota, ends_at };
        Ok(if (quota, ends_at) == (plan.quota, plan.ends_at) {
            Verdict::Already(changed)
        } else {
            Verdict::New(changed)
        })
    }

    fn revise(
        &self,
        plan: &CampaignPlan,
        changes: &CampaignChanges,
        turn: Option<u32>,
        caller: &Caller,
        stamp: &Stamp,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        if self.is_over(plan) {
            return Err(Refusal::Ended);
        }
        let revised = changes.made_to(plan);
        if revised == *plan {
            return Ok(Verdict::Already(Event::Revised(revised)));
        }
        if !self.book.is_empty() {
            return Err(Refusal::Claimed);
        }
        if revised.ends_at <= revised.starts_at.max(stamp.at) {
            return Err(Refusal::NoTimeLeft);
        }
        match turn {
            Some(turn) if turn > self.turn => {
                Ok(Verdict::New(Event::RevisedInTurn { plan: revised, turn }))
            }
            None if revised.name == plan.name => Ok(Verdict::New(Event::Revised(revised))),
            _ => Err(Refusal::NotItsTurn),
        }
    }

    fn pass_turn(&self, turn: u32, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        Ok(match turn > self.turn {
            true => Verdict::New(Event::TurnPassed(turn)),
            false => Verdict::Already(Event::TurnPassed(self.turn)),
        })
    }

    fn withdraw(&self, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        match (self.withdrawn, self.book.is_empty()) {
            (true, _) => Ok(Verdict::Already(Event::Withdrawn)),
            (false, true) => Ok(Verdict::New(Event::Withdrawn)),
            (false, false) => Err(Refusal::Claimed),
        }
    }

    fn end_now(&self, plan: &CampaignPlan, caller: &Caller) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        Ok(if self.is_over(plan) {
            Verdict::Already(Event::Ended)
        } else {
            Verdict::New(Event::Ended)
        })
    }

    fn switch(
        &self,
        plan: &CampaignPlan,
        caller: &Caller,
        is_so: bool,
        event: Event,
    ) -> Result<Verdict<Event>, Refusal> {
        admin(caller)?;
        match (self.is_over(plan), is_so) {
            (true, _) => Err(Refusal::Ended),
            (false, true) => Ok(Verdict::Already(event)),
            (false, false) => Ok(Verdict::New(event)),
        }
    }

    /// What can no longer be claimed has expired.
    fn ledger(&self, plan: &CampaignPlan) -> CouponLedger {
        let unclaimed = plan.quota.saturating_sub(self.book.len());
        let Tally { created, expired, .. } = self.book.tally();
        let tally = match self.is_over(plan) {
            true => Tally { expired: expired + unclaimed, ..self.book.tally() },
            false => Tally { created: created + unclaimed, ..self.book.tally() },
        };
        CouponLedger::of(plan.quota, tally)
    }

    fn is_over(&self, plan: &CampaignPlan) -> bool {
        self.ended || plan.ends_at <= self.book.expired_until()
    }

    /// The end of the campaign, as long as it lies ahead.
    fn end(&self) -> Option<Time> {
        self.plan.as_ref().filter(|plan| !self.is_over(plan)).map(|plan| plan.ends_at)
    }
}

/// Vouchers expire at a full second, minute or hour, by how long they are good for. So however many
/// are granted, there are only some thousand instants at which any expires.
fn expiry(at: Time, valid_s: u32) -> Time {
    let full_ms = match valid_s {
        0..=3_600 => 1_000,
        3_601..=2_592_000 => 60_000,
        _ => 3_600_000,
    };
    let exact = at.plus_s(valid_s).0;
    Time(exact.saturating_add((full_ms - exact.rem_euclid(full_ms)) % full_ms))
}

fn granted_to(member: &Id, cards: &Cards<'_>) -> Option<GrantedTo> {
    cards.read(&VOUCHERS.of_member(member))
}

/// The same, as it was said when it happened.
fn granted(member: Id, cards: &Cards<'_>) -> Option<Event> {
    let GrantedTo { rank, expires_at } = granted_to(&member, cards)?;
    Some(Event::Granted { rank, member, expires_at })
}

fn admin(caller: &Caller) -> Result<(), Refusal> {
    if caller.role == Role::Member { Err(Refusal::NotAdmin) } else { Ok(()) }
}
