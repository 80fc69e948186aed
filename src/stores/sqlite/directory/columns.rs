//! Ids as columns have them.

use crate::error::DAMAGED_ROW;
use actors::Id;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Error, Result};

/// An id as a column has it.
pub struct IdColumn(pub Id);

impl ToSql for IdColumn {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0.0)))
    }
}

impl FromSql for IdColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value
            .as_blob()?
            .try_into()
            .map_err(|_| FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: 0 })?;
        Ok(IdColumn(Id(bytes)))
    }
}

/// Counted as damage of a row, because another one says that it is there.
pub fn missing(what: &str, id: Id) -> Error {
    let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR);
    Error::SqliteFailure(failure, Some(format!("{} {id} of the {what}s: it is gone", DAMAGED_ROW)))
}

/// The key of the row before the first, for a page that begins at the beginning.
pub fn start(after: Option<Id>) -> IdColumn {
    IdColumn(after.unwrap_or(Id::SYSTEM))
}
