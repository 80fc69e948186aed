//! How imported codes are compared.

use crate::domain::coupons::names::RackName;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spelling {
    /// Letter by letter.
    #[default]
    Exact,
    /// Whatever the case, and without dashes and spaces.
    Loose,
}

impl Spelling {
    pub const ALL: [Spelling; 2] = [Spelling::Exact, Spelling::Loose];

    pub fn other(self) -> Spelling {
        match self {
            Spelling::Exact => Spelling::Loose,
            Spelling::Loose => Spelling::Exact,
        }
    }

    /// What is compared of a code.
    pub fn key(self, code: &str) -> Cow<'_, str> {
        match self {
            Spelling::Exact => Cow::Borrowed(code),
            Spelling::Loose => {
                let kept = code.chars().filter(|c| !is_dash(*c) && !c.is_whitespace());
                Cow::Owned(kept.flat_map(char::to_lowercase).collect())
            }
        }
    }

    /// The rack that has the code.
    pub fn rack(self, code: &str) -> RackName {
        RackName::of(&self.key(code))
    }
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loose_spelling_has_neither_case_nor_dashes_nor_spaces() {
        for code in ["ab12ü", "AB-12Ü", "a b 1 2 Ü", "--aB\u{2013}12\u{a0}ü-"] {
            assert_eq!(Spelling::Loose.key(code), "ab12ü", "{code:?}");
            assert_eq!(Spelling::Loose.rack(code), RackName::of("ab12ü"));
            assert_eq!(Spelling::Exact.key(code), code);
        }
        for code in ["ab_12ü", "ab.12ü", "ab12u"] {
            assert_ne!(Spelling::Loose.key(code), "ab12ü", "{code:?}");
        }
    }
}
