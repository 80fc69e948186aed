//! Signatures by Standard Webhooks: HMAC-SHA256 over id, time and body, with a secret that only the
//! receiver and this server know.

use base::fresh;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// 256 bits.
pub fn new_secret() -> Vec<u8> {
    fresh::bytes::<32>().to_vec()
}

/// As its owner writes it into a configuration.
pub fn printed(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The header `webhook-signature`.
pub fn sign(secret: &[u8], id: &str, timestamp_s: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    for part in [id, ".", &timestamp_s.to_string(), ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_the_specification_comes_out() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_reference_library_signs_the_same() {
        let secret = new_secret();
        let reference = standardwebhooks::Webhook::new(&printed(&secret)).unwrap();
        for (id, at, body) in
            [("evt_1_0", 0, ""), ("evt_17_3_2", 1_796_126_400, "{\"name\":\"Año\"}")]
        {
            assert_eq!(
                sign(&secret, id, at, body),
                reference.sign(id, at, body.as_bytes()).unwrap()
            );
        }
    }
}
