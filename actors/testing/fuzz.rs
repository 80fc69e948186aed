//! Bytes and texts that nobody wrote: what was written, changed at random, again and again.
//!
//! A body is asked about each of them and panics if something is wrong; then what it was asked is
//! printed. `STAMPEDE_FUZZ=100` tries a hundred times as many, and `STAMPEDE_FUZZ_SEED=18` others.

use actors::dice::Dice;

#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn number(name: &str, usual: u64) -> u64 {
    let wanted = std::env::var(name).ok();
    wanted.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("no number: {text}")))
}

/// Numbers at whose edges decoders err.
const EDGES: &[u8] = &[0, 1, 0x7f, 0x80, 0xfe, 0xff];

/// What may mean something in the middle of others: the greatest numbers, ends and beginnings.
const PIECES: &[&[u8]] = &[
    b"18446744073709551615",
    b"-1",
    b"null",
    b"[",
    b"}",
    b"\"",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\0\0\0\0",
];

/// Asks `body` about so many inputs, made of these seeds; about the seeds themselves first.
pub fn fuzz(name: &str, cases: u64, seeds: &[Vec<u8>], mut body: impl FnMut(&[u8])) {
    let cases = cases * number("STAMPEDE_FUZZ", 1);
    let mut dice = Dice::new(number("STAMPEDE_FUZZ_SEED", 17));
    assert!(!seeds.is_empty(), "{name} has no seeds");
    seeds.iter().for_each(|seed| ask(name, seed, &mut body));
    for _ in 0..cases {
        let mut bytes = one_of(seeds, &mut dice).clone();
        for _ in 0..=dice.below(4) {
            change(&mut bytes, seeds, &mut dice);
        }
        ask(name, &bytes, &mut body);
    }
    println!("{name}: {} cases", cases + seeds.len() as u64);
}

/// The same of texts.
pub fn fuzz_text(name: &str, cases: u64, seeds: &[&str], mut body: impl FnMut(&str)) {
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    fuzz(name, cases, &seeds, |bytes| body(&String::from_utf8_lossy(bytes)));
}

/// Prints what was asked, if the answer was a panic.
struct Asked<'a>(&'a str, &'a [u8]);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hex: String = self.1.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!("{}: {hex} ({:?})", self.0, String::from_utf8_lossy(self.1));
        }
    }
}

fn ask(name: &str, bytes: &[u8], body: &mut impl FnMut(&[u8])) {
    let asked = Asked(name, bytes);
    body(asked.1);
}

fn one_of<'a, T>(all: &'a [T], dice: &mut Dice) -> &'a T {
    &all[dice.below(all.len() as u64) as usize]
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let place = dice.below(bytes.len() as u64 + 1) as usize;
    let end = place + dice.below((bytes.len() - place) as u64 + 1).min(16) as usize;
    let any = dice.roll() as u8;
    let ascii = b' ' + any % 95;
    match (dice.below(10), bytes.get_mut(place)) {
        (0, Some(byte)) => *byte ^= 1 << dice.below(8),
        (1, Some(byte)) => *byte = *one_of(EDGES, dice),
        (2, Some(byte)) => *byte = ascii,
        (3, Some(byte)) => *byte = byte.wrapping_add(1),
        (4, _) => bytes.insert(place, if any & 1 == 0 { any } else { ascii }),
        (5, _) => drop(bytes.drain(place..end)),
        (6, _) => bytes.truncate(place),
        (7, _) => {
            let again = bytes[place..end].to_vec();
            drop(bytes.splice(place..place, again));
        }
        (8, _) => drop(bytes.splice(place..end, one_of(PIECES, dice).iter().copied())),
        // The rest of another one.
        _ => {
            let other = one_of(seeds, dice);
            let from = dice.below(other.len() as u64 + 1) as usize;
            bytes.truncate(place);
            bytes.extend(&other[from..]);
        }
    }
}
