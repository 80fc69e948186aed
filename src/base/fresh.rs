//! Things that cannot be guessed: ids, tokens and keys from the operating system's randomness.

use actors::{Id, Time};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("a system without randomness must not hand out secrets");
    bytes
}

/// An id that begins with the time, so that ids sort by creation and their rows are appended; the
/// other 80 bits are random.
pub fn id(now: Time) -> Id {
    let mut id = bytes::<16>();
    id[..6].copy_from_slice(&now.0.to_be_bytes()[2..]);
    Id(id)
}

/// A text of 43 symbols that carries 256 random bits.
pub fn text() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        assert!(id(Time(1)) < id(Time(2)) && id(Time(255)) < id(Time(256)));
        assert_ne!(id(Time(1)), id(Time(1)));
    }
}
