//! What touches more of a member than one row: identifiers, homes and sessions change with it.

use super::accounts::{self, account, write_profile};
use super::columns::IdColumn;
use super::{homes, identifiers, sessions};
use actors::{Id, Time};
use ports::directory::{
    Account, AccountRole, Changed, Changes, Created, Dismissed, Member, NewMember, NewPassword,
    Reset,
};
use ports::profile::Profile;
use rusqlite::{Connection, Result, params};

pub fn create(connection: &Connection, new: &NewMember) -> Result<Created> {
    let member = &new.member;
    if let Some(by) = new.registration
        && let Some(before) = accounts::registered(connection, by.key, new.keys_since)?
    {
        return Ok(Created::Before(Box::new(before)));
    }
    let taken = identifiers::taken(connection, member.id, &member.profile)?;
    if !taken.is_empty() {
        return Ok(Created::Taken(taken));
    }
    let insert = "INSERT INTO members (id, role, password_hash, created_at, registration_key, \
        registration_body, first_login_at, last_login_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let (key, body) =
        (new.registration.map(|by| IdColumn(by.key)), new.registration.map(|by| IdColumn(by.body)));
    connection.execute(
        insert,
        params![
            IdColumn(member.id),
            member.role.number(),
            new.password_hash,
            member.created_at.0,
            key,
            body,
            member.first_login_at.map(|at| at.0),
            member.last_login_at.map(|at| at.0)
        ],
    )?;
    write_profile(connection, member.id, &member.profile)?;
    identifiers::claim(connection, member.id, &member.profile)?;
    accounts::count_one(connection, member.role, 1)?;
    if let Some(session) = &new.session {
        sessions::insert(connection, member.id, session)?;
    }
    Ok(Created::Created)
}

pub fn change(connection: &Connection, id: Id, changes: Changes) -> Result<Changed> {
    let Some(Account { mut member, .. }) = account(connection, id)? else {
        return Ok(Changed::Unknown);
    };
    let before = member.profile.clone();
    changes.apply(&mut member.profile);
    if member.profile.is_nameless() {
        return Ok(Changed::Nameless);
    }
    let taken = identifiers::taken(connection, id, &member.profile)?;
    if !taken.is_empty() {
        return Ok(Changed::Taken(taken));
    }
    identifiers::free(connection, &before)?;
    identifiers::claim(connection, id, &member.profile)?;
    write_profile(connection, id, &member.profile)?;
    Ok(Changed::Changed(Box::new(member)))
}

pub fn change_role(
    connection: &Connection,
    id: Id,
    role: AccountRole,
    at: Time,
) -> Result<Dismissed> {
    let Some(Account { member, .. }) = account(connection, id)? else {
        return Ok(Dismissed::Unknown);
    };
    if member.role == role {
        return Ok(Dismissed::Done(Vec::new()));
    }
    if is_last_administrator(connection, &member)? {
        return Ok(Dismissed::LastAdministrator);
    }
    let change = "UPDATE members SET role = ?2 WHERE id = ?1";
    connection.execute(change, params![IdColumn(id), role.number()])?;
    accounts::count_one(connection, member.role, -1)?;
    accounts::count_one(connection, role, 1)?;
    sessions::end_all(connection, id, None, at).map(Dismissed::Done)
}

fn is_last_administrator(connection: &Connection, member: &Member) -> Result<bool> {
    let is_one = member.role == AccountRole::Admin;
    Ok(is_one && accounts::count(connection, AccountRole::Admin)? <= 1)
}

pub fn delete(connection: &Connection, id: Id, at: Time) -> Result<Dismissed> {
    let Some(Account { member, .. }) = account(connection, id)? else {
        return Ok(Dismissed::Unknown);
    };
    if is_last_administrator(connection, &member)? {
        return Ok(Dismissed::LastAdministrator);
    }
    identifiers::free(connection, &member.profile)?;
    write_profile(connection, id, &Profile::default())?;
    let forget = "UPDATE members SET deleted_at = ?2, password_hash = '', owed = NULL, \
        registration_key = NULL, registration_body = NULL, \
                  reset_token = NULL, reset_until = NULL WHERE id = ?1";
    connection.execute(forget, params![IdColumn(id), at.0])?;
    accounts::count_one(connection, member.role, -1)?;
    homes::forget_all(connection, id)?;
    let ended = sessions::end_all(connection, id, None, at)?;
    sessions::forget_agents(connection, id)?;
    Ok(Dismissed::Done(ended))
}

pub fn set_password(connection: &Connection, new: &NewPassword) -> Result<Option<Vec<Id>>> {
    let Some(account) = account(connection, new.member)? else { return Ok(None) };
    if !new.because.holds(&account, new.at) {
        return Ok(None);
    }
    let set = "UPDATE members SET password_hash = ?2, reset_token = NULL, reset_until = NULL WHERE \
        id = ?1";
    connection.execute(set, params![IdColumn(new.member), new.hash])?;
    sessions::end_all(connection, new.member, new.because.keeps(), new.at).map(Some)
}

pub fn offer_reset(connection: &Connection, member: Id, reset: Reset) -> Result<bool> {
    let offer = "UPDATE members SET reset_token = ?2, reset_until = ?3 WHERE id = ?1 AND \
        deleted_at IS NULL";
    let changed =
        connection.execute(offer, params![IdColumn(member), reset.token, reset.until.0])?;
    Ok(changed == 1)
}
