//! Records, snapshots, cards, keys of rows, and what nodes say to each other. The seeds are the
//! records that were ever shipped.

use actors::domain::coupons::{Campaign, Catalogue, Rack, Range};
use actors::domain::tickets::{Slice, hold_of_row, ticket_of_row};
use actors::domain::till::{Till, order_of_listed, order_of_row, past_order_on_card};
use actors::domain::{acts, ballots, coupons, imports, lottery, pool, tickets, webhooks};
use actors::engine::record::{self, Record};
use actors::engine::snapshot::{self, PartitionMemory, PartitionState};
use actors::engine::{Failure, Reply, Request};
use actors::store::{Frame, Position};
use actors::{Machine, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;
use testing::fuzz::fuzz;

const GOLDEN: [&str; 6] = [
    include_str!("../golden/main.rs"),
    include_str!("../golden/acts.rs"),
    include_str!("../golden/coupons.rs"),
    include_str!("../golden/import.rs"),
    include_str!("../golden/till.rs"),
    include_str!("../golden/webhook.rs"),
];

/// All records that are in the golden files.
fn shipped() -> Vec<Vec<u8>> {
    let byte = |pair: &str| u8::from_str_radix(pair, 16).ok();
    let unhex = |text: &str| -> Option<Vec<u8>> {
        let text: String = text.split("\\\n").map(str::trim_start).collect();
        let pairs = (0..text.len()).step_by(2).map(|at| byte(text.get(at..at + 2)?));
        pairs.collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() > 20)
    };
    GOLDEN.iter().flat_map(|file| file.split('"')).filter_map(unhex).collect()
}

/// Several records in one frame.
fn frames() -> Vec<Vec<u8>> {
    let one_by_one = shipped();
    let pairs: Vec<Vec<u8>> = one_by_one.windows(3).map(|three| three.concat()).collect();
    one_by_one.into_iter().chain(pairs).collect()
}

/// How many records there seem to be.
fn count(mut bytes: &[u8]) -> u64 {
    let mut count = 0;
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        (bytes, count) = (rest.get(length..).unwrap_or_default(), count + 1);
    }
    count
}

/// What is read can be written, and is read the same again.
fn reads_back<E: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> bool {
    let from = Position::default();
    let to = Position { seq: count(bytes), head: [0; 32] };
    let frame = Frame { from, to, records: bytes.to_vec() };
    let Ok(read) = record::records::<E>(&frame) else { return false };
    let mut again = Vec::new();
    for Record { caller, at, key, entry, .. } in &read {
        record::push(&mut again, *caller, *at, *key, &record::entry_bytes(entry));
    }
    let again = Frame { records: again, ..frame };
    assert_eq!(record::records::<E>(&again).as_ref(), Ok(&read));
    assert_eq!(record::began_at(&again), read.first().map(|record| record.at));
    assert_eq!(record::ended_at(&again), read.last().map(|record| record.at));
    true
}

#[test]
fn whatever_is_read_as_records_is_written_and_read_alike() {
    type Reads = fn(&[u8]) -> bool;
    let kinds: [(&str, Reads); 12] = [
        ("records of slices", reads_back::<tickets::Event>),
        ("records of tills", reads_back::<actors::domain::till::Event>),
        ("records of lotteries", reads_back::<lottery::Event>),
        ("records of boxes", reads_back::<ballots::Event>),
        ("records of campaigns", reads_back::<coupons::campaign::Event>),
        ("records of ranges", reads_back::<coupons::range::Event>),
        ("records of racks", reads_back::<coupons::rack::Event>),
        ("records of the catalogue", reads_back::<coupons::catalogue::Event>),
        ("records of imports", reads_back::<imports::Event>),
        ("records of webhooks", reads_back::<webhooks::Event>),
        ("records of acts", reads_back::<acts::Event>),
        ("records of notices", reads_back::<actors::domain::notices::Event>),
    ];
    let seeds = frames();
    assert!(seeds.len() > 100, "only {} records were found", seeds.len());
    for (name, reads) in kinds {
        let mut read = 0u64;
        fuzz(name, 2_000, &seeds, |bytes| read += u64::from(reads(bytes)));
        assert!(read > 0, "none of the {name} was read");
    }
}

#[test]
fn a_frame_in_which_anything_is_otherwise_is_not_read() {
    let seeds = frames();
    let from = Position { seq: 7, head: [3; 32] };
    let honest: Vec<Frame> =
        seeds.iter().map(|bytes| record::frame(from, count(bytes), bytes.clone())).collect();
    fuzz("frames", 20_000, &seeds, |bytes| {
        for frame in honest.iter().step_by(29) {
            if frame.records != bytes {
                let forged = Frame { records: bytes.to_vec(), ..frame.clone() };
                assert!(record::read::<tickets::Event>(&from, &forged).is_err());
            }
        }
    });
}

#[test]
fn a_snapshot_in_which_anything_is_otherwise_is_not_read() {
    let known = || PartitionMemory { time: Time(5), horizon: Time(3) };
    let at = Position { seq: 9, head: [1; 32] };
    let state = PartitionState { known: known(), machine: Till::default() };
    let honest = snapshot::seal("till/2026-12-31/0", at, 4, Some(Time(8)), &state);
    fuzz("snapshots", 50_000, std::slice::from_ref(&honest.state), |bytes| {
        let found = actors::store::Snapshot { state: bytes.to_vec(), ..honest.clone() };
        let read = snapshot::open::<Till>("till/2026-12-31/0", &found);
        assert_eq!(read.is_ok(), bytes == honest.state, "{:?}", read.err());
        assert!(snapshot::open::<Till>("till/2026-12-31/1", &found).is_err());
    });
}

#[test]
fn keys_and_bodies_of_rows_and_cards_are_read_or_not_and_never_more() {
    let name: pool::PoolName = "summer-gala".parse().expect("it is one");
    let mut seeds = shipped();
    seeds.push(name.row_key());
    seeds.extend([vec![0; 4], vec![1; 16], [name.row_key(), vec![7; 12]].concat()]);
    fuzz("rows and cards", 50_000, &seeds, |bytes| {
        let (key, body) = bytes.split_at(bytes.len() / 2);
        let _ = (hold_of_row(bytes), ticket_of_row(key, body), order_of_row(bytes));
        let _ = (order_of_listed(bytes), past_order_on_card(bytes));
        let _ = (lottery::closing_of_row(bytes), ballots::ballot_of_row(key, body));
        let _ = (coupons::rows::home_of_row(bytes), coupons::rows::notice_of_row(bytes));
        let _ = (coupons::catalogue::expiry_of_row(bytes), imports::job_of_row(bytes));
        let _ = (tickets::past::buyer_on_card(bytes), tickets::past::owner_on_card(bytes));
        let _ = (tickets::past::part_owner_on_card(bytes), ballots::ballot_of_card(bytes));
        if let Some((pool, rest)) = pool::PoolName::split(bytes) {
            assert_eq!([pool.row_key(), rest.to_vec()].concat(), bytes);
        }
    });
}

fn is_told<M: Machine>(bytes: &[u8]) {
    if let Ok(request) = postcard::from_bytes::<Request<M>>(bytes) {
        let again = postcard::to_stdvec(&request).expect("it is plain data");
        assert!(postcard::from_bytes::<Request<M>>(&again).is_ok(), "{again:?}");
    }
    type Answered<M> = Result<Reply<M>, Failure<<M as Machine>::Refusal>>;
    drop(postcard::from_bytes::<Answered<M>>(bytes));
}

#[test]
fn what_another_node_says_is_read_or_not() {
    let mut seeds: Vec<Vec<u8>> = shipped().into_iter().map(|bytes| bytes[4..].to_vec()).collect();
    seeds.extend((0..12).map(|tag| vec![0, tag, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    fuzz("requests between nodes", 20_000, &seeds, |bytes| {
        is_told::<Slice>(bytes);
        is_told::<Till>(bytes);
        is_told::<Campaign>(bytes);
        is_told::<Catalogue>(bytes);
        is_told::<Range>(bytes);
        is_told::<Rack>(bytes);
        is_told::<lottery::Lottery>(bytes);
        is_told::<ballots::BallotBox>(bytes);
    });
}
