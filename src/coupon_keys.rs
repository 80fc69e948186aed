//! The keys that coupon codes are printed with, kept among the store's secrets.

use crate::identity::Directory;
use actors::domain::coupons::code::Keys;
use std::sync::Arc;

const SECRET: &str = "coupon-keys";

/// The keys there are; at the first start, a new one.
pub async fn open(directory: &dyn Directory) -> anyhow::Result<Arc<Keys>> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    let kept = directory.secret(SECRET, Keys::new(key).to_bytes()).await?;
    Ok(Arc::new(Keys::from_bytes(&kept)?))
}
