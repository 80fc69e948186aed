//! The one signature that tokens have, HMAC-SHA-256, as the provider that `jsonwebtoken` asks for.
//!
//! The crate's own providers bring in RSA, which has a known timing leak, or a C library; every
//! other algorithm is refused here.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sha2::Sha256;

type HmacSha256 = Hmac<Sha256>;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes it the provider of this process. Once is enough; more do no harm.
pub fn install() {
    let _ = PROVIDER.install_default();
}

pub fn mac(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes keys of every length")
}

struct Hs256(HmacSha256);

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Ok(Box::new(with_key(*algorithm, key.as_bytes())?))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    Ok(Box::new(with_key(*algorithm, key.try_get_as_bytes()?)?))
}

fn with_key(algorithm: Algorithm, key: &[u8]) -> Result<Hs256> {
    if algorithm == Algorithm::HS256 {
        Ok(Hs256(mac(key)))
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// Compares in constant time.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::crypto::{sign, verify};

    /// RFC 7515, appendix A.1.
    #[test]
    fn it_signs_as_the_standard_does() {
        install();
        use base64::Engine;
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1\
            Z9CAow";
        let key = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(key).unwrap();
        let message =
            b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMD\
            A4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            sign(message, &EncodingKey::from_secret(&key), Algorithm::HS256).unwrap(),
            signature
        );
        assert!(
            verify(signature, message, &DecodingKey::from_secret(&key), Algorithm::HS256).unwrap()
        );
        assert!(
            !verify(signature, b"other", &DecodingKey::from_secret(&key), Algorithm::HS256)
                .unwrap()
        );
    }

    #[test]
    fn every_other_algorithm_is_refused() {
        install();
        for algorithm in [
            Algorithm::HS384,
            Algorithm::HS512,
            Algorithm::RS256,
            Algorithm::ES256,
            Algorithm::EdDSA,
        ] {
            assert!(sign(b"", &EncodingKey::from_secret(b"key"), algorithm).is_err());
        }
    }
}
