//! A checksum in every row that no chain of hashes covers, so that a flipped bit is found, and
//! never believed.
//!
//! The column `sum` holds eight bytes of SHA-256 over the row's other columns. Triggers of the one
//! connection that writes fill it, so no statement can forget it; rows that are written by the
//! thousand bring theirs. Before a row is changed it is checked, so that no damage is ever sealed
//! anew. A reader asks for rows that are `whole`; one that is not fails the statement and is named.
//! The triggers are this connection's own: a person may still repair a row by hand.

use super::error::{DAMAGED_ROW, Error};
use super::upgrades;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use sha2::{Digest, Sha256};

/// A table with sums. The columns stand in one order for ever, the first of them says which row it
/// is.
pub struct Table {
    pub name: &'static str,
    pub key: &'static [&'static str],
    pub columns: &'static [&'static str],
}

pub const MEMBERS: Table = Table {
    name: "members",
    key: &["id"],
    columns: &[
        "id",
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
    ],
};
pub const IDENTIFIERS: Table =
    Table { name: "identifiers", key: &["folded"], columns: &["member", "folded"] };
pub const MEMBER_COUNTS: Table =
    Table { name: "member_counts", key: &["role"], columns: &["role", "members"] };
pub const SESSIONS: Table = Table {
    name: "sessions",
    key: &["member", "id"],
    columns: &["member", "id", "step", "began_at", "refreshed_at", "ended_at", "agent"],
};
pub const HOMES: Table =
    Table { name: "homes", key: &["member", "home"], columns: &["member", "home", "at"] };
pub const SERVICE_KEYS: Table = Table {
    name: "service_keys",
    key: &["id"],
    columns: &["id", "name", "digest", "created_at", "revoked_at"],
};
pub const SCOPED_KEYS: Table = Table {
    name: "scoped_keys",
    key: &["id"],
    columns: &[
        "id",
        "name",
        "purpose",
        "scopes",
        "digest",
        "created_at",
        "expires_at",
        "revoked_at",
    ],
};
pub const DEEDS: Table =
    Table { name: "deeds", key: &["key"], columns: &["key", "meaning", "at", "mark", "done"] };
pub const PARTINGS: Table = Table { name: "partings", key: &["mark"], columns: &["mark", "until"] };
pub const SECRETS: Table = Table { name: "secrets", key: &["name"], columns: &["name", "value"] };
pub const SEGMENTS: Table = Table {
    name: "segments",
    key: &["number"],
    columns: &["number", "first", "last", "digest", "bytes"],
};
pub const META: Table = Table { name: "meta", key: &["name"], columns: &["name", "value"] };
/// These bring their own sums.
pub const PARTITIONS: Table =
    Table { name: "partitions", key: &["id"], columns: &["id", "name", "last", "seq", "head"] };
pub const OUTSIDERS: Table = Table {
    name: "outsiders",
    key: &["position"],
    columns: &["position", "member", "service", "theirs"],
};
pub const SNAPSHOTS: Table = Table {
    name: "snapshots",
    key: &["partition"],
    columns: &["partition", "seq", "head", "keys_after", "due"],
};
pub const LOOKUPS: Table = Table {
    name: "lookups",
    key: &["owner", "shelf", "key"],
    columns: &["owner", "shelf", "key", "body"],
};

const BY_TRIGGER: [&Table; 12] = [
    &MEMBERS,
    &IDENTIFIERS,
    &MEMBER_COUNTS,
    &SESSIONS,
    &HOMES,
    &SERVICE_KEYS,
    &SCOPED_KEYS,
    &DEEDS,
    &PARTINGS,
    &SECRETS,
    &SEGMENTS,
    &META,
];
pub const ALL: [&Table; 16] = [
    &MEMBERS,
    &IDENTIFIERS,
    &MEMBER_COUNTS,
    &SESSIONS,
    &HOMES,
    &SERVICE_KEYS,
    &SCOPED_KEYS,
    &DEEDS,
    &PARTINGS,
    &OUTSIDERS,
    &SECRETS,
    &SEGMENTS,
    &META,
    &PARTITIONS,
    &SNAPSHOTS,
    &LOOKUPS,
];

impl Table {
    /// A condition: true of a row whose sum holds, and an error at any other.
    pub fn whole(&self) -> String {
        self.whole_as("")
    }

    /// The same, where the table has another name in the statement.
    pub fn whole_as(&self, prefix: &str) -> String {
        format!("whole('{}', {prefix}sum, {})", self.name, self.listed(prefix))
    }

    fn listed(&self, prefix: &str) -> String {
        self.columns.iter().map(|column| format!("{prefix}{column}")).collect::<Vec<_>>().join(", ")
    }

    fn triggers(&self) -> String {
        let (name, columns, sum, whole) =
            (self.name, self.listed(""), self.listed("new."), self.whole_as("old."));
        let row = self
            .key
            .iter()
            .map(|column| format!("{column} = new.{column}"))
            .collect::<Vec<_>>()
            .join(" AND ");
        let seal = format!("BEGIN UPDATE {name} SET sum = row_sum({sum}) WHERE {row}; END;");
        format!(
            "CREATE TEMP TRIGGER IF NOT EXISTS {name}_are_whole BEFORE UPDATE OF {columns} ON \
             main.{name} BEGIN SELECT {whole}; END;
             CREATE TEMP TRIGGER IF NOT EXISTS {name}_sealed_new AFTER INSERT ON main.{name} {seal}
             CREATE TEMP TRIGGER IF NOT EXISTS {name}_sealed AFTER UPDATE OF {columns} ON \
             main.{name} {seal}"
        )
    }
}

/// What the statements of every connection may call.
pub fn teach(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("row_sum", -1, flags, |values| Ok(sum(values, 0)))?;
    connection.create_scalar_function("whole", -1, flags, is_whole)
}

/// For the connection that writes.
pub fn keep(connection: &Connection) -> Result<()> {
    BY_TRIGGER.iter().try_for_each(|table| connection.execute_batch(&table.triggers()))
}

/// Reads every row, and names the first that is damaged.
pub fn check(connection: &Connection) -> std::result::Result<(), Error> {
    for table in ALL {
        if !upgrades::has(connection, table.name)? {
            continue;
        }
        connection.query_row(
            &format!("SELECT count(*) FROM {} WHERE {}", table.name, table.whole()),
            [],
            |_| Ok(()),
        )?;
    }
    Ok(())
}

/// The table, its sum, and what it is the sum of.
fn is_whole(values: &Context) -> Result<bool> {
    if values.get_raw(1) == ValueRef::Integer(sum(values, 2)) {
        return Ok(true);
    }
    let row = match values.get_raw(2) {
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Text(name) => String::from_utf8_lossy(name).into_owned(),
        ValueRef::Blob(id) => id.iter().map(|byte| format!("{byte:02x}")).collect(),
        ValueRef::Null | ValueRef::Real(_) => "without a name".to_owned(),
    };
    let table: String = values.get(0)?;
    Err(rusqlite::Error::UserFunctionError(
        format!("{DAMAGED_ROW} {row} of the table {table}").into(),
    ))
}

/// Every value with its kind and its length, so that no two rows read alike.
fn sum(values: &Context, from: usize) -> i64 {
    let mut sha = Sha256::new();
    let mut add = |kind: u8, bytes: &[u8]| {
        sha.update([kind]);
        sha.update((bytes.len() as u64).to_le_bytes());
        sha.update(bytes);
    };
    for index in from..values.len() {
        match values.get_raw(index) {
            ValueRef::Null => add(0, &[]),
            ValueRef::Integer(number) => add(1, &number.to_le_bytes()),
            ValueRef::Real(number) => add(2, &number.to_le_bytes()),
            ValueRef::Text(text) => add(3, text),
            ValueRef::Blob(blob) => add(4, blob),
        }
    }
    let mut sum = [0; 8];
    sum.copy_from_slice(&sha.finalize()[..8]);
    i64::from_le_bytes(sum)
}
