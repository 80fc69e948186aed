//! The list of campaigns and batches, and where the coupons of a batch are.

use super::coupons::*;
use super::given::{ADMIN, Given, cards_of, given, s};
use actors::cards::{Card, CardKey, CardPlace};
use actors::domain::coupons::catalogue::{
    Answer, BatchKind, BatchPlan, Catalogue, CatalogueEntry, CatalogueRecord, Command, Event,
    Question, Refusal, expiry_of_row, key_of_time, names_of_card, numbers_after, record_of_card,
};
use actors::domain::coupons::{ONE_RANGE_UP_TO, SerialKind};
use actors::domain::coupons::{RangeName, Serial, campaign, rack};
use actors::domain::{FiguresFor, Only, shelves};
use actors::{Id, Machine, Time};

fn named(name: &str) -> CatalogueEntry {
    CatalogueEntry::Campaign(campaign::CampaignPlan { name: name.into(), ..plan() })
}

fn made(count: u64) -> BatchPlan {
    BatchPlan {
        name: Some("Spring".into()),
        offer: OFFER,
        expires_at: ENDS,
        what: BatchKind::Made { count, one_per_member: false },
    }
}

fn brought(job: u8) -> CatalogueEntry {
    CatalogueEntry::Batch(BatchPlan { what: BatchKind::Imported { job: Id([job; 16]) }, ..made(0) })
}

fn registered(serial: u32, entry: CatalogueEntry) -> Event {
    Event::Registered { serial: Serial(serial), entry, key: 3 }
}

fn register(entry: CatalogueEntry) -> Command {
    Command::Register { entry, key: 3, figures: None }
}

/// A campaign, a batch, an imported one, and another campaign.
fn four() -> Given<Catalogue> {
    let until = |expires_at| CatalogueEntry::Batch(BatchPlan { expires_at, ..made(9) });
    given([
        (s(1), registered(1, named("Welcome"))),
        (s(2), registered(0, until(s(50)))),
        (s(3), registered(2, brought(7))),
        (s(4), registered(3, named("Ωmega"))),
    ])
}

#[test]
fn numbers_are_given_in_order_campaigns_odd_and_batches_even() {
    given::<Catalogue>([]).when(register(named("a")), ADMIN, s(1)).then(registered(1, named("a")));
    given::<Catalogue>([]).when(register(brought(1)), ADMIN, s(1)).then(registered(0, brought(1)));
    for catalogue in [four(), four().saved_and_read()] {
        catalogue.when(register(named("next")), ADMIN, s(9)).then(registered(5, named("next")));
        catalogue
            .when(register(CatalogueEntry::Batch(made(3))), ADMIN, s(9))
            .then(registered(4, CatalogueEntry::Batch(made(3))));
    }
}

#[test]
fn a_campaigns_name_is_unique_whatever_its_case() {
    for name in ["Welcome", "WELCOME", "welcome"] {
        four()
            .when(register(named(name)), ADMIN, s(9))
            .refused(Refusal::NameTaken { by: Serial(1) });
        four()
            .saved_and_read()
            .when(register(named(name)), ADMIN, s(9))
            .refused(Refusal::NameTaken { by: Serial(1) });
    }
    four()
        .when(register(named("ωMEGA")), ADMIN, s(9))
        .refused(Refusal::NameTaken { by: Serial(3) });
    four().when(register(named("Welcome ")), ADMIN, s(9)).event();
}

#[test]
fn batches_may_share_a_name() {
    four()
        .when(register(CatalogueEntry::Batch(made(9))), ADMIN, s(9))
        .then(registered(4, CatalogueEntry::Batch(made(9))));
}

#[test]
fn an_import_is_one_batch_however_often_it_is_registered() {
    for catalogue in [four(), four().saved_and_read()] {
        catalogue.when(register(brought(7)), ADMIN, s(9)).then_already(registered(2, brought(7)));
        catalogue.when(register(brought(8)), ADMIN, s(9)).then(registered(4, brought(8)));
    }
}

#[test]
fn when_all_numbers_are_given_there_is_none_left() {
    let last = given::<Catalogue>([
        (s(1), registered(Serial::MOST, named("last"))),
        (s(1), registered(Serial::MOST - 1, CatalogueEntry::Batch(made(1)))),
    ]);
    last.when(register(named("one more")), ADMIN, s(2)).refused(Refusal::Full);
    last.when(register(named("LAST")), ADMIN, s(2))
        .refused(Refusal::NameTaken { by: Serial(Serial::MOST) });
    last.when(register(CatalogueEntry::Batch(made(1))), ADMIN, s(2)).refused(Refusal::Full);
}

#[test]
fn what_was_registered_is_found_and_listed_in_order() {
    let look = |question| four().look(&question);
    assert_eq!(
        look(Question::Entry(Serial(1))),
        Answer::Entry(Some(CatalogueRecord { entry: named("Welcome"), key: 3, at: s(1) }))
    );
    assert_eq!(look(Question::Entry(Serial(5))), Answer::Entry(None));
    let count = |of| look(Question::Count(of));
    assert_eq!(
        (count(SerialKind::Campaign), count(SerialKind::Batch)),
        (Answer::Count(2), Answer::Count(2))
    );
}

#[test]
fn to_whom_figures_are_told_is_registered_with_the_entry() {
    let entry = CatalogueEntry::Batch(made(9));
    let (serial, key, figures) = (Serial(4), 3, FiguresFor::Members);
    let told = Event::RegisteredFor { serial, entry: entry.clone(), key, figures };
    four()
        .when(Command::Register { entry, key, figures: Some(figures) }, ADMIN, s(9))
        .then(told.clone());
    let catalogue = four().and(s(9), told);
    for catalogue in [catalogue.saved_and_read(), catalogue] {
        let said = |serial| catalogue.look(&Question::Figures(Serial(serial)));
        assert_eq!(said(4), Answer::Figures(Some(figures)));
        assert_eq!([said(0), said(1), said(6)], [(); 3].map(|()| Answer::Figures(None)));
        let Answer::Entry(Some(record)) = catalogue.look(&Question::Entry(serial)) else {
            panic!("it is registered")
        };
        assert_eq!(record.at, s(9));
    }
}

#[test]
fn an_import_that_said_to_whom_figures_are_told_is_answered_alike() {
    let (serial, key, figures) = (Serial(4), 3, FiguresFor::Public);
    let told = Event::RegisteredFor { serial, entry: brought(8), key, figures };
    let again = Command::Register { entry: brought(8), key, figures: None };
    four().and(s(9), told.clone()).when(again, ADMIN, s(10)).then_already(told);
}

/// What a walk over the cards would find.
fn page(of: SerialKind, after: Option<u32>) -> Vec<(u32, Time)> {
    let catalogue = four();
    let Answer::Count(count) = catalogue.look(&Question::Count(of)) else { panic!() };
    let numbers = numbers_after(after.map(Serial), of, count);
    let mut found: Vec<_> = catalogue
        .cards
        .iter()
        .filter_map(|(key, body)| match key {
            CardKey { shelf: shelves::ENTRIES, place: CardPlace::Number(number) }
                if numbers.contains(number) =>
            {
                record_of_card(of, *number, body)
            }
            _ => None,
        })
        .map(|(serial, record)| (serial.0, record.at))
        .collect();
    found.sort();
    found
}

#[test]
fn the_cards_of_a_kind_lie_side_by_side_in_the_order_of_their_numbers() {
    assert_eq!(page(SerialKind::Campaign, None), [(1, s(1)), (3, s(4))]);
    assert_eq!(page(SerialKind::Campaign, Some(0)), [(1, s(1)), (3, s(4))]);
    assert_eq!(page(SerialKind::Campaign, Some(1)), [(3, s(4))]);
    assert_eq!(page(SerialKind::Campaign, Some(3)), []);
    assert_eq!(page(SerialKind::Batch, None), [(0, s(2)), (2, s(3))]);
    assert_eq!(page(SerialKind::Batch, Some(1)), [(2, s(3))]);
    assert_eq!(page(SerialKind::Batch, Some(2)), []);
    assert_eq!(page(SerialKind::Batch, Some(Serial::MOST)), []);
}

#[test]
fn a_batch_stands_on_the_list_of_expiries_and_a_campaign_does_not() {
    let mut rows = Vec::new();
    for event in [registered(2, brought(7)), registered(3, named("Ωmega"))] {
        Catalogue::rows(&Only, &event, s(1), &mut rows);
    }
    let [row] = &rows[..] else { panic!("one row: {rows:?}") };
    assert_eq!((row.shelf, row.owner), (shelves::EXPIRIES, Id::SYSTEM));
    assert_eq!(expiry_of_row(&row.key), Some((ENDS, Serial(2))));
    assert!(row.body.is_some() && row.key > key_of_time(ENDS));
    assert!(row.key < key_of_time(Time(ENDS.0 + 1)));
}

#[test]
fn a_catalogue_of_a_hundred_thousand_takes_few_bytes_of_a_snapshot() {
    let mut catalogue = given::<Catalogue>([]).0;
    for n in 0..50_000 {
        let serial = |of| Serial::new(n, of).expect("there are more").0;
        let campaign = registered(serial(SerialKind::Campaign), named(&format!("number {n}")));
        let batch = registered(serial(SerialKind::Batch), CatalogueEntry::Batch(made(9)));
        [campaign, batch].iter().for_each(|event| catalogue.apply(event, s(1)));
    }
    assert!(catalogue.bytes().len() < 20, "{} bytes", catalogue.bytes().len());
}

#[test]
fn a_batch_has_one_range_up_to_a_million_and_sixteen_above() {
    for (count, ranges) in
        [(1, 1), (ONE_RANGE_UP_TO, 1), (ONE_RANGE_UP_TO + 1, 16), (10_000_000_000, 16)]
    {
        let names = made(count).ranges(Serial(8));
        assert_eq!(names.len(), ranges);
        let shares = names.iter().map(|name| made(count).terms(name).expect("a share").count);
        assert_eq!(shares.sum::<u64>(), count, "every coupon is in one range");
    }
    let CatalogueEntry::Batch(imported) = brought(7) else { panic!() };
    let name = RangeName { batch: Serial(8), range: 0 };
    assert_eq!(
        (imported.ranges(Serial(8)), imported.terms(&name), imported.place(Serial(8), 0)),
        (vec![], None, None)
    );
    assert_eq!(imported.rack_terms(), rack::RackTerms { offer: OFFER, expires_at: ENDS });
}

#[test]
fn every_index_has_a_place_and_every_place_its_index() {
    for count in [1, 7, ONE_RANGE_UP_TO, ONE_RANGE_UP_TO + 1, 1_000_037, 10_000_000_000] {
        let plan = made(count);
        for index in [0, 1, 15, 16, 17, count / 2, count.saturating_sub(2), count - 1]
            .into_iter()
            .filter(|index| *index < count)
        {
            let Some((name, slot)) = plan.place(Serial(8), index) else {
                panic!("{index} of {count} has no place")
            };
            assert!(slot < plan.terms(&name).expect("a share").count, "{index} of {count}");
            assert_eq!(plan.index(&name, slot), index);
        }
        assert_eq!((plan.place(Serial(8), count), plan.place(Serial(8), u64::MAX)), (None, None));
        for name in plan.ranges(Serial(8)) {
            let last = plan.terms(&name).expect("a share").count - 1;
            assert_eq!(plan.place(Serial(8), plan.index(&name, last)), Some((name, last)));
            assert_eq!(plan.place(Serial(8), plan.index(&name, last + 1)), None);
        }
    }
}

fn take(serial: u32, name: &str, now: &str) -> Command {
    Command::TakeName { serial: Serial(serial), name: name.into(), now: now.into() }
}

fn keep(turn: u32, now: &str, withdrawn: bool) -> Command {
    Command::KeepName { serial: Serial(1), turn, now: now.into(), withdrawn }
}

fn names_after(turn: u32, names: &[&str], given_back: &[&str]) -> Event {
    let owned = |names: &[&str]| names.iter().map(|name| String::from(*name)).collect();
    let (names, given_back) = (owned(names), owned(given_back));
    Event::Named { serial: Serial(1), turn, names, given_back }
}

#[test]
fn a_campaign_that_changes_its_name_has_both_until_it_keeps_one() {
    let one = given::<Catalogue>([(s(1), registered(1, named("Alpha")))]);
    let taken = names_after(1, &["Alpha", "Beta"], &[]);
    one.when(take(1, "Beta", "Alpha"), SYSTEM, s(2)).then(taken.clone());
    one.when(take(3, "Beta", "Alpha"), SYSTEM, s(2)).refused(Refusal::NoCampaign);
    let both = one.and(s(2), taken);
    both.when(take(3, "beta", "x"), SYSTEM, s(3)).refused(Refusal::NameTaken { by: Serial(1) });
    for name in ["ALPHA", "bEta"] {
        both.when(register(named(name)), SYSTEM, s(3))
            .refused(Refusal::NameTaken { by: Serial(1) });
    }
    let kept = names_after(1, &["Beta"], &["Alpha"]);
    both.when(keep(1, "Beta", false), SYSTEM, s(3)).then(kept.clone());
    both.when(keep(1, "alpha", false), SYSTEM, s(3)).then(names_after(1, &["Alpha"], &["Beta"]));
    both.when(keep(1, "Beta", true), SYSTEM, s(3)).then(names_after(1, &[], &["Alpha", "Beta"]));
    let free = both.and(s(3), kept);
    free.when(keep(1, "Beta", false), SYSTEM, s(4)).then_already(names_after(1, &["Beta"], &[]));
    free.when(register(named("alpha")), SYSTEM, s(4)).then(registered(3, named("alpha")));
    free.when(register(named("beta")), SYSTEM, s(4)).refused(Refusal::NameTaken { by: Serial(1) });
}

#[test]
fn names_are_given_back_in_the_last_turn_only() {
    let one = given::<Catalogue>([(s(1), registered(1, named("Alpha")))]);
    let first = names_after(1, &["Alpha", "Beta"], &[]);
    let second = names_after(2, &["Alpha", "Beta", "Gamma"], &[]);
    let two = one.and(s(2), first).and(s(3), second.clone());
    // The one that came first says so too late, and nothing is given back.
    two.when(keep(1, "Beta", false), SYSTEM, s(4)).then_already(second.clone());
    two.when(keep(3, "Beta", false), SYSTEM, s(4)).then_already(second);
    let third = names_after(3, &["Alpha", "Beta", "Gamma"], &[]);
    two.when(take(1, "BETA", "Alpha"), SYSTEM, s(4)).then(third);
    let kept = names_after(2, &["Beta"], &["Alpha", "Gamma"]);
    two.when(keep(2, "Beta", false), SYSTEM, s(4)).then(kept);
}

#[test]
fn a_name_that_was_changed_before_there_were_turns_is_not_lost() {
    // Alpha became Beta, and then another campaign became Alpha.
    let (taken, given_back) = (
        Event::NameTaken { serial: Serial(1), name: "Beta".into() },
        Event::NameGivenBack { serial: Serial(1), name: "Alpha".into() },
    );
    let old = given::<Catalogue>([(s(1), registered(1, named("Alpha")))])
        .and(s(2), taken)
        .and(s(3), given_back)
        .and(s(4), registered(3, named("Alpha")));
    let gone = names_after(0, &[], &["Beta"]);
    old.when(keep(0, "Beta", true), SYSTEM, s(5)).then(gone);
    let three = names_after(1, &["Alpha", "Beta", "Gamma"], &[]);
    let only_own = names_after(1, &["Beta", "Gamma"], &[]);
    let decided = old.when(take(1, "Gamma", "Beta"), SYSTEM, s(5)).event();
    assert!(decided == only_own && decided != three, "{decided:?}");
    let more = old.and(s(5), only_own);
    more.when(keep(1, "Gamma", false), SYSTEM, s(6)).then(names_after(1, &["Gamma"], &["Beta"]));
}

#[test]
fn the_names_of_a_campaign_are_read_from_its_card() {
    let names = ["Alpha", "Beta"];
    let cards = cards_of::<Catalogue>(&names_after(3, &names, &["Gamma"]));
    let read = |card: &Card| match card {
        Card { key: CardKey { shelf: shelves::NAMES_OF, place }, body } => {
            let CardPlace::Number(number) = place else { panic!("{place:?}") };
            names_of_card(*number, body.as_deref()?)
        }
        _ => None,
    };
    let [(serial, known)] = &cards.iter().filter_map(read).collect::<Vec<_>>()[..] else {
        panic!()
    };
    assert_eq!((*serial, known.turn), (Serial(1), 3));
    assert_eq!(known.names, names);
}
