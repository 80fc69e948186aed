//! What a node is told of its Redis, and why it cannot begin.

use base::Secret;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://host:port/database`, without a password.
    pub url: String,
    pub password: Option<Secret>,
    /// How long a caller waits for Redis.
    pub deadline: Duration,
    /// How long a slip lives, and so how long the end of a session waits if Redis does not confirm
    /// it.
    pub slip_life: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("redis: {0}")]
    Url(#[from] redis::RedisError),
    #[error("no thread can be started for Redis: {0}")]
    Thread(#[from] std::io::Error),
}
