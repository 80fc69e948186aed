//! What may be told of a campaign, and when: the auditor's own idea of who was first, second, and
//! so on.

use super::super::ask::Call;
use super::super::kind::{Kind, Told};
use super::super::node::{Node, Yard};
use super::super::room::Room;
use super::super::tally::Tally;
use super::batch::{is_answer, is_end};
use super::pool::{Answered, Pool, Right, is_alive};
use super::{Seen, refusal_of, refused_rightly};
use actors::cards::Cards;
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{
    Answer, Campaign, CampaignPlan, Command, Event, Question, Refusal, Trigger,
};
use actors::domain::coupons::{CouponLedger, Serial, redeem};
use actors::machine::Role;
use actors::{Caller, Id, Machine, Time};

pub struct Model {
    pub plan: CampaignPlan,
    pub opened: bool,
    paused: bool,
    ended: bool,
    pub over: bool,
    withdrawn: bool,
    figures: Option<FiguresFor>,
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
            time: Time(i64::MIN),
            pool: Pool::default(),
        }
    }

    fn granted(&self) -> u64 {
        self.pool.coupons.len() as u64
    }

    fn has_one(&self, member: Id) -> bool {
        self.pool.coupons.values().any(|one| one.owner == member)
    }

    fn ledger(&self) -> Option<CouponLedger> {
        self.opened.then(|| self.pool.ledger(self.plan.quota, self.over))
    }

    fn record(&mut self, event: &Event, at: Time) {
        assert!(at >= self.time, "time went back from {:?} to {at:?}", self.time);
        self.time = at;
        if !Campaign::is_expiry(event) {
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
                assert!(!self.over && self.granted() == 0, "somebody has built on it");
                assert!(plan.ends_at > plan.starts_at.max(at) && plan.quota > 0);
                self.plan = plan.clone();
            }
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

    fn rights(&self, command: &Command, caller: &Caller) -> Vec<Right<Refusal>> {
        let is_admin = caller.role != Role::Member;
        let right = match command {
            Command::Open(_) => Ok(if self.opened { Answered::Already } else { Answered::New }),
            _ if !self.opened => Err(Refusal::NotOpened),
            Command::Change { .. }
            | Command::Pause
            | Command::Resume
            | Command::End
            | Command::Revise(_)
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
            Command::Change { .. } | Command::Pause | Command::Resume | Command::Revise(_)
                if self.over =>
            {
                Err(Refusal::Ended)
            }
            Command::Revise(changes) if changes.made_to(&self.plan) == self.plan => {
                Ok(Answered::Already)
            }
            Command::Revise(_) if self.granted() > 0 => Err(Refusal::Claimed),
            Command::Revise(_) => Ok(Answered::New),
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

impl Kind for Campaign {
    type Model = Model;
    type Books = Option<CouponLedger>;
    type Seen = Seen<Refusal>;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "no campaign has guests";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Campaign>) {
        (&mut node.yard, &mut node.campaigns)
    }

    fn opening(yard: &Yard, name: &Serial) -> Option<Command> {
        let planned = yard.plan.coupons.campaigns.iter().find(|(serial, _)| serial == name);
        planned.map(|(_, plan)| Command::Open(plan.clone()))
    }

    fn is_not_opened(refusal: &Refusal) -> bool {
        *refusal == Refusal::NotOpened
    }

    fn is_expiry(event: &Event) -> bool {
        matches!(event, Event::Redeemed(event) if is_end(event))
    }

    fn wish(command: &Command) -> String {
        format!("{command:?}")
    }

    fn record(model: &mut Model, event: &Event, at: Time) {
        model.record(event, at);
    }

    fn model_books(model: &Model) -> Option<CouponLedger> {
        model.ledger()
    }

    fn compare(model: &Model, machine: &Campaign, cards: &Cards<'_>) {
        let Answer::Campaign(overview) = machine.look(&Question::Campaign, cards) else {
            return assert!(!model.opened);
        };
        assert_eq!((&overview.plan, overview.granted), (&model.plan, model.granted()));
        assert_eq!((overview.paused, overview.over), (model.paused, model.over));
        assert_eq!(overview.figures, model.figures);
        let Answer::Ledger(ledger) = machine.look(&Question::Ledger, cards) else {
            panic!("it is open")
        };
        assert_eq!(Some(ledger), model.ledger());
        for rank in 0..=model.granted() + 1 {
            let Answer::Voucher(view) = machine.look(&Question::Voucher(rank), cards) else {
                panic!("it is open")
            };
            assert!(model.pool.is_shown(rank, &view), "{rank} is shown as {view:?}");
            assert_eq!(view.is_some(), (1..=model.granted()).contains(&rank));
        }
    }

    fn see(model: &Model, command: &Command, caller: &Caller, seen: &mut Self::Seen) {
        model.rights(command, caller).into_iter().for_each(|right| seen.note(right));
    }

    fn lacks(_: &Model, command: &Command) -> bool {
        panic!("a campaign is one place: {command:?}")
    }

    fn is_what_was_asked_for(model: &Model, call: &Call<Campaign>, event: &Event, _: Time) {
        assert!(
            model.rights(&call.command, &call.caller).contains(&Ok(Answered::New)),
            "{:?} led to {event:?}",
            call.command
        );
        assert!(is_answer_to(&call.command, event));
    }

    fn told_dry(_: &Told<Campaign>, event: &Event, _: Time) {
        panic!("nobody here asks what would happen: {event:?}");
    }

    fn told_done(told: &Told<Campaign>, event: &Event, durable: bool) {
        assert!(
            is_answer_to(&told.call.command, event),
            "{:?} was answered with {event:?}",
            told.call.command
        );
        // One that ended by itself says that it has ended, too.
        let said_before = || {
            told.places[told.place].has_happened(|first| first == event)
                || (*event == Event::Ended && told.model().over)
        };
        assert!(
            durable || said_before() || tells_how_it_is(event),
            "a repeat of what never happened: {event:?}"
        );
        assert!(
            durable || told.call.key.is_some() || told.seen_in(told.place as u16).repeated(),
            "{event:?} is no repeat"
        );
    }

    fn told_refused(told: &Told<Campaign>, refusal: &Refusal, tally: &mut Tally) {
        tally.count(match refusal {
            Refusal::Coupon(redeem::Refusal::NobodyToTell { .. }) => return,
            Refusal::Coupon(refusal) => refusal_of(refusal),
            Refusal::SoldOut => "sold out",
            Refusal::NotYetOpen { .. } => "not yet open",
            Refusal::Ended => "campaign ended",
            Refusal::Paused => "campaign paused",
            Refusal::WrongCode => "wrong code",
            Refusal::ByFirstLoginOnly => "by first login only",
            Refusal::AdminsDoNotClaim => "an admin claimed",
            Refusal::OnlyMore => "less was wanted",
            Refusal::Claimed => "campaign in use",
            Refusal::NoTimeLeft => "no time left",
            Refusal::NotOpened | Refusal::NotAdmin => "campaign not opened",
        });
        refused_rightly(told, refusal);
    }

    fn told_answer(told: &Told<Campaign>, answer: &Answer, at: Time, tally: &mut Tally) {
        match answer {
            Answer::Ledger(ledger) => {
                assert!(
                    told.books_since().contains(&Some(*ledger)),
                    "a ledger that was never durable while it was asked for: {ledger:?}"
                );
                tally.count("ledger of a campaign read");
            }
            Answer::Of(Some((rank, view))) => {
                assert!(is_alive(view, at) && view.coupon.owner == told.asker(), "shown: {view:?}");
                let known = told
                    .model()
                    .pool
                    .coupons
                    .get(rank)
                    .is_some_and(|one| one.owner == told.asker());
                assert!(known, "a voucher that is not durable was shown");
                tally.count("voucher read");
            }
            _ => {}
        }
    }
}

fn is_answer_to(command: &Command, event: &Event) -> bool {
    match (command, event) {
        (Command::Open(_), Event::Opened(_)) => true,
        (Command::Change { .. }, Event::Changed { .. }) => true,
        (Command::Pause, Event::Paused)
        | (Command::Resume, Event::Resumed)
        | (Command::End, Event::Ended)
        | (Command::Withdraw, Event::Withdrawn) => true,
        (Command::Revise(changes), Event::Revised(plan)) => changes.made_to(plan) == *plan,
        (
            Command::Claim { member, .. } | Command::ClaimFirstLogin { member, .. },
            Event::Granted { member: to, .. },
        ) => member == to,
        (Command::TellFigures(to), Event::FiguresTold(told)) => to == told,
        (Command::Redeem(command), Event::Redeemed(event)) => is_answer(command, event),
        _ => false,
    }
}

/// A repeat of these says how the campaign is now, whatever led to it.
fn tells_how_it_is(event: &Event) -> bool {
    matches!(event, Event::Opened(_) | Event::Resumed | Event::Changed { .. } | Event::Revised(_))
}
