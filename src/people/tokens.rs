//! Access tokens: short-lived JWTs that name the caller, the session and the role.
//!
//! Everything in a token is checked, and every way to be wrong has a `Reason`. An expiry is exact.
//! A token from another node whose clock runs ahead may be `LEEWAY_S` younger than now. A token
//! that was verified is remembered, so that a hot one costs a look into a map. Whether its session
//! has ended is not asked here.

use super::claims::Claims;
use super::keyring::{Keyring, TokenKey};
use super::refusals::Reason;
use super::remembered;
use actors::{Id, Time};
use jsonwebtoken::{Algorithm, Validation, decode, encode};
use ports::directory::AccountRole;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

pub const ISSUER: &str = "stampede";
pub const AUDIENCE: &str = "stampede";
const ACCESS: &str = "access";

/// How far in the future a token may have been issued, because nodes' clocks differ a little.
pub const LEEWAY_S: u32 = 5;

/// No token of ours is longer, so a longer one is not read at all.
pub const LONGEST: usize = 1024;

#[derive(Serialize, Deserialize)]
struct TokenBody {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    role: String,
    typ: String,
    iat: i64,
    exp: i64,
}

pub fn issue(
    ring: &Keyring,
    member: Id,
    session: Id,
    role: AccountRole,
    now: Time,
    token_s: u32,
) -> String {
    let iat = now.0.div_euclid(1000);
    let body = TokenBody {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: member.to_string(),
        sid: session.to_string(),
        role: role_name(role).to_owned(),
        typ: ACCESS.to_owned(),
        iat,
        exp: iat + i64::from(token_s),
    };
    sign(ring.active(now), &body)
}

fn sign(key: &TokenKey, body: &TokenBody) -> String {
    encode(&key.header, body, &key.signs)
        .expect("plain data under a key of ours can always be signed")
}

pub fn verify(ring: &Keyring, token: &str, now: Time) -> Result<Claims, Reason> {
    let claims = match remembered::get(ring.generation, token) {
        Some(claims) => claims,
        None => {
            let claims = verify_anew(ring, token, now)?;
            remembered::put(ring.generation, token, claims);
            claims
        }
    };
    check_times(&claims, now)
}

fn check_times(claims: &Claims, now: Time) -> Result<Claims, Reason> {
    if now >= claims.expires() {
        Err(Reason::Expired)
    } else if claims.issued_s.saturating_mul(1000) > now.plus_s(LEEWAY_S).0 {
        Err(Reason::Future)
    } else {
        Ok(*claims)
    }
}

fn verify_anew(ring: &Keyring, token: &str, now: Time) -> Result<Claims, Reason> {
    if token.len() > LONGEST {
        return Err(Reason::TooLong);
    }
    let (header, rest) = token.split_once('.').ok_or(Reason::NotAToken)?;
    if rest.split('.').count() != 2 {
        return Err(Reason::NotAToken);
    }
    let key = ring.named_by(header, now).ok_or_else(|| why_unknown(ring, token))?;
    let validation = if key.header.alg == Algorithm::EdDSA { &*EDDSA } else { &*HS256 };
    let body = decode::<TokenBody>(token, &key.verifies, validation).map_err(why_refused)?.claims;
    check(&body)
}

/// Only the signature is left to the crate: time comes from our clock, and the rest has reasons of
/// its own.
static HS256: LazyLock<Validation> = LazyLock::new(|| validation(Algorithm::HS256));
static EDDSA: LazyLock<Validation> = LazyLock::new(|| validation(Algorithm::EdDSA));

fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

/// The header is none of ours. What it says is looked at for the log only.
fn why_unknown(ring: &Keyring, token: &str) -> Reason {
    match jsonwebtoken::decode_header(token) {
        Ok(header) if ring.has(header.alg) => Reason::UnknownKey,
        Ok(_) => Reason::OtherAlgorithm,
        Err(error) => match error.kind() {
            jsonwebtoken::errors::ErrorKind::Json(why)
                if why.to_string().contains("unknown variant") =>
            {
                Reason::OtherAlgorithm
            }
            _ => Reason::NotAToken,
        },
    }
}

fn why_refused(error: jsonwebtoken::errors::Error) -> Reason {
    use jsonwebtoken::errors::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::Base64(_) => Reason::Signature,
        _ => Reason::Claims,
    }
}

fn check(body: &TokenBody) -> Result<Claims, Reason> {
    if body.iss != ISSUER {
        return Err(Reason::Issuer);
    }
    if body.aud != AUDIENCE {
        return Err(Reason::Audience);
    }
    if body.typ != ACCESS {
        return Err(Reason::Type);
    }
    Ok(Claims {
        member: body.sub.parse().map_err(|_| Reason::Claims)?,
        session: body.sid.parse().map_err(|_| Reason::Claims)?,
        role: role_of(&body.role).ok_or(Reason::Claims)?,
        issued_s: body.iat,
        expires_s: body.exp,
    })
}

pub fn role_name(role: AccountRole) -> &'static str {
    match role {
        AccountRole::Member => "member",
        AccountRole::Viewer => "viewer",
        AccountRole::Operator => "operator",
        AccountRole::Admin => "admin",
    }
}

pub fn role_of(name: &str) -> Option<AccountRole> {
    AccountRole::ALL.into_iter().find(|role| role_name(*role) == name)
}

#[cfg(test)]
mod tests {
    use super::super::{keyring, signatures};
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use ports::TokenAlgorithm;
    use serde_json::{Value, json};

    const NOW: Time = Time(1_800_000_000_000);

    fn ring() -> Keyring {
        ring_of(TokenAlgorithm::Hs256)
    }

    fn ring_of(algorithm: TokenAlgorithm) -> Keyring {
        signatures::install();
        Keyring::load(&keyring::make_ring(Time(0), algorithm), 900).unwrap()
    }

    fn good(ring: &Keyring) -> String {
        issue(ring, Id([1; 16]), Id([2; 16]), AccountRole::Member, NOW, 900)
    }

    /// A token signed with our own key whose claims were changed.
    fn signed_with(ring: &Keyring, change: impl Fn(&mut Value)) -> String {
        let token = good(ring);
        let body = token.split('.').nth(1).unwrap();
        let mut claims: Value = serde_json::from_slice(&BASE64.decode(body).unwrap()).unwrap();
        change(&mut claims);
        let key = ring.active(NOW);
        encode(&key.header, &claims, &key.signs).unwrap()
    }

    fn with_header(ring: &Keyring, header: Value) -> String {
        let token = good(ring);
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", BASE64.encode(header.to_string()))
    }

    #[test]
    fn a_token_says_who_it_was_made_for_until_it_expires() {
        for ring in [ring(), ring_of(TokenAlgorithm::EdDsa)] {
            let token = good(&ring);
            for _ in 0..2 {
                let claims = verify(&ring, &token, NOW).unwrap();
                assert_eq!(
                    (claims.member, claims.session, claims.role),
                    (Id([1; 16]), Id([2; 16]), AccountRole::Member)
                );
                assert!(verify(&ring, &token, NOW.plus_s(899)).is_ok());
                assert_eq!(verify(&ring, &token, NOW.plus_s(900)), Err(Reason::Expired));
                assert_eq!(verify(&ring, &token, NOW.minus_s(6)), Err(Reason::Future));
            }
        }
    }

    /// The oldest trick: what is published is taken for a secret.
    #[test]
    fn nobody_signs_with_what_is_published() {
        let ring = ring_of(TokenAlgorithm::EdDsa);
        let (kid, public) = ring.published(NOW).next().unwrap();
        let claims = good(&ring).split('.').nth(1).unwrap().to_owned();
        let header = BASE64.encode(json!({"typ": "JWT", "alg": "HS256", "kid": kid}).to_string());
        let signed = format!("{header}.{claims}");
        let key = jsonwebtoken::EncodingKey::from_secret(&public);
        let mac = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        let forged = format!("{signed}.{mac}");
        assert_eq!(verify(&ring, &forged, NOW), Err(Reason::OtherAlgorithm));
        // Nor under the header that the key has.
        let header = good(&ring).split('.').next().unwrap().to_owned();
        let signed = format!("{header}.{claims}");
        let mac = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        assert_eq!(verify(&ring, &format!("{signed}.{mac}"), NOW), Err(Reason::Signature));
    }

    #[test]
    fn what_one_ring_verified_another_does_not_take_for_verified() {
        let (one, other) = (ring(), ring());
        let token = good(&one);
        assert!(verify(&one, &token, NOW).is_ok());
        assert_eq!(verify(&other, &token, NOW), Err(Reason::UnknownKey));
    }

    #[test]
    fn bad_tokens_are_refused_each_for_its_reason() {
        let ring = ring();
        let token = good(&ring);
        let kid = ring.active(NOW).header.kid.clone().unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let (header, body, signature) = (parts[0], parts[1], parts[2]);
        let flipped = |text: &str| {
            text.chars()
                .rev()
                .enumerate()
                .map(|(i, c)| if i == 5 { if c == 'A' { 'B' } else { 'A' } } else { c })
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect::<String>()
        };
        let set = |name: &'static str, value: Value| {
            signed_with(&ring, move |claims| claims[name] = value.clone())
        };
        let without = |name: &'static str| {
            signed_with(&ring, move |claims| drop(claims.as_object_mut().unwrap().remove(name)))
        };
        let seconds = NOW.0 / 1000;
        let cases = [
            ("".to_owned(), Reason::NotAToken),
            ("token".to_owned(), Reason::NotAToken),
            ("a.b".to_owned(), Reason::NotAToken),
            ("a.b.c.d".to_owned(), Reason::NotAToken),
            ("..".to_owned(), Reason::NotAToken),
            ("a.b.c".to_owned(), Reason::NotAToken),
            ("ä.ö.ü".to_owned(), Reason::NotAToken),
            (format!("{header}.{body}"), Reason::NotAToken),
            (format!("{header}.{body}.{signature}.{signature}"), Reason::NotAToken),
            (format!("{token}{}", "x".repeat(100_000)), Reason::TooLong),
            ("x".repeat(LONGEST + 1), Reason::TooLong),
            (format!("{header}.{body}."), Reason::Signature),
            (format!("{header}.{body}.{}", flipped(signature)), Reason::Signature),
            (format!("{header}.{}.{signature}", flipped(body)), Reason::Signature),
            (format!("{header}.{body}.{signature}="), Reason::Signature),
            (format!("{header}.{body}.{}", &signature[..20]), Reason::Signature),
            (format!("{header}.{body}.{signature}AAAA"), Reason::Signature),
            (format!("{header}.{body}. {signature}"), Reason::Signature),
            (format!("{header}..{signature}"), Reason::Signature),
            (format!(" {token}"), Reason::NotAToken),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "none", "kid": kid})),
                Reason::OtherAlgorithm,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "NONE", "kid": kid})),
                Reason::OtherAlgorithm,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "HS384", "kid": kid})),
                Reason::OtherAlgorithm,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "HS512", "kid": kid})),
                Reason::OtherAlgorithm,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "RS256", "kid": kid})),
                Reason::OtherAlgorithm,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "ES256", "kid": kid})),
                Reason::OtherAlgorithm,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "EdDSA", "kid": kid})),
                Reason::OtherAlgorithm,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "HS256", "kid": "00000000"})),
                Reason::UnknownKey,
            ),
            (
                with_header(&ring, json!({"typ": "JWT", "alg": "HS256", "kid": "../../dev/null"})),
                Reason::UnknownKey,
            ),
            (with_header(&ring, json!({"typ": "JWT", "alg": "HS256"})), Reason::UnknownKey),
            (with_header(&ring, json!({"alg": "HS256", "kid": kid})), Reason::UnknownKey),
            (
                with_header(
                    &ring,
                    json!({"typ": "JWT", "alg": "HS256", "kid": kid, "crit": ["b64"]}),
                ),
                Reason::UnknownKey,
            ),
            (
                with_header(
                    &ring,
                    json!({"typ": "JWT", "alg": "HS256", "kid": kid,
                        "jku": "https://evil.example"}),
                ),
                Reason::UnknownKey,
            ),
            (with_header(&ring, json!({})), Reason::NotAToken),
            (with_header(&ring, json!([])), Reason::NotAToken),
            (set("iss", json!("somebody")), Reason::Issuer),
            (set("aud", json!("elsewhere")), Reason::Audience),
            (set("aud", json!(["stampede"])), Reason::Claims),
            (set("typ", json!("refresh")), Reason::Type),
            (set("typ", json!("")), Reason::Type),
            (set("sub", json!("not an id")), Reason::Claims),
            (set("sid", json!(7)), Reason::Claims),
            (set("role", json!("service")), Reason::Claims),
            (set("role", json!("root")), Reason::Claims),
            (set("exp", json!(seconds - 1)), Reason::Expired),
            (set("exp", json!(-1)), Reason::Expired),
            (set("exp", json!("tomorrow")), Reason::Claims),
            (set("exp", json!(1e300)), Reason::Claims),
            (set("iat", json!(seconds + 60)), Reason::Future),
            (without("iss"), Reason::Claims),
            (without("aud"), Reason::Claims),
            (without("typ"), Reason::Claims),
            (without("exp"), Reason::Claims),
            (without("iat"), Reason::Claims),
            (without("sid"), Reason::Claims),
            (without("role"), Reason::Claims),
        ];
        assert!(cases.len() >= 50);
        for (token, reason) in cases {
            assert_eq!(verify(&ring, &token, NOW), Err(reason), "{token:.120}");
        }
    }
}
