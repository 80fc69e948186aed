//! What was registered lies on cards: the record itself, and from a name or a job the way to it.
//!
//! Records of one kind have their cards side by side, in the order of their serials.

use super::words::{CampaignNames, CatalogueEntry, CatalogueRecord, Event};
use crate::cards::{Card, CardKey, Cards};
use crate::domain::FiguresFor;
use crate::domain::coupons::names::{Serial, SerialKind};
use crate::domain::shelves;
use crate::id::Id;
use crate::time::Time;
use std::ops::Range;

fn first(of: SerialKind) -> u64 {
    (of as u64) << 32
}

fn number(serial: Serial) -> u64 {
    first(serial.of()) + u64::from(serial.place())
}

fn record_key(serial: Serial) -> CardKey {
    CardKey::number(shelves::ENTRIES, number(serial))
}

fn figures_key(serial: Serial) -> CardKey {
    CardKey::number(shelves::FIGURES, number(serial))
}

fn names_key(serial: Serial) -> CardKey {
    CardKey::number(shelves::NAMES_OF, number(serial))
}

/// Whatever its case.
fn name_key(campaign_name: &str) -> CardKey {
    CardKey::name(shelves::NAMES_TAKEN, Id::digest(&[campaign_name.to_lowercase().as_bytes()]))
}

fn job_key(job: Id) -> CardKey {
    CardKey::name(shelves::JOBS_OF, job)
}

pub(super) fn write(event: &Event, at: Time, cards: &mut Vec<Card>) {
    match event {
        Event::Registered { serial, entry, key }
        | Event::RegisteredFor { serial, entry, key, .. } => {
            let record = CatalogueRecord { entry: entry.clone(), key: *key, at };
            cards.push(Card::put(record_key(*serial), &record));
            cards.extend(entry.campaign_name().map(|name| Card::put(name_key(name), serial)));
            cards.extend(entry.job().map(|job| Card::put(job_key(job), serial)));
            cards.extend(event.figures().map(|to| Card::put(figures_key(*serial), &to)));
        }
        Event::NameTaken { serial, name } => cards.push(Card::put(name_key(name), serial)),
        Event::NameGivenBack { name, .. } => cards.push(Card::taken_away(name_key(name))),
        Event::Named { serial, turn, names, given_back } => {
            cards.extend(given_back.iter().map(|name| Card::taken_away(name_key(name))));
            cards.extend(names.iter().map(|name| Card::put(name_key(name), serial)));
            let names = CampaignNames { turn: *turn, names: names.clone() };
            cards.push(Card::put(names_key(*serial), &names));
        }
        Event::Renamed { serial, record } => cards.push(Card::put(record_key(*serial), record)),
        Event::ExpiryListed { .. } => {}
    }
}

pub(super) fn record(serial: Serial, cards: &Cards<'_>) -> Option<CatalogueRecord> {
    cards.read(&record_key(serial))
}

/// To whom its figures are told, if it was said.
pub(super) fn figures(serial: Serial, cards: &Cards<'_>) -> Option<FiguresFor> {
    cards.read(&figures_key(serial))
}

/// None: it has the name that it was registered with, or one that it got before there were turns.
pub(super) fn names_of(serial: Serial, cards: &Cards<'_>) -> Option<CampaignNames> {
    cards.read(&names_key(serial))
}

/// The campaign that has that name.
pub(super) fn named(name: &str, cards: &Cards<'_>) -> Option<Serial> {
    cards.read(&name_key(name))
}

/// The batch of the entry's job.
pub(super) fn of_same_job(entry: &CatalogueEntry, cards: &Cards<'_>) -> Option<Serial> {
    cards.read(&job_key(entry.job()?))
}

/// The numbers of the cards of those above `after`, if there are `count` of that kind.
pub fn numbers_after(after: Option<Serial>, of: SerialKind, count: u32) -> Range<u64> {
    let from = after.map_or(0, |after| Serial::places_up_to(after, of));
    first(of) + u64::from(from)..first(of) + u64::from(count)
}

/// To whom figures are told, from a card that was read as a row.
pub fn figures_of_card(body: &[u8]) -> Option<FiguresFor> {
    postcard::from_bytes(body).ok()
}

/// The names of a campaign, from a card that was read as a row.
pub fn names_of_card(number: u64, body: &[u8]) -> Option<(Serial, CampaignNames)> {
    let of = SerialKind::Campaign;
    let place = u32::try_from(number.checked_sub(first(of))?).ok()?;
    Some((Serial::new(place, of)?, postcard::from_bytes(body).ok()?))
}

/// What stands on a card that was read as a row.
pub fn record_of_card(
    of: SerialKind,
    number: u64,
    body: &[u8],
) -> Option<(Serial, CatalogueRecord)> {
    let place = u32::try_from(number.checked_sub(first(of))?).ok()?;
    Some((Serial::new(place, of)?, postcard::from_bytes(body).ok()?))
}
