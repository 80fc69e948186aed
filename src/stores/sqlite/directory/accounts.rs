//! Accounts as the row of a member has them: how each is found and read, and the writes that change
//! nothing but that row.

use super::super::sums::{MEMBER_COUNTS, MEMBERS};
use super::columns::{IdColumn, missing, start};
use super::identifiers::owner;
use actors::{Id, Time};
use ports::directory::{Account, AccountRole, Member, Owing, Registration, Reset};
use ports::profile::{Identifier, IdentifierKind, Profile};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

const COLUMNS: &str = "id, role, username, email, phone, full_name, birthday, password_hash, \
    created_at, first_login_at, last_login_at, \
                       registration_key, registration_body, reset_token, reset_until";

/// Of accounts with one key the latest counts: those before it were made when it had been
/// forgotten.
pub fn registered(connection: &Connection, key: Id, since: Time) -> Result<Option<Account>> {
    let select = format!(
        "SELECT {COLUMNS} FROM members WHERE registration_key = ?1 AND {} AND created_at >= ?2 AND \
         deleted_at IS NULL \
         ORDER BY created_at DESC LIMIT 1",
        MEMBERS.whole()
    );
    connection.query_row(&select, params![IdColumn(key), since.0], read).optional()
}

/// An unknown name takes the same time as a known one: the row of another member is read all the
/// same, and not answered.
pub fn named(connection: &Connection, folded: &str) -> Result<Option<Account>> {
    let owner = owner(connection, folded)?;
    let found = nearest(connection, owner.unwrap_or_else(|| nobody(folded)));
    // If that other row is damaged, it is no matter of this caller.
    let Some(member) = owner else { return Ok(None) };
    let account = found?
        .filter(|account| account.member.id == member)
        .ok_or_else(|| missing("member", member))?;
    Ok(Some(account).filter(|account| is_named(account, folded)))
}

fn is_named(account: &Account, folded: &str) -> bool {
    account.member.profile.identifiers().any(|identifier| identifier.folded == folded)
}

/// The row of that id, else that of the last one before it.
fn nearest(connection: &Connection, member: Id) -> Result<Option<Account>> {
    let select = format!(
        "SELECT {COLUMNS} FROM members WHERE id <= ?1 AND {} ORDER BY id DESC LIMIT 1",
        MEMBERS.whole()
    );
    connection.query_row(&select, [IdColumn(member)], read).optional()
}

/// An id that no member has. Ids begin with the time, so all that there are come before it.
fn nobody(folded: &str) -> Id {
    let mut id = Id::digest(&[b"nobody", folded.as_bytes()]);
    id.0[0] |= 0x80;
    id
}

pub fn account(connection: &Connection, member: Id) -> Result<Option<Account>> {
    let select = format!(
        "SELECT {COLUMNS} FROM members WHERE id = ?1 AND {} AND deleted_at IS NULL",
        MEMBERS.whole()
    );
    connection.query_row(&select, [IdColumn(member)], read).optional()
}

pub fn those_of(connection: &Connection, ids: &[Id]) -> Result<Vec<Member>> {
    let whole = MEMBERS.whole();
    let mut select = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM members WHERE id = ?1 AND {whole} AND deleted_at IS NULL"
    ))?;
    let mut member = |id: &Id| {
        select
            .query_row([IdColumn(*id)], read)
            .optional()
            .map(|found| found.map(|account| account.member))
    };
    ids.iter().filter_map(|id| member(id).transpose()).collect()
}

pub fn page(connection: &Connection, after: Option<Id>, limit: usize) -> Result<Vec<Member>> {
    let whole = MEMBERS.whole();
    let select = format!(
        "SELECT {COLUMNS} FROM members WHERE id > ?1 AND {whole} AND deleted_at IS NULL ORDER BY \
         id LIMIT ?2"
    );
    let mut select = connection.prepare(&select)?;
    let found =
        select.query_map(params![start(after), limit as i64], |row| Ok(read(row)?.member))?;
    found.collect()
}

pub fn count(connection: &Connection, role: AccountRole) -> Result<u64> {
    let count =
        format!("SELECT members FROM member_counts WHERE role = ?1 AND {}", MEMBER_COUNTS.whole());
    let counted: Option<i64> =
        connection.query_row(&count, [role.number()], |row| row.get(0)).optional()?;
    Ok(counted.map_or(0, |counted| counted.max(0) as u64))
}

pub fn owed(connection: &Connection, member: Id) -> Result<Option<Vec<u8>>> {
    let select = format!("SELECT owed FROM members WHERE id = ?1 AND {}", MEMBERS.whole());
    connection
        .query_row(&select, [IdColumn(member)], |row| row.get(0))
        .optional()
        .map(Option::flatten)
}

pub fn owing(connection: &Connection, after: Option<Id>, limit: usize) -> Result<Vec<Owing>> {
    let (columns, whole) = ("id, first_login_at, owed", MEMBERS.whole());
    let select = format!(
        "SELECT {columns} FROM members WHERE owed IS NOT NULL AND id > ?1 AND {whole} ORDER BY id \
         LIMIT ?2"
    );
    let owing = |row: &Row| {
        Ok(Owing {
            member: row.get::<_, IdColumn>(0)?.0,
            first_login_at: Time(row.get(1)?),
            owed: row.get(2)?,
        })
    };
    connection.prepare(&select)?.query_map(params![start(after), limit as i64], owing)?.collect()
}

pub fn settle_owed(
    connection: &Connection,
    member: Id,
    old: &[u8],
    new: Option<&[u8]>,
) -> Result<bool> {
    let settle = "UPDATE members SET owed = ?3 WHERE id = ?1 AND owed = ?2";
    Ok(connection.execute(settle, params![IdColumn(member), old, new])? == 1)
}

/// The one write in which a login may be the first.
pub fn note_login(
    connection: &Connection,
    member: Id,
    at: Time,
    owed: Option<&[u8]>,
) -> Result<bool> {
    let first = "UPDATE members SET first_login_at = ?2, last_login_at = ?2, owed = ?3 WHERE id = \
        ?1 AND first_login_at IS NULL";
    if connection.execute(first, params![IdColumn(member), at.0, owed])? == 1 {
        return Ok(true);
    }
    let again = "UPDATE members SET last_login_at = max(last_login_at, ?2) WHERE id = ?1";
    connection.execute(again, params![IdColumn(member), at.0])?;
    Ok(false)
}

/// The same password under another hash.
pub fn rehash(connection: &Connection, member: Id, hash: &str) -> Result<()> {
    connection
        .execute(
            "UPDATE members SET password_hash = ?2 WHERE id = ?1",
            params![IdColumn(member), hash],
        )
        .map(drop)
}

pub fn count_one(connection: &Connection, role: AccountRole, by: i64) -> Result<()> {
    let count = "INSERT INTO member_counts (role, members) VALUES (?1, ?2) ON CONFLICT (role) DO \
        UPDATE SET members = members + ?2";
    connection.execute(count, params![role.number(), by]).map(drop)
}

pub fn write_profile(connection: &Connection, member: Id, profile: &Profile) -> Result<()> {
    let text = |identifier: &Option<Identifier>| {
        identifier.as_ref().map(|identifier| identifier.text.clone())
    };
    let update = "UPDATE members SET username = ?2, email = ?3, phone = ?4, full_name = ?5, \
        birthday = ?6 WHERE id = ?1";
    connection.execute(
        update,
        params![
            IdColumn(member),
            text(&profile.username),
            text(&profile.email),
            text(&profile.phone),
            profile.full_name,
            profile.birthday.map(|day| day.to_string())
        ],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<Account> {
    let member = Member {
        id: row.get::<_, IdColumn>(0)?.0,
        role: AccountRole::of_number(row.get(1)?),
        profile: read_profile(row)?,
        created_at: Time(row.get(8)?),
        first_login_at: row.get::<_, Option<i64>>(9)?.map(Time),
        last_login_at: row.get::<_, Option<i64>>(10)?.map(Time),
    };
    let registration = row.get::<_, Option<IdColumn>>(11)?.zip(row.get::<_, Option<IdColumn>>(12)?);
    let reset = row.get::<_, Option<[u8; 32]>>(13)?.zip(row.get::<_, Option<i64>>(14)?);
    Ok(Account {
        member,
        password_hash: row.get(7)?,
        registration: registration.map(|(key, body)| Registration { key: key.0, body: body.0 }),
        reset: reset.map(|(token, until)| Reset { token, until: Time(until) }),
    })
}

fn read_profile(row: &Row) -> Result<Profile> {
    let identifier = |kind, column| {
        row.get::<_, Option<String>>(column)
            .map(|text| text.map(|text| Identifier::stored(kind, text)))
    };
    Ok(Profile {
        username: identifier(IdentifierKind::Username, 2)?,
        email: identifier(IdentifierKind::Email, 3)?,
        phone: identifier(IdentifierKind::Phone, 4)?,
        full_name: row.get(5)?,
        birthday: row.get::<_, Option<String>>(6)?.and_then(|day| day.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::members::create;
    use super::*;
    use crate::folder::Folder;
    use crate::on_disk::Scratch;
    use ports::directory::{Created, NewMember};

    #[test]
    fn an_unknown_name_reads_a_row_as_a_known_one_does() {
        let scratch = Scratch::new();
        let connection = Folder::lock(&scratch.0).unwrap().connect().unwrap();
        let profile = Profile { username: Identifier::username("ada").ok(), ..Profile::default() };
        let id = Id([1; 16]);
        let member = Member {
            id,
            role: AccountRole::Member,
            profile,
            created_at: Time(1),
            first_login_at: None,
            last_login_at: None,
        };
        let ada = NewMember {
            member,
            password_hash: "hash".into(),
            registration: None,
            keys_since: Time(0),
            session: None,
        };
        assert_eq!(create(&connection, &ada).unwrap(), Created::Created);
        assert_eq!(named(&connection, "ada").unwrap().map(|account| account.member.id), Some(id));
        for unknown in ["bob", "", "ad"] {
            assert_eq!(
                nearest(&connection, nobody(unknown)).unwrap().map(|account| account.member.id),
                Some(id)
            );
            assert_eq!(named(&connection, unknown).unwrap(), None);
        }
    }
}
