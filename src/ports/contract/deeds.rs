//! What is done under idempotency keys.

use super::harness::DirectoryHarness;
use super::words::{at_s, id};
use actors::Time;
use futures_util::future::join_all;
use ports::deeds::{Deed, DeedAttempt};

/// Keys are remembered for 100 s, and what is not done after 10 s is given up.
fn attempt(meaning: u8, seconds: i64, mark: u8) -> DeedAttempt {
    let at = at_s(seconds);
    let deed = Deed { key: id(1), meaning: id(meaning), at, mark: id(mark), done: false };
    DeedAttempt { deed, keys_since: at.minus_s(100), given_up_before: at.minus_s(10) }
}

pub async fn a_deed_is_begun_once_and_stands_when_it_is_done(harness: &mut dyn DirectoryHarness) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    assert_eq!(directory.deed(id(1)).await.unwrap(), None);
    let first = attempt(7, 0, 20);
    assert_eq!(directory.begin_deed(first).await.unwrap(), None);
    // It goes on, whatever else the key is used for.
    for other in [attempt(7, 1, 21), attempt(8, 1, 22)] {
        assert_eq!(elsewhere.begin_deed(other).await.unwrap(), Some(first.deed));
    }
    directory.end_deed(first, true).await.unwrap();
    let done = Some(Deed { done: true, ..first.deed });
    assert_eq!(elsewhere.begin_deed(attempt(7, 99, 23)).await.unwrap(), done);
    // Nobody else ends it.
    elsewhere.end_deed(attempt(7, 99, 23), false).await.unwrap();
    // Another key is another deed.
    let other = attempt(7, 1, 24);
    let other = DeedAttempt { deed: Deed { key: id(2), ..other.deed }, ..other };
    assert_eq!(elsewhere.begin_deed(other).await.unwrap(), None);
    drop((directory, elsewhere));
    harness.reopen();
    assert_eq!(harness.directory().deed(id(1)).await.unwrap(), done);
}

pub async fn a_deed_that_was_not_done_or_is_given_up_or_forgotten_can_begin(
    harness: &mut dyn DirectoryHarness,
) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    let refused = attempt(7, 0, 20);
    assert_eq!(directory.begin_deed(refused).await.unwrap(), None);
    directory.end_deed(refused, false).await.unwrap();
    assert_eq!(elsewhere.deed(id(1)).await.unwrap(), None);
    let broken_off = attempt(8, 1, 21);
    assert_eq!(elsewhere.begin_deed(broken_off).await.unwrap(), None);
    assert_eq!(directory.begin_deed(attempt(8, 11, 22)).await.unwrap(), Some(broken_off.deed));
    // Given up, it can be done again, but the key stands for nothing else.
    assert_eq!(directory.begin_deed(attempt(9, 12, 23)).await.unwrap(), Some(broken_off.deed));
    let second = attempt(8, 12, 24);
    assert_eq!(directory.begin_deed(second).await.unwrap(), None);
    // What was given up and ends all the same ends nothing of the second.
    elsewhere.end_deed(broken_off, false).await.unwrap();
    elsewhere.end_deed(second, true).await.unwrap();
    let done = Some(Deed { done: true, ..second.deed });
    assert_eq!(directory.begin_deed(attempt(9, 112, 25)).await.unwrap(), done);
    assert_eq!(directory.begin_deed(attempt(9, 113, 26)).await.unwrap(), None);
}

pub async fn of_many_deeds_at_once_under_one_key_one_begins(harness: &mut dyn DirectoryHarness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let all = (0..20u8).map(|n| nodes[usize::from(n) % 2].begin_deed(attempt(7, 0, 100 + n)));
    let all: Vec<_> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    let begun = all.iter().filter(|one| one.is_none()).count();
    assert_eq!(begun, 1, "{all:?}");
    let there = nodes[0].deed(id(1)).await.unwrap();
    assert!(all.iter().flatten().all(|one| Some(*one) == there), "{all:?}");
}

/// Its time is when it ends, and not when it began.
pub async fn a_deed_whose_time_is_to_come_stays_until_then(harness: &mut dyn DirectoryHarness) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    let lasting = |seconds, mark| {
        let attempt = attempt(7, seconds, mark);
        let deed = Deed { at: at_s(300), ..attempt.deed };
        DeedAttempt { deed, given_up_before: Time(i64::MIN), ..attempt }
    };
    let first = lasting(0, 20);
    assert_eq!(directory.begin_deed(first).await.unwrap(), None);
    // Each takes some away that are forgotten by then.
    for n in 0..4 {
        let other = attempt(7, 399, 30 + n);
        let other = DeedAttempt { deed: Deed { key: id(10 + n), ..other.deed }, ..other };
        assert_eq!(elsewhere.begin_deed(other).await.unwrap(), None);
    }
    assert_eq!(elsewhere.begin_deed(lasting(399, 21)).await.unwrap(), Some(first.deed));
}
