//! A write that changes nothing, to find out whether a quorum takes writes.
//!
//! It writes the newest step of the schema again, which is there already. So no row and no
//! tombstone gathers, however often it is done.

use super::error::Error;
use super::schema;
use super::session::Cql;
use actors::store::StoreError;
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;

#[derive(Clone)]
pub struct Touch {
    pub cql: Arc<Cql>,
    statement: PreparedStatement,
}

impl Touch {
    pub async fn prepare(cql: Arc<Cql>) -> Result<Touch, Error> {
        let statement = cql.prepare("INSERT INTO schema_steps (number) VALUES (?)").await?;
        Ok(Touch { cql, statement })
    }

    pub async fn write(&self) -> Result<(), StoreError> {
        self.cql.write(&self.statement, (schema::newest(),)).await
    }
}
