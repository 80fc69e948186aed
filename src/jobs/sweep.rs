//! Wakes partitions that have something due, or that were awake when the process went down.

use base::journal;
use base::journal::Value;
use products::Engine;

pub async fn wake_sleepers(engine: &Engine) {
    match engine.sleepers().await {
        Ok(sleepers) => sleepers.iter().for_each(|sleeper| engine.wake(sleeper)),
        Err(error) => journal::error(
            "sleeping partitions could not be listed",
            &[("error", Value::Text(&error))],
        ),
    }
}
