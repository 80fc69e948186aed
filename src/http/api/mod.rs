//! The calls of the API, one file per area. Handlers read as a list: take in, ask, answer.

pub mod auth;
pub mod ballots;
pub mod batches;
pub mod campaigns;
pub mod clock;
pub mod coupons;
pub mod draws;
pub mod events;
pub mod expired;
mod guessing;
pub mod holds;
pub mod imports;
pub mod jobs;
pub mod lotteries;
pub mod offers;
pub mod operations;
pub mod service_keys;
pub mod tickets;
pub mod users;
pub mod webhooks;

use super::endpoint::Endpoint;

/// Everything under `/api/v1`.
pub fn endpoints() -> Vec<Endpoint> {
    [
        auth::endpoints(),
        users::endpoints(),
        service_keys::endpoints(),
        lotteries::endpoints(),
        holds::endpoints(),
        tickets::endpoints(),
        ballots::endpoints(),
        draws::endpoints(),
        campaigns::endpoints(),
        batches::endpoints(),
        coupons::endpoints(),
        expired::endpoints(),
        imports::endpoints(),
        jobs::endpoints(),
        webhooks::endpoints(),
        events::endpoints(),
        clock::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What stands at the root, beside the pages.
pub fn endpoints_at_root() -> Vec<Endpoint> {
    [operations::endpoints(), draws::well_known()].into_iter().flatten().collect()
}
