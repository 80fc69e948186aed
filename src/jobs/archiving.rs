//! Moves what is old out of the database, if the settings say after how many days.

use crate::shared::Shared;
use base::journal;
use base::journal::Value;

const DAY_S: u32 = 86_400;

/// A segment at a time, so that other jobs have their turn. Whether there may be more.
pub async fn archive_some(shared: &Shared) -> bool {
    let Some(days) = shared.config.archive_after_days else { return false };
    let until = shared.engine.node.now().minus_s(days * DAY_S);
    match shared.store.archive(until).await {
        Ok(more) => more,
        Err(error) => {
            journal::warn(
                "old facts could not be archived; they stay in the database",
                &[("error", Value::Text(&error))],
            );
            false
        }
    }
}
