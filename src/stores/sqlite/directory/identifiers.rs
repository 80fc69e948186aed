//! Identifiers: each names one member.

use super::super::sums::IDENTIFIERS;
use super::columns::IdColumn;
use actors::Id;
use ports::profile::{IdentifierKind, Profile};
use rusqlite::{Connection, OptionalExtension, Result, params};

pub fn owner(connection: &Connection, folded: &str) -> Result<Option<Id>> {
    let select =
        format!("SELECT member FROM identifiers WHERE folded = ?1 AND {}", IDENTIFIERS.whole());
    connection
        .query_row(&select, [folded], |row| row.get(0))
        .optional()
        .map(|found: Option<IdColumn>| found.map(|key| key.0))
}

/// Which identifiers of the profile have another owner.
pub fn taken(
    connection: &Connection,
    member: Id,
    profile: &Profile,
) -> Result<Vec<IdentifierKind>> {
    let mut taken = Vec::new();
    for identifier in profile.identifiers() {
        if owner(connection, &identifier.folded)?.is_some_and(|owner| owner != member) {
            taken.push(identifier.kind);
        }
    }
    Ok(taken)
}

pub fn claim(connection: &Connection, member: Id, profile: &Profile) -> Result<()> {
    let mut insert =
        connection.prepare("INSERT INTO identifiers (folded, member) VALUES (?1, ?2)")?;
    profile.identifiers().try_for_each(|identifier| {
        insert.execute(params![identifier.folded, IdColumn(member)]).map(drop)
    })
}

pub fn free(connection: &Connection, profile: &Profile) -> Result<()> {
    let mut delete = connection.prepare("DELETE FROM identifiers WHERE folded = ?1")?;
    profile.identifiers().try_for_each(|identifier| delete.execute([&identifier.folded]).map(drop))
}
