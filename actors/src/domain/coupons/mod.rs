//! Whatever is redeemed: vouchers of campaigns, coupons of batches, imported codes. One life cycle for all of them.

pub mod book;
pub mod campaign;
pub mod catalogue;
pub mod code;
pub mod coupon;
pub mod ledger;
pub mod life;
pub mod offer;
pub mod range;
pub mod redeem;
pub mod rows;
pub mod serial;
pub mod shelf;

pub use campaign::Campaign;
pub use catalogue::Catalogue;
pub use ledger::Ledger;
pub use life::State;
pub use offer::{Cut, Discount, Offer};
pub use range::Range;
pub use rows::Home;
pub use serial::{RangeName, Serial, ShelfName};
pub use shelf::Shelf;
