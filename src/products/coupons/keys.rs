//! The keys that coupon codes are made with: one secret in the store, made at the first start.
//!
//! They are kept as a whole, so that a rotation is one step and a backup is complete. A rotation
//! adds a key and takes none away: codes are on paper and in wallets, and nobody can print them
//! anew. It is done while nobody serves, so whoever serves knows all keys there are; on a store
//! that several nodes share their heartbeats are looked for. The keys are shown to nobody and stand
//! in no log line.

use actors::domain::coupons::code::{Keys, UnreadableKeys, Version};
use actors::store::StoreError;
use base::fresh;
use ports::directory::Directory;
use std::sync::Arc;

/// Under which name the directory keeps them.
const SECRET: &str = "coupon-keys";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the coupon keys in the store cannot be read")]
    Unreadable(#[from] UnreadableKeys),
    #[error("there have been 32 coupon keys, and a code has no room to name another")]
    NoneLeft,
    #[error(
        "nodes serve at this moment ({0}), and would not know the new key; stop them all first, or \
         wait two minutes after a crash"
    )]
    NodesServe(String),
}

/// The keys there are; at the first start, new ones.
pub async fn open(directory: &dyn Directory) -> Result<Arc<Keys>, Error> {
    Ok(Arc::new(Keys::from_bytes(&kept(directory).await?)?))
}

/// Codes are printed with a new key from the next start on. Answers its version.
pub async fn rotate(directory: &dyn Directory) -> Result<Version, Error> {
    loop {
        let old = kept(directory).await?;
        let keys = Keys::from_bytes(&old)?.rotated(fresh::bytes()).ok_or(Error::NoneLeft)?;
        if directory.replace_secret(SECRET, old, keys.to_bytes()).await? {
            return Ok(keys.current().version());
        }
    }
}

async fn kept(directory: &dyn Directory) -> Result<Vec<u8>, StoreError> {
    directory.secret(SECRET, Keys::new(fresh::bytes()).to_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::domain::coupons::Serial;
    use actors::domain::coupons::code::CouponNumber;
    use futures_util::future::join_all;
    use sqlite::SqliteStore;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    const PLACE: CouponNumber = CouponNumber { serial: Serial(18), index: 5 };

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            Folder(
                std::env::temp_dir()
                    .join(format!("stampede-coupon-keys-{}-{number}", std::process::id())),
            )
        }

        async fn store(&self) -> SqliteStore {
            let store = SqliteStore::open(&self.0, &|_, _| Vec::new()).unwrap();
            store.prepare().await.unwrap();
            store
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[actix_rt::test]
    async fn the_first_start_makes_keys_and_the_next_finds_them() {
        let (folder, other) = (Folder::new(), Folder::new());
        let printed = open(&folder.store().await).await.unwrap().print(PLACE);
        assert_eq!(open(&folder.store().await).await.unwrap().print(PLACE), printed);
        assert_ne!(
            open(&other.store().await).await.unwrap().print(PLACE),
            printed,
            "no two installations have the same keys"
        );
    }

    #[actix_rt::test]
    async fn after_a_rotation_another_key_prints_and_the_old_codes_are_good() {
        let folder = Folder::new();
        let store = folder.store().await;
        let old = open(&store).await.unwrap().print(PLACE);
        assert_eq!(rotate(&store).await.unwrap().number(), 1);
        let keys = open(&store).await.unwrap();
        assert_ne!(keys.print(PLACE), old);
        assert_eq!(keys.read(old.as_str()), Ok(PLACE));
    }

    #[actix_rt::test]
    async fn rotations_at_once_lose_none_and_the_thirty_second_key_is_the_last() {
        let folder = Folder::new();
        let store = folder.store().await;
        let mut versions: Vec<u8> = join_all((0..31).map(|_| rotate(&store)))
            .await
            .into_iter()
            .map(|done| done.unwrap().number())
            .collect();
        versions.sort();
        assert_eq!(versions, (1..32).collect::<Vec<u8>>());
        let last = open(&store).await.unwrap().print(PLACE);
        assert!(matches!(rotate(&store).await, Err(Error::NoneLeft)));
        assert_eq!(open(&store).await.unwrap().print(PLACE), last, "nothing was changed");
    }

    #[actix_rt::test]
    async fn a_secret_that_was_damaged_is_neither_used_nor_replaced() {
        let folder = Folder::new();
        let store = folder.store().await;
        store.secret(SECRET, b"nonsense".to_vec()).await.unwrap();
        assert!(matches!(open(&store).await, Err(Error::Unreadable(_))));
        assert!(matches!(rotate(&store).await, Err(Error::Unreadable(_))));
        assert_eq!(store.secret(SECRET, Vec::new()).await.unwrap(), b"nonsense");
    }
}
