//! Which members are owed a claim because they logged in for the first time.
//!
//! Rules: a member who logs in for the first time within the window of a campaign for first logins
//! is owed a claim. The write that records the login records that, too. The member's rank is their
//! place in the campaign's own order when the claim is made: at once, at their next login, or by
//! the job, whichever comes first. A claim that was answered is owed no more; one that could not be
//! made stays owed. A campaign that came after the first login owes nothing for it. A login never
//! fails because of all this: where it is not known what is owed, that is what is kept.

use crate::campaigns::windows::{Window, Windows, window_in, window_of};
use crate::campaigns::{Campaigns, GrantedVoucher};
use crate::failure::{Error, Refusal};
use crate::promotions::{Promotion, Promotions};
use crate::table::Engine;
use actors::domain::coupons::campaign::{self, Answer, Command, Question};
use actors::domain::coupons::{Serial, SerialKind};
use actors::engine::By;
use actors::{Caller, Id, Time};
use std::sync::Arc;

pub struct FirstLogins {
    engine: Arc<Engine>,
    promotions: Arc<Promotions>,
    campaigns: Arc<Campaigns>,
    windows: Arc<Windows>,
}

/// What is owed, as it is kept with the member. None if nothing is.
fn kept(owed: &[Serial]) -> Option<Vec<u8>> {
    (!owed.is_empty()).then(|| encode(owed))
}

/// An empty list stands for: what the campaigns around the first login owe, which was not known
/// then.
fn not_known() -> Vec<u8> {
    encode(&[])
}

fn encode(owed: &[Serial]) -> Vec<u8> {
    postcard::to_stdvec(owed).expect("numbers are plain data")
}

/// Campaigns that are read from the catalogue at a time.
const AT_ONCE: usize = 100;
const YEAR_S: u32 = 365 * 86_400;

impl FirstLogins {
    pub fn new(
        engine: Arc<Engine>,
        promotions: Arc<Promotions>,
        campaigns: Arc<Campaigns>,
    ) -> FirstLogins {
        let windows = campaigns.windows().clone();
        FirstLogins { engine, promotions, campaigns, windows }
    }

    /// What a member is owed who logs in for the first time now, as it is kept with them.
    pub fn owed_at(&self, now: Time) -> Option<Vec<u8>> {
        if self.engine.node.has_neighbours() {
            // A campaign may have been created elsewhere a moment ago. When the claim is made, what
            // there is then is read.
            return Some(not_known());
        }
        self.windows.owing(now).map_or_else(|| Some(not_known()), |owing| kept(&owing))
    }

    /// Reads the windows if they are not known: at the first login, and after a change that may
    /// have happened unseen.
    pub async fn read_windows(&self) -> Result<(), Error> {
        if self.windows.are_known() {
            return Ok(());
        }
        let (_turn, doubts) = self.windows.turn_to_read().await;
        if self.windows.are_known() {
            return Ok(());
        }
        self.read_all_windows(doubts).await
    }

    /// Until when it matters whether somebody logs in for the first time; None if it does not. One
    /// whose end cannot be asked for now is taken to last a year.
    pub async fn last_end(&self, now: Time) -> Result<Option<Time>, Error> {
        self.read_windows_of_all_nodes().await?;
        let unknown = now.plus_s(YEAR_S);
        let end = self.windows.last_end(now);
        Ok(end.map(|end| if end == Time(i64::MAX) { unknown } else { end }))
    }

    /// To be done every ten seconds: another node may have created or changed a campaign, which the
    /// next login then hears of.
    pub fn doubt_windows(&self) {
        if self.engine.node.has_neighbours() {
            self.windows.doubt();
            self.promotions.forget();
        }
    }

    /// The same, if others might have changed campaigns since they were read: everything that was
    /// answered before this call is in them.
    async fn read_windows_of_all_nodes(&self) -> Result<(), Error> {
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

    async fn read_all_windows(&self, doubts: u64) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.promotions.page(SerialKind::Campaign, after, AT_ONCE).await?;
            for promotion in &page {
                self.learn_window(promotion).await;
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
    async fn learn_window(&self, promotion: &Promotion) {
        let Some(window) = window_of(promotion) else { return };
        let window = match self.campaigns.overview(promotion).await {
            Ok(Some(overview)) => {
                let now = window_in(&overview.plan, promotion.created_at);
                Window { over: overview.over, ..now }
            }
            Ok(None) | Err(_) => Window { ends_at: Time(i64::MAX), ..window },
        };
        self.windows.learn(promotion.serial, window);
    }

    /// Claims what a member is owed since their first login then. Says what was granted, and what
    /// is still owed, as it is kept.
    pub async fn claim_owed(
        &self,
        member: Id,
        at: Time,
        owed: &[u8],
    ) -> (Vec<GrantedVoucher>, Option<Vec<u8>>) {
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
    async fn named(&self, owed: &[u8], at: Time) -> Result<Vec<Serial>, Error> {
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
    ) -> Result<Option<GrantedVoucher>, Error> {
        let Some(promotion) = self.promotions.find(campaign).await? else { return Ok(None) };
        let command = Command::ClaimFirstLogin { member, at };
        let by = By::for_good(Caller::member(member));
        match self.campaigns.claim(&promotion, &command, by).await {
            Ok(done) => Ok(Some(done.event)),
            Err(error) => match error.refusal() {
                Some(Refusal::Campaign(campaign::Refusal::Paused)) => Err(error),
                Some(Refusal::Campaign(_)) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// Whether any campaign may have granted a voucher for a first login then.
    pub fn may_have_granted(&self, at: Time) -> bool {
        !self.windows.around(at).is_empty()
    }

    /// What else than `said` a member was granted for their first login then. Claims nothing.
    pub async fn granted_before(
        &self,
        member: Id,
        at: Time,
        said: &[GrantedVoucher],
    ) -> Vec<GrantedVoucher> {
        let mut granted = Vec::new();
        let others =
            self.windows.around(at).into_iter().filter(|campaign| {
                said.iter().all(|granted| granted.promotion.serial != *campaign)
            });
        for campaign in others {
            granted.extend(self.granted_by(campaign, member).await.ok().flatten());
        }
        granted
    }

    async fn granted_by(
        &self,
        campaign: Serial,
        member: Id,
    ) -> Result<Option<GrantedVoucher>, Error> {
        let Some(promotion) = self.promotions.find(campaign).await? else { return Ok(None) };
        let answer = self.campaigns.look(&promotion, &Question::Of(member)).await?;
        let Some(Answer::Of(Some((rank, view)))) = answer else { return Ok(None) };
        let promotion = self.campaigns.as_it_is(promotion).await?;
        Ok(Some(GrantedVoucher { promotion, rank, expires_at: view.coupon.tenure.expires_at }))
    }
}
