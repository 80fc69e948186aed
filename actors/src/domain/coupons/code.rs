//! Codes of our own: which coupon of which batch or campaign a text names, hidden by a keyed
//! permutation (`permutation`).
//!
//! A code is one symbol of key version and 95 encrypted bits: the serial (30), the index within it
//! (34) and 31 bits that are zero. Where they are not zero after decryption, the code was guessed,
//! mistyped or made with another key: it is refused without a look-up. A random guess passes that
//! check once in 2^31 (two thousand million), and then names a random one of 2^64 places. It hits a
//! coupon only as often as such a place exists. With ten thousand million coupons out there, that
//! is one guess in 4·10^18. A mistype is no better than a guess. Codes can neither be counted on
//! from one another, nor does one tell how many there are. Nothing is stored for one.
//!
//! Every text of this shape is ours and is judged by its check alone; any other may be an imported
//! code.

mod keys;
mod permutation;
mod symbols;

pub use keys::{Keys, Press, UnreadableKeys, Version};
pub use permutation::{BITS, Permutation};
pub use symbols::Code;

use super::Serial;

/// Which coupon: the `index`th of a batch, or the voucher of that rank of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CouponNumber {
    pub serial: Serial,
    /// At most `MOST`.
    pub index: u64,
}

/// Whether a text has the shape of our codes, so that it cannot be a foreign code.
pub fn is_of_our_shape(text: &str) -> bool {
    symbols::read(text).is_some()
}

const INDEX_BITS: u32 = 34;
const CHECK_BITS: u32 = 31;

impl CouponNumber {
    /// The greatest index.
    pub const MOST: u64 = (1 << INDEX_BITS) - 1;

    /// The check bits are the lowest, and zero.
    fn bits(self) -> u128 {
        // A greater number would name a coupon of another batch, and a member would be given what
        // is not theirs.
        assert!(
            self.serial.0 <= Serial::MOST && self.index <= CouponNumber::MOST,
            "{self:?} has no code"
        );
        (u128::from(self.serial.0) << INDEX_BITS | u128::from(self.index)) << CHECK_BITS
    }

    fn of_bits(bits: u128) -> Option<CouponNumber> {
        let (place, check) = (bits >> CHECK_BITS, bits & ((1 << CHECK_BITS) - 1));
        let (serial, index) = ((place >> INDEX_BITS) as u32, place as u64 & CouponNumber::MOST);
        (check == 0).then_some(CouponNumber { serial: Serial(serial), index })
    }
}

/// Why a text names no coupon of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It has not the shape of our codes; an imported code may look like that.
    #[error("it is not a code of ours")]
    Foreign,
    /// It has the shape, but was never printed.
    #[error("nobody printed this code")]
    Forged,
}
