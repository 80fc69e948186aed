//! Whatever is redeemed: vouchers of campaigns, coupons of batches, imported codes. One life cycle
//! for all of them.

pub mod book;
pub mod campaign;
pub mod catalogue;
pub mod code;
pub mod coupon;
pub mod ledger;
pub mod life;
pub mod offer;
pub mod rack;
pub mod range;
pub mod redeem;
pub mod rows;
pub mod serial;

pub use campaign::Campaign;
pub use catalogue::Catalogue;
pub use ledger::Ledger;
pub use life::State;
pub use offer::{Cut, Discount, Offer};
pub use rack::Rack;
pub use range::Range;
pub use rows::Home;
pub use serial::{RackName, RangeName, Serial};
