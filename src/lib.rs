//! The shell of stampede: HTTP, stores, jobs, people, and the command line, around the engine of
//! the crate `actors`.

pub mod app;
pub mod audit;
pub mod ballots;
pub mod cli;
pub mod closing;
pub mod copy;
pub mod coupon_keys;
pub mod descriptors;
pub mod engine;
pub mod feed;
pub mod http;
pub mod imports;
pub mod jobs;
pub mod lottery;
pub mod opening;
pub mod promotions;
pub mod settings;
pub mod stores;
pub mod verify;
pub mod webhooks;

/// Half of what a request allocates is freed on another thread; this allocator makes a hold a fifth
/// cheaper than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
