//! Campaigns: claims, changes, and how they are doing.

pub mod first_logins;
pub mod told;
pub mod windows;

use crate::catalogue::{Failed, Known, Promotions};
use crate::opening::Whole;
use actors::domain::coupons::campaign::{
    Answer, Campaign, Command, Event, Overview, Plan, Question,
};
use actors::domain::coupons::catalogue::{self, CatalogueEntry};
use actors::domain::coupons::{CouponLedger, Serial};
use actors::engine::By;
use actors::engine::{Done, Failure};

impl Promotions {
    /// Whoever logs in for the first time after this was answered is owed what the campaign grants
    /// for it.
    pub async fn create_campaign(
        &self,
        plan: Plan,
        by: By,
    ) -> Result<Done<catalogue::Event>, Failed> {
        let doubt = self.windows.doubt_unless();
        let outcome = self.register(CatalogueEntry::Campaign(plan), by).await;
        if let (Ok(done), false) = (&outcome, by.is_dry_run()) {
            self.note_created(done);
        }
        if !may_have_happened_unseen(&outcome) {
            doubt.dispel();
        }
        outcome
    }

    /// A change of the campaign as a whole, by which first logins are judged from now on.
    pub async fn change_campaign(
        &self,
        known: &Known,
        command: &Command,
        by: By,
    ) -> Result<Done<Event>, Failed> {
        let doubt = self.windows.doubt_unless();
        let outcome = self.command_campaign(known, command, by).await;
        if let (Ok(done), false) = (&outcome, by.is_dry_run()) {
            self.note_changed(known, &done.event);
        }
        if !may_have_happened_unseen(&outcome) {
            doubt.dispel();
        }
        outcome
    }

    pub async fn command_campaign(
        &self,
        known: &Known,
        command: &Command,
        by: By,
    ) -> Result<Done<Event>, Failed> {
        let (_, done) =
            self.campaign(&[known.serial], &open_with(known)).command(command, by).await?;
        Ok(done)
    }

    pub async fn look_at_campaign(
        &self,
        known: &Known,
        question: &Question,
    ) -> Result<Option<Answer>, Failed> {
        Ok(self.campaign(&[known.serial], &open_with(known)).look(question).await?.pop())
    }

    pub async fn overview(&self, known: &Known) -> Result<Option<Overview>, Failed> {
        Ok(match self.look_at_campaign(known, &Question::Campaign).await? {
            Some(Answer::Campaign(overview)) => Some(overview),
            _ => None,
        })
    }

    pub(super) async fn campaign_ledger(&self, known: &Known) -> Result<CouponLedger, Failed> {
        Ok(match self.look_at_campaign(known, &Question::Ledger).await? {
            Some(Answer::Ledger(ledger)) => ledger,
            _ => CouponLedger::default(),
        })
    }

    fn campaign<'a>(
        &'a self,
        names: &'a [Serial],
        open: &'a (dyn Fn(&Serial) -> Option<Command> + Sync),
    ) -> Whole<'a, Campaign> {
        Whole { router: &self.engine.campaigns, names, open }
    }
}

fn open_with(known: &Known) -> impl Fn(&Serial) -> Option<Command> + Sync {
    |_| known.campaign().cloned().map(Command::Open)
}

fn may_have_happened_unseen<T>(outcome: &Result<T, Failed>) -> bool {
    matches!(outcome, Err(Failed::Catalogue(Failure::Unknown) | Failed::Campaign(Failure::Unknown)))
}
