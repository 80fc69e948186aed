//! What a hold asks for, and how much of that there is: found by looking at each number.

use super::model::{Model, matches};
use actors::domain::tickets::Command;
use actors::domain::tickets::stock::Ticket;

/// A hold, or a part of an order, as it was asked for.
pub struct Wanted {
    pub pattern: String,
    pub count: usize,
    pub at_least: usize,
    pub together: bool,
    /// None: it lives as long as its order.
    pub ttl_s: Option<u32>,
}

pub fn wanted(command: &Command) -> Option<Wanted> {
    let (pattern, count, at_least, together, ttl_s) = match command {
        Command::Hold { pattern, count, at_least, ttl_s } => {
            (pattern, count, *at_least, false, Some(*ttl_s))
        }
        Command::HoldTogether { pattern, count, at_least, ttl_s } => {
            (pattern, count, *at_least, true, Some(*ttl_s))
        }
        Command::HoldFor { pattern, count, .. } => (pattern, count, 1, false, None),
        Command::HoldTogetherFor { pattern, count, at_least, .. } => {
            (pattern, count, *at_least, true, None)
        }
        _ => return None,
    };
    let (pattern, count, at_least) = (pattern.to_string(), *count, at_least.max(1));
    Some(Wanted { pattern, count: count.into(), at_least: at_least.into(), together, ttl_s })
}

impl Wanted {
    /// Whether these are what was asked for: they match, and follow one another where they have to.
    pub fn fits(&self, tickets: &[Ticket]) -> bool {
        let follow = |pair: &[Ticket]| pair[0].number + 1 == pair[1].number;
        tickets.len() <= self.count
            && tickets.iter().all(|ticket| matches(&self.pattern, ticket.number))
            && (!self.together || tickets.windows(2).all(follow))
    }
}

impl Model {
    /// How many could be had, whatever the waves have let out.
    pub fn free_of(&self, wanted: &Wanted) -> i64 {
        match wanted.together {
            true => self.longest_run(&wanted.pattern),
            false => self.free(&wanted.pattern),
        }
    }

    /// How many numbers follow one another that match and of which a ticket is free.
    pub fn longest_run(&self, pattern: &str) -> i64 {
        let (mut longest, mut length, mut last) = (0, 0, None);
        for number in numbers_of(pattern).into_iter().filter(|number| self.has_a_free(*number)) {
            length = if last.replace(number) == number.checked_sub(1) { length + 1 } else { 1 };
            longest = length.max(longest);
        }
        longest
    }

    fn has_a_free(&self, number: u32) -> bool {
        self.has(number)
            && (1..=self.terms.copies).any(|copy| !self.taken.contains_key(&(number, copy)))
    }
}

/// All that match, in their order.
fn numbers_of(pattern: &str) -> Vec<u32> {
    pattern.bytes().fold(vec![0], |begun, place| {
        let digits = if place == b'*' { b'0'..=b'9' } else { place..=place };
        let with =
            |begun: u32| digits.clone().map(move |digit| begun * 10 + u32::from(digit - b'0'));
        begun.into_iter().flat_map(with).collect()
    })
}
