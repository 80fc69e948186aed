//! The records of the book of acts.

use super::{ADA, AT, holds_both_ways};
use actors::Id;
use actors::domain::acts::Event::{self, *};
use actors::domain::acts::{Act, ActBy};
use actors::engine::record::Entry;

fn events() -> Vec<(Event, &'static str)> {
    let act = |by, reason: Option<&str>| Act {
        by,
        what: "voidCoupon".into(),
        path: "/api/v1/coupons/{code}/void".into(),
        dry_run: reason.is_none(),
        reason: reason.map(Into::into),
        request: "f4a4d5c700000012".into(),
    };
    let key = ActBy::Key { key: Id([0x4b; 16]), service: "ci".into() };
    vec![
        (
            Begun { number: 0, act: act(ActBy::Account(ADA), None) },
            "6600000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000000adadadadadadadadadadad\
             adadadadad0a766f6964436f75706f6e1b2f6170692f76312f636f75706f6e732f7b636f64657d2f766f69\
             6401001066346134643563373030303030303132",
        ),
        (
            Begun { number: 300, act: act(key, Some("it was sent twice")) },
            "7c00000002adadadadadadadadadadadadadadadadf6a3b8ded968000000ac02014b4b4b4b4b4b4b4b4b4b\
             4b4b4b4b4b4b0263690a766f6964436f75706f6e1b2f6170692f76312f636f75706f6e732f7b636f64657d\
             2f766f69640001116974207761732073656e742074776963651066346134643563373030303030303132",
        ),
        (
            Ended { number: 300, begun_at: AT, status: 409 },
            "2400000002adadadadadadadadadadadadadadadadf6a3b8ded968000001ac02f6a3b8ded9689903",
        ),
    ]
}

#[test]
fn the_records_of_acts_are_as_they_were() {
    events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Entry::Fact(event), golden));
}
