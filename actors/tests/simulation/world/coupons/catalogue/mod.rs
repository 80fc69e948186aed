//! What may be told of the catalogue, and when: which campaigns and batches there are, and whose
//! each name is.

mod model;
pub mod name_book;

use super::super::ask::Call;
use super::super::kind::{Kind, Told};
use super::super::node::{Node, Yard};
use super::super::orders::agreement::Agreement;
use super::super::right::Answered;
use super::super::room::Room;
use super::super::tally::Tally;
use super::{Seen, refused_rightly};
use actors::cards::Cards;
use actors::domain::Only;
use actors::domain::coupons::catalogue::{
    Answer, CampaignNames, Catalogue, CatalogueEntry, CatalogueRecord, Command, Event, Question,
    Refusal,
};
use actors::domain::coupons::{Serial, SerialKind};
use actors::{Caller, Machine, Time};
use model::{Model, Names};
use name_book::plain;
use std::collections::BTreeMap;

pub fn room() -> Room<Catalogue> {
    Room::new(vec![Only], |_: &Only| Model::default())
}

fn names(names: &CampaignNames) -> Names {
    Names { turn: names.turn, names: names.names.iter().map(|name| plain(name)).collect() }
}

impl Kind for Catalogue {
    type Model = Model;
    /// The names of each campaign.
    type Books = BTreeMap<Serial, Names>;
    type Seen = Seen<Refusal>;
    type Whole = ();

    const GRANTED_BY_A_GUEST: &'static str = "the catalogue has no guests";

    fn parts(node: &mut Node) -> (&mut Yard, &mut Room<Catalogue>) {
        (&mut node.yard, &mut node.catalogue)
    }

    fn opening(_: &Yard, _: &Only) -> Option<Command> {
        None
    }

    fn is_not_opened(_: &Refusal) -> bool {
        false
    }

    fn is_expiry(_: &Event) -> bool {
        false
    }

    fn record(model: &mut Model, event: &Event, _: Time) {
        model.record(event);
    }

    fn hear(agreement: &mut Agreement, _: &Only, event: &Event) {
        agreement.names.hear_of_catalogue(event);
    }

    fn model_books(model: &Model) -> Self::Books {
        model.campaigns().map(|serial| (serial, model.names_of(serial))).collect()
    }

    fn compare(model: &Model, machine: &Catalogue, cards: &Cards<'_>) {
        for of in [SerialKind::Campaign, SerialKind::Batch] {
            let count = model.count(of);
            assert_eq!(machine.look(&Question::Count(of), cards), Answer::Count(count));
            let next = Serial::new(count, of).expect("there are few");
            assert_eq!(machine.look(&Question::Entry(next), cards), Answer::Entry(None));
        }
        for (serial, (entry, key, figures)) in &model.entries {
            let Answer::Entry(Some(CatalogueRecord { entry: known, key: version, .. })) =
                machine.look(&Question::Entry(*serial), cards)
            else {
                panic!("{serial} is registered")
            };
            assert_eq!((&known, version), (entry, *key));
            let told = machine.look(&Question::Figures(*serial), cards);
            assert_eq!(told, Answer::Figures(*figures));
        }
        for serial in model.campaigns() {
            let Answer::Names(known) = machine.look(&Question::Names(serial), cards) else {
                panic!("{serial} has names")
            };
            assert_eq!(names(&known), model.names_of(serial));
        }
    }

    fn see(model: &Model, command: &Command, _: &Caller, seen: &mut Self::Seen) {
        seen.note(model.right(command));
    }

    fn lacks(_: &Model, command: &Command) -> bool {
        panic!("the catalogue is one place: {command:?}")
    }

    fn is_what_was_asked_for(model: &Model, call: &Call<Catalogue>, event: &Event, _: Time) {
        assert_eq!(model.right(&call.command), Ok(Answered::New), "it led to {event:?}");
        assert!(answers(&call.command, event), "{:?} led to {event:?}", call.command);
    }

    fn told_dry(_: &Told<Catalogue>, event: &Event, _: Time) {
        panic!("nobody here asks what would happen: {event:?}");
    }

    fn told_done(told: &Told<Catalogue>, event: &Event, durable: bool) {
        let command = &told.call.command;
        assert!(answers(command, event), "{command:?} was answered with {event:?}");
        let is_so = || match event {
            // In an earlier turn, nothing comes of it, and the names are told as they were.
            Event::Named { serial, turn, names: known, .. } => {
                let known = names(&CampaignNames { turn: *turn, names: known.clone() });
                told.books_since().iter().any(|books| books.get(serial) == Some(&known))
            }
            Event::Registered { serial, .. } | Event::RegisteredFor { serial, .. } => {
                told.model().entries.contains_key(serial)
            }
            _ => true,
        };
        assert!(durable || is_so(), "a repeat of what never happened: {event:?}");
        assert!(
            durable || told.call.key.is_some() || told.seen_in(0).repeated(),
            "{event:?} is no repeat"
        );
    }

    fn told_refused(told: &Told<Catalogue>, refusal: &Refusal, tally: &mut Tally) {
        tally.count(match refusal {
            Refusal::NameTaken { .. } => "name taken",
            Refusal::NoCampaign => "campaign not registered",
            Refusal::NoBatch => "batch not registered",
            Refusal::Full => panic!("there are few"),
        });
        refused_rightly(told, refusal);
    }

    fn told_answer(told: &Told<Catalogue>, answer: &Answer, _: Time, tally: &mut Tally) {
        let Answer::Names(known) = answer else { return };
        let (known, nothing) = (names(known), Names::default());
        let was_so = |books: &Self::Books| books.values().any(|names| *names == known);
        assert!(
            known == nothing || told.books_since().iter().any(was_so),
            "names that nobody had: {known:?}"
        );
        tally.count("names read");
    }
}

/// Whether that is an answer to the command.
fn answers(command: &Command, event: &Event) -> bool {
    match (command, event) {
        (
            Command::Register { entry, key, figures },
            Event::Registered { entry: known, key: version, .. }
            | Event::RegisteredFor { entry: known, key: version, .. },
        ) => key == version && *figures == event.figures() && is_as_registered(entry, known),
        (Command::TakeName { serial, name, .. }, Event::Named { serial: of, names, .. }) => {
            serial == of && names.iter().any(|known| plain(known) == plain(name))
        }
        (Command::KeepName { serial, turn, .. }, Event::Named { serial: of, turn: last, .. }) => {
            serial == of && turn <= last
        }
        (
            Command::Rename { serial, name },
            Event::Renamed {
                serial: of,
                record: CatalogueRecord { entry: CatalogueEntry::Batch(plan), .. },
            },
        ) => serial == of && *name == plan.name,
        (Command::ListExpiry { .. }, Event::ExpiryListed { .. }) => true,
        _ => false,
    }
}

/// The label of a batch may have changed since.
fn is_as_registered(entry: &CatalogueEntry, known: &CatalogueEntry) -> bool {
    match (entry, known) {
        (CatalogueEntry::Batch(plan), CatalogueEntry::Batch(known)) => {
            let name = plan.name.clone();
            *plan == actors::domain::coupons::catalogue::BatchPlan { name, ..known.clone() }
        }
        (entry, known) => entry == known,
    }
}
