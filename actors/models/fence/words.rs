//! What lies in the database, what is on its way there, and who waits for what.

pub const NODES: usize = 2;
pub const CLIENTS: usize = 2;
pub const FAULTS: u8 = 2;
pub const STEALS: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    Take(u8),
    GiveBack(u8),
}

pub type Facts = Vec<Fact>;

/// What lies in the database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FencedLog {
    /// What consensus says.
    pub epoch: u8,
    /// What a quorum has for certain: a plain read of a quorum shows this one or a later one.
    pub settled: u8,
    pub facts: Facts,
    /// Under which epoch each was written. No head says that.
    pub under: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Statement {
    /// `IF epoch = from`
    Raise { node: u8, from: u8 },
    /// `IF epoch = … AND last_seq = … AND last_head = …`
    Append { node: u8, epoch: u8, after: Facts, fact: Fact, denied: bool },
    /// A plain read of the fence by a quorum. An answer without a fact rests on it.
    Look { node: u8, epoch: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NodeStage {
    Closed,
    /// It has asked for the epoch after `from`. `read` is only used where it is read too early.
    Raising {
        from: u8,
        read: Facts,
    },
    Open {
        epoch: u8,
        memory: Facts,
        doing: Option<Doing>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Doing {
    pub statement: Statement,
    pub client: u8,
    /// An attempt was lost.
    pub doubt: bool,
}

/// A client wants the ticket; the first one then gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientStage {
    Wants(bool),
    /// Whether there was none left at any time since it asked.
    Asked {
        gives_back: bool,
        none_left: bool,
    },
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TwoNodes {
    pub log: FencedLog,
    pub flight: Vec<Statement>,
    pub nodes: [NodeStage; NODES],
    pub clients: [ClientStage; CLIENTS],
    pub faults: u8,
    pub steals: u8,
}

#[derive(Debug)]
#[expect(dead_code, reason = "they are printed")]
pub enum FenceStep {
    TakesOver(usize),
    Asks(usize, usize),
    Arrives(Statement),
    ArrivesAnswerLost(Statement),
    /// The quorum that it asks has that epoch.
    Sees(Statement, u8),
    IsRepeated(usize),
    GivesUp(usize),
}

/// Rules that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FenceRule {
    EpochIsCompared,
    HeadIsCompared,
    EpochIsRaisedBeforeReading,
    OnlyAnOwnRaiseIsOnesOwn,
    LostAnswerIsNoRefusal,
    DoubtIsLookedUp,
    RefusalIsConfirmed,
    LookAsksAQuorum,
    RaiseIsOnesOwnWhenAQuorumHasIt,
    DurableBeforeTold,
    MemoryIsForgotten,
}

impl FenceRule {
    pub const ALL: [FenceRule; 11] = [
        FenceRule::EpochIsCompared,
        FenceRule::HeadIsCompared,
        FenceRule::EpochIsRaisedBeforeReading,
        FenceRule::OnlyAnOwnRaiseIsOnesOwn,
        FenceRule::LostAnswerIsNoRefusal,
        FenceRule::DoubtIsLookedUp,
        FenceRule::RefusalIsConfirmed,
        FenceRule::LookAsksAQuorum,
        FenceRule::RaiseIsOnesOwnWhenAQuorumHasIt,
        FenceRule::DurableBeforeTold,
        FenceRule::MemoryIsForgotten,
    ];
}
