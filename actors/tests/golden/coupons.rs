//! The records of campaigns, batches, imported codes, and of all that is done with a coupon.

use super::{ADA, AT, UNTIL, holds_both_ways};
use actors::Id;
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{self, Trigger};
use actors::domain::coupons::coupon::{self, Past, Tenure, Use};
use actors::domain::coupons::range::{self, RangeTerms, VoidedCounts, VoidedCoupon};
use actors::domain::coupons::redeem::LapsedHold;
use actors::domain::coupons::{
    CancelBy, CodeTerms, Cut, Discount, Offer, Percent, Serial, catalogue, rack, redeem,
};
use actors::engine::record::Entry as Line;

const PERCENT: Offer = Offer {
    min_amount: Some(1000),
    max_discount: Some(50_000),
    ..Offer::of(Discount::percent(15))
};
const FIXED: Offer = Offer::of(Discount::Amount(500));

fn plan(trigger: Trigger) -> campaign::CampaignPlan {
    let valid_s = matches!(trigger, Trigger::Claim).then_some(864_000);
    campaign::CampaignPlan {
        name: "Año Nuevo".into(),
        quota: 100,
        starts_at: AT,
        ends_at: UNTIL,
        trigger,
        offer: PERCENT,
        valid_s,
    }
}

/// What an offer could not say at first.
const FULL: Offer =
    Offer { min_amount: Some(1000), cancel_by: CancelBy::Service, ..Offer::of(Discount::Nothing) };

fn what() -> Use {
    let cut = Cut { discount: Some(300), payable: Some(1700) };
    Use { by: Some(Id([0xb0; 16])), amount: Some(2000), cut, reference: Some("pedido 7".into()) }
}

fn catalogue_events() -> Vec<(catalogue::Event, &'static str)> {
    use actors::domain::coupons::catalogue::{BatchKind, BatchPlan, CatalogueEntry, Event::*};
    let batch = |name: Option<&str>, what| {
        CatalogueEntry::Batch(BatchPlan {
            name: name.map(Into::into),
            offer: FIXED,
            expires_at: UNTIL,
            what,
        })
    };
    vec![
        (
            Registered {
                serial: Serial(7),
                entry: CatalogueEntry::Campaign(plan(Trigger::FirstLogin)),
                key: 3,
            },
            "4000000002adadadadadadadadadadadadadadadadf6a3b8ded96800000007000a41c3b16f204e756576\
             6f64f6a3b8ded968b6f3dcded96800000f01e80701d086030003",
        ),
        (
            Registered {
                serial: Serial(9),
                entry: CatalogueEntry::Campaign(plan(Trigger::Claim)),
                key: 3,
            },
            "4300000002adadadadadadadadadadadadadadadadf6a3b8ded96800000009000a41c3b16f204e756576\
             6f64f6a3b8ded968b6f3dcded96801000f01e80701d086030180de3403",
        ),
        (
            Registered {
                serial: Serial(11),
                entry: CatalogueEntry::Campaign(plan(Trigger::Code("OPEN".into()))),
                key: 3,
            },
            "4500000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000b000a41c3b16f204e756576\
             6f64f6a3b8ded968b6f3dcded96802044f50454e000f01e80701d086030003",
        ),
        (
            Registered {
                serial: Serial(8),
                entry: batch(
                    Some("Año"),
                    BatchKind::Made { count: 10_000_000_000, one_per_member: true },
                ),
                key: 3,
            },
            "3500000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000801010441c3b16f01f40300\
             00b6f3dcded9680080c8afa0250103",
        ),
        (
            Registered {
                serial: Serial(10),
                entry: batch(None, BatchKind::Imported { job: Id([0x0b; 16]) }),
                key: 3,
            },
            "3a00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000a010001f4030000b6f3dcde\
             d968010b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b03",
        ),
        (
            with_offer(FULL),
            "4100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000007000a41c3b16f204e756576\
             6f64f6a3b8ded968b6f3dcded96801020201e80700010180de3403",
        ),
        (
            with_offer(Offer { discount: hundredths(1225), ..FULL }),
            "4300000002adadadadadadadadadadadadadadadadf6a3b8ded96800000007000a41c3b16f204e756576\
             6f64f6a3b8ded968b6f3dcded968010200c90901e80700010180de3403",
        ),
        (
            with_offer(Offer { discount: Discount::Amount(500), ..FULL }),
            "4300000002adadadadadadadadadadadadadadadadf6a3b8ded96800000007000a41c3b16f204e756576\
             6f64f6a3b8ded968b6f3dcded968010201f40301e80700010180de3403",
        ),
        (
            ExpiryListed { serial: Serial(8), expires_at: UNTIL },
            "2100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000108b6f3dcded968",
        ),
        (
            NameTaken { serial: Serial(7), name: "ñandú".into() },
            "2300000002adadadadadadadadadadadadadadadadf6a3b8ded9680000020707c3b1616e64c3ba",
        ),
        (
            Named {
                serial: Serial(7),
                turn: 300,
                names: vec!["ñandú".into()],
                given_back: vec!["a".into(), "b".into()],
            },
            "2b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000607ac020107c3b1616e64c3ba\
             0201610162",
        ),
        (
            NameGivenBack { serial: Serial(7), name: "ñandú".into() },
            "2300000002adadadadadadadadadadadadadadadadf6a3b8ded9680000030707c3b1616e64c3ba",
        ),
        (
            Renamed {
                serial: Serial(8),
                record: catalogue::CatalogueRecord {
                    entry: batch(
                        Some("Año"),
                        BatchKind::Made { count: 10_000_000_000, one_per_member: true },
                    ),
                    key: 3,
                    at: AT,
                },
            },
            "3b00000002adadadadadadadadadadadadadadadadf6a3b8ded9680000040801010441c3b16f01f403\
             0000b6f3dcded9680080c8afa0250103f6a3b8ded968",
        ),
        (
            RegisteredFor {
                serial: Serial(8),
                entry: batch(None, BatchKind::Made { count: 7, one_per_member: false }),
                key: 3,
                figures: FiguresFor::Members,
            },
            "2d00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000508010001f4030000b6f3dcde\
             d9680007000301",
        ),
    ]
}

fn hundredths(of: u16) -> Discount {
    Discount::Percent(Percent::of_hundredths(of).expect("it is one"))
}

fn with_offer(offer: Offer) -> catalogue::Event {
    let plan = campaign::CampaignPlan { offer, ..plan(Trigger::Claim) };
    let entry = catalogue::CatalogueEntry::Campaign(plan);
    catalogue::Event::Registered { serial: Serial(7), entry, key: 3 }
}

fn campaign_events() -> Vec<(campaign::Event, &'static str)> {
    use actors::domain::coupons::campaign::Event::*;
    vec![
        (
            Opened(plan(Trigger::Claim)),
            "4000000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000a41c3b16f204e7565766f64\
             f6a3b8ded968b6f3dcded96801000f01e80701d086030180de34",
        ),
        (
            Changed { quota: 300, ends_at: UNTIL },
            "2200000002adadadadadadadadadadadadadadadadf6a3b8ded968000001ac02b6f3dcded968",
        ),
        (Paused, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000002"),
        (Resumed, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000003"),
        (Ended, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000004"),
        (
            RevisedInTurn { plan: plan(Trigger::Claim), turn: 300 },
            "4200000002adadadadadadadadadadadadadadadadf6a3b8ded96800000a0a41c3b16f204e7565766f64\
             f6a3b8ded968b6f3dcded96801000f01e80701d086030180de34ac02",
        ),
        (TurnPassed(300), "1c00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000bac02"),
        (
            FiguresTold(FiguresFor::Staff),
            "1b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000902",
        ),
        (
            Granted { rank: 100, member: ADA, expires_at: UNTIL },
            "3100000002adadadadadadadadadadadadadadadadf6a3b8ded96800000564adadadadadadadadadadad\
             adadadadadb6f3dcded968",
        ),
        (
            Redeemed(redeem::Event::Voided { slot: 100, owner: ADA, tenure: tenure() }),
            "3900000002adadadadadadadadadadadadadadadadf6a3b8ded9680000060364adadadadadadadadadad\
             adadadadadadf6a3b8ded968b6f3dcded96800",
        ),
        (
            Revised(plan(Trigger::Claim)),
            "4000000002adadadadadadadadadadadadadadadadf6a3b8ded9680000070a41c3b16f204e7565766f\
             64f6a3b8ded968b6f3dcded96801000f01e80701d086030180de34",
        ),
        (Withdrawn, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000008"),
    ]
}

fn range_events() -> Vec<(range::Event, &'static str)> {
    use actors::domain::coupons::range::Event::*;
    vec![
        (
            Opened(RangeTerms {
                count: 625_000_000,
                offer: PERCENT,
                expires_at: UNTIL,
                one_per_member: true,
            }),
            "2f00000002adadadadadadadadadadadadadadadadf6a3b8ded968000000c0fc82aa02000f01e80701d0\
             8603b6f3dcded96801",
        ),
        (
            Assigned {
                slot: 300,
                member: ADA,
                source: Some(Id([0x50; 16])),
                expires_at: UNTIL,
                only_one: true,
            },
            "4400000002adadadadadadadadadadadadadadadadf6a3b8ded968000001ac02adadadadadadadadadad\
             adadadadadad0150505050505050505050505050505050b6f3dcded96801",
        ),
        (
            Assigned { slot: 301, member: ADA, source: None, expires_at: UNTIL, only_one: false },
            "3400000002adadadadadadadadadadadadadadadadf6a3b8ded968000001ad02adadadadadadadadadad\
             adadadadadad00b6f3dcded96800",
        ),
        (
            Redeemed(redeem::Event::Voided { slot: 300, owner: Id::SYSTEM, tenure: tenure() }),
            "3a00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000203ac02000000000000000000\
             00000000000000f6a3b8ded968b6f3dcded96800",
        ),
        (Paused, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000003"),
        (Resumed, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000004"),
        (
            Extended { expires_at: UNTIL },
            "2000000002adadadadadadadadadadadadadadadadf6a3b8ded968000005b6f3dcded968",
        ),
        (
            AllVoided(VoidedCounts { free: 300, assigned: 2 }),
            "1d00000002adadadadadadadadadadadadadadadadf6a3b8ded968000006ac0202",
        ),
        (Frozen, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000007"),
        (Thawed, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded968000008"),
        (
            Revised { offer: PERCENT, expires_at: UNTIL },
            "2900000002adadadadadadadadadadadadadadadadf6a3b8ded968000009000f01e80701d08603b6f3\
             dcded968",
        ),
        (Withdrawn, "1a00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000a"),
        (
            VoidedThose {
                job: Id([0x6a; 16]),
                coupons: vec![VoidedCoupon { slot: 300, owner: Id::SYSTEM, tenure: tenure() }],
                next: Some(1000),
                counts: VoidedCounts { free: 300, assigned: 2 },
            },
            "5000000002adadadadadadadadadadadadadadadadf6a3b8ded96800000b6a6a6a6a6a6a6a6a6a6a6a6a\
             6a6a6a6a01ac0200000000000000000000000000000000f6a3b8ded968b6f3dcded9680001e807ac0202",
        ),
        (FrozenInTurn(300), "1c00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000cac02"),
    ]
}

fn rack_events() -> Vec<(rack::Event, &'static str)> {
    use actors::domain::coupons::rack::Event::*;
    let terms = rack::RackTerms { offer: FIXED, expires_at: UNTIL };
    vec![
        (
            Imported {
                batch: Serial(10),
                terms,
                first: 300,
                lines: vec![(1, "AÑO-1".into()), (300, "b".into())],
            },
            "3500000002adadadadadadadadadadadadadadadadf6a3b8ded9680000000a01f4030000b6f3dcded968\
             ac0202010641c3914f2d31ac020162",
        ),
        (
            ImportedLoosely {
                batch: Serial(10),
                terms,
                first: 300,
                lines: vec![(1, "AÑO-1".into())],
            },
            "3100000002adadadadadadadadadadadadadadadadf6a3b8ded9680000030a01f4030000b6f3dcded968\
             ac0201010641c3914f2d31",
        ),
        (
            ImportedWithTerms {
                batch: Serial(10),
                terms,
                spelling: rack::Spelling::Loose,
                first: 300,
                lines: vec![
                    (
                        (1, "b".into()),
                        CodeTerms { expires_at: Some(UNTIL), ..CodeTerms::default() },
                    ),
                    (
                        (2, "c".into()),
                        CodeTerms {
                            discount: Some(Discount::Amount(500)),
                            min_amount: Some(1000),
                            max_discount: Some(300),
                            ..CodeTerms::default()
                        },
                    ),
                ],
            },
            "4500000002adadadadadadadadadadadadadadadadf6a3b8ded9680000040a01f4030000b6f3dcded968\
             01ac020201016201b6f3dcded968000000020163000101f40301e80701ac02",
        ),
        (
            In {
                batch: Serial(10),
                event: range::Event::Assigned {
                    slot: 1,
                    member: ADA,
                    source: None,
                    expires_at: UNTIL,
                    only_one: false,
                },
            },
            "3500000002adadadadadadadadadadadadadadadadf6a3b8ded9680000010a0101adadadadadadadadad\
             adadadadadadad00b6f3dcded96800",
        ),
        (
            Opened { batch: Serial(10), terms },
            "2600000002adadadadadadadadadadadadadadadadf6a3b8ded9680000020a01f4030000b6f3dcded9\
             68",
        ),
    ]
}

fn tenure() -> Tenure {
    Tenure { assigned_at: AT, expires_at: UNTIL, past: Vec::new() }
}

fn with_past() -> Tenure {
    let used = coupon::Used { at: AT, what: what() };
    Tenure { past: vec![Past { used, cancelled_at: UNTIL }], ..tenure() }
}

fn redeem_events() -> Vec<(redeem::Event, &'static str)> {
    use actors::domain::coupons::redeem::Event::*;
    vec![
        (
            Held { slot: 300, owner: ADA, tenure: tenure(), what: what(), until: UNTIL },
            "6300000002adadadadadadadadadadadadadadadadf6a3b8ded968000000ac02adadadadadadadadadad\
             adadadadadadf6a3b8ded968b6f3dcded9680001b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b001d00f01ac0201\
             a40d010870656469646f2037b6f3dcded968",
        ),
        (
            Used { slot: 300, owner: ADA, tenure: tenure(), what: what() },
            "5d00000002adadadadadadadadadadadadadadadadf6a3b8ded968000001ac02adadadadadadadadadad\
             adadadadadadf6a3b8ded968b6f3dcded9680001b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b001d00f01ac0201\
             a40d010870656469646f2037",
        ),
        (
            Used {
                slot: 300,
                owner: ADA,
                tenure: with_past(),
                what: Use { by: None, amount: None, cut: Cut::default(), reference: None },
            },
            "6e00000002adadadadadadadadadadadadadadadadf6a3b8ded968000001ac02adadadadadadadadadad\
             adadadadadadf6a3b8ded968b6f3dcded96801f6a3b8ded96801b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b001\
             d00f01ac0201a40d010870656469646f2037b6f3dcded9680000000000",
        ),
        (
            Cancelled { slot: 300, owner: ADA, tenure: tenure(), what: what() },
            "5d00000002adadadadadadadadadadadadadadadadf6a3b8ded968000002ac02adadadadadadadadadad\
             adadadadadadf6a3b8ded968b6f3dcded9680001b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b001d00f01ac0201\
             a40d010870656469646f2037",
        ),
        (
            Voided { slot: 300, owner: ADA, tenure: tenure() },
            "3900000002adadadadadadadadadadadadadadadadf6a3b8ded968000003ac02adadadadadadadadadad\
             adadadadadadf6a3b8ded968b6f3dcded96800",
        ),
        (
            Lapsed {
                holds: vec![
                    LapsedHold { slot: 300, owner: ADA, tenure: tenure() },
                    LapsedHold { slot: 1, owner: Id([0xb0; 16]), tenure: with_past() },
                ],
            },
            "8800000002adadadadadadadadadadadadadadadadf6a3b8ded96800000402ac02adadadadadadadadad\
             adadadadadadadf6a3b8ded968b6f3dcded9680001b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0f6a3b8ded968\
             b6f3dcded96801f6a3b8ded96801b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b001d00f01ac0201a40d01087065\
             6469646f2037b6f3dcded968",
        ),
        (
            Expired { until: UNTIL },
            "2000000002adadadadadadadadadadadadadadadadf6a3b8ded968000005b6f3dcded968",
        ),
        (
            Noticed { days: 3, until: UNTIL, coupons: vec![(300, ADA)], expires_at: vec![AT] },
            "3b00000002adadadadadadadadadadadadadadadadf6a3b8ded96800000603b6f3dcded96801ac02adad\
             adadadadadadadadadadadadadad01f6a3b8ded968",
        ),
    ]
}

#[test]
fn the_records_of_the_catalogue_are_as_they_were() {
    catalogue_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Line::Fact(event), golden));
}

#[test]
fn the_records_of_a_campaign_are_as_they_were() {
    campaign_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Line::Fact(event), golden));
}

#[test]
fn the_records_of_a_range_are_as_they_were() {
    range_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Line::Fact(event), golden));
}

#[test]
fn the_records_of_a_rack_are_as_they_were() {
    rack_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Line::Fact(event), golden));
}

#[test]
fn what_is_written_of_a_redeemed_coupon_is_as_it_was() {
    redeem_events()
        .into_iter()
        .for_each(|(event, golden)| holds_both_ways(None, Line::Fact(event), golden));
}
