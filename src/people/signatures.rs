//! The two signatures that tokens can have, as the provider that `jsonwebtoken` asks for.
//!
//! The crate's own providers bring in RSA, which has a known timing leak, or a C library; every
//! other algorithm is refused here.

use super::ed25519::{PublicHalf, SecretHalf};
use super::hs256::Hs256;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes it the provider of this process. Once is enough; more do no harm.
pub fn install() {
    let _ = PROVIDER.install_default();
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let key = key.as_bytes();
    match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::with_key(key))),
        Algorithm::EdDSA => Ok(Box::new(SecretHalf::read(key).ok_or(ErrorKind::InvalidKeyFormat)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let key = key.try_get_as_bytes()?;
    match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256::with_key(key))),
        Algorithm::EdDSA => Ok(Box::new(PublicHalf::read(key).ok_or(ErrorKind::InvalidKeyFormat)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ed25519::public_half;
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

    /// RFC 8037, appendix A.
    #[test]
    fn it_signs_with_a_pair_of_keys_as_the_standard_does() {
        install();
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
        let (one, other) = ("nWGxne_9WmC6h", "Er0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let secret = BASE64.decode(format!("{one}{other}")).unwrap();
        let public = public_half(&secret.clone().try_into().unwrap());
        assert_eq!(BASE64.encode(public), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7s\
            VvpAr_MuM0KAg";
        let signs = EncodingKey::from_ed_der(&secret);
        assert_eq!(sign(message, &signs, Algorithm::EdDSA).unwrap(), signature);
        let verifies = DecodingKey::from_ed_der(&public);
        assert!(verify(signature, message, &verifies, Algorithm::EdDSA).unwrap());
        assert!(!verify(signature, b"other", &verifies, Algorithm::EdDSA).unwrap());
        assert!(!verify("AAAA", message, &verifies, Algorithm::EdDSA).unwrap());
        assert!(sign(message, &EncodingKey::from_ed_der(b"short"), Algorithm::EdDSA).is_err());
    }

    #[test]
    fn every_other_algorithm_is_refused() {
        install();
        for algorithm in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256] {
            assert!(sign(b"", &EncodingKey::from_secret(b"key"), algorithm).is_err());
        }
    }
}
