//! Which passwords are accepted, and their bcrypt hashes.
//!
//! A password has 8 characters at least and 71 bytes at most and is taken exactly as given: never
//! truncated, trimmed or normalised, so the same letters in another Unicode form are another
//! password. NUL is refused: bcrypt ends and repeats its key with NULs, so that with them different
//! passwords can have the same hash. The most common passwords are refused in any case of letters.

use ports::profile::Flaw;
use std::collections::HashSet;
use std::sync::LazyLock;

/// bcrypt reads 72 bytes and needs one of them for the NUL at the end.
pub const MOST_BYTES: usize = 71;
pub const FEWEST_CHARACTERS: usize = 8;

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("common_passwords.txt").lines();
    lines.filter(|line| !line.starts_with('#') && !line.is_empty()).collect()
});

/// A password whose owner may keep it. It is never printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    pub fn new(text: String, field: &'static str) -> Result<Password, Flaw> {
        match objection(&text) {
            Some(says) => Err(Flaw { field, says }),
            None => Ok(Password(text)),
        }
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

fn objection(text: &str) -> Option<&'static str> {
    if text.chars().count() < FEWEST_CHARACTERS {
        Some("8 characters at least")
    } else if text.len() > MOST_BYTES {
        Some("71 bytes at most (in UTF-8), because what lies beyond would not count")
    } else if text.contains('\0') {
        Some("no NUL characters")
    } else if COMMON.contains(text.to_lowercase().as_str()) {
        Some("this is one of the most common passwords; choose another")
    } else {
        None
    }
}

/// Salted with the system's randomness.
pub fn hash(password: &str, cost: u32) -> Result<String, bcrypt::BcryptError> {
    bcrypt::non_truncating_hash(password, cost)
}

/// Whether that is the password. One that no account can have costs the same time and is wrong.
pub fn matches(password: &str, hash: &str) -> bool {
    let possible = password.len() <= MOST_BYTES && !password.contains('\0');
    let compared =
        bcrypt::non_truncating_verify(if possible { password } else { "impossible" }, hash);
    possible && compared.unwrap_or(false)
}

/// The cost that a hash was made with.
pub fn cost(hash: &str) -> Option<u32> {
    hash.split('$').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(text: &str) -> bool {
        Password::new(text.to_owned(), "password").is_ok()
    }

    #[test]
    fn seventy_one_bytes_are_accepted_and_seventy_two_are_not() {
        for (bytes, fits) in [(70, true), (71, true), (72, false), (256, false)] {
            assert_eq!(accepted(&"y".repeat(bytes)), fits, "{bytes}");
        }
        assert!(!accepted(&"ü".repeat(36)) && accepted(&"ü".repeat(35)));
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert!(!accepted("") && !accepted("äöüßäöü") && accepted("äöüßäöüß"));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        assert_eq!(COMMON.len(), 3000);
        assert!(!accepted("password") && !accepted("PassWord") && !accepted("iloveyou"));
    }

    #[test]
    fn nul_is_refused_and_never_matches() {
        assert!(!accepted("twelve\0bytes"));
        let hash = hash("repeated", 4).unwrap();
        assert!(!matches("repeated\0repeated", &hash) && matches("repeated", &hash));
    }

    #[test]
    fn every_byte_counts_and_so_does_the_unicode_form() {
        let hash = hash(&"y".repeat(71), 4).unwrap();
        assert!(
            matches(&"y".repeat(71), &hash)
                && !matches(&"y".repeat(70), &hash)
                && !matches(&"y".repeat(72), &hash)
        );
        let composed = super::hash("caf\u{e9} au lait", 4).unwrap();
        assert!(!matches("cafe\u{301} au lait", &composed));
        assert_eq!(cost(&composed), Some(4));
    }
}
