//! Sessions: one row each, found by member and id.

use super::super::sums::SESSIONS;
use super::accounts::{account, note_login, owed, rehash};
use super::columns::{IdColumn, start};
use super::homes;
use actors::{Id, Time};
use ports::directory::{
    Account, AccountRole, Begin, Begun, NewSession, RefreshAttempt, RefreshStep, Refreshed, Session,
};
use rusqlite::{Connection, OptionalExtension, Result, params};

/// How many of a member's oldest sessions a new one looks at to forget the dead.
const SWEPT: i64 = 8;

pub fn begin(connection: &Connection, begin: &Begin) -> Result<Option<Begun>> {
    let knew = |account: &Account| account.password_hash == begin.knew;
    if !account(connection, begin.member)?.as_ref().is_some_and(knew) {
        return Ok(None);
    }
    let first_login = begin.login
        && note_login(connection, begin.member, begin.session.at, begin.owed.as_deref())?;
    if let Some(hash) = &begin.rehashed {
        rehash(connection, begin.member, hash)?;
    }
    if let Some(home) = begin.home {
        homes::note(connection, begin.member, home, begin.session.at)?;
    }
    sweep(connection, begin.member, begin.dead_before)?;
    insert(connection, begin.member, &begin.session)?;
    let owed = owed(connection, begin.member)?;
    Ok(account(connection, begin.member)?.map(|account| Begun {
        member: account.member,
        first_login,
        owed,
    }))
}

pub fn insert(connection: &Connection, member: Id, session: &NewSession) -> Result<()> {
    let insert = "INSERT INTO sessions (member, id, step, began_at, refreshed_at, agent) VALUES \
        (?1, ?2, 0, ?3, ?3, ?4)";
    connection
        .execute(
            insert,
            params![IdColumn(member), IdColumn(session.id), session.at.0, session.agent],
        )
        .map(drop)
}

fn sweep(connection: &Connection, member: Id, dead_before: Time) -> Result<()> {
    let sweep = "DELETE FROM sessions WHERE member = ?1 AND refreshed_at < ?2 \
                 AND id IN (SELECT id FROM sessions WHERE member = ?1 ORDER BY id LIMIT ?3)";
    connection.execute(sweep, params![IdColumn(member), dead_before.0, SWEPT]).map(drop)
}

pub fn refresh(connection: &Connection, refresh: &RefreshAttempt) -> Result<Refreshed> {
    let select = format!(
        "SELECT step, refreshed_at, ended_at FROM sessions WHERE member = ?1 AND id = ?2 AND {}",
        SESSIONS.whole()
    );
    let key = params![IdColumn(refresh.member), IdColumn(refresh.session)];
    let found = connection.query_row(&select, key, |row| {
        Ok((row.get(0)?, Time(row.get(1)?), row.get::<_, Option<i64>>(2)?))
    });
    let (Some((step, refreshed_at, ended_at)), Some(Account { member, .. })) =
        (found.optional()?, account(connection, refresh.member)?)
    else {
        return Ok(Refreshed::Unknown);
    };
    match refresh.decide(step, refreshed_at, ended_at.is_some()) {
        RefreshStep::Rotate => rotate(connection, refresh, member.role),
        RefreshStep::Repeat => Ok(Refreshed::Repeated { step, role: member.role }),
        RefreshStep::End => {
            end(connection, refresh.member, refresh.session, refresh.at).map(|_| Refreshed::Reused)
        }
        RefreshStep::Unknown => Ok(Refreshed::Unknown),
    }
}

fn rotate(
    connection: &Connection,
    refresh: &RefreshAttempt,
    role: AccountRole,
) -> Result<Refreshed> {
    let step = refresh.step + 1;
    let update = "UPDATE sessions SET step = ?3, refreshed_at = ?4 WHERE member = ?1 AND id = ?2";
    connection.execute(
        update,
        params![IdColumn(refresh.member), IdColumn(refresh.session), step, refresh.at.0],
    )?;
    Ok(Refreshed::Rotated { step, role })
}

/// A session ends no earlier than its last token was made, whatever the clock says: so long it is
/// recalled.
pub fn end(connection: &Connection, member: Id, session: Id, at: Time) -> Result<bool> {
    let end = "UPDATE sessions SET ended_at = max(?3, refreshed_at) WHERE member = ?1 AND id = ?2 \
        AND ended_at IS NULL";
    Ok(connection.execute(end, params![IdColumn(member), IdColumn(session), at.0])? == 1)
}

pub fn end_all(
    connection: &Connection,
    member: Id,
    except: Option<Id>,
    at: Time,
) -> Result<Vec<Id>> {
    let end = "UPDATE sessions SET ended_at = max(?3, refreshed_at) \
               WHERE member = ?1 AND id <> ?2 AND ended_at IS NULL RETURNING id";
    let mut end = connection.prepare(end)?;
    end.query_map(params![IdColumn(member), start(except), at.0], |row| {
        Ok(row.get::<_, IdColumn>(0)?.0)
    })?
    .collect()
}

/// What a deleted member's clients called themselves.
pub fn forget_agents(connection: &Connection, member: Id) -> Result<()> {
    connection
        .execute("UPDATE sessions SET agent = NULL WHERE member = ?1", [IdColumn(member)])
        .map(drop)
}

pub fn page(
    connection: &Connection,
    member: Id,
    after: Option<Id>,
    limit: usize,
    dead_before: Time,
) -> Result<Vec<Session>> {
    let select = format!(
        "SELECT id, began_at, refreshed_at, agent FROM sessions \
         WHERE member = ?1 AND id > ?2 AND {} AND ended_at IS NULL AND refreshed_at >= ?3 ORDER BY \
         id LIMIT ?4",
        SESSIONS.whole()
    );
    let mut select = connection.prepare(&select)?;
    let session = |row: &rusqlite::Row| {
        Ok(Session {
            id: row.get::<_, IdColumn>(0)?.0,
            began_at: Time(row.get(1)?),
            refreshed_at: Time(row.get(2)?),
            agent: row.get(3)?,
        })
    };
    select
        .query_map(params![IdColumn(member), start(after), dead_before.0, limit as i64], session)?
        .collect()
}

/// From the index of ends alone, which has a copy of each; no row is read.
pub fn ended_since(connection: &Connection, since: Time) -> Result<Vec<(Id, Time)>> {
    let mut select = connection
        .prepare("SELECT id, ended_at FROM sessions WHERE ended_at >= ?1 ORDER BY ended_at")?;
    select
        .query_map([since.0], |row| Ok((row.get::<_, IdColumn>(0)?.0, Time(row.get(1)?))))?
        .collect()
}
