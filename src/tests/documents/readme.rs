//! What documents tell their readers to do.

use crate::printed;
use harness::root;

/// What a page that is read first may have.
const MOST_LINES: usize = 90;
const MOST_BYTES: usize = 5_000;

#[test]
fn the_readme_is_short_and_begins_with_its_two_commands() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (lines, bytes) = (text.lines().count(), text.len());
    assert!(lines <= MOST_LINES && bytes <= MOST_BYTES, "{lines} lines, {bytes} bytes");
    let head = text.lines().take(10).collect::<Vec<_>>().join("\n");
    assert!(head.contains("cargo run --release") && head.contains("cargo test --workspace"));
}

#[test]
fn the_story_of_the_readme_happens_as_printed() {
    printed::works("README.md", "story");
}

#[test]
fn the_first_five_minutes_work_as_printed() {
    printed::works("docs/start.md", "five minutes");
}

#[test]
fn members_coupons_and_ballots_of_another_system_come_here_as_printed() {
    printed::works("docs/moving.md", "run as printed");
}

#[test]
fn who_calls_is_let_in_as_the_guide_says() {
    printed::works("docs/guide/members.md", "run as printed");
}

#[test]
fn campaigns_go_as_the_guide_says() {
    printed::works("docs/guide/campaigns.md", "run as printed");
}

#[test]
fn coupons_go_as_the_guide_says() {
    printed::works("docs/guide/coupons.md", "run as printed");
}

#[test]
fn imports_go_as_the_guide_says() {
    printed::works("docs/guide/imports.md", "run as printed");
}

#[test]
fn pools_go_as_the_guide_says() {
    printed::works("docs/guide/pools.md", "run as printed");
}

#[test]
fn tickets_go_as_the_guide_says() {
    printed::works("docs/guide/tickets.md", "run as printed");
}

#[test]
fn lotteries_go_as_the_guide_says() {
    printed::works("docs/guide/lotteries.md", "run as printed");
}

#[test]
fn webhooks_go_as_the_guide_says() {
    printed::works("docs/guide/webhooks.md", "run as printed");
}
