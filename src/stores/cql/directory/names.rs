//! Identifiers: who owns one, and how a claim to one is made, given up, and taken over.
//!
//! The member's row is the truth: a member owns an identifier if and only if their account is alive
//! and lists it. A row here is a claim: the right of one member to write the identifier into their
//! row, at one version of that row. If that row does not bear the claim out, another member may
//! take it over, once it is sure that the row never will. When the row is past the claim's version,
//! it cannot bear it out any more. When it is still at that version, the version is raised first.
//! So a claim that a crash left behind does no harm, and no clock is needed.

use super::columns::FoundRow;
use super::member::MemberRow;
use super::patience::pause;
use super::people::CqlPeople;
use super::step::{RowWrite, too_many_races};
use actors::store::StoreError;
use actors::{Id, Time};
use ports::directory::Account;
use std::time::Duration;

/// How often a claim is tried.
const RACES: u32 = 60;
/// How long a member may be between their claim and their row before others come in between. A
/// courtesy: it decides nothing.
const COURTESY: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameClaim {
    pub member: Id,
    /// The version of the member's row that it is good for.
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    Mine,
    Taken,
}

impl CqlPeople {
    pub async fn named(&self, folded: &str) -> Result<Option<Account>, StoreError> {
        let mut claim = self.claim_to(folded).await?;
        if claim.is_none() {
            // An unknown name takes the time of a known one: the row of nobody is read, too.
            self.row(Id::digest(&[b"nobody", folded.as_bytes()])).await?;
        }
        for race in 0..RACES {
            let Some(found) = claim else { return Ok(None) };
            let row = self.row(found.member).await?;
            if row.lists(folded) {
                return Ok(row.account);
            }
            // It may have got another owner between the two looks.
            claim = self.claim_to(folded).await?;
            if claim == Some(found) {
                return Ok(None);
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    /// The account that a registration with this key has made since then.
    pub async fn registered(&self, key: Id, since: Time) -> Result<Option<Account>, StoreError> {
        let Some(claim) = self.claim_to(&name_of_key(key)).await? else { return Ok(None) };
        let row = self.row(claim.member).await?;
        Ok(if row.was_made_with(key, since) { row.account } else { None })
    }

    pub async fn claim_to(&self, folded: &str) -> Result<Option<NameClaim>, StoreError> {
        let found = self.look(&self.statements.claim, (folded,)).await?;
        let claim = found.first().map(|row| {
            let member = FoundRow::must("member", row.id("member"))?;
            Ok(NameClaim {
                member,
                version: FoundRow::must("at_version", row.number("at_version"))?,
            })
        });
        claim.transpose()
    }

    /// Claims an identifier that the row does not list, for the next change of that row.
    pub async fn claim(&self, folded: &str, row: &MemberRow) -> Result<Claimed, StoreError> {
        self.claim_unless(folded, row, |other| other.lists(folded)).await
    }

    /// Claims the key of a registration in the same manner; an account has it for as long as it is
    /// remembered.
    pub async fn claim_key(
        &self,
        key: Id,
        since: Time,
        row: &MemberRow,
    ) -> Result<Claimed, StoreError> {
        self.claim_unless(&name_of_key(key), row, |other| other.was_made_with(key, since)).await
    }

    async fn claim_unless(
        &self,
        folded: &str,
        row: &MemberRow,
        bears_out: impl Fn(&MemberRow) -> bool,
    ) -> Result<Claimed, StoreError> {
        let mine = NameClaim { member: row.id, version: row.version };
        let mut waited_for = None;
        for race in 0..RACES {
            match self.claim_to(folded).await? {
                Some(found) if found == mine => return Ok(Claimed::Mine),
                None => self.claim_free(folded, mine).await,
                // My own from before, or one that a row of mine does not need any more.
                Some(found) if found.member == mine.member => {
                    self.claim_over(folded, mine, found).await
                }
                Some(found) => {
                    let other = self.row(found.member).await?;
                    if bears_out(&other) {
                        return Ok(Claimed::Taken);
                    }
                    if other.version > found.version {
                        self.claim_over(folded, mine, found).await;
                    } else if waited_for.replace(found) == Some(found) {
                        self.fence(other).await?;
                    } else {
                        tokio::time::sleep(COURTESY).await;
                        continue;
                    }
                }
            }
            pause(race.saturating_sub(3)).await;
        }
        Err(too_many_races())
    }

    /// Whatever comes of these three, the next look at the claim shows it.
    async fn claim_free(&self, folded: &str, mine: NameClaim) {
        let _ = self
            .cql
            .decide(
                &self.statements.claim_free,
                (folded, mine.member.0.to_vec(), mine.version),
                false,
            )
            .await;
    }

    async fn claim_over(&self, folded: &str, mine: NameClaim, found: NameClaim) {
        let values =
            (mine.member.0.to_vec(), mine.version, folded, found.member.0.to_vec(), found.version);
        let _ = self.cql.decide(&self.statements.claim_over, values, false).await;
    }

    /// Raises the version, so that nothing decided on the old one counts any more.
    async fn fence(&self, row: MemberRow) -> Result<(), StoreError> {
        self.attempt(RowWrite::of(row)).await.map(drop)
    }

    /// Gives up a claim of a member who is not to list it. It goes only when nothing can bear it
    /// out any more, which is what others would make sure of, too; what a crash leaves of it is
    /// theirs to take over.
    pub async fn release(&self, folded: &str, member: Id) -> Result<(), StoreError> {
        let Some(claim) = self.claim_to(folded).await?.filter(|claim| claim.member == member)
        else {
            return Ok(());
        };
        let row = self.row(member).await?;
        if row.lists(folded) {
            return Ok(());
        }
        if row.version == claim.version {
            self.fence(row).await?;
        }
        self.give_up(folded, claim).await
    }

    /// The same for a member whose id is not known to others yet.
    pub async fn give_up(&self, folded: &str, claim: NameClaim) -> Result<(), StoreError> {
        let values = (folded, claim.member.0.to_vec(), claim.version);
        self.insist(&self.statements.release, &values).await.map(drop)
    }
}

/// The key of a registration among the identifiers, none of which has a space in it.
pub fn name_of_key(key: Id) -> String {
    format!("registration {key}")
}
