//! From where members have logged in. Plain writes: a place too many or too few does no harm.

use super::columns::FoundRow;
use super::people::CqlPeople;
use actors::store::StoreError;
use actors::{Id, Time};
use ports::directory::HOMES;
use ports::moving::Home;
use std::cmp::Reverse;

impl CqlPeople {
    /// Notes one, and forgets the oldest if there are too many.
    pub async fn note_home(&self, member: Id, home: Id, at: Time) -> Result<(), StoreError> {
        self.put_home(member, Home { home, at }).await?;
        let mut homes = self.homes_of(member).await?;
        homes.sort_by_key(|home| (Reverse(home.at), home.home));
        for old in homes.iter().skip(HOMES) {
            self.put(&self.statements.forget_home, (member.0.to_vec(), old.home.0.to_vec()))
                .await?;
        }
        Ok(())
    }

    pub async fn put_home(&self, member: Id, home: Home) -> Result<(), StoreError> {
        self.put(&self.statements.note_home, (member.0.to_vec(), home.home.0.to_vec(), home.at.0))
            .await
    }

    pub async fn is_home(&self, member: Id, home: Id) -> Result<bool, StoreError> {
        Ok(!self
            .look(&self.statements.home, (member.0.to_vec(), home.0.to_vec()))
            .await?
            .is_empty())
    }

    pub async fn forget_homes(&self, member: Id) -> Result<(), StoreError> {
        self.put(&self.statements.forget_homes, (member.0.to_vec(),)).await
    }

    /// In the order of what is kept of them.
    pub async fn homes_of(&self, member: Id) -> Result<Vec<Home>, StoreError> {
        let found = self.look(&self.statements.homes, (member.0.to_vec(),)).await?;
        let home = |found: &FoundRow| {
            let home = FoundRow::must("home", found.id("home"))?;
            Ok(Home { home, at: FoundRow::must("at", found.time("at"))? })
        };
        found.iter().map(home).collect()
    }
}
