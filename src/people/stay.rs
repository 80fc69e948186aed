//! Whether a caller who was let in may stay, for answers that go on for long.
//!
//! They may as long as a request with the same token would be let in: until the token expires, its
//! session ends, or the service key is revoked. What this node knows is asked each time; what only
//! the store knows, such as what other nodes have ended, is asked every few seconds.

use super::access::Access;
use super::refusals::{Denied, Reason};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How long what other nodes have ended may be unknown here.
const ASKED_EVERY: Duration = Duration::from_secs(5);

pub struct Stay {
    access: Arc<Access>,
    token: Box<str>,
    asked: Mutex<Instant>,
    over: OnceLock<Reason>,
}

impl Stay {
    /// Of a caller who was let in with that header a moment ago.
    pub fn begin(access: &Arc<Access>, authorization: &str) -> Result<Stay, Denied> {
        let token = access.token(authorization)?.into();
        let (asked, over) = (Mutex::new(Instant::now()), OnceLock::new());
        Ok(Stay { access: access.clone(), token, asked, over })
    }

    /// Why it is over, as far as this node knows.
    pub fn over(&self) -> Option<Reason> {
        if self.over.get().is_none()
            && let Err(reason) = self.access.would_let_in(&self.token)
        {
            let _ = self.over.set(reason);
        }
        self.over.get().copied()
    }

    /// The same, and now and then what the others know. A store that cannot be asked ends nothing:
    /// the next time is soon, and the token expires.
    pub async fn over_anywhere(&self) -> Option<Reason> {
        let over = self.over();
        if over.is_some() || !self.is_time_to_ask() {
            return over;
        }
        if let Ok(Err(reason)) = self.access.all_would_let_in(&self.token).await {
            let _ = self.over.set(reason);
        }
        self.over.get().copied()
    }

    fn is_time_to_ask(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let is_time = asked.elapsed() >= ASKED_EVERY;
        if is_time {
            *asked = Instant::now();
        }
        is_time
    }
}
