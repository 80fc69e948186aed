//! Whoever works off the jobs: some rows of a file, the racks take them in, and only then the job
//! is told how far it has come. Whatever is lost on the way is done again from where the job
//! stands. Several may be at it at once, and each may die.

use super::super::super::World;
use super::super::super::ask::{Asker, Call, Outcome};
use super::super::super::plan::{EVENING, OFFER};
use super::super::client::ADMIN;
use super::super::known::import;
use super::job_of;
use actors::dice::Dice;
use actors::domain::coupons::catalogue::{self, BatchKind, BatchPlan, Catalogue, CatalogueEntry};
use actors::domain::coupons::rack::{self, Rack, Spelling};
use actors::domain::coupons::{Serial, range};
use actors::domain::imports::{
    Command, Import, ImportPass, ImportPlan, ImportState, ImportView, OnDuplicate, Progress,
    Question, WhyFailed,
};
use actors::engine::Failure;
use actors::{Caller, Id};
use std::collections::BTreeSet;

/// A row is so many bytes here.
const ROW: u64 = 10;

struct Worker<'w> {
    world: &'w World,
    dice: Dice,
    jobs: Asker<'w, Import>,
    catalogue: Asker<'w, Catalogue>,
    racks: Asker<'w, Rack>,
}

/// Works until the world calms down.
pub async fn live(world: &World, _: u64, seed: u64) {
    let mut worker = Worker::new(world, seed);
    while !world.is_calm() {
        let file = worker.dice.below(2) as usize;
        worker.turn(file).await;
        world.rest().await;
    }
}

/// At the end, when nothing goes wrong any more: whatever was begun comes to its end.
pub async fn end_everything(world: &World) {
    let mut worker = Worker::new(world, world.roll());
    for file in 0..2 {
        let mut turns = 0;
        while !worker.has_ended(file).await {
            turns += 1;
            assert!(turns < 1000, "the import of file {file} never ends");
            worker.go_on(file).await;
        }
    }
}

/// What the job says of its rows is what is on the racks. Where a share of the batch was withdrawn,
/// its codes may have come again by other lines.
fn counts_are_right(world: &World, file: usize, view: &ImportView) {
    let node = world.node.borrow();
    let batch = node.yard.plan.coupons.files[file].0;
    let racks = || node.racks.auditor.places.iter().map(|rack| &rack.model);
    let withdrawn = racks().flat_map(|rack| rack.batches.values()).any(|share| share.withdrawn);
    let brought = racks().flat_map(|rack| rack.codes.values()).filter(|(of, ..)| *of == batch);
    if !withdrawn {
        assert_eq!(view.progress.imported, brought.count() as u64, "of {batch}");
    }
    drop(node);
    world.count("import finished");
}

impl<'w> Worker<'w> {
    fn new(world: &'w World, seed: u64) -> Worker<'w> {
        let (jobs, catalogue, racks) = (Asker::new(world), Asker::new(world), Asker::new(world));
        Worker { world, dice: Dice::new(seed), jobs, catalogue, racks }
    }

    async fn turn(&mut self, file: usize) {
        match self.dice.below(40) {
            0 => self.tell(file, Command::Cancel).await,
            1 => self.tell(file, Command::Fail(WhyFailed::FileMissing)).await,
            2 => self.tell(file, Command::Stop).await,
            3 => self.tell(file, Command::Finish).await,
            _ => self.go_on(file).await,
        }
    }

    /// For good, as the file is.
    async fn has_ended(&mut self, file: usize) -> bool {
        let Some(Some(view)) = self.view(file).await else { return false };
        match view.state {
            ImportState::Finished => {
                counts_are_right(self.world, file, &view);
                true
            }
            ImportState::Failed(WhyFailed::Duplicate { .. }) => true,
            _ => false,
        }
    }

    /// The next step of the job, whoever took the last one.
    async fn go_on(&mut self, file: usize) {
        let Some(view) = self.view(file).await else { return };
        let Some(view) = view else {
            return self.tell(file, Command::Create(self.plan(file))).await;
        };
        match (view.state, view.must_fail()) {
            (ImportState::Failed(_) | ImportState::Cancelled, _) => {
                // The file is brought again.
                if self.world.is_calm() || self.dice.below(3) == 0 {
                    self.tell(file, Command::Create(self.plan(file))).await;
                    self.world.count("file brought again");
                }
            }
            (ImportState::Finished, _) => {}
            (_, Some(why)) => self.tell(file, Command::Fail(why)).await,
            (ImportState::Cancelling, None) => self.tell(file, Command::Stop).await,
            (ImportState::Running, None) if view.is_through() => {
                self.tell(file, Command::Finish).await;
            }
            (ImportState::Running, None) => match (view.pass, view.batch) {
                (ImportPass::Checking, _) => self.check(file, &view).await,
                (ImportPass::Importing, None) => self.register(file).await,
                (ImportPass::Importing, Some(batch)) => self.import(file, batch, &view).await,
            },
        }
    }

    fn plan(&self, file: usize) -> ImportPlan {
        let (terms, lines) =
            self.world.plan(|plan| (plan.coupons.files[file].1, plan.coupons.lines));
        ImportPlan {
            name: None,
            file: [file as u8; 32],
            bytes: lines * ROW,
            offer: terms.offer,
            expires_at: terms.expires_at,
            // Every file here has a duplicate, so the second job always comes to grief.
            on_duplicate: if file == 0 { OnDuplicate::Skip } else { OnDuplicate::Fail },
            dry_run: false,
            spelling: Spelling::Exact,
        }
    }

    async fn view(&mut self, file: usize) -> Option<Option<ImportView>> {
        self.jobs.look(ADMIN, file as u16, Question, Command::Stop).await
    }

    async fn tell(&mut self, file: usize, command: Command) {
        // What came of it, the auditor has heard.
        drop(self.step(file, command).await);
    }

    async fn step(&mut self, file: usize, command: Command) -> Outcome<Import> {
        let call = Call::of(Caller::SYSTEM, None, command, vec![file as u16]);
        self.jobs.send(call, &mut self.dice).await
    }

    /// One job has one batch, however often it is registered.
    async fn register(&mut self, file: usize) {
        let what = BatchKind::Imported { job: job_of(file) };
        let plan = BatchPlan { name: None, offer: OFFER, expires_at: EVENING, what };
        let entry = CatalogueEntry::Batch(plan);
        let command = catalogue::Command::Register { entry, key: 1, figures: None };
        let call = Call::of(Caller::SYSTEM, None, command, vec![0]);
        match self.catalogue.send(call, &mut self.dice).await {
            Ok((_, done)) => {
                let (batch, ..) = done.event.registered().expect("it was registered");
                self.tell(file, Command::Register { batch }).await;
            }
            Err(Failure::Refused(refusal)) => panic!("it cannot be registered: {refusal:?}"),
            Err(_) => {}
        }
    }

    /// Rows up to the first duplicate: a code that stood in the file before.
    async fn check(&mut self, file: usize, view: &ImportView) {
        let (from, to) = self.rows(view);
        let batch = self.world.plan(|plan| plan.coupons.files[file].0);
        let code = |row| self.world.plan(|plan| plan.coupons.line(batch, row).1);
        let mut known: BTreeSet<_> = (0..from).map(&code).collect();
        let fresh = (from..to).take_while(|row| known.insert(code(*row))).count() as u64;
        let first = (from + fresh < to).then_some(from + fresh + 1);
        let mut progress = view.progress;
        progress.imported += fresh;
        progress.duplicate += u64::from(first.is_some());
        progress.first_duplicate = progress.first_duplicate.or(first);
        self.advance(file, progress).await;
    }

    /// The racks take some rows in, and say which of them brought their codes.
    async fn import(&mut self, file: usize, batch: Serial, view: &ImportView) {
        let (from, to) = self.rows(view);
        let mut progress = view.progress;
        let mut duplicates = Vec::new();
        for call in import(self.world, file, from..to) {
            let rack::Command::Import { lines, .. } = call.command.clone() else { return };
            let place = call.places[0];
            match self.racks.send(call, &mut self.dice).await {
                Ok(_) | Err(Failure::Refused(rack::Refusal::NothingNew)) => {}
                Err(_) => return,
            }
            let spelling = Spelling::Exact;
            let question = rack::Question::Brought { batch, spelling, lines: lines.clone() };
            let nothing = range::Command::Give { slot: 0, member: Id::SYSTEM };
            let nothing = rack::Command::In { batch, command: nothing };
            let told = self.racks.look(Caller::SYSTEM, place, question, nothing).await;
            let Some(rack::Answer::Flags(brought)) = told else { return };
            progress.imported += brought.iter().filter(|brought| **brought).count() as u64;
            let others = lines.iter().zip(brought).filter(|(_, brought)| !brought);
            duplicates.extend(others.map(|((line, _), _)| line + 1));
        }
        progress.duplicate += duplicates.len() as u64;
        progress.first_duplicate = progress.first_duplicate.or(duplicates.into_iter().min());
        self.advance(file, progress).await;
    }

    /// The next few, from where the job stands.
    fn rows(&mut self, view: &ImportView) -> (u64, u64) {
        let (from, lines) = (view.progress.rows, view.plan.bytes / ROW);
        (from, lines.min(from + 1 + self.dice.below(6)))
    }

    async fn advance(&mut self, file: usize, mut progress: Progress) {
        progress.rows = progress.imported + progress.duplicate + progress.invalid;
        progress.offset = progress.rows * ROW;
        if self.dice.below(8) == 0 {
            return self.world.count("died over an import");
        }
        self.tell(file, Command::Advance(progress)).await;
    }
}
