//! A portion of all things, so that not all of them must be remembered at a time.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

/// The things whose hash falls into that part of so many.
#[derive(Clone, Copy)]
pub struct Portion {
    pub part: u64,
    pub parts: u64,
}

impl Portion {
    pub const ALL: Portion = Portion { part: 0, parts: 1 };

    pub fn has(&self, thing: impl Hash) -> bool {
        let place = BuildHasherDefault::<DefaultHasher>::default().hash_one(thing);
        place % self.parts == self.part
    }
}
