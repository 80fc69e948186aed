//! What a forger hands out: a draw in which something was changed, with as much made anew as he
//! wishes, and what his victim knows.

use crate::honest::{Honest, POOL, Wanted};
use actors::domain::ballots::BallotId;
use actors::domain::draw::merkle::GrowingTree;
use actors::domain::draw::{Lots, commitment, lottery_root, place_of};
use base::Hex;
use draws::bundle::Share;
use draws::{Bundle, Receipt, Text};

/// Four boxes, one of them empty; the receipt is of the second box, in the middle of a commit that
/// ends before the box does.
pub const HONEST: Wanted = Wanted {
    pool: POOL,
    counts: &[5, 11, 0, 3],
    commit: 4,
    winners: 2,
    reserves: 2,
    round: Some(123),
};
pub const BOX: usize = 1;
pub const PLACE: usize = 5;

pub struct Forged {
    pub bundle: Bundle,
    /// Instead of what the bundle is written as.
    pub text: Option<String>,
    pub receipt: Receipt,
    /// Instead of what the receipt is written as.
    pub receipt_text: Option<String>,
    pub commitment: Hex<32>,
    pub key: Hex<32>,
}

impl Forged {
    /// Nothing is forged yet.
    pub fn from(honest: &Honest) -> Forged {
        let bundle = honest.bundle();
        let commitment = bundle.head.commitment;
        let receipt = honest.receipts[BOX][PLACE].clone();
        Forged { bundle, text: None, receipt, receipt_text: None, commitment, key: Hex(honest.key) }
    }

    pub fn nonces(&mut self) -> &mut Vec<u64> {
        &mut self.bundle.boxes[BOX].nonces
    }

    /// Makes everything anew that follows from ballots, seed and round, so that the proof is in
    /// order in itself.
    pub fn anew(&mut self) {
        let name = |number: usize| self.bundle.box_name(number as u8);
        let shares: Vec<Share> = self
            .bundle
            .boxes
            .iter()
            .enumerate()
            .map(|(number, listed)| {
                let id = |(index, nonce): (u64, &u64)| BallotId {
                    name: name(number),
                    index,
                    nonce: *nonce,
                };
                let ids = (0..).zip(&listed.nonces).map(id);
                let tree: GrowingTree = ids.map(|id| id.leaf()).collect();
                Share { count: tree.count(), root: Hex(tree.root()) }
            })
            .collect();
        self.bundle.boxes.iter_mut().zip(shares).for_each(|(listed, share)| listed.share = share);
        self.bundle.head.root = Hex(lottery_root(&self.bundle.sealed()));
        self.bundle.head.commitment = Hex(commitment(&self.bundle.head.seed.0));
        if let Some(round) = &mut self.bundle.head.beacon {
            round.randomness = Hex(round.beacon().randomness());
        }
        self.draw();
    }

    /// Draws again.
    pub fn draw(&mut self) {
        let (boxes, head) = (self.bundle.sealed(), &self.bundle.head);
        let randomness = head.beacon.as_ref().map(|round| round.randomness.0);
        let count = boxes.iter().map(|sealed| sealed.count).sum();
        let lots = Lots::new(&head.seed.0, &head.root.0, count, randomness.as_ref())
            .take((head.winners + head.reserves) as usize);
        let ballot = |lot| {
            place_of(lot, &boxes)
                .and_then(|(number, index)| self.bundle.ballot(number, index))
                .map(Text)
        };
        self.bundle.head.lots = lots.filter_map(ballot).collect();
    }

    /// The proof as it is written, and with it changed.
    pub fn rewrite(&mut self, change: impl FnOnce(&str) -> String) {
        let text = written(&self.bundle);
        let changed = change(&text);
        assert_ne!(text, changed, "the forger found nothing to change");
        self.text = Some(changed);
    }

    pub fn written(&self) -> String {
        self.text.clone().unwrap_or_else(|| written(&self.bundle))
    }

    pub fn receipt_written(&self) -> String {
        self.receipt_text.clone().unwrap_or_else(|| serde_json::to_string(&self.receipt).unwrap())
    }
}

fn written(bundle: &Bundle) -> String {
    let one = |number: usize| {
        let listed = &bundle.boxes[number];
        let Share { count, root } = listed.share;
        let ballot =
            |index: usize| format!("\"{}\"", bundle.ballot(number as u8, index as u64).unwrap());
        let ballots: Vec<String> = (0..listed.nonces.len()).map(ballot).collect();
        format!("{{\"count\":{count},\"root\":\"{root}\",\"ballots\":[{}]}}", ballots.join(","))
    };
    let head = serde_json::to_string(&bundle.head).unwrap();
    let boxes: Vec<String> = (0..bundle.boxes.len()).map(one).collect();
    format!("{},\"boxes\":[{}]}}", head.trim_end_matches('}').trim_end(), boxes.join(","))
}
