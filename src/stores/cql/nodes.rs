//! The register of nodes: a row for each process that serves, which goes by itself when it is
//! written no more.
//!
//! All rows lie together and are few. Beliefs only: whatever is lost or late here makes something
//! slower, never wrong.

use super::error::{Error, broken};
use super::session::Cql;
use actors::Time;
use actors::engine::neighbours::Peer;
use actors::store::StoreError;
use ports::Answer;
use ports::register::{Beat, Register};
use scylla::statement::prepared::PreparedStatement;
use std::sync::Arc;

/// Far longer than any node takes to be given up for dead.
const KEPT_S: i32 = 120;

pub struct Nodes {
    cql: Arc<Cql>,
    put: PreparedStatement,
    all: PreparedStatement,
    drop: PreparedStatement,
}

type Row = (i64, String, i64, i64, i64, Option<i64>);

impl Nodes {
    pub async fn open(cql: Arc<Cql>) -> Result<Nodes, Error> {
        Ok(Nodes {
            put: cql
                .prepare(
                    "INSERT INTO nodes (share, id, address, started, beat, serves_from, \
                    serves_until) VALUES (0, ?, ?, ?, ?, ?, ?) USING TTL ?",
                )
                .await?,
            all: cql
                .prepare(
                    "SELECT id, address, started, beat, serves_from, serves_until FROM \
                nodes WHERE share = 0",
                )
                .await?,
            drop: cql.prepare("DELETE FROM nodes WHERE share = 0 AND id = ?").await?,
            cql,
        })
    }

    fn ask<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let asked = self.cql.run(work);
        Box::pin(async move { asked.await? })
    }
}

impl Register for Nodes {
    fn write(&self, beat: Beat) -> Answer<()> {
        let (cql, put) = (self.cql.clone(), self.put.clone());
        let Beat { id, address, started, count, from, until } = beat;
        self.ask(async move {
            cql.write(
                &put,
                (
                    id as i64,
                    address,
                    started.0,
                    count as i64,
                    from.0,
                    until.map(|until| until.0),
                    KEPT_S,
                ),
            )
            .await
        })
    }

    fn read(&self) -> Answer<Vec<Beat>> {
        let (cql, all) = (self.cql.clone(), self.all.clone());
        self.ask(async move {
            let rows = cql.read(&all, ()).await?;
            let rows = rows.rows::<Row>().map_err(broken)?;
            // A row of which only a part is left says nothing.
            Ok(rows.filter_map(|row| row.ok().map(beat)).collect())
        })
    }

    fn strike_off(&self, id: Peer) -> Answer<()> {
        let (cql, drop) = (self.cql.clone(), self.drop.clone());
        self.ask(async move { cql.write(&drop, (id as i64,)).await })
    }
}

fn beat((id, address, started, count, from, until): Row) -> Beat {
    Beat {
        id: id as u64,
        address,
        started: Time(started),
        count: count as u64,
        from: Time(from),
        until: until.map(Time),
    }
}
