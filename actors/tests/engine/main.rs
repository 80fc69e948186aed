//! The real engine, actors and all, on a store that does what it is told. No test here waits for
//! time to pass.

mod admission;
mod any;
mod bench;
mod cards;
mod durable;
mod expiry;
mod going_on;
mod keys;
mod neighbours;
mod opening;
mod sent;
mod sleep;
mod together;
mod unknown;
mod witness;
