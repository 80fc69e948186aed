//! The last bytes of a segment: which one it is, and the digest of everything before them.
//!
//! The digest of a segment is that of its footer. The footer has the digest of the index, the index
//! those of the blocks. So a look at the footer says whether it is the right file, and whoever
//! reads a block checks all that leads to it, without reading the rest. The footer has the digest
//! of the segment before, too, so all segments are one chain.

use sha2::{Digest, Sha256};

/// Stands at both ends of a segment. The last byte is the version of the format.
pub const MARK: [u8; 8] = *b"stmpseg\x01";
pub const LENGTH: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footer {
    pub number: i64,
    /// The positions of its first and last frame.
    pub first: i64,
    pub last: i64,
    pub index_at: u64,
    pub index_packed: u64,
    pub index_raw: u64,
    pub index_digest: [u8; 32],
    /// The digest of the segment before; zeros in the first.
    pub before: [u8; 32],
}

impl Footer {
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let numbers = [
            self.number as u64,
            self.first as u64,
            self.last as u64,
            self.index_at,
            self.index_packed,
            self.index_raw,
            0,
        ];
        let mut bytes = [0; LENGTH];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes[56..88].copy_from_slice(&self.index_digest);
        bytes[88..120].copy_from_slice(&self.before);
        bytes[120..].copy_from_slice(&MARK);
        bytes
    }

    /// Says why not, if these are no footer.
    pub fn read(bytes: &[u8; LENGTH]) -> Result<Footer, String> {
        must_be_known(&bytes[120..])?;
        let number = |place: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[place * 8..place * 8 + 8]);
            u64::from_le_bytes(number)
        };
        let digest = |at: usize| {
            let mut digest = [0; 32];
            digest.copy_from_slice(&bytes[at..at + 32]);
            digest
        };
        Ok(Footer {
            number: number(0) as i64,
            first: number(1) as i64,
            last: number(2) as i64,
            index_at: number(3),
            index_packed: number(4),
            index_raw: number(5),
            index_digest: digest(56),
            before: digest(88),
        })
    }
}

/// Whether a segment of this format begins or ends so.
pub fn must_be_known(mark: &[u8]) -> Result<(), String> {
    match mark.split_last() {
        Some((version, name)) if name == &MARK[..7] && *version > MARK[7] => Err(format!(
            "was written by a newer stampede (its version is {version}, this one knows {})",
            MARK[7]
        )),
        _ if mark == MARK => Ok(()),
        _ => Err("is no segment of stampede".to_owned()),
    }
}

pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_is_read_back_and_one_of_a_newer_version_is_named() {
        let footer = Footer {
            number: 3,
            first: 100,
            last: 199,
            index_at: 5_000,
            index_packed: 70,
            index_raw: 300,
            index_digest: [7; 32],
            before: [9; 32],
        };
        let mut bytes = footer.to_bytes();
        assert_eq!(Footer::read(&bytes), Ok(footer));
        bytes[LENGTH - 1] += 1;
        assert!(Footer::read(&bytes).unwrap_err().contains("newer"));
        bytes[LENGTH - 2] += 1;
        assert!(Footer::read(&bytes).unwrap_err().contains("no segment"));
    }
}
