//! How the machines decide where a rule of theirs is broken.

use super::place::{CLOSES_AT, TTL_S, any};
use super::words::ClosingRule;
use crate::kept::Said;
use actors::domain::ballots::{self, BallotBox};
use actors::domain::tickets::{self, Slice};
use actors::domain::till::{self, Till};
use actors::{Caller, Role, Stamp, Verdict};
use testing::played::Played;

pub fn decide_in_slice(
    broken: Option<ClosingRule>,
    played: &Played<Slice>,
    command: &tickets::Command,
    caller: &Caller,
    stamp: &Stamp,
) -> Said<Slice> {
    use ClosingRule::{ASealEndsLiveHolds, ASealedSliceTakesNothing, ASliceWaitsForItsParts};
    let sealed = || match played.look(&tickets::Question::Ledger) {
        tickets::Answer::Ledger(ledger) => {
            Ok(Verdict::New(tickets::Event::Sealed { sold: ledger.sold }))
        }
        other => panic!("{other:?}"),
    };
    let said = played.decide(command, caller, stamp);
    match (said, broken) {
        (Ok(Verdict::New(tickets::Event::Cleared { .. })), Some(ASealEndsLiveHolds)) => sealed(),
        (Err(tickets::Refusal::PartsLive { .. }), Some(ASliceWaitsForItsParts)) => sealed(),
        (Err(tickets::Refusal::Closed), Some(ASealedSliceTakesNothing)) => {
            take_in_spite(played, command, caller)
        }
        (said, _) => said,
    }
}

/// A hold in a slice that is closed.
fn take_in_spite(
    played: &Played<Slice>,
    command: &tickets::Command,
    caller: &Caller,
) -> Said<Slice> {
    let free = tickets::Question::Matching { pattern: any(), sample: 1, seed: 7 };
    match (played.look(&free), command) {
        (tickets::Answer::Matching { sample, .. }, tickets::Command::Hold { .. })
            if !sample.is_empty() =>
        {
            let (owner, until) = (caller.id, CLOSES_AT.plus_s(TTL_S));
            Ok(Verdict::New(tickets::Event::Held { hold: 0, owner, tickets: sample, until }))
        }
        _ => Err(tickets::Refusal::Closed),
    }
}

pub fn decide_in_till(
    broken: Option<ClosingRule>,
    played: &Played<Till>,
    command: &till::Command,
    caller: &Caller,
    stamp: &Stamp,
) -> Said<Till> {
    let said = played.decide(command, caller, stamp);
    match (said, broken, command) {
        (
            Err(till::Refusal::Unsettled { .. }),
            Some(ClosingRule::ATillWaitsForWhoFollows),
            till::Command::Seal,
        ) => Ok(Verdict::New(till::Event::Sealed)),
        (
            Err(till::Refusal::Closed),
            Some(ClosingRule::AClosingTillTakesNoOrders),
            till::Command::Begin { wish, keys },
        ) => Ok(Verdict::New(till::Event::Begun {
            order: 0,
            owner: caller.id,
            wish: *wish,
            keys: keys.clone(),
            give_up_at: stamp.at.plus_s(TTL_S),
        })),
        (said, ..) => said,
    }
}

pub fn decide_in_box(
    broken: Option<ClosingRule>,
    played: &Played<BallotBox>,
    command: &ballots::Command,
    caller: &Caller,
    stamp: &Stamp,
) -> Said<BallotBox> {
    let said = played.decide(command, caller, stamp);
    let takes = broken == Some(ClosingRule::ASealedBoxTakesNothing);
    match (said, played.look(&ballots::Question::State), command) {
        (
            Err(ballots::Refusal::Closed),
            ballots::Answer::State { count, .. },
            ballots::Command::Submit,
        ) if takes && caller.role == Role::Member => {
            Ok(Verdict::New(ballots::Event::Submitted { index: count, nonce: 5, owner: caller.id }))
        }
        (said, ..) => said,
    }
}
