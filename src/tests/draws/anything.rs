//! Whatever is done to the ballots of a box, made anew as a whole: a receipt exposes it exactly if
//! something up to its signed position is another one now, and all verifiers call it the same.

use crate::STAMPEDE;
use crate::forged::{Forged, HONEST};
use crate::honest::{Honest, Wanted};
use actors::dice::Dice;
use draws::QUICKNET;
use draws::verify::{Known, draw};
use harness::TestFolder;
use harness::verifiers::Verifier;

const CASES: u64 = 400;

/// A forgery by dice, and whether the receipt must expose it.
fn forged(honest: &Honest, number: u64) -> (Forged, bool) {
    let (mut made, mut dice) = (Forged::from(honest), Dice::new(number));
    let home = [0, 1, 3][dice.below(3) as usize];
    let place = dice.below(made.bundle.boxes[home].nonces.len() as u64) as usize;
    made.receipt = honest.receipts[home][place].clone();
    let before = made.bundle.boxes[home].nonces.clone();
    for _ in 0..=dice.below(2) {
        change(&mut made, home, &mut dice);
    }
    made.anew();
    let signed = made.receipt.position().unwrap() as usize;
    let exposed = made.bundle.boxes[home].nonces.get(..signed) != Some(&before[..signed]);
    (made, exposed)
}

fn change(made: &mut Forged, home: usize, dice: &mut Dice) {
    let nonces = &mut made.bundle.boxes[home].nonces;
    if nonces.is_empty() {
        return;
    }
    let (one, other) =
        (dice.below(nonces.len() as u64) as usize, dice.below(nonces.len() as u64) as usize);
    match dice.below(6) {
        0 => drop(nonces.drain(one..(one + 2).min(nonces.len()))),
        1 => nonces.insert(one, dice.roll()),
        2 => nonces[one] = dice.roll(),
        3 => nonces.swap(one, other),
        4 => {
            let moved = nonces.remove(one);
            nonces.insert(other, moved);
        }
        _ => {
            let moved = nonces.remove(one);
            made.bundle.boxes[2].nonces.push(moved);
        }
    }
}

#[test]
fn a_receipt_exposes_whatever_was_done_up_to_its_position_and_nothing_behind_it() {
    // Without a beacon, whose signature takes longer than all the rest.
    let honest = Wanted { round: None, ..HONEST }.draw();
    let (folder, mut lines, mut codes) = (TestFolder::new(), Vec::new(), Vec::new());
    for number in 0..CASES {
        let (made, exposed) = forged(&honest, number);
        let known =
            Known { receipts: vec![("it".to_owned(), made.receipt.clone())], ..Known::default() };
        let code =
            draw(&made.bundle, &known, &QUICKNET).map_or_else(|fraud| fraud.kind.code(), |_| 0);
        assert_eq!(code != 0, exposed, "case {number}");
        codes.push(i32::from(code));
        let receipt = folder.file(&format!("receipt-{number}.json"), &made.receipt_written());
        lines.push(vec![
            folder.file(&format!("proof-{number}.json"), &made.written()),
            "--receipt".to_owned(),
            receipt,
        ]);
    }
    assert!(
        [0, 29, 30, 31, 32].iter().all(|code| codes.contains(code)),
        "the dice leave nothing out"
    );
    let others =
        Verifier::every(STAMPEDE).into_iter().filter(|one| !matches!(one, Verifier::Rust(_)));
    for verifier in others {
        for (number, (said, code)) in verifier.all(&lines).iter().zip(&codes).enumerate() {
            assert_eq!(said.code, *code, "{verifier:?}, case {number}: {said:?}");
        }
    }
}
