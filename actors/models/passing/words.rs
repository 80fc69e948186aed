//! Who asks, what they are told, and the rules that can be broken.

use actors::domain::tickets::Slice;
use actors::engine::{Failure, Reply};
use actors::{Caller, Id, Time};

pub const PLACES: u16 = 3;
pub const RUNS: usize = 3;
pub const FAULTS: u8 = 2;
/// How often a run is begun at most.
pub const TRIES: u8 = 2;
/// With these the runs of one key look at different guests first.
pub const SEEDS: [u64; RUNS] = [2, 0, 1];
pub const NOW: Time = Time(1_000_000);
pub const ZOE: Caller = Caller { id: Id([9; 16]), role: actors::Role::Member };

pub type Refusal = actors::domain::tickets::Refusal;
pub type Heard = Result<Reply<Slice>, Failure<Refusal>>;

/// What a run is told at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    Granted {
        place: u16,
        hold: u32,
    },
    Refused,
    /// It is to come again, under the same key.
    ComeAgain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunStage {
    Idle,
    /// With what it has heard so far, and what its key had been told before it began.
    Asking {
        heard: u16,
        before: Option<Told>,
    },
    Over(Told),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slices {
    pub logs: [u16; PLACES as usize],
    pub runs: [(RunStage, u8); RUNS],
    /// What each member was told last, under their key.
    pub told: [Option<Told>; 2],
    pub late: Vec<Asked>,
    /// Who may give back a ticket: somebody else, and the second member.
    pub gives_back: [bool; 2],
    pub faults: u8,
}

/// A question to a place: the place, and the number of the request.
pub type Asked = (u16, u16);

#[derive(Debug)]
#[expect(dead_code, reason = "they are printed")]
pub enum PassingStep {
    Begins(usize),
    IsAnswered(usize, Asked),
    AnswerIsLost(usize, Asked),
    ArrivesLater(usize, Asked),
    ArrivesTwice(usize, Asked),
    ArrivesLate(Asked),
    IsGivenBack(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassingRule {
    DeclineIsWritten,
    NoteIsWritten,
    HomeWaitsForTheRefusal,
    GuestRemembersTheKey,
    HomeRemembersTheKey,
    KeyNamesTheHome,
}

impl PassingRule {
    pub const ALL: [PassingRule; 6] = [
        PassingRule::DeclineIsWritten,
        PassingRule::NoteIsWritten,
        PassingRule::HomeWaitsForTheRefusal,
        PassingRule::GuestRemembersTheKey,
        PassingRule::HomeRemembersTheKey,
        PassingRule::KeyNamesTheHome,
    ];
}
