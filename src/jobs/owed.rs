//! Makes good the claims that members are owed since their first login, because nobody answered
//! them then.

use crate::welcome;
use actors::store::StoreError;
use base::journal;
use base::journal::Value;
use people::People;
use products::Engine;
use products::campaigns::first_logins::FirstLogins;

const AT_ONCE: usize = 100;
/// By which nodes share out the job.
const NAME: &str = "job/owed";

pub async fn make_good(engine: &Engine, people: &People, first_logins: &FirstLogins) {
    if !engine.should_do(NAME) {
        return;
    }
    if let Err(error) = all(people, first_logins).await {
        journal::warn(
            "claims that are owed could not be looked up",
            &[("error", Value::Text(&error))],
        );
    }
}

async fn all(people: &People, first_logins: &FirstLogins) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let owing = people.accounts.list_owing(after, AT_ONCE).await?;
        for owing in &owing {
            let (member, at, owed) = (owing.member, owing.first_login_at, owing.owed.clone());
            welcome::make_good(people, first_logins, member, at, owed).await;
        }
        match owing.last() {
            Some(last) if owing.len() == AT_ONCE => after = Some(last.member),
            _ => return Ok(()),
        }
    }
}
