//! Forgeries, and how each is called. Those that are `Anew` are in order in themselves: only what
//! was known before exposes them.

use crate::STAMPEDE;
use crate::forged::{BOX, Forged, HONEST, PLACE};
use crate::honest::{Honest, announced, signer};
use actors::domain::ballots::{BallotId, BoxName};
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use base::Hex;
use draws::Text;
use draws::bundle::{Listed, Share};
use draws::fraud::FraudKind;
use harness::TestFolder;
use harness::verifiers::{Verifier, VerifierSaid};
use std::collections::HashSet;

/// What a proof shows of it without anything from before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alone {
    InOrder,
    Wrong,
}
use Alone::{InOrder, Wrong};

type Forgery = (&'static str, FraudKind, Alone, fn(&mut Forged));

/// Changes the ballots and makes everything anew.
macro_rules! anew {
    ($forged:ident, $change:expr) => {
        |$forged| {
            $change;
            $forged.anew();
        }
    };
}

const FORGERIES: &[Forgery] = &[
    (
        "the receipt's ballot is removed",
        FraudKind::BallotRemoved,
        InOrder,
        anew!(it, it.nonces().remove(PLACE)),
    ),
    (
        "a ballot before it is removed",
        FraudKind::BallotRemoved,
        InOrder,
        anew!(it, it.nonces().remove(2)),
    ),
    (
        "three ballots before it are removed",
        FraudKind::BallotRemoved,
        InOrder,
        anew!(it, drop(it.nonces().drain(1..4))),
    ),
    (
        "a ballot that followed it is removed",
        FraudKind::BallotRemoved,
        InOrder,
        anew!(it, it.nonces().remove(PLACE + 1)),
    ),
    (
        "all behind it are removed",
        FraudKind::BallotRemoved,
        InOrder,
        anew!(it, it.nonces().truncate(PLACE + 1)),
    ),
    (
        "it and all behind it are removed",
        FraudKind::BallotRemoved,
        InOrder,
        anew!(it, it.nonces().truncate(PLACE)),
    ),
    (
        "a ballot is added before it",
        FraudKind::BallotAdded,
        InOrder,
        anew!(it, it.nonces().insert(3, 99)),
    ),
    (
        "a ballot is added in its very place",
        FraudKind::BallotAdded,
        InOrder,
        anew!(it, it.nonces().insert(PLACE, 99)),
    ),
    (
        "a ballot is added behind it, among those it was signed with",
        FraudKind::BallotAdded,
        InOrder,
        anew!(it, it.nonces().insert(PLACE + 1, 99)),
    ),
    (
        "the receipt's ballot is changed",
        FraudKind::BallotChanged,
        InOrder,
        anew!(it, it.nonces()[PLACE] ^= 1),
    ),
    (
        "a ballot before it is changed",
        FraudKind::BallotChanged,
        InOrder,
        anew!(it, it.nonces()[0] ^= 1),
    ),
    (
        "a ballot that followed it is changed",
        FraudKind::BallotChanged,
        InOrder,
        anew!(it, it.nonces()[PLACE + 2] ^= 1),
    ),
    (
        "it changes places with one before it",
        FraudKind::BallotMoved,
        InOrder,
        anew!(it, it.nonces().swap(PLACE, 1)),
    ),
    (
        "it changes places with one behind it",
        FraudKind::BallotMoved,
        InOrder,
        anew!(it, it.nonces().swap(PLACE, PLACE + 1)),
    ),
    (
        "those that followed it change places",
        FraudKind::BallotMoved,
        InOrder,
        anew!(it, it.nonces().swap(PLACE + 1, PLACE + 2)),
    ),
    (
        "it is moved to the end",
        FraudKind::BallotMoved,
        InOrder,
        anew!(it, it.nonces()[PLACE..].rotate_left(1)),
    ),
    (
        "it is moved to the beginning",
        FraudKind::BallotMoved,
        InOrder,
        anew!(it, it.nonces()[..=PLACE].rotate_right(1)),
    ),
    (
        "it is moved to another box",
        FraudKind::BallotMoved,
        InOrder,
        anew!(it, {
            let nonce = it.nonces().remove(PLACE);
            it.bundle.boxes[2].nonces.push(nonce);
        }),
    ),
    ("the seed is another one than committed to", FraudKind::SeedDiffers, Wrong, |it| {
        it.bundle.head.seed.0[0] ^= 1;
        it.draw();
    }),
    (
        "commitment and seed are both replaced",
        FraudKind::CommitmentDiffers,
        InOrder,
        anew!(it, it.bundle.head.seed.0[0] ^= 1),
    ),
    (
        "another round of the beacon is used",
        FraudKind::RoundDiffers,
        InOrder,
        anew!(it, {
            let other = announced(1000);
            let round = it.bundle.head.beacon.as_mut().unwrap();
            round.round = other.round;
            round.signature.0.copy_from_slice(&other.signature);
        }),
    ),
    (
        "the beacon is left out",
        FraudKind::RoundDiffers,
        InOrder,
        anew!(it, it.bundle.head.beacon = None),
    ),
    ("the beacon's randomness is made up", FraudKind::RandomnessDiffers, Wrong, |it| {
        it.bundle.head.beacon.as_mut().unwrap().randomness.0[0] ^= 1;
        it.draw();
    }),
    ("the beacon is of another network", FraudKind::BeaconUnknown, Wrong, |it| {
        it.bundle.head.beacon.as_mut().unwrap().chain.0[0] ^= 1
    }),
    (
        "the round was known before the day was over",
        FraudKind::BeaconEarly,
        Wrong,
        anew!(it, it.bundle.head.lottery = Text(Day(20230824).into())),
    ),
    ("a winner changes places with a reserve", FraudKind::LotsDiffer, Wrong, |it| {
        it.bundle.head.lots.swap(0, 2)
    }),
    ("a winner is another ballot", FraudKind::LotsDiffer, Wrong, |it| {
        let other = (0..5)
            .map(|index| Text(it.bundle.ballot(0, index).unwrap()))
            .find(|ballot| !it.bundle.head.lots.contains(ballot));
        it.bundle.head.lots[1] = other.unwrap();
    }),
    ("a winner is a ballot that nobody submitted", FraudKind::LotsDiffer, Wrong, |it| {
        it.bundle.head.lots[0].0.nonce ^= 1
    }),
    ("the last reserve is not named", FraudKind::LotsDiffer, Wrong, |it| {
        it.bundle.head.lots.truncate(3)
    }),
    (
        "there are more winners than were promised",
        FraudKind::WinnersDiffer,
        InOrder,
        anew!(it, it.bundle.head.winners = 3),
    ),
    (
        "a reserve is made a winner",
        FraudKind::WinnersDiffer,
        InOrder,
        anew!(it, {
            (it.bundle.head.winners, it.bundle.head.reserves) = (3, 1);
        }),
    ),
    ("the root of a box is another one", FraudKind::BoxRootDiffers, Wrong, |it| {
        it.bundle.boxes[0].share.root.0[31] ^= 1
    }),
    ("a ballot is changed and nothing made anew", FraudKind::BoxRootDiffers, Wrong, |it| {
        it.nonces()[0] ^= 1
    }),
    ("a box says that it holds one more", FraudKind::CountDiffers, Wrong, |it| {
        it.bundle.boxes[3].share.count += 1
    }),
    ("a ballot is removed and nothing made anew", FraudKind::CountDiffers, Wrong, |it| {
        it.nonces().truncate(10)
    }),
    ("the lottery root is another one", FraudKind::LotteryRootDiffers, Wrong, |it| {
        it.bundle.head.root.0[0] ^= 1
    }),
    ("an empty box is left out", FraudKind::LotteryRootDiffers, Wrong, |it| {
        drop(it.bundle.boxes.pop())
    }),
    ("two ballots change places in the list alone", FraudKind::BallotMisplaced, Wrong, |it| {
        let ids = [0, 1].map(|index| format!("\"{}\"", it.bundle.ballot(3, index).unwrap()));
        it.rewrite(|text| text.replace(&ids.join(","), &format!("{},{}", ids[1], ids[0])));
    }),
    ("the ballots are of another day", FraudKind::BallotMisplaced, Wrong, |it| {
        it.rewrite(|text| text.replace("2023-08-23", "2023-08-22"))
    }),
    ("the end is cut off", FraudKind::Truncated, Wrong, |it| {
        it.rewrite(|text| text[..text.len() - 1].to_owned())
    }),
    ("half of it is cut off", FraudKind::Truncated, Wrong, |it| {
        it.rewrite(|text| text[..text.len() / 2].to_owned())
    }),
    ("nothing is left", FraudKind::Truncated, Wrong, |it| it.rewrite(|_| String::new())),
    ("a member is unknown", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| text.replace("\"winners\"", "\"losers\":[],\"winners\""))
    }),
    ("a member is unknown in a box", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| text.replacen("\"ballots\"", "\"lost\":[],\"ballots\"", 1))
    }),
    ("a member is said twice", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| text.replace("\"reserves\":2", "\"reserves\":2,\"reserves\":2"))
    }),
    ("a member is missing", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| text.replace("\"reserves\":2,", ""))
    }),
    ("a number is written otherwise", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| text.replace("\"winners\":2", "\"winners\":2.0"))
    }),
    ("a hash is written otherwise", FraudKind::Malformed, Wrong, |it| {
        let root = it.bundle.head.root.to_string();
        it.rewrite(|text| text.replace(&root, &root.to_uppercase()));
    }),
    ("something stands behind it", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| format!("{text}[]"))
    }),
    ("there is no such day", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| text.replace("2023-08-23", "2023-02-30"))
    }),
    ("it is of another format", FraudKind::Malformed, Wrong, |it| {
        it.rewrite(|text| text.replace("stampede draw 1", "stampede draw 2"))
    }),
    ("the receipt's signature is another one", FraudKind::ReceiptForged, InOrder, |it| {
        it.receipt.signature.0[5] ^= 1
    }),
    ("the receipt says that it is of another box", FraudKind::ReceiptForged, InOrder, |it| {
        it.receipt.ballot.0.name.number = 0
    }),
    ("the receipt promises more winners", FraudKind::ReceiptForged, InOrder, |it| {
        it.receipt.winners += 1
    }),
    ("the receipt promises round zero", FraudKind::ReceiptForged, InOrder, |it| {
        it.receipt.round = Some(0)
    }),
    ("the receipt is signed under another key", FraudKind::ReceiptKeyDiffers, InOrder, |it| {
        it.key = Hex([7; 32])
    }),
    ("the receipt is of another lottery", FraudKind::ReceiptElsewhere, InOrder, |it| {
        let own = it.receipt.ballot.0;
        it.receipt.ballot = Text(BallotId {
            name: BoxName { pool: PoolName::Day(Day(20230822)), ..own.name },
            ..own
        });
        it.receipt.following.clear();
        let position = it.receipt.position().unwrap();
        it.receipt.signature = Hex(signer().sign(
            &it.receipt.ballot.0.name,
            position,
            &it.receipt.head(),
            &it.receipt.anchor(),
        ));
    }),
    (
        "the receipt's box is left out",
        FraudKind::ReceiptElsewhere,
        InOrder,
        anew!(it, it.bundle.boxes.truncate(BOX)),
    ),
    ("the receipt is cut off", FraudKind::ReceiptMalformed, InOrder, |it| {
        it.receipt_text = Some(it.receipt_written()[..99].to_owned())
    }),
    (
        "the answer about another ballot has the receipt",
        FraudKind::ReceiptMalformed,
        InOrder,
        |it| {
            let other = it.bundle.boxes[0].nonces.len();
            let id = BallotId { index: other as u64 + 7, ..it.receipt.ballot.0 };
            it.receipt_text = Some(answer(&id.to_string(), &it.receipt_written()));
        },
    ),
    ("an answer without a receipt", FraudKind::ReceiptMalformed, InOrder, |it| {
        it.receipt_text = Some(answer(&it.receipt.ballot.0.to_string(), "null"));
    }),
    ("the receipt says something unknown", FraudKind::ReceiptMalformed, InOrder, |it| {
        it.receipt_text = Some(it.receipt_written().replace("\"key\"", "\"note\":\"\",\"key\""));
    }),
];

/// What the call for a ballot answers, as it is saved.
fn answer(id: &str, receipt: &str) -> String {
    format!("{{\"id\": \"{id}\", \"lottery\": \"2026-12-31\", \"receipt\": {receipt}}}\n")
}

/// How verifying a proof is asked for, with all that its reader knew before or without.
fn asked(folder: &TestFolder, number: usize, forged: &Forged, with_anchors: bool) -> Vec<String> {
    let mut line = vec![folder.file(&format!("proof-{number}.json"), &forged.written())];
    if with_anchors {
        let receipt = folder.file(&format!("receipt-{number}.json"), &forged.receipt_written());
        line.extend([
            "--commitment".to_owned(),
            forged.commitment.to_string(),
            "--key".to_owned(),
            forged.key.to_string(),
        ]);
        line.extend(["--receipt".to_owned(), receipt]);
    }
    line
}

fn verified(verifier: Verifier, forged: &Forged, with_anchors: bool) -> VerifierSaid {
    let folder = TestFolder::new();
    verifier.all(&[asked(&folder, 0, forged, with_anchors)]).remove(0)
}

/// What the verifier says about every forgery.
fn all_verified(verifier: Verifier, with_anchors: bool) -> Vec<VerifierSaid> {
    let (honest, folder) = (HONEST.draw(), TestFolder::new());
    let one = |(number, (.., forge)): (usize, &Forgery)| {
        asked(&folder, number, &forged(&honest, *forge), with_anchors)
    };
    verifier.all(&FORGERIES.iter().enumerate().map(one).collect::<Vec<_>>())
}

/// Whether a verifier that left so named the fraud by its name, in one sentence.
fn named(said: &VerifierSaid, kind: FraudKind) -> bool {
    let sentence = said.err.split_once(": ").map_or("", |(_, sentence)| sentence);
    said.code == kind.code() as i32
        && sentence.starts_with(&format!("{}: ", kind.name()))
        && sentence.trim_end().lines().count() == 1
}

fn forged(honest: &Honest, forge: fn(&mut Forged)) -> Forged {
    let mut made = Forged::from(honest);
    forge(&mut made);
    made
}

#[test]
fn every_forgery_is_called_by_its_name_by_every_verifier() {
    for verifier in Verifier::every(STAMPEDE) {
        for ((title, kind, ..), said) in FORGERIES.iter().zip(all_verified(verifier, true)) {
            assert!(
                named(&said, *kind),
                "{verifier:?}: {title} is not called {}: {said:?}",
                kind.name()
            );
            assert_eq!(
                said.out, "",
                "{verifier:?}: {title}: nothing is called in order before all of it is"
            );
        }
    }
}

#[test]
fn a_proof_made_anew_as_a_whole_is_in_order_until_it_is_compared_with_something_from_before() {
    for verifier in Verifier::every(STAMPEDE) {
        for ((title, _, alone, _), said) in FORGERIES.iter().zip(all_verified(verifier, false)) {
            assert_eq!(said.code == 0, *alone == InOrder, "{verifier:?}: {title}: {said:?}");
        }
    }
}

#[test]
fn an_honest_draw_is_in_order_for_all_and_all_say_who_won_and_what_is_not_proved() {
    let honest = HONEST.draw();
    let forged = Forged::from(&honest);
    assert_eq!(forged.written(), honest.text(), "a forger who forges nothing");
    for verifier in Verifier::every(STAMPEDE) {
        let (anchored, alone) =
            (verified(verifier, &forged, true), verified(verifier, &forged, false));
        for said in [&anchored, &alone] {
            assert_eq!((said.code, said.err.as_str()), (0, ""), "{verifier:?}");
            for (number, lot) in forged.bundle.head.lots.iter().enumerate() {
                let role = if number < 2 { "winner" } else { "reserve" };
                assert!(
                    said.out.contains(&format!("{role} {}: {}\n", number % 2 + 1, lot.0)),
                    "{}",
                    said.out
                );
            }
            assert!(said.out.contains("due at 2023-08-23T15:15:33Z"), "{}", said.out);
        }
        assert!(
            alone.out.contains("not proved: that no ballot was left out, added or exchanged"),
            "{}",
            alone.out
        );
        assert!(
            !anchored.out.contains("not proved: that no ballot was left out"),
            "{}",
            anchored.out
        );
        assert!(anchored.out.contains("; the network signed it"), "{}", anchored.out);
    }
}

#[test]
fn every_receipt_of_an_honest_draw_agrees_with_it() {
    let honest = HONEST.draw();
    let folder = TestFolder::new();
    let written = |(number, receipt)| {
        folder.file(&format!("{number}.json"), &serde_json::to_string(receipt).unwrap())
    };
    let receipts: Vec<_> = honest.receipts.iter().flatten().enumerate().map(written).collect();
    assert_eq!(receipts.len(), 19);
    for verifier in Verifier::every(STAMPEDE) {
        let proof = folder.file("proof.json", &honest.text());
        let receipts =
            receipts.iter().flat_map(|receipt| ["--receipt".to_owned(), receipt.clone()]);
        let said = verifier.all(&[std::iter::once(proof).chain(receipts).collect()]).remove(0);
        assert_eq!(said.code, 0, "{verifier:?}: {said:?}");
        assert_eq!(
            said.out.matches("and what it promises was kept").count(),
            19,
            "{verifier:?}: {}",
            said.out
        );
        assert!(
            said.out.contains(&format!("compare {} with the published one", Hex(honest.key))),
            "{verifier:?}: {}",
            said.out
        );
    }
}

/// Whoever saved the whole answer need not know that a receipt is a part of it.
#[test]
fn a_saved_answer_does_for_a_receipt_and_it_is_said_what_became_of_the_ballot() {
    let honest = HONEST.draw();
    let folder = TestFolder::new();
    let proof = folder.file("proof.json", &honest.text());
    let document: serde_json::Value = serde_json::from_str(&honest.text()).unwrap();
    let lots: Vec<&str> =
        document["lots"].as_array().unwrap().iter().map(|lot| lot.as_str().unwrap()).collect();
    let winners = document["winners"].as_u64().unwrap() as usize;
    assert!(winners > 0 && winners < lots.len() && lots.len() < 19);
    let (mut line, mut expected) = (vec![proof], Vec::new());
    for (number, receipt) in honest.receipts.iter().flatten().enumerate() {
        let id = receipt.ballot.0.to_string();
        let saved = answer(&id, &serde_json::to_string(receipt).unwrap());
        line.extend(["--receipt".to_owned(), folder.file(&format!("{number}.json"), &saved)]);
        let outcome = match lots.iter().position(|lot| *lot == id) {
            Some(place) if place < winners => format!("has won: winner {}", place + 1),
            Some(place) => format!("is a reserve: reserve {}", place + 1 - winners),
            None => "was not drawn".to_owned(),
        };
        expected.push(format!("your ballot {id} is in the box, and {outcome}"));
    }
    for verifier in Verifier::every(STAMPEDE) {
        let said = verifier.all(std::slice::from_ref(&line)).remove(0);
        assert_eq!(said.code, 0, "{verifier:?}: {said:?}");
        let told: Vec<&str> =
            said.out.lines().filter(|line| line.starts_with("your ballot")).collect();
        assert_eq!(told, expected, "{verifier:?}");
    }
}

/// What stands under the promised round's number, and was never signed by the network so. Its hash
/// is right.
fn signatures() -> Vec<Vec<u8>> {
    let honest = announced(123).signature;
    let flip = |bit: usize| {
        let mut signature = honest.clone();
        signature[bit / 8] ^= 0x80 >> (bit % 8);
        signature
    };
    // How it is written, which of two points it is, and then every eleventh bit.
    let mut all: Vec<Vec<u8>> = (0..3).chain((3..384).step_by(11)).map(flip).collect();
    // Another real round; and the honest one, with a point beside it that no pairing sees, because
    // it is not of the group in which signatures lie.
    all.push(announced(1000).signature);
    let beside: Hex<48> = Hex::constant(
        "809dde3f545ed5f3fd7839a1d80941f747a9117c844e2778a88f7a69d63bc69e\
         29ce9dd0e5f3fb1be0802af85b01b1d7",
    );
    all.push(beside.0.to_vec());
    // The point at infinity, a number that is too large, and nothing.
    let first = |first: u8, rest: u8| [vec![first], vec![rest; 47]].concat();
    all.extend([first(0xc0, 0), first(0xe0, 0), first(0x9f, 0xff), first(0, 0)]);
    all
}

#[test]
fn whatever_the_network_did_not_sign_so_is_called_forged_by_all() {
    let honest = HONEST.draw();
    let (folder, mut lines) = (TestFolder::new(), Vec::new());
    for (number, signature) in signatures().iter().enumerate() {
        let mut made = Forged::from(&honest);
        made.bundle.head.beacon.as_mut().unwrap().signature.0.copy_from_slice(signature);
        made.anew();
        lines.push(vec![folder.file(&format!("proof-{number}.json"), &made.written())]);
    }
    for verifier in Verifier::every(STAMPEDE) {
        for (number, said) in verifier.all(&lines).iter().enumerate() {
            assert!(named(said, FraudKind::BeaconForged), "{verifier:?}, {number}: {said:?}");
        }
    }
}

#[test]
fn every_kind_of_fraud_is_shown_by_some_forgery() {
    let shown: HashSet<FraudKind> = FORGERIES.iter().map(|(_, kind, ..)| *kind).collect();
    let elsewhere = [FraudKind::BeaconForged, FraudKind::PathDiffers];
    assert!(
        FraudKind::ALL.iter().all(|kind| shown.contains(kind) != elsewhere.contains(kind)),
        "{shown:?}"
    );
    let titles: HashSet<&str> = FORGERIES.iter().map(|(title, ..)| *title).collect();
    assert_eq!(titles.len(), FORGERIES.len());
}

/// A box that holds nothing is as much part of the draw as any other.
#[test]
fn a_box_put_in_afterwards_is_found() {
    let honest = HONEST.draw();
    let mut made = Forged::from(&honest);
    let share = Share { count: 0, root: made.bundle.boxes[2].share.root };
    made.bundle.boxes.push(Listed { share, nonces: Vec::new() });
    for verifier in Verifier::every(STAMPEDE) {
        let said = verified(verifier, &made, false);
        assert!(named(&said, FraudKind::LotteryRootDiffers), "{verifier:?}: {said:?}");
    }
}
