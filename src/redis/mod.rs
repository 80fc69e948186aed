//! Redis beside the store, for several nodes: what it remembers spares questions and shares
//! budgets, and nothing rests on it.
//!
//! `link` keeps one connection, `slips` says which sessions the store was lately found to call
//! alive, `budgets` counts failures and requests for all nodes. Whatever is not answered within the
//! deadline is answered without Redis: sessions by the store, budgets by each node for itself. No
//! answer of Redis ever ends a session, and none can keep one alive that has ended.

mod budgets;
mod link;
mod slips;

pub use budgets::{PerMinute, Tried};
pub use link::State;
pub use slips::{LIFE, MARGIN};

use base::Secret;
use config::Config;
use link::Link;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Settings {
    /// `redis://host:port/database`, without a password.
    pub url: String,
    pub password: Option<Secret>,
    /// How long anybody waits for Redis.
    pub deadline: Duration,
    /// How long a slip lives, and so how long the end of a session waits if Redis does not confirm
    /// it.
    pub slip_life: Duration,
}

impl Settings {
    /// None if no Redis is configured.
    pub fn of(config: &Config) -> Option<Settings> {
        let url = config.redis.clone()?;
        let deadline = Duration::from_millis(u64::from(config.redis_deadline_ms));
        Some(Settings { url, password: config.redis_password.clone(), deadline, slip_life: LIFE })
    }
}

pub struct Redis {
    link: Arc<Link>,
    realm: String,
    slip_life: Duration,
}

impl Redis {
    /// Looks for Redis once before it returns, and from then on until it is dropped. One that is
    /// not there is no error. `realm` keeps installations apart that share one Redis.
    pub async fn start(settings: &Settings, realm: &str) -> Result<Redis, StartError> {
        let link = Link::start(settings).await?;
        Ok(Redis { link, realm: format!("stampede:{realm}:"), slip_life: settings.slip_life })
    }

    pub fn state(&self) -> State {
        self.link.state()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("redis: {0}")]
    Url(#[from] redis::RedisError),
    #[error("no thread can be started for Redis: {0}")]
    Thread(#[from] std::io::Error),
}
