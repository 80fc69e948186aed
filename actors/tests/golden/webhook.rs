//! The records of a webhook.

use super::{AT, UNTIL, holds_both_ways};
use actors::domain::webhooks::Event::{self, *};
use actors::domain::webhooks::{Telling, Trouble, WebhookPlan, WebhookReplay, WhyDisabled};
use actors::engine::record::Entry;

fn events() -> Vec<(Event, &'static str)> {
    let plan = WebhookPlan {
        url: "https://shop.example/hook".into(),
        events: vec!["coupon.used".into(), "ticket.refunded".into()],
    };
    vec![
        (
            Created { plan, from: 300 },
            "5300000002adadadadadadadadadadadadadadadadf6a3b8ded9680000001968747470733a2f2f73686f\
             702e6578616d706c652f686f6f6b020b636f75706f6e2e757365640f7469636b65742e726566756e646564\
             ac02",
        ),
        (
            Advanced { line: Telling::Live, to: 301 },
            "1d00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000100ad02",
        ),
        (
            Advanced { line: Telling::Replay, to: 7 },
            "1c00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000010107",
        ),
        (
            Failed(Trouble { attempts: 3, next_at: UNTIL }),
            "2100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000203b6f3dcded968",
        ),
        (
            Disabled(WhyDisabled::Gone),
            "1b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000300",
        ),
        (
            Disabled(WhyDisabled::GaveUp),
            "1b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000301",
        ),
        (
            Disabled(WhyDisabled::Ordered),
            "1b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000302",
        ),
        (Enabled, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000004"),
        (Deleted, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000005"),
        (
            ReplayBegun(WebhookReplay { from: AT, to: UNTIL, cursor: 5, end: 300 }),
            "2900000002adadadadadadadadadadadadadadadadf6a3b8ded968000006f6a3b8ded968b6f3dcded968\
             05ac02",
        ),
    ]
}

#[test]
fn the_records_of_a_webhook_are_as_they_were() {
    events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Entry::Fact(event), golden));
}
