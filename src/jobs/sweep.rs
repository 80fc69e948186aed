//! Wakes partitions that have something due, or that were awake when the process went down.

use crate::shared::Shared;
use base::journal;
use base::journal::Value;

pub async fn wake_sleepers(shared: &Shared) {
    match shared.engine.sleepers().await {
        Ok(sleepers) => sleepers.iter().for_each(|sleeper| shared.engine.wake(sleeper)),
        Err(error) => journal::error(
            "sleeping partitions could not be listed",
            &[("error", Value::Text(&error))],
        ),
    }
}
