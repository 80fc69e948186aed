//! What coupons and campaigns tell, from facts in a store: references that the outside knows, in
//! order, the same whenever they are read.

use crate::Engine;
use crate::campaigns::Campaigns;
use crate::coupons::Coupons;
use crate::coupons::batches::Batches;
use crate::feed::Feed;
use crate::promotions::Promotions;
use actors::domain::Only;
use actors::domain::coupons::catalogue::{self, BatchKind, BatchPlan, CatalogueEntry};
use actors::domain::coupons::code::{CouponNumber, Keys};
use actors::domain::coupons::{
    CancelBy, Discount, Offer, RackName, Serial, campaign, rack, range, redeem,
};
use actors::engine::{By, KeyWindow, Limits, Node};
use actors::store::StoreError;
use actors::{Caller, Id, Time};
use ports::Answer;
use ports::directory::Outsider;
use serde_json::{Value, json};
use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use testing::memory::MemoryStore;

const ADA: Caller = Caller { id: Id([7; 16]), role: actors::Role::Member };
const NOON: Time = Time(1_796_126_400_000);
const OFFER: Offer = Offer::of(Discount::percent(10));
const EXPIRY: Time = NOON.plus_s(86_400);

fn in_a_system(test: impl AsyncFnOnce(Arc<Engine>)) {
    actix_rt::System::new().block_on(async {
        let clock = Arc::new(|| NOON);
        let node = Node::new(
            Arc::new(MemoryStore::default()),
            clock,
            KeyWindow::new(1000, 3600),
            Limits::default(),
        );
        node.take_seat();
        test(Engine::new(node)).await;
    });
}

fn feed_of(engine: &Arc<Engine>) -> Feed {
    feed_that_asks(engine, |ids| Ok(vec![None; ids.len()]))
}

type Found = Result<Vec<Option<Outsider>>, StoreError>;

/// A feed that asks there what services call their members.
fn feed_that_asks(
    engine: &Arc<Engine>,
    outsiders: impl Fn(Vec<Id>) -> Found + Send + Sync + 'static,
) -> Feed {
    let keys = Arc::new(Keys::new([1; 32]));
    let promotions = Arc::new(Promotions::new(engine.clone(), keys.clone()));
    let campaigns = Arc::new(Campaigns::new(engine.clone(), promotions.clone()));
    let batches = Arc::new(Batches::new(engine.clone()));
    let coupons = Coupons::new(engine.clone(), keys, promotions.clone(), campaigns, batches);
    let outsiders = Box::new(move |ids| -> Answer<_> { Box::pin(ready(outsiders(ids))) });
    Feed::new(engine.clone(), promotions, Arc::new(coupons), outsiders)
}

/// The code of a coupon of ours, which no test has to know.
fn code(serial: Serial, index: u64) -> String {
    Keys::new([1; 32]).print(CouponNumber { serial, index }).to_string()
}

async fn told(engine: &Arc<Engine>) -> Vec<Value> {
    let read = feed_of(engine).after(0).await.unwrap();
    assert_eq!(read.to, read.end);
    assert!(read.events.is_sorted_by(|one, next| one.place < next.place));
    read.events.iter().map(|event| serde_json::from_str(&event.body).unwrap()).collect()
}

async fn register(engine: &Engine, entry: CatalogueEntry) -> Serial {
    let register = catalogue::Command::Register { entry, key: 0, figures: None };
    let done = engine.catalogue.command(&Only, register, By::SYSTEM).await.unwrap();
    done.event.registered().expect("it is registered").0
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn batch(count: u64) -> BatchPlan {
    BatchPlan {
        name: Some("Spring".into()),
        offer: OFFER,
        expires_at: EXPIRY,
        what: BatchKind::Made { count, one_per_member: false },
    }
}

#[test]
fn a_coupon_is_told_by_its_batch_and_index() {
    in_a_system(async |engine| {
        for (count, ranges) in [(100, 1), (2_000_000, 16)] {
            let plan = batch(count);
            let serial = register(&engine, CatalogueEntry::Batch(plan.clone())).await;
            let (name, slot) = plan.place(serial, 37).unwrap();
            assert_eq!(plan.ranges(serial).len(), ranges);
            let command = async |command| {
                drop(engine.ranges.command(&name, command, By::SYSTEM).await.unwrap())
            };
            command(range::Command::Open(plan.terms(&name).unwrap())).await;
            command(range::Command::Give { slot, member: ADA.id }).await;
            let use_it = redeem::Command::Use {
                slot,
                amount: Some(1000),
                reference: Some("order-7".into()),
                hold_s: None,
            };
            command(range::Command::Redeem(use_it)).await;
            let by = CancelBy::Member;
            command(range::Command::Redeem(redeem::Command::Cancel { slot, by })).await;
            command(range::Command::Redeem(redeem::Command::Notice {
                days: 3,
                since: NOON,
                until: EXPIRY.plus_s(1),
                from: 0,
            }))
            .await;
            command(range::Command::Redeem(redeem::Command::Void { slot })).await;

            let all = told(&engine).await;
            let of_batch: Vec<Value> = all
                .iter()
                .filter(|event| event.to_string().contains(&format!("\"{serial}\"")))
                .cloned()
                .collect();
            let expected = [
                "batch.created",
                "coupon.assigned",
                "coupon.used",
                "coupon.use_cancelled",
                "coupon.expiring",
                "coupon.voided",
            ];
            assert_eq!(types(&of_batch), expected);
            for event in &of_batch[1..] {
                assert_eq!(
                    event["data"]["coupon"],
                    json!({"batch": serial.to_string(), "index": 37, "code": code(serial, 37)}),
                    "{event}"
                );
                assert_eq!(event["data"]["member"], ADA.id.to_string());
            }
            let used = &of_batch[2]["data"];
            assert_eq!(
                (&used["discount"], &used["payable"], &used["reference"]),
                (&json!(100), &json!(900), &json!("order-7"))
            );
            assert_eq!(of_batch[4]["data"]["days"], 3);
            assert!(!of_batch[0].to_string().contains("Spring"), "names are not told");
            assert_eq!(told(&engine).await, all, "the same whenever it is read");
        }
    });
}

#[test]
fn a_voucher_is_told_by_its_campaign_and_rank_and_a_secret_code_not_at_all() {
    in_a_system(async |engine| {
        let plan = campaign::CampaignPlan {
            name: "Welcome".into(),
            quota: 2,
            starts_at: NOON,
            ends_at: EXPIRY,
            trigger: campaign::Trigger::Code("open-sesame".into()),
            offer: OFFER,
            valid_s: None,
        };
        let serial = register(&engine, CatalogueEntry::Campaign(plan.clone())).await;
        let command = async |command, caller| {
            drop(engine.campaigns.command(&serial, command, By::for_good(caller)).await.unwrap())
        };
        command(campaign::Command::Open(plan), Caller::SYSTEM).await;
        command(campaign::Command::Claim { member: ADA.id, code: Some("open-sesame".into()) }, ADA)
            .await;
        let hold =
            redeem::Command::Use { slot: 1, amount: None, reference: None, hold_s: Some(60) };
        command(campaign::Command::Redeem(hold), ADA).await;
        command(campaign::Command::Redeem(redeem::Command::Confirm { slot: 1 }), ADA).await;
        for order in [campaign::Command::Pause, campaign::Command::Resume, campaign::Command::End] {
            command(order, Caller::SYSTEM).await;
        }
        let all = told(&engine).await;
        let expected = [
            "campaign.created",
            "campaign.claimed",
            "coupon.held",
            "coupon.used",
            "campaign.paused",
            "campaign.resumed",
            "campaign.ended",
        ];
        assert_eq!(types(&all), expected);
        for event in &all[1..4] {
            assert_eq!(
                event["data"]["coupon"],
                json!({"campaign": serial.to_string(), "rank": 1, "code": code(serial, 1)})
            );
        }
        let text = Value::from(all).to_string();
        assert!(!text.contains("sesame") && !text.contains("Welcome"), "{text}");
    });
}

#[test]
fn imported_codes_are_told_by_their_codes_and_their_import_by_its_count() {
    in_a_system(async |engine| {
        let plan = BatchPlan { what: BatchKind::Imported { job: Id([5; 16]) }, ..batch(0) };
        let serial = register(&engine, CatalogueEntry::Batch(plan.clone())).await;
        let name = RackName::of("ABC-1");
        let command =
            async |command| drop(engine.racks.command(&name, command, By::SYSTEM).await.unwrap());
        let lines = vec![(1, "ABC-1".into()), (2, "ABC-2".into())];
        command(rack::Command::Import {
            batch: serial,
            terms: plan.rack_terms(),
            spelling: rack::Spelling::Exact,
            lines,
        })
        .await;
        command(rack::Command::In {
            batch: serial,
            command: range::Command::Give { slot: 1, member: ADA.id },
        })
        .await;
        let all = told(&engine).await;
        assert_eq!(types(&all), ["batch.created", "coupons.imported", "coupon.assigned"]);
        assert_eq!((&all[0]["data"]["count"], &all[1]["data"]["count"]), (&Value::Null, &json!(2)));
        assert_eq!(all[2]["data"]["coupon"], json!({"batch": serial.to_string(), "code": "ABC-2"}));
    });
}

#[test]
fn members_of_services_are_asked_for_once_a_page_and_nothing_is_told_before_they_are_known() {
    in_a_system(async |engine| {
        let plan = batch(10);
        let serial = register(&engine, CatalogueEntry::Batch(plan.clone())).await;
        let (name, _) = plan.place(serial, 0).unwrap();
        let command =
            async |command| drop(engine.ranges.command(&name, command, By::SYSTEM).await.unwrap());
        command(range::Command::Open(plan.terms(&name).unwrap())).await;
        for (slot, member) in [ADA.id, Id([8; 16]), ADA.id].into_iter().enumerate() {
            command(range::Command::Give { slot: slot as u64, member }).await;
        }
        let asked: Arc<Mutex<Vec<Vec<Id>>>> = Arc::default();
        let failures = Arc::new(AtomicUsize::new(1));
        let notes = asked.clone();
        let feed = feed_that_asks(&engine, move |ids| {
            if failures.swap(0, Ordering::Relaxed) > 0 {
                return Err(StoreError::Unavailable("the directory is away".into()));
            }
            notes.lock().unwrap().push(ids.clone());
            let theirs = |member| Outsider { member, service: "shop".into(), theirs: "m1".into() };
            Ok(ids.into_iter().map(|id| (id == ADA.id).then(|| theirs(id))).collect())
        });
        feed.after(0).await.unwrap_err();
        let read = feed.after(0).await.unwrap();
        let told: Vec<Value> =
            read.events.iter().map(|event| serde_json::from_str(&event.body).unwrap()).collect();
        let known: Vec<&Value> = told[1..].iter().map(|told| &told["data"]["known_as"]).collect();
        let shop = json!({"service": "shop", "id": "m1"});
        assert_eq!(known, [&shop, &Value::Null, &shop]);
        assert_eq!(*asked.lock().unwrap(), [[ADA.id, Id([8; 16])]]);
    });
}

#[test]
fn a_bulletin_counts_all_has_the_newest_as_they_are_told_and_asks_for_nobody_else() {
    in_a_system(async |engine| {
        let plan = batch(100);
        let serial = register(&engine, CatalogueEntry::Batch(plan.clone())).await;
        let (name, _) = plan.place(serial, 0).unwrap();
        let command =
            async |command| drop(engine.ranges.command(&name, command, By::SYSTEM).await.unwrap());
        command(range::Command::Open(plan.terms(&name).unwrap())).await;
        for slot in 0..30 {
            command(range::Command::Give { slot, member: Id([slot as u8; 16]) }).await;
        }
        let all = told(&engine).await;
        let asked: Arc<Mutex<Vec<Id>>> = Arc::default();
        let notes = asked.clone();
        let feed = feed_that_asks(&engine, move |ids| {
            notes.lock().unwrap().extend(ids.iter().copied());
            Ok(vec![None; ids.len()])
        });
        let bulletin = feed.bulletin(0).await.unwrap();
        let said: Value = serde_json::from_str(&bulletin.write()).unwrap();
        assert_eq!(said["counts"], json!({"batch.created": 1, "coupon.assigned": 30}));
        let of_batch = json!({"batches": {serial.to_string(): {"counts": said["counts"]}}});
        assert_eq!(said["things"], of_batch);
        assert_eq!(said["left_out"], json!({"events": 11, "of_things": 0}));
        assert_eq!(said["events"], Value::from(all[11..].to_vec()));
        let newest: Vec<Id> = (10..30).map(|n| Id([n; 16])).collect();
        assert_eq!(*asked.lock().unwrap(), newest);

        let end = feed.end().await.unwrap();
        assert_eq!((&said["after"], &said["until"]), (&json!("0"), &json!(end.to_string())));
        let next = feed.bulletin(bulletin.until).await.unwrap();
        assert!(next.is_empty() && !bulletin.is_empty());
        assert_eq!((next.until, feed.first_bulletin().await.unwrap().until), (end, end));
        command(range::Command::Give { slot: 30, member: ADA.id }).await;
        let next: Value = serde_json::from_str(&feed.bulletin(end).await.unwrap().write()).unwrap();
        assert_eq!((&next["after"], &next["left_out"]["events"]), (&said["until"], &json!(0)));
        assert_eq!(next["events"][0]["data"]["coupon"]["index"], 30);
    });
}

#[test]
fn a_frame_that_cannot_be_read_stops_the_feed_and_is_not_left_out() {
    in_a_system(async |engine| {
        use actors::store::{Append, Position};
        use testing::contract;
        register(&engine, CatalogueEntry::Batch(batch(1))).await;
        let frame = actors::engine::record::frame(Position::default(), 1, vec![1, 2, 3]);
        let append = Append { partition: "campaign/c_1".into(), frame, rows: Vec::new() };
        contract::answer(|done| engine.node.store.append(append, done));
        let feed = feed_of(&engine);
        let why = feed.after(0).await.unwrap_err();
        assert!(why.to_string().contains("campaign/c_1"), "{why}");
    });
}
