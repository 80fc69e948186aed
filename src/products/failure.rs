//! Why a product did not do what was asked: one shape for all of them, whichever partitions they
//! asked on the way.

use actors::domain::coupons::{campaign, catalogue, rack, range, voiding};
use actors::domain::{acts, ballots, imports, lottery, notices, tickets, till, webhooks};
use actors::engine::{Done, Failure};
use actors::store::StoreError;
use std::fmt;

/// What the engine says, with the refusals of all kinds of partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(pub Failure<Refusal>);

/// Which kind of partition refused, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    Lottery(lottery::Refusal),
    Tickets(tickets::Refusal),
    Orders(till::Refusal),
    Ballots(ballots::Refusal),
    Promotions(catalogue::Refusal),
    Campaign(campaign::Refusal),
    Coupons(range::Refusal),
    Import(imports::Refusal),
    Voiding(voiding::Refusal),
    Webhook(webhooks::Refusal),
    Acts(acts::Refusal),
    /// The partition answered with another fact than this command can come to.
    OtherFact,
}

impl Error {
    /// Nothing that any rule forbids: the engine has a reason of its own.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0 {
            Failure::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// The part that the caller wants to know of the fact that a command came to.
pub(crate) fn pick<E, W, T>(
    done: Done<E, W>,
    wanted: impl FnOnce(E) -> Option<T>,
) -> Result<Done<T>, Error> {
    let Done { event, at, replayed, .. } = done;
    let event = wanted(event).ok_or(Error(Failure::Refused(Refusal::OtherFact)))?;
    Ok(Done { event, at, replayed, witness: None })
}

impl<R: Into<Refusal>> From<Failure<R>> for Error {
    fn from(failure: Failure<R>) -> Error {
        Error(failure.map(R::into))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error(Failure::Unavailable(error.to_string()))
    }
}

macro_rules! refusals {
    ($( $product:ident($refusal:ty), )*) => { $(
        impl From<$refusal> for Refusal {
            fn from(refusal: $refusal) -> Refusal {
                Refusal::$product(refusal)
            }
        }
    )* };
}

refusals! {
    Lottery(lottery::Refusal),
    Tickets(tickets::Refusal),
    Orders(till::Refusal),
    Ballots(ballots::Refusal),
    Promotions(catalogue::Refusal),
    Campaign(campaign::Refusal),
    Coupons(range::Refusal),
    Import(imports::Refusal),
    Voiding(voiding::Refusal),
    Webhook(webhooks::Refusal),
    Acts(acts::Refusal),
}

/// A rack refuses as the ranges on it do. Only an import hears that nothing was new.
impl From<rack::Refusal> for Refusal {
    fn from(refusal: rack::Refusal) -> Refusal {
        Refusal::Coupons(match refusal {
            rack::Refusal::In(refusal) => refusal,
            rack::Refusal::NothingNew => range::Refusal::AlreadyAssigned,
        })
    }
}

/// The partition of notices never refuses.
impl From<notices::Refusal> for Refusal {
    fn from(never: notices::Refusal) -> Refusal {
        match never {}
    }
}

impl std::error::Error for Error {}

/// In words for the journal.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Failure::Refused(refusal) => return refusal.fmt(f),
            Failure::Unavailable(why) => return write!(f, "the store does not answer: {why}"),
            Failure::KeyReused => "the key stands for another command",
            Failure::KeyForgotten => "the key is too old to know whether it was answered",
            Failure::Busy => "too much is under way",
            Failure::Moved => "another node owns the partition and could not be asked",
            Failure::Unknown => "it is not known whether it was done",
            Failure::ClockMoved => "the clock of the partition's owner has moved",
        })
    }
}

/// Jobs are refused nothing but by lotteries, so only those say why.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Lottery(refusal) => match refusal {
                lottery::Refusal::Unknown => "there is no such lottery",
                lottery::Refusal::Exists => "there is another lottery that closes on that day",
                lottery::Refusal::Over => "the lottery has begun to close, or is over",
                lottery::Refusal::BeingWithdrawn => "the lottery is being withdrawn",
                lottery::Refusal::Touched => "somebody has touched the lottery",
                lottery::Refusal::NotWithdrawing => "the lottery is not being withdrawn",
                lottery::Refusal::NotClosing => "the lottery has not begun to close",
                lottery::Refusal::NotClosed => "the lottery is not closed",
                lottery::Refusal::OtherBoxes => "the lottery has other boxes than these",
                lottery::Refusal::OtherSeed => "this is not the seed that was committed to",
                lottery::Refusal::OtherRound => "this is not the round that was named",
                lottery::Refusal::OtherLots => "seed and round choose other ballots than these",
            },
            Refusal::Tickets(_) => "a slice of tickets refused it",
            Refusal::Orders(till::Refusal::Unsettled { .. }) => {
                "orders have yet to be settled with their parts"
            }
            Refusal::Orders(_) => "a till refused it",
            Refusal::Ballots(_) => "a box of ballots refused it",
            Refusal::Promotions(_) => "the catalogue of campaigns and batches refused it",
            Refusal::Campaign(_) => "a campaign refused it",
            Refusal::Coupons(_) => "a range of coupons refused it",
            Refusal::Import(_) => "an import refused it",
            Refusal::Voiding(_) => "a voiding refused it",
            Refusal::Webhook(_) => "a webhook refused it",
            Refusal::Acts(_) => "the book of acts refused it",
            Refusal::OtherFact => "a partition has answered another command than this one",
        })
    }
}
