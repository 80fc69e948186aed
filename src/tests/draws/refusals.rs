//! What else may be handed to the verifiers: proofs of one ballot, what comes in, and what is no
//! proof at all.

use crate::STAMPEDE;
use crate::forged::{BOX, HONEST, PLACE};
use draws::fraud::FraudKind;
use draws::{Inclusion, Receipt};
use harness::TestFolder;
use harness::verifiers::{Verifier, VerifierSaid, python, script};
use std::io::Write;
use std::process::{Command, Stdio};

fn asked(
    folder: &TestFolder,
    number: usize,
    proof: &Inclusion,
    receipt: Option<&Receipt>,
) -> Vec<String> {
    let proof =
        folder.file(&format!("proof-{number}.json"), &serde_json::to_string(proof).unwrap());
    let receipt = receipt.map(|receipt| {
        folder.file(&format!("receipt-{number}.json"), &serde_json::to_string(receipt).unwrap())
    });
    std::iter::once(proof)
        .chain(receipt.into_iter().flat_map(|receipt| ["--receipt".to_owned(), receipt]))
        .collect()
}

#[test]
fn every_ballot_is_proved_to_be_among_those_drawn_from() {
    let honest = HONEST.draw();
    let folder = TestFolder::new();
    let one = |(number, receipt): (usize, &Receipt)| {
        let ballot = receipt.ballot.0;
        asked(&folder, number, &honest.inclusion(ballot.name.number, ballot.index), Some(receipt))
    };
    let lines: Vec<_> = honest.receipts.iter().flatten().enumerate().map(one).collect();
    for verifier in Verifier::every(STAMPEDE) {
        for said in verifier.all(&lines) {
            assert_eq!((said.code, said.err.as_str()), (0, ""), "{verifier:?}: {said:?}");
            assert!(
                said.out
                    .contains("not proved: that this lottery root is the one that was drawn from"),
                "{}",
                said.out
            );
        }
    }
}

#[test]
fn a_forged_proof_of_one_ballot_is_called_by_its_name() {
    let honest = HONEST.draw();
    let proof = || honest.inclusion(BOX as u8, PLACE as u64);
    let forge = |change: fn(&mut Inclusion)| {
        let mut made = proof();
        change(&mut made);
        made
    };
    let forgeries = [
        (FraudKind::PathDiffers, forge(|it| it.path[0].0[0] ^= 1)),
        (FraudKind::PathDiffers, forge(|it| it.path.rotate_left(1))),
        (FraudKind::PathDiffers, forge(|it| it.path.push(it.path[0]))),
        (FraudKind::PathDiffers, forge(|it| it.ballot.0.nonce ^= 1)),
        (FraudKind::PathDiffers, forge(|it| it.ballot.0.index = 400)),
        (FraudKind::PathDiffers, forge(|it| it.ballot.0.name.number = 9)),
        (FraudKind::PathDiffers, forge(|it| it.boxes[BOX].count -= 5)),
        (FraudKind::LotteryRootDiffers, forge(|it| it.boxes[0].count += 1)),
        (FraudKind::LotteryRootDiffers, forge(|it| it.root.0[9] ^= 1)),
    ];
    let folder = TestFolder::new();
    let lines: Vec<_> = forgeries
        .iter()
        .enumerate()
        .map(|(number, (_, made))| asked(&folder, number, made, None))
        .collect();
    let of_another =
        asked(&folder, forgeries.len(), &proof(), Some(&honest.receipts[BOX][PLACE + 1]));
    for verifier in Verifier::every(STAMPEDE) {
        for ((kind, made), said) in forgeries.iter().zip(verifier.all(&lines)) {
            assert_eq!(said.code, kind.code() as i32, "{verifier:?}: {made:?}: {said:?}");
            assert!(said.err.contains(&format!(": {}: ", kind.name())), "{said:?}");
        }
        let said = verifier.all(std::slice::from_ref(&of_another)).remove(0);
        assert_eq!(said.code, FraudKind::ReceiptElsewhere.code() as i32, "{verifier:?}: {said:?}");
    }
}

#[test]
fn a_proof_may_come_in_instead_of_lying_in_a_file() {
    let text = HONEST.draw().text();
    for verifier in Verifier::both(STAMPEDE) {
        let mut command = verifier.command();
        let mut child = command
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let said = VerifierSaid::from(child.wait_with_output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{verifier:?}");
    }
}

/// Without site packages there is none that checks signatures.
#[test]
fn a_python_without_the_package_checks_the_rest_and_says_so() {
    let Some(python) = python() else { return };
    let (honest, folder) = (HONEST.draw(), TestFolder::new());
    let proof = folder.file("proof.json", &honest.text());
    let receipt =
        folder.file("receipt.json", &serde_json::to_string(&honest.receipts[BOX][PLACE]).unwrap());
    let bare = |line: &[&str]| {
        VerifierSaid::from(
            Command::new(python).args(["-I", "-S"]).arg(script()).args(line).output().unwrap(),
        )
    };
    let with_receipt = bare(&[&proof, "--receipt", &receipt]);
    assert_eq!(with_receipt.code, 3, "{with_receipt:?}");
    assert!(
        with_receipt.out.contains("NOT CHECKED: the signatures of the receipts"),
        "{with_receipt:?}"
    );
    assert_eq!(bare(&[&proof]).code, 0, "nothing is left unchecked that was asked for");
    let other = serde_json::to_string(&honest.receipts[BOX][PLACE])
        .unwrap()
        .replace("\"winners\":2", "\"winners\":9");
    let promised = bare(&[&proof, "--receipt", &folder.file("other.json", &other)]);
    assert_eq!(promised.code, FraudKind::WinnersDiffer.code() as i32, "{promised:?}");
}

#[test]
fn what_is_no_proof_is_refused_and_what_is_not_there_is_no_fraud() {
    let folder = TestFolder::new();
    for verifier in Verifier::every(STAMPEDE) {
        for (text, kind) in [
            ("{}", FraudKind::Malformed),
            ("[1]", FraudKind::Malformed),
            ("\u{feff}{}", FraudKind::Malformed),
            (" ", FraudKind::Truncated),
        ] {
            let said = verifier.one(&[&folder.file("proof.json", text)]);
            assert_eq!(said.code, kind.code() as i32, "{verifier:?}: {text:?}: {said:?}");
        }
        let deep = folder.file(
            "deep.json",
            &format!("{{\"format\":\"stampede draw 1\",\"lottery\":{}", "[".repeat(100_000)),
        );
        let said = verifier.one(&[&deep]);
        assert_eq!(said.code, FraudKind::Malformed.code() as i32, "{verifier:?}: {said:?}");
        if verifier == Verifier::Page {
            continue;
        }
        let said = verifier.one(&[&format!("{deep}-missing")]);
        assert_eq!(said.code, 1, "{verifier:?}: {said:?}");
        let wrong = verifier.one(&[&deep, "--commitment", "12"]);
        assert_eq!(wrong.code, 2, "{verifier:?}: {wrong:?}");
    }
}
