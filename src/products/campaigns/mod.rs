//! Campaigns: created, changed, withdrawn, claimed, counted.
//!
//! The first request that needs a campaign opens it. `naming` has how its name changes, and what is
//! revised or withdrawn with it. `first_logins` claims what members are owed
//! because they logged in for the first time; `windows` has the spans of time in which they are.

pub mod first_logins;
mod naming;
pub mod told;
pub mod windows;

use crate::failure::{Error, pick};
use crate::opening::Whole;
use crate::promotions::{Promotion, Promotions};
use crate::table::Engine;
use actors::Time;
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{
    self, Answer, Campaign, CampaignPlan, Command, Event, Overview, Question,
};
use actors::domain::coupons::catalogue::CatalogueEntry;
use actors::domain::coupons::{CouponLedger, Serial};
use actors::engine::{By, Done, Failure};
use std::sync::{Arc, Mutex};
use windows::{Window, Windows, window_in, window_of};

pub struct Campaigns {
    engine: Arc<Engine>,
    promotions: Arc<Promotions>,
    windows: Arc<Windows>,
    /// Those that had several names at the last look, and in which turn.
    unfinished: Mutex<Vec<(Serial, u32)>>,
}

/// A campaign as it is before anybody has claimed.
#[derive(Debug)]
pub struct NewCampaign {
    pub promotion: Promotion,
    pub overview: Overview,
}

/// A claim that was granted.
#[derive(Clone, Debug)]
pub struct GrantedVoucher {
    pub promotion: Arc<Promotion>,
    pub rank: u64,
    pub expires_at: Time,
}

impl Campaigns {
    pub fn new(engine: Arc<Engine>, promotions: Arc<Promotions>) -> Campaigns {
        Campaigns { engine, promotions, windows: Arc::default(), unfinished: Mutex::default() }
    }

    fn windows(&self) -> &Arc<Windows> {
        &self.windows
    }

    /// A member who logs in for the first time after this was answered is owed what the campaign
    /// grants for it. A repeat hears of the campaign as it was then, too.
    pub async fn create(
        &self,
        plan: CampaignPlan,
        figures: Option<FiguresFor>,
        by: By,
    ) -> Result<Done<NewCampaign>, Error> {
        let doubt = self.windows.doubt_unless();
        let entry = CatalogueEntry::Campaign(plan);
        let outcome = self.promotions.register(entry, figures, by).await;
        if let (Ok(done), false) = (&outcome, by.is_dry_run()) {
            self.note_created(&done.event);
        }
        if !may_have_happened_unseen(&outcome) {
            doubt.dispel();
        }
        pick(outcome?, |promotion| {
            let plan = promotion.campaign()?.clone();
            let overview = Overview {
                plan,
                granted: 0,
                paused: false,
                over: false,
                withdrawn: false,
                figures: None,
                turn: 0,
            };
            Some(NewCampaign { promotion, overview })
        })
    }

    /// A change of the campaign as a whole, by which first logins are judged from now on. Says how
    /// it is after that; for a dry run, how it would be. What was revised is told as it became
    /// then, whatever others have made of it since.
    pub async fn change(
        &self,
        promotion: &Promotion,
        command: &Command,
        by: By,
    ) -> Result<Done<Overview>, Error> {
        let doubt = self.windows.doubt_unless();
        let outcome = self.command(promotion, command, by).await;
        if let (Ok(done), false) = (&outcome, by.is_dry_run()) {
            self.note_changed(promotion, &done.event);
        }
        if !may_have_happened_unseen(&outcome) {
            doubt.dispel();
        }
        let Done { event, at, replayed, .. } = outcome?;
        let overview = self.overview(promotion).await?;
        let mut overview = overview.ok_or(Failure::Refused(campaign::Refusal::NotOpened))?;
        let revised = matches!(event, Event::Revised(_) | Event::RevisedInTurn { .. });
        if by.is_dry_run() || revised {
            foresee(&mut overview, &event);
        }
        Ok(Done { event: overview, at, replayed, witness: None })
    }

    /// With the plan that its vouchers have. Once anybody has claimed, it is remembered.
    pub async fn as_it_is(&self, promotion: Arc<Promotion>) -> Result<Arc<Promotion>, Error> {
        if promotion.is_settled || promotion.campaign().is_none() {
            return Ok(promotion);
        }
        let Some(now) = self.overview(&promotion).await? else { return Ok(promotion) };
        let known = Arc::new(promotion.with_plan(now.plan, now.granted > 0));
        if known.is_settled {
            self.promotions.settle(known.clone());
        }
        Ok(known)
    }

    /// A command that grants a voucher.
    pub async fn claim(
        &self,
        promotion: &Arc<Promotion>,
        claim: &Command,
        by: By,
    ) -> Result<Done<GrantedVoucher>, Error> {
        let done = self.command(promotion, claim, by).await?;
        granted(done, self.as_it_is(promotion.clone()).await?)
    }

    /// Many such commands at once, in their order.
    pub async fn claim_together(
        &self,
        promotion: &Arc<Promotion>,
        claims: Vec<(Command, By)>,
    ) -> Vec<Result<Done<GrantedVoucher>, Error>> {
        let (names, open) = ([promotion.serial], open_with(promotion));
        let whole = self.whole(&names, &open);
        let outcomes = whole.command_together(&promotion.serial, claims).await;
        let promotion = match outcomes.iter().any(Result::is_ok) {
            true => self.as_it_is(promotion.clone()).await,
            false => Ok(promotion.clone()),
        };
        let voucher = |outcome: Result<_, Failure<_>>| granted(outcome?, promotion.clone()?);
        outcomes.into_iter().map(voucher).collect()
    }

    pub(crate) async fn command(
        &self,
        promotion: &Promotion,
        command: &Command,
        by: By,
    ) -> Result<Done<Event>, Error> {
        let (names, open) = ([promotion.serial], open_with(promotion));
        Ok(self.whole(&names, &open).command(command, by).await?.1)
    }

    pub(crate) async fn look(
        &self,
        promotion: &Promotion,
        question: &Question,
    ) -> Result<Option<Answer>, Error> {
        let (names, open) = ([promotion.serial], open_with(promotion));
        Ok(self.whole(&names, &open).look(question).await?.pop())
    }

    pub async fn overview(&self, promotion: &Promotion) -> Result<Option<Overview>, Error> {
        Ok(match self.look(promotion, &Question::Campaign).await? {
            Some(Answer::Campaign(overview)) => Some(overview),
            _ => None,
        })
    }

    pub async fn ledger(&self, promotion: &Promotion) -> Result<CouponLedger, Error> {
        Ok(match self.look(promotion, &Question::Ledger).await? {
            Some(Answer::Ledger(ledger)) => ledger,
            _ => CouponLedger::default(),
        })
    }

    /// Notes a new campaign, before it is answered.
    fn note_created(&self, promotion: &Promotion) {
        if let Some(window) = window_of(promotion) {
            self.windows.learn(promotion.serial, window);
        }
    }

    /// Notes a change of a campaign, before it is answered.
    fn note_changed(&self, promotion: &Promotion, event: &Event) {
        let Some(window) = window_of(promotion) else { return };
        let window = match event {
            Event::Changed { ends_at, .. } => Window { ends_at: *ends_at, ..window },
            Event::Ended | Event::Withdrawn => Window { over: true, ..window },
            Event::Revised(plan) | Event::RevisedInTurn { plan, .. } => {
                window_in(plan, promotion.created_at)
            }
            Event::Opened(_)
            | Event::Paused
            | Event::Resumed
            | Event::Granted { .. }
            | Event::Redeemed(_)
            | Event::FiguresTold(_)
            | Event::TurnPassed(_) => return,
        };
        self.windows.learn(promotion.serial, window);
    }

    fn whole<'a>(
        &'a self,
        names: &'a [Serial],
        open: &'a (dyn Fn(&Serial) -> Option<Command> + Sync),
    ) -> Whole<'a, Campaign> {
        Whole { router: &self.engine.campaigns, names, open }
    }
}

fn granted(done: Done<Event>, promotion: Arc<Promotion>) -> Result<Done<GrantedVoucher>, Error> {
    pick(done, |event| match event {
        Event::Granted { rank, expires_at, .. } => {
            Some(GrantedVoucher { promotion, rank, expires_at })
        }
        _ => None,
    })
}

/// What the event would make of the campaign.
fn foresee(overview: &mut Overview, event: &Event) {
    match event {
        Event::Changed { quota, ends_at } => {
            (overview.plan.quota, overview.plan.ends_at) = (*quota, *ends_at)
        }
        Event::Paused => overview.paused = true,
        Event::Resumed => overview.paused = false,
        Event::Ended => overview.over = true,
        Event::Revised(plan) | Event::RevisedInTurn { plan, .. } => overview.plan = plan.clone(),
        Event::Withdrawn => (overview.over, overview.withdrawn) = (true, true),
        Event::FiguresTold(to) => overview.figures = Some(*to),
        Event::Opened(_) | Event::Granted { .. } | Event::Redeemed(_) | Event::TurnPassed(_) => {}
    }
}

fn open_with(promotion: &Promotion) -> impl Fn(&Serial) -> Option<Command> + Sync {
    |_| promotion.campaign().cloned().map(Command::Open)
}

fn may_have_happened_unseen<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error(Failure::Unknown)))
}

#[cfg(test)]
mod tests;
