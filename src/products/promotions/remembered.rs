//! What is known of the campaigns and batches in use.
//!
//! Bounded by two generations: when the young one is full it becomes the old one, whose entries are
//! forgotten unless they are asked for again.

use actors::domain::coupons::Serial;
use hashbrown::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Entries of a generation: with some 400 bytes each no more than 4 MB in all.
const HALF: usize = 4096;

pub(super) struct Remembered<T>(RwLock<Generations<T>>);

struct Generations<T> {
    young: HashMap<Serial, Arc<T>>,
    old: HashMap<Serial, Arc<T>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Remembered(RwLock::new(Generations { young: HashMap::new(), old: HashMap::new() }))
    }
}

impl<T> Remembered<T> {
    pub fn get(&self, serial: Serial) -> Option<Arc<T>> {
        let old = {
            let generations = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = generations.young.get(&serial) {
                return Some(known.clone());
            }
            generations.old.get(&serial)?.clone()
        };
        self.put(serial, old.clone());
        Some(old)
    }

    pub fn clear(&self) {
        let mut generations = self.0.write().unwrap_or_else(PoisonError::into_inner);
        (generations.young, generations.old) = (HashMap::new(), HashMap::new());
    }

    pub fn put(&self, serial: Serial, known: Arc<T>) {
        let mut generations = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= HALF {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(serial, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_use_stays_and_memory_is_bounded() {
        let known = Remembered::default();
        let most = 2 * HALF as u32;
        for serial in 0..5 * most {
            known.put(Serial(serial), Arc::new(serial));
            assert_eq!(known.get(Serial(0)).as_deref(), Some(&0));
        }
        let generations = known.0.read().unwrap();
        assert!(generations.young.len() + generations.old.len() <= most as usize);
        assert!(!generations.young.contains_key(&Serial(1)));
        assert!(!generations.old.contains_key(&Serial(1)));
    }
}
