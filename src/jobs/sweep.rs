//! Wakes partitions that have something due, or that were awake when the process went down.

use crate::app::Shared;
use crate::log::{self, Value};
use actors::store::Store;
use tokio::sync::oneshot;

pub async fn wake_sleepers(shared: &Shared) {
    let (done, sleepers) = oneshot::channel();
    let answer = move |sleepers| {
        let _ = done.send(sleepers);
    };
    shared.store().sleepers(shared.engine.node.now(), Box::new(answer));
    match sleepers.await {
        Ok(Ok(sleepers)) => sleepers.iter().for_each(|sleeper| shared.engine.wake(sleeper)),
        Ok(Err(error)) => log::error("sleeping partitions could not be listed", &[("error", Value::Text(&error))]),
        Err(_) => {}
    }
}
