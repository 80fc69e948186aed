//! What stampede hands out, one folder for each product, and what the products share.
//!
//! `table` lists the kinds of partitions, once. `opening` opens those that are first needed,
//! `catalogue` knows what campaigns and batches there are, `telling` says which facts the outside
//! hears of. `audit` and `verify` replay what was written.

pub mod audit;
pub mod ballots;
pub mod campaigns;
pub mod catalogue;
pub mod coupons;
pub mod feed;
pub mod imports;
pub mod lottery;
pub mod opening;
pub mod table;
pub mod telling;
pub mod tickets;
pub mod verify;
pub mod webhooks;

pub use table::Engine;
