//! What a member tells about himself, parsed into a shape in which it cannot be wrong.
//!
//! A username has no `@` and does not begin with `+`, an e-mail address has one `@`, a phone number begins with `+`: so identifiers of
//! different kinds never collide and one table keeps them all unique. They are compared folded: NFKC, lower case, NFKC again.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Username,
    Email,
    Phone,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Username => "username",
            Kind::Email => "email",
            Kind::Phone => "phone",
        }
    }
}

/// A text that names one account: as it was given, and as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    pub kind: Kind,
    pub text: String,
    pub folded: String,
}

/// What is wrong with a field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub field: &'static str,
    pub says: &'static str,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    pub username: Option<Identifier>,
    pub email: Option<Identifier>,
    pub phone: Option<Identifier>,
    pub full_name: Option<String>,
    pub birthday: Option<Date>,
}

impl Profile {
    pub fn identifiers(&self) -> impl Iterator<Item = &Identifier> {
        [&self.username, &self.email, &self.phone].into_iter().flatten()
    }

    pub fn is_nameless(&self) -> bool {
        self.identifiers().next().is_none()
    }
}

pub const NAMELESS: Flaw = Flaw { field: "", says: "at least one of username, email and phone is needed" };

/// How an identifier is compared.
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

impl Identifier {
    pub fn username(text: &str) -> Result<Identifier, Flaw> {
        let says = "3 to 64 letters, digits, dots, dashes or underscores";
        let folded = fold(text);
        let fits =
            (3..=64).contains(&folded.chars().count()) && folded.chars().all(|c| c.is_alphanumeric() || "._-".contains(c) || is_mark(c));
        if fits {
            Ok(Identifier { kind: Kind::Username, text: text.nfc().collect(), folded })
        } else {
            Err(Flaw { field: "username", says })
        }
    }

    pub fn email(text: &str) -> Result<Identifier, Flaw> {
        let says = "an e-mail address of at most 254 bytes, such as ada@example.org";
        let folded = fold(text);
        let shaped = folded.split_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        let fits = shaped && text.len() <= 254 && folded.len() <= 254;
        if fits { Ok(Identifier { kind: Kind::Email, text: text.nfc().collect(), folded }) } else { Err(Flaw { field: "email", says }) }
    }

    /// E.164. Spaces and dashes are forgiven and not kept.
    pub fn phone(text: &str) -> Result<Identifier, Flaw> {
        let says = "a phone number with its country code, such as +4917012345678";
        let text = bare_phone(text);
        let digits = text.strip_prefix('+').unwrap_or("");
        let fits = (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if fits { Ok(Identifier { kind: Kind::Phone, folded: text.clone(), text }) } else { Err(Flaw { field: "phone", says }) }
    }

    /// Of whichever kind the text has the shape.
    pub fn any(text: &str) -> Option<Identifier> {
        let folded = fold(text);
        let parsed = match () {
            () if folded.trim_start().starts_with('+') => Identifier::phone(text),
            () if folded.contains('@') => Identifier::email(text),
            () => Identifier::username(text),
        };
        parsed.ok()
    }

    /// Of that kind, from a text that was parsed before it was stored.
    pub fn stored(kind: Kind, text: String) -> Identifier {
        let folded = if kind == Kind::Phone { text.clone() } else { fold(&text) };
        Identifier { kind, text, folded }
    }
}

fn bare_phone(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

/// Vowel signs and accents that NFKC leaves beside their letter.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn is_local(local: &str) -> bool {
    (1..=64).contains(&local.len()) && !local.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || is_mark(c))
    };
    domain.split('.').all(label)
}

pub fn full_name(text: &str) -> Result<String, Flaw> {
    let name: String = text.trim().nfc().collect();
    let fits = (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name) } else { Err(Flaw { field: "full_name", says: "1 to 200 characters, none of them a control character" }) }
}

/// A real day before `today`.
pub fn birthday(text: &str, today: Date) -> Result<Date, Flaw> {
    let flaw = Flaw { field: "birthday", says: "a real date in the past, such as 1990-02-28" };
    let shaped = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match text.parse::<Date>() {
        Ok(date) if shaped && date < today && date.year() >= 1850 => Ok(date),
        _ => Err(flaw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_unicode_form_do_not_tell_identifiers_apart() {
        for (one, other) in [("Ada", "ada"), ("zo\u{eb}", "ZOE\u{308}"), ("\u{ff41}da", "ada"), ("\u{fb01}n", "fin"), ("ΑΣΣ", "ασσ")]
        {
            assert_eq!(Identifier::username(one).unwrap().folded, Identifier::username(other).unwrap().folded, "{one} {other}");
        }
        assert_eq!(Identifier::email("Ada@Example.ORG").unwrap().folded, "ada@example.org");
    }

    #[test]
    fn usernames_are_letters_digits_and_three_signs() {
        for good in ["ada", "a.b", "a-b_c", "٣٣٣", "李小龙", &"x".repeat(64)] {
            assert!(Identifier::username(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "a b", "a@b", "+49", "ad\u{ff20}a", "a\u{0}b", "ada ", &"x".repeat(65)] {
            assert!(Identifier::username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_address_has_one_at_sign_and_no_spaces() {
        for good in ["a@b", "a.b+c@d-e.org", "zoë@exämple.org"] {
            assert!(Identifier::email(good).is_ok(), "{good}");
        }
        let long = format!("a@{}", "b".repeat(253));
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b c", "a@.b", "a@b..c", "a@b.", "a\n@b", "a@-b", "a\u{ff20}b@c", &long] {
            assert!(Identifier::email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn phone_numbers_lose_their_spaces_and_dashes() {
        assert_eq!(Identifier::phone("+49 170-123 45 67").unwrap().folded, "+491701234567");
        for bad in ["", "+", "+1234567", "491701234567", "+1234567890123456", "+0123456789", "+49170123456a", "+49(170)1234"] {
            assert!(Identifier::phone(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn any_text_has_the_shape_of_one_kind_only() {
        let kind = |text| Identifier::any(text).map(|identifier| identifier.kind);
        assert_eq!(kind("ada"), Some(Kind::Username));
        assert_eq!(kind("ada@b.c"), Some(Kind::Email));
        assert_eq!(kind(" +49 170 1234567"), Some(Kind::Phone));
        assert_eq!(kind("a b"), None);
    }

    #[test]
    fn a_birthday_is_a_real_day_in_the_past() {
        let today = "2026-07-01".parse().unwrap();
        assert!(birthday("2026-06-30", today).is_ok() && birthday("2024-02-29", today).is_ok());
        for bad in ["2026-07-01", "2023-02-29", "1990-13-01", "1990-1-1", "yesterday", "", "1849-01-01", "1990-01-01T00:00"] {
            assert!(birthday(bad, today).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_full_name_is_trimmed_and_bounded() {
        assert_eq!(full_name(" Ada Lovelace ").unwrap(), "Ada Lovelace");
        for bad in ["", "  ", "a\u{7}b", &"x".repeat(201)] {
            assert!(full_name(bad).is_err(), "{bad:?}");
        }
    }
}
