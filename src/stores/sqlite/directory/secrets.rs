//! Service keys, and the secrets of this installation.

use super::super::sums::{SECRETS, SERVICE_KEYS};
use super::columns::IdColumn;
use actors::{Id, Time};
use ports::directory::ServiceKey;
use rusqlite::{Connection, Result, params};

const COLUMNS: &str = "id, name, digest, created_at, revoked_at";

pub fn create_service_key(connection: &Connection, key: &ServiceKey) -> Result<(ServiceKey, bool)> {
    let insert =
        "INSERT OR IGNORE INTO service_keys (id, name, digest, created_at) VALUES (?1, ?2, ?3, ?4)";
    let new = connection
        .execute(insert, params![IdColumn(key.id), key.name, key.digest, key.created_at.0])?
        == 1;
    let select =
        format!("SELECT {COLUMNS} FROM service_keys WHERE id = ?1 AND {}", SERVICE_KEYS.whole());
    let row = connection.query_row(&select, [IdColumn(key.id)], read_service_key)?;
    Ok((row, !new))
}

pub fn service_keys(connection: &Connection) -> Result<Vec<ServiceKey>> {
    let select =
        format!("SELECT {COLUMNS} FROM service_keys WHERE {} ORDER BY id", SERVICE_KEYS.whole());
    connection.prepare(&select)?.query_map([], read_service_key)?.collect()
}

fn read_service_key(row: &rusqlite::Row) -> Result<ServiceKey> {
    Ok(ServiceKey {
        id: row.get::<_, IdColumn>(0)?.0,
        name: row.get(1)?,
        digest: row.get(2)?,
        created_at: Time(row.get(3)?),
        revoked_at: row.get::<_, Option<i64>>(4)?.map(Time),
    })
}

pub fn revoke_service_key(connection: &Connection, key: Id, at: Time) -> Result<bool> {
    let revoke = "UPDATE service_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
    Ok(connection.execute(revoke, params![IdColumn(key), at.0])? == 1)
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
