//! A keyed permutation of 95 bits: FF1 of NIST SP 800-38G over AES-256, radix 2, length 95, with an
//! empty tweak.
//!
//! The general FF1 works on strings of digits and numbers of any size. At this one size a half fits
//! into a `u64` and what a round encrypts is exactly two blocks. The first of them is always the
//! same, so it is encrypted once for each key, and a round is one block of AES and one addition.
//! `actors/tests/codes` holds it against a general FF1 that passes NIST's samples, and against the
//! crate `fpe`. The tweak is empty because every version of the keys is a key of its own: nothing
//! is left for a tweak to tell apart.

use aes::Aes256Enc;
use aes::cipher::{BlockCipherEncrypt, KeyInit};

/// How many bits are permuted.
pub const BITS: u32 = 95;

/// The halves; FF1 gives the odd bit to the right one.
const LEFT_BITS: u32 = BITS / 2;
const RIGHT_BITS: u32 = BITS - LEFT_BITS;

const ROUNDS: u8 = 10;

/// What NIST calls P: FF1, version 1, Feistel method 2, radix 2 (three bytes), ten rounds, the left
/// half's length, the whole length and the tweak's length (four bytes each).
const P: [u8; 16] = [1, 2, 1, 0, 0, 2, ROUNDS, LEFT_BITS as u8, 0, 0, 0, BITS as u8, 0, 0, 0, 0];

#[derive(Clone)]
pub struct Permutation {
    aes: Aes256Enc,
    /// P, encrypted: the state of the CBC-MAC before the second block.
    begun: u128,
}

impl Permutation {
    pub fn new(key: &[u8; 32]) -> Permutation {
        let aes = Aes256Enc::new(key.into());
        let begun = encrypted(&aes, u128::from_be_bytes(P));
        Permutation { aes, begun }
    }

    /// `plain` has no more than 95 bits, and so has what comes out.
    pub fn encrypt(&self, plain: u128) -> u128 {
        let (mut left, mut right) = halves(plain);
        for round in 0..ROUNDS {
            let mixed = left.wrapping_add(self.round(round, right)) & mask(round);
            (left, right) = (right, mixed);
        }
        whole(left, right)
    }

    pub fn decrypt(&self, cipher: u128) -> u128 {
        let (mut left, mut right) = halves(cipher);
        for round in (0..ROUNDS).rev() {
            let plain = right.wrapping_sub(self.round(round, left)) & mask(round);
            (left, right) = (plain, left);
        }
        whole(left, right)
    }

    /// The number that a round adds. Only its lowest 48 bits count, and NIST's y is the first 12
    /// bytes of the block.
    fn round(&self, round: u8, half: u64) -> u64 {
        let q = u128::from(round) << 48 | u128::from(half);
        (encrypted(&self.aes, self.begun ^ q) >> 32) as u64
    }
}

fn encrypted(aes: &Aes256Enc, block: u128) -> u128 {
    let mut block = block.to_be_bytes().into();
    aes.encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

/// What a round makes is as long as the half that it replaces; they are replaced in turns.
fn mask(round: u8) -> u64 {
    let bits = if round.is_multiple_of(2) { LEFT_BITS } else { RIGHT_BITS };
    (1 << bits) - 1
}

fn halves(bits: u128) -> (u64, u64) {
    debug_assert!(bits < 1 << BITS);
    ((bits >> RIGHT_BITS) as u64, bits as u64 & ((1 << RIGHT_BITS) - 1))
}

fn whole(left: u64, right: u64) -> u128 {
    u128::from(left) << RIGHT_BITS | u128::from(right)
}
