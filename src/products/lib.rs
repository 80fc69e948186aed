//! What stampede hands out, one folder for each product, and what the products share.
//!
//! A folder's `mod.rs` has what the API and the jobs do with the product, its `told.rs` what the
//! outside hears of it. `table` lists the kinds of partitions, once. `opening` opens those that are
//! first needed, `failure` says why something was not done, `promotions` which campaigns and
//! batches there are, `telling` has the words for the outside, `looking` says when workers look for
//! jobs. `audit` and `verify` replay what was written.

pub mod acts;
pub mod audit;
pub mod ballots;
pub mod campaigns;
mod card_pages;
pub mod coupons;
mod failure;
pub mod feed;
pub mod holds;
pub mod imports;
mod looking;
pub mod lottery;
pub mod opening;
pub mod orders;
pub mod promotions;
pub mod table;
pub mod telling;
pub mod tickets;
pub mod verify;
pub mod voidings;
pub mod webhooks;

pub use failure::{Error, Refusal};
pub use table::Engine;
