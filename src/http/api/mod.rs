//! The calls of the API, one folder for each product. Handlers read as a list: take in, ask,
//! answer.
//!
//! A folder has the same few files: `mod` (the endpoints), `bodies` (what is read and answered),
//! `explain` (what is said when the product refuses), and one for each idea that is too long for
//! `mod`. What several products share stands beside the folders.

pub mod audit;
pub mod ballots;
pub mod campaigns;
pub mod coupon_bodies;
pub mod coupon_filter;
pub mod coupons;
pub mod figures;
pub mod guessing;
pub mod imports;
pub mod known_as;
pub mod lottery;
pub mod node;
pub mod offers;
pub mod people;
pub mod pool;
pub mod pools;
pub mod tickets;
pub mod webhooks;
pub mod whose;

use super::endpoint::Endpoint;

/// Everything under `/api/v1`.
pub fn endpoints() -> Vec<Endpoint> {
    [
        people::endpoints(),
        lottery::endpoints(),
        pools::endpoints(),
        tickets::endpoints(),
        ballots::endpoints(),
        campaigns::endpoints(),
        coupons::endpoints(),
        imports::endpoints(),
        webhooks::endpoints(),
        audit::endpoints(),
        node::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What stands at the root: health, metrics, and the keys of receipts and tokens.
pub fn endpoints_at_root() -> Vec<Endpoint> {
    let all =
        [node::endpoints_at_root(), lottery::endpoints_at_root(), people::endpoints_at_root()];
    all.into_iter().flatten().collect()
}
