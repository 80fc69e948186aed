//! A member's own row and those of their sessions: every question about the member comes down to
//! them.
//!
//! The row has a version, raised by every change, and the marks of the latest changes. A row that
//! was never written has version 0; one that was only ever fenced has a version and no account. Of
//! a deleted member only the id and the time of the end stay.

use super::columns::{self, FoundRow, NamedValues};
use super::note::Note;
use actors::store::StoreError;
use actors::{Id, Time};
use ports::directory::{Account, AccountRole, Member, NewSession, Registration, Reset, Session};
use ports::profile::{Identifier, IdentifierKind, Profile};
use scylla::value::CqlValue;

/// What tells one change from all others.
pub type ChangeMark = [u8; 16];

/// How many marks are kept: so many changes may come between an attempt and the look at what became
/// of it.
const MARKS: usize = 16;

pub const COLUMNS: [&str; 20] = [
    "version",
    "marks",
    "role",
    "username",
    "email",
    "phone",
    "full_name",
    "birthday",
    "password_hash",
    "created_at",
    "first_login_at",
    "last_login_at",
    "deleted_at",
    "owed",
    "registration_key",
    "registration_body",
    "reset_token",
    "reset_until",
    "ended_through",
    "id",
];

pub const SESSION_COLUMNS: [&str; 7] =
    ["session", "written", "step", "began_at", "refreshed_at", "ended_at", "agent"];

#[derive(Clone, Debug, PartialEq)]
pub struct MemberRow {
    pub id: Id,
    pub version: i64,
    /// Newest first.
    pub marks: Vec<u8>,
    /// None: not yet, or no longer.
    pub account: Option<Account>,
    pub deleted_at: Option<Time>,
    pub owed: Option<Vec<u8>>,
    /// Sessions written at this version or before have ended.
    pub ended_through: i64,
}

/// What is known of a change whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    Written,
    NotWritten,
    /// So much has happened since that it cannot be told any more.
    Lost,
}

impl MemberRow {
    pub fn unwritten(id: Id) -> MemberRow {
        MemberRow {
            id,
            version: 0,
            marks: Vec::new(),
            account: None,
            deleted_at: None,
            owed: None,
            ended_through: 0,
        }
    }

    /// Whether the account is alive and names itself so.
    pub fn lists(&self, folded: &str) -> bool {
        self.account.iter().any(|account| {
            account.member.profile.identifiers().any(|identifier| identifier.folded == folded)
        })
    }

    /// Whether the account is alive, and a registration with this key has made it since then.
    pub fn was_made_with(&self, key: Id, since: Time) -> bool {
        let made_with = |account: &Account| account.registration.is_some_and(|by| by.key == key);
        self.account
            .as_ref()
            .is_some_and(|account| made_with(account) && account.member.created_at >= since)
    }

    /// The next version, with its mark.
    pub fn raised(mut self, mark: ChangeMark) -> MemberRow {
        self.version += 1;
        self.marks = [&mark[..], &self.marks].concat();
        self.marks.truncate(MARKS * mark.len());
        self
    }

    /// Whether the change to `version` was the one with that mark.
    pub fn trace(&self, version: i64, mark: ChangeMark) -> Trace {
        let since = self.version - version;
        match self.marks.chunks_exact(mark.len()).nth(usize::try_from(since).unwrap_or(usize::MAX))
        {
            Some(found) if found == mark => Trace::Written,
            Some(_) => Trace::NotWritten,
            None if since < 0 => Trace::NotWritten,
            None => Trace::Lost,
        }
    }

    /// The last state of every member: the account is gone and every session has ended.
    pub fn deleted(self, at: Time) -> MemberRow {
        MemberRow {
            account: None,
            deleted_at: Some(at),
            owed: None,
            ended_through: self.version,
            ..self
        }
    }

    pub fn read(id: Id, found: &FoundRow) -> Result<MemberRow, StoreError> {
        let deleted_at = found.time("deleted_at");
        Ok(MemberRow {
            id,
            version: found.number("version").unwrap_or(0),
            marks: found.blob("marks").unwrap_or_default(),
            account: if deleted_at.is_none() { read_account(id, found)? } else { None },
            deleted_at,
            owed: found.blob("owed"),
            ended_through: found.number("ended_through").unwrap_or(0),
        })
    }

    pub fn bind(&self, values: &mut NamedValues) {
        values.insert("id", Some(columns::id(self.id)));
        values.insert("version", Some(CqlValue::BigInt(self.version)));
        values.insert("marks", Some(columns::blob(&self.marks)));
        values.insert("deleted_at", self.deleted_at.map(columns::time));
        values.insert("owed", self.owed.as_ref().map(columns::blob));
        values.insert("ended_through", Some(CqlValue::BigInt(self.ended_through)));
        let account = self.account.as_ref();
        let member = account.map(|account| &account.member);
        let profile = member.map(|member| &member.profile);
        let name = |of: fn(&Profile) -> &Option<Identifier>| {
            profile.and_then(|profile| of(profile).as_ref()).map(|name| columns::text(&name.text))
        };
        values.insert("username", name(|profile| &profile.username));
        values.insert("email", name(|profile| &profile.email));
        values.insert("phone", name(|profile| &profile.phone));
        values.insert(
            "full_name",
            profile.and_then(|profile| profile.full_name.as_deref()).map(columns::text),
        );
        values.insert(
            "birthday",
            profile.and_then(|profile| profile.birthday).map(|day| columns::text(&day.to_string())),
        );
        values.insert("role", member.map(|member| number(member.role)));
        values.insert("created_at", member.map(|member| columns::time(member.created_at)));
        values.insert(
            "first_login_at",
            member.and_then(|member| member.first_login_at).map(columns::time),
        );
        values.insert(
            "last_login_at",
            member.and_then(|member| member.last_login_at).map(columns::time),
        );
        values
            .insert("password_hash", account.map(|account| columns::text(&account.password_hash)));
        let registration = account.and_then(|account| account.registration);
        values.insert("registration_key", registration.map(|by| columns::id(by.key)));
        values.insert("registration_body", registration.map(|by| columns::id(by.body)));
        let reset = account.and_then(|account| account.reset);
        values.insert("reset_token", reset.map(|reset| columns::blob(reset.token)));
        values.insert("reset_until", reset.map(|reset| columns::time(reset.until)));
    }
}

fn read_account(id: Id, found: &FoundRow) -> Result<Option<Account>, StoreError> {
    let Some(password_hash) = found.text("password_hash") else { return Ok(None) };
    let registration = found.id("registration_key").zip(found.id("registration_body"));
    let reset = found.bytes("reset_token").zip(found.time("reset_until"));
    let member = Member {
        id,
        role: role(found.number("role")),
        profile: read_profile(found),
        created_at: FoundRow::must("created_at", found.time("created_at"))?,
        first_login_at: found.time("first_login_at"),
        last_login_at: found.time("last_login_at"),
    };
    Ok(Some(Account {
        member,
        password_hash,
        registration: registration.map(|(key, body)| Registration { key, body }),
        reset: reset.map(|(token, until)| Reset { token, until }),
    }))
}

fn read_profile(found: &FoundRow) -> Profile {
    let identifier =
        |kind: IdentifierKind| found.text(kind.name()).map(|text| Identifier::stored(kind, text));
    Profile {
        username: identifier(IdentifierKind::Username),
        email: identifier(IdentifierKind::Email),
        phone: identifier(IdentifierKind::Phone),
        full_name: found.text("full_name"),
        birthday: found.text("birthday").and_then(|day| day.parse().ok()),
    }
}

pub fn number(role: AccountRole) -> CqlValue {
    CqlValue::BigInt(role.number())
}

pub fn role(number: Option<i64>) -> AccountRole {
    AccountRole::of_number(number.unwrap_or_default())
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub session: Session,
    pub step: u32,
    pub ended_at: Option<Time>,
    /// At which version of its member it was last written.
    pub written: i64,
}

impl SessionRow {
    /// It is written together with the next version.
    pub fn new(new: &NewSession, row: &MemberRow) -> SessionRow {
        let session = Session {
            id: new.id,
            began_at: new.at,
            refreshed_at: new.at,
            agent: new.agent.clone(),
        };
        SessionRow { session, step: 0, ended_at: None, written: row.version + 1 }
    }

    /// The same, written together with the member's next version.
    pub fn again(self, row: &MemberRow) -> SessionRow {
        SessionRow { written: row.version + 1, ..self }
    }

    /// The note of its end, which is no earlier than its last token was made, whatever the clock
    /// says.
    pub fn ends(&self, at: Time) -> Note {
        Note::Ended { session: self.session.id, at: at.max(self.session.refreshed_at) }
    }

    pub fn has_ended(&self, row: &MemberRow) -> bool {
        self.ended_at.is_some() || self.written <= row.ended_through
    }

    /// None where the row is only there to show what is static.
    pub fn read(found: &FoundRow) -> Result<Option<SessionRow>, StoreError> {
        let Some(id) = found.id("session") else { return Ok(None) };
        let session = Session {
            id,
            began_at: FoundRow::must("began_at", found.time("began_at"))?,
            refreshed_at: FoundRow::must("refreshed_at", found.time("refreshed_at"))?,
            agent: found.text("agent"),
        };
        let step = found.number("step").and_then(|step| u32::try_from(step).ok());
        Ok(Some(SessionRow {
            session,
            step: FoundRow::must("step", step)?,
            ended_at: found.time("ended_at"),
            written: FoundRow::must("written", found.number("written"))?,
        }))
    }

    pub fn bind(&self, values: &mut NamedValues) {
        values.insert("session", Some(columns::id(self.session.id)));
        values.insert("written", Some(CqlValue::BigInt(self.written)));
        values.insert("step", Some(CqlValue::BigInt(self.step.into())));
        values.insert("began_at", Some(columns::time(self.session.began_at)));
        values.insert("refreshed_at", Some(columns::time(self.session.refreshed_at)));
        values.insert("ended_at", self.ended_at.map(columns::time));
        values.insert("agent", self.session.agent.as_deref().map(columns::text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_found_by_its_mark_until_too_much_came_after_it() {
        let mark = |n: usize| [n as u8; 16];
        let mut row = MemberRow::unwritten(Id([1; 16])).raised(mark(1));
        assert_eq!(row.trace(1, mark(1)), Trace::Written);
        assert_eq!(
            (row.trace(1, mark(9)), row.trace(2, mark(1))),
            (Trace::NotWritten, Trace::NotWritten)
        );
        for n in 2..=MARKS {
            row = row.raised(mark(n));
            assert_eq!(
                (row.trace(1, mark(1)), row.trace(1, mark(9))),
                (Trace::Written, Trace::NotWritten),
                "after {n}"
            );
        }
        row = row.raised(mark(0));
        assert_eq!(row.trace(1, mark(1)), Trace::Lost);
        assert_eq!(row.trace(2, mark(2)), Trace::Written);
    }

    #[test]
    fn a_row_reads_back_as_it_was_bound() {
        // What the database gives back for what was bound: nulls are not there.
        fn found(values: NamedValues) -> FoundRow {
            FoundRow::of(
                values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))),
            )
        }
        let profile = Profile {
            email: Some(Identifier::email("Ada@example.org").unwrap()),
            ..Profile::default()
        };
        let member = Member {
            id: Id([1; 16]),
            role: AccountRole::Admin,
            profile,
            created_at: Time(1),
            first_login_at: Some(Time(2)),
            last_login_at: None,
        };
        let registration = Some(Registration { key: Id([2; 16]), body: Id([3; 16]) });
        let reset = Some(Reset { token: [4; 32], until: Time(5) });
        let account = Account { member, password_hash: "hash".to_owned(), registration, reset };
        let alive = MemberRow {
            account: Some(account),
            owed: Some(vec![6]),
            ended_through: 7,
            ..MemberRow::unwritten(Id([1; 16]))
        }
        .raised([8; 16]);
        for row in [
            alive.clone(),
            alive.deleted(Time(9)).raised([10; 16]),
            MemberRow::unwritten(Id([1; 16])).raised([11; 16]),
        ] {
            let mut values = NamedValues::new();
            row.bind(&mut values);
            assert_eq!(values.len(), COLUMNS.len());
            assert_eq!(MemberRow::read(row.id, &found(values)).unwrap(), row);
        }
    }
}
