//! The proof that one ballot was drawn from: its path to the root of its box, and all boxes of the
//! lottery.

use super::Text;
use super::bundle::Share;
use actors::domain::ballots::BallotId;
use actors::domain::draw::{Hash, Sealed, lottery_root, merkle};
use base::Hex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// As the first member of every such proof has it.
pub const FORMAT: &str = "stampede inclusion 1";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum InclusionFormat {
    #[serde(rename = "stampede inclusion 1")]
    Inclusion1,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Inclusion")]
pub struct Inclusion {
    pub format: InclusionFormat,
    #[schema(value_type = String)]
    pub ballot: Text<BallotId>,
    /// What is hashed with the ballot's leaf, from below.
    #[schema(value_type = Vec<String>)]
    pub path: Vec<Hex<32>>,
    pub boxes: Vec<Share>,
    /// Over all boxes: the lottery root.
    #[schema(value_type = String)]
    pub root: Hex<32>,
}

impl Inclusion {
    pub fn of(ballot: BallotId, path: Vec<Hash>, boxes: &[Sealed]) -> Inclusion {
        Inclusion {
            format: InclusionFormat::Inclusion1,
            ballot: Text(ballot),
            path: path.into_iter().map(Hex).collect(),
            boxes: boxes.iter().copied().map(Share::from).collect(),
            root: Hex(lottery_root(boxes)),
        }
    }

    /// The share that the ballot's box has in the draw.
    pub fn own_box(&self) -> Option<Sealed> {
        self.boxes.get(self.ballot.0.name.number as usize).map(|share| share.sealed())
    }

    /// Whether the path leads from the ballot to the root of its box.
    pub fn leads_to(&self, own: &Sealed) -> bool {
        let path: Vec<Hash> = self.path.iter().map(|hash| hash.0).collect();
        merkle::root_from(self.ballot.0.leaf(), self.ballot.0.index, own.count, &path)
            == Some(own.root)
    }

    /// Whether the boxes are those of the lottery root.
    pub fn adds_up(&self) -> bool {
        lottery_root(&self.boxes.iter().map(Share::sealed).collect::<Vec<_>>()) == self.root.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::domain::ballots::BoxName;
    use actors::domain::day::Day;
    use actors::domain::draw::merkle::GrowingTree;
    use actors::domain::pool::PoolName;

    #[test]
    fn a_ballot_is_proved_in_its_own_place_and_in_no_other() {
        let id = |index| BallotId {
            name: BoxName { pool: PoolName::Day(Day(20261231)), number: 1 },
            index,
            nonce: index,
        };
        let leaves: Vec<Hash> = (0..5).map(|index| id(index).leaf()).collect();
        let tree: GrowingTree = leaves.iter().copied().collect();
        let boxes =
            [Sealed { count: 0, root: merkle::root(&[]) }, Sealed { count: 5, root: tree.root() }];
        let proof = Inclusion::of(id(4), tree.path(4, &leaves), &boxes);
        assert_eq!(proof.own_box(), Some(boxes[1]));
        assert!(proof.leads_to(&boxes[1]) && proof.adds_up());
        let moved = Inclusion { ballot: Text(BallotId { index: 3, ..id(4) }), ..proof.clone() };
        assert!(!moved.leads_to(&boxes[1]));
        let larger =
            Inclusion { boxes: [boxes[1], boxes[1]].map(Share::from).to_vec(), ..proof.clone() };
        assert!(!larger.adds_up());
        assert_eq!(
            serde_json::from_str::<Inclusion>(&serde_json::to_string(&proof).unwrap()).unwrap(),
            proof
        );
    }
}
