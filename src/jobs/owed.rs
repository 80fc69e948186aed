//! Makes good the claims that members are owed since their first login, because nobody answered
//! them then.

use crate::shared::Shared;
use crate::welcome;
use actors::store::StoreError;
use base::journal;
use base::journal::Value;

const AT_ONCE: usize = 100;
/// By which nodes share out the job.
const NAME: &str = "job/owed";

pub async fn make_good(shared: &Shared) {
    if !shared.engine.should_do(NAME) {
        return;
    }
    if let Err(error) = all(shared).await {
        journal::warn(
            "claims that are owed could not be looked up",
            &[("error", Value::Text(&error))],
        );
    }
}

async fn all(shared: &Shared) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let owing = shared.people.accounts.list_owing(after, AT_ONCE).await?;
        for owing in &owing {
            welcome::make_good(shared, owing.member, owing.first_login_at, owing.owed.clone())
                .await;
        }
        match owing.last() {
            Some(last) if owing.len() == AT_ONCE => after = Some(last.member),
            _ => return Ok(()),
        }
    }
}
