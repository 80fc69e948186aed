//! Two whole engines, and a campaign that both believe to own: whoever is stale neither refuses nor
//! grants on what he remembers.

use actix_rt::{Arbiter, System};
use actors::domain::coupons::campaign::{Campaign, CampaignPlan, Command, Event, Refusal, Trigger};
use actors::domain::coupons::{Discount, Offer, Serial};
use actors::engine::{By, Failure, Key, KeyWindow, Limits, Node, Router};
use actors::time::Time;
use actors::{Caller, Id};
use cql::{CqlSettings, CqlStore, Tuning};
use harness::database::{database, store_of};
use std::sync::Arc;

const NAME: Serial = Serial(1);
const TURNS: u64 = 40;

fn few_records(settings: &CqlSettings) -> CqlStore {
    store_of(
        settings,
        Tuning { generation_records: 20, ..Tuning::default() },
        products::table::rows,
    )
}

fn engine(store: CqlStore) -> Router<Campaign> {
    let node = Node::new(
        Arc::new(store),
        Arc::new(|| Time(1_000)),
        KeyWindow::new(1_000, 3600),
        Limits::default(),
    );
    node.add_seat(Arbiter::new().handle());
    Router::new(node)
}

fn member(number: u64) -> Caller {
    let mut id = [9; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Caller::member(Id(id))
}

/// As a client does: an unknown outcome is asked for again, with the same key.
async fn ask(
    engine: &Router<Campaign>,
    command: Command,
    caller: Caller,
    key: String,
) -> Result<Event, Refusal> {
    let key = Key::new(caller.id, key.as_bytes(), &[key.as_bytes()]);
    for _ in 0..20 {
        match engine.command(&NAME, command.clone(), By::for_good(caller).under(Some(key))).await {
            Ok(done) => return Ok(done.event),
            Err(Failure::Refused(refusal)) => return Err(refusal),
            Err(Failure::Unknown | Failure::Moved) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("the outcome stays unknown");
}

async fn claim(engine: &Router<Campaign>, number: u64) -> Result<Event, Refusal> {
    let caller = member(number);
    ask(engine, Command::Claim { member: caller.id, code: None }, caller, format!("claim {number}"))
        .await
}

#[test]
fn a_stale_owner_neither_says_sold_out_nor_grants_what_is_gone() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let stores = [few_records(&settings), few_records(&settings)];
    System::new().block_on(async {
        let engines = stores.map(engine);
        let offer = Offer::of(Discount::percent(10));
        let plan = CampaignPlan {
            name: "duel".into(),
            quota: 1,
            starts_at: Time(0),
            ends_at: Time(1_000_000),
            trigger: Trigger::Claim,
            offer,
            valid_s: None,
        };
        ask(&engines[0], Command::Open(plan), Caller::SYSTEM, "open".into()).await.unwrap();
        assert!(matches!(claim(&engines[0], 1).await, Ok(Event::Granted { rank: 1, .. })));
        for turn in 1..=TURNS {
            let (here, there) = (&engines[turn as usize % 2], &engines[(turn as usize + 1) % 2]);
            assert_eq!(claim(here, 1_000 + turn).await, Err(Refusal::SoldOut));
            let more = Command::Change { quota: Some(turn + 1), ends_at: None };
            ask(there, more, Caller::SYSTEM, format!("change {turn}")).await.unwrap();
            // Here it was sold out when it was last looked at.
            let granted = claim(here, turn + 1).await;
            assert!(
                matches!(granted, Ok(Event::Granted { rank, .. }) if rank == turn + 1),
                "{granted:?}"
            );
            // There one was left when it was last looked at.
            assert_eq!(claim(there, 2_000 + turn).await, Err(Refusal::SoldOut));
        }
    });
}
