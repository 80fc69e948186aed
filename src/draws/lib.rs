//! What a draw shows to those who take part in it: receipts, the public beacon, and proofs.
//! `docs/draws.md` fixes every byte of them.
//!
//! Nothing here knows the engine, the store or HTTP: everything is made from what a lottery and its
//! boxes answered, and verified from files alone.

mod anchor;
pub mod beacon;
pub mod bundle;
pub mod fraud;
#[cfg(test)]
mod fuzzed;
pub mod inclusion;
pub mod receipt;
pub mod signer;
pub mod text;
pub mod verify;
pub mod writer;

pub use anchor::Anchor;
pub use beacon::QUICKNET;
pub use bundle::Bundle;
pub use inclusion::Inclusion;
pub use receipt::Receipt;
pub use signer::Signer;
pub use text::Text;
