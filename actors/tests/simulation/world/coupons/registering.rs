//! How campaigns and batches are registered: those of the plan before anybody comes, and some more
//! by administrators later, who want the same names as others do.

use super::super::World;
use super::super::ask::Call;
use super::super::plan::{EVENING, OFFER};
use super::client::{ADMIN, Client};
use super::imports::job_of;
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{CampaignPlan, Trigger};
use actors::domain::coupons::catalogue::{
    BatchKind, BatchPlan, Catalogue, CatalogueEntry, Command, Event,
};
use actors::domain::coupons::{Serial, SerialKind};

/// What campaigns are to be called. Two that differ in case only are one name.
pub(super) const NAMES: [&str; 9] =
    ["Spring", "SPRING", "summer", "Autumn", "autumn", "winter", "gala", "Ωmega", "ωmega"];

fn register(entry: CatalogueEntry, figures: Option<FiguresFor>) -> Command {
    Command::Register { entry, key: 1, figures }
}

fn a_batch(name: Option<String>, what: BatchKind) -> CatalogueEntry {
    CatalogueEntry::Batch(BatchPlan { name, offer: OFFER, expires_at: EVENING, what })
}

/// Before anything goes wrong, and in their order, so that each campaign has the number of its
/// partition.
pub async fn register_the_plan(world: &World) {
    for (serial, plan) in world.plan(|plan| plan.coupons.campaigns.clone()) {
        let command = register(CatalogueEntry::Campaign(plan), None);
        let told = world.settle::<Catalogue>(&Call::of(ADMIN, None, command, vec![0])).await;
        let Ok((_, done)) = told else { panic!("nothing is there yet, and still: {told:?}") };
        let registered = done.event.registered().map(|(serial, ..)| serial);
        assert_eq!(registered, Some(serial), "numbers are given in order");
    }
    let made = BatchKind::Made { count: 1, one_per_member: false };
    let imported = |file| BatchKind::Imported { job: job_of(file) };
    for (number, what) in (0..).zip([made, made, made, imported(0), imported(1)]) {
        let command = register(a_batch(None, what), None);
        let told = world.settle::<Catalogue>(&Call::of(ADMIN, None, command, vec![0])).await;
        let Ok((_, done)) = told else { panic!("nothing is there yet, and still: {told:?}") };
        let registered = done.event.registered().map(|(serial, ..)| serial);
        assert_eq!(registered, Serial::new(number, SerialKind::Batch));
    }
}

impl Client<'_> {
    /// Another campaign or batch, or another label of one.
    pub(super) async fn register(&mut self) {
        match self.below(6) {
            0..=1 => self.register_a_campaign().await,
            2..=3 => self.register_an_import().await,
            4 => {
                let count = 1 + self.below(9);
                let what = BatchKind::Made { count, one_per_member: self.below(2) == 0 };
                self.tell_catalogue(register(a_batch(None, what), None)).await;
            }
            _ => self.label_a_batch().await,
        }
    }

    /// It takes a name that others want, and mostly it is soon withdrawn.
    async fn register_a_campaign(&mut self) {
        let plan = CampaignPlan {
            name: NAMES[self.below(NAMES.len() as u64) as usize].into(),
            quota: 1,
            starts_at: EVENING,
            ends_at: EVENING.plus_s(60),
            trigger: Trigger::Claim,
            offer: OFFER,
            valid_s: None,
        };
        let figures = (self.below(2) == 0).then_some(FiguresFor::Members);
        let now = plan.name.clone();
        let told = self.tell_catalogue(register(CatalogueEntry::Campaign(plan), figures)).await;
        if let Some(event) = told
            && let Some((serial, ..)) = event.registered()
            && self.below(5) > 0
        {
            self.world.count("another campaign registered");
            self.tell_catalogue(Command::KeepName { serial, turn: 0, now, withdrawn: true }).await;
        }
    }

    /// One job makes one batch, however often it is registered, and by whomever.
    async fn register_an_import(&mut self) {
        // Two of them are those of the files.
        let job = job_of(self.below(3) as usize);
        let entry = a_batch(None, BatchKind::Imported { job });
        if self.tell_catalogue(register(entry, None)).await.is_some() {
            self.world.count("import registered");
        }
    }

    async fn label_a_batch(&mut self) {
        let number = self.below(4) as u32;
        let serial = Serial::new(number, SerialKind::Batch).expect("there are few");
        let name = (self.below(3) > 0).then(|| NAMES[self.below(3) as usize].to_owned());
        if let Some(Event::Renamed { .. }) =
            self.tell_catalogue(Command::Rename { serial, name }).await
        {
            self.world.count("batch labelled");
        }
    }

    async fn tell_catalogue(&mut self, command: Command) -> Option<Event> {
        let key = self.maybe_a_key();
        let told = self.send_to_catalogue(Call::of(ADMIN, key, command, vec![0])).await;
        told.ok().map(|(_, done)| done.event)
    }
}
