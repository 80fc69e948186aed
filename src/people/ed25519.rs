//! Ed25519: the signature of tokens that others can verify.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier};
use jsonwebtoken::signature::{Error, Signer, Verifier};

/// The half of a key that is published.
pub fn public_half(secret: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(secret).verifying_key().to_bytes()
}

pub struct SecretHalf(SigningKey);

pub struct PublicHalf(VerifyingKey);

impl SecretHalf {
    /// None if it is no key.
    pub fn read(bytes: &[u8]) -> Option<SecretHalf> {
        Some(SecretHalf(SigningKey::from_bytes(bytes.try_into().ok()?)))
    }
}

impl PublicHalf {
    /// None if it is no key.
    pub fn read(bytes: &[u8]) -> Option<PublicHalf> {
        Some(PublicHalf(VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?))
    }
}

impl Signer<Vec<u8>> for SecretHalf {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for PublicHalf {
    /// The strict way, so that no other verifier comes to another opinion.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        let signature = Signature::from_slice(signature).map_err(|_| Error::new())?;
        self.0.verify_strict(message, &signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for SecretHalf {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl JwtVerifier for PublicHalf {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
