//! NamedValues by the names of their columns, as they are bound and as they are found.

use crate::error::{broken, unavailable};
use actors::store::StoreError;
use actors::{Id, Time};
use scylla::response::query_result::QueryRowsResult;
use scylla::value::{CqlValue, Row};
use std::collections::BTreeMap;

/// What is bound to the named places of a statement; `None` is null.
pub type NamedValues = BTreeMap<&'static str, Option<CqlValue>>;

pub fn blob(bytes: impl AsRef<[u8]>) -> CqlValue {
    CqlValue::Blob(bytes.as_ref().to_vec())
}

pub fn id(id: Id) -> CqlValue {
    blob(id.0)
}

pub fn time(time: Time) -> CqlValue {
    CqlValue::BigInt(time.0)
}

pub fn text(text: &str) -> CqlValue {
    CqlValue::Text(text.to_owned())
}

/// A row that was found. A column that is null is not there.
pub struct FoundRow(BTreeMap<String, CqlValue>);

impl FoundRow {
    pub fn all(answer: &QueryRowsResult) -> Result<Vec<FoundRow>, StoreError> {
        let names: Vec<&str> = answer.column_specs().iter().map(|column| column.name()).collect();
        let found = |row: Row| {
            let named = names.iter().map(|name| (*name).to_owned()).zip(row.columns);
            FoundRow(named.filter_map(|(name, value)| value.map(|value| (name, value))).collect())
        };
        answer
            .rows::<Row>()
            .map_err(unavailable)?
            .map(|row| row.map(found).map_err(broken))
            .collect()
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_bigint()
    }

    pub fn time(&self, name: &str) -> Option<Time> {
        self.number(name).map(Time)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_text().cloned()
    }

    pub fn blob(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name)?.as_blob().cloned()
    }

    pub fn bytes<const N: usize>(&self, name: &str) -> Option<[u8; N]> {
        self.0.get(name)?.as_blob()?.as_slice().try_into().ok()
    }

    pub fn id(&self, name: &str) -> Option<Id> {
        self.bytes(name).map(Id)
    }

    pub fn says(&self, name: &str) -> bool {
        self.0.get(name).and_then(CqlValue::as_boolean).unwrap_or(false)
    }

    /// A column without which the row makes no sense.
    pub fn must<T>(name: &str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| StoreError::Broken(format!("a row has no {name}")))
    }
}

#[cfg(test)]
impl FoundRow {
    pub fn of(columns: impl IntoIterator<Item = (String, CqlValue)>) -> FoundRow {
        FoundRow(columns.into_iter().collect())
    }
}
