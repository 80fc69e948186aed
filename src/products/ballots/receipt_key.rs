//! The key that receipts are signed with: one secret in the store, made at the first start. Its
//! public half is published, and stands in every receipt.
//!
//! It is never replaced, because a receipt is as good as its key is known; the instant it was made
//! is published with it.

use actors::Time;
use actors::store::StoreError;
use base::{Hex, fresh};
use draws::Signer;
use ports::directory::Directory;

/// Under which name the store keeps it: 32 bytes of key, and when it was made.
const SECRET: &str = "receipt-key";

pub struct ReceiptKey {
    pub signer: Signer,
    pub public: Hex<32>,
    pub since: Time,
}

impl ReceiptKey {
    /// The key there is; at the first start, a new one.
    pub async fn open(directory: &dyn Directory, now: Time) -> Result<ReceiptKey, StoreError> {
        let made = [&fresh::bytes::<32>()[..], &now.0.to_be_bytes()].concat();
        let kept = directory.secret(SECRET, made).await?;
        read(&kept)
            .ok_or_else(|| StoreError::Broken("the receipt key in the store cannot be read".into()))
    }
}

fn read(kept: &[u8]) -> Option<ReceiptKey> {
    let (key, since) = kept.split_first_chunk()?;
    let signer = Signer::new(*key);
    Some(ReceiptKey {
        public: Hex(signer.public()),
        signer,
        since: Time(i64::from_be_bytes(since.try_into().ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_a_damaged_one_is_not_used() {
        let kept = [&[7; 32][..], &5i64.to_be_bytes()].concat();
        let read_back = read(&kept).unwrap();
        assert_eq!((read_back.public.0, read_back.since), (Signer::new([7; 32]).public(), Time(5)));
        for damaged in [&kept[..39], &[&kept[..], b"x"].concat(), b"nonsense", b""] {
            assert!(read(damaged).is_none(), "{damaged:?}");
        }
    }
}
