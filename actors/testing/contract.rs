//! What every store must pass, whatever it keeps the log in.
//!
//! `store_contract!` makes one test of each function here. A store is reached only through its
//! port; closing it, opening the same data again and losing its snapshots is what its
//! `StoreHarness` adds. The look-up rows of a frame can be made again from its records with
//! `rows_of`, as the domain's can.

use actors::engine::record;
use actors::store::{
    Append, AppendOutcome, Callback, FEED_BYTES, FeedFrame, FeedPage, Frame, ListedRow, Opened,
    Page, Position, Row, RowKey, Shelf, Sleeper, Snapshot, Store,
};
use actors::{Id, Time};
use std::sync::mpsc;

/// A store with its data, fresh when made.
pub trait StoreHarness {
    fn store(&self) -> &dyn Store;
    /// Closes the store and opens the same data again.
    fn reopen(&mut self);
    /// Closes the store, loses every snapshot, and opens the rest again.
    fn lose_snapshots(&mut self);
}

/// One `#[test]` for every promise, each on a store of its own.
#[macro_export]
macro_rules! store_contract {
    ($harness:expr) => {
        $crate::store_contract! { $harness =>
            what_was_appended_is_there_when_opened
            an_untouched_partition_opens_empty
            an_append_to_a_wrong_sequence_is_refused_and_nothing_is_kept
            an_append_to_a_wrong_head_is_refused_and_nothing_is_kept
            a_doubled_append_is_refused
            appends_of_one_partition_are_answered_in_order
            an_open_sees_every_append_answered_before
            frames_survive_reopening
            a_snapshot_leaves_only_the_frames_after_it
            a_snapshot_leaves_the_frames_whose_keys_are_remembered
            a_newer_snapshot_replaces_an_older_one
            a_snapshot_of_what_was_never_written_is_not_used
            lost_snapshots_change_nothing
            a_snapshot_that_was_forgotten_is_not_found_and_another_takes_its_place
            big_frames_and_snapshots_come_back_whole
            many_partitions_at_once_stay_apart
            rows_are_visible_before_the_append_is_answered
            rows_come_in_the_order_of_their_keys
            rows_come_in_pages
            rows_belong_to_one_owner_on_one_shelf
            a_row_put_again_has_its_new_body
            a_row_taken_away_is_gone
            fresh_rows_and_old_ones_make_one_list
            pages_are_full_although_fresh_rows_took_old_ones_away
            rows_of_a_refused_append_are_not_kept
            rows_survive_reopening
            rows_are_found_by_their_keys
            many_rows_are_found_at_once
            a_partition_asleep_wakes_when_it_is_due
            a_partition_left_awake_is_woken_at_once
            a_partition_with_nothing_left_to_do_sleeps_on
            sleepers_survive_reopening
            the_feed_shows_every_frame_in_the_order_it_became_durable
            the_feed_goes_on_after_any_position
            the_feed_is_bounded_in_frames_and_in_bytes
            the_feed_shows_nothing_that_was_refused
            the_feed_survives_reopening_and_goes_on_where_it_was
            the_feed_misses_nothing_that_many_write_at_once
        }
    };
    ($harness:expr => $($promise:ident)*) => {
        mod contract {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $promise() {
                    $crate::contract::$promise(&mut $harness);
                }
            )*
        }
    };
}

/// Asks, and waits for the answer.
pub fn answer<T: Send + 'static>(ask: impl FnOnce(Callback<T>)) -> T {
    pending(ask).recv().expect("every question is answered")
}

fn pending<T: Send + 'static>(ask: impl FnOnce(Callback<T>)) -> mpsc::Receiver<T> {
    let (to, from) = mpsc::channel();
    // The caller may no longer wait.
    ask(Box::new(move |answer| drop(to.send(answer))));
    from
}

/// Writes one partition's frames, one after the other.
#[derive(Clone)]
pub struct Script {
    partition: String,
    pub at: Position,
    written: u64,
}

impl Script {
    pub fn new(partition: &str) -> Script {
        Script { partition: partition.into(), at: Position::default(), written: 0 }
    }

    /// The next append, which declares these rows.
    pub fn next(&mut self, rows: &[Row]) -> Append {
        self.next_of(rows, 20)
    }

    /// The next append, with records of at least so many bytes.
    pub fn next_of_size(&mut self, bytes: usize) -> Append {
        self.next_of(&[], bytes)
    }

    fn next_of(&mut self, rows: &[Row], bytes: usize) -> Append {
        self.written += 1;
        let frame =
            record::frame(self.at, 1 + self.written % 3, records(rows, self.written, bytes));
        self.at = frame.to;
        Append { partition: self.partition.as_str().into(), frame, rows: rows.to_vec() }
    }

    fn append(&mut self, store: &dyn Store, rows: &[Row]) -> Frame {
        let append = self.next(rows);
        let frame = append.frame.clone();
        assert_eq!(outcome(store, append), AppendOutcome::Durable);
        frame
    }

    fn snapshot(&self, due: Option<Time>) -> Snapshot {
        self.snapshot_with_keys(self.at.seq, due)
    }

    fn snapshot_with_keys(&self, keys_after: u64, due: Option<Time>) -> Snapshot {
        Snapshot { at: self.at, keys_after, due, state: self.at.head.to_vec() }
    }

    fn sleep(&self, store: &dyn Store, due: Option<Time>) {
        store.save(&self.partition, self.snapshot(due));
    }
}

type Written = (u8, Id, Vec<u8>, Option<Vec<u8>>);

fn records(rows: &[Row], number: u64, bytes: usize) -> Vec<u8> {
    let rows: Vec<Written> = rows
        .iter()
        .map(|row| (row.shelf.0, row.owner, row.key.clone(), row.body.clone()))
        .collect();
    let padding: Vec<u8> = (0..bytes as u64).map(|n| (n * 31 + number) as u8).collect();
    postcard::to_stdvec(&(rows, padding)).expect("rows are plain data")
}

/// The rows that a frame of a `Script` declares, from its records alone.
pub fn rows_of(_partition: &str, frame: &Frame) -> Vec<Row> {
    let (rows, _): (Vec<Written>, Vec<u8>) =
        postcard::from_bytes(&frame.records).expect("a script wrote it");
    rows.into_iter()
        .map(|(shelf, owner, key, body)| Row { shelf: Shelf(shelf), owner, key, body })
        .collect()
}

fn outcome(store: &dyn Store, append: Append) -> AppendOutcome {
    answer(|done| store.append(append, done))
}

fn open(store: &dyn Store, partition: &str) -> Opened {
    answer(|done| store.open(partition, done)).expect("the partition opens")
}

/// Every frame that is found, with the snapshot's position in front.
fn found(store: &dyn Store, partition: &str) -> (Option<Position>, Vec<Frame>) {
    let opened = open(store, partition);
    (opened.snapshot.map(|snapshot| snapshot.at), opened.frames)
}

const ADA: Id = Id([1; 16]);
const BOB: Id = Id([2; 16]);
const TICKETS: Shelf = Shelf(1);
const COUPONS: Shelf = Shelf(2);

fn put_for(shelf: Shelf, owner: Id, key: &str, body: &str) -> Row {
    Row { shelf, owner, key: key.into(), body: Some(body.into()) }
}

fn put(key: &str, body: &str) -> Row {
    put_for(TICKETS, ADA, key, body)
}

fn take(key: &str) -> Row {
    Row { shelf: TICKETS, owner: ADA, key: key.into(), body: None }
}

fn page(
    store: &dyn Store,
    shelf: Shelf,
    owner: Id,
    after: Option<&str>,
    limit: usize,
) -> Vec<(String, String)> {
    let page = Page { shelf, owner, after: after.map(|after| after.as_bytes().to_vec()), limit };
    let text =
        |bytes: Vec<u8>| String::from_utf8(bytes).expect("keys and bodies of these rows are text");
    let listed = answer(|done| store.rows(page, done)).expect("rows can be read");
    listed.into_iter().map(|ListedRow { key, body }| (text(key), text(body))).collect()
}

fn all(store: &dyn Store) -> Vec<(String, String)> {
    page(store, TICKETS, ADA, None, 1000)
}

fn listed(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(key, body)| (key.to_string(), body.to_string())).collect()
}

fn sleepers(store: &dyn Store, until: i64) -> Vec<(String, Option<i64>)> {
    let found = answer(|done| store.sleepers(Time(until), done)).expect("sleepers can be listed");
    let mut found: Vec<_> = found
        .into_iter()
        .map(|Sleeper { partition, due }| (partition, due.map(|due| due.0)))
        .collect();
    found.sort();
    found
}

pub fn what_was_appended_is_there_when_opened(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let frames: Vec<Frame> = (0..5).map(|_| p.append(harness.store(), &[])).collect();
    assert_eq!(found(harness.store(), "p"), (None, frames));
}

pub fn an_untouched_partition_opens_empty(harness: &mut dyn StoreHarness) {
    Script::new("p").append(harness.store(), &[]);
    assert_eq!(found(harness.store(), "q"), (None, vec![]));
}

pub fn an_append_to_a_wrong_sequence_is_refused_and_nothing_is_kept(
    harness: &mut dyn StoreHarness,
) {
    let mut p = Script::new("p");
    let first = p.append(harness.store(), &[]);
    for wrong in [first.to.seq + 1, first.to.seq - 1] {
        let mut elsewhere = p.clone();
        elsewhere.at.seq = wrong;
        assert_eq!(outcome(harness.store(), elsewhere.next(&[])), AppendOutcome::Fenced);
    }
    let second = p.append(harness.store(), &[]);
    assert_eq!(found(harness.store(), "p"), (None, vec![first, second]));
}

pub fn an_append_to_a_wrong_head_is_refused_and_nothing_is_kept(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let first = p.append(harness.store(), &[]);
    let mut elsewhere = p.clone();
    elsewhere.at.head[31] ^= 1;
    assert_eq!(outcome(harness.store(), elsewhere.next(&[])), AppendOutcome::Fenced);
    assert_eq!(found(harness.store(), "p"), (None, vec![first]));
}

pub fn a_doubled_append_is_refused(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let again = p.clone().next(&[]);
    let first = p.append(harness.store(), &[]);
    assert_eq!(outcome(harness.store(), again), AppendOutcome::Fenced);
    assert_eq!(found(harness.store(), "p"), (None, vec![first]));
}

pub fn appends_of_one_partition_are_answered_in_order(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let (to, answers) = mpsc::channel();
    for number in 0..200 {
        let to = to.clone();
        harness
            .store()
            .append(p.next(&[]), Box::new(move |outcome| drop(to.send((number, outcome)))));
    }
    drop(to);
    let expected: Vec<_> = (0..200).map(|number| (number, AppendOutcome::Durable)).collect();
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), expected);
}

pub fn an_open_sees_every_append_answered_before(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    for number in 1..=50 {
        p.append(harness.store(), &[]);
        assert_eq!(open(harness.store(), "p").frames.len(), number);
    }
}

pub fn frames_survive_reopening(harness: &mut dyn StoreHarness) {
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    let mut frames = vec![p.append(harness.store(), &[])];
    q.append(harness.store(), &[]);
    frames.push(p.append(harness.store(), &[]));
    harness.reopen();
    assert_eq!(found(harness.store(), "p"), (None, frames.clone()));
    frames.push(p.append(harness.store(), &[]));
    harness.reopen();
    assert_eq!(found(harness.store(), "p"), (None, frames));
}

pub fn a_snapshot_leaves_only_the_frames_after_it(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    for _ in 0..3 {
        p.append(harness.store(), &[]);
    }
    let snapshot = p.snapshot(None);
    harness.store().save("p", snapshot.clone());
    let opened = open(harness.store(), "p");
    assert_eq!(
        opened.snapshot.map(|found| (found.at, found.due, found.state)),
        Some((snapshot.at, None, snapshot.state))
    );
    assert_eq!(opened.frames, []);
    let after = vec![p.append(harness.store(), &[]), p.append(harness.store(), &[])];
    assert_eq!(found(harness.store(), "p"), (Some(snapshot.at), after.clone()));
    harness.reopen();
    assert_eq!(found(harness.store(), "p"), (Some(snapshot.at), after));
}

pub fn a_snapshot_leaves_the_frames_whose_keys_are_remembered(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let mut frames: Vec<Frame> = (0..8).map(|_| p.append(harness.store(), &[])).collect();
    let at = p.at;
    // Anywhere within the third frame: all of it is read.
    for keys_after in frames[2].from.seq..frames[2].to.seq {
        harness.store().save("p", p.snapshot_with_keys(keys_after, None));
        assert_eq!(found(harness.store(), "p"), (Some(at), frames[2..].to_vec()));
    }
    harness.store().save("p", p.snapshot_with_keys(0, None));
    assert_eq!(found(harness.store(), "p"), (Some(at), frames.clone()));
    let keys_after = frames[4].from.seq;
    harness.store().save("p", p.snapshot_with_keys(keys_after, None));
    frames.push(p.append(harness.store(), &[]));
    for _ in 0..2 {
        let opened = open(harness.store(), "p");
        assert_eq!(
            opened.snapshot.map(|found| (found.at, found.keys_after)),
            Some((at, keys_after))
        );
        assert_eq!(opened.frames, frames[4..]);
        harness.reopen();
    }
}

pub fn a_newer_snapshot_replaces_an_older_one(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    p.append(harness.store(), &[]);
    let older = p.snapshot(None);
    harness.store().save("p", older.clone());
    p.append(harness.store(), &[]);
    let newer = p.snapshot(None);
    harness.store().save("p", newer.clone());
    harness.store().save("p", older);
    let last = p.append(harness.store(), &[]);
    assert_eq!(found(harness.store(), "p"), (Some(newer.at), vec![last]));
}

pub fn a_snapshot_of_what_was_never_written_is_not_used(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let frames = vec![p.append(harness.store(), &[]), p.append(harness.store(), &[])];
    let mut elsewhere = Script::new("p");
    elsewhere.next_of(&[], 21);
    harness.store().save("p", elsewhere.snapshot(None));
    let mut ahead = p.clone();
    ahead.next(&[]);
    harness.store().save("p", ahead.snapshot(None));
    harness.store().save("never", ahead.snapshot(None));
    assert_eq!(found(harness.store(), "p"), (None, frames.clone()));
    assert_eq!(found(harness.store(), "never"), (None, vec![]));
    harness.reopen();
    assert_eq!(found(harness.store(), "p"), (None, frames));
}

pub fn lost_snapshots_change_nothing(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let mut frames = vec![p.append(harness.store(), &[])];
    p.sleep(harness.store(), Some(Time(50)));
    frames.push(p.append(harness.store(), &[]));
    harness.lose_snapshots();
    assert_eq!(found(harness.store(), "p"), (None, frames.clone()));
    assert_eq!(sleepers(harness.store(), 0), [("p".into(), None)]);
    frames.push(p.append(harness.store(), &[]));
    assert_eq!(found(harness.store(), "p"), (None, frames));
}

pub fn a_snapshot_that_was_forgotten_is_not_found_and_another_takes_its_place(
    harness: &mut dyn StoreHarness,
) {
    let (mut p, mut other) = (Script::new("p"), Script::new("other"));
    let mut frames = vec![p.append(harness.store(), &[])];
    p.sleep(harness.store(), Some(Time(50)));
    other.append(harness.store(), &[]);
    other.sleep(harness.store(), None);
    frames.push(p.append(harness.store(), &[]));
    harness.store().forget_snapshot("p");
    harness.store().forget_snapshot("never");
    assert_eq!(found(harness.store(), "p"), (None, frames.clone()));
    assert_eq!(found(harness.store(), "other"), (Some(other.at), vec![]));
    harness.reopen();
    assert_eq!(found(harness.store(), "p"), (None, frames));
    p.sleep(harness.store(), None);
    assert_eq!(found(harness.store(), "p"), (Some(p.at), vec![]));
}

pub fn big_frames_and_snapshots_come_back_whole(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let mut frames = Vec::new();
    for bytes in [1 << 20, 0, 3 << 20] {
        let append = p.next_of(&[], bytes);
        frames.push(append.frame.clone());
        assert_eq!(outcome(harness.store(), append), AppendOutcome::Durable);
    }
    assert_eq!(found(harness.store(), "p"), (None, frames.clone()));
    harness.reopen();
    assert_eq!(found(harness.store(), "p"), (None, frames));
    let state: Vec<u8> = (0..2 << 20).map(|n: u32| (n * 7) as u8).collect();
    harness
        .store()
        .save("p", Snapshot { at: p.at, keys_after: p.at.seq, due: None, state: state.clone() });
    assert_eq!(open(harness.store(), "p").snapshot.map(|snapshot| snapshot.state), Some(state));
}

pub fn many_partitions_at_once_stay_apart(harness: &mut dyn StoreHarness) {
    let names: Vec<String> = (0..8).map(|n| format!("p/{n}")).collect();
    let store = harness.store();
    let written: Vec<Vec<Frame>> = std::thread::scope(|threads| {
        let write = |name| {
            move || {
                (0..40)
                    .map(|_: u8| name)
                    .scan(Script::new(name), |p, _| Some(p.append(store, &[])))
                    .collect()
            }
        };
        let writers: Vec<_> =
            names.iter().map(|name| threads.spawn(write(name.as_str()))).collect();
        writers.into_iter().map(|writer| writer.join().expect("a writer does not panic")).collect()
    });
    harness.reopen();
    for (name, frames) in names.iter().zip(written) {
        assert_eq!(found(harness.store(), name), (None, frames), "{name}");
    }
}

pub fn rows_are_visible_before_the_append_is_answered(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    for number in 1..=50 {
        p.append(harness.store(), &[put(&format!("{number:02}"), "x")]);
        assert_eq!(all(harness.store()).len(), number);
    }
}

pub fn rows_come_in_the_order_of_their_keys(harness: &mut dyn StoreHarness) {
    let keys: [&[u8]; 6] = [&[255], &[0, 1], &[], &[7, 0], &[0], &[7]];
    let row =
        |key: &&[u8]| Row { shelf: TICKETS, owner: ADA, key: key.to_vec(), body: Some(vec![]) };
    Script::new("p").append(harness.store(), &keys.iter().map(row).collect::<Vec<_>>());
    let mut sorted = keys;
    sorted.sort();
    for _ in 0..2 {
        let page = Page { shelf: TICKETS, owner: ADA, after: None, limit: 10 };
        let listed = answer(|done| harness.store().rows(page, done)).expect("rows can be read");
        assert_eq!(listed.into_iter().map(|row| row.key).collect::<Vec<_>>(), sorted);
        harness.reopen();
    }
}

pub fn rows_come_in_pages(harness: &mut dyn StoreHarness) {
    let rows: Vec<Row> = (0..10).map(|n| put(&n.to_string(), "x")).collect();
    Script::new("p").append(harness.store(), &rows);
    for _ in 0..2 {
        let keys = |after, limit| {
            page(harness.store(), TICKETS, ADA, after, limit)
                .into_iter()
                .map(|(key, _)| key)
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(None, 3), ["0", "1", "2"]);
        assert_eq!(keys(Some("2"), 3), ["3", "4", "5"]);
        assert_eq!(keys(Some("25"), 2), ["3", "4"]);
        assert_eq!(keys(Some("7"), 3), ["8", "9"]);
        assert!(keys(Some("9"), 3).is_empty());
        assert!(keys(None, 0).is_empty());
        harness.reopen();
    }
}

pub fn rows_belong_to_one_owner_on_one_shelf(harness: &mut dyn StoreHarness) {
    let rows = [
        put_for(TICKETS, ADA, "k", "1"),
        put_for(TICKETS, BOB, "k", "2"),
        put_for(COUPONS, ADA, "k", "3"),
    ];
    Script::new("p").append(harness.store(), &rows);
    for _ in 0..2 {
        let of = |shelf, owner| page(harness.store(), shelf, owner, None, 10);
        assert_eq!(of(TICKETS, ADA), listed(&[("k", "1")]));
        assert_eq!(of(TICKETS, BOB), listed(&[("k", "2")]));
        assert_eq!(of(COUPONS, ADA), listed(&[("k", "3")]));
        assert_eq!(of(COUPONS, BOB), []);
        harness.reopen();
    }
}

pub fn a_row_put_again_has_its_new_body(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    p.append(harness.store(), &[put("k", "old"), put("k", "newer")]);
    assert_eq!(all(harness.store()), listed(&[("k", "newer")]));
    p.append(harness.store(), &[put("k", "newest")]);
    assert_eq!(all(harness.store()), listed(&[("k", "newest")]));
}

pub fn a_row_taken_away_is_gone(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    p.append(harness.store(), &[put("a", "1"), put("b", "2")]);
    p.append(harness.store(), &[take("a"), take("never")]);
    for _ in 0..2 {
        assert_eq!(all(harness.store()), listed(&[("b", "2")]));
        harness.reopen();
    }
    p.append(harness.store(), &[put("a", "3")]);
    assert_eq!(all(harness.store()), listed(&[("a", "3"), ("b", "2")]));
}

pub fn fresh_rows_and_old_ones_make_one_list(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    p.append(harness.store(), &[put("a", "1"), put("c", "1"), put("e", "1"), put("g", "1")]);
    harness.reopen();
    p.append(harness.store(), &[put("b", "2"), put("c", "2"), take("e"), put("h", "2")]);
    let expected = listed(&[("a", "1"), ("b", "2"), ("c", "2"), ("g", "1"), ("h", "2")]);
    for _ in 0..2 {
        assert_eq!(all(harness.store()), expected);
        assert_eq!(page(harness.store(), TICKETS, ADA, Some("b"), 2), expected[2..4]);
        harness.reopen();
    }
}

pub fn pages_are_full_although_fresh_rows_took_old_ones_away(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let old: Vec<Row> = (10..40).map(|n| put(&n.to_string(), "x")).collect();
    p.append(harness.store(), &old);
    harness.reopen();
    let taken: Vec<Row> = (10..30).map(|n| take(&n.to_string())).collect();
    p.append(harness.store(), &taken);
    p.append(harness.store(), &[put("35", "y")]);
    assert_eq!(page(harness.store(), TICKETS, ADA, None, 2), listed(&[("30", "x"), ("31", "x")]));
    assert_eq!(
        page(harness.store(), TICKETS, ADA, Some("34"), 2),
        listed(&[("35", "y"), ("36", "x")])
    );
    assert_eq!(all(harness.store()).len(), 10);
}

pub fn rows_of_a_refused_append_are_not_kept(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    p.append(harness.store(), &[put("a", "1")]);
    assert_eq!(
        outcome(harness.store(), Script::new("p").next(&[put("b", "2"), take("a")])),
        AppendOutcome::Fenced
    );
    for _ in 0..2 {
        assert_eq!(all(harness.store()), listed(&[("a", "1")]));
        harness.reopen();
    }
}

pub fn rows_survive_reopening(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let mut expected = Vec::new();
    for round in 0..3 {
        let row = format!("{round}");
        p.append(harness.store(), &[put(&row, "x")]);
        p.sleep(harness.store(), None);
        expected.push((row, "x".to_string()));
        harness.reopen();
        assert_eq!(all(harness.store()), expected);
    }
}

/// Of rows on this shelf, what is found, none where there is no such row.
fn found_rows(store: &dyn Store, keys: &[&str]) -> Vec<Option<String>> {
    let row_key = |key: &&str| RowKey { shelf: TICKETS, owner: ADA, key: key.as_bytes().to_vec() };
    let keys = keys.iter().map(row_key).collect();
    let bodies = answer(|done| store.find(keys, done)).expect("rows can be found");
    let text = |body| String::from_utf8(body).expect("bodies of these rows are text");
    bodies.into_iter().map(|body| body.map(text)).collect()
}

pub fn rows_are_found_by_their_keys(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    p.append(harness.store(), &[put("a", "1"), put("b", "1"), put("c", "1"), put("d", "")]);
    harness.reopen();
    p.append(harness.store(), &[put("b", "2"), take("c"), put("e", "2")]);
    p.append(harness.store(), &[put_for(TICKETS, BOB, "f", "3"), put_for(COUPONS, ADA, "g", "3")]);
    let some = |body: &str| Some(body.to_owned());
    for _ in 0..2 {
        assert_eq!(
            found_rows(harness.store(), &["e", "a", "c", "b", "d", "f", "g", "a", ""]),
            [some("2"), some("1"), None, some("2"), some(""), None, None, some("1"), None]
        );
        assert_eq!(found_rows(harness.store(), &[]), []);
        harness.reopen();
    }
    for number in 0..20 {
        p.append(harness.store(), &[put("a", &number.to_string())]);
        assert_eq!(found_rows(harness.store(), &["a"]), [Some(number.to_string())]);
    }
}

pub fn many_rows_are_found_at_once(harness: &mut dyn StoreHarness) {
    let keys: Vec<String> = (0..1_000).map(|n| format!("{n:04}")).collect();
    let rows: Vec<Row> = keys.iter().step_by(2).map(|key| put(key, key)).collect();
    Script::new("p").append(harness.store(), &rows);
    let asked: Vec<&str> = keys.iter().rev().map(String::as_str).collect();
    for _ in 0..2 {
        let found = found_rows(harness.store(), &asked);
        assert_eq!(found.iter().flatten().count(), 500);
        for (key, body) in asked.iter().zip(found) {
            assert!(body.is_none_or(|body| body == *key), "{key}");
        }
        harness.reopen();
    }
}

pub fn a_partition_asleep_wakes_when_it_is_due(harness: &mut dyn StoreHarness) {
    for (name, due) in [("early", 10), ("late", 20)] {
        let mut script = Script::new(name);
        script.append(harness.store(), &[]);
        script.sleep(harness.store(), Some(Time(due)));
    }
    assert_eq!(sleepers(harness.store(), 9), []);
    assert_eq!(sleepers(harness.store(), 10), [("early".into(), Some(10))]);
    assert_eq!(
        sleepers(harness.store(), 99),
        [("early".into(), Some(10)), ("late".into(), Some(20))]
    );
}

pub fn a_partition_left_awake_is_woken_at_once(harness: &mut dyn StoreHarness) {
    Script::new("never asleep").append(harness.store(), &[]);
    let mut restless = Script::new("restless");
    restless.append(harness.store(), &[]);
    restless.sleep(harness.store(), Some(Time(10)));
    restless.append(harness.store(), &[]);
    let both = [("never asleep".into(), None), ("restless".into(), None)];
    assert_eq!(sleepers(harness.store(), 0), both);
    harness.reopen();
    assert_eq!(sleepers(harness.store(), 99), both);
    restless.sleep(harness.store(), Some(Time(30)));
    assert_eq!(sleepers(harness.store(), 0), both[..1]);
}

pub fn a_partition_with_nothing_left_to_do_sleeps_on(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    p.append(harness.store(), &[]);
    p.sleep(harness.store(), None);
    assert_eq!(sleepers(harness.store(), i64::MAX), []);
    open(harness.store(), "never written");
    assert_eq!(sleepers(harness.store(), i64::MAX), []);
}

pub fn sleepers_survive_reopening(harness: &mut dyn StoreHarness) {
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    p.append(harness.store(), &[]);
    p.sleep(harness.store(), Some(Time(10)));
    q.append(harness.store(), &[]);
    q.sleep(harness.store(), None);
    harness.reopen();
    assert_eq!(sleepers(harness.store(), 9), []);
    assert_eq!(sleepers(harness.store(), 10), [("p".into(), Some(10))]);
}

fn feed(store: &dyn Store, after: u64, limit: usize) -> FeedPage {
    answer(|done| store.feed(after, limit, done)).expect("the feed can be read")
}

/// Whose frames are fed, and which.
fn fed(store: &dyn Store) -> Vec<(String, Frame)> {
    feed(store, 0, usize::MAX)
        .frames
        .into_iter()
        .map(|FeedFrame { partition, frame, .. }| (partition.to_string(), frame))
        .collect()
}

pub fn the_feed_shows_every_frame_in_the_order_it_became_durable(harness: &mut dyn StoreHarness) {
    assert_eq!(feed(harness.store(), 0, 10), FeedPage::default());
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    let mut written = Vec::new();
    for _ in 0..3 {
        written.push(("p".to_string(), p.append(harness.store(), &[put("k", "x")])));
        written.push(("q".to_string(), q.append(harness.store(), &[])));
        written.push(("p".to_string(), p.append(harness.store(), &[])));
        p.sleep(harness.store(), None);
        assert_eq!(fed(harness.store()), written);
    }
    let positions: Vec<u64> =
        feed(harness.store(), 0, usize::MAX).frames.iter().map(|fed| fed.position).collect();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "{positions:?}");
    assert_eq!(positions.last(), Some(&feed(harness.store(), u64::MAX, 1).end));
}

pub fn the_feed_goes_on_after_any_position(harness: &mut dyn StoreHarness) {
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    for _ in 0..5 {
        p.append(harness.store(), &[]);
        q.append(harness.store(), &[]);
    }
    let all = feed(harness.store(), 0, usize::MAX);
    for (place, one) in all.frames.iter().enumerate() {
        assert_eq!(feed(harness.store(), one.position, usize::MAX).frames, all.frames[place + 1..]);
    }
    for beyond in [all.end + 1, i64::MAX as u64, u64::MAX] {
        assert_eq!(feed(harness.store(), beyond, 10), FeedPage { frames: vec![], end: all.end });
    }
}

pub fn the_feed_is_bounded_in_frames_and_in_bytes(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    for _ in 0..4 {
        p.append(harness.store(), &[]);
    }
    assert_eq!(feed(harness.store(), 0, 3).frames.len(), 3);
    assert_eq!(feed(harness.store(), 0, 0).frames.len(), 0);
    for _ in 0..5 {
        let append = p.next_of_size(FEED_BYTES / 2);
        assert_eq!(outcome(harness.store(), append), AppendOutcome::Durable);
    }
    let mut after = feed(harness.store(), 0, 4).frames[3].position;
    let mut sizes = Vec::new();
    loop {
        let frames = feed(harness.store(), after, usize::MAX).frames;
        let Some(last) = frames.last() else { break };
        after = last.position;
        sizes.push(frames.len());
    }
    assert_eq!(
        sizes,
        [2, 2, 1],
        "what is larger than the bound comes alone, and nothing is left out"
    );
}

pub fn the_feed_shows_nothing_that_was_refused(harness: &mut dyn StoreHarness) {
    let mut p = Script::new("p");
    let first = p.append(harness.store(), &[]);
    assert_eq!(outcome(harness.store(), Script::new("p").next(&[])), AppendOutcome::Fenced);
    let second = p.append(harness.store(), &[]);
    assert_eq!(fed(harness.store()), [("p".into(), first), ("p".into(), second)]);
}

pub fn the_feed_survives_reopening_and_goes_on_where_it_was(harness: &mut dyn StoreHarness) {
    let (mut p, mut q) = (Script::new("p"), Script::new("q"));
    p.append(harness.store(), &[]);
    q.append(harness.store(), &[]);
    let before = feed(harness.store(), 0, usize::MAX);
    harness.lose_snapshots();
    assert_eq!(feed(harness.store(), 0, usize::MAX), before);
    let next = q.append(harness.store(), &[]);
    let after = feed(harness.store(), before.end, usize::MAX);
    assert_eq!(after.frames.iter().map(|fed| &fed.frame).collect::<Vec<_>>(), [&next]);
    assert!(after.end > before.end);
}

/// A reader who follows it while others write sees each frame once, and those of a partition
/// without a gap.
pub fn the_feed_misses_nothing_that_many_write_at_once(harness: &mut dyn StoreHarness) {
    const FRAMES: usize = 60;
    let store = harness.store();
    let names: Vec<String> = (0..6).map(|n| format!("p/{n}")).collect();
    let seen: Vec<FeedFrame> = std::thread::scope(|threads| {
        for name in &names {
            threads.spawn(move || {
                let mut script = Script::new(name);
                (0..FRAMES).for_each(|_| drop(script.append(store, &[])));
            });
        }
        let mut seen: Vec<FeedFrame> = Vec::new();
        while seen.len() < names.len() * FRAMES {
            let after = seen.last().map_or(0, |fed| fed.position);
            seen.extend(feed(store, after, 7).frames);
        }
        seen
    });
    assert_eq!(seen, feed(store, 0, usize::MAX).frames);
    for name in &names {
        let frames: Vec<&Frame> =
            seen.iter().filter(|fed| *fed.partition == **name).map(|fed| &fed.frame).collect();
        assert_eq!(frames.len(), FRAMES);
        assert!(
            frames[0].from == Position::default()
                && frames.windows(2).all(|pair| pair[0].to == pair[1].from),
            "{name}"
        );
    }
}
