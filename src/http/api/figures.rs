//! To whom the figures of a campaign, a batch or a lottery are told: what was given, and what is
//! left.

use crate::http::problem::{self, Problem};
use actors::domain::FiguresFor;
use people::Signed;
use ports::directory::AccountRole;

const WORDS: [(FiguresFor, &str); 3] = [
    (FiguresFor::Public, "public"),
    (FiguresFor::Members, "members"),
    (FiguresFor::Staff, "staff"),
];

pub fn parse_figures(text: &str) -> Result<FiguresFor, Problem> {
    let named = WORDS.into_iter().find(|(_, word)| *word == text);
    named
        .map(|(to, _)| to)
        .ok_or_else(|| Problem::invalid("/figures", "`public`, `members` or `staff`"))
}

pub fn written(to: FiguresFor) -> &'static str {
    WORDS.into_iter().find(|(other, _)| *other == to).map_or("", |(_, word)| word)
}

/// Whether this caller is told them.
pub fn are_told(to: FiguresFor, signed: Option<&Signed>) -> bool {
    match to {
        FiguresFor::Public => true,
        FiguresFor::Members => signed.is_some(),
        FiguresFor::Staff => signed.is_some_and(|signed| signed.role >= AccountRole::Viewer),
    }
}

/// Refuses a caller who is not told them.
pub fn tell(to: FiguresFor, signed: Option<&Signed>) -> Result<(), Problem> {
    if are_told(to, signed) {
        return Ok(());
    }
    Err(match signed {
        None => Problem::plain(&problem::UNAUTHENTICATED),
        Some(_) => Problem::needs(AccountRole::Viewer),
    })
}
