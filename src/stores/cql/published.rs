//! How far each partition has come in the feed: written after an entry, and before any entry that
//! follows.

use super::database::Database;
use super::error::Error;
use actors::store::StoreError;
use scylla::statement::prepared::PreparedStatement;

pub struct Published {
    db: Database,
    published: PreparedStatement,
    put_published: PreparedStatement,
}

impl Published {
    pub async fn prepare(db: Database) -> Result<Published, Error> {
        let cql = &db.cql;
        Ok(Published {
            published: cql.prepare("SELECT generation, seq FROM published WHERE name = ?").await?,
            put_published: cql
                .prepare(
                    "INSERT INTO published (name, generation, seq) VALUES (?, ?, ?) USING \
                 TIMESTAMP ?",
                )
                .await?,
            db,
        })
    }

    /// The generation and the sequence of the last frame of that partition.
    pub async fn of(&self, name: &str) -> Result<Option<(i32, u64)>, StoreError> {
        let found: Option<(i32, i64)> = self.db.one(&self.published, (name,)).await?;
        Ok(found.map(|(generation, seq)| (generation, seq as u64)))
    }

    /// `end` is where the feed ended with that frame.
    pub async fn put(
        &self,
        name: &str,
        (generation, seq): (i32, u64),
        end: u64,
    ) -> Result<(), StoreError> {
        let row = (name, generation, seq as i64, end as i64);
        self.db.cql.write(&self.put_published, row).await
    }
}
