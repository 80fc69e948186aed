//! Service keys and the outsiders they act for.

use super::columns::FoundRow;
use super::people::CqlPeople;
use super::statements::PeopleStatements;
use crate::database::AT_ONCE;
use actors::store::StoreError;
use actors::{Id, Time};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::directory::{Outsider, ServiceKey};
use ports::scopes::Scopes;

impl CqlPeople {
    pub async fn make_key(&self, key: ServiceKey) -> Result<(ServiceKey, bool), StoreError> {
        let id = (key.id.0.to_vec(),);
        if let Some(first) = self.look(&self.statements.first_key, id.clone()).await?.first() {
            return Ok((read(first)?, true));
        }
        let values = (
            key.id.0.to_vec(),
            &key.name,
            &key.purpose,
            key.scopes.bits(),
            key.digest.to_vec(),
            key.created_at.0,
            key.expires_at.map(|at| at.0),
        );
        let made = self.insist(&self.statements.create_key, &values).await?;
        if made.applied {
            return Ok((key, false));
        }
        let found = self.look(&self.statements.key, id).await?;
        let there = read(FoundRow::must("key", found.first())?)?;
        let again = !(made.doubted && there == key);
        Ok((there, again))
    }

    pub async fn all_keys(&self) -> Result<Vec<ServiceKey>, StoreError> {
        let first = self.look(&self.statements.first_keys, ()).await?;
        let scoped = self.look(&self.statements.keys, ()).await?;
        let mut keys: Vec<ServiceKey> =
            first.iter().chain(&scoped).map(read).collect::<Result<_, _>>()?;
        keys.sort_by_key(|key| key.id);
        Ok(keys)
    }

    pub async fn revoke_key(&self, key: Id, at: Time) -> Result<bool, StoreError> {
        let PeopleStatements { key: find, first_key, revoke_key, revoke_first_key, .. } =
            &self.statements;
        for (revoke, find) in [(revoke_key, find), (revoke_first_key, first_key)] {
            let revoked = self.insist(revoke, &(at.0, key.0.to_vec())).await?;
            if revoked.applied {
                return Ok(true);
            }
            if revoked.doubted {
                let found = self.look(find, (key.0.to_vec(),)).await?;
                if found.first().and_then(|row| row.time("revoked_at")) == Some(at) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
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

/// A key of before there were scopes says nothing of them.
fn read(found: &FoundRow) -> Result<ServiceKey, StoreError> {
    Ok(ServiceKey {
        id: FoundRow::must("id", found.id("id"))?,
        name: FoundRow::must("name", found.text("name"))?,
        purpose: found.text("purpose"),
        scopes: found.number("scopes").map_or(Scopes::MEMBERS, Scopes::of_bits),
        digest: FoundRow::must("digest", found.bytes("digest"))?,
        created_at: FoundRow::must("created_at", found.time("created_at"))?,
        expires_at: found.time("expires_at"),
        revoked_at: found.time("revoked_at"),
    })
}
