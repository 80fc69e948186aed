//! What somebody wants of a new service key.

use actors::Time;
use ports::directory::ServiceKey;
use ports::profile::Flaw;
use ports::scopes::Scopes;

const LONGEST_PURPOSE: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDraft {
    pub name: String,
    pub purpose: Option<String>,
    pub scopes: Scopes,
    pub expires_at: Option<Time>,
}

impl From<&str> for KeyDraft {
    fn from(name: &str) -> KeyDraft {
        KeyDraft { name: name.to_owned(), purpose: None, scopes: Scopes::MEMBERS, expires_at: None }
    }
}

impl KeyDraft {
    /// All that is wrong with it.
    pub(crate) fn flaws(&self, now: Time) -> Vec<Flaw> {
        let checks = [
            (
                is_name(&self.name),
                "name",
                "1 to 64 ASCII letters, digits, dots, dashes or underscores",
            ),
            (
                self.purpose.as_deref().is_none_or(is_purpose),
                "purpose",
                "1 to 200 printable characters",
            ),
            (!self.scopes.is_empty(), "scopes", "one scope at least"),
            (self.expires_at.is_none_or(|at| at > now), "expires_at", "a time that lies ahead"),
        ];
        let wrong = checks.into_iter().filter(|(is_right, ..)| !is_right);
        wrong.map(|(_, field, says)| Flaw { field, says }).collect()
    }

    /// Whether that key was made as this says.
    pub(crate) fn is_of(&self, key: &ServiceKey) -> bool {
        let KeyDraft { name, purpose, scopes, expires_at } = self;
        key.name == *name
            && key.purpose == *purpose
            && key.scopes == *scopes
            && key.expires_at == *expires_at
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn is_purpose(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= LONGEST_PURPOSE
        && !text.chars().any(char::is_control)
}
