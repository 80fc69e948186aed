//! The shell of stampede: HTTP, stores, jobs, people, and the command line, around the engine of
//! the crate `actors`.

pub mod app;
pub mod cli;
pub mod closing;
pub mod copy;
pub mod demo;
pub mod descriptors;
pub mod http;
pub mod jobs;
pub mod remote;
pub mod settings;
pub mod shared;
pub mod stores;
pub mod welcome;

/// Half of what a request allocates is freed on another thread; this allocator makes a hold a fifth
/// cheaper than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
