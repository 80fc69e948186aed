//! The things that are handed out, each a rule book of its own.

pub mod acts;
pub mod ballots;
mod between;
pub mod coupons;
pub mod day;
pub mod draw;
mod figures;
pub mod imports;
pub mod lottery;
mod names;
pub mod notices;
pub mod pool;
pub mod tickets;
pub mod till;
pub mod webhooks;

pub use between::Between;
pub use figures::FiguresFor;
pub use names::{NoSuchName, Only};

/// The lists that events write lines of, and the shelves of cards. Numbers are never reused.
pub mod shelves {
    use crate::store::Shelf;

    pub const LOTTERIES: Shelf = Shelf(1);
    pub const TICKETS: Shelf = Shelf(3);
    pub const COUPONS: Shelf = Shelf(4);
    pub const NOTICES: Shelf = Shelf(5);
    pub const JOBS: Shelf = Shelf(6);
    pub const WEBHOOKS: Shelf = Shelf(7);
    pub const BALLOTS: Shelf = Shelf(8);

    /// Coupons, by slot.
    pub const COUPON_CARDS: Shelf = Shelf(9);
    /// Which coupon a member has, where each has one.
    pub const COUPON_OF: Shelf = Shelf(10);
    /// Which coupon was the answer to a source.
    pub const SOURCES: Shelf = Shelf(11);
    /// Where an imported code is.
    pub const CODES: Shelf = Shelf(12);
    /// The imported code of a coupon.
    pub const CODE_OF: Shelf = Shelf(13);

    /// Holds that were confirmed or have ended, by number.
    pub const HOLDS: Shelf = Shelf(14);
    /// Sold tickets, by their place in the slice.
    pub const SOLD: Shelf = Shelf(15);
    /// A list: the live holds of a member.
    pub const MY_HOLDS: Shelf = Shelf(16);
    /// Ballots, by their place in the box.
    pub const BALLOT_CARDS: Shelf = Shelf(17);
    /// Campaigns and batches, by serial.
    pub const ENTRIES: Shelf = Shelf(18);
    /// Names of campaigns.
    pub const NAMES_TAKEN: Shelf = Shelf(19);
    /// The batch that an import made.
    pub const JOBS_OF: Shelf = Shelf(20);
    /// A list: batches by their expiry.
    pub const EXPIRIES: Shelf = Shelf(21);
    /// To whom the figures of a campaign or batch are told, where it was said, by serial.
    pub const FIGURES: Shelf = Shelf(22);
    /// A list: open pools by their closing instant.
    pub const CLOSING: Shelf = Shelf(23);
    /// A list: pools that have begun to close and are not at their end.
    pub const ENDING: Shelf = Shelf(24);
    /// A list: orders that parts or limit keys have yet to follow.
    pub const UNSETTLED: Shelf = Shelf(25);
    /// Orders that were confirmed or have ended, by number.
    pub const ORDERS: Shelf = Shelf(26);
    /// How many tickets a member, or a limit key, has bought.
    pub const BOUGHT: Shelf = Shelf(27);
    /// What an order has come to for a limit key.
    pub const KEY_SHARES: Shelf = Shelf(28);
    /// Parts of orders that have followed, by their order.
    pub const PARTS: Shelf = Shelf(29);
    /// A list: what staff did.
    pub const ACTS: Shelf = Shelf(30);
    /// A list: what came of it.
    pub const ACT_OUTCOMES: Shelf = Shelf(31);
    /// A list: the pools that have names of their own.
    pub const POOLS: Shelf = Shelf(32);
    /// A list: jobs that void coupons of a batch.
    pub const VOIDINGS: Shelf = Shelf(33);
    /// All names that a campaign has, and in which turn it got them, by serial.
    pub const NAMES_OF: Shelf = Shelf(34);
    /// What an imported code has otherwise than its batch, by slot.
    pub const TERMS_OF: Shelf = Shelf(35);
}
