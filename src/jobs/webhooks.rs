//! Keeps the feed moving: several times a second, because a reader who waits for an event should
//! not wait for long.

use crate::shared::Shared;
use actix_web::web::Data;
use std::sync::atomic::Ordering;
use std::time::Duration;

const TURN: Duration = Duration::from_millis(100);
const MEASURED_EVERY: u32 = 50;
const LOOKED_AROUND_EVERY: u32 = 10;

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(shared: Data<Shared>) {
    actix_web::rt::spawn(async move {
        let mut turns = 0u32;
        while !shared.draining.load(Ordering::Acquire) {
            if turns.is_multiple_of(LOOKED_AROUND_EVERY) && shared.engine.node.has_neighbours() {
                shared.webhooks.look_around();
            }
            shared.webhooks.turn().await;
            if turns.is_multiple_of(MEASURED_EVERY) {
                shared.webhooks.measure().await;
            }
            turns = turns.wrapping_add(1);
            actix_web::rt::time::sleep(TURN).await;
        }
    });
}
