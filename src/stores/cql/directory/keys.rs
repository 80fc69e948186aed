//! Service keys and the outsiders they act for.

use super::People;
use super::columns::Found;
use super::step::unknown;
use crate::identity::directory::ServiceKey;
use actors::store::StoreError;
use actors::{Id, Time};

impl People {
    pub async fn make_key(&self, key: ServiceKey) -> Result<(ServiceKey, bool), StoreError> {
        let values = (key.id.0.to_vec(), &key.name, key.digest.to_vec(), key.created_at.0);
        // A repeat of what an earlier attempt has written is the same key.
        let verdict = self.insist(&self.statements.create_key, &values).await?;
        if verdict.applied {
            return Ok((key, false));
        }
        let found = Found::all(&self.cql.read(&self.statements.key, (key.id.0.to_vec(),)).await?)?;
        let there = Found::must("key", found.first())?;
        Ok((read(there)?, true))
    }

    pub async fn all_keys(&self) -> Result<Vec<ServiceKey>, StoreError> {
        Found::all(&self.cql.read(&self.statements.keys, ()).await?)?.iter().map(read).collect()
    }

    pub async fn revoke_key(&self, key: Id, at: Time) -> Result<bool, StoreError> {
        let revoked = self.cql.decide(&self.statements.revoke_key, (at.0, key.0.to_vec()), false).await;
        revoked.map(|verdict| verdict.applied).map_err(|lost| unknown(Some(lost)))
    }

    pub async fn note_outsider(&self, member: Id, service: &str, theirs: &str) -> Result<(), StoreError> {
        self.cql.write(&self.statements.note_outsider, (member.0.to_vec(), service, theirs)).await
    }
}

fn read(found: &Found) -> Result<ServiceKey, StoreError> {
    Ok(ServiceKey {
        id: Found::must("id", found.id("id"))?,
        name: Found::must("name", found.text("name"))?,
        digest: Found::must("digest", found.bytes("digest"))?,
        created_at: Found::must("created_at", found.time("created_at"))?,
        revoked_at: found.time("revoked_at"),
    })
}
