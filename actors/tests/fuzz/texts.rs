//! Names, ids, patterns and codes.

use actors::Id;
use actors::domain::ballots::{BallotId, BoxName};
use actors::domain::coupons::code::{Keys, is_of_our_shape};
use actors::domain::coupons::{RackName, RangeName, Serial, code::CouponNumber};
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::{HoldId, Pattern, SliceName, TicketId};
use actors::domain::till::{OrderId, TillName};
use std::fmt::Display;
use std::str::FromStr;
use testing::fuzz::{fuzz, fuzz_text};

/// Read in the one way in which it is printed. Says whether it was read.
fn prints_alike<T: FromStr + Display>(text: &str) -> bool {
    let Ok(read) = text.parse::<T>() else { return false };
    assert_eq!(read.to_string(), text);
    true
}

#[test]
fn a_name_is_read_in_the_one_way_in_which_it_is_printed() {
    let seeds = [
        "2026-12-31",
        "summer-gala",
        "2026-12-31/3*****",
        "summer-gala/03*****",
        "h_20261231_6_3_17",
        "t_20261231_301234_1",
        "o_20261231_3_17",
        "o_summer-gala_0_4294967295",
        "2026-12-31/3",
        "bl_20261231_3_4_0000000000000fa0",
        "4****23",
        "0123",
        "01040g2081040g2081040g2081",
        "b_18/15",
        "7",
    ];
    type Prints = fn(&str) -> bool;
    let kinds: [(&str, Prints); 13] = [
        ("days", prints_alike::<Day>),
        ("pools", prints_alike::<PoolName>),
        ("slices", prints_alike::<SliceName>),
        ("holds", prints_alike::<HoldId>),
        ("tickets", prints_alike::<TicketId>),
        ("tills", prints_alike::<TillName>),
        ("orders", prints_alike::<OrderId>),
        ("boxes", prints_alike::<BoxName>),
        ("ballots", prints_alike::<BallotId>),
        ("patterns", prints_alike::<Pattern>),
        ("ranges", prints_alike::<RangeName>),
        ("racks", prints_alike::<RackName>),
        ("ids", prints_alike::<Id>),
    ];
    for (name, prints) in kinds {
        let mut read = 0u64;
        fuzz_text(name, 10_000, &seeds, |text| read += u64::from(prints(text)));
        assert!(read > 0, "none of the {name} was read");
    }
    fuzz_text("pools in ids", 20_000, &["20261231", "summer-gala", "a"], |text| {
        if let Ok(name) = PoolName::from_id(text) {
            assert_eq!(name.in_ids().to_string(), text);
        }
    });
}

#[test]
fn no_code_is_taken_for_ours_that_was_not_printed() {
    let keys = Keys::new([7; 32]);
    let place = CouponNumber { serial: Serial(18), index: 5 };
    let (code, other) = (keys.print(place).to_string(), "ABCDE-FGHJK-MNPQR-STVWX");
    let bare = code.replace('-', "").to_lowercase();
    fuzz_text("codes", 50_000, &[&code, &bare, other, "", "Ω"], |text| {
        let read = keys.read(text);
        assert!(read.is_err() || is_of_our_shape(text));
        if let Ok(found) = read {
            assert_eq!((found, keys.read(keys.print(found).as_str())), (place, Ok(place)));
        }
    });
}

#[test]
fn keys_of_codes_are_read_as_they_were_written() {
    let keys = Keys::new([7; 32]);
    let more = keys.rotated([8; 32]).expect("there is room");
    fuzz("keys of codes", 20_000, &[keys.to_bytes(), more.to_bytes()], |bytes| {
        if let Ok(read) = Keys::from_bytes(bytes) {
            assert_eq!(read.to_bytes(), bytes);
        }
    });
}
