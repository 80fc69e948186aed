//! Accounts after they were made: read, changed, deleted.

use super::budgets::Budgets;
use super::ended::EndedSessions;
use super::error::Error;
use super::origin::RequestOrigin;
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use base::calendar;
use hashbrown::HashMap;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ports::Directory;
use ports::directory::{AccountRole, Changed, Changes, Dismissed, Member, Owing};
use ports::profile::NAMELESS;
use std::sync::Arc;

/// Members that are looked up at a stretch: a millisecond of a reader's time.
const AT_ONCE: usize = 250;

pub struct Accounts {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) ended: Arc<EndedSessions>,
    pub(crate) clock: Clock,
    pub(crate) time_zone: TimeZone,
}

impl Accounts {
    pub async fn find(&self, member: Id) -> Result<Option<Member>, StoreError> {
        Ok(self.directory.account_of(member).await?.map(|account| account.member))
    }

    /// Those of them that there are, by their ids.
    pub async fn find_all(&self, ids: Vec<Id>) -> Result<HashMap<Id, Member>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let members = self.directory.members_of(some.to_vec()).await?;
            found.extend(members.into_iter().map(|member| (member.id, member)));
        }
        Ok(found)
    }

    pub async fn list(&self, after: Option<Id>, limit: usize) -> Result<Vec<Member>, StoreError> {
        self.directory.members(after, limit).await
    }

    pub async fn count(&self) -> Result<u64, StoreError> {
        self.directory.count_members().await
    }

    /// Members who are owed something since their first login, after `after`.
    pub async fn list_owing(
        &self,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Owing>, StoreError> {
        self.directory.owing(after, limit).await
    }

    /// The member is owed `new` instead of `old`, unless it was settled meanwhile.
    pub async fn settle_owed(
        &self,
        member: Id,
        old: Vec<u8>,
        new: Option<Vec<u8>>,
    ) -> Result<bool, StoreError> {
        self.directory.settle_owed(member, old, new).await
    }

    /// Today, in the zone in which days are counted: what a birthday must lie before.
    pub fn birthday_before(&self) -> Date {
        calendar::today(&self.time_zone, (self.clock)())
    }

    pub async fn change(
        &self,
        member: Id,
        changes: Changes,
        origin: &RequestOrigin,
    ) -> Result<Member, Error> {
        match self.directory.change_member(member, changes).await? {
            Changed::Changed(member) => Ok(*member),
            Changed::Nameless => Err(NAMELESS.into()),
            Changed::Unknown => Err(Error::Unknown),
            Changed::Taken(kinds) => {
                self.budgets.count_probe(&origin.address).await?;
                Err(Error::Taken(kinds))
            }
        }
    }

    /// The member's sessions end, the identifiers are free, the id stays.
    pub async fn delete(&self, member: Id) -> Result<(), Error> {
        let at = (self.clock)();
        let deleted = self.directory.delete_member(member, at).await?;
        self.end_with(member, deleted, at).await
    }

    /// The member's sessions end, because their tokens say what the member might do before.
    pub async fn change_role(&self, member: Id, role: AccountRole) -> Result<Member, Error> {
        let at = (self.clock)();
        let changed = self.directory.change_role(member, role, at).await?;
        self.end_with(member, changed, at).await?;
        self.find(member).await?.ok_or(Error::Unknown)
    }

    /// Tells all nodes which sessions ended; also when they had ended before.
    async fn end_with(&self, member: Id, came: Dismissed, at: Time) -> Result<(), Error> {
        match came {
            Dismissed::Done(ended) => {
                self.ended.revoke(member, &ended, at).await;
                Ok(())
            }
            Dismissed::Unknown => {
                self.ended.revoke(member, &[], at).await;
                Err(Error::Unknown)
            }
            Dismissed::LastAdministrator => Err(Error::LastAdministrator),
        }
    }
}
