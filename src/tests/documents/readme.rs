//! What documents tell their readers to do.

use crate::printed;

#[test]
fn the_first_five_minutes_of_the_readme_work_as_printed() {
    printed::works("README.md", "five minutes");
}

#[test]
fn members_coupons_and_ballots_of_another_system_come_here_as_printed() {
    printed::works("docs/moving.md", "run as printed");
}
