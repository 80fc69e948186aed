//! What an import is, what it is told and asked, what happens, and why not.

use crate::domain::coupons::rack::Spelling;
use crate::domain::coupons::{Offer, Serial};
use crate::machine::Refused;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What a job was before codes could have a loose spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstImportPlan {
    pub name: Option<String>,
    pub file: [u8; 32],
    pub bytes: u64,
    pub offer: Offer,
    pub expires_at: Time,
    pub on_duplicate: OnDuplicate,
    pub dry_run: bool,
}

impl From<FirstImportPlan> for ImportPlan {
    fn from(first: FirstImportPlan) -> ImportPlan {
        let FirstImportPlan { name, file, bytes, offer, expires_at, on_duplicate, dry_run } = first;
        let spelling = Spelling::Exact;
        ImportPlan { name, file, bytes, offer, expires_at, on_duplicate, dry_run, spelling }
    }
}

/// What a job is, fixed when it is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    pub name: Option<String>,
    /// SHA-256 of the file.
    pub file: [u8; 32],
    pub bytes: u64,
    pub offer: Offer,
    pub expires_at: Time,
    pub on_duplicate: OnDuplicate,
    /// Says what would be imported, and imports nothing.
    pub dry_run: bool,
    pub spelling: Spelling,
}

impl ImportPlan {
    /// What makes it another job than any other, in bytes: as it always was for an exact spelling,
    /// so that a file that is brought again is the same job.
    pub fn terms(&self) -> Vec<u8> {
        let ImportPlan { name, file, bytes, offer, expires_at, on_duplicate, dry_run, spelling } =
            self.clone();
        let first = FirstImportPlan { name, file, bytes, offer, expires_at, on_duplicate, dry_run };
        let terms = match spelling {
            Spelling::Exact => postcard::to_stdvec(&first),
            Spelling::Loose => postcard::to_stdvec(&(first, spelling)),
        };
        terms.expect("a plan is plain data")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnDuplicate {
    Skip,
    /// Nothing is imported if the file has a duplicate.
    Fail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportPass {
    /// Goes through the file and changes nothing.
    Checking,
    Importing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportState {
    Running,
    /// It was told to end; the rows under way are still counted.
    Cancelling,
    Finished,
    Failed(WhyFailed),
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhyFailed {
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportView {
    pub plan: ImportPlan,
    pub pass: ImportPass,
    pub state: ImportState,
    pub batch: Option<Serial>,
    pub progress: Progress,
    pub created_at: Time,
    pub ended_at: Option<Time>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    Create(ImportPlan),
    /// The batch that takes the codes in; begins the importing pass.
    Register {
        batch: Serial,
    },
    Advance(Progress),
    Finish,
    Fail(WhyFailed),
    Cancel,
    /// Nothing is under way any more in a job that is to be cancelled.
    Stop,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Created(FirstImportPlan),
    Registered {
        batch: Serial,
    },
    /// Where the pass is now, not what was added.
    Advanced(Progress),
    Finished,
    Failed(WhyFailed),
    Cancelling,
    Cancelled,
    /// From the first row again, because the file was brought again.
    Reopened,
    /// As `Created`, with all that a plan says by now.
    Planned(ImportPlan),
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

/// All that is known of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Question;

impl Progress {
    pub(super) fn counted(&self) -> u64 {
        self.imported.saturating_add(self.duplicate).saturating_add(self.invalid)
    }
}

/// None: there is no such job.
pub type Answer = Option<ImportView>;
