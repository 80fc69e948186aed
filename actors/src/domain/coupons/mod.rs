//! Whatever is redeemed: vouchers of campaigns, coupons of batches, imported codes. One life cycle
//! for all of them.

pub mod book;
pub mod campaign;
pub mod cards;
pub mod catalogue;
pub mod code;
pub mod coupon;
mod filter;
pub mod ledger;
pub mod life;
mod names;
pub mod offer;
pub mod rack;
pub mod range;
pub mod redeem;
pub mod rows;
mod terms;
pub mod touched;
pub mod voiding;

pub use campaign::Campaign;
pub use catalogue::Catalogue;
pub use coupon::Slot;
pub use filter::CouponFilter;
pub use ledger::CouponLedger;
pub use life::CouponState;
pub use names::{ONE_RANGE_UP_TO, RANGES, RackName, RangeName, Serial, SerialKind};
pub use offer::{CancelBy, Cut, Discount, MOST_MONEY, Offer, OfferChanges, Percent};
pub use rack::Rack;
pub use range::Range;
pub use rows::CouponHome;
pub use terms::CodeTerms;
