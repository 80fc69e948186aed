//! The proof of a draw: what was promised, what was drawn from, and what was drawn. It holds every
//! ballot, so it is written and read front to back.
//!
//! Its members stand in one order and no others may stand among them: a reader needs to keep
//! nothing but eight bytes of each ballot, and nothing can hide in a proof that no verifier looks
//! at.

mod read;

pub use read::Document;

use super::Text;
use super::beacon::Chain;
use actors::domain::ballots::{BallotId, BoxName};
use actors::domain::draw::{Sealed, lottery_root};
use actors::domain::lottery::{Beacon, LotteryView};
use actors::domain::pool::PoolName;
use base::Hex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// As the first member of every bundle has it.
pub const FORMAT: &str = "stampede draw 1";

/// What stands before the boxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BundleHead {
    pub format: &'static str,
    pub lottery: Text<PoolName>,
    pub commitment: Hex<32>,
    pub winners: u16,
    pub reserves: u16,
    pub beacon: Option<Round>,
    pub seed: Hex<32>,
    pub root: Hex<32>,
    /// The winners and then the reserves, in the order of the draw.
    pub lots: Vec<Text<BallotId>>,
}

/// A round of the public beacon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    pub chain: Hex<32>,
    pub round: u64,
    pub signature: Hex<48>,
    pub randomness: Hex<32>,
}

/// How many ballots a sealed box holds, and the root of the tree over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(title = "Share")]
pub struct Share {
    pub count: u64,
    #[schema(value_type = String)]
    pub root: Hex<32>,
}

/// A bundle that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub head: BundleHead,
    pub boxes: Vec<Listed>,
    /// The first ballot whose id names another place than the one where it stands.
    pub misplaced: Option<(BallotId, BallotId)>,
}

/// A box as a bundle lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub share: Share,
    /// All that is not said by a ballot's place.
    pub nonces: Vec<u64>,
}

impl BundleHead {
    /// None: nothing is drawn yet.
    pub fn of(pool: PoolName, view: &LotteryView, chain: &Chain) -> Option<BundleHead> {
        let (plan, drawn) = (view.plan.ballots?, view.drawn.as_ref()?);
        Some(BundleHead {
            format: FORMAT,
            lottery: Text(pool),
            commitment: Hex(plan.commitment),
            winners: plan.winners,
            reserves: plan.reserves,
            beacon: drawn.beacon.as_ref().map(|beacon| Round::of(beacon, chain)),
            seed: Hex(drawn.seed),
            root: Hex(lottery_root(&view.boxes)),
            lots: drawn.lots.iter().map(|lot| Text(lot.ballot(pool))).collect(),
        })
    }
}

impl Round {
    fn of(beacon: &Beacon, chain: &Chain) -> Round {
        let mut signature = Hex([0; 48]);
        // A round that was believed is as long as this.
        signature.0.iter_mut().zip(&beacon.signature).for_each(|(to, from)| *to = *from);
        Round {
            chain: chain.hash,
            round: beacon.round,
            signature,
            randomness: Hex(beacon.randomness()),
        }
    }

    pub fn beacon(&self) -> Beacon {
        Beacon { round: self.round, signature: self.signature.0.to_vec() }
    }
}

impl Share {
    pub fn sealed(&self) -> Sealed {
        Sealed { count: self.count, root: self.root.0 }
    }
}

impl From<Sealed> for Share {
    fn from(Sealed { count, root }: Sealed) -> Share {
        Share { count, root: Hex(root) }
    }
}

impl Bundle {
    pub fn pool(&self) -> PoolName {
        self.head.lottery.0
    }

    pub fn box_name(&self, number: u8) -> BoxName {
        BoxName { pool: self.pool(), number }
    }

    /// The ballot that stands at that place.
    pub fn ballot(&self, number: u8, index: u64) -> Option<BallotId> {
        let nonce = *self.boxes.get(number as usize)?.nonces.get(usize::try_from(index).ok()?)?;
        Some(BallotId { name: self.box_name(number), index, nonce })
    }

    pub fn sealed(&self) -> Vec<Sealed> {
        self.boxes.iter().map(|listed| listed.share.sealed()).collect()
    }
}
