//! `docs/draw-vectors.json`: what whoever writes a third verifier compares with. It is made anew
//! here and must be what is written down.

use crate::honest::{Honest, SEED, Wanted};
use actors::domain::day::Day;
use actors::domain::draw::{Hash, Lots};
use actors::domain::pool::PoolName;
use base::Hex;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use harness::verifiers::{python, script};
use sha2::{Digest, Sha256};
use std::process::Command;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/draw-vectors.json");

const POOL: PoolName = PoolName::Day(Day(20230823));

fn draws() -> [(&'static str, Wanted); 7] {
    [
        (
            "one ballot, one winner",
            Wanted { pool: POOL, counts: &[1], commit: 1, winners: 1, reserves: 0, round: None },
        ),
        (
            "no ballots: nobody wins",
            Wanted { pool: POOL, counts: &[0, 0], commit: 1, winners: 1, reserves: 1, round: None },
        ),
        (
            "three boxes, one of them empty",
            Wanted {
                pool: POOL,
                counts: &[5, 0, 3],
                commit: 2,
                winners: 1,
                reserves: 1,
                round: None,
            },
        ),
        (
            "with a round of the beacon",
            Wanted {
                pool: POOL,
                counts: &[5, 0, 3],
                commit: 2,
                winners: 1,
                reserves: 1,
                round: Some(123),
            },
        ),
        (
            "as many lots as ballots",
            Wanted {
                pool: POOL,
                counts: &[2, 5],
                commit: 7,
                winners: 4,
                reserves: 9,
                round: Some(1000),
            },
        ),
        (
            "a count that is no power of two",
            Wanted {
                pool: POOL,
                counts: &[37, 300, 1],
                commit: 16,
                winners: 3,
                reserves: 4,
                round: None,
            },
        ),
        (
            "a pool with a name of its own",
            Wanted {
                pool: "stalls-2".parse().unwrap(),
                counts: &[3, 2],
                commit: 2,
                winners: 1,
                reserves: 1,
                round: Some(123),
            },
        ),
    ]
}

/// A count beyond 2^63, so that nearly every second roll is thrown away, and others that are
/// likelier.
const STREAMS: [(u64, bool); 4] =
    [(1 << 63 | 1, false), (1 << 63 | 1, true), (10, false), (1_000_000, true)];

const FOLDS: [(u64, u64); 8] = [
    (u64::MAX, 1),
    (u64::MAX, 2),
    (u64::MAX, 3),
    (u64::MAX - 1, 3),
    (u64::MAX - 5, 10),
    (u64::MAX - 6, 10),
    (1 << 63, 1 << 63 | 1),
    ((1 << 63) + 1, 1 << 63 | 1),
];

fn list(items: impl IntoIterator<Item = String>, between: &str) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(between))
}

fn fold((roll, count): (u64, u64)) -> String {
    // Written anew from the page, not with the function that draws.
    let spare = (u128::from(u64::MAX) + 1) % u128::from(count);
    let lot = if u128::from(roll) <= u128::from(u64::MAX) - spare {
        format!("\"{}\"", roll % count)
    } else {
        "null".to_owned()
    };
    format!("{{\"roll\": \"{roll}\", \"count\": \"{count}\", \"lot\": {lot}}}")
}

fn stream((count, with_beacon): (u64, bool)) -> String {
    let (root, randomness): (Hash, Hash) = ([0x22; 32], [0x33; 32]);
    let beacon: &[u8] = if with_beacon { &randomness } else { &[] };
    let key: Hash =
        Sha256::digest([&[5][..], &SEED, &root, &count.to_be_bytes(), beacon].concat()).into();
    let mut bytes = [0; 8 * 12];
    ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(&mut bytes);
    let rolls = bytes
        .chunks_exact(8)
        .map(|roll| format!("\"{}\"", u64::from_le_bytes(roll.try_into().unwrap())));
    let lots = Lots::new(&SEED, &root, count, with_beacon.then_some(&randomness))
        .take(8)
        .map(|lot| format!("\"{lot}\""));
    let beacon = if with_beacon { format!("\"{}\"", Hex(randomness)) } else { "null".to_owned() };
    format!(
        "{{\"seed\": \"{}\", \"root\": \"{}\", \"count\": \"{count}\", \"beacon\": {beacon}, \
         \"key\": \"{}\",\n  \"rolls\": {},\n  \"lots\": {}}}",
        Hex(SEED),
        Hex(root),
        Hex(key),
        list(rolls, ", "),
        list(lots, ", ")
    )
}

fn draw((name, wanted): &(&str, Wanted)) -> String {
    let made = wanted.draw();
    let chosen =
        |count: usize| (0..count).filter(move |index| [0, count / 2, count - 1].contains(index));
    let ballots: Vec<(usize, usize)> = made
        .receipts
        .iter()
        .enumerate()
        .flat_map(|(number, all)| chosen(all.len()).map(move |index| (number, index)))
        .collect();
    let receipts = ballots
        .iter()
        .map(|(number, index)| serde_json::to_string(&made.receipts[*number][*index]).unwrap());
    let inclusions = ballots.iter().map(|(number, index)| inclusion(&made, *number, *index));
    format!(
        "{{\"name\": \"{name}\", \"key\": \"{}\",\n  \
         \"bundle\": {},\n  \"receipts\": {},\n  \"inclusions\": {}}}",
        Hex(made.key),
        made.text(),
        list(receipts, ",\n    "),
        list(inclusions, ",\n    ")
    )
}

fn inclusion(made: &Honest, number: usize, index: usize) -> String {
    serde_json::to_string(&made.inclusion(number as u8, index as u64)).unwrap()
}

fn vectors() -> String {
    format!(
        "{{\"format\": \"stampede draw vectors 1\",\n\
         \"folds\": {},\n\"streams\": {},\n\"draws\": {}}}\n",
        list(FOLDS.map(fold), ",\n  "),
        list(STREAMS.map(stream), ",\n  "),
        list(draws().iter().map(draw), ",\n  ")
    )
}

#[test]
fn the_vectors_are_those_that_are_written_down() {
    let (made, written) = (vectors(), std::fs::read_to_string(FILE).unwrap_or_default());
    if made != written {
        let beside = std::env::temp_dir().join("draw-vectors.json");
        std::fs::write(&beside, &made).unwrap();
        panic!("{FILE} holds other vectors than are made now; those are in {}", beside.display());
    }
}

#[test]
fn the_other_verifier_repeats_every_vector() {
    let Some(python) = python() else { return };
    let output = Command::new(python).arg(script()).args(["--self-test", FILE]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(out, "in order: 8 folds, 4 streams, 7 draws\n");
}
