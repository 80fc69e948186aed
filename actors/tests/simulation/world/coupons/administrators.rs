//! What administrators do to campaigns and batches: pause them, change them before anybody builds
//! on them, withdraw them, end them. Some of them are none, and are refused.

use super::super::ask::Call;
use super::super::plan::OFFER;
use super::client::{ADMIN, Client};
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{self, CampaignChanges};
use actors::domain::coupons::{CouponFilter, CouponState, rack, range};
use actors::{Caller, Id, Time};

impl Client<'_> {
    pub(super) async fn administer(&mut self) {
        match self.below(12) {
            0..=2 => self.administer_a_range().await,
            3 => self.mend_a_range().await,
            4..=8 => self.mend_a_share().await,
            _ => self.administer_a_campaign().await,
        }
    }

    /// Before anybody builds on it.
    pub(super) async fn mend_first(&mut self) {
        for _ in 0..3 {
            let place = self.below(3) as u16;
            match self.below(9) {
                0 => self.withdraw_a_campaign(place).await,
                _ => self.revise_a_campaign(place).await,
            }
        }
        self.mend_a_range().await;
    }

    fn administrator(&mut self) -> Caller {
        if self.below(8) == 0 { self.caller } else { ADMIN }
    }

    async fn administer_a_campaign(&mut self) {
        let place = self.below(self.world.plan(|plan| plan.coupons.campaigns.len() as u64)) as u16;
        let command = match self.below(11) {
            0..=2 => campaign::Command::Pause,
            3..=6 => campaign::Command::Resume,
            7..=8 => campaign::Command::Change { quota: Some(self.below(12)), ends_at: None },
            9 => return self.revise_a_campaign(place).await,
            _ if self.below(4) == 0 => campaign::Command::End,
            _ if self.below(4) == 0 => return self.withdraw_a_campaign(place).await,
            _ if self.below(2) == 0 => {
                let whom = [FiguresFor::Public, FiguresFor::Members, FiguresFor::Staff];
                campaign::Command::TellFigures(whom[self.below(3) as usize])
            }
            _ => campaign::Command::Resume,
        };
        let caller = self.administrator();
        let key = (self.below(2) == 0).then(|| self.next_key(caller.id));
        self.send_to_campaign(Call::of(caller, key, command, vec![place])).await;
    }

    /// Its quota or its name, or what is left over of its names is given back. Nobody changes a
    /// name without a turn of the catalogue's.
    async fn revise_a_campaign(&mut self, place: u16) {
        match self.below(10) {
            0 => self.give_back_names(place, None).await,
            1..=3 => {
                let name = (self.below(3) == 0).then(|| self.keys.to_string());
                let changes =
                    CampaignChanges { name, quota: Some(1 + self.below(12)), ..Default::default() };
                let (key, command) = (self.maybe_a_key(), campaign::Command::Revise(changes));
                self.send_to_campaign(Call::of(ADMIN, key, command, vec![place])).await;
            }
            _ => self.rename_a_campaign(place).await,
        }
    }

    /// Whoever does so may die before its name is free.
    async fn withdraw_a_campaign(&mut self, place: u16) {
        let (caller, key) = (self.administrator(), self.maybe_a_key());
        let call = Call::of(caller, key, campaign::Command::Withdraw, vec![place]);
        if self.ask_campaign(call).await.is_ok() && self.below(3) > 0 {
            self.give_back_names(place, None).await;
        }
    }

    /// One part of a batch, which is all that it knows of.
    async fn administer_a_range(&mut self) {
        let places = self.world.plan(|plan| plan.coupons.ranges.len() as u64);
        let place = self.below(places) as u16;
        let end = self.world.plan(|plan| plan.coupons.ranges[place as usize].1.expires_at);
        let command = match self.below(22) {
            0..=3 => range::Command::Pause,
            4..=7 => range::Command::Resume,
            8 => range::Command::VoidAll,
            9..=11 => range::Command::Freeze { turn: Some(self.turn()) },
            12..=13 => {
                range::Command::Thaw { turn: [self.turn(), u32::MAX][self.below(2) as usize] }
            }
            14 if self.below(4) == 0 => range::Command::Withdraw { turn: self.turn() },
            15..=20 => self.voiding(),
            _ => range::Command::Extend { expires_at: end.plus_s(self.below(3) as u32 * 300) },
        };
        let caller = self.administrator();
        let key = (self.below(2) == 0).then(|| self.next_key(caller.id));
        self.send_to_range(Call::of(caller, key, command, vec![place])).await;
    }

    /// As the shell changes a part of a batch that nobody has built on: it freezes, it is changed,
    /// it thaws. Each of these may be lost.
    async fn mend_a_range(&mut self) {
        let places = self.world.plan(|plan| plan.coupons.ranges.len() as u64);
        let place = self.below(places) as u16;
        let end = self.world.plan(|plan| plan.coupons.ranges[place as usize].1.expires_at);
        for command in self.mending(end) {
            let key = (self.below(2) == 0).then(|| self.next_key(ADMIN.id));
            self.send_to_range(Call::of(ADMIN, key, command, vec![place])).await;
        }
    }

    /// The same of a batch's share of a rack. Where it is withdrawn, its codes can come again.
    async fn mend_a_share(&mut self) {
        let (files, racks) =
            self.world.plan(|plan| (plan.coupons.files.clone(), plan.coupons.racks));
        let (batch, terms) = files[self.below(2) as usize];
        let place = self.below(u64::from(racks)) as u16;
        if self.below(3) == 0 {
            let (caller, key) = (self.administrator(), self.maybe_a_key());
            let command = rack::Command::In { batch, command: self.voiding() };
            return self.send_to_rack(Call::of(caller, key, command, vec![place])).await;
        }
        for command in self.mending(terms.expires_at) {
            let key = (self.below(2) == 0).then(|| self.next_key(ADMIN.id));
            let command = rack::Command::In { batch, command };
            self.send_to_rack(Call::of(ADMIN, key, command, vec![place])).await;
        }
    }

    /// Of one batch by one of a few jobs: those that somebody has, or those that nobody has.
    fn voiding(&mut self) -> range::Command {
        let job = Id([100 + self.below(8) as u8; 16]);
        let filter = match self.below(4) {
            0..=1 => CouponFilter { state: Some(CouponState::Created), ..CouponFilter::default() },
            _ => CouponFilter { owner: Some(self.caller.id), ..CouponFilter::default() },
        };
        range::Command::VoidThose { job, filter, from: 0 }
    }

    fn mending(&mut self, end: Time) -> [range::Command; 3] {
        let turn = self.turn();
        let change = match self.below(3) {
            0 => range::Command::Withdraw { turn },
            _ => {
                let expires_at = end.plus_s(self.below(3) as u32 * 300);
                range::Command::Revise { offer: OFFER, expires_at, turn }
            }
        };
        [range::Command::Freeze { turn: Some(turn) }, change, range::Command::Thaw { turn }]
    }

    /// Another one's may be later, or the same.
    fn turn(&mut self) -> u32 {
        self.keys as u32 + self.below(3) as u32
    }
}

/// How the tally calls what was done to a campaign.
pub(super) fn case_of_campaign(event: &campaign::Event) -> Option<&'static str> {
    match event {
        campaign::Event::Revised(_) => Some("campaign revised"),
        campaign::Event::RevisedInTurn { .. } => Some("campaign renamed"),
        campaign::Event::TurnPassed(_) => Some("turn passed"),
        campaign::Event::Withdrawn => Some("campaign withdrawn"),
        _ => None,
    }
}

pub(super) fn case_of_range(event: &range::Event) -> Option<&'static str> {
    match event {
        range::Event::Revised { .. } => Some("batch revised"),
        range::Event::Withdrawn => Some("batch withdrawn"),
        range::Event::VoidedThose { coupons, .. } if !coupons.is_empty() => Some("some voided"),
        _ => None,
    }
}

pub(super) fn case_of_share(event: &rack::Event) -> Option<&'static str> {
    match event {
        rack::Event::In { event: range::Event::Revised { .. }, .. } => Some("share revised"),
        rack::Event::In { event: range::Event::Withdrawn, .. } => Some("share withdrawn"),
        rack::Event::In { event: event @ range::Event::VoidedThose { .. }, .. } => {
            case_of_range(event).map(|_| "some of a share voided")
        }
        _ => None,
    }
}
