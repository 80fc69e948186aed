//! Orders of which all have heard, until their tills are told so, many at a time.
//!
//! What is forgotten here, because the process ends or a till does not hear it, the sweep finds.

use actors::domain::till::{Command, OrderId, Till, TillName};
use actors::engine::{By, Router};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Tills are told so many orders at a time that all have heard of.
const TOLD_AT_ONCE: usize = 64;

/// Orders, and up to which step all have heard of them.
pub(super) type OrderSteps = Vec<(u32, u32)>;

pub(super) struct Heard {
    tills: Router<Till>,
    of_tills: Mutex<BTreeMap<TillName, OrderSteps>>,
}

impl Heard {
    pub fn new(tills: Router<Till>) -> Arc<Heard> {
        Arc::new(Heard { tills, of_tills: Mutex::default() })
    }

    /// All have heard of that step of an order.
    pub fn note(&self, id: &OrderId, step: u32) {
        let full = {
            let mut of_tills = self.of_tills.lock().unwrap_or_else(PoisonError::into_inner);
            let of_till = of_tills.entry(id.till).or_default();
            of_till.push((id.number, step));
            (of_till.len() >= TOLD_AT_ONCE).then(|| std::mem::take(of_till))
        };
        if let Some(orders) = full {
            self.tills.send(&id.till, Command::Settle { orders }, By::SYSTEM, |_| ());
        }
    }

    /// What no till was told yet.
    pub fn take(&self) -> BTreeMap<TillName, OrderSteps> {
        std::mem::take(&mut *self.of_tills.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An order of which some have yet to hear.
pub(super) struct Unheard {
    pub id: OrderId,
    pub step: u32,
    pub left: AtomicUsize,
    pub heard: Arc<Heard>,
}

impl Unheard {
    pub fn one_less(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.heard.note(&self.id, self.step);
        }
    }
}
