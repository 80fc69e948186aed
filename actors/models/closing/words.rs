//! Who is in the hall while a pool closes, what they ask, and the rules that can be broken.

use crate::kept::StateNumber;
use actors::Time;

/// Who comes to the pool that closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingStory {
    /// One member holds and buys, one submits a ballot.
    HoldAndBallot,
    /// One member orders under a limit key, which another till keeps.
    Order,
}

/// What a client asks of a part of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    OpenSlice,
    Hold,
    ConfirmHold,
    OpenTill(u8),
    Begin,
    Take,
    HoldFor,
    /// With that copy of the only number.
    Place(u16),
    ConfirmOrder,
    GiveUp,
    OpenBox,
    Submit,
}

/// What a client hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Done,
    /// That copy is set aside.
    Copy(u16),
    NotOpened,
    Refused,
    /// Whoever asked hears nothing.
    Nothing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Client {
    /// What they ask next. None: they are at rest.
    pub asks: Option<Ask>,
    /// Back to this when a part was opened.
    pub after_opening: Option<Ask>,
    /// They were told that they have it: the ticket, or the ballot.
    pub has: bool,
}

pub const HOLDER: usize = 0;
pub const ORDERER: usize = 1;
pub const SUBMITTER: usize = 2;

impl ClosingStory {
    /// All clients, before any has asked.
    pub fn clients(self) -> [Client; 3] {
        let mut clients = [Client::default(); 3];
        let first = [(HOLDER, Ask::Hold), (ORDERER, Ask::Begin), (SUBMITTER, Ask::Submit)];
        for (client, ask) in first {
            let is_there = match self {
                ClosingStory::HoldAndBallot => client != ORDERER,
                ClosingStory::Order => client == ORDERER,
            };
            clients[client].asks = is_there.then_some(ask);
        }
        clients
    }
}

/// How far somebody who closes the pool has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closer {
    Away,
    /// Asks that till whether anybody ever needed it.
    Looking {
        till: u8,
        unsealed: [bool; 2],
    },
    Sealing {
        till: u8,
        unsealed: [bool; 2],
        waits: bool,
    },
    Settling {
        unsealed: [bool; 2],
        waits: bool,
    },
    OpeningSlice,
    SealingSlice,
    OpeningBox,
    SealingBox,
    /// Writes down what the box holds.
    Finishing {
        count: u64,
        root: [u8; 32],
    },
    Drawing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hall {
    pub now: Time,
    pub lottery: StateNumber,
    pub tills: [StateNumber; 2],
    pub slice: StateNumber,
    pub ballots: StateNumber,
    pub clients: [Client; 3],
    pub closers: [Closer; 2],
    /// What may still arrive, at any time.
    pub late: Vec<Ask>,
    pub faults: u8,
}

/// What may happen in the hall.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "they are printed")]
pub enum HallStep {
    Asks(usize, Ask, AskFate),
    ArrivesLate(Ask),
    Closes(usize, Closer),
    Dies(usize, Closer),
    Sweeps,
    TheClosingInstantComes,
}

/// What becomes of what is asked. To whoever asks the last three look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskFate {
    IsAnswered,
    AnswerIsLost,
    IsLost,
    IsLate,
}

/// Rules that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingRule {
    ASealEndsLiveHolds,
    ASliceWaitsForItsParts,
    ASealedSliceTakesNothing,
    ATillWaitsForWhoFollows,
    AClosingTillTakesNoOrders,
    ASealedBoxTakesNothing,
    ASealIsRepeatedToItsEnd,
    BoxesAreSealedBeforeTheyAreCounted,
    WhatNobodyOpenedIsSealedToo,
    SomebodyGoesOn,
}

impl ClosingRule {
    pub const ALL: [ClosingRule; 10] = [
        ClosingRule::ASealEndsLiveHolds,
        ClosingRule::ASliceWaitsForItsParts,
        ClosingRule::ASealedSliceTakesNothing,
        ClosingRule::ATillWaitsForWhoFollows,
        ClosingRule::AClosingTillTakesNoOrders,
        ClosingRule::ASealedBoxTakesNothing,
        ClosingRule::ASealIsRepeatedToItsEnd,
        ClosingRule::BoxesAreSealedBeforeTheyAreCounted,
        ClosingRule::WhatNobodyOpenedIsSealedToo,
        ClosingRule::SomebodyGoesOn,
    ];

    /// Where it is missed.
    pub fn shown_by(self) -> ClosingStory {
        match self {
            ClosingRule::ASliceWaitsForItsParts
            | ClosingRule::ATillWaitsForWhoFollows
            | ClosingRule::AClosingTillTakesNoOrders
            | ClosingRule::ASealIsRepeatedToItsEnd => ClosingStory::Order,
            _ => ClosingStory::HoldAndBallot,
        }
    }
}
