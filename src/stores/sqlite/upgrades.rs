//! What each version of the file has more than the one before it. A step that was shipped is never
//! changed; another is added. Version 8 has no table more: from it on the file has an age.

use super::age;
use super::directory::tables::{DEEDS, PARTINGS, SCOPED_KEYS};
use rusqlite::{Connection, Result};

pub const VERSION: i64 = 8;

struct UpgradeStep {
    version: i64,
    tables: &'static [&'static str],
    made: &'static str,
}

const STEPS: &[UpgradeStep] = &[
    UpgradeStep { version: 5, tables: &["scoped_keys"], made: SCOPED_KEYS },
    UpgradeStep { version: 6, tables: &["deeds"], made: DEEDS },
    UpgradeStep { version: 7, tables: &["partings"], made: PARTINGS },
    UpgradeStep { version: 8, tables: &[], made: "" },
];

/// All that a new file has beside the first tables.
pub fn all() -> String {
    STEPS.iter().map(|step| step.made).collect()
}

/// Makes what the database lacks, version by version.
pub fn apply(connection: &Connection) -> Result<()> {
    let found = age::version(connection)?;
    for UpgradeStep { version, made, .. } in STEPS.iter().filter(|step| step.version > found) {
        connection.execute_batch(&format!("BEGIN IMMEDIATE; {made}"))?;
        age::say_version(connection, *version)?;
        connection.execute_batch("COMMIT")?;
    }
    Ok(())
}

/// Whether a database of its version has the table. Who only reads meets older ones, too.
pub fn has(connection: &Connection, table: &str) -> Result<bool> {
    let made_by = STEPS.iter().find(|step| step.tables.contains(&table));
    let found = age::version(connection)?;
    Ok(made_by.is_none_or(|step| step.version <= found))
}
