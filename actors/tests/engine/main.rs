//! The real engine, actors and all, on a store that does what it is told. No test here waits for
//! time to pass, but those of `alarms`.

mod admission;
mod alarms;
mod any;
mod bench;
mod cards;
mod doubted;
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
