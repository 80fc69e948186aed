//! A receipt: the promise that a ballot lies at its place of its box, behind those that came before
//! it, and what was promised about the draw.
//!
//! Its holder can tell whether a ballot was taken out, added, changed or moved in the box up
//! to the signed position, and whether the seed, the round or the number of winners was exchanged.
//! It says nothing about ballots that came later.

use super::Text;
use super::anchor::Anchor;
use super::signer::{Signer, is_signed};
use actors::domain::ballots::{BallotId, Witness};
use actors::domain::draw::{Hash, chain};
use base::Hex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ReceiptFormat {
    #[serde(rename = "stampede receipt 1")]
    Receipt1,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Receipt")]
pub struct Receipt {
    pub format: ReceiptFormat,
    #[schema(value_type = String)]
    pub ballot: Text<BallotId>,
    /// The head of the box's chain before the ballot.
    #[schema(value_type = String)]
    pub previous: Hex<32>,
    /// The leaves of the ballots that came in the same commit, after this one.
    #[schema(value_type = Vec<String>)]
    pub following: Vec<Hex<32>>,
    /// SHA-256 of the seed that the draw will use.
    #[schema(value_type = String)]
    pub commitment: Hex<32>,
    /// The public round that will be mixed in.
    #[serde(deserialize_with = "Option::deserialize")]
    pub round: Option<u64>,
    pub winners: u16,
    pub reserves: u16,
    /// The ed25519 key under which it is signed.
    #[schema(value_type = String)]
    pub key: Hex<32>,
    #[schema(value_type = String)]
    pub signature: Hex<64>,
}

impl Receipt {
    /// What a commit can show for one of its ballots. The first receipt of a commit signs; the
    /// others use its signature.
    pub fn of(ballot: BallotId, witness: &Witness, anchor: &Anchor, signer: &Signer) -> Receipt {
        let place = (ballot.index.saturating_sub(witness.from) as usize).min(witness.leaves.len());
        let sign = || signer.sign(&ballot.name, witness.position(), &witness.head(), anchor);
        Receipt {
            format: ReceiptFormat::Receipt1,
            ballot: Text(ballot),
            previous: Hex(witness.heads[place]),
            following: witness.leaves.iter().skip(place + 1).copied().map(Hex).collect(),
            commitment: Hex(anchor.commitment),
            round: anchor.round,
            winners: anchor.winners,
            reserves: anchor.reserves,
            key: Hex(signer.public()),
            signature: Hex(*witness.signature.get_or_init(sign)),
        }
    }

    pub fn anchor(&self) -> Anchor {
        Anchor {
            commitment: self.commitment.0,
            round: self.round,
            winners: self.winners,
            reserves: self.reserves,
        }
    }

    /// How many ballots of the box the signature stands for. None: more than can be counted, which
    /// is never signed.
    pub fn position(&self) -> Option<u64> {
        self.ballot.0.index.checked_add(1)?.checked_add(self.following.len() as u64)
    }

    /// The head of the chain that was signed.
    pub fn head(&self) -> Hash {
        let first = chain::link(&self.previous.0, &self.ballot.0.leaf());
        self.following.iter().fold(first, |head, leaf| chain::link(&head, &leaf.0))
    }

    /// Whether its own key signed exactly this. Whose key that is must be known from elsewhere.
    pub fn verify(&self) -> bool {
        // The signed bytes write "no round" as 0, so a receipt that names round 0 would be the same
        // under two readings.
        self.round != Some(0)
            && self.position().is_some_and(|position| {
                is_signed(
                    &self.key.0,
                    &self.ballot.0.name,
                    position,
                    &self.head(),
                    &self.anchor(),
                    &self.signature.0,
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::domain::ballots::{Answer, BallotBox, BoxName, BoxTerms, Event, Question};
    use actors::domain::day::Day;
    use actors::domain::pool::PoolName;
    use actors::{Id, Machine, Time};
    use testing::played::Played;

    const NAME: BoxName = BoxName { pool: PoolName::Day(Day(20261231)), number: 3 };
    const ANCHOR: Anchor =
        Anchor { commitment: [7; 32], round: Some(123), winners: 2, reserves: 1 };

    fn id(index: u64) -> BallotId {
        BallotId { name: NAME, index, nonce: index * 1000 }
    }

    fn box_of(count: u64) -> Played<BallotBox> {
        let mut made = Played::<BallotBox>::default();
        made.apply(
            &Event::Opened { name: NAME, terms: BoxTerms { closes_at: Time(1), most: 100 } },
            Time(0),
        );
        (0..count).for_each(|index| submit(&mut made, index));
        made
    }

    fn submit(made: &mut Played<BallotBox>, index: u64) {
        let (nonce, owner) = (id(index).nonce, Id([1; 16]));
        made.apply(&Event::Submitted { index, nonce, owner }, Time(0));
    }

    #[test]
    fn one_signature_serves_all_ballots_of_a_commit() {
        let mut made = box_of(33);
        made.machine.take_witness();
        (33..40).for_each(|index| submit(&mut made, index));
        let (signer, witness) = (Signer::new([9; 32]), made.machine.take_witness().unwrap());
        let receipts: Vec<Receipt> =
            (33..40).map(|index| Receipt::of(id(index), &witness, &ANCHOR, &signer)).collect();
        for (index, receipt) in receipts.iter().enumerate() {
            assert!(receipt.verify());
            assert_eq!(
                (receipt.signature, receipt.head()),
                (receipts[0].signature, witness.head())
            );
            assert_eq!((receipt.position(), receipt.following.len()), (Some(40), 6 - index));
            assert_eq!(receipt.key.0, signer.public());
        }
    }

    #[test]
    fn a_receipt_made_again_later_is_good_too() {
        let Answer::Witness(Some((_, witness))) = box_of(40).look(&Question::Witness { index: 17 })
        else {
            panic!("it is there")
        };
        let receipt = Receipt::of(id(17), &witness, &ANCHOR, &Signer::new([9; 32]));
        assert!(receipt.verify());
        assert_eq!((receipt.position(), receipt.following.len()), (Some(18), 0));
    }

    #[test]
    fn a_receipt_in_which_anything_was_changed_is_not_signed() {
        let honest = Receipt::of(
            id(4),
            &box_of(6).machine.take_witness().unwrap(),
            &ANCHOR,
            &Signer::new([9; 32]),
        );
        let forge = |change: fn(&mut Receipt)| {
            let mut forged = honest.clone();
            change(&mut forged);
            forged
        };
        for forged in [
            forge(|it| it.ballot.0.index += 1),
            forge(|it| it.ballot.0.nonce += 1),
            forge(|it| it.ballot.0.name.number += 1),
            forge(|it| it.ballot.0.index = u64::MAX),
            forge(|it| it.previous.0[0] ^= 1),
            forge(|it| it.following[0].0[0] ^= 1),
            forge(|it| it.following.clear()),
            forge(|it| it.commitment.0[0] ^= 1),
            forge(|it| it.round = None),
            forge(|it| it.round = Some(124)),
            forge(|it| it.winners += 1),
            forge(|it| it.reserves += 1),
            forge(|it| it.key.0[0] ^= 1),
            forge(|it| it.key.0 = Signer::new([8; 32]).public()),
            forge(|it| it.signature.0[0] ^= 1),
        ] {
            assert!(!forged.verify(), "{forged:?}");
        }
        assert!(honest.verify());
    }

    #[test]
    fn a_receipt_reads_back_as_it_was_written_and_nothing_may_be_left_out_or_added() {
        let honest = Receipt::of(
            id(4),
            &box_of(6).machine.take_witness().unwrap(),
            &Anchor { round: None, ..ANCHOR },
            &Signer::new([9; 32]),
        );
        let text = serde_json::to_string(&honest).unwrap();
        let head = concat!(
            r#"{"format":"stampede receipt 1","#,
            r#""ballot":"bl_20261231_3_4_0000000000000fa0","previous":""#
        );
        assert!(text.starts_with(head), "{text}");
        assert!(text.contains(r#""round":null,"winners":2,"reserves":1,"key":""#), "{text}");
        assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), honest);
        for (from, to) in [
            ("\"round\":null,", ""),
            ("{", "{\"more\":1,"),
            ("receipt 1", "receipt 2"),
            ("bl_2026", "bl_02026"),
        ] {
            assert!(serde_json::from_str::<Receipt>(&text.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
