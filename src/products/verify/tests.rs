//! What `verify` says of a small history, whichever bit of its snapshot is flipped.

use crate::table;
use crate::verify::*;
use actors::domain::coupons::campaign::{CampaignPlan, Trigger};
use actors::domain::coupons::{Campaign, Discount, Offer, Serial, campaign};
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::{self, FirstTerms, Slice, SliceName};
use actors::engine::snapshot::{self, PartitionMemory, PartitionState};
use actors::engine::{Key, KeyWindow, Manner, Partition, Request};
use actors::machine::partition_id;
use actors::store::{Frame, Opened, Row, Snapshot};
use actors::{Caller, Id, Machine, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

const NOW: Time = Time(1_798_750_800_000);
const LATER: Time = Time(NOW.0 + 1_000_000_000);

/// One partition, as a store would show it.
struct Told {
    partition: String,
    frames: Vec<Frame>,
    snapshot: Snapshot,
    rows: Vec<Row>,
}

impl History for Told {
    fn partitions(&self) -> anyhow::Result<Vec<String>> {
        Ok(vec![self.partition.clone()])
    }

    fn snapshot_of(&self, _: &str) -> anyhow::Result<Option<Snapshot>> {
        Ok(Some(self.snapshot.clone()))
    }

    fn frames_of(
        &self,
        _: &str,
        visit: &mut dyn FnMut(Frame) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.frames.iter().cloned().try_for_each(visit)
    }

    fn each_row(&self, visit: &mut dyn FnMut(Row)) -> anyhow::Result<bool> {
        self.rows.iter().cloned().for_each(visit);
        Ok(true)
    }
}

fn window() -> Arc<KeyWindow> {
    Arc::new(KeyWindow::new(1_000, 3_600))
}

/// Gives the commands, each in a commit of its own, with a snapshot before the last of them.
fn told<M: Machine>(name: M::Name, commands: impl IntoIterator<Item = M::Command>) -> Told {
    let mut partition = Partition::<M, ()>::open(name, Opened::default(), window()).unwrap();
    let (mut frames, mut snapshot) = (Vec::new(), partition.snapshot());
    for (number, command) in commands.into_iter().enumerate() {
        snapshot = partition.snapshot();
        let key = (number % 2 == 1).then(|| Key::new(Id::SYSTEM, &[number as u8], &[b"it"]));
        partition.serve(
            Request::Command { command, caller: Caller::SYSTEM, key, how: Manner::ForGood },
            NOW,
            7,
            (),
        );
        frames.push(partition.flush().expect("it is new").frame);
        partition.land();
    }
    let rows = kept(frames.iter().flat_map(|frame| table::rows(partition.id(), frame)));
    Told { partition: partition.id().to_string(), frames, snapshot, rows }
}

/// What a store has of these rows in the end.
fn kept(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut kept = BTreeMap::new();
    for row in rows {
        kept.insert((row.shelf, row.owner, row.key.clone()), row);
    }
    kept.into_values().filter(|row| row.body.is_some()).collect()
}

fn slice_with_a_sold_ticket() -> Told {
    let terms =
        FirstTerms { digits: 4, copies: 1, holds_per_member: 9, hold_max_s: 600, closes_at: LATER }
            .in_full();
    let hold = |pattern: &str| tickets::Command::Hold {
        pattern: pattern.parse().unwrap(),
        count: 1,
        at_least: 0,
        ttl_s: 300,
    };
    let confirm = tickets::Command::Confirm { hold: 0 };
    let name = SliceName { pool: PoolName::Day(Day(20_261_231)), digits: 4, lead: 0 };
    told::<Slice>(
        name,
        [
            tickets::Command::Open { lead: 0, terms: Box::new(terms) },
            hold("0123"),
            confirm,
            hold("0124"),
        ],
    )
}

fn campaign_with_a_voucher() -> Told {
    let offer = Offer::of(Discount::percent(10));
    let (name, trigger) = ("first".to_owned(), Trigger::Claim);
    let plan = CampaignPlan {
        name,
        quota: 5,
        starts_at: NOW,
        ends_at: LATER,
        trigger,
        offer,
        valid_s: None,
    };
    let claim = |member: u8| campaign::Command::Claim { member: Id([member; 16]), code: None };
    told::<Campaign>(Serial(3), [campaign::Command::Open(plan), claim(1), claim(2)])
}

fn flipped(told: &Told, flip: impl FnOnce(&mut Snapshot)) -> Told {
    let mut snapshot = told.snapshot.clone();
    flip(&mut snapshot);
    Told {
        partition: told.partition.clone(),
        frames: told.frames.clone(),
        snapshot,
        rows: told.rows.clone(),
    }
}

fn is_named<M: Machine>(told: &Told, name: &M::Name, what: &str) {
    let said =
        format!("{:#}", verify(told).err().unwrap_or_else(|| panic!("{what} was not found")));
    assert!(said.contains(&told.partition) && said.contains("snapshot"), "{what}: {said}");
    let opened = Opened { snapshot: Some(told.snapshot.clone()), frames: Vec::new() };
    assert!(
        Partition::<M, ()>::open(name.clone(), opened, window()).is_err(),
        "{what} was believed"
    );
}

fn every_flip_is_named<M: Machine>(told: &Told, name: &M::Name) {
    verify(told).unwrap();
    for bit in 0..told.snapshot.state.len() * 8 {
        is_named::<M>(
            &flipped(told, |snapshot| snapshot.state[bit / 8] ^= 1 << (bit % 8)),
            name,
            &format!("bit {bit} of the state"),
        );
    }
    for bit in 0..64 {
        is_named::<M>(
            &flipped(told, |snapshot| snapshot.at.seq ^= 1 << bit),
            name,
            &format!("bit {bit} of the sequence"),
        );
        is_named::<M>(
            &flipped(told, |snapshot| snapshot.keys_after ^= 1 << bit),
            name,
            &format!("bit {bit} of where its keys begin"),
        );
        let due = |snapshot: &mut Snapshot| {
            snapshot.due = Some(Time(snapshot.due.unwrap_or_default().0 ^ 1 << bit))
        };
        is_named::<M>(&flipped(told, due), name, &format!("bit {bit} of the time to wake"));
    }
    for bit in 0..256 {
        is_named::<M>(
            &flipped(told, |snapshot| snapshot.at.head[bit / 8] ^= 1 << (bit % 8)),
            name,
            &format!("bit {bit} of the head"),
        );
    }
    is_named::<M>(&flipped(told, |snapshot| snapshot.due = None), name, "no time to wake");
}

#[test]
fn every_flipped_bit_of_a_snapshot_with_a_sold_ticket_is_named_and_never_believed() {
    every_flip_is_named::<Slice>(
        &slice_with_a_sold_ticket(),
        &SliceName { pool: PoolName::Day(Day(20_261_231)), digits: 4, lead: 0 },
    );
}

#[test]
fn every_flipped_bit_of_a_snapshot_with_a_voucher_is_named_and_never_believed() {
    every_flip_is_named::<Campaign>(&campaign_with_a_voucher(), &Serial(3));
}

/// What a faulty version could have written, with a digest that holds.
fn sealed(told: &Told, change: impl FnOnce(&mut PartitionState<Campaign>, &mut Snapshot)) -> Told {
    flipped(told, |snapshot| {
        let mut state = snapshot::open::<Campaign>(&told.partition, snapshot).unwrap();
        change(&mut state, snapshot);
        let (at, keys_after, due) = (snapshot.at, snapshot.keys_after, snapshot.due);
        *snapshot = snapshot::seal(&told.partition, at, keys_after, due, &state);
    })
}

#[test]
fn a_snapshot_that_was_written_with_care_and_says_something_else_is_named() {
    let told = campaign_with_a_voucher();
    let disagrees = |changed: Told| {
        let said = format!("{:#}", verify(&changed).unwrap_err());
        assert!(
            said.contains("partition campaign/") && said.contains("does not say what the log says"),
            "{said}"
        );
    };
    verify(&sealed(&told, |_, _| ())).unwrap();
    disagrees(sealed(&told, |state, _| state.machine = Campaign::default()));
    disagrees(sealed(&told, |_, snapshot| snapshot.keys_after = snapshot.at.seq));
    disagrees(sealed(&told, |state, _| state.known.time = Time(0)));
    disagrees(sealed(&told, |_, snapshot| snapshot.due = None));
    let forgetful = PartitionMemory { time: NOW, horizon: LATER };
    disagrees(sealed(&told, |state, _| state.known = forgetful));
}

#[test]
fn a_snapshot_of_another_version_is_no_damage() {
    let told = campaign_with_a_voucher();
    let of_a_newer = flipped(&told, |snapshot| {
        snapshot.state[0] += 1;
        snapshot::reseal(&told.partition, snapshot);
    });
    verify(&of_a_newer).unwrap();
    assert_eq!(partition_id::<Campaign>(&Serial(3)), told.partition);
}

/// The same with other look-up rows, which must be noticed.
fn rows_are_named(told: &mut Told, change: impl FnOnce(&mut Vec<Row>), what: &str) {
    let before = told.rows.clone();
    change(&mut told.rows);
    let said =
        format!("{:#}", verify(told).err().unwrap_or_else(|| panic!("{what} was not found")));
    assert!(said.contains("look-ups of shelf"), "{what}: {said}");
    told.rows = before;
}

#[test]
fn every_flipped_bit_of_a_look_up_row_is_named_and_so_is_one_too_many_or_too_few() {
    for mut told in [slice_with_a_sold_ticket(), campaign_with_a_voucher()] {
        let row = told.rows[0].clone();
        let body = row.body.clone().unwrap();
        for bit in 0..8 {
            for byte in 0..16 {
                rows_are_named(&mut told, |rows| rows[0].owner.0[byte] ^= 1 << bit, "the owner");
            }
            for byte in 0..row.key.len() {
                rows_are_named(&mut told, |rows| rows[0].key[byte] ^= 1 << bit, "the key");
            }
            for byte in 0..body.len() {
                let mut flipped = body.clone();
                flipped[byte] ^= 1 << bit;
                rows_are_named(&mut told, |rows| rows[0].body = Some(flipped), "the body");
            }
            rows_are_named(&mut told, |rows| rows[0].shelf.0 ^= 1 << bit, "the shelf");
        }
        rows_are_named(&mut told, |rows| drop(rows.pop()), "one too few");
        rows_are_named(&mut told, |rows| rows.push(rows[0].clone()), "one too many");
        verify(&told).unwrap();
    }
}

#[test]
fn rows_of_a_partition_add_up_to_the_same_however_few_are_remembered_at_a_time() {
    let row = |n: u8, body: Option<u8>| Row {
        shelf: actors::store::Shelf(9),
        owner: Id([1; 16]),
        key: vec![n],
        body: body.map(|body| vec![body]),
    };
    let mut written: Vec<Row> = (0..200).map(|n| row(n, Some(n))).collect();
    written.extend((0..50).map(|n| row(n, None)));
    written.extend((20..120).map(|n| row(n, Some(7))));
    let added = |most| {
        let (mut lists, mut rows) = (Lists::default(), Rows::first(most));
        loop {
            written.iter().for_each(|row| rows.see(row));
            lists.add_all(&rows);
            match rows.next() {
                Some(more) => rows = more,
                None => return lists,
            }
        }
    };
    let whole = added(1_000);
    for most in [1, 7, 50, 179] {
        added(most).compare(&whole).unwrap();
    }
    let mut by_hand = Lists::default();
    (20..120).for_each(|n| by_hand.add(&row(n, Some(7))));
    (120..200).for_each(|n| by_hand.add(&row(n, Some(n))));
    whole.compare(&by_hand).unwrap();
}
