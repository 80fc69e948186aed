//! What each version of the file has more than the one before it. A step that was shipped is never
//! changed; another is added.

use super::directory::tables::{DEEDS, PARTINGS, SCOPED_KEYS};
use rusqlite::{Connection, Result};

pub const VERSION: i64 = 7;

struct UpgradeStep {
    version: i64,
    table: &'static str,
    made: &'static str,
}

const STEPS: &[UpgradeStep] = &[
    UpgradeStep { version: 5, table: "scoped_keys", made: SCOPED_KEYS },
    UpgradeStep { version: 6, table: "deeds", made: DEEDS },
    UpgradeStep { version: 7, table: "partings", made: PARTINGS },
];

/// All that a new file has beside the first tables.
pub fn all() -> String {
    STEPS.iter().map(|step| step.made).collect()
}

/// Makes what the database lacks, version by version.
pub fn apply(connection: &Connection) -> Result<()> {
    let found = found(connection)?;
    for UpgradeStep { version, made, .. } in STEPS.iter().filter(|step| step.version > found) {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {made} PRAGMA user_version = {version}; COMMIT;"
        ))?;
    }
    Ok(())
}

/// Whether a database of its version has the table. Who only reads meets older ones, too.
pub fn has(connection: &Connection, table: &str) -> Result<bool> {
    let made_by = STEPS.iter().find(|step| step.table == table);
    let found = found(connection)?;
    Ok(made_by.is_none_or(|step| step.version <= found))
}

fn found(connection: &Connection) -> Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
