//! What is done under idempotency keys. A row lives longer than its key is remembered; what it says
//! is judged by its own time.

use super::columns::FoundRow;
use super::patience::pause;
use super::people::CqlPeople;
use super::step::too_many_races;
use actors::Id;
use actors::store::StoreError;
use ports::deeds::{Deed, DeedAttempt};

/// How often a deed is begun anew because another was faster.
const RACES: u32 = 20;
/// Nodes' clocks and the database's may differ by so much, and more.
const SPARE_S: i64 = 86_400;

impl CqlPeople {
    pub async fn begin_deed(&self, attempt: &DeedAttempt) -> Result<Option<Deed>, StoreError> {
        let Deed { key, meaning, at, mark, .. } = attempt.deed;
        for race in 0..RACES {
            let there = self.find_deed(key).await?;
            if there.is_some_and(|there| there.mark == mark) {
                // A write whose answer was lost has put it there.
                return Ok(None);
            }
            if let Some(there) = there.filter(|there| attempt.yields_to(there)) {
                return Ok(Some(there));
            }
            let before = there.map(|there| there.mark.0.to_vec());
            let (meaning, mark) = (meaning.0.to_vec(), mark.0.to_vec());
            let values = (lives_s(attempt), meaning, at.0, mark, key.0.to_vec(), before);
            if self.insist(&self.statements.begin_deed, &values).await?.applied {
                return Ok(None);
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    pub async fn end_deed(&self, attempt: &DeedAttempt, done: bool) -> Result<(), StoreError> {
        let (key, mark) = (attempt.deed.key.0.to_vec(), attempt.deed.mark.0.to_vec());
        let ended = match done {
            true => self.insist(&self.statements.end_deed, &(lives_s(attempt), key, mark)).await,
            false => self.insist(&self.statements.forget_deed, &(key, mark)).await,
        };
        ended.map(drop)
    }

    pub async fn find_deed(&self, key: Id) -> Result<Option<Deed>, StoreError> {
        let found = self.look(&self.statements.deed, (key.0.to_vec(),)).await?;
        // Of a row that is at its end, some columns may be there longer than others.
        let deed = |row: &FoundRow| {
            let (meaning, at, mark) = (row.id("meaning")?, row.time("at")?, row.id("mark")?);
            Some(Deed { key, meaning, at, mark, done: row.says("done") })
        };
        Ok(found.first().and_then(deed))
    }
}

fn lives_s(attempt: &DeedAttempt) -> i32 {
    let remembered_s = attempt.deed.at.0.saturating_sub(attempt.keys_since.0) / 1000;
    i32::try_from(remembered_s.saturating_add(SPARE_S)).unwrap_or(i32::MAX).min(LONGEST_S)
}

/// The database takes no longer one.
const LONGEST_S: i32 = 20 * 365 * 86_400;
