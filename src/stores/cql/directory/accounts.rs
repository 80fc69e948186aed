//! Accounts: made, changed, deleted; each by one write of the member's row, after its identifiers
//! were claimed.

use super::member::{MemberRow, SessionRow};
use super::names::{Claimed, NameClaim, name_of_key};
use super::note::Note;
use super::patience::pause;
use super::people::CqlPeople;
use super::step::{Decision, Look, RowWrite, SeenMember, too_many_races};
use actors::store::StoreError;
use actors::{Id, Time};
use ports::directory::{
    Account, Changed, Changes, Created, Dismissed, NewMember, NewPassword, Reset,
};
use ports::profile::{Identifier, IdentifierKind, Profile};

/// How often an account is made or changed anew because its row was fenced meanwhile.
const RACES: u32 = 60;

impl CqlPeople {
    pub async fn create(&self, new: &NewMember) -> Result<Created, StoreError> {
        let (member, wanted) = (&new.member, names(&new.member.profile));
        let key = new.registration.map(|by| name_of_key(by.key));
        let in_turn = wanted.iter().map(|name| &name.folded).chain(&key);
        let _turn = self.names_in_turn.of_all(in_turn).await;
        for race in 0..RACES {
            let row = self.row(member.id).await?;
            if row.account.is_some() || row.deleted_at.is_some() {
                return Err(StoreError::Broken(format!(
                    "the id {} has been another member's",
                    member.id
                )));
            }
            let mine = NameClaim { member: member.id, version: row.version };
            if let Some(by) = new.registration
                && self.claim_key(by.key, new.keys_since, &row).await? == Claimed::Taken
            {
                match self.registered(by.key, new.keys_since).await? {
                    Some(before) => return Ok(Created::Before(Box::new(before))),
                    // It was deleted between the two looks.
                    None => {
                        pause(race).await;
                        continue;
                    }
                }
            }
            let taken = self.claim_all(&wanted, &row).await?;
            if !taken.is_empty() {
                harmless(self.give_up_all(&wanted, mine).await);
                if let Some(key) = &key {
                    harmless(self.give_up(key, mine).await);
                }
                return Ok(Created::Taken(taken));
            }
            self.enrol(member.id, member.role).await?;
            if self.attempt(born(row, new)).await? {
                harmless(self.note_born(member.id).await);
                return Ok(Created::Created);
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    /// Claims all, so that all that have another owner can be named.
    async fn claim_all(
        &self,
        wanted: &[Identifier],
        row: &MemberRow,
    ) -> Result<Vec<IdentifierKind>, StoreError> {
        let mut taken = Vec::new();
        for name in wanted {
            if self.claim(&name.folded, row).await? == Claimed::Taken {
                taken.push(name.kind);
            }
        }
        Ok(taken)
    }

    async fn give_up_all(&self, wanted: &[Identifier], claim: NameClaim) -> Result<(), StoreError> {
        for name in wanted {
            self.give_up(&name.folded, claim).await?;
        }
        Ok(())
    }

    pub async fn change(&self, member: Id, changes: &Changes) -> Result<Changed, StoreError> {
        let mut sought = Profile::default();
        changes.clone().apply(&mut sought);
        let _names = self.names_in_turn.of_all(sought.identifiers().map(|name| &name.folded)).await;
        let _turn = self.members_in_turn.of(member).await;
        for race in 0..RACES {
            let row = self.row(member).await?;
            let Some(mut account) = row.account.clone() else { return Ok(Changed::Unknown) };
            let before = account.member.profile.clone();
            changes.clone().apply(&mut account.member.profile);
            let changed = account.member.clone();
            if changed.profile.is_nameless() {
                return Ok(Changed::Nameless);
            }
            let (new, old) = (beside(&changed.profile, &before), beside(&before, &changed.profile));
            let taken = self.claim_all(&new, &row).await?;
            if !taken.is_empty() {
                harmless(self.release_all(&new, member).await);
                return Ok(Changed::Taken(taken));
            }
            if self.attempt(RowWrite::of(MemberRow { account: Some(account), ..row })).await? {
                harmless(self.release_all(&old, member).await);
                return Ok(Changed::Changed(Box::new(changed)));
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    async fn release_all(&self, names: &[Identifier], member: Id) -> Result<(), StoreError> {
        for name in names {
            self.release(&name.folded, member).await?;
        }
        Ok(())
    }

    pub async fn delete(&self, member: Id, at: Time) -> Result<Dismissed, StoreError> {
        let _turn = self.members_in_turn.of(member).await;
        for race in 0..RACES {
            let seen = self.see(member, Look::All).await?;
            if seen.row.account.is_none() {
                return Ok(Dismissed::Unknown);
            }
            if !self.may_leave(&seen.row).await? {
                return Ok(Dismissed::LastAdministrator);
            }
            let (write, ended) = end_all(&seen, None, at);
            let agents = seen
                .sessions
                .iter()
                .filter(|row| row.session.agent.is_some())
                .map(|row| Note::NoAgent(row.session.id));
            let before = agents.chain([Note::Leaving]).chain(write.before).collect();
            let row = write.row.deleted(at);
            if self.attempt(RowWrite { row, before, session: None }).await? {
                self.tidy_after(&seen.row).await;
                return Ok(Dismissed::Done(ended));
            }
            pause(race).await;
        }
        Err(too_many_races())
    }

    /// Frees what a member had, as the row was who is deleted now.
    async fn tidy_after(&self, row: &MemberRow) {
        let member = row.id;
        harmless(self.note_gone(member).await);
        harmless(self.forget_homes(member).await);
        if row.owed.is_some() {
            harmless(self.forget_owing(member).await);
        }
        let Some(account) = &row.account else { return };
        harmless(self.release_all(&names(&account.member.profile), member).await);
        if let Some(by) = account.registration {
            harmless(self.release(&name_of_key(by.key), member).await);
        }
    }

    pub async fn put_password(&self, new: &NewPassword) -> Result<Option<Vec<Id>>, StoreError> {
        let put = self.step(new.member, Look::All, |seen| {
            let Some(account) =
                seen.row.account.clone().filter(|account| new.because.holds(account, new.at))
            else {
                return Decision::Answer(None);
            };
            let (mut write, ended) = end_all(&seen, new.because.keeps(), new.at);
            write.row.account =
                Some(Account { password_hash: new.hash.clone(), reset: None, ..account });
            Decision::Write(write, Some(ended))
        });
        put.await
    }

    pub async fn put_reset(&self, member: Id, reset: Reset) -> Result<bool, StoreError> {
        let put = self.step(member, Look::None, |seen| match seen.row.account.clone() {
            Some(account) => {
                let account = Some(Account { reset: Some(reset), ..account });
                Decision::Write(RowWrite::of(MemberRow { account, ..seen.row }), true)
            }
            None => Decision::Answer(false),
        });
        put.await
    }

    pub async fn settle(
        &self,
        member: Id,
        old: &[u8],
        new: Option<&[u8]>,
    ) -> Result<bool, StoreError> {
        let settle =
            self.step(member, Look::None, |seen| match seen.row.owed.as_deref() == Some(old) {
                true => Decision::Write(
                    RowWrite::of(MemberRow { owed: new.map(Into::into), ..seen.row }),
                    true,
                ),
                false => Decision::Answer(false),
            });
        let settled = settle.await?;
        if settled && new.is_none() {
            harmless(self.forget_owing(member).await);
        }
        Ok(settled)
    }
}

/// The step has counted, and what follows it only spares others work: what fails of it is seen
/// through by every reader.
fn harmless(_: Result<(), StoreError>) {}

/// The row of a new member, and the session that begins with it.
fn born(row: MemberRow, new: &NewMember) -> RowWrite {
    let account = Account {
        member: new.member.clone(),
        password_hash: new.password_hash.clone(),
        registration: new.registration,
        reset: None,
    };
    let session = new.session.as_ref().map(|session| SessionRow::new(session, &row));
    RowWrite { session, ..RowWrite::of(MemberRow { account: Some(account), ..row }) }
}

/// Ends every session but one in a single write: all that were written up to this version have
/// ended, and the one is written again.
pub fn end_all(seen: &SeenMember, except: Option<Id>, at: Time) -> (RowWrite, Vec<Id>) {
    let living = || seen.sessions.iter().filter(|session| !session.has_ended(&seen.row));
    let going = || living().filter(|row| Some(row.session.id) != except);
    let ended: Vec<Id> = going().map(|row| row.session.id).collect();
    let kept = living().find(|row| Some(row.session.id) == except).cloned();
    let row = MemberRow { ended_through: seen.row.version, ..seen.row.clone() };
    let before = going().map(|row| row.ends(at)).collect();
    let session = kept.map(|kept| kept.again(&seen.row));
    (RowWrite { row, session, before }, ended)
}

fn names(profile: &Profile) -> Vec<Identifier> {
    profile.identifiers().cloned().collect()
}

/// The identifiers of one profile that another does not have.
fn beside(one: &Profile, other: &Profile) -> Vec<Identifier> {
    let has = |folded: &str| other.identifiers().any(|identifier| identifier.folded == folded);
    one.identifiers().filter(|identifier| !has(&identifier.folded)).cloned().collect()
}
