//! What members tell about themselves, parsed into a shape in which it cannot be wrong.
//!
//! A username has no `@` and does not begin with `+`, an e-mail address has one `@`, a phone number
//! begins with `+`: so identifiers of different kinds never collide and one table keeps them all
//! unique. They are compared folded: NFKC, lower case, NFKC again. Characters that cannot be seen
//! have no place in a new one, because two that look alike must be one. A member who has such a
//! name from before still logs in with it: `any` asks for the shape alone.

use base::invisible::{is_invisible, turns_text};
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifierKind {
    Username,
    Email,
    Phone,
}

impl IdentifierKind {
    pub fn name(self) -> &'static str {
        match self {
            IdentifierKind::Username => "username",
            IdentifierKind::Email => "email",
            IdentifierKind::Phone => "phone",
        }
    }
}

/// A text that names one account: as it was given, and as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    pub kind: IdentifierKind,
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

pub const NAMELESS: Flaw =
    Flaw { field: "", says: "at least one of username, email and phone is needed" };

/// How an identifier is compared.
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

impl Identifier {
    pub fn username(text: &str) -> Result<Identifier, Flaw> {
        seen(Identifier::shaped_username(text)?, text)
    }

    fn shaped_username(text: &str) -> Result<Identifier, Flaw> {
        let says = "3 to 64 letters, digits, dots, dashes or underscores";
        let folded = fold(text);
        let fits = (3..=64).contains(&folded.chars().count())
            && folded.chars().all(|c| is_of_a_word(c) || "._-".contains(c));
        if fits {
            Ok(Identifier { kind: IdentifierKind::Username, text: text.nfc().collect(), folded })
        } else {
            Err(Flaw { field: "username", says })
        }
    }

    pub fn email(text: &str) -> Result<Identifier, Flaw> {
        let email = seen(Identifier::shaped_email(text)?, text)?;
        // A private or unassigned character is whatever a font makes of it.
        let is_plain = |c: char| c.is_ascii() || is_of_a_word(c);
        if email.folded.chars().all(is_plain) {
            Ok(email)
        } else {
            Err(unseen(IdentifierKind::Email))
        }
    }

    fn shaped_email(text: &str) -> Result<Identifier, Flaw> {
        let says = "an e-mail address of at most 254 bytes, such as ada@example.org";
        let folded = fold(text);
        let shaped = folded
            .split_once('@')
            .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        let fits = shaped && text.len() <= 254 && folded.len() <= 254;
        if fits {
            Ok(Identifier { kind: IdentifierKind::Email, text: text.nfc().collect(), folded })
        } else {
            Err(Flaw { field: "email", says })
        }
    }

    /// E.164. Spaces and dashes are forgiven and not kept.
    pub fn phone(text: &str) -> Result<Identifier, Flaw> {
        let says = "a phone number with its country code, such as +4917012345678";
        let text = bare_phone(text);
        let digits = text.strip_prefix('+').unwrap_or("");
        let fits = (8..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if fits {
            Ok(Identifier { kind: IdentifierKind::Phone, folded: text.clone(), text })
        } else {
            Err(Flaw { field: "phone", says })
        }
    }

    /// Of the kind whose shape the text has: for a text that should name an account there is.
    pub fn any(text: &str) -> Option<Identifier> {
        let folded = fold(text);
        let parsed = match () {
            () if folded.trim_start().starts_with('+') => Identifier::phone(text),
            () if folded.contains('@') => Identifier::shaped_email(text),
            () => Identifier::shaped_username(text),
        };
        parsed.ok()
    }

    /// Of that kind, from a text that was parsed before it was stored.
    pub fn stored(kind: IdentifierKind, text: String) -> Identifier {
        let folded = if kind == IdentifierKind::Phone { text.clone() } else { fold(&text) };
        Identifier { kind, text, folded }
    }
}

/// As long as all of the text can be seen.
fn seen(identifier: Identifier, text: &str) -> Result<Identifier, Flaw> {
    let hides = |text: &str| text.chars().any(is_invisible);
    if hides(text) || hides(&identifier.folded) {
        Err(unseen(identifier.kind))
    } else {
        Ok(identifier)
    }
}

fn unseen(kind: IdentifierKind) -> Flaw {
    Flaw { field: kind.name(), says: "only characters that can be seen" }
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
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
            && label.chars().all(|c| is_of_a_word(c) || c == '-')
    };
    domain.split('.').all(label)
}

pub fn full_name(text: &str) -> Result<String, Flaw> {
    let name: String = text.trim().nfc().collect();
    let is_shown = name.chars().any(|c| !is_invisible(c) && !c.is_whitespace());
    let fits = is_shown
        && name.chars().count() <= 200
        && !name.chars().any(|c| c.is_control() || turns_text(c));
    let says = "1 to 200 characters, some of them visible, none of them a control character or one \
        that turns text around";
    if fits { Ok(name) } else { Err(Flaw { field: "full_name", says }) }
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
        for (one, other) in [
            ("Ada", "ada"),
            ("zo\u{eb}", "ZOE\u{308}"),
            ("\u{ff41}da", "ada"),
            ("\u{fb01}n", "fin"),
            ("ΑΣΣ", "ασσ"),
        ] {
            assert_eq!(
                Identifier::username(one).unwrap().folded,
                Identifier::username(other).unwrap().folded,
                "{one} {other}"
            );
        }
        assert_eq!(Identifier::email("Ada@Example.ORG").unwrap().folded, "ada@example.org");
    }

    #[test]
    fn usernames_are_letters_digits_and_three_signs() {
        for good in ["ada", "a.b", "a-b_c", "٣٣٣", "李小龙", &"x".repeat(64)] {
            assert!(Identifier::username(good).is_ok(), "{good}");
        }
        for bad in
            ["", "ab", "a b", "a@b", "+49", "ad\u{ff20}a", "a\u{0}b", "ada ", &"x".repeat(65)]
        {
            assert!(Identifier::username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_address_has_one_at_sign_and_no_spaces() {
        for good in ["a@b", "a.b+c@d-e.org", "zoë@exämple.org"] {
            assert!(Identifier::email(good).is_ok(), "{good}");
        }
        let long = format!("a@{}", "b".repeat(253));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a@.b",
            "a@b..c",
            "a@b.",
            "a\n@b",
            "a@-b",
            "a\u{ff20}b@c",
            &long,
        ] {
            assert!(Identifier::email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn phone_numbers_lose_their_spaces_and_dashes() {
        assert_eq!(Identifier::phone("+49 170-123 45 67").unwrap().folded, "+491701234567");
        for bad in [
            "",
            "+",
            "+1234567",
            "491701234567",
            "+1234567890123456",
            "+0123456789",
            "+49170123456a",
            "+49(170)1234",
        ] {
            assert!(Identifier::phone(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn any_text_has_the_shape_of_one_kind_only() {
        let kind = |text| Identifier::any(text).map(|identifier| identifier.kind);
        assert_eq!(kind("ada"), Some(IdentifierKind::Username));
        assert_eq!(kind("ada@b.c"), Some(IdentifierKind::Email));
        assert_eq!(kind(" +49 170 1234567"), Some(IdentifierKind::Phone));
        assert_eq!(kind("a b"), None);
    }

    /// One of each kind: fillers, joiners, marks and overrides of direction, selectors, tags, soft
    /// hyphens.
    const UNSEEN: &[char] = &[
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{17b5}',
        '\u{180b}',
        '\u{180e}',
        '\u{180f}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2064}',
        '\u{2066}',
        '\u{2069}',
        '\u{206a}',
        '\u{206f}',
        '\u{2d7f}',
        '\u{3164}',
        '\u{fe00}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffb}',
        '\u{1107f}',
        '\u{1bca0}',
        '\u{1d173}',
        '\u{1d17a}',
        '\u{e0000}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e007f}',
        '\u{e0100}',
        '\u{e01ef}',
        '\u{600}',
        '\u{6dd}',
        '\u{70f}',
        '\u{8e2}',
        '\u{110bd}',
        '\u{13430}',
        '\u{0}',
        '\u{7f}',
        '\u{85}',
        '\u{a0}',
        '\u{2003}',
        '\u{2028}',
        '\u{2800}',
        '\u{3000}',
        '\u{e000}',
        '\u{f8ff}',
        '\u{378}',
        '\u{10ffff}',
    ];

    #[test]
    fn what_cannot_be_seen_makes_no_other_name() {
        for hidden in UNSEEN {
            for name in
                [format!("admin{hidden}"), format!("ad{hidden}min"), format!("{hidden}admin")]
            {
                assert!(Identifier::username(&name).is_err(), "{name:?}");
                for email in [format!("{name}@b.c"), format!("a@{name}.c"), format!("a@b.{name}")] {
                    assert!(Identifier::email(&email).is_err(), "{email:?}");
                }
            }
            let phone = format!("+4917{hidden}01234567");
            assert!(Identifier::phone(&phone).is_err() || hidden.is_whitespace(), "{phone:?}");
        }
    }

    #[test]
    fn who_has_such_a_name_from_before_is_still_found_by_it() {
        for old in ["admin\u{34f}", "zo\u{fe0f}e", "a\u{200b}b@c.d"] {
            let kind =
                if old.contains('@') { IdentifierKind::Email } else { IdentifierKind::Username };
            let stored = Identifier::stored(kind, old.to_owned());
            assert_eq!(Identifier::any(old), Some(stored), "{old:?}");
        }
        assert_ne!(Identifier::any("admin\u{34f}"), Identifier::any("admin"));
    }

    #[test]
    fn letters_of_any_script_with_their_marks_are_still_a_name() {
        for good in
            ["สมชาย", "ประยุทธ์", "நன்றி", "đặng", "José", "Łukasz", "мария", "נועה", "علي١", "한국인"]
        {
            assert!(
                Identifier::username(good).is_ok()
                    && Identifier::email(&format!("{good}@b.c")).is_ok(),
                "{good}"
            );
        }
    }

    #[test]
    fn a_birthday_is_a_real_day_in_the_past() {
        let today = "2026-07-01".parse().unwrap();
        assert!(birthday("2026-06-30", today).is_ok() && birthday("2024-02-29", today).is_ok());
        for bad in [
            "2026-07-01",
            "2023-02-29",
            "1990-13-01",
            "1990-1-1",
            "yesterday",
            "",
            "1849-01-01",
            "1990-01-01T00:00",
        ] {
            assert!(birthday(bad, today).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_full_name_is_trimmed_and_bounded() {
        assert_eq!(full_name(" Ada Lovelace ").unwrap(), "Ada Lovelace");
        for good in ["علی\u{200c}رضا", "Zoë", "family 👨\u{200d}👩\u{200d}👧", "X"] {
            assert!(full_name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "  ",
            "a\u{7}b",
            "\u{200b}",
            "\u{3164}\u{3164}",
            "ada\u{202e}nimda",
            "\u{2067}ada",
            &"x".repeat(201),
        ] {
            assert!(full_name(bad).is_err(), "{bad:?}");
        }
    }
}
