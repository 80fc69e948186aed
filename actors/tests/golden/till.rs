//! The records of a till.

use super::{ADA, ORDER, TICKETS, UNTIL, holds_both_ways};
use actors::Id;
use actors::domain::tickets::Pattern;
use actors::domain::till::{
    Event, KeyShare, LimitKey, MemberLimits, OrderEnd, OrderPart, OrderWish, PastOrder, TillTerms,
};
use actors::engine::record::Entry;

const KEY: LimitKey = LimitKey(Id([0x6e; 16]));

fn pattern() -> Pattern {
    "30123*".parse().expect("it is one")
}

fn parts() -> Vec<OrderPart> {
    vec![
        OrderPart { lead: 3, tickets: TICKETS.to_vec() },
        OrderPart { lead: 4, tickets: Vec::new() },
    ]
}

fn past(end: OrderEnd) -> PastOrder {
    PastOrder {
        owner: ADA,
        pattern: pattern(),
        keys: vec![KEY],
        parts: parts(),
        refunded: TICKETS[1..].to_vec(),
        end,
        placed_until: Some(UNTIL),
        step: 3,
    }
}

fn events() -> Vec<(Event, &'static str)> {
    let limits = MemberLimits { held: Some(20), bought: Some(300) };
    let wish = OrderWish { pattern: pattern(), count: 10, at_least: 2, ttl_s: 300 };
    let given_up = PastOrder { parts: Vec::new(), placed_until: None, ..past(OrderEnd::GivenUp) };
    let share = KeyShare { step: 3, held: 0, bought: 300 };
    vec![
        (
            Event::Opened { terms: TillTerms { limits, hold_max_s: 7200, closes_at: UNTIL } },
            "2700000002adadadadadadadadadadadadadadadadf6a3b8ded968000000011401ac02a038b6f3dcded9\
             68",
        ),
        (
            Event::Begun { order: 17, owner: ADA, wish, keys: vec![KEY], give_up_at: UNTIL },
            "4e00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000111adadadadadadadadadadad\
             adadadadad03000102030a00060a02ac02016e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6eb6f3dcded968",
        ),
        (
            Event::Placed { order: 17, owner: ADA, parts: parts(), until: UNTIL, unsettled: true },
            "3f00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000211adadadadadadadadadadad\
             adadadadad020302b2b11201b3b1120a0400b6f3dcded96801",
        ),
        (
            Event::Extended { order: 17, until: UNTIL },
            "2100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000311b6f3dcded968",
        ),
        (
            Event::Confirmed { order: 17, past: past(OrderEnd::Sold), bought: 300 },
            "6100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000411adadadadadadadadadadad\
             adadadadad03000102030a0006016e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e020302b2b11201b3b1120a04\
             0001b3b1120a0001b6f3dcded96803ac02",
        ),
        (
            Event::Ended { orders: vec![(17, past(OrderEnd::Expired)), (300, given_up)] },
            "9400000002adadadadadadadadadadadadadadadadf6a3b8ded9680000050211adadadadadadadadadad\
             adadadadadad03000102030a0006016e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e020302b2b11201b3b1120a\
             040001b3b1120a0201b6f3dcded96803ac02adadadadadadadadadadadadadadadad03000102030a0006\
             016e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e0001b3b1120a030003",
        ),
        (
            Event::Refunded {
                order: 17,
                tickets: TICKETS[1..].to_vec(),
                past: past(OrderEnd::Sold),
                bought: 299,
            },
            "6600000002adadadadadadadadadadadadadadadadf6a3b8ded9680000061101b3b1120aadadadadadad\
             adadadadadadadadadad03000102030a0006016e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e020302b2b11201\
             b3b1120a040001b3b1120a0001b6f3dcded96803ab02",
        ),
        (
            Event::Settled { orders: vec![17, 300] },
            "1e00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000070211ac02",
        ),
        (
            Event::Taken { order: ORDER, key: KEY, count: 10 },
            "2e00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000803ac026e6e6e6e6e6e6e6e6e\
             6e6e6e6e6e6e6e0a",
        ),
        (
            Event::FollowedKey { order: ORDER, key: KEY, share, bought: 300 },
            "3300000002adadadadadadadadadadadadadadadadf6a3b8ded96800000903ac026e6e6e6e6e6e6e6e6e\
             6e6e6e6e6e6e6e0300ac02ac02",
        ),
        (
            Event::Cleared { orders: vec![(17, past(OrderEnd::Released))] },
            "6000000002adadadadadadadadadadadadadadadadf6a3b8ded96800000a0111adadadadadadadadadad\
             adadadadadad03000102030a0006016e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e020302b2b11201b3b1120a\
             040001b3b1120a0101b6f3dcded96803",
        ),
        (Event::Sealed, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000b"),
        (
            Event::OpenedIn {
                edition: 300,
                terms: TillTerms { limits, hold_max_s: 7200, closes_at: UNTIL },
            },
            "2900000002adadadadadadadadadadadadadadadadf6a3b8ded96800000cac02011401ac02a038b6f3dc\
             ded968",
        ),
        (
            Event::Withdrawn { edition: 300 },
            "1c00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000dac02",
        ),
        (
            Event::BegunInOne { order: 17, owner: ADA, wish, until: UNTIL, doubt_at: UNTIL },
            "4300000002adadadadadadadadadadadadadadadadf6a3b8ded96800000e11adadadadadadadadadadad\
             adadadadad03000102030a00060a02ac02b6f3dcded968b6f3dcded968",
        ),
        (
            Event::Doubted { orders: vec![17, 300] },
            "1e00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000f0211ac02",
        ),
    ]
}

#[test]
fn the_records_of_a_till_are_as_they_were() {
    for (event, golden) in events() {
        holds_both_ways(None, Entry::Fact(event), golden);
    }
}
