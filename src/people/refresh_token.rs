//! Refresh tokens: `rt_` and, in base64url, the member, the session, its step and an HMAC over
//! them.
//!
//! A token is made anew from its step whenever it is needed, so the directory stores the step only
//! and the lost answer of a rotation can be given again. The directory decides
//! whether a step may still be used (`RefreshAttempt::decide`).

use super::hs256;
use actors::Id;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;

const PREFIX: &str = "rt_";
const LENGTH: usize = 16 + 16 + 4 + 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    pub member: Id,
    pub session: Id,
    pub step: u32,
}

impl RefreshToken {
    pub fn text(&self, secret: &[u8]) -> String {
        let mut bytes = self.body().to_vec();
        bytes.extend_from_slice(&hs256::mac(secret).chain_update(&bytes).finalize().into_bytes());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// None if we did not make it.
    pub fn read(text: &str, secret: &[u8]) -> Option<RefreshToken> {
        let encoded = text.strip_prefix(PREFIX).filter(|rest| rest.len() < 2 * LENGTH)?;
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(encoded).ok()?.try_into().ok()?;
        let (body, mac) = bytes.split_at(36);
        hs256::mac(secret).chain_update(body).verify_slice(mac).ok()?;
        let step = u32::from_be_bytes(body[32..].try_into().ok()?);
        Some(RefreshToken {
            member: Id(body[..16].try_into().ok()?),
            session: Id(body[16..32].try_into().ok()?),
            step,
        })
    }

    fn body(&self) -> [u8; 36] {
        let mut body = [0; 36];
        body[..16].copy_from_slice(&self.member.0);
        body[16..32].copy_from_slice(&self.session.0);
        body[32..].copy_from_slice(&self.step.to_be_bytes());
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: RefreshToken = RefreshToken { member: Id([1; 16]), session: Id([2; 16]), step: 7 };

    #[test]
    fn a_token_reads_back_under_its_secret_only() {
        let text = TOKEN.text(b"secret");
        assert_eq!(RefreshToken::read(&text, b"secret"), Some(TOKEN));
        assert_eq!(RefreshToken::read(&text, b"other"), None);
    }

    #[test]
    fn a_text_that_was_tampered_with_is_no_token() {
        let text = TOKEN.text(b"secret");
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'E' } else { b'A' };
            assert_eq!(
                RefreshToken::read(std::str::from_utf8(&bytes).unwrap(), b"secret"),
                None,
                "{place}"
            );
        }
        for other in
            ["", "rt_", "rt_x", &text[3..], &text[..90], &format!("{text}A"), &"rt_A".repeat(9999)]
        {
            assert_eq!(RefreshToken::read(other, b"secret"), None);
        }
    }
}
