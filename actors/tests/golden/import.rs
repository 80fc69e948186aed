//! The records of an import.

use super::{AT, holds_both_ways};
use actors::domain::coupons::rack::Spelling;
use actors::domain::coupons::{Discount, Offer, Serial};
use actors::domain::imports::{
    Event, FirstImportPlan, ImportPlan, OnDuplicate, Progress, WhyFailed,
};
use actors::engine::record::Entry;

fn events() -> Vec<(Event, &'static str)> {
    let offer = Offer { min_amount: Some(1000), ..Offer::of(Discount::percent(15)) };
    let first = |name, on_duplicate, dry_run| FirstImportPlan {
        name,
        file: [0xf1; 32],
        bytes: 10_737_418_240,
        offer,
        expires_at: AT,
        on_duplicate,
        dry_run,
    };
    let plan = |name, on_duplicate, dry_run| Event::Created(first(name, on_duplicate, dry_run));
    let planned = |spelling| {
        let first = first(Some("Año".into()), OnDuplicate::Skip, false);
        Event::Planned(ImportPlan { spelling, ..first.into() })
    };
    let progress = Progress {
        rows: 300,
        offset: 5000,
        imported: 295,
        duplicate: 3,
        invalid: 2,
        first_duplicate: Some(17),
    };
    vec![
        (
            plan(Some("Año".into()), OnDuplicate::Skip, false),
            "5300000002adadadadadadadadadadadadadadadadf6a3b8ded968000000010441c3b16ff1f1f1f1f1f1\
             f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f18080808028000f01e80700f6a3b8ded968\
             0000",
        ),
        (
            plan(None, OnDuplicate::Fail, true),
            "4e00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000000f1f1f1f1f1f1f1f1f1f1f1\
             f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f18080808028000f01e80700f6a3b8ded9680101",
        ),
        (
            Event::Registered { batch: Serial(4) },
            "1b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000104",
        ),
        (
            Event::Advanced(progress),
            "2400000002adadadadadadadadadadadadadadadadf6a3b8ded968000002ac028827a70203020111",
        ),
        (
            Event::Advanced(Progress { first_duplicate: None, ..progress }),
            "2300000002adadadadadadadadadadadadadadadadf6a3b8ded968000002ac028827a702030200",
        ),
        (Event::Finished, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000003"),
        (
            Event::Failed(WhyFailed::Duplicate { row: 300 }),
            "1d00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000400ac02",
        ),
        (
            Event::Failed(WhyFailed::FileMissing),
            "1b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000401",
        ),
        (
            Event::Failed(WhyFailed::FileChanged),
            "1b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000402",
        ),
        (Event::Cancelling, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000005"),
        (Event::Cancelled, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000006"),
        (Event::Reopened, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000007"),
        (
            planned(Spelling::Exact),
            "5400000002adadadadadadadadadadadadadadadadf6a3b8ded968000008010441c3b16ff1f1f1f1f1f1\
             f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f18080808028000f01e80700f6a3b8ded968\
             000000",
        ),
        (
            planned(Spelling::Loose),
            "5400000002adadadadadadadadadadadadadadadadf6a3b8ded968000008010441c3b16ff1f1f1f1f1f1\
             f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f18080808028000f01e80700f6a3b8ded968\
             000001",
        ),
    ]
}

#[test]
fn the_records_of_an_import_are_as_they_were() {
    events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Entry::Fact(event), golden));
}
