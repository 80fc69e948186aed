//! The permutation is FF1: NIST's samples hold the general one, and the general one and the crate
//! `fpe` hold ours.

use crate::general::General;
use actors::dice::Dice;
use actors::domain::coupons::code::{BITS, Permutation};
use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use fpe::ff1::{FF1, FlexibleNumeralString};

/// The key of the samples; AES-128 and AES-192 take what they need of it.
const KEY: [u8; 32] = [
    0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
    0xef, 0x43, 0x59, 0xd8, 0xd5, 0x80, 0xaa, 0x4f, 0x7f, 0x03, 0x6d, 0x6f, 0x04, 0xfc, 0x6a, 0x94,
];

/// Tweak, plain and encrypted with each length of the key; in radix 10 where all are digits, else
/// in 36.
const SAMPLES: [(&str, &str, [&str; 3]); 3] = [
    ("", "0123456789", ["2433477484", "2830668132", "6657667009"]),
    ("9876543210", "0123456789", ["6124200773", "2496655549", "1001623463"]),
    (
        "7777pqrs777",
        "0123456789abcdefghi",
        ["a9tv40mll9kdu509eum", "xbj3kv35jrawxv32ysr", "xs8a0azh2avyalyzuwd"],
    ),
];

#[test]
fn the_general_ff1_passes_the_nine_samples_of_nist() {
    for (tweak, plain, encrypted) in SAMPLES {
        let radix = if plain.len() == 10 { 10 } else { 36 };
        passes(
            General { aes: Aes128::new_from_slice(&KEY[..16]).unwrap(), radix },
            tweak,
            plain,
            encrypted[0],
        );
        passes(
            General { aes: Aes192::new_from_slice(&KEY[..24]).unwrap(), radix },
            tweak,
            plain,
            encrypted[1],
        );
        passes(
            General { aes: Aes256::new_from_slice(&KEY).unwrap(), radix },
            tweak,
            plain,
            encrypted[2],
        );
    }
}

#[track_caller]
fn passes<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(
    general: General<C>,
    tweak: &str,
    plain: &str,
    encrypted: &str,
) {
    let digits = |text: &str| -> Vec<u32> {
        text.chars().map(|digit| digit.to_digit(36).unwrap()).collect()
    };
    assert_eq!(general.encrypt(tweak.as_bytes(), &digits(plain)), digits(encrypted), "{encrypted}");
    assert_eq!(general.decrypt(tweak.as_bytes(), &digits(encrypted)), digits(plain), "{encrypted}");
}

#[test]
fn ours_is_the_general_one_and_that_of_fpe_at_radix_2_and_95_bits() {
    let mut dice = Dice::new(38);
    for _ in 0..20 {
        let key: [u8; 32] = std::array::from_fn(|_| dice.roll() as u8);
        let ours = Permutation::new(&key);
        let general = General { aes: Aes256::new(&key.into()), radix: 2 };
        let fpe = FF1::<Aes256>::new(&key, 2).unwrap();
        let random = std::iter::repeat_with(|| any_bits(&mut dice)).take(50);
        for plain in random.chain(extremes()).collect::<Vec<_>>() {
            let encrypted = ours.encrypt(plain);
            assert_eq!(bits_of(encrypted), general.encrypt(&[], &bits_of(plain)), "{plain}");
            assert_eq!(bits_of(encrypted), second_opinion(&fpe, plain), "{plain}");
            assert_eq!(ours.decrypt(encrypted), plain);
            assert_eq!(general.decrypt(&[], &bits_of(encrypted)), bits_of(plain));
        }
    }
}

#[test]
fn what_is_encrypted_keeps_its_length() {
    let ours = Permutation::new(&KEY);
    let mut dice = Dice::new(95);
    for _ in 0..10_000 {
        let bits = any_bits(&mut dice);
        assert!(ours.encrypt(bits) < 1 << BITS && ours.decrypt(bits) < 1 << BITS);
    }
}

fn any_bits(dice: &mut Dice) -> u128 {
    (u128::from(dice.roll()) << 64 | u128::from(dice.roll())) >> (128 - BITS)
}

/// Nothing, everything, either half, and a bit on either side of where they meet.
fn extremes() -> [u128; 6] {
    let all = (1 << BITS) - 1;
    let right = (1 << 48) - 1;
    [0, all, right, all ^ right, 1 << 47, 1 << 48]
}

/// Highest first.
fn bits_of(number: u128) -> Vec<u32> {
    (0..BITS).rev().map(|place| (number >> place & 1) as u32).collect()
}

fn second_opinion(fpe: &FF1<Aes256>, plain: u128) -> Vec<u32> {
    let plain = bits_of(plain).into_iter().map(|bit| bit as u16).collect::<Vec<_>>();
    let encrypted: Vec<u16> = fpe.encrypt(&[], &FlexibleNumeralString::from(plain)).unwrap().into();
    encrypted.into_iter().map(u32::from).collect()
}
