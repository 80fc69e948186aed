//! Service keys, and the secrets of this installation.

use super::super::sums::{SCOPED_KEYS, SECRETS, SERVICE_KEYS};
use super::columns::IdColumn;
use actors::{Id, Time};
use ports::directory::ServiceKey;
use ports::scopes::Scopes;
use rusqlite::{Connection, OptionalExtension, Result, params};

const COLUMNS: &str = "id, name, purpose, scopes, digest, created_at, expires_at, revoked_at";

/// The columns of keys that were made before there were scopes.
const FIRST_COLUMNS: &str = "id, name, NULL, 1, digest, created_at, NULL, revoked_at";

pub fn create_service_key(connection: &Connection, key: &ServiceKey) -> Result<(ServiceKey, bool)> {
    if let Some(first) = find_first_key(connection, key.id)? {
        return Ok((first, true));
    }
    let insert = "INSERT OR IGNORE INTO scoped_keys (id, name, purpose, scopes, digest, \
                  created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        IdColumn(key.id),
        key.name,
        key.purpose,
        key.scopes.bits(),
        key.digest,
        key.created_at.0,
        key.expires_at.map(|at| at.0)
    ];
    let new = connection.execute(insert, values)? == 1;
    let select =
        format!("SELECT {COLUMNS} FROM scoped_keys WHERE id = ?1 AND {}", SCOPED_KEYS.whole());
    let row = connection.query_row(&select, [IdColumn(key.id)], read_service_key)?;
    Ok((row, !new))
}

fn find_first_key(connection: &Connection, id: Id) -> Result<Option<ServiceKey>> {
    let select = format!(
        "SELECT {FIRST_COLUMNS} FROM service_keys WHERE id = ?1 AND {}",
        SERVICE_KEYS.whole()
    );
    connection.query_row(&select, [IdColumn(id)], read_service_key).optional()
}

pub fn service_keys(connection: &Connection) -> Result<Vec<ServiceKey>> {
    let select = format!(
        "SELECT {FIRST_COLUMNS} FROM service_keys WHERE {} UNION ALL SELECT {COLUMNS} FROM \
         scoped_keys WHERE {} ORDER BY 1",
        SERVICE_KEYS.whole(),
        SCOPED_KEYS.whole()
    );
    connection.prepare(&select)?.query_map([], read_service_key)?.collect()
}

fn read_service_key(row: &rusqlite::Row) -> Result<ServiceKey> {
    Ok(ServiceKey {
        id: row.get::<_, IdColumn>(0)?.0,
        name: row.get(1)?,
        purpose: row.get(2)?,
        scopes: Scopes::of_bits(row.get(3)?),
        digest: row.get(4)?,
        created_at: Time(row.get(5)?),
        expires_at: row.get::<_, Option<i64>>(6)?.map(Time),
        revoked_at: row.get::<_, Option<i64>>(7)?.map(Time),
    })
}

pub fn revoke_service_key(connection: &Connection, key: Id, at: Time) -> Result<bool> {
    let revoke = |table: &str| -> Result<bool> {
        let revoke =
            format!("UPDATE {table} SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL");
        Ok(connection.execute(&revoke, params![IdColumn(key), at.0])? == 1)
    };
    Ok(revoke(SCOPED_KEYS.name)? || revoke(SERVICE_KEYS.name)?)
}

/// None is made while one is damaged: it could be this one under a damaged name, and whatever it
/// protects would be lost.
pub fn secret(connection: &Connection, name: &str, made: &[u8]) -> Result<Vec<u8>> {
    let all = format!("SELECT count(*) FROM secrets WHERE {}", SECRETS.whole());
    connection.query_row(&all, [], |_| Ok(()))?;
    connection.execute(
        "INSERT OR IGNORE INTO secrets (name, value) VALUES (?1, ?2)",
        params![name, made],
    )?;
    connection.query_row("SELECT value FROM secrets WHERE name = ?1", [name], |row| row.get(0))
}

pub fn replace_secret(connection: &Connection, name: &str, old: &[u8], new: &[u8]) -> Result<bool> {
    let replace = "UPDATE secrets SET value = ?3 WHERE name = ?1 AND value = ?2";
    Ok(connection.execute(replace, params![name, old, new])? == 1)
}

pub fn forget_secret(connection: &Connection, name: &str) -> Result<bool> {
    Ok(connection.execute("DELETE FROM secrets WHERE name = ?1", [name])? == 1)
}
