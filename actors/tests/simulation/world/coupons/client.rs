//! A client who wants coupons: claims, has them assigned, uses them, holds them for a payment,
//! changes their mind. Now and then they are an administrator (`administrators`), an import that
//! begins again somewhere, or the job that gives notices.

use super::super::World;
use super::super::ask::{Asker, Call, Outcome};
use super::super::plan::EVENING;
use super::administrators;
use super::known::{Mine, import};
use super::renaming::Turn;
use actors::dice::Dice;
use actors::domain::coupons::campaign::{self, Campaign};
use actors::domain::coupons::catalogue::Catalogue;
use actors::domain::coupons::rack::{self, Rack};
use actors::domain::coupons::range::{self, Range};
use actors::domain::coupons::{CancelBy, redeem};
use actors::engine::Key;
use actors::machine::Role;
use actors::{Caller, Id};

pub const ADMIN: Caller = Caller { id: Id([200; 16]), role: Role::Admin };

pub(super) struct Client<'w> {
    pub(super) world: &'w World,
    pub(super) number: u64,
    pub(super) caller: Caller,
    dice: Dice,
    pub(super) keys: u64,
    mine: Vec<Mine>,
    /// Names that they have taken for campaigns.
    pub(super) turns: Vec<Turn>,
    pub(super) catalogue: Asker<'w, Catalogue>,
    pub(super) campaigns: Asker<'w, Campaign>,
    ranges: Asker<'w, Range>,
    racks: Asker<'w, Rack>,
}

/// Does this and that until the world calms down.
pub async fn live(world: &World, number: u64, seed: u64) {
    // Some people sit in front of two screens.
    let caller = Caller::member(Id::digest(&[b"member", &(number / 2).to_le_bytes()]));
    let (campaigns, ranges, racks) = (Asker::new(world), Asker::new(world), Asker::new(world));
    let (dice, keys, catalogue) = (Dice::new(seed), 1 << 60 | number << 32, Asker::new(world));
    let (mine, turns) = Default::default();
    let mut client = Client {
        world,
        number,
        caller,
        dice,
        keys,
        mine,
        turns,
        catalogue,
        campaigns,
        ranges,
        racks,
    };
    if client.below(2) == 0 {
        client.mend_first().await;
    }
    while !world.is_calm() {
        client.act().await;
        world.rest().await;
    }
    client.catalogue.settle().await;
    client.campaigns.settle().await;
    client.ranges.settle().await;
    client.racks.settle().await;
}

impl Client<'_> {
    async fn act(&mut self) {
        match self.dice.below(36) {
            0..=5 => self.claim().await,
            6..=9 => self.assign().await,
            10 => self.have_mine().await,
            11..=13 => self.assign_a_code().await,
            14 => self.give().await,
            15..=22 => self.redeem().await,
            23 => self.somebody_elses().await,
            24..=25 => self.import().await,
            26..=28 => self.repeat().await,
            29 | 32 | 33 => self.administer().await,
            30 => self.notice().await,
            34 | 35 => self.register().await,
            _ => self.look().await,
        }
    }

    async fn claim(&mut self) {
        let place = self.below(self.world.plan(|plan| plan.coupons.campaigns.len() as u64)) as u16;
        let member = self.caller.id;
        let code = [Some("OPEN"), Some("OPEN"), Some("SHUT"), None][self.below(4) as usize]
            .map(str::to_owned);
        let caller = if self.below(30) == 0 { ADMIN } else { self.caller };
        // The middle one is claimed by logging in for the first time, each at an instant of their
        // own.
        let first_login = EVENING.plus_s((self.number / 2 * 40) as u32);
        let (caller, command) = match self.below(6) {
            0 => (caller, campaign::Command::Claim { member, code }),
            _ if place == 1 => {
                (Caller::SYSTEM, campaign::Command::ClaimFirstLogin { member, at: first_login })
            }
            _ => (caller, campaign::Command::Claim { member, code }),
        };
        let key = (self.below(2) == 0).then(|| self.next_key(caller.id));
        self.send_to_campaign(Call::of(caller, key, command, vec![place])).await;
    }

    /// A given coupon, or one that is taken out before it has an owner.
    async fn give(&mut self) {
        let place = self.below(self.world.plan(|plan| plan.coupons.ranges.len() as u64)) as u16;
        let caller = if self.below(2) == 0 { ADMIN } else { self.caller };
        let key = (self.below(2) == 0).then(|| self.next_key(caller.id));
        let slot = self.below(8);
        let command = match self.below(5) {
            0 => range::Command::Redeem(redeem::Command::Void { slot }),
            _ => range::Command::Give { slot, member: self.caller.id },
        };
        self.send_to_range(Call::of(caller, key, command, vec![place])).await;
    }

    async fn redeem(&mut self) {
        let Some(mine) = self.one_of_mine() else { return self.claim().await };
        self.do_something_with(mine, self.caller).await;
    }

    async fn somebody_elses(&mut self) {
        let all = self.world.coupons.borrow().clone();
        if !all.is_empty() {
            let theirs = all[self.below(all.len() as u64) as usize];
            let caller = if self.below(3) == 0 { ADMIN } else { self.caller };
            self.do_something_with(theirs, caller).await;
        }
    }

    async fn do_something_with(&mut self, it: Mine, caller: Caller) {
        let (Mine::Voucher { rank: slot, .. }
        | Mine::Coupon { slot, .. }
        | Mine::Code { slot, .. }) = it;
        let amount = Some([999, 1000, 1005, 4444, 90_000][self.below(5) as usize]);
        let hold_s = (self.below(2) == 0).then(|| 5 + self.below(400) as u32);
        let reference = Some(self.dice.roll().to_string().into());
        let command = match self.below(20) {
            0..=9 => redeem::Command::Use { slot, amount, reference, hold_s },
            10..=12 => redeem::Command::Confirm { slot },
            13..=18 => redeem::Command::Cancel { slot, by: CancelBy::Member },
            _ => redeem::Command::Void { slot },
        };
        let key = (self.below(2) == 0).then(|| self.next_key(caller.id));
        match it {
            Mine::Voucher { place, .. } => {
                self.send_to_campaign(Call::of(
                    caller,
                    key,
                    campaign::Command::Redeem(command),
                    vec![place],
                ))
                .await;
            }
            Mine::Coupon { place, .. } => {
                self.send_to_range(Call::of(
                    caller,
                    key,
                    range::Command::Redeem(command),
                    vec![place],
                ))
                .await
            }
            Mine::Code { place, batch, .. } => {
                let command = rack::Command::In { batch, command: range::Command::Redeem(command) };
                self.send_to_rack(Call::of(caller, key, command, vec![place])).await;
            }
        }
    }

    /// A part of a file, wherever it was broken off.
    async fn import(&mut self) {
        let lines = self.world.plan(|plan| plan.coupons.lines);
        let (file, from) = (self.below(2) as usize, self.below(lines));
        let to = from + 1 + self.below(lines - from);
        for call in import(self.world, file, from..to) {
            self.send_to_rack(call).await;
        }
    }

    async fn repeat(&mut self) {
        match self.below(3) {
            0 => {
                if let Some(told) = self.campaigns.repeat_an_earlier_call(&mut self.dice).await {
                    self.remember_voucher(&told);
                }
            }
            1 => {
                if let Some(told) = self.ranges.repeat_an_earlier_call(&mut self.dice).await {
                    self.remember_coupon(&told);
                }
            }
            _ => {
                if let Some(told) = self.racks.repeat_an_earlier_call(&mut self.dice).await {
                    self.remember_code(&told);
                }
            }
        }
    }

    async fn notice(&mut self) {
        let until = EVENING.plus_s(10 * 24 * 3600);
        let command = redeem::Command::Notice {
            days: 1 + self.below(2) as u16,
            since: EVENING,
            until,
            from: 0,
        };
        let place = self.below(3) as u16;
        match self.below(2) {
            0 => {
                self.send_to_campaign(Call::of(
                    Caller::SYSTEM,
                    None,
                    campaign::Command::Redeem(command),
                    vec![place],
                ))
                .await
            }
            _ => {
                self.send_to_range(Call::of(
                    Caller::SYSTEM,
                    None,
                    range::Command::Redeem(command),
                    vec![place],
                ))
                .await
            }
        }
    }

    async fn look(&mut self) {
        let (campaigns, ranges, racks, batch) = self.world.plan(|plan| {
            let plan = &plan.coupons;
            (
                plan.campaigns.len() as u64,
                plan.ranges.len() as u64,
                plan.racks as u64,
                plan.files[0].0,
            )
        });
        let second = self.below(2) == 0;
        match self.below(3) {
            0 => {
                let question = if second {
                    campaign::Question::Of(self.caller.id)
                } else {
                    campaign::Question::Ledger
                };
                let place = self.below(campaigns) as u16;
                self.campaigns.look(self.caller, place, question, campaign::Command::Pause).await;
            }
            1 => {
                let question = if second {
                    range::Question::Coupons((0..9).collect())
                } else {
                    range::Question::Ledger
                };
                let (place, nothing) = (
                    self.below(ranges) as u16,
                    range::Command::Give { slot: 0, member: Id::SYSTEM },
                );
                self.ranges.look(self.caller, place, question, nothing).await;
            }
            _ => {
                let question = if second {
                    range::Question::Coupons((0..9).collect())
                } else {
                    range::Question::Ledger
                };
                let nothing = rack::Command::In {
                    batch,
                    command: range::Command::Give { slot: 0, member: Id::SYSTEM },
                };
                let place = self.below(racks) as u16;
                self.racks
                    .look(self.caller, place, rack::Question::In { batch, question }, nothing)
                    .await;
            }
        }
    }

    pub(super) async fn send_to_catalogue(&mut self, call: Call<Catalogue>) -> Outcome<Catalogue> {
        self.catalogue.send(call, &mut self.dice).await
    }

    pub(super) async fn send_to_campaign(&mut self, call: Call<Campaign>) {
        // What came of it, the auditor has heard.
        drop(self.ask_campaign(call).await);
    }

    pub(super) async fn ask_campaign(&mut self, call: Call<Campaign>) -> Outcome<Campaign> {
        let told = self.campaigns.send(call, &mut self.dice).await;
        if let Ok((_, done)) = &told
            && let Some(case) = administrators::case_of_campaign(&done.event)
        {
            self.world.count(case);
        }
        self.remember_voucher(&told);
        told
    }

    pub(super) async fn send_to_range(&mut self, call: Call<Range>) {
        let told = self.ranges.send(call, &mut self.dice).await;
        if let Ok((_, done)) = &told
            && let Some(case) = administrators::case_of_range(&done.event)
        {
            self.world.count(case);
        }
        self.remember_coupon(&told);
    }

    pub(super) async fn send_to_rack(&mut self, call: Call<Rack>) {
        let told = self.racks.send(call, &mut self.dice).await;
        if let Ok((_, done)) = &told
            && let Some(case) = administrators::case_of_share(&done.event)
        {
            self.world.count(case);
        }
        self.remember_code(&told);
    }

    fn remember_voucher(&mut self, told: &Outcome<Campaign>) {
        if let Ok((place, done)) = told
            && let campaign::Event::Granted { rank, .. } = &done.event
        {
            self.remember(Mine::Voucher { place: *place as u16, rank: *rank });
        }
    }

    fn remember_coupon(&mut self, told: &Outcome<Range>) {
        if let Ok((place, done)) = told
            && let range::Event::Assigned { slot, .. } = &done.event
        {
            self.remember(Mine::Coupon { place: *place as u16, slot: *slot });
        }
    }

    fn remember_code(&mut self, told: &Outcome<Rack>) {
        if let Ok((place, done)) = told
            && let rack::Event::In { batch, event: range::Event::Assigned { slot, .. } } =
                &done.event
        {
            self.remember(Mine::Code { place: *place as u16, batch: *batch, slot: *slot });
        }
    }

    fn remember(&mut self, it: Mine) {
        if !self.mine.contains(&it) {
            self.mine.push(it);
            self.world.coupons.borrow_mut().push(it);
        }
    }

    fn one_of_mine(&mut self) -> Option<Mine> {
        let mine = self.mine.len() as u64;
        (mine > 0).then(|| self.mine[self.dice.below(mine) as usize])
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.dice.below(bound)
    }

    pub(super) fn next_key(&mut self, who: Id) -> Key {
        self.keys += 1;
        let text = self.keys.to_le_bytes();
        Key::new(who, &text, &[b"meaning", &text])
    }
}
