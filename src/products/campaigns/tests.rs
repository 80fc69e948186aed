//! Administrators rename a campaign on several nodes at once, and the store fails, or a node dies,
//! at every write. Its name is always its own, nobody else's, and all others are free in the end.
//! In `pausing` somebody stands still at any step.

mod pausing;

use super::*;
use crate::failure::Refusal;
use actix_rt as rt;
use actors::domain::coupons::campaign::{CampaignChanges, Trigger};
use actors::domain::coupons::code::Keys;
use actors::domain::coupons::{Discount, Offer};
use actors::engine::record::{self, Entry};
use actors::engine::{Key, KeyWindow, Limits, Node};
use actors::{Id, Machine};
use futures_util::future::{join, join3};
use std::collections::BTreeSet;
use std::rc::Rc;
use testing::around::as_store;
use testing::memory::{Fate, MemoryStore};
use testing::write_trap::{ANY, WriteSnare, WriteTrap};

const ATTEMPTS: usize = 200;
const SERIAL: Serial = Serial(1);

struct AtANode {
    promotions: Arc<Promotions>,
    campaigns: Campaigns,
}

/// A campaign that is called A, and the data that its nodes share.
struct Stage {
    store: MemoryStore,
    snare: WriteSnare,
}

impl Stage {
    async fn set() -> Stage {
        let store = MemoryStore::default().confirming_reads();
        let stage = Stage { store, snare: WriteSnare::default() };
        let node = stage.node();
        node.register("A").await.unwrap();
        stage
    }

    fn node(&self) -> Rc<AtANode> {
        let trap =
            WriteTrap { memory: self.store.another_node(), snare: self.snare.clone(), of: ANY };
        let store = as_store(Arc::new(trap));
        let (window, limits) = (KeyWindow::new(1_000, 3600), Limits::default());
        let node = Node::new(store, Arc::new(|| Time(1)), window, limits);
        node.take_seat();
        let engine = Engine::new(node);
        let promotions = Arc::new(Promotions::new(engine.clone(), Arc::new(Keys::new([7; 32]))));
        let campaigns = Campaigns::new(engine, promotions.clone());
        Rc::new(AtANode { promotions, campaigns })
    }

    /// What the campaign's own log says of its name, in this order.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut last = 0;
        for frame in self.store.frames(&format!("{}/{SERIAL}", Campaign::KIND)) {
            for record in record::records::<Event>(&frame).unwrap() {
                let turn = match record.entry {
                    Entry::Fact(Event::RevisedInTurn { plan, turn }) => {
                        names.push(plan.name);
                        turn
                    }
                    Entry::Fact(Event::TurnPassed(turn)) => turn,
                    _ => continue,
                };
                assert!(turn > last, "turn {turn} came after {last}");
                last = turn;
            }
        }
        names
    }

    /// It has one of these names, and all others are free; also for a node that has just started.
    async fn has_one_of(&self, names: &[&str]) -> String {
        let node = self.node();
        let now = node.overview().await;
        let own = if now.withdrawn { None } else { Some(now.plan.name.as_str()) };
        assert!(own.is_none_or(|own| names.contains(&own)), "{own:?}");
        for name in names {
            assert_eq!(node.register(name).await.is_ok(), own != Some(*name), "{name} of {own:?}");
        }
        now.plan.name
    }
}

impl AtANode {
    async fn register(&self, name: &str) -> Result<Done<Promotion>, Error> {
        let entry = CatalogueEntry::Campaign(CampaignPlan {
            name: name.into(),
            quota: 1,
            starts_at: Time(0),
            ends_at: Time(1_000),
            trigger: Trigger::Claim,
            offer: Offer::of(Discount::percent(10)),
            valid_s: None,
        });
        self.promotions.register(entry, None, By::SYSTEM).await
    }

    async fn promotion(&self) -> Result<Arc<Promotion>, Error> {
        Ok(self.promotions.find(SERIAL).await?.expect("it is registered"))
    }

    async fn overview(&self) -> Overview {
        let promotion = self.promotion().await.unwrap();
        self.campaigns.overview(&promotion).await.unwrap().expect("it is open")
    }

    async fn rename_once(&self, name: &str, by: By) -> Result<Done<Overview>, Error> {
        let changes = CampaignChanges { name: Some(name.into()), ..Default::default() };
        let promotion = self.promotion().await?;
        self.campaigns.revise(&promotion, changes, by).await
    }
}

/// Asks until it is told what it came to, each time under the same key. None if it is over.
async fn rename(node: Rc<AtANode>, name: &str, after: usize) -> Option<String> {
    turns(after).await;
    // Nodes that take each other's partitions do not come again in step.
    let pace = usize::from(name.as_bytes()[0] - b'A');
    for attempt in 1..ATTEMPTS {
        match node.rename_once(name, under(name)).await {
            Ok(done) => return Some(done.event.plan.name),
            Err(error) if is_passing(&error) => turns(attempt * pace * 10).await,
            Err(error) => {
                let ended = Refusal::Campaign(campaign::Refusal::Ended);
                assert_eq!(error.refusal(), Some(&ended));
                return None;
            }
        }
    }
    panic!("{name} never comes to its end");
}

async fn withdraw(node: Rc<AtANode>, after: usize) {
    turns(after).await;
    for attempt in 1..ATTEMPTS {
        let promotion = node.promotion().await;
        let outcome = match promotion {
            Ok(promotion) => node.campaigns.withdraw(&promotion, under("withdraw")).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(done) => return assert!(done.event.withdrawn),
            Err(error) if is_passing(&error) => turns(attempt * 70).await,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("it is never withdrawn");
}

/// The others go on so often.
async fn turns(count: usize) {
    for _ in 0..count {
        rt::task::yield_now().await;
    }
}

fn under(name: &str) -> By {
    By::SYSTEM.under(Some(Key::new(Id([9; 16]), name.as_bytes(), &[name.as_bytes()])))
}

fn is_passing(Error(failure): &Error) -> bool {
    matches!(failure, Failure::Unknown | Failure::Moved | Failure::Unavailable(_) | Failure::Busy)
}

#[actix_rt::test]
async fn whichever_nodes_rename_a_campaign_at_once_there_is_one_order_of_its_names() {
    let mut last = BTreeSet::new();
    for lead in 0..40 {
        let stage = Stage::set().await;
        let (here, there) = (stage.node(), stage.node());
        let told = join3(
            rename(here.clone(), "B", 0),
            rename(there.clone(), "C", lead),
            rename(there, "D", 2 * lead),
        );
        let (b, c, d) = told.await;
        // Each hears what its own change came to, whatever others have made of it since.
        assert_eq!([b, c, d].map(Option::unwrap), ["B", "C", "D"]);
        let now = stage.has_one_of(&["A", "B", "C", "D"]).await;
        let names = stage.names();
        let different: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        assert_eq!((names.len(), different.len()), (3, 3), "each once: {names:?}");
        assert_eq!(names.last(), Some(&now));
        last.insert(now);
    }
    assert!(last.len() > 1, "always the same was last: {last:?}");
}

#[actix_rt::test]
async fn a_campaign_that_is_withdrawn_while_it_is_renamed_elsewhere_has_no_name() {
    let mut renamed = BTreeSet::new();
    for lead in 0..60 {
        let stage = Stage::set().await;
        let (here, there) = (stage.node(), stage.node());
        let (told, ()) = join(rename(here, "B", 30), withdraw(there, lead)).await;
        renamed.insert(told.is_some());
        assert!(stage.node().overview().await.withdrawn);
        stage.has_one_of(&["A", "B"]).await;
    }
    assert_eq!(renamed.len(), 2, "either was first at some time");
}

#[actix_rt::test]
async fn a_store_that_fails_at_any_write_of_a_rename_leaves_one_name() {
    for fate in [Fate::LoseUnknown, Fate::KeepButUnknown, Fate::Tear, Fate::Fence] {
        for place in 0.. {
            let stage = Stage::set().await;
            *stage.snare.lock().unwrap() = Some((place, fate));
            let (here, there) = (stage.node(), stage.node());
            let (b, c) = join(rename(here, "B", 0), rename(there, "C", 7 * place)).await;
            assert_eq!([b, c].map(Option::unwrap), ["B", "C"]);
            let was_met = stage.snare.lock().unwrap().take().is_none();
            stage.has_one_of(&["A", "B", "C"]).await;
            if !was_met {
                assert!(place > 5, "there are so many writes: {place}");
                break;
            }
        }
    }
}

#[actix_rt::test]
async fn what_a_node_that_died_left_of_a_rename_is_given_back_by_whoever_looks_twice() {
    for keeps in [false, true] {
        for place in 0..4 {
            let stage = Stage::set().await;
            *stage.snare.lock().unwrap() = Some((place, Fate::Stall));
            let node = stage.node();
            let renaming = rt::spawn(async move { rename(node, "B", 0).await });
            turns(400).await;
            renaming.abort();
            stage.store.crash(|_| keeps);
            let node = stage.node();
            let names = async || node.promotions.names_of(SERIAL).await.unwrap().names;
            let before = names().await;
            node.campaigns.finish_renames().await.unwrap();
            assert_eq!(names().await, before, "somebody may still be at it");
            node.campaigns.finish_renames().await.unwrap();
            assert_eq!(names().await, [node.overview().await.plan.name]);
            stage.has_one_of(&["A", "B"]).await;
        }
    }
}

#[actix_rt::test]
async fn what_a_node_that_died_left_of_a_rename_the_next_one_puts_in_order() {
    for (keeps, repeats) in [(false, false), (false, true), (true, false), (true, true)] {
        // It opens the campaign, takes the name, follows it, and gives back the other.
        for place in 0..4 {
            let stage = Stage::set().await;
            *stage.snare.lock().unwrap() = Some((place, Fate::Stall));
            let node = stage.node();
            let renaming = rt::spawn(async move { rename(node, "B", 0).await });
            turns(400).await;
            assert!(!stage.store.pending().is_empty(), "it dies at write {place}");
            renaming.abort();
            stage.store.crash(|_| keeps);
            stage.store.forget_snapshots();
            let node = stage.node();
            let now = node.overview().await.plan.name;
            assert!(["A", "B"].contains(&now.as_str()), "{now}");
            let another = node.register(&now).await.expect_err("it is the campaign's own");
            let by = SERIAL;
            let taken = actors::domain::coupons::catalogue::Refusal::NameTaken { by };
            assert_eq!(another.refusal(), Some(&Refusal::Promotions(taken)));
            let wanted = if repeats { "B" } else { "C" };
            assert_eq!(rename(node, wanted, 0).await.as_deref(), Some(wanted));
            assert_eq!(stage.has_one_of(&["A", "B", "C"]).await, wanted);
        }
    }
}
