//! Keeps the feed moving: several times a second, because a reader who waits for an event should
//! not wait for long.

use actors::engine::Node;
use products::webhooks::Webhooks;
use std::sync::Arc;
use std::time::Duration;

const TURN: Duration = Duration::from_millis(100);
const MEASURED_EVERY: u32 = 50;
const LOOKED_AROUND_EVERY: u32 = 10;

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(node: Arc<Node>, webhooks: Arc<Webhooks>, stops: impl Fn() -> bool + 'static) {
    actix_web::rt::spawn(async move {
        let mut turns = 0u32;
        while !stops() {
            if turns.is_multiple_of(LOOKED_AROUND_EVERY) && node.has_neighbours() {
                webhooks.look_around();
            }
            webhooks.turn().await;
            if turns.is_multiple_of(MEASURED_EVERY) {
                webhooks.measure().await;
            }
            turns = turns.wrapping_add(1);
            actix_web::rt::time::sleep(TURN).await;
        }
    });
}
