//! Finds where in the log an instant lies, by halving.
//!
//! The order of the log is that of the commits, and the clocks of its records follow it but for
//! what a clock was set back. So a search allows for such a step, and whoever reads what it finds
//! looks at the time of each event.

use crate::feed::Feed;
use actors::Time;
use actors::domain::webhooks::WebhookReplay;
use actors::engine::record;
use actors::store::StoreError;

/// How far a clock may have been set back without an event being missed.
const CLOCK_STEP_S: u32 = 600;

/// The part of the log in which events of `[from, to)` lie.
pub async fn span(feed: &Feed, from: Time, to: Time) -> Result<WebhookReplay, StoreError> {
    let end = feed.end().await?;
    let cursor = before(feed, from.minus_s(CLOCK_STEP_S), end).await?;
    let end = before(feed, to.plus_s(CLOCK_STEP_S), end).await?;
    Ok(WebhookReplay { from, to, cursor, end })
}

/// The last position whose frame began before that instant.
async fn before(feed: &Feed, instant: Time, end: u64) -> Result<u64, StoreError> {
    let (mut before, mut not_before) = (0, end + 1);
    while before + 1 < not_before {
        let middle = before + (not_before - before) / 2;
        let frames = feed.frames(middle - 1, 1).await?.frames;
        match frames.first() {
            // There may be gaps between positions: nothing lies between the middle and what was
            // found.
            Some(fed) if record::began_at(&fed.frame).is_some_and(|at| at < instant) => {
                before = fed.position
            }
            _ => not_before = middle,
        }
    }
    Ok(before)
}
