//! How a campaign changes its name: it takes one more, says what it is called, and gives back the
//! others.
//!
//! Each time a name is taken is a turn of that campaign. The campaign follows no turn but a later
//! one than the last that it followed, and names are given back in the last turn only. So whichever
//! nodes speak for it, and wherever one of them dies, the name that it is called by is its own; and
//! what is left over of a turn that nobody brought to its end, the next one gives back.

use super::cards;
use super::words::{CampaignNames, Event, Refusal};
use crate::cards::Cards;
use crate::domain::coupons::names::Serial;
use crate::machine::Verdict;

type Decided = Result<Verdict<Event>, Refusal>;

pub(super) fn take(serial: Serial, name: &str, now: &str, cards: &Cards<'_>) -> Decided {
    if let Some(by) = cards::named(name, cards).filter(|by| *by != serial) {
        return Err(Refusal::NameTaken { by });
    }
    let CampaignNames { turn, mut names } = of(serial, cards).ok_or(Refusal::NoCampaign)?;
    for more in [now, name] {
        let is_its_own = more == name || cards::named(more, cards) == Some(serial);
        if is_its_own && !has(&names, more) {
            names.push(more.to_owned());
        }
    }
    let (turn, given_back) = (turn + 1, Vec::new());
    Ok(Verdict::New(Event::Named { serial, turn, names, given_back }))
}

pub(super) fn keep(
    serial: Serial,
    turn: u32,
    now: &str,
    withdrawn: bool,
    cards: &Cards<'_>,
) -> Decided {
    let CampaignNames { turn: last, mut names } = of(serial, cards).ok_or(Refusal::NoCampaign)?;
    if turn != last {
        return Ok(Verdict::Already(Event::Named {
            serial,
            turn: last,
            names,
            given_back: Vec::new(),
        }));
    }
    if !has(&names, now) {
        names.push(now.to_owned());
    }
    names.retain(|name| cards::named(name, cards) == Some(serial));
    let is_kept = |name: &String| !withdrawn && is_same(name, now);
    let (names, given_back): (Vec<String>, Vec<String>) = names.into_iter().partition(is_kept);
    let nothing_new = given_back.is_empty();
    let named = Event::Named { serial, turn, names, given_back };
    Ok(if nothing_new { Verdict::Already(named) } else { Verdict::New(named) })
}

/// None if there is no such campaign.
pub(super) fn of(serial: Serial, cards: &Cards<'_>) -> Option<CampaignNames> {
    cards::names_of(serial, cards).or_else(|| {
        let registered = cards::record(serial, cards)?;
        let name = registered.entry.campaign_name()?;
        let is_its_own = cards::named(name, cards) == Some(serial);
        let names = is_its_own.then(|| name.to_owned()).into_iter().collect();
        Some(CampaignNames { turn: 0, names })
    })
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| is_same(known, name))
}

/// Whatever its case.
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
