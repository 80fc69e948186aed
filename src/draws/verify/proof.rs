//! What a proof must hold on its own: everything in it follows from its ballots, its seed and its
//! round.

use super::beacon::date;
use crate::bundle::Bundle;
use crate::fraud::{Fraud, FraudKind};
use crate::inclusion::Inclusion;
use actors::domain::ballots::BallotId;
use actors::domain::draw::merkle::GrowingTree;
use actors::domain::draw::{Hash, Lots, commitment, lottery_root, place_of};

/// If it names a day, there is such a day.
pub fn name(bundle: &Bundle) -> Result<(), Fraud> {
    let Some(day) = bundle.pool().day() else { return Ok(()) };
    FraudKind::Malformed.unless(date(day).is_some(), || format!("no calendar has the day {day}"))
}

/// Every ballot stands where its id says, and each box holds as many as it says.
pub fn ballots(bundle: &Bundle) -> Result<(), Fraud> {
    if let Some((ballot, place)) = bundle.misplaced {
        let BallotId { name, index, .. } = place;
        return Err(FraudKind::BallotMisplaced.because(format!(
            "at place {index} of box {name} stands {ballot}, whose id names another place"
        )));
    }
    bundle.boxes.iter().enumerate().try_for_each(|(number, listed)| {
        let (said, found) = (listed.share.count, listed.nonces.len() as u64);
        FraudKind::CountDiffers.unless(said == found, || {
            format!("box {number} is said to hold {said} ballots, and {found} are listed")
        })
    })
}

pub fn roots(bundle: &Bundle) -> Result<(), Fraud> {
    for (number, listed) in (0..).zip(&bundle.boxes) {
        let name = bundle.box_name(number);
        let ids = (0..).zip(&listed.nonces);
        let tree: GrowingTree =
            ids.map(|(index, nonce)| BallotId { name, index, nonce: *nonce }.leaf()).collect();
        FraudKind::BoxRootDiffers.unless(tree.root() == listed.share.root.0, || {
            format!("the root of box {number} is not that of its ballots")
        })?;
    }
    FraudKind::LotteryRootDiffers
        .unless(lottery_root(&bundle.sealed()) == bundle.head.root.0, || {
            "the lottery's root is not that of its boxes".to_owned()
        })
}

pub fn seed(bundle: &Bundle) -> Result<(), Fraud> {
    FraudKind::SeedDiffers.unless(
        commitment(&bundle.head.seed.0) == bundle.head.commitment.0,
        || {
            format!(
                "the seed is not the one that was committed to: its SHA-256 is not {}",
                bundle.head.commitment
            )
        },
    )
}

/// The lots are those that the stream yields, and no others.
pub fn lots(bundle: &Bundle) -> Result<(), Fraud> {
    let (boxes, randomness) =
        (bundle.sealed(), bundle.head.beacon.as_ref().map(|round| round.randomness.0));
    let drawn = drawn(bundle, boxes.iter().map(|sealed| sealed.count).sum(), randomness.as_ref());
    let (said, found) = (bundle.head.lots.len(), drawn.len());
    FraudKind::LotsDiffer
        .unless(said == found, || format!("{found} ballots are drawn, and {said} are named"))?;
    drawn.iter().zip(&bundle.head.lots).enumerate().try_for_each(|(number, (lot, said))| {
        let ballot =
            place_of(*lot, &boxes).and_then(|(number, index)| bundle.ballot(number, index));
        FraudKind::LotsDiffer.unless(ballot == Some(said.0), || match ballot {
            Some(ballot) => {
                format!("lot {} is drawn for {ballot}, and {} is named", number + 1, said.0)
            }
            None => format!("lot {} is drawn for a ballot that is not there", number + 1),
        })
    })
}

fn drawn(bundle: &Bundle, count: u64, randomness: Option<&Hash>) -> Vec<u64> {
    let head = &bundle.head;
    Lots::new(&head.seed.0, &head.root.0, count, randomness)
        .take(head.winners as usize + head.reserves as usize)
        .collect()
}

/// The ballot leads to its box's root, and the boxes to the lottery root.
pub fn path(inclusion: &Inclusion) -> Result<(), Fraud> {
    let number = inclusion.ballot.0.name.number;
    let missing = || {
        FraudKind::PathDiffers.because(format!("box {number} of the ballot is not among the boxes"))
    };
    let own = inclusion.own_box().ok_or_else(missing)?;
    FraudKind::PathDiffers.unless(inclusion.leads_to(&own), || {
        format!("the path does not lead from the ballot to the root of box {number}")
    })?;
    FraudKind::LotteryRootDiffers
        .unless(inclusion.adds_up(), || "the lottery's root is not that of its boxes".to_owned())
}
