//! Tells the connections of all workers that the node stops, and knows when all of them are over.

use std::future::pending;
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Clone, Default)]
pub struct LastCall(Arc<watch::Sender<Hour>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Hour {
    #[default]
    Open,
    /// What was asked is answered, and no more is taken.
    Called,
    /// What is not answered by now was not accepted.
    Closed,
}

/// Somebody whom a stop waits for, as long as this lives.
#[derive(Clone)]
pub struct Guest(watch::Receiver<Hour>);

impl LastCall {
    pub fn call(&self) {
        self.0.send_replace(Hour::Called);
    }

    /// Done when all have left.
    pub async fn close(&self) {
        self.0.send_replace(Hour::Closed);
        self.0.closed().await;
    }

    pub fn enter(&self) -> Guest {
        Guest(self.0.subscribe())
    }
}

impl Guest {
    /// Also if that was before they came.
    pub async fn hears_the_call(self) {
        self.hears(Hour::Called).await;
    }

    pub async fn hears_the_close(self) {
        self.hears(Hour::Closed).await;
    }

    async fn hears(mut self, hour: Hour) {
        if self.0.wait_for(|now| *now >= hour).await.is_err() {
            // Nobody is there any more who could call.
            pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn whoever_is_there_hears_the_call_and_is_waited_for() {
        let last_call = LastCall::default();
        let early = last_call.enter();
        assert!(early.clone().hears_the_call().now_or_never().is_none());
        last_call.call();
        let late = last_call.enter();
        for guest in [&early, &late] {
            assert!(guest.clone().hears_the_call().now_or_never().is_some());
            assert!(guest.clone().hears_the_close().now_or_never().is_none());
        }
        drop(early);
        assert!(last_call.close().now_or_never().is_none());
        assert!(late.clone().hears_the_close().now_or_never().is_some());
        drop(late);
        assert!(last_call.close().now_or_never().is_some());
    }
}
