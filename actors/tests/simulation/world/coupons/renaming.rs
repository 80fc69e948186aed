//! How a campaign is renamed, as the shell does it (`src/products/campaigns/naming.rs`), told again
//! in small: a name is taken in the catalogue, the campaign follows that turn, and its other names
//! are given back. Whoever does so may die between any two steps, and others do the same at once.

use super::super::World;
use super::super::ask::{Asker, Call};
use super::client::{ADMIN, Client};
use super::registering::NAMES;
use actors::domain::coupons::Serial;
use actors::domain::coupons::campaign::{self, Campaign, CampaignChanges, Overview};
use actors::domain::coupons::catalogue::{self, CampaignNames, Catalogue};
use actors::engine::{Failure, Key};

/// So many turns are taken while others are quicker.
const TURNS: usize = 3;

/// A step that was to be taken later, or comes once more.
#[derive(Clone)]
pub(super) struct Turn {
    place: u16,
    turn: u32,
    name: String,
}

impl Client<'_> {
    pub(super) async fn rename_a_campaign(&mut self, place: u16) {
        if self.below(6) == 0 {
            return self.come_late().await;
        }
        let name = NAMES[self.below(NAMES.len() as u64) as usize];
        let serial = self.serial_of(place);
        for _ in 0..TURNS {
            let Some(now) = self.overview(place).await else { return };
            let Some(turn) = self.take_name(serial, name, now.plan.name).await else { return };
            self.turns.push(Turn { place, turn, name: name.into() });
            if self.below(6) == 0 {
                return self.world.count("renaming broke off");
            }
            if self.below(2) == 0 {
                self.be_overtaken(place, serial).await;
            }
            let outcome = self.follow(Turn { place, turn, name: name.into() }).await;
            match outcome {
                Err(Failure::Refused(campaign::Refusal::NotItsTurn)) => {
                    self.world.count("another turn was quicker");
                    continue;
                }
                Ok(()) | Err(Failure::Refused(_)) => {
                    self.give_back_names(place, Some(turn)).await;
                }
                Err(_) => {}
            }
            return;
        }
        self.give_back_names(place, None).await;
    }

    /// Another node takes a later turn, and the campaign follows that one first.
    async fn be_overtaken(&mut self, place: u16, serial: Serial) {
        let name = NAMES[self.below(NAMES.len() as u64) as usize];
        let Some(now) = self.overview(place).await else { return };
        if let Some(turn) = self.take_name(serial, name, now.plan.name).await {
            drop(self.follow(Turn { place, turn, name: name.into() }).await);
        }
    }

    /// A step of an earlier renaming, which nobody waits for any more.
    async fn come_late(&mut self) {
        let turns = self.turns.len() as u64;
        if turns > 0 {
            let which = self.below(turns) as usize;
            let late = self.turns[which].clone();
            drop(self.follow(late).await);
        }
    }

    async fn take_name(&mut self, serial: Serial, name: &str, now: String) -> Option<u32> {
        let key = self.maybe_a_key();
        let command = catalogue::Command::TakeName { serial, name: name.into(), now };
        let told = self.send_to_catalogue(Call::of(ADMIN, key, command, vec![0])).await;
        match told.ok()?.1.event {
            catalogue::Event::Named { turn, .. } => Some(turn),
            other => panic!("a name was taken, and {other:?} was told"),
        }
    }

    async fn follow(
        &mut self,
        Turn { place, turn, name }: Turn,
    ) -> Result<(), Failure<campaign::Refusal>> {
        let quota = (self.below(3) == 0).then(|| 1 + self.below(12));
        let changes = CampaignChanges { name: Some(name), quota, ..Default::default() };
        let (key, command) =
            (self.maybe_a_key(), campaign::Command::ReviseInTurn { changes, turn });
        self.ask_campaign(Call::of(ADMIN, key, command, vec![place])).await.map(drop)
    }

    /// Those that are not the campaign's now. Whoever has a turn does so for that turn only.
    pub(super) async fn give_back_names(&mut self, place: u16, mine: Option<u32>) {
        let serial = self.serial_of(place);
        let question = catalogue::Question::Names(serial);
        let nothing = catalogue::Command::Rename { serial, name: None };
        let told = self.catalogue.look(ADMIN, 0, question, nothing).await;
        let Some(catalogue::Answer::Names(known)) = told else { return };
        let Some(mut now) = self.overview(place).await else { return };
        if mine.is_some_and(|mine| mine < known.turn) {
            return;
        }
        if now.turn < known.turn {
            // From here on it is not renamed in this turn, so what it is called now, it stays.
            let pass = campaign::Command::PassTurn(known.turn);
            if self.ask_campaign(Call::of(ADMIN, None, pass, vec![place])).await.is_err() {
                return;
            }
            let Some(later) = self.overview(place).await else { return };
            now = later;
        }
        let command = catalogue::Command::KeepName {
            serial,
            turn: known.turn,
            now: now.plan.name,
            withdrawn: now.withdrawn,
        };
        let key = self.maybe_a_key();
        let told = self.send_to_catalogue(Call::of(ADMIN, key, command, vec![0])).await;
        if let Ok((_, done)) = told
            && let catalogue::Event::Named { given_back, .. } = done.event
            && !given_back.is_empty()
        {
            self.world.count("names given back");
        }
    }

    async fn overview(&mut self, place: u16) -> Option<Overview> {
        let question = campaign::Question::Campaign;
        let nothing = campaign::Command::Pause;
        match self.campaigns.look(ADMIN, place, question, nothing).await? {
            campaign::Answer::Campaign(overview) => Some(overview),
            _ => None,
        }
    }

    fn serial_of(&self, place: u16) -> Serial {
        self.world.plan(|plan| plan.coupons.campaigns[place as usize].0)
    }

    pub(super) fn maybe_a_key(&mut self) -> Option<Key> {
        (self.below(2) == 0).then(|| self.next_key(ADMIN.id))
    }
}

/// At the end: whatever was left over is given back, and each campaign has the one name that it is
/// called by.
pub async fn give_back_what_is_left_over(world: &World) {
    for (place, (serial, _)) in (0u16..).zip(world.plan(|plan| plan.coupons.campaigns.clone())) {
        let known = names_of(world, serial).await;
        let pass = campaign::Command::PassTurn(known.turn);
        world.settle::<Campaign>(&Call::of(ADMIN, None, pass, vec![place])).await.expect("passed");
        let now = campaign_at(world, place).await;
        let (turn, withdrawn) = (known.turn, now.withdrawn);
        let keep = catalogue::Command::KeepName { serial, turn, now: now.plan.name, withdrawn };
        world.settle::<Catalogue>(&Call::of(ADMIN, None, keep, vec![0])).await.expect("kept");
    }
    world.node.borrow().yard.agreement.names.nothing_is_left_over();
    world.count("names in order");
}

async fn names_of(world: &World, serial: Serial) -> CampaignNames {
    let (question, nothing) =
        (catalogue::Question::Names(serial), catalogue::Command::Rename { serial, name: None });
    let told = Asker::<Catalogue>::new(world).look(ADMIN, 0, question, nothing).await;
    let Some(catalogue::Answer::Names(known)) = told else { panic!("no names: {told:?}") };
    known
}

async fn campaign_at(world: &World, place: u16) -> Overview {
    let (question, nothing) = (campaign::Question::Campaign, campaign::Command::Pause);
    let told = Asker::<Campaign>::new(world).look(ADMIN, place, question, nothing).await;
    let Some(campaign::Answer::Campaign(now)) = told else { panic!("no campaign: {told:?}") };
    now
}
