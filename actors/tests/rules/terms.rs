//! A slice to test with: the numbers 3000 to 3999, two copies of each, three live holds per member,
//! closed at 10,000 seconds.

use super::given::{Given, given, s};
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Command, Event, FirstTerms, Slice, SliceTerms};
use actors::{Caller, Time};

pub const LEAD: u8 = 3;
pub const FIRST_TERMS: FirstTerms =
    FirstTerms { digits: 4, copies: 2, holds_per_member: 3, hold_max_s: 600, closes_at: s(10_000) };
pub const TERMS: SliceTerms = FIRST_TERMS.in_full();

pub fn opened() -> Event {
    opened_with(TERMS)
}

pub fn opened_with(terms: SliceTerms) -> Event {
    Event::Prepared { lead: LEAD, terms: Box::new(terms) }
}

pub const fn ticket(number: u32, copy: u16) -> Ticket {
    Ticket { number, copy }
}

pub fn held(hold: u32, owner: Caller, tickets: &[Ticket], until: Time) -> Event {
    Event::Held { hold, owner: owner.id, tickets: tickets.to_vec(), until }
}

pub fn confirmed(hold: u32, owner: Caller, tickets: &[Ticket]) -> Event {
    Event::Confirmed { hold, owner: owner.id, tickets: tickets.to_vec() }
}

pub fn released(hold: u32, owner: Caller) -> Event {
    Event::Released { hold, owner: owner.id }
}

pub fn expired(holds: &[(u32, Caller)]) -> Event {
    Event::Expired { holds: holds.iter().map(|(hold, owner)| (*hold, owner.id)).collect() }
}

pub fn hold(pattern: &str, count: u16, at_least: u16) -> Command {
    Command::Hold { pattern: pattern.parse().expect("it is one"), count, at_least, ttl_s: 300 }
}

/// Open since the beginning, with these events after it.
pub fn slice(events: impl IntoIterator<Item = (Time, Event)>) -> Given<Slice> {
    given([(s(0), opened())].into_iter().chain(events))
}

pub fn tickets_of(event: Event) -> Vec<Ticket> {
    match event {
        Event::Held { mut tickets, .. } => {
            tickets.sort();
            tickets
        }
        other => panic!("nothing is held: {other:?}"),
    }
}
