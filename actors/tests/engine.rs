//! The real engine, actors and all, on a store that does what it is told. No test here waits for
//! time to pass.

#[path = "engine/admission.rs"]
mod admission;
#[path = "engine/any.rs"]
mod any;
#[path = "engine/bench.rs"]
mod bench;
#[path = "engine/durable.rs"]
mod durable;
#[path = "engine/expiry.rs"]
mod expiry;
#[path = "engine/keys.rs"]
mod keys;
#[path = "engine/neighbours.rs"]
mod neighbours;
#[path = "engine/opening.rs"]
mod opening;
#[path = "engine/sleep.rs"]
mod sleep;
#[path = "engine/unknown.rs"]
mod unknown;
#[path = "engine/witness.rs"]
mod witness;
