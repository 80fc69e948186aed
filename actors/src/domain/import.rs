//! An import of somebody else's codes: which file, on what terms, and how far it has come.
//!
//! A job goes through its file once, or twice if it is to fail on duplicates: first it only checks.
//! What it has said of a row stands: progress never goes back within a pass, and its counts add up.
//! A cancelled job ends where the rows under way end, so that its counts are right. One that failed
//! or was cancelled is taken up again, from the first row, by whoever brings the same file again.

use super::coupons::{Offer, Serial};
use super::shelves;
use crate::id::Id;
use crate::machine::{Caller, Machine, Refused, Stamp, Verdict};
use crate::store::Row;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Whose list names the jobs that have not ended. The list of all jobs is the engine's own.
pub const UNFINISHED: Id = Id(*b"unfinished jobs.");

/// What a job is, fixed when it is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub name: Option<String>,
    /// SHA-256 of the file.
    pub file: [u8; 32],
    pub bytes: u64,
    pub offer: Offer,
    pub expires_at: Time,
    pub on_duplicate: OnDuplicate,
    /// Says what would be imported, and imports nothing.
    pub dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnDuplicate {
    Skip,
    /// Nothing is imported if the file has a duplicate.
    Fail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pass {
    /// Goes through the file and changes nothing.
    Checking,
    Importing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Running,
    /// Somebody wants it to end; the rows under way are still counted.
    Cancelling,
    Finished,
    Failed(Why),
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// The first duplicate of a file that may have none.
    Duplicate { row: u64 },
    /// The spooled file is gone.
    FileMissing,
    /// The spooled file is not the one that was sent.
    FileChanged,
}

/// How far a pass has come: all rows up to one, and where in the file the next begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub rows: u64,
    pub offset: u64,
    pub imported: u64,
    pub duplicate: u64,
    pub invalid: u64,
    pub first_duplicate: Option<u64>,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Import {
    job: Option<View>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Create(Plan),
    /// The batch that takes the codes in; begins the importing pass.
    Register {
        batch: Serial,
    },
    Advance(Progress),
    Finish,
    Fail(Why),
    Cancel,
    /// Nothing is under way any more in a job that is to be cancelled.
    Stop,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Created(Plan),
    Registered {
        batch: Serial,
    },
    /// Where the pass is now, not what was added.
    Advanced(Progress),
    Finished,
    Failed(Why),
    Cancelling,
    Cancelled,
    /// From the first row again, because the file was brought again.
    Reopened,
}

/// In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    Unknown,
    /// It has ended, one way or another.
    Ended,
    /// It does not follow from where the job is.
    OutOfStep,
}

impl Refused for Refusal {}

#[derive(Clone, Serialize, Deserialize)]
pub struct Look;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub plan: Plan,
    pub pass: Pass,
    pub state: State,
    pub batch: Option<Serial>,
    pub progress: Progress,
    pub created_at: Time,
    pub ended_at: Option<Time>,
}

impl Machine for Import {
    const KIND: &'static str = "import";
    type Name = Id;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;
    type Question = Look;
    type Answer = Option<View>;
    type Witness = ();

    fn decide(&self, command: &Command, _: &Caller, _: &Stamp) -> Result<Verdict<Event>, Refusal> {
        use Verdict::{Already, New};
        let job = match (command, &self.job) {
            (Command::Create(plan), None) => return Ok(New(Event::Created(plan.clone()))),
            (_, None) => return Err(Refusal::Unknown),
            (_, Some(job)) => job,
        };
        match (command, job.state) {
            (Command::Create(_), State::Failed(_) | State::Cancelled) => Ok(New(Event::Reopened)),
            (Command::Create(_), _) => Ok(Already(Event::Created(job.plan.clone()))),
            (Command::Cancel, State::Running) => Ok(New(Event::Cancelling)),
            (Command::Cancel, State::Cancelling) => Ok(Already(Event::Cancelling)),
            (Command::Cancel | Command::Stop, State::Cancelled) => Ok(Already(Event::Cancelled)),
            (Command::Stop, State::Cancelling) => Ok(New(Event::Cancelled)),
            (Command::Finish, State::Finished) => Ok(Already(Event::Finished)),
            (Command::Fail(_), State::Failed(why)) => Ok(Already(Event::Failed(why))),
            (_, State::Finished | State::Failed(_) | State::Cancelled) => Err(Refusal::Ended),
            (Command::Fail(why), _) => Ok(New(Event::Failed(*why))),
            (Command::Advance(progress), _) if *progress == job.progress => {
                Ok(Already(Event::Advanced(*progress)))
            }
            (Command::Advance(progress), _) if job.may_come_to(progress) => {
                Ok(New(Event::Advanced(*progress)))
            }
            (Command::Register { batch }, State::Running) => job.register(*batch),
            (Command::Finish, State::Running) if job.is_through() => Ok(New(Event::Finished)),
            _ => Err(Refusal::OutOfStep),
        }
    }

    fn apply(&mut self, event: &Event, at: Time) {
        if let (Event::Created(plan), None) = (event, &self.job) {
            self.job = Some(View::new(plan.clone(), at));
        }
        let Some(job) = &mut self.job else { return };
        match event {
            Event::Created(_) => {}
            Event::Registered { batch } => {
                (job.pass, job.batch, job.progress) =
                    (Pass::Importing, Some(*batch), Progress::default())
            }
            Event::Advanced(progress) => job.progress = *progress,
            Event::Cancelling => job.state = State::Cancelling,
            Event::Finished => job.end(State::Finished, at),
            Event::Failed(why) => job.end(State::Failed(*why), at),
            Event::Cancelled => job.end(State::Cancelled, at),
            Event::Reopened => {
                *job = View { batch: job.batch, ..View::new(job.plan.clone(), job.created_at) }
            }
        }
    }

    fn look(&self, _: &Look) -> Option<View> {
        self.job.clone()
    }

    /// Two lists: all jobs, the newest first, and those that have not ended, which whoever works
    /// them off reads.
    fn rows(job: &Id, event: &Event, at: Time, rows: &mut Vec<Row>) {
        let since = |at: Time| at.0.to_be_bytes().to_vec();
        let unfinished =
            |body| Row { shelf: shelves::JOBS, owner: UNFINISHED, key: job.0.to_vec(), body };
        match event {
            Event::Created(_) => {
                let body = Some(Self::KIND.as_bytes().to_vec());
                rows.push(Row {
                    shelf: shelves::JOBS,
                    owner: Id::SYSTEM,
                    key: list_key(at, *job),
                    body,
                });
                rows.push(unfinished(Some(since(at))));
            }
            Event::Reopened => rows.push(unfinished(Some(since(at)))),
            Event::Finished | Event::Failed(_) | Event::Cancelled => rows.push(unfinished(None)),
            Event::Registered { .. } | Event::Advanced(_) | Event::Cancelling => {}
        }
    }

    fn imbalance(&self) -> i64 {
        self.job.as_ref().map_or(0, |job| job.progress.rows as i64 - job.progress.counted() as i64)
    }
}

impl View {
    fn new(plan: Plan, created_at: Time) -> View {
        let checks = plan.dry_run || plan.on_duplicate == OnDuplicate::Fail;
        let pass = if checks { Pass::Checking } else { Pass::Importing };
        View {
            plan,
            pass,
            state: State::Running,
            batch: None,
            progress: Progress::default(),
            created_at,
            ended_at: None,
        }
    }

    fn end(&mut self, state: State, at: Time) {
        (self.state, self.ended_at) = (state, Some(at));
    }

    fn may_come_to(&self, to: &Progress) -> bool {
        let from = &self.progress;
        let ready = self.pass == Pass::Checking || self.batch.is_some();
        let on = to.rows >= from.rows && to.offset >= from.offset && to.offset <= self.plan.bytes;
        let kept = to.imported >= from.imported
            && to.duplicate >= from.duplicate
            && to.invalid >= from.invalid;
        let same_first =
            from.first_duplicate.is_none() || from.first_duplicate == to.first_duplicate;
        ready
            && on
            && kept
            && same_first
            && to.counted() == to.rows
            && to.first_duplicate.is_some() == (to.duplicate > 0)
    }

    fn register(&self, batch: Serial) -> Result<Verdict<Event>, Refusal> {
        match (self.pass, self.batch) {
            (Pass::Importing, Some(known)) if known == batch => {
                Ok(Verdict::Already(Event::Registered { batch }))
            }
            (Pass::Importing, None) => Ok(Verdict::New(Event::Registered { batch })),
            (Pass::Checking, known)
                if known.is_none_or(|known| known == batch)
                    && !self.plan.dry_run
                    && self.has_read_all() =>
            {
                Ok(Verdict::New(Event::Registered { batch }))
            }
            _ => Err(Refusal::OutOfStep),
        }
    }

    pub fn has_read_all(&self) -> bool {
        self.progress.offset == self.plan.bytes
    }

    /// Whether nothing is left to do but to say so.
    pub fn is_through(&self) -> bool {
        let last_pass = if self.plan.dry_run { Pass::Checking } else { Pass::Importing };
        self.pass == last_pass && self.has_read_all()
    }

    /// Why it cannot go on, if it met a duplicate and may not.
    pub fn must_fail(&self) -> Option<Why> {
        let row = self
            .progress
            .first_duplicate
            .filter(|_| self.plan.on_duplicate == OnDuplicate::Fail)?;
        Some(Why::Duplicate { row })
    }
}

impl Progress {
    fn counted(&self) -> u64 {
        self.imported.saturating_add(self.duplicate).saturating_add(self.invalid)
    }
}

/// The key of a job in the list of all: the newest first.
fn list_key(at: Time, job: Id) -> Vec<u8> {
    let newest_first = !(at.0 as u64);
    [&newest_first.to_be_bytes()[..], &job.0].concat()
}

/// The job that a line of either list names.
pub fn job_of_row(key: &[u8]) -> Option<Id> {
    key.last_chunk::<16>().copied().map(Id)
}
