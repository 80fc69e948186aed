//! Service keys and the outsiders they act for.

use super::columns::FoundRow;
use super::people::CqlPeople;
use crate::database::AT_ONCE;
use actors::store::StoreError;
use actors::{Id, Time};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::directory::{Outsider, ServiceKey};

impl CqlPeople {
    pub async fn make_key(&self, key: ServiceKey) -> Result<(ServiceKey, bool), StoreError> {
        let values = (key.id.0.to_vec(), &key.name, key.digest.to_vec(), key.created_at.0);
        let made = self.insist(&self.statements.create_key, &values).await?;
        if made.applied {
            return Ok((key, false));
        }
        let found = self.look(&self.statements.key, (key.id.0.to_vec(),)).await?;
        let there = read(FoundRow::must("key", found.first())?)?;
        let again = !(made.doubted && there == key);
        Ok((there, again))
    }

    pub async fn all_keys(&self) -> Result<Vec<ServiceKey>, StoreError> {
        self.look(&self.statements.keys, ()).await?.iter().map(read).collect()
    }

    pub async fn revoke_key(&self, key: Id, at: Time) -> Result<bool, StoreError> {
        let revoked = self.insist(&self.statements.revoke_key, &(at.0, key.0.to_vec())).await?;
        if revoked.applied || !revoked.doubted {
            return Ok(revoked.applied);
        }
        let found = self.look(&self.statements.key, (key.0.to_vec(),)).await?;
        Ok(found.first().and_then(|row| row.time("revoked_at")) == Some(at))
    }

    pub async fn outsiders_of(
        &self,
        members: Vec<Id>,
    ) -> Result<Vec<Option<Outsider>>, StoreError> {
        let find = |member: Id| async move {
            let found = self.look(&self.statements.outsider, (member.0.to_vec(),)).await?;
            found.first().map(|row| outsider(member, row)).transpose()
        };
        stream::iter(members).map(find).buffered(AT_ONCE).try_collect().await
    }

    pub async fn note_outsider(&self, outsider: Outsider) -> Result<(), StoreError> {
        let Outsider { member, service, theirs } = outsider;
        self.put(&self.statements.note_outsider, (member.0.to_vec(), service, theirs)).await
    }
}

fn outsider(member: Id, found: &FoundRow) -> Result<Outsider, StoreError> {
    Ok(Outsider {
        member,
        service: FoundRow::must("service", found.text("service"))?,
        theirs: FoundRow::must("theirs", found.text("theirs"))?,
    })
}

fn read(found: &FoundRow) -> Result<ServiceKey, StoreError> {
    Ok(ServiceKey {
        id: FoundRow::must("id", found.id("id"))?,
        name: FoundRow::must("name", found.text("name"))?,
        digest: FoundRow::must("digest", found.bytes("digest"))?,
        created_at: FoundRow::must("created_at", found.time("created_at"))?,
        revoked_at: found.time("revoked_at"),
    })
}
