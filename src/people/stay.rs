//! Whether somebody who was let in may stay, for answers that go on for long.
//!
//! They may as long as a request with the same token would be let in: until the token expires, its
//! session ends, or the service key is revoked. What this node knows is asked each time; what only
//! the store knows, such as what other nodes have ended, is asked every few seconds.

use super::access::{Via, bearer};
use super::tokens::Reason;
use super::{Error, Identity, service_keys};
use actors::store::StoreError;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How long what other nodes have ended may be unknown here.
const ASKED_EVERY: Duration = Duration::from_secs(5);

pub struct Stay {
    identity: Arc<Identity>,
    token: Box<str>,
    asked: Mutex<Instant>,
    over: OnceLock<Reason>,
}

impl Identity {
    /// Of somebody who was let in with that header a moment ago.
    pub fn stay(self: &Arc<Identity>, authorization: &str) -> Result<Stay, Error> {
        let token = bearer(Some(authorization)).map_err(|reason| self.refuse(reason))?.into();
        let (asked, over) = (Mutex::new(Instant::now()), OnceLock::new());
        Ok(Stay { identity: self.clone(), token, asked, over })
    }

    fn would_let_in(&self, token: &str) -> Result<(), Reason> {
        if token.starts_with(service_keys::PREFIX) {
            return self.services.service(token).map(drop).ok_or(Reason::UnknownServiceKey);
        }
        self.session(token).map(drop)
    }

    /// The same, as all nodes know it.
    async fn all_would_let_in(&self, token: &str) -> Result<Result<(), Reason>, StoreError> {
        if token.starts_with(service_keys::PREFIX) {
            self.hear_of_service_keys().await?;
            return Ok(self.would_let_in(token));
        }
        let signed = match self.session(token) {
            Ok(signed) => signed,
            Err(reason) => return Ok(Err(reason)),
        };
        let Via::Session { id, in_doubt } = signed.via else { return Ok(Ok(())) };
        let lives = self.still_lives(signed.caller.id, id, in_doubt).await?;
        Ok(if lives { Ok(()) } else { Err(Reason::Revoked) })
    }
}

impl Stay {
    /// Why it is over, as far as this node knows.
    pub fn over(&self) -> Option<Reason> {
        if self.over.get().is_none()
            && let Err(reason) = self.identity.would_let_in(&self.token)
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
        if let Ok(Err(reason)) = self.identity.all_would_let_in(&self.token).await {
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
