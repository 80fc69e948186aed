//! Proofs and receipts that nobody wrote: none makes a verifier panic, and none is believed.

use super::bundle::{BundleHead, Document, FORMAT, Listed, Share};
use super::verify::{Known, verify};
use super::{Anchor, Bundle, Inclusion, QUICKNET, Receipt, Signer, Text};
use actors::domain::ballots::{BallotId, BoxName, Witness};
use actors::domain::day::Day;
use actors::domain::draw::merkle::GrowingTree;
use actors::domain::draw::{Hash, Lots, Sealed, chain, commitment, lottery_root};
use actors::domain::pool::PoolName;
use base::Hex;
use testing::fuzz::fuzz;

const POOL: PoolName = PoolName::Day(Day(20261231));
const NAME: BoxName = BoxName { pool: POOL, number: 0 };
const SEED: Hash = [9; 32];

fn id(index: u64) -> BallotId {
    BallotId { name: NAME, index, nonce: index * 1000 }
}

fn leaves() -> Vec<Hash> {
    (0..5).map(|index| id(index).leaf()).collect()
}

fn sealed() -> Sealed {
    let tree: GrowingTree = leaves().into_iter().collect();
    Sealed { count: 5, root: tree.root() }
}

/// One box of five ballots, of which two are drawn.
fn bundle() -> Bundle {
    let root = lottery_root(&[sealed()]);
    let lots = Lots::new(&SEED, &root, 5, None).take(2).map(|lot| Text(id(lot)));
    let head = BundleHead {
        format: FORMAT,
        lottery: Text(POOL),
        commitment: Hex(commitment(&SEED)),
        winners: 1,
        reserves: 1,
        beacon: None,
        seed: Hex(SEED),
        root: Hex(root),
        lots: lots.collect(),
    };
    let nonces = (0..5).map(|index| id(index).nonce).collect();
    Bundle { head, boxes: vec![Listed { share: Share::from(sealed()), nonces }], misplaced: None }
}

/// As a writer writes it.
fn written(bundle: &Bundle) -> Vec<u8> {
    let mut text = serde_json::to_string(&bundle.head).expect("it is plain data");
    text.pop();
    let Share { count, root } = bundle.boxes[0].share;
    let ballots: Vec<String> = (0..5).map(|index| format!("\"{}\"", id(index))).collect();
    let ballots = ballots.join(",");
    text += &format!(",\"boxes\":[{{\"count\":{count},\"root\":\"{root}\",");
    text += &format!("\"ballots\":[{ballots}]}}]}}");
    text.into_bytes()
}

fn inclusion() -> Inclusion {
    let tree: GrowingTree = leaves().into_iter().collect();
    Inclusion::of(id(4), tree.path(4, &leaves()), &[sealed()])
}

fn receipt() -> Receipt {
    let heads: Vec<Hash> =
        leaves().iter().fold(vec![chain::start(&NAME.to_string())], |mut heads, leaf| {
            heads.push(chain::link(heads.last().expect("there is one"), leaf));
            heads
        });
    let witness = Witness { from: 0, leaves: leaves(), heads, signature: Default::default() };
    let anchor = Anchor { commitment: commitment(&SEED), round: None, winners: 1, reserves: 1 };
    Receipt::of(id(2), &witness, &anchor, &Signer::new([9; 32]))
}

#[test]
fn no_proof_is_believed_but_the_one_that_was_written() {
    let honest = bundle();
    let (known, text) = (Known::default(), written(&honest));
    let proved = Document::Draw(Box::new(honest));
    assert_eq!(Document::read(&text[..]).expect("it is one"), proved);
    verify(&proved, &known, &QUICKNET).expect("it is honest");
    let inclusion = inclusion();
    let other = serde_json::to_vec(&inclusion).expect("it is plain data");
    let included = Document::Inclusion(inclusion);
    assert_eq!(Document::read(&other[..]).expect("it is one"), included);
    fuzz("proofs", 20_000, &[text, other], |bytes| {
        let Ok(read) = Document::read(bytes) else { return };
        if verify(&read, &known, &QUICKNET).is_ok() {
            assert!(read == proved || read == included, "{read:?}");
        }
    });
}

#[test]
fn no_receipt_is_believed_but_the_one_that_was_signed() {
    let honest = receipt();
    assert!(honest.verify());
    let text = serde_json::to_vec(&honest).expect("it is plain data");
    fuzz("receipts", 5_000, &[text], |bytes| {
        let Ok(read) = serde_json::from_slice::<Receipt>(bytes) else { return };
        assert_eq!(read.verify(), read == honest, "{read:?}");
        let again = serde_json::to_vec(&read).expect("it is plain data");
        assert_eq!(serde_json::from_slice::<Receipt>(&again).ok(), Some(read));
    });
}
