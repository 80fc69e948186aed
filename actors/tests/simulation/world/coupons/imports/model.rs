//! The auditor's own idea of a job that imports a file.

use super::super::super::right::{Answered, Right};
use actors::domain::coupons::Serial;
use actors::domain::imports::{
    Command, Event, ImportPass, ImportPlan, ImportState, OnDuplicate, Progress, Refusal,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub plan: ImportPlan,
    pub pass: ImportPass,
    pub state: ImportState,
    pub batch: Option<Serial>,
    pub progress: Progress,
}

pub struct Model {
    /// The batch that the catalogue has for it.
    batch: Serial,
    pub job: Option<Job>,
}

impl Job {
    fn new(plan: ImportPlan) -> Job {
        let pass = match plan.on_duplicate {
            OnDuplicate::Skip => ImportPass::Importing,
            OnDuplicate::Fail => ImportPass::Checking,
        };
        let (state, progress) = (ImportState::Running, Progress::default());
        Job { plan, pass, state, batch: None, progress }
    }

    pub fn has_ended(&self) -> bool {
        !matches!(self.state, ImportState::Running | ImportState::Cancelling)
    }

    fn has_read_all(&self) -> bool {
        self.progress.offset == self.plan.bytes
    }

    /// Whether what was said of rows stands in what is said now, and all adds up.
    fn leads_to(&self, to: &Progress) -> bool {
        let from = &self.progress;
        let never_less = [
            (from.rows, to.rows),
            (from.offset, to.offset),
            (from.imported, to.imported),
            (from.duplicate, to.duplicate),
            (from.invalid, to.invalid),
            (to.offset, self.plan.bytes),
        ];
        never_less.iter().all(|(before, after)| before <= after)
            && to.rows == to.imported + to.duplicate + to.invalid
            && from.first_duplicate.is_none_or(|first| to.first_duplicate == Some(first))
            && (to.duplicate == 0) == to.first_duplicate.is_none()
            && (self.batch.is_some() || self.pass == ImportPass::Checking)
    }
}

impl Model {
    pub fn new(batch: Serial) -> Model {
        Model { batch, job: None }
    }

    pub fn record(&mut self, event: &Event) {
        if let Event::Planned(plan) = event {
            assert!(self.job.is_none(), "one job was made twice");
            self.job = Some(Job::new(plan.clone()));
            return;
        }
        let batch = self.batch;
        let job = self.job.as_mut().expect("it was made");
        assert_eq!(job.has_ended(), *event == Event::Reopened, "it has ended, or not: {event:?}");
        match event {
            Event::Registered { batch: to } => {
                assert!(*to == batch && job.batch.is_none_or(|known| known == batch));
                assert_eq!(job.state, ImportState::Running);
                assert!(match job.pass {
                    ImportPass::Checking => job.has_read_all(),
                    ImportPass::Importing => job.batch.is_none(),
                });
                (job.batch, job.pass) = (Some(batch), ImportPass::Importing);
                job.progress = Progress::default();
            }
            Event::Advanced(to) => {
                assert!(
                    job.leads_to(to) && job.progress != *to,
                    "from {:?} to {to:?}",
                    job.progress
                );
                job.progress = *to;
            }
            Event::Finished => {
                assert!(job.state == ImportState::Running && job.has_read_all());
                assert_eq!(job.pass, ImportPass::Importing);
                job.state = ImportState::Finished;
            }
            Event::Failed(why) => job.state = ImportState::Failed(*why),
            Event::Cancelling => {
                assert_eq!(job.state, ImportState::Running);
                job.state = ImportState::Cancelling;
            }
            Event::Cancelled => {
                assert_eq!(job.state, ImportState::Cancelling);
                job.state = ImportState::Cancelled;
            }
            Event::Reopened => {
                assert_ne!(job.state, ImportState::Finished);
                *job = Job { batch: job.batch, ..Job::new(job.plan.clone()) };
            }
            Event::Created(_) | Event::Planned(_) => panic!("no job is made so any more"),
        }
    }

    pub fn right(&self, command: &Command) -> Right<Refusal> {
        use Answered::{Already, New};
        use ImportState::{Cancelled, Cancelling, Failed, Finished, Running};
        let Some(job) = &self.job else {
            return if matches!(command, Command::Create(_)) {
                Ok(New)
            } else {
                Err(Refusal::Unknown)
            };
        };
        match (command, job.state) {
            (Command::Create(_), Failed(_) | Cancelled) => Ok(New),
            (Command::Create(_), _) => Ok(Already),
            (Command::Cancel, Cancelling | Cancelled) | (Command::Stop, Cancelled) => Ok(Already),
            (Command::Finish, Finished) | (Command::Fail(_), Failed(_)) => Ok(Already),
            (_, Finished | Failed(_) | Cancelled) => Err(Refusal::Ended),
            (Command::Cancel, Running) | (Command::Stop, Cancelling) | (Command::Fail(_), _) => {
                Ok(New)
            }
            (Command::Advance(to), _) if *to == job.progress => Ok(Already),
            (Command::Advance(to), _) if job.leads_to(to) => Ok(New),
            (Command::Finish, Running)
                if job.pass == ImportPass::Importing && job.has_read_all() =>
            {
                Ok(New)
            }
            (Command::Register { batch }, Running) => match (job.pass, job.batch) {
                (ImportPass::Importing, None) => Ok(New),
                (ImportPass::Importing, Some(known)) if known == *batch => Ok(Already),
                (ImportPass::Checking, known)
                    if job.has_read_all() && known.is_none_or(|known| known == *batch) =>
                {
                    Ok(New)
                }
                _ => Err(Refusal::OutOfStep),
            },
            _ => Err(Refusal::OutOfStep),
        }
    }
}
