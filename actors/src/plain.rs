//! Plain data as bytes, and as text, without growing on the way.

use serde::Serialize;
use std::fmt::{Display, Write};

/// What is small is put together in so much room, and copied once it is whole.
const SMALL: usize = 128;
/// As long as most ids and instants are. They are shown in pieces.
const SHORT: usize = 48;

/// The value as postcard, in as many bytes as it takes.
pub fn bytes_of<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut room = [0; SMALL];
    match postcard::to_slice(value, &mut room) {
        Ok(bytes) => bytes.to_vec(),
        Err(_) => postcard::to_stdvec(value).expect("it is plain data"),
    }
}

/// Appends the value as postcard.
pub fn append<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    let mut room = [0; SMALL];
    match postcard::to_slice(value, &mut room) {
        Ok(small) => bytes.extend_from_slice(small),
        Err(_) => {
            postcard::to_io(value, bytes).expect("it is plain data");
        }
    }
}

/// What is shown, as text.
pub fn text_of(shown: &impl Display) -> String {
    let mut text = String::with_capacity(SHORT);
    write!(text, "{shown}").expect("a String takes all text");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_whole_however_long_it_is() {
        for length in [0, 1, SHORT, 10 * SHORT] {
            let shown = "x".repeat(length);
            assert_eq!(text_of(&shown), shown);
        }
    }

    #[test]
    fn a_value_has_the_same_bytes_whether_it_is_small_or_not() {
        for length in (0..SMALL + 20).chain([4 * SMALL]) {
            let value = (7u64, vec![3u8; length]);
            let bytes = bytes_of(&value);
            assert_eq!(bytes, postcard::to_stdvec(&value).unwrap(), "{length}");
            let mut behind = vec![1, 2];
            append(&value, &mut behind);
            assert_eq!(behind, [&[1, 2], &bytes[..]].concat(), "{length}");
        }
    }
}
