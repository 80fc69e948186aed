//! That one administrator stays, whoever leaves at once, on whatever nodes.
//!
//! One row lists administrators who are sure to be some. Whoever is to be none any more reads their
//! own row, takes themselves off the list, and writes their own row at the version that was read;
//! the list is never left empty. Whoever finds nobody else on it looks for another administrator,
//! raises the version of that one's row, and adds them at the version of the list that was read
//! before. So of two steps that meet, one fails: an addition, because the list has moved on, or a
//! leave, because the row has. What a crash leaves is an administrator who is not on the list, and
//! is found again when one is needed.

use super::accounts::end_all;
use super::columns::FoundRow;
use super::member::MemberRow;
use super::patience::pause;
use super::people::CqlPeople;
use super::roll::shares;
use super::step::{Look, RowWrite, too_many_races};
use actors::store::StoreError;
use actors::{Id, Time};
use futures_util::stream::TryStreamExt;
use ports::directory::{AccountRole, Dismissed};
use std::collections::HashSet;

/// How often a step is tried anew because another was faster.
const RACES: u32 = 60;

struct Register {
    /// 0: nobody has written it yet.
    version: i64,
    sure: Vec<Id>,
}

impl CqlPeople {
    pub async fn put_role(
        &self,
        member: Id,
        role: AccountRole,
        at: Time,
    ) -> Result<Dismissed, StoreError> {
        let _turn = self.members_in_turn.of(member).await;
        for race in 0..RACES {
            let seen = self.see(member, Look::All).await?;
            let Some(mut account) = seen.row.account.clone() else {
                return Ok(Dismissed::Unknown);
            };
            if account.member.role == role {
                return Ok(Dismissed::Done(Vec::new()));
            }
            if !self.may_leave(&seen.row).await? {
                return Ok(Dismissed::LastAdministrator);
            }
            self.put(&self.statements.note_staff, (member.0.to_vec(),)).await?;
            account.member.role = role;
            let (mut write, ended) = end_all(&seen, None, at);
            write.row.account = Some(account);
            if self.attempt(write).await? {
                return Ok(Dismissed::Done(ended));
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    /// Whether the member of this row, as it was read, may be no administrator any more. Whoever
    /// is none may.
    pub async fn may_leave(&self, row: &MemberRow) -> Result<bool, StoreError> {
        if !is_administrator(row) {
            return Ok(true);
        }
        for race in 0..RACES {
            let mut register = self.register().await?;
            register.sure.retain(|sure| *sure != row.id);
            if register.sure.is_empty() {
                if !self.add_another(row.id, register).await? {
                    return Ok(false);
                }
            } else if self.put_register(register).await? {
                return Ok(true);
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    /// False if nobody else is an administrator. True: the list may have one more now.
    async fn add_another(&self, leaving: Id, mut register: Register) -> Result<bool, StoreError> {
        for other in self.perhaps_administrators().await? {
            if other == leaving {
                continue;
            }
            for race in 0..RACES {
                let row = self.row(other).await?;
                if !is_administrator(&row) {
                    break;
                }
                // Whatever was decided on this version of the row no longer counts.
                if self.attempt(RowWrite::of(row)).await? {
                    // Whoever leaves is off the list with it, and is no less an administrator.
                    register.sure = vec![other];
                    self.put_register(register).await?;
                    return Ok(true);
                }
                pause(race).await;
            }
        }
        Ok(false)
    }

    async fn register(&self) -> Result<Register, StoreError> {
        let found = self.look(&self.statements.register, ()).await?;
        let Some(row) = found.first() else {
            return Ok(Register { version: 0, sure: Vec::new() });
        };
        let sure = row.blob("sure").unwrap_or_default();
        let sure = sure.chunks_exact(16).filter_map(|id| id.try_into().ok().map(Id)).collect();
        Ok(Register { version: FoundRow::must("version", row.number("version"))?, sure })
    }

    /// False also if it is not known: then it is read anew.
    async fn put_register(&self, register: Register) -> Result<bool, StoreError> {
        let sure: Vec<u8> = register.sure.iter().flat_map(|id| id.0).collect();
        let expected = (register.version > 0).then_some(register.version);
        let put = &self.statements.put_register;
        Ok(self.insist(put, &(register.version + 1, sure, expected)).await?.applied)
    }

    /// Members whose role was ever changed.
    pub async fn staff(&self) -> Result<HashSet<Id>, StoreError> {
        let found = self.look(&self.statements.staff, ()).await?;
        found.iter().map(|row| FoundRow::must("member", row.id("member"))).collect()
    }

    /// All who are administrators, and some who are not: their rows say so.
    async fn perhaps_administrators(&self) -> Result<HashSet<Id>, StoreError> {
        let mut found = self.staff().await?;
        for share in shares() {
            let mut lines = self.roll(share).await?;
            while let Some(line) = lines.try_next().await? {
                if line.role == AccountRole::Admin && !line.gone {
                    found.insert(line.id);
                }
            }
        }
        Ok(found)
    }
}

fn is_administrator(row: &MemberRow) -> bool {
    row.account.as_ref().is_some_and(|account| account.member.role == AccountRole::Admin)
}
