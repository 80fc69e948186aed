//! What several commands of a range ask before they are decided.

use super::words::{Event, Refusal};
use crate::machine::{Caller, Role, Verdict};

pub(super) fn admin(caller: &Caller) -> Result<(), Refusal> {
    if caller.role == Role::Member { Err(Refusal::NotAdmin) } else { Ok(()) }
}

pub(super) fn when_new(is_new: bool, event: Event) -> Verdict<Event> {
    if is_new { Verdict::New(event) } else { Verdict::Already(event) }
}
