//! Whatever is registered is found, listed and refused again, also by a node that has just started
//! and remembers nothing.

use super::*;
use crate::campaigns::Campaigns;
use crate::failure::Refusal;
use actors::domain::coupons::Discount;
use actors::domain::coupons::campaign::{CampaignChanges, Trigger};
use actors::domain::coupons::catalogue::{BatchKind, BatchPlan};
use actors::engine::{KeyWindow, Limits, Node};
use futures_util::future::join3;
use testing::memory::MemoryStore;

const OFFER: Offer = Offer::of(Discount::percent(10));

fn node_on(store: &MemoryStore) -> Promotions {
    Promotions::new(engine_on(store), Arc::new(Keys::new([7; 32])))
}

fn engine_on(store: &MemoryStore) -> Arc<Engine> {
    let node = Node::new(
        Arc::new(store.another_node()),
        Arc::new(|| Time(1)),
        KeyWindow::new(1_000, 3600),
        Limits::default(),
    );
    node.take_seat();
    Engine::new(node)
}

fn campaign(name: &str) -> CatalogueEntry {
    CatalogueEntry::Campaign(campaign::CampaignPlan {
        name: name.into(),
        quota: 1,
        starts_at: Time(0),
        ends_at: Time(1_000),
        trigger: Trigger::Claim,
        offer: OFFER,
        valid_s: None,
    })
}

fn batch(expires_at: i64, what: BatchKind) -> CatalogueEntry {
    let expires_at = Time(expires_at);
    CatalogueEntry::Batch(BatchPlan { name: None, offer: OFFER, expires_at, what })
}

const MADE: BatchKind = BatchKind::Made { count: 1, one_per_member: false };
const BROUGHT: BatchKind = BatchKind::Imported { job: Id([7; 16]) };

async fn register(promotions: &Promotions, entry: CatalogueEntry) -> (u32, bool) {
    let done = promotions.register(entry, None, By::SYSTEM).await.unwrap();
    (done.event.serial.0, done.replayed)
}

/// A store with two campaigns and three batches, of which the second was imported.
async fn five() -> MemoryStore {
    let store = MemoryStore::default();
    let promotions = node_on(&store);
    for (entry, serial) in [
        (campaign("Welcome"), 1),
        (batch(50, MADE), 0),
        (batch(90, BROUGHT), 2),
        (campaign("Ωmega"), 3),
        (batch(50, MADE), 4),
    ] {
        assert_eq!(register(&promotions, entry).await, (serial, false));
    }
    store
}

#[actix_rt::test]
async fn a_name_that_is_taken_is_refused_by_every_node() {
    let store = five().await;
    for name in ["WELCOME", "ωMEGA"] {
        let told = node_on(&store).register(campaign(name), None, By::SYSTEM).await;
        let refusal = told.expect_err("it is taken").refusal().cloned();
        let by = Serial(if name == "WELCOME" { 1 } else { 3 });
        assert_eq!(refusal, Some(Refusal::Promotions(catalogue::Refusal::NameTaken { by })));
    }
    assert_eq!(register(&node_on(&store), campaign("Welcome ")).await, (5, false));
}

#[actix_rt::test]
async fn an_import_is_one_batch_for_every_node() {
    let store = five().await;
    assert_eq!(register(&node_on(&store), batch(60, BROUGHT)).await, (2, true));
    let found = node_on(&store).find(Serial(2)).await.unwrap().expect("it is there");
    assert_eq!(found.batch().unwrap().expires_at, Time(90), "as it was registered first");
}

#[actix_rt::test]
async fn what_is_registered_is_found_and_nothing_else() {
    let promotions = node_on(&five().await);
    for _ in 0..2 {
        let found = promotions.find(Serial(3)).await.unwrap().expect("it is there");
        assert_eq!((found.name(), found.created_at), (Some("Ωmega"), Time(1)));
    }
    assert!(promotions.find(Serial(5)).await.unwrap().is_none());
}

#[actix_rt::test]
async fn those_of_a_kind_are_listed_in_the_order_of_their_numbers() {
    let promotions = node_on(&five().await);
    let page = async |of, after: Option<u32>, limit| -> Vec<u32> {
        let page = promotions.page(of, after.map(Serial), limit).await.unwrap();
        page.into_iter().map(|promotion| promotion.serial.0).collect()
    };
    let (campaigns, batches) = (SerialKind::Campaign, SerialKind::Batch);
    assert_eq!(page(campaigns, None, 9).await, [1, 3]);
    assert_eq!(page(campaigns, None, 1).await, [1]);
    assert_eq!(page(campaigns, Some(1), 9).await, [3]);
    assert_eq!(page(campaigns, Some(2), 9).await, [3]);
    assert_eq!(page(batches, None, 2).await, [0, 2]);
    assert_eq!(page(batches, Some(2), 2).await, [4]);
    assert!(page(batches, Some(4), 2).await.is_empty());
}

#[actix_rt::test]
async fn to_whom_figures_are_told_is_found_and_listed_with_the_entry() {
    let store = five().await;
    let register = async |entry, figures| {
        let done = node_on(&store).register(entry, figures, By::SYSTEM).await.unwrap();
        assert_eq!(Some(done.event.figures), figures);
        done.event.serial
    };
    let secret = register(campaign("Secret"), Some(FiguresFor::Staff)).await;
    let shown = register(batch(70, MADE), Some(FiguresFor::Members)).await;
    let promotions = node_on(&store);
    for (serial, figures) in [
        (Serial(1), FiguresFor::Public),
        (Serial(0), FiguresFor::Staff),
        (secret, FiguresFor::Staff),
        (shown, FiguresFor::Members),
    ] {
        let found = promotions.find(serial).await.unwrap().expect("it is there");
        assert_eq!(found.figures, figures, "{serial}");
        let page = promotions.page(serial.of(), None, 9).await.unwrap();
        let listed = page.iter().find(|one| one.serial == serial).expect("it is listed");
        assert_eq!(listed.figures, figures, "{serial}");
    }
}

#[actix_rt::test]
async fn batches_are_found_by_the_window_in_which_they_expire() {
    let promotions = node_on(&five().await);
    let found = async |since, until, after: Option<(i64, u32)>, limit| -> Vec<u32> {
        let after = after.map(|(at, serial)| (Time(at), Serial(serial)));
        let found = promotions.expiring(Time(since), Time(until), after, limit).await.unwrap();
        found.into_iter().map(|(_, serial)| serial.0).collect()
    };
    assert_eq!(found(i64::MIN, 1_000, None, 9).await, [0, 4, 2]);
    assert_eq!(found(50, 90, None, 9).await, [0, 4]);
    assert_eq!(found(51, 91, None, 9).await, [2]);
    assert_eq!(found(0, 1_000, Some((50, 0)), 9).await, [4, 2]);
    assert_eq!(found(0, 1_000, Some((50, 4)), 1).await, [2]);
    assert!(found(0, 1_000, Some((90, 2)), 9).await.is_empty());
    assert_eq!(found(0, 1_000, None, 1).await, [0]);
}

#[actix_rt::test]
async fn a_campaign_has_its_name_alone_however_its_renames_meet() {
    for lead in 0..24 {
        let engine = engine_on(&MemoryStore::default());
        let promotions = Arc::new(Promotions::new(engine.clone(), Arc::new(Keys::new([7; 32]))));
        let campaigns = Campaigns::new(engine, promotions.clone());
        let (serial, _) = register(&promotions, campaign("A")).await;
        let known = promotions.find(Serial(serial)).await.unwrap().expect("it is there");
        let rename = async |name: &str, lead| {
            for _ in 0..lead {
                actix_rt::task::yield_now().await;
            }
            let changes = CampaignChanges { name: Some(name.into()), ..Default::default() };
            campaigns.revise(&known, changes, By::SYSTEM).await.unwrap();
        };
        join3(rename("B", 0), rename("A", lead), rename("C", 2 * lead)).await;
        let now = campaigns.overview(&known).await.unwrap().expect("it is open").plan.name;
        for name in ["A", "B", "C"] {
            let is_free = promotions.register(campaign(name), None, By::SYSTEM).await.is_ok();
            assert_eq!(is_free, name != now, "{name} while it is called {now}, {lead}");
        }
    }
}
