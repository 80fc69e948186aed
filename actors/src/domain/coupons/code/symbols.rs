//! Crockford's base 32: how a code is written, and how forgivingly it is read.
//!
//! Twenty symbols of five bits, in upper case, in groups of five with dashes between. Reading
//! forgives what people do to codes: lower case, dashes and spaces anywhere or nowhere, O for 0, I
//! and L for 1. U is no symbol. Whatever else stands in a text makes it no code of ours.

use std::fmt;

/// How many symbols a code has.
pub const SYMBOLS: usize = 20;

const GROUP: usize = 5;

/// With the dashes between the groups.
const WRITTEN: usize = SYMBOLS + SYMBOLS / GROUP - 1;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code as it is printed. It lives on the stack, so that millions can be streamed without an
/// allocation each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code([u8; WRITTEN]);

impl Code {
    /// The lowest 100 bits, highest first.
    pub(super) fn write(bits: u128) -> Code {
        let mut text = [b'-'; WRITTEN];
        for symbol in 0..SYMBOLS {
            let value = bits >> (5 * (SYMBOLS - 1 - symbol)) & 31;
            text[symbol + symbol / GROUP] = ALPHABET[value as usize];
        }
        Code(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it was written from the alphabet")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The 100 bits of a text that has the shape of a code.
pub(super) fn read(text: &str) -> Option<u128> {
    let (mut bits, mut symbols) = (0, 0);
    for byte in text.bytes().filter(|byte| !matches!(byte, b'-' | b' ')) {
        symbols += 1;
        if symbols > SYMBOLS {
            return None;
        }
        bits = bits << 5 | u128::from(value(byte)?);
    }
    (symbols == SYMBOLS).then_some(bits)
}

fn value(byte: u8) -> Option<u8> {
    /// Of every byte; `NONE` is no symbol.
    const VALUES: [u8; 256] = values();
    let value = VALUES[usize::from(byte)];
    (value != NONE).then_some(value)
}

const NONE: u8 = 0xff;

const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut symbol = 0;
    while symbol < ALPHABET.len() {
        values[ALPHABET[symbol] as usize] = symbol as u8;
        values[ALPHABET[symbol].to_ascii_lowercase() as usize] = symbol as u8;
        symbol += 1;
    }
    (values[b'O' as usize], values[b'o' as usize]) = (0, 0);
    (values[b'I' as usize], values[b'i' as usize]) = (1, 1);
    (values[b'L' as usize], values[b'l' as usize]) = (1, 1);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_reads_as_its_place_in_the_alphabet() {
        for (place, symbol) in (0..).zip(ALPHABET) {
            assert_eq!(value(*symbol), Some(place));
            assert_eq!(value(symbol.to_ascii_lowercase()), Some(place));
        }
        assert_eq!(
            (value(b'O'), value(b'i'), value(b'L'), value(b'l')),
            (Some(0), Some(1), Some(1), Some(1))
        );
        let symbols = (0..=u8::MAX).filter(|byte| value(*byte).is_some()).count();
        assert_eq!(symbols, 10 + 2 * 25, "ten digits and every letter but U, in both cases");
    }

    #[test]
    fn the_first_symbol_is_the_highest() {
        let code = Code::write(31 << 95 | 1);
        assert_eq!(code.as_str(), "Z0000-00000-00000-00001");
        assert_eq!(read(code.as_str()), Some(31 << 95 | 1));
    }
}
