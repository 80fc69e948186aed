//! Marks of identifiers that members gave up who had logged in, each for so long. Plain writes: of
//! two at the same time the later end may be lost, which forgets a mark too early and no more.

use super::columns::FoundRow;
use super::people::CqlPeople;
use actors::store::StoreError;
use actors::{Id, Time};

/// In so many rows the marks lie, to be walked through.
const SHARES: u8 = 16;

fn share(mark: Id) -> i32 {
    i32::from(mark.0[0] % SHARES)
}

impl CqlPeople {
    pub async fn note_partings(&self, marks: &[Id], until: Time) -> Result<(), StoreError> {
        for mark in marks {
            let until = self.parted_until(*mark).await?.map_or(until, |known| known.max(until));
            let parting = (share(*mark), mark.0.to_vec(), until.0);
            self.put(&self.statements.note_parting, parting).await?;
        }
        Ok(())
    }

    pub async fn has_parted(&self, marks: &[Id], at: Time) -> Result<bool, StoreError> {
        for mark in marks {
            if self.parted_until(*mark).await?.is_some_and(|until| until > at) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub async fn forget_partings(&self, at: Time) -> Result<(), StoreError> {
        for share in 0..i32::from(SHARES) {
            for found in self.look(&self.statements.partings, (share,)).await? {
                let mark = FoundRow::must("mark", found.id("mark"))?;
                if FoundRow::must("until", found.time("until"))? <= at {
                    let gone = (share, mark.0.to_vec());
                    self.put(&self.statements.forget_parting, gone).await?;
                }
            }
        }
        Ok(())
    }

    async fn parted_until(&self, mark: Id) -> Result<Option<Time>, StoreError> {
        let found = self.look(&self.statements.parting, (share(mark), mark.0.to_vec())).await?;
        Ok(found.first().and_then(|found| found.time("until")))
    }
}
