//! Members who come back: as long as a campaign for first logins lasts, nobody has a second first
//! login under an identifier that they gave up.
//!
//! Of such an identifier a mark is kept until then: a digest that only this installation can make.
//! It can be compared with an identifier, and names none, and no member.

use super::hs256;
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use hmac::Mac;
use ports::Directory;
use ports::directory::{AccountRole, Changes};
use ports::profile::{Identifier, Profile};
use std::sync::Arc;

pub struct Partings {
    pub(crate) directory: Arc<dyn Directory>,
    /// Without this secret, an identifier cannot be found by trying which one fits.
    pub(crate) secret: Arc<[u8]>,
    pub(crate) clock: Clock,
}

impl Partings {
    /// The marks of what a member gives up by these changes, or else by leaving. None of whoever
    /// never logged in.
    pub async fn given_up(
        &self,
        member: Id,
        changes: Option<&Changes>,
    ) -> Result<Vec<Id>, StoreError> {
        let Some(account) = self.directory.account_of(member).await? else { return Ok(Vec::new()) };
        let member = account.member;
        if member.first_login_at.is_none() || member.role != AccountRole::Member {
            return Ok(Vec::new());
        }
        let mut after = changes.map(|_| member.profile.clone()).unwrap_or_default();
        changes.cloned().unwrap_or_default().apply(&mut after);
        let kept: Vec<&str> = after.identifiers().map(|one| one.folded.as_str()).collect();
        let is_given_up = |one: &&Identifier| !kept.contains(&one.folded.as_str());
        Ok(member.profile.identifiers().filter(is_given_up).map(|one| self.mark(one)).collect())
    }

    /// To be done before it is given up.
    pub async fn note(&self, marks: Vec<Id>, until: Time) -> Result<(), StoreError> {
        self.directory.note_partings(marks, until).await
    }

    /// Whether somebody who has logged in gave up one of these identifiers.
    pub(crate) async fn has(&self, profile: &Profile, at: Time) -> Result<bool, StoreError> {
        let marks = profile.identifiers().map(|one| self.mark(one)).collect();
        self.directory.has_parted(marks, at).await
    }

    /// Forgets what is needed no more.
    pub async fn forget(&self) -> Result<(), StoreError> {
        self.directory.forget_partings((self.clock)()).await
    }

    fn mark(&self, identifier: &Identifier) -> Id {
        let mac = hs256::mac(&self.secret).chain_update(b"parting");
        Id::digest(&[&mac.chain_update(&identifier.folded).finalize().into_bytes()])
    }
}
