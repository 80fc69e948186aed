//! When a worker looks again for jobs that have not ended.
//!
//! Whoever makes or cancels a job on this node tells its worker, so nobody has to look where there
//! is none. What waits for something else is tried again soon. A job that came through another node
//! is found by a look now and then.

use actors::engine::Node;
use std::time::Duration;
use tokio::sync::Notify;

/// While a job is open, or it is not known whether one is.
const SOON: Duration = Duration::from_secs(1);
const BESIDE_OTHERS: Duration = Duration::from_secs(5);
const ALONE: Duration = Duration::from_secs(60);

/// Returns as soon as there is news, and else when it is time for a look.
pub async fn wait_for_news(node: &Node, news: &Notify, is_any_open: bool) {
    let is_busy = is_any_open || !node.is_settled();
    let _ =
        actix_rt::time::timeout(until_next_look(is_busy, node.has_neighbours()), news.notified())
            .await;
}

fn until_next_look(is_busy: bool, has_neighbours: bool) -> Duration {
    match (is_busy, has_neighbours) {
        (true, _) => SOON,
        (false, true) => BESIDE_OTHERS,
        (false, false) => ALONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_nothing_to_do_and_is_alone_hardly_looks() {
        let waits = [(true, false), (true, true), (false, true), (false, false)]
            .map(|(is_busy, has_neighbours)| until_next_look(is_busy, has_neighbours));
        assert!(waits.is_sorted() && waits[0] == waits[1]);
        assert!(waits[3] >= Duration::from_secs(60), "{waits:?}");
    }
}
