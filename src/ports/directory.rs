//! The port to the place where people are kept: members and their identifiers, sessions, service
//! keys, outsiders, secrets.
//!
//! Every call is one atomic step: it happens as a whole or not at all, and is durable when
//! answered. What must be decided and written together (is the name free, was this the first login,
//! may this refresh token still be used) is decided inside the step. Rows here are people, not
//! scarce things, so none of this is a partition; uniqueness is the directory's to keep.

use crate::Answer;
use crate::deeds::{Deed, DeedAttempt};
use crate::profile::{Identifier, IdentifierKind, Profile};
use crate::scopes::Scopes;
use actors::{Id, Time};

/// From how many places a member is remembered to have logged in.
pub const HOMES: usize = 16;

/// A SHA-256: what is kept of something that only its bearer knows.
pub type Digest = [u8; 32];

/// What an account may do: each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountRole {
    Member,
    /// Looks at everything that is handed out.
    Viewer,
    /// Runs promotions.
    Operator,
    /// Cares for people and for the server, too.
    Admin,
}

impl AccountRole {
    pub const ALL: [AccountRole; 4] =
        [AccountRole::Member, AccountRole::Viewer, AccountRole::Operator, AccountRole::Admin];

    /// As every directory keeps it, for ever.
    pub fn number(self) -> i64 {
        match self {
            AccountRole::Member => 0,
            AccountRole::Admin => 1,
            AccountRole::Viewer => 2,
            AccountRole::Operator => 3,
        }
    }

    /// What cannot be read may do least.
    pub fn of_number(number: i64) -> AccountRole {
        let read = AccountRole::ALL.into_iter().find(|role| role.number() == number);
        read.unwrap_or(AccountRole::Member)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub id: Id,
    pub role: AccountRole,
    pub profile: Profile,
    pub created_at: Time,
    pub first_login_at: Option<Time>,
    pub last_login_at: Option<Time>,
}

/// A member, with what proves that a caller is this member.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub member: Member,
    pub password_hash: String,
    pub registration: Option<Registration>,
    pub reset: Option<Reset>,
}

/// With which idempotency key, and with what, an account was registered, so that a repeat can be
/// told from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    pub key: Id,
    pub body: Id,
}

/// A password reset that an administrator handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    pub token: Digest,
    pub until: Time,
}

#[derive(Clone, Debug)]
pub struct NewMember {
    pub member: Member,
    pub password_hash: String,
    pub registration: Option<Registration>,
    /// Whose accounts were made before this have keys that are forgotten.
    pub keys_since: Time,
    /// The session that begins with the account; it is no login.
    pub session: Option<NewSession>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    Created,
    /// Nothing was written; the same key has made this account before.
    Before(Box<Account>),
    /// Nothing was written; these identifiers have other owners.
    Taken(Vec<IdentifierKind>),
}

/// What is to change of a profile: `None` stays as it is, `Some(None)` is taken away.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub username: Option<Option<Identifier>>,
    pub email: Option<Option<Identifier>>,
    pub phone: Option<Option<Identifier>>,
    pub full_name: Option<Option<String>>,
    pub birthday: Option<Option<jiff::civil::Date>>,
}

impl Changes {
    pub fn apply(self, profile: &mut Profile) {
        let Changes { username, email, phone, full_name, birthday } = self;
        replace(&mut profile.username, username);
        replace(&mut profile.email, email);
        replace(&mut profile.phone, phone);
        replace(&mut profile.full_name, full_name);
        replace(&mut profile.birthday, birthday);
    }
}

fn replace<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    Changed(Box<Member>),
    Taken(Vec<IdentifierKind>),
    /// No identifier would be left to log in with.
    Nameless,
    Unknown,
}

/// What came of deleting a member, or of giving them another role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dismissed {
    /// These sessions have ended with it.
    Done(Vec<Id>),
    /// Nothing was written: there would be no administrator any more.
    LastAdministrator,
    Unknown,
}

#[derive(Clone, Debug)]
pub struct NewPassword {
    pub member: Id,
    pub hash: String,
    pub at: Time,
    pub because: Because,
}

/// Why a password may be set; checked once more inside the step.
#[derive(Clone, Debug)]
pub enum Because {
    /// The member knew the one that had this hash. The session it was done in goes on.
    Knew { old_hash: String, keep: Option<Id> },
    /// The member had the token of a reset, which is used up by this.
    Reset { token: Digest },
    /// The operator said so.
    Ordered,
}

impl Because {
    /// The rule, for every directory alike.
    pub fn holds(&self, account: &Account, now: Time) -> bool {
        match self {
            Because::Knew { old_hash, .. } => *old_hash == account.password_hash,
            Because::Reset { token } => {
                account.reset.is_some_and(|reset| reset.token == *token && now <= reset.until)
            }
            Because::Ordered => true,
        }
    }

    /// The session that goes on.
    pub fn keeps(&self) -> Option<Id> {
        match self {
            Because::Knew { keep, .. } => *keep,
            Because::Reset { .. } | Because::Ordered => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    pub id: Id,
    pub at: Time,
    /// What the client called itself, so that its owner recognises it in the list.
    pub agent: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Begin {
    pub member: Id,
    pub session: NewSession,
    /// The hash that the password was checked against. If it is no longer the member's, no session
    /// begins.
    pub knew: String,
    /// The same password hashed anew, because the cost has changed.
    pub rehashed: Option<String>,
    /// Whether this is a login; a repeated registration begins a session, too, but is none.
    pub login: bool,
    /// What the member is owed if this is the first login. It is kept in the same step and handed
    /// out later.
    pub owed: Option<Vec<u8>>,
    /// From where the member logs in, in a form that only this installation can make. Noted with
    /// the session.
    pub home: Option<Id>,
    /// Sessions not refreshed since then are dead and may be forgotten.
    pub dead_before: Time,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    pub member: Member,
    pub first_login: bool,
    /// What the member is still owed since the first login.
    pub owed: Option<Vec<u8>>,
}

/// A member who is still owed something since the first login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owing {
    pub member: Id,
    pub first_login_at: Time,
    pub owed: Vec<u8>,
}

/// A refresh token is used.
#[derive(Clone, Copy, Debug)]
pub struct RefreshAttempt {
    pub member: Id,
    pub session: Id,
    pub step: u32,
    pub at: Time,
    /// Sessions not refreshed since then are dead.
    pub dead_before: Time,
    /// The token before the current one still gives the current one again if that was made since
    /// then.
    pub repeat_since: Time,
    /// The same request was here before, under the same idempotency key.
    pub again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The token was the current one; the next step is.
    Rotated {
        step: u32,
        role: AccountRole,
    },
    /// The answer of the rotation before was lost: the same step again.
    Repeated {
        step: u32,
        role: AccountRole,
    },
    /// An old token was used again, so one of its two bearers is a thief: the session has ended.
    Reused,
    Unknown,
}

/// What becomes of a session when a token of it is used, when `step` is the newest it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshStep {
    Rotate,
    Repeat,
    End,
    Unknown,
}

impl RefreshAttempt {
    /// The rule, for every directory alike. A step that lies ahead (after a backup was restored) is
    /// unknown, not a theft.
    pub fn decide(&self, current: u32, refreshed_at: Time, ended: bool) -> RefreshStep {
        if ended || refreshed_at < self.dead_before || self.step > current {
            RefreshStep::Unknown
        } else if self.step == current {
            RefreshStep::Rotate
        } else if self.step + 1 == current && (self.again || refreshed_at >= self.repeat_since) {
            RefreshStep::Repeat
        } else if self.again {
            // The owner has gone on since: a late repeat of their own request is no theft.
            RefreshStep::Unknown
        } else {
            RefreshStep::End
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: Id,
    pub began_at: Time,
    pub refreshed_at: Time,
    pub agent: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    pub id: Id,
    /// Whose key it is; several keys of one name speak for the same service.
    pub name: String,
    /// What it is for, in words of whoever had it made.
    pub purpose: Option<String>,
    pub scopes: Scopes,
    pub digest: Digest,
    pub created_at: Time,
    /// From then on it lets nobody in.
    pub expires_at: Option<Time>,
    pub revoked_at: Option<Time>,
}

/// Whom the id of a service's member stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Outsider {
    pub member: Id,
    pub service: String,
    pub theirs: String,
}

pub trait Directory: Send + Sync + 'static {
    /// Makes what it needs to keep people, if it is not there. Comes before everything else.
    fn prepare(&self) -> Answer<()>;

    /// The key has made no account yet and all identifiers are free, or nothing is written.
    fn create_member(&self, new: NewMember) -> Answer<Created>;
    /// The account that a registration with this key has made since then.
    fn registered(&self, key: Id, since: Time) -> Answer<Option<Account>>;
    /// By a folded identifier.
    fn account(&self, identifier: String) -> Answer<Option<Account>>;
    fn account_of(&self, member: Id) -> Answer<Option<Account>>;
    /// Those of them that there are. One question, however many; at most some hundred, because one
    /// reader answers it at a stretch.
    fn members_of(&self, ids: Vec<Id>) -> Answer<Vec<Member>>;
    /// In the order of their ids, which is that of their creation.
    fn members(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Member>>;
    fn count_members(&self) -> Answer<u64>;
    fn change_member(&self, member: Id, changes: Changes) -> Answer<Changed>;
    /// Frees the identifiers, ends the sessions, forgets everything personal; the id stays. Of any
    /// number of administrators who leave at once, on whatever nodes, one stays.
    fn delete_member(&self, member: Id, at: Time) -> Answer<Dismissed>;
    /// Ends the sessions, whose tokens say what the member might do before; and as in
    /// `delete_member`, one administrator stays. A role that the member has changes nothing.
    fn change_role(&self, member: Id, role: AccountRole, at: Time) -> Answer<Dismissed>;
    /// Answers which sessions ended, or None if the reason no longer holds.
    fn set_password(&self, new: NewPassword) -> Answer<Option<Vec<Id>>>;
    /// False if there is no such member. It replaces the one before.
    fn offer_reset(&self, member: Id, reset: Reset) -> Answer<bool>;

    /// Stores the session and the times of login in one step, which alone can say whether it was
    /// the first. None if the password has changed meanwhile.
    fn begin_session(&self, begin: Begin) -> Answer<Option<Begun>>;
    /// Whether the member has logged in from there; of many places the latest `HOMES` are
    /// remembered.
    fn knows_home(&self, member: Id, home: Id) -> Answer<bool>;
    fn refresh(&self, refresh: RefreshAttempt) -> Answer<Refreshed>;
    /// Whether it was a living session of that member.
    fn end_session(&self, member: Id, session: Id, at: Time) -> Answer<bool>;
    fn end_sessions(&self, member: Id, except: Option<Id>, at: Time) -> Answer<Vec<Id>>;
    /// The living ones, oldest first.
    fn sessions(
        &self,
        member: Id,
        after: Option<Id>,
        limit: usize,
        dead_before: Time,
    ) -> Answer<Vec<Session>>;
    /// Whether it is a living session of that member. Sees every write that was answered before it
    /// was asked, on whatever node.
    fn session_is_alive(&self, member: Id, session: Id) -> Answer<bool> {
        let before = Id((u128::from_be_bytes(session.0).wrapping_sub(1)).to_be_bytes());
        let page = self.sessions(member, Some(before), 1, Time(i64::MIN));
        Box::pin(async move { Ok(page.await?.first().is_some_and(|first| first.id == session)) })
    }
    /// Sessions that were ended since then, and when.
    fn ended_since(&self, since: Time) -> Answer<Vec<(Id, Time)>>;

    /// Members who are owed something, after `after`, in the order of their ids.
    fn owing(&self, after: Option<Id>, limit: usize) -> Answer<Vec<Owing>>;
    /// The member is owed `new` instead of `old`. False if it was no longer `old`.
    fn settle_owed(&self, member: Id, old: Vec<u8>, new: Option<Vec<u8>>) -> Answer<bool>;

    /// The row there is of that id, and true, else this one.
    fn create_service_key(&self, key: ServiceKey) -> Answer<(ServiceKey, bool)>;
    fn service_keys(&self) -> Answer<Vec<ServiceKey>>;
    fn revoke_service_key(&self, key: Id, at: Time) -> Answer<bool>;
    /// Whom these ids stand for, in their order; none where it was never noted.
    fn outsiders_of(&self, members: Vec<Id>) -> Answer<Vec<Option<Outsider>>>;
    /// Notes whom an outsider's id stands for. Repeatable.
    fn note_outsider(&self, outsider: Outsider) -> Answer<()>;

    /// Until then, whoever has one of these marks is somebody who has logged in before. A later end
    /// counts.
    fn note_partings(&self, marks: Vec<Id>, until: Time) -> Answer<()>;
    /// Whether any of them is one then.
    fn has_parted(&self, marks: Vec<Id>, at: Time) -> Answer<bool>;
    /// Forgets those whose end is not later.
    fn forget_partings(&self, at: Time) -> Answer<()>;

    /// Begins the deed, or answers the one that stands in its way.
    fn begin_deed(&self, attempt: DeedAttempt) -> Answer<Option<Deed>>;
    /// It is done, or was not and is forgotten. What others have begun since stays.
    fn end_deed(&self, attempt: DeedAttempt, done: bool) -> Answer<()>;
    fn deed(&self, key: Id) -> Answer<Option<Deed>>;

    /// The secret of that name; if there is none, `made` becomes it.
    fn secret(&self, name: &str, made: Vec<u8>) -> Answer<Vec<u8>>;
    /// False if it was no longer `old`.
    fn replace_secret(&self, name: &str, old: Vec<u8>, new: Vec<u8>) -> Answer<bool>;
    /// Whether there was one.
    fn forget_secret(&self, name: &str) -> Answer<bool>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(step: u32, current: u32, since_rotation_ms: i64) -> RefreshStep {
        decided(step, current, since_rotation_ms, false)
    }

    fn decided(step: u32, current: u32, since_rotation_ms: i64, again: bool) -> RefreshStep {
        let at = Time(1_000_000);
        let refresh = RefreshAttempt {
            member: Id([1; 16]),
            session: Id([2; 16]),
            step,
            at,
            dead_before: Time(500_000),
            repeat_since: at.minus_s(30),
            again,
        };
        refresh.decide(current, Time(at.0 - since_rotation_ms), false)
    }

    #[test]
    fn the_current_token_rotates() {
        assert_eq!(used(3, 3, 400_000), RefreshStep::Rotate);
    }

    #[test]
    fn the_one_before_is_repeated_for_thirty_seconds() {
        assert_eq!(used(2, 3, 30_000), RefreshStep::Repeat);
        assert_eq!(used(2, 3, 30_001), RefreshStep::End);
    }

    #[test]
    fn a_token_whose_successor_was_used_ends_the_family() {
        assert_eq!(used(1, 3, 0), RefreshStep::End);
    }

    #[test]
    fn a_request_that_was_here_before_never_ends_the_family() {
        assert_eq!(decided(3, 3, 400_000, true), RefreshStep::Rotate);
        assert_eq!(decided(2, 3, 400_000, true), RefreshStep::Repeat);
        assert_eq!(decided(1, 3, 0, true), RefreshStep::Unknown);
        assert_eq!(decided(2, 3, 500_001, true), RefreshStep::Unknown);
    }

    #[test]
    fn a_dead_session_and_a_step_ahead_are_unknown() {
        assert_eq!(used(3, 3, 500_001), RefreshStep::Unknown);
        assert_eq!(used(4, 3, 0), RefreshStep::Unknown);
    }
}
