//! What is due happens by itself: partitions of one thread share a timer that rings once a second.
//! These tests wait for it, and for nothing else.

use super::bench::*;
use actors::domain::tickets::Event;
use actors::engine::Limits;
use std::time::Duration;

const PATIENCE_S: u64 = 30;

fn has_expired(bench: &Bench, lead: u8) -> bool {
    matches!(bench.facts(lead).last(), Some(Event::Expired { .. }))
}

async fn until_the_next_ring(is_so: impl Fn() -> bool) {
    for _ in 0..PATIENCE_S * 20 {
        if is_so() {
            return;
        }
        actix_rt::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing has happened");
}

#[test]
fn holds_expire_though_nobody_asks_and_whoever_was_asked_lately_stays_awake() {
    with_limits(Limits { idle_s: 3600, ..Limits::default() }, async |bench| {
        for lead in 0..2 {
            bench.command(lead, hold(&format!("{lead}123")), ADA, None).await.expect("it is free");
        }
        bench.pass_s(300);
        until_the_next_ring(|| (0..2).all(|lead| has_expired(&bench, lead))).await;
        settle().await;
        // Of the third, nothing is due.
        assert_eq!(bench.slices.awake().len(), 3);
    });
}
