//! Every load test with the real k6, small: it passes against the binary, and fails when a proxy
//! between them lies.
//!
//! How fast it goes is not judged here, only that what clients were told is what is stored, and
//! that the audit would have noticed.

use harness::{Binary, TestFolder, needed, root};
use std::process::Command;
use std::sync::Mutex;

/// The program under test.
const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
const TO_INSTALL: &str = "go install go.k6.io/k6@latest, and python3";

/// Two at a time would be slower than one after the other, and take their clients' time from each
/// other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs one for some seconds. Returns whether it passed, and all that it said.
fn run(name: &str, lie: Option<&str>) -> (bool, String) {
    let results = TestFolder::new();
    let mut command = Command::new(root().join("load-tests/run"));
    command
        .args([name, "--rate", "40", "--seconds", "2", "--any-pace"])
        .args(lie.iter().flat_map(|lie| ["--lie", lie]));
    command.env("K6", needed::found("k6").unwrap()).env("STAMPEDE_BINARY", STAMPEDE.path());
    command.env("STAMPEDE_BCRYPT_COST", "4").env("STAMPEDE_LOAD_RESULTS", &*results);
    let output = command.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), said)
}

/// It passes, and with that lie it fails and finds that.
fn holds_and_notices(name: &str, lie: &str, finding: &str) {
    holds_and_notices_each(name, &[(lie, finding)]);
}

/// It passes, and with each of these lies it fails and finds what stands beside it.
fn holds_and_notices_each(name: &str, lies: &[(&str, &str)]) {
    if !needed::are_there(&["k6", "python3"], TO_INSTALL) {
        return;
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (passed, said) = run(name, None);
    assert!(passed, "{said}");
    for (lie, finding) in lies {
        let (passed, said) = run(name, Some(lie));
        assert!(!passed && said.contains(&format!("FOUND {finding}")), "{lie}: {said}");
    }
}

#[test]
fn a_rush_for_tickets_gives_each_once_within_limits_and_orders_whole_and_notices_if_not() {
    let lies =
        [("double", "given twice"), ("oversell", "above the limit"), ("part", "bought in part")];
    holds_and_notices_each("ticket-rush", &lies);
}

#[test]
fn the_first_hundred_are_a_hundred_and_one_more_is_noticed() {
    holds_and_notices("first-hundred", "oversell", "oversold");
}

#[test]
fn a_rush_for_coupons_loses_none_and_a_lost_one_is_noticed() {
    holds_and_notices("coupon-rush", "lost", "told, but not stored so");
}

#[test]
fn a_storm_of_logins_grants_its_quota_and_more_is_noticed() {
    holds_and_notices("login-storm", "oversell", "oversold");
}

#[test]
fn a_busy_day_ends_with_books_that_agree_and_a_lost_answer_is_noticed() {
    holds_and_notices("mixed", "lost", "told, but not stored so");
}

#[test]
fn a_soak_ends_with_books_that_agree_and_a_thing_given_twice_is_noticed() {
    holds_and_notices("soak", "double", "given twice");
}

#[test]
fn a_lottery_draws_from_the_ballots_it_was_told_of_and_one_too_many_is_noticed() {
    holds_and_notices("ballots", "oversell", "oversold");
}
