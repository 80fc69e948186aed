//! Which passwords are accepted, and their bcrypt hashes.
//!
//! A password has 8 characters at least and 71 bytes at most and is taken exactly as given: never
//! truncated, trimmed or normalised, so the same letters in another Unicode form are another
//! password. NUL is refused: bcrypt ends and repeats its key with NULs, so that with them different
//! passwords can have the same hash. The most common passwords are refused in any case of letters,
//! and so are the names of the account.

use ports::profile::{Flaw, Profile};
use std::collections::HashSet;
use std::sync::LazyLock;

/// bcrypt reads 72 bytes and needs one of them for the NUL at the end.
pub const MOST_BYTES: usize = 71;
pub const FEWEST_CHARACTERS: usize = 8;

/// What a hash of another system may cost, though those of today cost less: a second or two.
const MOST_COST: u32 = 14;

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

    /// Whoever knows its owner would try a name of theirs first.
    pub fn expect_no_name_of(&self, profile: &Profile, field: &'static str) -> Result<(), Flaw> {
        let password = self.0.to_lowercase();
        let names = profile.identifiers().flat_map(|name| [&name.text, &name.folded]);
        let names = names.chain(&profile.full_name).flat_map(|name| {
            // An address without its server, too.
            [Some(name.as_str()), name.split_once('@').map(|(before, _)| before)]
        });
        match names.flatten().any(|name| name.to_lowercase() == password) {
            true => Err(Flaw { field, says: "that is a name of the account; choose another" }),
            false => Ok(()),
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

/// Whether a hash is as one made today would be.
pub fn is_of_today(hash: &str, today: u32) -> bool {
    hash.starts_with("$2b$") && cost(hash) == Some(today)
}

/// Whether passwords can be checked against a hash that another system has made. 2a, 2b and 2y are
/// names for the same; 2x has a flaw of its own. A cost that would keep a thread for seconds is
/// refused, because anybody can ask for a check.
pub fn check_foreign(hash: &str, today: u32) -> Result<(), &'static str> {
    const SHAPE: &str = "a bcrypt hash of 60 characters that begins with $2a$, $2b$ or $2y$";
    let begins = ["$2a$", "$2b$", "$2y$"].iter().any(|variant| hash.starts_with(variant));
    let parts: bcrypt::HashParts = hash.parse().map_err(|_| SHAPE)?;
    if !begins {
        Err(SHAPE)
    } else if (4..=today.max(MOST_COST)).contains(&parts.get_cost()) {
        Ok(())
    } else {
        Err("a bcrypt hash of a cost from 4 to 14")
    }
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

    /// Each is from another implementation.
    #[test]
    fn hashes_of_other_systems_are_checked_and_count_as_old() {
        for (password, hash) in [
            ("password", "$2a$04$UuTkLRZZ6QofpDOlMz32MuuxEHA43WOemOYHPz6.SjsVsyO1tDU96"),
            ("rasmuslerdorf", "$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq"),
            ("Kk4DQuMMfZL9o", "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"),
        ] {
            assert_eq!(check_foreign(hash, 10), Ok(()), "{hash}");
            assert!(matches(password, hash) && !matches("another", hash), "{hash}");
            assert!(!is_of_today(hash, 10), "{hash}");
        }
        assert!(is_of_today(&hash("correct horse", 4).unwrap(), 4));
    }

    #[test]
    fn what_is_no_hash_or_too_dear_to_check_is_refused() {
        let hash = "$2a$04$UuTkLRZZ6QofpDOlMz32MuuxEHA43WOemOYHPz6.SjsVsyO1tDU96";
        for bad in [
            "",
            "password",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b3dWRWJTmaaJObG",
            &hash[..59],
            &format!("{hash}x"),
            &hash.replace("$2a$", "$2x$"),
            &hash.replace("$04$", "$03$"),
            &hash.replace("$04$", "$15$"),
            &hash.replace("$04$", "$31$"),
            &hash.replace("$04$", "$-4$"),
            &hash.replace("UuTk", "Uu=k"),
            &hash.replace("UuTk", "Uük"),
        ] {
            assert!(check_foreign(bad, 10).is_err(), "{bad}");
        }
        assert_eq!(check_foreign(&hash.replace("$04$", "$14$"), 10), Ok(()));
        assert_eq!(check_foreign(&hash.replace("$04$", "$15$"), 15), Ok(()));
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
