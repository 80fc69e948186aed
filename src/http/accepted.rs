//! Requests that are accepted: counted in until their answer is made, because a stop waits for
//! them.

use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::web::Data;
use std::sync::atomic::Ordering;

/// A request counted in until its answer is made.
pub struct Accepted(Data<Shared>);

impl Accepted {
    pub fn count(shared: &Data<Shared>) -> Accepted {
        shared.requests.fetch_add(1, Ordering::AcqRel);
        Accepted(shared.clone())
    }

    /// Whether the node stops by now, so that it must be turned away.
    pub fn is_too_late(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }
}

impl Drop for Accepted {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A request that was counted in and waits for its body: it is not accepted yet, so a stop does not
/// wait for it.
pub struct NotYetAccepted(Data<Shared>);

impl NotYetAccepted {
    pub fn uncount(shared: &Data<Shared>) -> NotYetAccepted {
        shared.requests.fetch_sub(1, Ordering::AcqRel);
        NotYetAccepted(shared.clone())
    }

    /// Counts it in again, unless the node stops by now.
    pub fn accept(self) -> Result<(), Problem> {
        let shared = self.0.clone();
        drop(self);
        match shared.draining.load(Ordering::Acquire) {
            true => Err(Problem::plain(&problem::STARTING)),
            false => Ok(()),
        }
    }
}

impl Drop for NotYetAccepted {
    fn drop(&mut self) {
        self.0.requests.fetch_add(1, Ordering::AcqRel);
    }
}
