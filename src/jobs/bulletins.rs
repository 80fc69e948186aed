//! What each second of the feed came to, for all who listen, and nothing while nobody does.

use crate::shared::Shared;
use actix_web::web::Data;
use actors::store::StoreError;
use base::journal::{self, Value};
use std::sync::atomic::Ordering;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(shared: Data<Shared>) {
    actix_web::rt::spawn(async move {
        let mut told_until = None;
        while !shared.draining.load(Ordering::Acquire) {
            told_until = match shared.board.is_heard() {
                true => tell(&shared, told_until).await.unwrap_or_else(|error| {
                    // The next bulletin has what this one would have had.
                    let error = &[("error", Value::Text(&error))];
                    journal::warn("a bulletin could not be made", error);
                    told_until
                }),
                false => None,
            };
            actix_web::rt::time::sleep(SECOND).await;
        }
        shared.board.end();
    });
}

/// Tells what has happened since, and until when that is.
async fn tell(shared: &Shared, told_until: Option<u64>) -> Result<Option<u64>, StoreError> {
    let bulletin = match told_until {
        Some(until) => shared.feed.bulletin(until).await?,
        None => shared.feed.first_bulletin().await?,
    };
    let news = (!bulletin.is_empty()).then(|| bulletin.write());
    shared.board.tell(news.as_deref(), &bulletin.after_this().write());
    Ok(Some(bulletin.until))
}
