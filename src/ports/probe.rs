//! Whether a store takes writes, found out by a small one.
//!
//! All who ask within a moment get the same answer. A question that comes while a write is under
//! way waits for it. So those who ask often, or give up and ask again, are no load.

use crate::Answer;
use actors::store::StoreError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long an answer counts.
const FRESH: Duration = Duration::from_millis(500);

#[derive(Default)]
pub struct Probe(Mutex<Option<Asked>>);

struct Asked {
    at: Instant,
    answer: watch::Receiver<Option<Result<(), StoreError>>>,
}

impl Asked {
    fn counts(&self) -> bool {
        let is_under_way = self.answer.borrow().is_none() && self.answer.has_changed().is_ok();
        is_under_way || self.at.elapsed() < FRESH
    }
}

/// How the writing says what came of it. If it never does, that is an answer, too.
pub struct Tell(watch::Sender<Option<Result<(), StoreError>>>);

impl Tell {
    pub fn tell(self, answer: Result<(), StoreError>) {
        self.0.send_replace(Some(answer));
    }
}

impl Probe {
    /// What the last write came to, or what a new one comes to, which `begin` begins.
    pub fn ask(&self, begin: impl FnOnce(Tell)) -> Answer<()> {
        let mut answer = self.last_or(begin);
        Box::pin(async move {
            match answer.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(answer)) => answer.clone(),
                _ => Err(StoreError::Unavailable("it is closed".into())),
            }
        })
    }

    fn last_or(&self, begin: impl FnOnce(Tell)) -> watch::Receiver<Option<Result<(), StoreError>>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = last.as_ref().filter(|asked| asked.counts()) {
            return asked.answer.clone();
        }
        let (tell, answer) = watch::channel(None);
        *last = Some(Asked { at: Instant::now(), answer: answer.clone() });
        drop(last);
        begin(Tell(tell));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn those_who_ask_while_a_write_is_under_way_wait_for_that_one() {
        let (probe, mut begun) = (Probe::default(), None);
        let first = probe.ask(|tell| begun = Some(tell));
        let others: Vec<_> = (0..1_000).map(|_| probe.ask(|_| panic!("a second write"))).collect();
        drop(first);
        begun.unwrap().tell(Err(StoreError::Unavailable("full".into())));
        for other in others {
            assert_eq!(wait(other), Err(StoreError::Unavailable("full".into())));
        }
    }

    #[test]
    fn a_write_that_will_not_be_done_is_not_waited_for() {
        let probe = Probe::default();
        assert!(wait(probe.ask(drop)).is_err());
        assert!(wait(probe.ask(|tell| tell.tell(Ok(())))).is_err(), "that answer still counts");
    }
}
