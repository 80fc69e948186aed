//! Who must be woken: a table of the partitions that are awake, and of those that sleep with
//! something due.
//!
//! A partition is entered as awake before its first append, so that an owner who dies leaves it
//! there. A snapshot of its end lets it sleep. Every node sees all of them, also those that are
//! awake elsewhere; a node wakes only those that it should own, because to open a partition is to
//! take it over.

use super::claim::WriteClaim;
use super::database::{Database, all_of};
use super::error::Error;
use actors::store::{Sleeper, StoreError};
use actors::{Id, Time};
use futures_util::TryStreamExt;
use scylla::statement::prepared::PreparedStatement;

/// Rows of the table; each holds its share of the partitions.
const BUCKETS: i32 = 64;

type SleeperRow = (String, Option<bool>, Option<i64>);

pub struct Sleepers {
    db: Database,
    sleepers: PreparedStatement,
    put_sleeper: PreparedStatement,
    take_sleeper: PreparedStatement,
}

impl Sleepers {
    pub async fn prepare(db: Database) -> Result<Sleepers, Error> {
        let cql = &db.cql;
        Ok(Sleepers {
            sleepers: cql.prepare("SELECT name, awake, due FROM sleepers WHERE bucket = ?").await?,
            put_sleeper: cql
                .prepare(
                    "INSERT INTO sleepers (bucket, name, awake, due) VALUES (?, ?, ?, ?) USING \
                 TIMESTAMP ?",
                )
                .await?,
            take_sleeper: cql
                .prepare("DELETE FROM sleepers USING TIMESTAMP ? WHERE bucket = ? AND name = ?")
                .await?,
            db,
        })
    }

    pub async fn enter_as_awake(
        &self,
        name: &str,
        claim: &mut WriteClaim,
    ) -> Result<(), StoreError> {
        if !claim.is_awake {
            let stamp = claim.stamp();
            self.db
                .cql
                .write(&self.put_sleeper, (bucket(name), name, true, None::<i64>, stamp))
                .await?;
            claim.is_awake = true;
        }
        Ok(())
    }

    pub async fn let_sleep(
        &self,
        name: &str,
        claim: &mut WriteClaim,
        due: Option<Time>,
    ) -> Result<(), StoreError> {
        // Whatever becomes of this write, the next append enters the partition again.
        claim.is_awake = false;
        let stamp = claim.stamp();
        match due {
            Some(due) => {
                self.db
                    .cql
                    .write(&self.put_sleeper, (bucket(name), name, false, Some(due.0), stamp))
                    .await
            }
            None => self.db.cql.write(&self.take_sleeper, (stamp, bucket(name), name)).await,
        }
    }

    pub async fn to_be_woken(&self, until: Time) -> Result<Vec<Sleeper>, StoreError> {
        let rows = all_of((0..BUCKETS).map(|bucket| self.bucket(bucket))).await?;
        let sleeper = |(partition, awake, due): SleeperRow| match (awake, due) {
            (Some(true), _) => Some(Sleeper { partition, due: None }),
            (_, Some(due)) if due <= until.0 => Some(Sleeper { partition, due: Some(Time(due)) }),
            _ => None,
        };
        Ok(rows.into_iter().flatten().filter_map(sleeper).collect())
    }

    async fn bucket(&self, bucket: i32) -> Result<Vec<SleeperRow>, StoreError> {
        self.db.all::<SleeperRow, _>(&self.sleepers, (bucket,)).await?.try_collect().await
    }
}

fn bucket(name: &str) -> i32 {
    i32::from(Id::digest(&[name.as_bytes()]).0[0]) % BUCKETS
}
