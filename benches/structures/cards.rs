//! The cards: of owners at random or one after the other, always the same ones.

/// Cards that are gathered, sorted and written together.
pub const BATCH: u64 = 20_000;

/// As long as a member's card of a coupon.
#[derive(Clone)]
pub struct Card {
    pub owner: [u8; 16],
    pub shelf: u8,
    pub key: [u8; 9],
    pub body: [u8; 40],
    pub sum: i64,
}

impl Card {
    fn of(number: u64, salt: u64, in_order: bool) -> Card {
        let part = |of: u64| mixed(number.wrapping_mul(8).wrapping_add(of) ^ salt).to_be_bytes();
        let mut card =
            Card { owner: [0; 16], shelf: 3, key: [1; 9], body: [0; 40], sum: number as i64 };
        card.owner[..8].copy_from_slice(&match in_order {
            true => number.to_be_bytes(),
            false => part(0),
        });
        card.owner[8..].copy_from_slice(&part(1));
        card.key[1..].copy_from_slice(&number.to_be_bytes());
        // Half of a body is told by the event, the other half is times and numbers that are alike.
        card.body[..8].copy_from_slice(&part(2));
        card.body[8..16].copy_from_slice(&part(3));
        card.body[16..24].copy_from_slice(&number.to_be_bytes());
        card
    }

    /// Another order than that of the keys.
    pub fn shuffled(&self) -> u64 {
        mixed(u64::from_be_bytes(self.owner[..8].try_into().expect("eight bytes")))
    }
}

pub struct Cards {
    next: u64,
    salt: u64,
    in_order: bool,
}

impl Cards {
    pub fn new(in_order: bool) -> Cards {
        Cards { next: 0, salt: 0, in_order }
    }

    /// Cards that nobody has written.
    pub fn others() -> Cards {
        Cards { next: 0, salt: 0x5a5a_5a5a_5a5a_5a5a, in_order: false }
    }

    pub fn sorted(&mut self, count: u64) -> Vec<Card> {
        let mut batch: Vec<Card> = self.take(count as usize).collect();
        batch.sort_by_key(|card| card.owner);
        batch
    }
}

impl Iterator for Cards {
    type Item = Card;

    fn next(&mut self) -> Option<Card> {
        self.next += 1;
        Some(Card::of(self.next - 1, self.salt, self.in_order))
    }
}

/// The finisher of SplitMix64 (Steele, Lea, Flood 2014): alike numbers become unlike ones.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
