//! What a receipt holds a proof to: the promises about the draw, and the ballots of its box up to
//! the position that was signed.
//!
//! A proof that was made anew as a whole is in order in itself; it is a receipt that tells it from
//! the one before. Which ballot was removed, added, changed or moved is read off from where the
//! receipt's ballot and those that followed it stand now.

use crate::Receipt;
use crate::bundle::Bundle;
use crate::fraud::{Fraud, FraudKind};
use crate::inclusion::Inclusion;
use actors::domain::ballots::{BallotId, BoxName};
use actors::domain::draw::{Hash, chain};

pub fn signed(name: &str, receipt: &Receipt, key: Option<[u8; 32]>) -> Result<(), Fraud> {
    FraudKind::ReceiptForged.unless(receipt.verify(), || {
        format!("the signature of {name} does not stand for what the receipt says")
    })?;
    FraudKind::ReceiptKeyDiffers.unless(key.is_none_or(|key| key == receipt.key.0), || {
        format!("{name} is signed under the key {}, and another was given", receipt.key)
    })
}

/// Commitment, round and numbers are those that were promised with the ballot.
pub fn promised(name: &str, receipt: &Receipt, bundle: &Bundle) -> Result<(), Fraud> {
    let head = &bundle.head;
    let (pool, own) = (bundle.pool(), receipt.ballot.0.name);
    FraudKind::ReceiptElsewhere.unless(own.pool == pool, || {
        format!("{name} is of the lottery {}, and the proof is of the lottery {pool}", own.pool)
    })?;
    FraudKind::ReceiptElsewhere.unless((own.number as usize) < bundle.boxes.len(), || {
        format!("{name} is of box {}, and the proof has {} boxes", own.number, bundle.boxes.len())
    })?;
    FraudKind::CommitmentDiffers.unless(receipt.commitment == head.commitment, || {
        format!(
            "{name} was given under the commitment {}, and the proof's is {}",
            receipt.commitment, head.commitment
        )
    })?;
    let round = head.beacon.as_ref().map(|beacon| beacon.round);
    FraudKind::RoundDiffers.unless(receipt.round == round, || {
        format!("{name} promises {}, and the draw used {}", named(receipt.round), named(round))
    })?;
    FraudKind::WinnersDiffer.unless(
        (receipt.winners, receipt.reserves) == (head.winners, head.reserves),
        || {
            let (winners, reserves) = (receipt.winners, receipt.reserves);
            format!(
                "{name} promises {winners} winners and {reserves} reserves, and {} and {} were \
            drawn",
                head.winners, head.reserves
            )
        },
    )
}

fn named(round: Option<u64>) -> String {
    round.map_or_else(|| "no round".to_owned(), |round| format!("round {round}"))
}

/// The receipt is of the very ballot that is proved, and its box was not sealed with fewer than it
/// was signed over.
pub fn same_ballot(name: &str, receipt: &Receipt, inclusion: &Inclusion) -> Result<(), Fraud> {
    let ballot = receipt.ballot.0;
    FraudKind::ReceiptElsewhere.unless(ballot == inclusion.ballot.0, || {
        format!("{name} is of the ballot {ballot}, and {} is proved", inclusion.ballot.0)
    })?;
    let (count, signed) =
        (inclusion.own_box().map_or(0, |own| own.count), receipt.position().unwrap_or(u64::MAX));
    FraudKind::BallotRemoved.unless(count >= signed, || {
        format!("the box was sealed with {count} ballots, and {name} was signed over {signed}")
    })
}

/// All ballots of the receipt's box up to the signed position are those that were signed.
pub fn ballots(name: &str, receipt: &Receipt, bundle: &Bundle) -> Result<(), Fraud> {
    let own = receipt.ballot.0;
    let Some(listed) = bundle.boxes.get(own.name.number as usize) else { return Ok(()) };
    let place = usize::try_from(own.index).unwrap_or(usize::MAX);
    let held = Held { name: own.name, nonces: &listed.nonces, receipt, place };
    if listed.nonces.get(place) == Some(&own.nonce) {
        return held
            .around()
            .map_err(|(kind, said)| kind.because(format!("{said}, as {name} was signed")));
    }
    let (kind, said) = held.gone(bundle);
    Err(kind.because(format!(
        "your ballot {own} is not at place {place} of the published box, as {name} says: {said}; \
         complain with this receipt"
    )))
}

/// A receipt beside what its box holds now.
struct Held<'a> {
    name: BoxName,
    nonces: &'a [u64],
    receipt: &'a Receipt,
    place: usize,
}

impl Held<'_> {
    /// The leaf of the ballot with that nonce, if it stood at that place.
    fn leaf(&self, place: usize, nonce: u64) -> Hash {
        BallotId { name: self.name, index: place as u64, nonce }.leaf()
    }

    /// Whether the ballot that stands at `now` is the one that followed the receipt's own as number
    /// `number`.
    fn followed(&self, number: usize, now: usize) -> bool {
        let signed = self.receipt.following.get(number);
        let found = self.nonces.get(now).map(|nonce| self.leaf(self.place + 1 + number, *nonce));
        signed.is_some_and(|signed| found == Some(signed.0))
    }

    /// Whether these are the ballots that came before the receipt's own.
    fn preceded(&self, nonces: impl Iterator<Item = u64>) -> bool {
        let start = chain::start(&self.name.to_string());
        let head = nonces
            .take(self.place)
            .enumerate()
            .fold(start, |head, (place, nonce)| chain::link(&head, &self.leaf(place, nonce)));
        head == self.receipt.previous.0
    }

    /// The receipt's ballot is where it belongs: so must be those before it and those that followed
    /// it.
    fn around(&self) -> Result<(), (FraudKind, String)> {
        if !self.preceded(self.nonces.iter().copied()) {
            return Err((
                FraudKind::BallotChanged,
                format!(
                    "the {} ballots before {} are not those that were there",
                    self.place, self.receipt.ballot.0
                ),
            ));
        }
        match (0..self.receipt.following.len())
            .find(|number| !self.followed(*number, self.place + 1 + number))
        {
            Some(number) => Err(self.after(number)),
            None => Ok(()),
        }
    }

    /// Why another ballot stands where that one followed.
    fn after(&self, number: usize) -> (FraudKind, String) {
        let place = self.place + 1 + number;
        let stands = (self.place + 1..self.nonces.len()).find(|now| self.followed(number, *now));
        match stands {
            Some(now) if now == place + 1 && !self.followed(number + 1, place) => (
                FraudKind::BallotAdded,
                format!(
                    "a ballot was put in at place {place} of the box, before others that stood \
                     there"
                ),
            ),
            Some(now) => (
                FraudKind::BallotMoved,
                format!("the ballot at place {now} of the box stood at place {place}"),
            ),
            None if place >= self.nonces.len() => (
                FraudKind::BallotRemoved,
                format!("the ballot at place {place} of the box is gone"),
            ),
            None if self.followed(number + 1, place) => (
                FraudKind::BallotRemoved,
                format!(
                    "the ballot at place {place} of the box is gone, and those behind it have \
                     moved up"
                ),
            ),
            None => (
                FraudKind::BallotChanged,
                format!("the ballot at place {place} of the box is not the one that stood there"),
            ),
        }
    }

    /// Where the receipt's ballot is, when it is not in its place.
    fn gone(&self, bundle: &Bundle) -> (FraudKind, String) {
        let nonce = self.receipt.ballot.0.nonce;
        if let Some(now) = self.nonces.iter().position(|found| *found == nonce) {
            return self.shifted(now);
        }
        if let Some(other) = bundle.boxes.iter().position(|listed| listed.nonces.contains(&nonce)) {
            return (FraudKind::BallotMoved, format!("it stands in box {other}"));
        }
        match self.nonces.len() {
            count if count <= self.place => {
                (FraudKind::BallotRemoved, format!("it is gone, and the box holds {count} ballots"))
            }
            count if self.receipt.position().is_some_and(|signed| signed > count as u64) => (
                FraudKind::BallotRemoved,
                format!("it is gone, and the box holds {count} ballots, fewer than were signed"),
            ),
            _ if self.followed(0, self.place) => (
                FraudKind::BallotRemoved,
                "it is gone, and the one behind it has moved up".to_owned(),
            ),
            _ => (FraudKind::BallotChanged, "another stands there, and it is nowhere".to_owned()),
        }
    }

    /// It stands at another place of its own box: alone, or because others before it went or came.
    fn shifted(&self, now: usize) -> (FraudKind, String) {
        let back = || self.nonces.iter().take(now).chain(self.nonces.iter().skip(now + 1)).copied();
        let exchanged = || {
            let at = |place: usize| {
                if place == now { self.nonces.get(self.place) } else { self.nonces.get(place) }
            };
            (0..self.place).map_while(at).copied().collect::<Vec<_>>()
        };
        let with_those_behind = self.followed(0, now + 1);
        if !with_those_behind && (self.preceded(back()) || self.preceded(exchanged().into_iter())) {
            (FraudKind::BallotMoved, format!("it was moved to place {now}"))
        } else if now < self.place {
            (
                FraudKind::BallotRemoved,
                format!(
                    "it is at place {now}, for {} ballots before it are gone",
                    self.place - now
                ),
            )
        } else {
            (
                FraudKind::BallotAdded,
                format!(
                    "it is at place {now}, for {} ballots before it were put in",
                    now - self.place
                ),
            )
        }
    }
}
