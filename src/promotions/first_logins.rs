//! Who is owed a claim because he logged in for the first time.
//!
//! Rules: whoever logs in for the first time within the window of a campaign for first logins is owed a claim, and the write that records the login records
//! that, too. His rank is his place in the campaign's own order when the claim is made: at once, at his next login, or by the job, whichever comes first.
//! A claim that was answered is owed no more; one that could not be made stays owed. A login never fails because of it.

use super::{By, Failed, Known, Promotions};
use actors::domain::coupons::Serial;
use actors::domain::coupons::campaign::{Command, Event, Refusal, Trigger};
use actors::domain::coupons::serial::Of;
use actors::engine::Failure;
use actors::{Caller, Id, Time};
use std::sync::{Arc, RwLock};
use tokio::sync::OnceCell;

/// The campaigns that somebody who logs in for the first time may be owed a claim by.
#[derive(Default)]
pub struct FirstLogins {
    loaded: OnceCell<()>,
    windows: RwLock<Arc<Windows>>,
}

#[derive(Clone, Debug, Default)]
pub struct Windows(Vec<Window>);

#[derive(Clone, Copy, Debug)]
struct Window {
    campaign: Serial,
    starts_at: Time,
    ends_at: Time,
}

impl FirstLogins {
    fn replace(&self, new: impl FnOnce(&Windows) -> Windows) {
        let mut windows = self.windows.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        *windows = Arc::new(new(&windows));
    }
}

/// A claim that was granted.
#[derive(Clone, Debug)]
pub struct Granted {
    pub known: Arc<Known>,
    pub rank: u64,
    pub expires_at: Time,
}

impl Windows {
    /// The campaigns that owe a claim to somebody whose first login is at that instant.
    pub fn around(&self, at: Time) -> Vec<Serial> {
        let around = |window: &&Window| window.starts_at <= at && at < window.ends_at;
        self.0.iter().filter(around).map(|window| window.campaign).collect()
    }
}

/// As it is kept with the member. None if nothing is owed.
pub fn kept(owed: &[Serial]) -> Option<Vec<u8>> {
    (!owed.is_empty()).then(|| postcard::to_stdvec(owed).expect("plain data"))
}

pub fn read(kept: &[u8]) -> Vec<Serial> {
    postcard::from_bytes(kept).unwrap_or_default()
}

/// Campaigns that are read from the catalogue at a time.
const AT_ONCE: usize = 100;

impl Promotions {
    /// The windows as they are now; read from the campaigns when they are first needed, and kept up with every change after that.
    pub async fn first_logins(&self) -> Result<Arc<Windows>, Failed> {
        self.first_logins.loaded.get_or_try_init(|| self.load_windows()).await?;
        Ok(self.first_logins.windows.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone())
    }

    async fn load_windows(&self) -> Result<(), Failed> {
        let mut windows = Windows::default();
        let mut after = None;
        loop {
            let page = self.page(Of::Campaign, after, AT_ONCE).await?;
            for known in &page {
                windows.0.extend(self.window_of(known).await?);
            }
            match page.last() {
                Some(last) if page.len() == AT_ONCE => after = Some(last.serial),
                _ => break,
            }
        }
        self.first_logins.replace(|_| windows);
        Ok(())
    }

    /// To be done after every change of a campaign, before it is answered.
    pub async fn keep_up_with(&self, known: &Known) -> Result<(), Failed> {
        self.first_logins().await?;
        let window = self.window_of(known).await?;
        self.first_logins.replace(|windows| {
            let others = windows.0.iter().filter(|window| window.campaign != known.serial).copied();
            Windows(others.chain(window).collect())
        });
        Ok(())
    }

    async fn window_of(&self, known: &Known) -> Result<Option<Window>, Failed> {
        if known.campaign().is_none_or(|plan| plan.trigger != Trigger::FirstLogin) {
            return Ok(None);
        }
        let overview = self.overview(known).await?.filter(|overview| !overview.over);
        Ok(overview.map(|overview| Window { campaign: known.serial, starts_at: overview.plan.starts_at, ends_at: overview.plan.ends_at }))
    }

    /// Claims for a member whose first login was then, and says what was granted and which claims are still owed.
    pub async fn claim_first_login(&self, member: Id, at: Time, owed: &[Serial]) -> (Vec<Granted>, Vec<Serial>) {
        let (mut granted, mut left) = (Vec::new(), Vec::new());
        for campaign in owed {
            match self.claim_one(*campaign, member, at).await {
                Ok(claim) => granted.extend(claim),
                Err(_) => left.push(*campaign),
            }
        }
        (granted, left)
    }

    /// None if there is nothing to be had any more; an error if that is not known, or may change.
    async fn claim_one(&self, campaign: Serial, member: Id, at: Time) -> Result<Option<Granted>, Failed> {
        let Some(known) = self.known(campaign).await? else { return Ok(None) };
        let command = Command::ClaimFirstLogin { member, at };
        match self.command_campaign(&known, &command, By { caller: Caller::member(member), key: None, dry: false }).await {
            Ok(done) => {
                let Event::Granted { rank, expires_at, .. } = done.event else { return Ok(None) };
                Ok(Some(Granted { known, rank, expires_at }))
            }
            Err(Failed::Campaign(Failure::Refused(refusal))) if refusal != Refusal::Paused => Ok(None),
            Err(failed) => Err(failed),
        }
    }
}
