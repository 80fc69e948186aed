//! Who signs receipts: one ed25519 signature over the head of a box's chain and what was promised
//! about the draw.
//!
//! A signature stands for every ballot up to its position, so one serves all that were in the same
//! commit.

use super::anchor::Anchor;
use actors::domain::ballots::BoxName;
use actors::domain::draw::Hash;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

pub struct Signer(SigningKey);

impl Signer {
    pub fn new(secret: [u8; 32]) -> Signer {
        Signer(SigningKey::from_bytes(&secret))
    }

    /// What is published, so that a receipt's key can be compared with it.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub fn sign(&self, name: &BoxName, position: u64, head: &Hash, anchor: &Anchor) -> [u8; 64] {
        self.0.sign(&message(name, position, head, anchor)).to_bytes()
    }
}

pub fn is_signed(
    key: &[u8; 32],
    name: &BoxName,
    position: u64,
    head: &Hash,
    anchor: &Anchor,
    signature: &[u8; 64],
) -> bool {
    // The strict way, so that no other verifier comes to another opinion about keys and signatures
    // that no honest signer makes.
    VerifyingKey::from_bytes(key).is_ok_and(|key| {
        key.verify_strict(&message(name, position, head, anchor), &Signature::from_bytes(signature))
            .is_ok()
    })
}

fn message(name: &BoxName, position: u64, head: &Hash, anchor: &Anchor) -> Vec<u8> {
    let Anchor { commitment, round, winners, reserves } = anchor;
    let mut message = format!("stampede receipt 1\n{name}\n").into_bytes();
    message.extend(position.to_be_bytes());
    message.extend(head);
    message.extend(commitment);
    message.extend(round.unwrap_or(0).to_be_bytes());
    message.extend(winners.to_be_bytes());
    message.extend(reserves.to_be_bytes());
    message
}
