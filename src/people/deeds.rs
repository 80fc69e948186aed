//! What callers do under idempotency keys, where no partition remembers the keys: a deed is done
//! once, and a repeat is told that it was.
//!
//! Nothing of an answer is kept. It is made anew from what is there, so no secret waits anywhere.

use super::error::Error;
use actors::Id;
use actors::time::{Clock, Time};
use base::fresh;
use ports::Directory;
use ports::deeds::{Deed, DeedAttempt};
use std::sync::Arc;

/// What was begun so long ago and is not done has died with its node. Shorter than a lost refresh
/// is forgiven.
const GIVEN_UP_S: u32 = 20;

/// Who does what under which key.
#[derive(Clone, Copy, Debug)]
pub struct DeedName {
    key: Id,
    meaning: Id,
}

impl DeedName {
    /// `key` is the text of the key with whoever says it; `meaning` has no secret in it.
    pub fn new(key: &[&[u8]], meaning: &[&[u8]]) -> DeedName {
        DeedName { key: Id::digest(key), meaning: Id::digest(meaning) }
    }
}

pub struct Deeds {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) clock: Clock,
    pub(crate) idempotency_s: u32,
}

impl Deeds {
    /// Does it, unless it was done before: then true. What is refused is decided anew by a repeat.
    pub async fn once<E: From<Error>>(
        &self,
        name: Option<DeedName>,
        act: impl Future<Output = Result<(), E>>,
    ) -> Result<bool, E> {
        let Some(name) = name else { return act.await.map(|()| false) };
        let attempt = self.attempt(name);
        match self.begin(attempt).await? {
            Some(Deed { done: true, .. }) => {
                count("repeated");
                return Ok(true);
            }
            Some(_) => {
                count("in_use");
                return Err(Error::KeyInUse.into());
            }
            None => count("begun"),
        }
        let outcome = act.await;
        // If this cannot be written, the deed is done all the same, and its answer is true.
        let _ = self.directory.end_deed(attempt, outcome.is_ok()).await;
        outcome.map(|()| false)
    }

    /// Whether it was done.
    pub(crate) async fn was_done(&self, name: DeedName) -> Result<bool, Error> {
        let found = self.directory.deed(name.key).await.map_err(Error::from)?;
        let is_it = |deed: &Deed| deed.done && deed.meaning == name.meaning;
        Ok(found.filter(|deed| deed.at >= self.keys_since()).is_some_and(|deed| is_it(&deed)))
    }

    /// Notes that it is begun, for what can be begun again without harm; or answers how it was
    /// before.
    pub(crate) async fn note(&self, name: DeedName) -> Result<Noted, Error> {
        let attempt = DeedAttempt { given_up_before: Time(i64::MIN), ..self.attempt(name) };
        let before = self.begin(attempt).await?;
        count(if before.is_some() { "repeated" } else { "begun" });
        Ok(Noted { deed: before.unwrap_or(attempt.deed), again: before.is_some() })
    }

    /// What was noted is done.
    pub(crate) async fn finish(&self, deed: Deed) -> Result<(), Error> {
        let attempt =
            DeedAttempt { deed, keys_since: self.keys_since(), given_up_before: Time(i64::MIN) };
        Ok(self.directory.end_deed(attempt, true).await?)
    }

    /// It stands in the way of another meaning only.
    async fn begin(&self, attempt: DeedAttempt) -> Result<Option<Deed>, Error> {
        let before = self.directory.begin_deed(attempt).await.map_err(Error::from)?;
        match before {
            Some(before) if before.meaning != attempt.deed.meaning => {
                count("reused");
                Err(Error::KeyReused)
            }
            before => Ok(before),
        }
    }

    fn attempt(&self, DeedName { key, meaning }: DeedName) -> DeedAttempt {
        let at = (self.clock)();
        let deed = Deed { key, meaning, at, mark: fresh::id(at), done: false };
        let given_up_before = at.minus_s(GIVEN_UP_S);
        DeedAttempt { deed, keys_since: self.keys_since(), given_up_before }
    }

    /// Keys from before this are forgotten.
    fn keys_since(&self) -> Time {
        (self.clock)().minus_s(self.idempotency_s)
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("stampede_deeds_total", "outcome" => outcome).increment(1);
}

/// A deed as it was first begun.
pub(crate) struct Noted {
    pub deed: Deed,
    pub again: bool,
}
