//! Who is owed a claim because he logged in for the first time.
//!
//! Rules: whoever logs in for the first time within the window of a campaign for first logins is
//! owed a claim, and the write that records the login records that, too. His rank is his place in
//! the campaign's own order when the claim is made: at once, at his next login, or by the job,
//! whichever comes first. A claim that was answered is owed no more; one that could not be made
//! stays owed. A campaign that came after the first login owes nothing for it. A login never fails
//! because of all this: where it is not known what is owed, that is what is kept.

use crate::campaigns::windows::Window;
use crate::catalogue::{Failed, Known, Promotions};
use actors::domain::coupons::SerialKind;
use actors::domain::coupons::campaign::{Answer, Command, Event, Question, Refusal, Trigger};
use actors::domain::coupons::{Serial, catalogue};
use actors::engine::By;
use actors::engine::{Done, Failure};
use actors::{Caller, Id, Time};
use std::sync::Arc;

/// A claim that was granted.
#[derive(Clone, Debug)]
pub struct Granted {
    pub known: Arc<Known>,
    pub rank: u64,
    pub expires_at: Time,
}

/// What is owed, as it is kept with the member. None if nothing is.
fn kept(owed: &[Serial]) -> Option<Vec<u8>> {
    (!owed.is_empty()).then(|| written(owed))
}

/// An empty list stands for: whatever the campaigns around his first login owe him, which was not
/// known then.
fn not_known() -> Vec<u8> {
    written(&[])
}

fn written(owed: &[Serial]) -> Vec<u8> {
    postcard::to_stdvec(owed).expect("numbers are plain data")
}

/// Campaigns that are read from the catalogue at a time.
const AT_ONCE: usize = 100;

impl Promotions {
    /// What somebody is owed who logs in for the first time now, as it is kept with him.
    pub fn owed_at(&self, now: Time) -> Option<Vec<u8>> {
        if self.engine.node.has_neighbours() {
            // A campaign may have been created elsewhere a moment ago. Whoever makes it good reads
            // what there is then.
            return Some(not_known());
        }
        self.windows.owing(now).map_or_else(|| Some(not_known()), |owing| kept(&owing))
    }

    /// Reads the windows if they are not known: at the first login, and after a change that may
    /// have happened unseen.
    pub async fn read_windows(&self) -> Result<(), Failed> {
        if self.windows.are_known() {
            return Ok(());
        }
        let (_turn, doubts) = self.windows.turn_to_read().await;
        if self.windows.are_known() {
            return Ok(());
        }
        self.read_all_windows(doubts).await
    }

    /// To be done every ten seconds: another node may have created or changed a campaign, which the
    /// next login then hears of.
    pub fn doubt_windows(&self) {
        if self.engine.node.has_neighbours() {
            self.windows.doubt();
        }
    }

    /// The same, if others might have changed campaigns since they were read: everything that was
    /// answered before this call is in them.
    async fn read_windows_of_all_nodes(&self) -> Result<(), Failed> {
        if !self.engine.node.has_neighbours() {
            return self.read_windows().await;
        }
        let doubt = self.windows.doubt();
        let (_turn, doubts) = self.windows.turn_to_read().await;
        if self.windows.were_read_since(doubt) {
            return Ok(());
        }
        self.read_all_windows(doubts).await
    }

    async fn read_all_windows(&self, doubts: u64) -> Result<(), Failed> {
        let mut after = None;
        loop {
            let page = self.page(SerialKind::Campaign, after, AT_ONCE).await?;
            for known in &page {
                self.learn_window(known).await;
            }
            match page.last() {
                Some(last) if page.len() == AT_ONCE => after = Some(last.serial),
                _ => break,
            }
        }
        self.windows.were_read(doubts);
        Ok(())
    }

    /// A campaign that does not answer may have been given a later end, so it is taken to have
    /// none. It will say itself who came too late.
    async fn learn_window(&self, known: &Known) {
        let Some(window) = window_of(known) else { return };
        let window = match self.overview(known).await {
            Ok(Some(overview)) => {
                Window { ends_at: overview.plan.ends_at, over: overview.over, ..window }
            }
            Ok(None) | Err(_) => Window { ends_at: Time(i64::MAX), ..window },
        };
        self.windows.learn(known.serial, window);
    }

    /// Notes a new campaign, before anybody is told of it.
    pub(super) fn note_created(&self, created: &Done<catalogue::Event>) {
        let known = Known::registered(created);
        window_of(&known).into_iter().for_each(|window| self.windows.learn(known.serial, window));
    }

    /// Notes a change of a campaign, before it is answered.
    pub(super) fn note_changed(&self, known: &Known, event: &Event) {
        let Some(window) = window_of(known) else { return };
        match event {
            Event::Changed { ends_at, .. } => {
                self.windows.learn(known.serial, Window { ends_at: *ends_at, ..window })
            }
            Event::Ended => self.windows.learn(known.serial, Window { over: true, ..window }),
            Event::Opened(_)
            | Event::Paused
            | Event::Resumed
            | Event::Granted { .. }
            | Event::Redeemed(_) => {}
        }
    }

    /// Claims what a member is owed since his first login then. Says what was granted, and what is
    /// still owed, as it is kept.
    pub async fn claim_owed(
        &self,
        member: Id,
        at: Time,
        owed: &[u8],
    ) -> (Vec<Granted>, Option<Vec<u8>>) {
        let Ok(campaigns) = self.named(owed, at).await else {
            return (Vec::new(), Some(owed.to_vec()));
        };
        let (mut granted, mut left) = (Vec::new(), Vec::new());
        for campaign in campaigns {
            match self.claim_one(campaign, member, at).await {
                Ok(claim) => granted.extend(claim),
                Err(_) => left.push(campaign),
            }
        }
        (granted, kept(&left))
    }

    /// The campaigns that owe what is kept so.
    async fn named(&self, owed: &[u8], at: Time) -> Result<Vec<Serial>, Failed> {
        let campaigns: Vec<Serial> = postcard::from_bytes(owed).unwrap_or_default();
        if !campaigns.is_empty() {
            return Ok(campaigns);
        }
        self.read_windows_of_all_nodes().await?;
        Ok(self.windows.around(at))
    }

    /// None if there is nothing to be had any more; an error if that is not known, or may change.
    async fn claim_one(
        &self,
        campaign: Serial,
        member: Id,
        at: Time,
    ) -> Result<Option<Granted>, Failed> {
        let Some(known) = self.known(campaign).await? else { return Ok(None) };
        let command = Command::ClaimFirstLogin { member, at };
        match self.command_campaign(&known, &command, By::for_good(Caller::member(member))).await {
            Ok(done) => {
                let Event::Granted { rank, expires_at, .. } = done.event else { return Ok(None) };
                Ok(Some(Granted { known, rank, expires_at }))
            }
            Err(Failed::Campaign(Failure::Refused(refusal))) if refusal != Refusal::Paused => {
                Ok(None)
            }
            Err(failed) => Err(failed),
        }
    }

    /// Whether any campaign may have granted a voucher for a first login then.
    pub fn may_have_granted(&self, at: Time) -> bool {
        !self.windows.around(at).is_empty()
    }

    /// What else than `said` a member was granted for his first login then. Claims nothing.
    pub async fn granted_before(&self, member: Id, at: Time, said: &[Granted]) -> Vec<Granted> {
        let mut granted = Vec::new();
        let others = self
            .windows
            .around(at)
            .into_iter()
            .filter(|campaign| said.iter().all(|granted| granted.known.serial != *campaign));
        for campaign in others {
            granted.extend(self.granted_by(campaign, member).await.ok().flatten());
        }
        granted
    }

    async fn granted_by(&self, campaign: Serial, member: Id) -> Result<Option<Granted>, Failed> {
        let Some(known) = self.known(campaign).await? else { return Ok(None) };
        let Some(Answer::Of(Some((rank, view)))) =
            self.look_at_campaign(&known, &Question::Of(member)).await?
        else {
            return Ok(None);
        };
        Ok(Some(Granted { known, rank, expires_at: view.coupon.expires_at }))
    }
}

/// As it was planned. None if the campaign takes nobody for logging in. Whoever came before it was
/// created came too early.
fn window_of(known: &Known) -> Option<Window> {
    let plan = known.campaign().filter(|plan| plan.trigger == Trigger::FirstLogin)?;
    Some(Window {
        starts_at: plan.starts_at.max(known.created_at),
        ends_at: plan.ends_at,
        over: false,
    })
}
