//! The things that are handed out, each a rule book of its own.

pub mod day;
pub mod lottery;
pub mod tickets;

use crate::store::Shelf;

/// The lists that events write lines of. Numbers are never reused.
pub mod shelves {
    use super::Shelf;

    pub const LOTTERIES: Shelf = Shelf(1);
    pub const TICKETS: Shelf = Shelf(3);
}
