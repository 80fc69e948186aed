//! Models: small worlds in which everything that may happen does happen, in every order.
//!
//! The simulation rolls dice in a large world; here a world is so small that each of its states is
//! looked at. `explore` does that, and finds the shortest way to whatever is wrong. Where a model
//! needs a machine it runs the machine itself (`kept`), never a copy. Each model has a list of
//! rules that can be broken on purpose, and a test that every one of them is missed.

mod closing;
mod coupons;
mod explore;
mod fence;
mod kept;
mod orders;
mod passing;
