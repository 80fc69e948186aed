//! Notices: owners are told that a coupon of theirs expires, once per coupon and number of days.

use super::coupons::*;
use super::given::{ADA, ADMIN, BOB, Given, given, s};
use actors::domain::coupons::range::{self, Range};
use actors::domain::coupons::redeem::{Command, Event, Refusal};
use actors::domain::coupons::{Campaign, campaign};
use actors::domain::day::Day;
use actors::domain::notices;
use actors::{Caller, Time};

/// Ten vouchers that expire one after the other, 100 seconds apart, from 2,000 on.
fn vouchers() -> Given<Campaign> {
    let grants =
        (1..=10).map(|rank| (s(1_000), granted(rank, owner(rank), s(1_900 + 100 * rank as i64))));
    campaign(campaign::CampaignPlan { quota: 10, ..plan() }, grants)
}

fn owner(rank: u64) -> Caller {
    Caller::member(actors::Id([rank as u8; 16]))
}

fn notice(days: u16, since: Time, until: Time, from: u64) -> campaign::Command {
    campaign::Command::Redeem(Command::Notice { days, since, until, from })
}

fn noticed(days: u16, until: Time, ranks: &[u64]) -> campaign::Event {
    let coupons = ranks.iter().map(|rank| (*rank, owner(*rank).id)).collect();
    let expires_at = ranks.iter().map(|rank| s(1_900 + 100 * *rank as i64)).collect();
    campaign::Event::Redeemed(Event::Noticed { days, until, coupons, expires_at })
}

fn nobody(next: Option<u64>) -> campaign::Refusal {
    campaign::Refusal::Coupon(Refusal::NobodyToTell { next })
}

#[test]
fn those_in_the_window_are_told_from_its_beginning_on_and_before_its_end() {
    vouchers().when(notice(3, s(2_100), s(2_400), 0), SYSTEM, s(1_500)).then(noticed(
        3,
        s(2_400),
        &[2, 3, 4],
    ));
    vouchers().when(notice(3, Time(s(2_100).0 + 1), s(2_400), 0), SYSTEM, s(1_500)).then(noticed(
        3,
        s(2_400),
        &[3, 4],
    ));
    vouchers().when(notice(3, s(2_100), Time(s(2_400).0 + 1), 0), SYSTEM, s(1_500)).then(noticed(
        3,
        Time(s(2_400).0 + 1),
        &[2, 3, 4, 5],
    ));
    vouchers().when(notice(3, s(2_950), s(9_000), 0), SYSTEM, s(1_500)).refused(nobody(None));
}

#[test]
fn each_is_told_once_per_number_of_days_however_often_it_is_asked_for() {
    let told = vouchers().and(s(1_500), noticed(3, s(2_400), &[2, 3, 4]));
    told.when(notice(3, s(2_100), s(2_400), 0), SYSTEM, s(1_600)).refused(nobody(None));
    told.when(notice(1, s(2_100), s(2_400), 0), SYSTEM, s(1_600)).then(noticed(
        1,
        s(2_400),
        &[2, 3, 4],
    ));
    told.when(notice(3, s(2_400), s(2_700), 0), SYSTEM, s(1_600)).then(noticed(
        3,
        s(2_700),
        &[5, 6, 7],
    ));
    let again = told.saved_and_read();
    again.when(notice(3, s(2_100), s(2_400), 0), SYSTEM, s(1_600)).refused(nobody(None));
}

#[test]
fn a_notice_that_broke_off_goes_on_after_the_last_one_told() {
    let some = vouchers().and(s(1_500), noticed(3, s(2_400), &[2, 3]));
    some.when(notice(3, s(2_100), s(2_400), 0), SYSTEM, s(1_600)).then(noticed(3, s(2_400), &[4]));
}

#[test]
fn only_what_is_assigned_and_unused_is_worth_a_notice() {
    let redeemed = |event| campaign::Event::Redeemed(event);
    let some = vouchers()
        .and(s(1_100), redeemed(having(used(2, owner(2), ADA), until(s(2_100)))))
        .and(s(1_100), redeemed(having(held(3, owner(3), ADA, s(1_700)), until(s(2_200)))))
        .and(s(1_100), redeemed(having(voided(4, owner(4)), until(s(2_300)))))
        .and(s(1_100), redeemed(having(used(5, owner(5), ADA), until(s(2_400)))))
        .and(s(1_200), redeemed(having(cancelled(5, owner(5), ADA), until(s(2_400)))));
    some.when(notice(3, s(2_000), s(2_600), 0), SYSTEM, s(1_500)).then(noticed(
        3,
        s(2_600),
        &[1, 5, 6],
    ));
}

#[test]
fn nobody_is_told_after_the_expiry() {
    let late = vouchers().and_time_passes(s(2_200));
    late.when(notice(3, s(2_000), s(2_500), 0), SYSTEM, s(2_200)).then(noticed(
        3,
        s(2_500),
        &[4, 5],
    ));
    let too_late = vouchers().and_time_passes(s(2_400));
    too_late.when(notice(3, s(2_000), s(2_500), 0), SYSTEM, s(2_400)).refused(nobody(None));
}

#[test]
fn what_was_told_of_a_window_is_forgotten_at_its_end() {
    let bytes = |campaign: Given<Campaign>| campaign.0.bytes();
    let told = || vouchers().and(s(1_500), noticed(3, s(2_400), &[2, 3, 4]));
    let before = Time(s(2_400).0 - 1);
    assert_ne!(bytes(told().and_time_passes(before)), bytes(vouchers().and_time_passes(before)));
    let at = s(2_400);
    assert_eq!(bytes(told().and_time_passes(at)), bytes(vouchers().and_time_passes(at)));
}

fn assigned_all(count: u64) -> Given<Range> {
    let mut range = opened(range::RangeTerms { count, ..TERMS }, []).0;
    (0..count).for_each(|slot| range.apply(&assigned(slot, ADA, None), s(1)));
    Given(range)
}

fn told(range: &mut Given<Range>, from: u64) -> Result<Vec<u64>, Option<u64>> {
    let command = Command::Notice { days: 3, since: s(0), until: s(20_000), from };
    match range.0.decide(
        &range::Command::Redeem(command),
        &ADMIN,
        &actors::Stamp { at: s(2), seed: 1 },
    ) {
        Ok(actors::Verdict::New(event)) => {
            range.0.apply(&event, s(2));
            let range::Event::Redeemed(Event::Noticed { coupons, expires_at, .. }) = event else {
                panic!()
            };
            assert_eq!(coupons.len(), expires_at.len());
            Ok(coupons.into_iter().map(|(slot, _)| slot).collect())
        }
        Err(range::Refusal::Coupon(Refusal::NobodyToTell { next })) => Err(next),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_thousand_are_told_at_a_time_and_none_twice() {
    let mut range = assigned_all(2_500);
    let mut all = Vec::new();
    let mut sizes = Vec::new();
    while let Ok(some) = told(&mut range, 0) {
        sizes.push(some.len());
        all.extend(some);
    }
    assert_eq!(sizes, [1_000, 1_000, 500]);
    assert!(all.into_iter().eq(0..2_500));
}

#[test]
fn where_nobody_is_to_be_told_the_search_goes_on_behind_them() {
    let mut range = assigned_all(2_500);
    (0..2_499).for_each(|slot| range.0.apply(&range::Event::Redeemed(used(slot, ADA, ADA)), s(1)));
    assert_eq!(told(&mut range, 0), Err(Some(1_000)));
    assert_eq!(told(&mut range, 1_000), Err(Some(2_000)));
    assert_eq!(told(&mut range, 2_000), Ok(vec![2_499]));
    assert_eq!(told(&mut range, 2_000), Err(None));
}

#[test]
fn where_nothing_is_left_that_expires_then_nobody_is_looked_at() {
    let mut range = assigned_all(2_500);
    (0..2_500).for_each(|slot| range.0.apply(&range::Event::Redeemed(used(slot, ADA, ADA)), s(1)));
    assert_eq!(told(&mut range, 0), Err(None));
}

#[test]
fn what_is_given_after_the_others_were_told_is_told_alone() {
    let mut range = opened(range::RangeTerms { count: 4, ..TERMS }, []);
    (0..3).for_each(|slot| range.0.apply(&assigned(slot, ADA, None), s(1)));
    assert_eq!(told(&mut range, 0), Ok(vec![0, 1, 2]));
    assert_eq!(told(&mut range, 0), Err(None));
    range.0.apply(&assigned(3, BOB, None), s(2));
    assert_eq!(told(&mut range, 0), Ok(vec![3]));
}

#[test]
fn a_day_whose_notices_were_given_is_over_and_so_are_those_before_it() {
    use notices::{Command, Event, Notices};
    let finish = |day| Command::Finish { day: Day(day) };
    let finished = |day| Event::Finished { day: Day(day) };
    given::<Notices>([]).when(finish(20_261_231), SYSTEM, s(1)).then(finished(20_261_231));
    let done: Given<Notices> = given([(s(1), finished(20_261_231)), (s(2), finished(20_261_230))]);
    for day in [20_261_230, 20_261_231] {
        done.when(finish(day), SYSTEM, s(3)).then_already(finished(day));
    }
    done.saved_and_read().when(finish(20_270_101), SYSTEM, s(3)).then(finished(20_270_101));
}
