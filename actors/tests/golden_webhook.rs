//! The exact bytes of a webhook's records, as the first version wrote them. Never change a line; a
//! new event gets a new one.

use actors::domain::webhook::Event::{self, *};
use actors::domain::webhook::{Line, Plan, Replay, Trouble, Why};
use actors::engine::record::{self, Entry, Record};
use actors::store::{Frame, Position};
use actors::{Id, Time};

const ADA: Id = Id([0xad; 16]);
const AT: Time = Time(1_798_750_800_123);
const UNTIL: Time = Time(1_798_751_100_123);

fn events() -> Vec<(Event, &'static str)> {
    let plan = Plan {
        url: "https://shop.example/hook".into(),
        events: vec!["coupon.used".into(), "ticket.refunded".into()],
    };
    vec![
        (
            Created { plan, from: 300 },
            "5300000001adadadadadadadadadadadadadadadadf6a3b8ded9680000001968747470733a2f2f73686f70\
             2e6578616d706c652f686f6f6b020b636f75706f6e2e757365640f7469636b65742e726566756e646564ac\
             02",
        ),
        (
            Advanced { line: Line::Live, to: 301 },
            "1d00000001adadadadadadadadadadadadadadadadf6a3b8ded96800000100ad02",
        ),
        (
            Advanced { line: Line::Replay, to: 7 },
            "1c00000001adadadadadadadadadadadadadadadadf6a3b8ded9680000010107",
        ),
        (
            Failed(Trouble { attempts: 3, next_at: UNTIL }),
            "2100000001adadadadadadadadadadadadadadadadf6a3b8ded96800000203b6f3dcded968",
        ),
        (Disabled(Why::Gone), "1b00000001adadadadadadadadadadadadadadadadf6a3b8ded96800000300"),
        (Disabled(Why::GaveUp), "1b00000001adadadadadadadadadadadadadadadadf6a3b8ded96800000301"),
        (Disabled(Why::Ordered), "1b00000001adadadadadadadadadadadadadadadadf6a3b8ded96800000302"),
        (Enabled, "1a00000001adadadadadadadadadadadadadadadadf6a3b8ded968000004"),
        (Deleted, "1a00000001adadadadadadadadadadadadadadadadf6a3b8ded968000005"),
        (
            ReplayBegun(Replay { from: AT, to: UNTIL, cursor: 5, end: 300 }),
            "2900000001adadadadadadadadadadadadadadadadf6a3b8ded968000006f6a3b8ded968b6f3dcded96805\
             ac02",
        ),
    ]
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

#[test]
fn the_records_of_a_webhook_are_as_they_were() {
    for (event, golden) in events() {
        let mut written = Vec::new();
        record::push(&mut written, ADA, AT, None, &record::entry_bytes(&Entry::Fact(&event)));
        assert_eq!(hex(&written), golden, "{event:?}");
        let frame = Frame {
            from: Position::default(),
            to: Position { seq: 1, head: [0; 32] },
            records: unhex(golden),
        };
        let read: Vec<Record<Event>> =
            record::records(&frame).expect("a golden record can be read");
        assert_eq!(
            read,
            [Record { version: 1, caller: ADA, at: AT, key: None, entry: Entry::Fact(event) }]
        );
    }
}
