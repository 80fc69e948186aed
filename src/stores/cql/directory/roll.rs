//! Who is a member: pages in the order of ids, how many there are, and who is owed something.
//!
//! Both lists lie in shares, chosen by the last byte of an id, so that no share grows out of hand
//! and a page is merged from all of them. A list's row is written before what it stands for and may
//! outlive it; where it leaves a doubt, the member's own row is asked, and nothing is ever counted
//! that is not so there. Nobody has to repair anything.

use super::columns::FoundRow;
use super::member::{self, MemberRow};
use super::people::CqlPeople;
use crate::error::{broken, unavailable};
use actors::Id;
use actors::store::StoreError;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use ports::directory::{AccountRole, Member, Owing};
use scylla::statement::prepared::PreparedStatement;
use std::collections::HashSet;
use std::ops::Range;
use std::time::{Duration, Instant};

const SHARES: i32 = 16;
/// Rows of members asked at once.
const AT_ONCE: usize = 64;
/// Up to so many the count is always made anew; beyond, making it takes no more than a hundredth of
/// the time.
const COUNTED_ANEW: u64 = 10_000;
const COUNTING_SHARE: u32 = 100;

/// A row of the roll: id, role, and its flags.
type RollRow = (Vec<u8>, Option<i64>, Option<bool>, Option<bool>, Option<bool>);

/// The same as it is meant.
pub struct RollLine {
    pub id: Id,
    /// As it was when the member was made.
    pub role: AccountRole,
    born: bool,
    leaving: bool,
    pub gone: bool,
}

impl RollLine {
    fn of((id, role, born, leaving, gone): RollRow) -> Result<RollLine, StoreError> {
        let says = |flag: Option<bool>| flag == Some(true);
        Ok(RollLine {
            id: Id(id.try_into().map_err(|_| broken("a member's id is not 16 bytes long"))?),
            role: member::role(role),
            born: says(born),
            leaving: says(leaving),
            gone: says(gone),
        })
    }
}

impl CqlPeople {
    pub async fn enrol(&self, member: Id, role: AccountRole) -> Result<(), StoreError> {
        self.put(&self.statements.enrol, (share(member), member.0.to_vec(), member::number(role)))
            .await
    }

    pub async fn note_born(&self, member: Id) -> Result<(), StoreError> {
        self.raise_flag(&self.statements.note_born, member).await
    }

    pub async fn note_leaving(&self, member: Id) -> Result<(), StoreError> {
        self.raise_flag(&self.statements.note_leaving, member).await
    }

    pub async fn note_gone(&self, member: Id) -> Result<(), StoreError> {
        self.raise_flag(&self.statements.note_gone, member).await
    }

    async fn raise_flag(
        &self,
        statement: &PreparedStatement,
        member: Id,
    ) -> Result<(), StoreError> {
        self.put(statement, (share(member), member.0.to_vec())).await
    }

    pub async fn page(&self, after: Option<Id>, limit: usize) -> Result<Vec<Member>, StoreError> {
        let (mut page, mut after) = (Vec::new(), after);
        loop {
            let listed = self.merged(&self.statements.roll_page, after, limit).await?;
            after = listed.last().map(|(id, _)| *id);
            let here =
                listed.iter().filter(|(_, found)| !found.says("gone")).map(|(id, _)| *id).collect();
            let rows = self.rows(here).await?;
            page.extend(rows.into_iter().filter_map(|row| Some(row.account?.member)));
            page.truncate(limit);
            if page.len() == limit || listed.len() < limit {
                return Ok(page);
            }
        }
    }

    pub async fn those_of(&self, members: Vec<Id>) -> Result<Vec<Member>, StoreError> {
        let rows = self.rows(members).await?;
        Ok(rows.into_iter().filter_map(|row| Some(row.account?.member)).collect())
    }

    /// The next rows of all shares in the order of ids; fewer than `limit` only when there are no
    /// more.
    async fn merged(
        &self,
        statement: &PreparedStatement,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<(Id, FoundRow)>, StoreError> {
        let after = after.unwrap_or(Id::SYSTEM).0.to_vec();
        let share = |share| {
            let values = (share, after.clone(), i32::try_from(limit).unwrap_or(i32::MAX));
            async move { FoundRow::all(&self.cql.read(statement, values).await?) }
        };
        let shares: Vec<Vec<FoundRow>> =
            stream::iter(0..SHARES).map(share).buffered(SHARES as usize).try_collect().await?;
        let named = |found: FoundRow| Ok((FoundRow::must("member", found.id("member"))?, found));
        let mut merged =
            shares.into_iter().flatten().map(named).collect::<Result<Vec<_>, StoreError>>()?;
        merged.sort_by_key(|(id, _)| *id);
        merged.truncate(limit);
        Ok(merged)
    }

    async fn rows(&self, members: Vec<Id>) -> Result<Vec<MemberRow>, StoreError> {
        stream::iter(members).map(|member| self.row(member)).buffered(AT_ONCE).try_collect().await
    }

    /// Members, not whoever may do more.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let mut last = self.last_count.lock().await;
        if let Some((count, until)) = *last
            && Instant::now() < until
        {
            return Ok(count);
        }
        let began = Instant::now();
        let (mut count, staff) = (0, self.staff().await?);
        for share in shares() {
            count += self.count_share(share, &staff).await?;
        }
        let rest: Duration =
            if count > COUNTED_ANEW { began.elapsed() * COUNTING_SHARE } else { Duration::ZERO };
        *last = Some((count, Instant::now() + rest));
        Ok(count)
    }

    /// All lines of a share, as they come.
    pub async fn roll(
        &self,
        share: i32,
    ) -> Result<impl Stream<Item = Result<RollLine, StoreError>> + Unpin, StoreError> {
        let all = self.cql.session().execute_iter(self.statements.roll.clone(), (share,));
        let rows = all.await.map_err(unavailable)?.rows_stream::<RollRow>().map_err(broken)?;
        Ok(rows.map(|row| RollLine::of(row.map_err(unavailable)?)))
    }

    async fn count_share(&self, share: i32, staff: &HashSet<Id>) -> Result<u64, StoreError> {
        let mut lines = self.roll(share).await?;
        let (mut count, mut doubtful) = (0, Vec::new());
        while let Some(RollLine { id, role, born, leaving, gone }) = lines.try_next().await? {
            let has_changed = staff.contains(&id);
            if gone || (role != AccountRole::Member && !has_changed) {
                continue;
            }
            match born && !leaving && !has_changed {
                true => count += 1,
                false => doubtful.push(id),
            }
        }
        let rows = self.rows(doubtful).await?;
        let members = rows.iter().filter_map(|row| row.account.as_ref());
        let members = members.filter(|account| account.member.role == AccountRole::Member);
        Ok(count + members.count() as u64)
    }

    pub async fn note_owing(&self, member: Id) -> Result<(), StoreError> {
        self.put(&self.statements.note_owing, (share(member), member.0.to_vec())).await
    }

    pub async fn forget_owing(&self, member: Id) -> Result<(), StoreError> {
        self.put(&self.statements.forget_owing, (share(member), member.0.to_vec())).await
    }

    pub async fn owed(&self, after: Option<Id>, limit: usize) -> Result<Vec<Owing>, StoreError> {
        let (mut owed, mut after) = (Vec::new(), after);
        loop {
            let listed = self.merged(&self.statements.owing_page, after, limit).await?;
            after = listed.last().map(|(id, _)| *id);
            for row in self.rows(listed.iter().map(|(id, _)| *id).collect()).await? {
                match owing(&row) {
                    Some(owing) => owed.push(owing),
                    // A first login can come only once, so what is settled stays settled.
                    None if is_settled(&row) => self.forget_owing(row.id).await?,
                    None => {}
                }
            }
            owed.truncate(limit);
            if owed.len() == limit || listed.len() < limit {
                return Ok(owed);
            }
        }
    }
}

fn owing(row: &MemberRow) -> Option<Owing> {
    let first_login_at = row.account.as_ref()?.member.first_login_at?;
    Some(Owing { member: row.id, first_login_at, owed: row.owed.clone()? })
}

fn is_settled(row: &MemberRow) -> bool {
    row.deleted_at.is_some()
        || row.account.as_ref().is_some_and(|account| account.member.first_login_at.is_some())
}

/// All of them.
pub fn shares() -> Range<i32> {
    0..SHARES
}

fn share(member: Id) -> i32 {
    i32::from(member.0[15]) % SHARES
}
