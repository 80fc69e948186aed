//! Secrets: made once, by the node that comes first, and kept under the seal.
//!
//! One of them is no secret at all: it only shows whether a node has the key that the others were
//! sealed with.

use super::columns::FoundRow;
use super::people::CqlPeople;
use actors::store::StoreError;

const PROOF: &str = "cluster-key";
const WRONG_KEY: &str =
    "cluster_key is not the one that the secrets in this keyspace were sealed with";

impl CqlPeople {
    /// A node that has another key than the nodes before it does not get in.
    pub async fn prove_key(&self) -> Result<(), StoreError> {
        self.get_or_make(PROOF, b"the same on every node").await.map(drop).map_err(|error| {
            match error {
                StoreError::Broken(_) => StoreError::Broken(WRONG_KEY.to_owned()),
                unavailable => unavailable,
            }
        })
    }

    pub async fn get_or_make(&self, name: &str, made: &[u8]) -> Result<Vec<u8>, StoreError> {
        if let Some(sealed) = self.sealed(name).await? {
            return self.unseal(name, &sealed);
        }
        // Applied or not, lost or not: the one that is there then counts.
        self.insist(&self.statements.make_secret, &(name, self.seal.close(name, made))).await?;
        let sealed = self.sealed(name).await?;
        self.unseal(name, &FoundRow::must("sealed", sealed)?)
    }

    pub async fn replace(&self, name: &str, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let Some(sealed) = self.sealed(name).await? else { return Ok(false) };
        if self.unseal(name, &sealed)? != old {
            return Ok(false);
        }
        let closed = self.seal.close(name, new);
        let replaced =
            self.insist(&self.statements.replace_secret, &(&closed, name, &sealed)).await?;
        // No two seals are alike, so this one is there only if a lost attempt has put it there.
        Ok(replaced.applied || self.sealed(name).await?.is_some_and(|there| there == closed))
    }

    pub async fn forget_secret(&self, name: &str) -> Result<bool, StoreError> {
        let Some(sealed) = self.sealed(name).await? else { return Ok(false) };
        let forgotten = self.insist(&self.statements.forget_secret, &(name, sealed)).await?;
        Ok(forgotten.applied || forgotten.doubted)
    }

    async fn sealed(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .look(&self.statements.secret, (name,))
            .await?
            .first()
            .and_then(|found| found.blob("sealed")))
    }

    fn unseal(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal.open(name, sealed).ok_or_else(|| {
            StoreError::Broken(format!("the secret {name} does not open with this cluster_key"))
        })
    }
}
