//! What the tests and benches of stampede start, call and hold. A suite in `src/tests` begins here.
//!
//! # What to call first
//!
//! - [`TestApp::start`]: the app as production builds it, in a thread of the test, on a port of its
//!   own, with a clock that only the test moves. Most tests need nothing else.
//!   [`TestApp::start_with`] changes its settings, [`TestApp::restart`] restarts it on its data.
//! - [`Client`]: a caller of the API. `app.member("ada")`, `app.admin()` and `app.anybody()` give
//!   one. [`Answer::expect`] and [`Answer::refused`] check what it is answered.
//! - [`Binary`]: the program, for tests that kill it, run its commands or cut its disk.
//!   [`Binary::start`] gives a [`Process`], whose clients are the same [`Client`].
//! - [`TestFolder`]: a folder that is gone when the test is over.
//! - [`TestAuthority`]: certificates for a server that speaks TLS, and a client that trusts them.
//! - [`TestReceiver`]: a receiver of webhooks that fails, stalls or lies as it is told.
//! - [`TestClock`]: a clock for tests that build a part of the product by hand.
//! - [`RedisServer`], [`database::database`], [`prometheus::Prometheus`], [`Verifier`]: programs of
//!   others. A test that lacks one says so and passes; on CI it fails ([`needed`]).
//! - [`one_member::OneMember`]: many clients who buy as one, while servers come and go.
//! - [`histories::HistoryWorld`]: clients of whose answers a checker of others looks for an order.
//! - [`load`]: the crowd of the benches.
//! - [`WorkTask`]: a challenge for a proof of work; [`Client::worked`] solves one and shows it.
//! - [`printed`]: parts of documents that are run as printed.
//!
//! # A whole test
//!
//! ```no_run
//! use harness::{TODAY, TestApp, id};
//! use serde_json::json;
//!
//! // In a suite it stands below `#[test]`.
//! fn a_number_is_held_once_and_again_when_it_was_released() {
//!     let app = TestApp::start();
//!     app.lottery(TODAY, 1);
//!     let (ada, bob) = (app.member("ada"), app.member("bob"));
//!
//!     let held = ada.hold(TODAY, json!({"number": "0007"})).expect(201);
//!     bob.hold(TODAY, json!({"number": "0007"})).refused(409, "no-match-left");
//!     ada.release(id(&held)).expect(200);
//!     bob.hold(TODAY, json!({"number": "0007"})).expect(201);
//!
//!     assert_eq!(app.books(TODAY).held, 1);
//!     app.restart();
//!     assert_eq!(app.books(TODAY).held, 1);
//! }
//! ```
//!
//! Nothing here waits for time to pass. A test moves the clock ([`TestApp::pass_s`]), or asks until
//! a job has done its work ([`TestApp::until`]).

pub mod app;
pub mod certificates;
pub mod client;
pub mod clocks;
pub mod database;
pub mod document;
pub mod folder;
pub mod histories;
pub mod keyspaces;
pub mod load;
pub mod loopback;
pub mod needed;
pub mod one_member;
pub mod printed;
pub mod process;
pub mod prometheus;
pub mod receiver;
pub mod redis;
pub mod schemas;
pub mod verifiers;
pub mod work;

pub use app::{NOON, TODAY, TestApp};
pub use certificates::TestAuthority;
pub use client::{
    ADMIN_PASSWORD, Answer, Client, Doorway, PASSWORD, TicketBooks, id, numbers, pointers, tickets,
};
pub use clocks::TestClock;
pub use folder::{TestFolder, wait_until_free};
pub use process::{Binary, DAY, Process, fails, hold_number, succeeds};
pub use receiver::{Mood, TestReceiver};
pub use redis::RedisServer;
pub use verifiers::Verifier;
pub use work::WorkTask;

use std::path::Path;

/// The streams that never end by themselves, below `/api/v1`.
pub const ENDLESS: [&str; 4] =
    ["/events", "/events/bulletins", "/live", "/pools/{pool}/availability/events"];

/// The repository, as it is where the tests run.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).expect("it lies in src/tests")
}
