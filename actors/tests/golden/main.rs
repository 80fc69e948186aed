//! The exact bytes of every record, as version 2 of the format writes them, which is the first that
//! is released.
//!
//! A line that changes here means that data already written can no longer be read. Never change
//! one; a new event gets a new line, and its variant goes to the end of its enum.

mod acts;
mod coupons;
mod import;
mod till;
mod voiding;
mod webhook;

use actors::domain::FiguresFor;
use actors::domain::ballots::{self, BoxName};
use actors::domain::day::Day;
use actors::domain::draw::Sealed;
use actors::domain::lottery::{
    self, BallotSetup, Beacon, Drawn, FirstPlan, FirstTicketSetup, Lot, LotteryPlan, MemberLimits,
    SecondPlan, TicketSetup,
};
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{
    self, FirstTerms, Label, OrderNumber, PartFate, Sale, SliceName, Wave,
};
use actors::engine::Key;
use actors::engine::record::{self, Entry, Record};
use actors::store::{Frame, Position};
use actors::{Id, Time};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

const ADA: Id = Id([0xad; 16]);
const AT: Time = Time(1_798_750_800_123);
const UNTIL: Time = Time(1_798_751_100_123);
const TICKETS: [Ticket; 2] =
    [Ticket { number: 301_234, copy: 1 }, Ticket { number: 301_235, copy: 10 }];

const ORDER: OrderNumber = OrderNumber { till: 3, number: 300 };

fn key() -> Key {
    Key { hash: Id([0x4e; 16]), command: 0x0123_4567_89ab_cdef }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex"))
        .collect()
}

fn written<E: Serialize>(key: Option<Key>, entry: &Entry<E>) -> Vec<u8> {
    let mut bytes = Vec::new();
    record::push(&mut bytes, ADA, AT, key, &record::entry_bytes(entry));
    bytes
}

/// What is written now is what was written then, and what was written then can be read now.
fn holds_both_ways<E: Serialize + DeserializeOwned + Debug + PartialEq>(
    key: Option<Key>,
    entry: Entry<E>,
    golden: &str,
) {
    assert_eq!(hex(&written(key, &entry)), golden, "{entry:?}");
    let frame = Frame {
        from: Position::default(),
        to: Position { seq: 1, head: [0; 32] },
        records: unhex(golden),
    };
    let read: Vec<Record<E>> = record::records(&frame).expect("a golden record can be read");
    assert_eq!(read, [Record { version: record::VERSION, caller: ADA, at: AT, key, entry }]);
}

fn slice_events() -> Vec<(tickets::Event, &'static str)> {
    use tickets::Event::*;
    let terms = FirstTerms {
        digits: 6,
        copies: 10,
        holds_per_member: 20,
        hold_max_s: 7200,
        closes_at: UNTIL,
    };
    vec![
        (
            Opened { lead: 3, terms },
            "2600000002adadadadadadadadadadadadadadadadf6a3b8ded96800000003060a14a038b6f3dcded968",
        ),
        (
            Held { hold: 17, owner: ADA, tickets: TICKETS.to_vec(), until: UNTIL },
            "3a00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000111adadadadadadadadadadad\
             adadadadad02b2b11201b3b1120ab6f3dcded968",
        ),
        (
            Confirmed { hold: 17, owner: ADA, tickets: TICKETS.to_vec() },
            "3400000002adadadadadadadadadadadadadadadadf6a3b8ded96800000211adadadadadadadadadadad\
             adadadadad02b2b11201b3b1120a",
        ),
        (
            Extended { hold: 17, until: UNTIL },
            "2100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000311b6f3dcded968",
        ),
        (
            Released { hold: 17, owner: ADA },
            "2b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000411adadadadadadadadadadad\
             adadadadad",
        ),
        (
            Expired { holds: vec![(17, ADA), (300, Id([0xb0; 16]))] },
            "3e00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000050211adadadadadadadadadad\
             adadadadadadac02b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0",
        ),
        (
            Refunded { ticket: TICKETS[0], hold: 17, owner: ADA, left: vec![TICKETS[1]] },
            "3400000002adadadadadadadadadadadadadadadadf6a3b8ded968000006b2b1120111adadadadadadad\
             adadadadadadadadad01b3b1120a",
        ),
        (
            Cleared { holds: vec![(17, ADA)] },
            "2c00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000070111adadadadadadadadadad\
             adadadadadad",
        ),
        (
            Sealed { sold: 1_000_000 },
            "1d00000002adadadadadadadadadadadadadadadadf6a3b8ded968000008c0843d",
        ),
        (
            HeldFor { order: ORDER, owner: ADA, tickets: TICKETS.to_vec() },
            "3600000002adadadadadadadadadadadadadadadadf6a3b8ded96800000903ac02adadadadadadadadad\
             adadadadadadad02b2b11201b3b1120a",
        ),
        (
            Followed { order: ORDER, owner: ADA, tickets: TICKETS.to_vec(), fate: PartFate::Sold },
            "3700000002adadadadadadadadadadadadadadadadf6a3b8ded96800000a03ac02adadadadadadadadad\
             adadadadadadad02b2b11201b3b1120a00",
        ),
        (
            FollowedRefund {
                order: ORDER,
                owner: ADA,
                tickets: TICKETS[..1].to_vec(),
                left: TICKETS[1..].to_vec(),
            },
            "3700000002adadadadadadadadadadadadadadadadf6a3b8ded96800000b03ac02adadadadadadadadad\
             adadadadadadad01b2b1120101b3b1120a",
        ),
        (
            Prepared { lead: 3, terms: Box::new(terms.in_full()) },
            "2b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000c03060a14a038b6f3dcded968\
             0000000000",
        ),
        (
            Prepared { lead: 0, terms: arranged().terms(&FIRST).expect("it has tickets").into() },
            "5a00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000c00040114a038b6f3dcded968\
             01f40301f6a3b8ded96801b6f3dcded96802f6a3b8ded96864b6f3dcded968f4030200000a0a0a0000000\
             40100070a0a00000004",
        ),
        (
            Referred { ticket: TICKETS[1], order: ORDER },
            "2100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000db3b1120a03ac02",
        ),
        (
            HoldRefunded {
                hold: 17,
                owner: ADA,
                tickets: TICKETS[..1].to_vec(),
                left: TICKETS[1..].to_vec(),
                refunded: TICKETS[..1].to_vec(),
            },
            "3a00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000e11adadadadadadadadadadad\
             adadadadad01b2b1120101b3b1120a01b2b11201",
        ),
        (
            PreparedIn { edition: 300, lead: 3, terms: Box::new(terms.in_full()) },
            "2d00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000fac0203060a14a038b6f3dcde\
             d9680000000000",
        ),
        (
            Withdrawn { edition: 300 },
            "1c00000002adadadadadadadadadadadadadadadadf6a3b8ded968000010ac02",
        ),
    ]
}

const SEALED: Sealed = Sealed { count: 300, root: [0x5a; 32] };

fn box_events() -> Vec<(ballots::Event, &'static str)> {
    use ballots::Event::{self, Opened, Submitted};
    let name = BoxName { pool: PoolName::Day(Day(20_261_231)), number: 3 };
    vec![
        (
            Opened { name, terms: ballots::BoxTerms { closes_at: UNTIL, most: 2_500_000 } },
            "2900000002adadadadadadadadadadadadadadadadf6a3b8ded968000000efd2d40903b6f3dcded968a0\
             cb9801",
        ),
        (
            Submitted { index: 300, nonce: 0x0123_4567_89ab_cdef, owner: ADA },
            "3500000002adadadadadadadadadadadadadadadadf6a3b8ded968000001ac02ef9bafcdf8acd19101ad\
             adadadadadadadadadadadadadadad",
        ),
        (
            Event::Sealed(SEALED),
            "3c00000002adadadadadadadadadadadadadadadadf6a3b8ded968000002ac025a5a5a5a5a5a5a5a5a5a\
             5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
        ),
        (
            Event::OpenedIn {
                edition: 300,
                name,
                terms: ballots::BoxTerms { closes_at: UNTIL, most: 2_500_000 },
            },
            "2b00000002adadadadadadadadadadadadadadadadf6a3b8ded968000003ac02efd2d40903b6f3dcded9\
             68a0cb9801",
        ),
        (
            Event::Withdrawn { edition: 300 },
            "1c00000002adadadadadadadadadadadadadadadadf6a3b8ded968000004ac02",
        ),
    ]
}

fn lottery_events() -> Vec<(lottery::Event, &'static str)> {
    use lottery::Event::{self, Arranged, Closed, Closing, Created, Planned};
    let tickets =
        FirstTicketSetup { digits: 6, copies: 10, holds_per_member: 20, hold_max_s: 7200 };
    let drawn_from = |round| {
        let commitment = [0xc0; 32];
        let ballots = BallotSetup {
            boxes: 4,
            most_per_box: 2_500_000,
            winners: 3,
            reserves: 300,
            commitment,
            round,
        };
        SecondPlan {
            name: "Año Nuevo".into(),
            closes_at: UNTIL,
            tickets: None,
            ballots: Some(ballots),
        }
    };
    let beacon = Beacon { round: 12_345_678, signature: vec![0xbe; 48] };
    let lot = Lot { number: 3, index: 1_000_000, nonce: 0x0123_4567_89ab_cdef, owner: ADA };
    let plan = |tickets| FirstPlan { name: "Año Nuevo".into(), closes_at: UNTIL, tickets };
    vec![
        (
            Created(plan(Some(tickets))),
            "3100000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000a41c3b16f204e7565766fb6\
             f3dcded96801060a14a038",
        ),
        (
            Created(plan(None)),
            "2c00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000a41c3b16f204e7565766fb6\
             f3dcded96800",
        ),
        (Closing, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000001"),
        (Closed, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000002"),
        (
            Planned(drawn_from(None)),
            "5600000002adadadadadadadadadadadadadadadadf6a3b8ded9680000030a41c3b16f204e7565766fb6\
             f3dcded968000104a0cb980103ac02c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\
             c0c0c0c000",
        ),
        (
            Planned(drawn_from(Some(12_345_678))),
            "5a00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000030a41c3b16f204e7565766fb6\
             f3dcded968000104a0cb980103ac02c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\
             c0c0c0c001cec2f105",
        ),
        (
            Arranged(drawn_from(None).into()),
            "5e00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000060a41c3b16f204e7565766fb6\
             f3dcded968000104a0cb980103ac02c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c\
             0c0c0c0c0000000000000000000",
        ),
        (
            Arranged(arranged()),
            "8200000002adadadadadadadadadadadadadadadadf6a3b8ded9680000060a41c3b16f204e7565766fb6\
             f3dcded96801040114a03801f403000201f6a3b8ded96801b6f3dcded96802f6a3b8ded96864b6f3dcded\
             968f40302067374616c6c73000a0a0a0000000405726f77203700070a0a00000004010401ac020a7b2268\
             616c6c223a317d",
        ),
        (
            Event::Withdrawing { edition: 300, plan: arranged(), created_at: UNTIL },
            "8a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000008ac020a41c3b16f204e756576\
             6fb6f3dcded96801040114a03801f403000201f6a3b8ded96801b6f3dcded96802f6a3b8ded96864b6f3\
             dcded968f40302067374616c6c73000a0a0a0000000405726f77203700070a0a00000004010401ac020a\
             7b2268616c6c223a317db6f3dcded968",
        ),
        (
            Event::Withdrawn { edition: 300, closes_at: UNTIL },
            "2200000002adadadadadadadadadadadadadadadadf6a3b8ded968000009ac02b6f3dcded968",
        ),
        (
            Event::Kept { edition: 300, closes_at: UNTIL },
            "2200000002adadadadadadadadadadadadadadadadf6a3b8ded96800000aac02b6f3dcded968",
        ),
        (
            Event::Stopped { closes_at: UNTIL },
            "2000000002adadadadadadadadadadadadadadadadf6a3b8ded968000007b6f3dcded968",
        ),
        (
            Event::Sealed { boxes: vec![SEALED, SEALED] },
            "5f00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000402ac025a5a5a5a5a5a5a5a5a\
             5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5aac025a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\
             5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
        ),
        (
            Event::Drawn(Drawn { seed: [0x5e; 32], beacon: None, lots: Vec::new() }),
            "3c00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000055e5e5e5e5e5e5e5e5e5e5e5e\
             5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e0000",
        ),
        (
            Event::Drawn(Drawn { seed: [0x5e; 32], beacon: Some(beacon), lots: vec![lot] }),
            "8e00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000055e5e5e5e5e5e5e5e5e5e5e5e\
             5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e01cec2f10530bebebebebebebebebebebebebebebebebe\
             bebebebebebebebebebebebebebebebebebebebebebebebebebebebebebebe0103c0843def9bafcdf8acd1\
             9101adadadadadadadadadadadadadadadad",
        ),
    ]
}

const FIRST: SliceName = SliceName { pool: PoolName::Day(Day(20_261_231)), digits: 4, lead: 0 };

/// A plan with all there is.
fn arranged() -> LotteryPlan {
    let label = |name: &str, pattern: &str| Label {
        name: name.into(),
        pattern: pattern.parse().expect("it is one"),
    };
    LotteryPlan {
        tickets: Some(TicketSetup::counted(500, 20, 7200)),
        figures: FiguresFor::Staff,
        sale: Sale {
            starts_at: Some(AT),
            ends_at: Some(UNTIL),
            waves: vec![Wave { at: AT, tickets: 100 }, Wave { at: UNTIL, tickets: 500 }],
        },
        labels: vec![label("stalls", "0***"), label("row 7", "07**")],
        limits: MemberLimits { held: Some(4), bought: Some(300) },
        metadata: r#"{"hall":1}"#.into(),
        ..LotteryPlan::named("Año Nuevo".into(), UNTIL)
    }
}

#[test]
fn the_records_of_a_slice_are_as_they_were() {
    slice_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Entry::Fact(event), golden));
}

#[test]
fn the_records_of_a_lottery_are_as_they_were() {
    lottery_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Entry::Fact(event), golden));
}

#[test]
fn the_records_of_a_box_are_as_they_were() {
    box_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Entry::Fact(event), golden));
}

#[test]
fn a_record_with_a_key_is_as_it_was() {
    holds_both_ways(
        Some(key()),
        Entry::Fact(lottery::Event::Closing),
        "3300000002adadadadadadadadadadadadadadadadf6a3b8ded968014e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e\
         ef9bafcdf8acd191010001",
    );
}

#[test]
fn the_notes_of_a_request_that_was_passed_on_are_as_they_were() {
    holds_both_ways::<lottery::Event>(
        Some(key()),
        Entry::Passed { to: 9 },
        "3300000002adadadadadadadadadadadadadadadadf6a3b8ded968014e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e\
         ef9bafcdf8acd191010109",
    );
    holds_both_ways::<lottery::Event>(
        Some(key()),
        Entry::Declined,
        "3200000002adadadadadadadadadadadadadadadadf6a3b8ded968014e4e4e4e4e4e4e4e4e4e4e4e4e4e4e4e\
         ef9bafcdf8acd1910102",
    );
}

#[test]
fn the_head_of_a_frame_is_as_it_was() {
    let head = "37ac513c41d495910b5131b285b412082464bcf3a9b76d30cd547ffb397ece55";
    let first =
        record::frame(Position::default(), 1, written(None, &Entry::Fact(lottery::Event::Closing)));
    assert_eq!((first.to.seq, hex(&first.to.head).as_str()), (1, head));
    let second = record::frame(first.to, 2, written(None, &Entry::Fact(lottery::Event::Closed)));
    assert_eq!(
        (second.to.seq, hex(&second.to.head).as_str()),
        (3, "5cd20448a05e72cfe4d38b8dc5158dec201c3b1b8317e38a9aab17c6059fedf2")
    );
}

#[test]
fn the_hash_of_a_key_is_as_it_was() {
    let key = Key::new(ADA, b"order-17", &[b"hold", b"2026-12-31", b"****23"]);
    assert_eq!(
        (hex(&key.hash.0).as_str(), key.command),
        ("1ed5cf9c8a48608216d80a80521ecc1b", 0xf227_aa7c_babf_48fb)
    );
    assert_eq!(hex(&Id::digest(&[b"a", b"bc"]).0), "9a8acca1b6c6c0befd3fbc756aed625d");
}

#[test]
fn the_home_of_a_key_is_as_it_was() {
    // Or a repeat would start elsewhere, and be answered twice.
    let home = |text: &[u8]| actors::engine::open::home(&Key::new(ADA, text, &[]), 10);
    assert_eq!([b"a", b"b", b"c", b"d", b"e"].map(|text| home(text)), [8, 8, 5, 3, 9]);
}
