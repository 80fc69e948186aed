//! Two who both believe that they own a partition, while connections break and writes arrive late.
//!
//! What an opening wrote must stand in the log as one piece, exactly where the opening saw the log
//! end: then nobody wrote who had been taken over, nothing was lost, and nothing came twice.

use crate::proxy::{Fate, MARK, Proxy};
use actors::Id;
use actors::engine::record;
use actors::store::{Append, AppendOutcome, Frame, Opened, Page, Position, Row, Shelf, Store};
use cql::{CqlSettings, CqlStore, Tuning};
use harness::database::{database, store_of};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use testing::contract::answer;

pub const PARTITION: &str = "duel/1";
const OPENINGS: usize = 120;
/// Appends after which an owner takes over from himself.
const APPENDS: usize = 6;
pub const SHELF: Shelf = Shelf(7);
pub const OWNER: Id = Id([7; 16]);

/// What somebody saw when he opened, and what he was told afterwards.
#[derive(Default)]
struct Opening {
    seen: Vec<String>,
    told_durable: Vec<String>,
    told_fenced: Vec<String>,
    told_unknown: Vec<String>,
}

/// Without the mark, so that it is the append whose fate is decided.
fn key(text: &str) -> Vec<u8> {
    text.trim_start_matches(MARK).as_bytes().to_vec()
}

fn rows(_partition: &str, frame: &Frame) -> Vec<Row> {
    vec![Row { shelf: SHELF, owner: OWNER, key: key(&text(frame)), body: Some(b"x".to_vec()) }]
}

fn text(frame: &Frame) -> String {
    String::from_utf8(frame.records.clone()).unwrap()
}

pub fn texts(opened: &Opened) -> Vec<String> {
    opened.frames.iter().map(text).collect()
}

fn tuning() -> Tuning {
    Tuning { generation_records: 25, ..Tuning::default() }
}

pub fn open(settings: &CqlSettings) -> CqlStore {
    store_of(settings, tuning(), rows)
}

pub fn open_partition(store: &dyn Store) -> Opened {
    answer(|done| store.open(PARTITION, done)).expect("the partition opens")
}

pub fn append(store: &dyn Store, frame: &Frame) -> AppendOutcome {
    let append =
        Append { partition: PARTITION.into(), frame: frame.clone(), rows: rows(PARTITION, frame) };
    answer(|done| store.append(append, done))
}

/// What the feed shows, from its beginning.
fn fed(store: &dyn Store) -> Vec<String> {
    let feed = answer(|done| store.feed(0, usize::MAX, done)).unwrap();
    feed.frames.iter().map(|fed| text(&fed.frame)).collect()
}

/// Opens and writes until all openings are used up.
fn fight(store: &dyn Store, who: &str, openings: &AtomicUsize) -> Vec<Opening> {
    let mut fought = Vec::new();
    while let Ok(number) =
        openings.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
    {
        let opened = open_partition(store);
        let mut at = opened.frames.last().map_or(Position::default(), |last| last.to);
        let mut opening = Opening { seen: texts(&opened), ..Opening::default() };
        for turn in 0..APPENDS {
            let frame = record::frame(
                at,
                1,
                format!("{MARK} {who}, opening {number}, turn {turn}").into_bytes(),
            );
            match append(store, &frame) {
                AppendOutcome::Durable => opening.told_durable.push(text(&frame)),
                AppendOutcome::Fenced => opening.told_fenced.push(text(&frame)),
                AppendOutcome::Unknown(_) => opening.told_unknown.push(text(&frame)),
            }
            if opening.told_durable.len() <= turn {
                break;
            }
            at = frame.to;
        }
        fought.push(opening);
    }
    fought
}

fn fate(number: usize) -> Fate {
    match number % 11 {
        3 => Fate::LoseAnswer,
        6 => Fate::Delay,
        9 => Fate::LoseRequest,
        _ => Fate::Pass,
    }
}

#[test]
fn two_owners_fight_over_broken_connections_and_nothing_is_lost_doubled_or_stale() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let witness = open(&settings);
    let proxies = [Proxy::start(database.address(), fate), Proxy::start(database.address(), fate)];
    let fighters = proxies.each_ref().map(|proxy| {
        open(&CqlSettings { nodes: vec![proxy.address.clone()], ..CqlSettings::clone(&settings) })
    });
    let left = AtomicUsize::new(OPENINGS);
    let fought: Vec<Opening> = std::thread::scope(|threads| {
        let ada = threads.spawn(|| fight(&fighters[0], "Ada", &left));
        let bob = threads.spawn(|| fight(&fighters[1], "Bob", &left));
        [ada, bob].into_iter().flat_map(|fighter| fighter.join().unwrap()).collect()
    });
    proxies.iter().for_each(Proxy::deliver_all);

    let end = texts(&open_partition(&witness));
    let distinct: HashSet<&String> = end.iter().collect();
    assert_eq!(distinct.len(), end.len(), "something came twice");
    for opening in &fought {
        let began = opening.seen.len();
        assert_eq!(opening.seen, end[..began], "the log changed before an opening");
        let mut expected = opening.told_durable.clone();
        expected
            .extend(opening.told_unknown.iter().filter(|text| distinct.contains(text)).cloned());
        assert_eq!(
            end[began..].iter().take(expected.len()).collect::<Vec<_>>(),
            expected.iter().collect::<Vec<_>>(),
            "not one piece"
        );
        assert!(
            opening.told_fenced.iter().all(|text| !distinct.contains(text)),
            "fenced, and yet in the log"
        );
    }
    let claimed: usize =
        fought.iter().map(|opening| opening.told_durable.len() + opening.told_unknown.len()).sum();
    assert!(end.len() <= claimed, "somebody wrote who was refused");
    for met in [Fate::Pass, Fate::LoseAnswer, Fate::LoseRequest, Fate::Delay] {
        assert!(proxies.iter().all(|proxy| proxy.met(met) > 0), "{met:?} never happened");
    }
    let fenced = fought.iter().filter(|opening| !opening.told_fenced.is_empty()).count();
    assert!(
        fenced > 0 && end.len() > 50,
        "there was no fight: {fenced} fenced, {} written",
        end.len()
    );

    let page = Page { shelf: SHELF, owner: OWNER, after: None, limit: 10_000 };
    let listed: Vec<Vec<u8>> =
        answer(|done| witness.rows(page, done)).unwrap().into_iter().map(|row| row.key).collect();
    let mut expected: Vec<Vec<u8>> = end.iter().map(|text| key(text)).collect();
    expected.sort();
    assert_eq!(listed, expected, "the look-ups say something else");
    assert_eq!(fed(&witness), end, "the feed says something else");
}

#[test]
fn whoever_was_taken_over_is_refused_whatever_he_wants() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let stores = [open(&settings), open(&settings)];
    let mut at = Position::default();
    open_partition(&stores[0]);
    for turn in 0..100 {
        let (stale, owner) = (&stores[turn % 2], &stores[(turn + 1) % 2]);
        let opened = open_partition(owner);
        assert_eq!(opened.frames.last().map_or(Position::default(), |last| last.to), at);
        let confirmation = record::frame(at, 0, Vec::new());
        let frame = record::frame(at, 1, format!("stale {turn}").into_bytes());
        // Every second time he first asks, else he writes at once.
        let asks = if turn % 4 < 2 { confirmation.clone() } else { frame };
        assert_eq!(append(stale, &asks), AppendOutcome::Fenced);
        assert_eq!(append(owner, &confirmation), AppendOutcome::Durable);
        let next = record::frame(at, 1, format!("owner {turn}").into_bytes());
        assert_eq!(append(owner, &next), AppendOutcome::Durable);
        at = next.to;
    }
    let written = texts(&open_partition(&stores[0]));
    assert_eq!(written, (0..100).map(|turn| format!("owner {turn}")).collect::<Vec<_>>());
}

#[test]
fn what_the_dead_left_unpublished_is_found_by_whoever_opens() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    // It publishes only when asked, and it is not asked before it is cut off.
    let silent = Tuning { publish_every: std::time::Duration::from_secs(3600), ..tuning() };
    let dead = store_of(&settings, silent, rows);
    open_partition(&dead);
    let mut at = Position::default();
    for turn in 0..30 {
        let frame = record::frame(at, 1, format!("frame {turn}").into_bytes());
        assert_eq!(append(&dead, &frame), AppendOutcome::Durable);
        at = frame.to;
    }
    let heir = open(&settings);
    let end = texts(&open_partition(&heir));
    assert_eq!((end.len(), fed(&heir)), (30, end.clone()));
    // The dead one was only slow, and wakes up: what he wanted to publish is there already.
    assert_eq!(fed(&dead), end);
    assert_eq!(fed(&heir), end);
}

#[test]
fn whoever_comes_new_publishes_nothing_again() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let first = open(&settings);
    let mut expected = Vec::new();
    // Each has an entry of its own, so that the last one says nothing of the others.
    for partition in ["duel/1", "duel/2", "duel/3"] {
        let frame = record::frame(Position::default(), 1, partition.as_bytes().to_vec());
        let append = Append { partition: partition.into(), frame, rows: Vec::new() };
        assert_eq!(answer(|done| first.append(append, done)), AppendOutcome::Durable);
        expected.push(partition.to_string());
        assert_eq!(fed(&first), expected);
    }
    let newcomer = open(&settings);
    for partition in &expected {
        answer(|done| newcomer.open(partition, done)).expect("the partition opens");
        assert_eq!(fed(&newcomer), expected);
    }
}
