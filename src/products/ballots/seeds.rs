//! The seeds of draws: made from one secret in the store and a lottery's closing day, so that they
//! need no place of their own.
//!
//! Whoever creates a lottery publishes the hash of its seed, and the draw reveals the seed itself.
//! Until then it stands in no event, answer, log line or webhook; it is not even kept, only
//! computed when it is drawn with.

use actors::domain::draw::Hash;
use actors::domain::pool::PoolName;
use actors::store::StoreError;
use base::fresh;
use hmac::{Hmac, KeyInit, Mac};
use ports::directory::Directory;
use sha2::Sha256;
use std::fmt;

/// Under which name the store keeps the secret.
const SECRET: &str = "draw-secret";

pub struct Seeds(Vec<u8>);

impl Seeds {
    pub fn new(secret: Vec<u8>) -> Seeds {
        Seeds(secret)
    }

    /// The secret there is; at the first start, a new one.
    pub async fn open(directory: &dyn Directory) -> Result<Seeds, StoreError> {
        Ok(Seeds::new(directory.secret(SECRET, fresh::bytes::<32>().to_vec()).await?))
    }

    pub fn of(&self, pool: PoolName) -> Hash {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.chain_update(b"seed").chain_update(pool.to_string()).finalize().into_bytes().into()
    }
}

impl fmt::Debug for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seeds(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::domain::day::Day;

    #[test]
    fn every_day_of_every_installation_has_a_seed_of_its_own() {
        let (here, there) = (Seeds::new(vec![1; 32]), Seeds::new(vec![2; 32]));
        let pool = Day(20261231).into();
        assert_eq!(here.of(pool), here.of(pool));
        assert_ne!(here.of(pool), here.of(Day(20270101).into()));
        assert_ne!(here.of(pool), there.of(pool));
        assert_eq!(format!("{here:?}"), "Seeds(secret)");
    }
}
