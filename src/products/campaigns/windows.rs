//! When the campaigns for first logins take whom: what a login is judged by without asking any
//! campaign.
//!
//! Rules: a window is never too small. An end by hand is for good, and of several ends the latest
//! counts, and of several beginnings the earliest, so whatever is learnt is joined to what was
//! known, in any order. A window may be too large (it may have shrunk while nobody had claimed),
//! because the campaign itself has the last word. Where a change of a campaign may have happened
//! unseen, there is doubt, and the windows count as unknown until they have been read again.

use crate::promotions::Promotion;
use actors::Time;
use actors::domain::coupons::Serial;
use actors::domain::coupons::campaign::{CampaignPlan, Trigger};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{RwLock, RwLockReadGuard};
use tokio::sync::{Mutex, MutexGuard};

#[derive(Default)]
pub struct Windows {
    by_campaign: RwLock<BTreeMap<Serial, Window>>,
    /// How often there was doubt, and how many of those were dispelled by reading. Nobody has read
    /// anything at first.
    doubts: AtomicU64,
    dispelled: AtomicU64,
    reading: Mutex<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub starts_at: Time,
    pub ends_at: Time,
    /// It takes nobody any more, whatever its end.
    pub over: bool,
}

impl Window {
    fn has(&self, at: Time) -> bool {
        self.starts_at <= at && at < self.ends_at
    }

    fn joined(self, other: Window) -> Window {
        Window {
            starts_at: self.starts_at.min(other.starts_at),
            ends_at: self.ends_at.max(other.ends_at),
            over: self.over || other.over,
        }
    }
}

impl Windows {
    pub fn learn(&self, campaign: Serial, window: Window) {
        let mut windows = self.by_campaign.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        windows.entry(campaign).and_modify(|known| *known = known.joined(window)).or_insert(window);
    }

    /// The campaigns that may have granted somebody a voucher whose first login was then.
    pub fn around(&self, at: Time) -> Vec<Serial> {
        self.read()
            .iter()
            .filter(|(_, window)| window.has(at))
            .map(|(campaign, _)| *campaign)
            .collect()
    }

    /// The campaigns that owe a claim to somebody who logs in for the first time now; None if that
    /// is not known.
    pub fn owing(&self, now: Time) -> Option<Vec<Serial>> {
        let owing = self
            .read()
            .iter()
            .filter(|(_, window)| window.has(now) && !window.over)
            .map(|(campaign, _)| *campaign)
            .collect();
        self.are_known().then_some(owing)
    }

    /// When the last campaign for first logins ends of which it is not known that it is over.
    pub fn last_end(&self, now: Time) -> Option<Time> {
        let windows = self.read();
        let lasting = windows.values().filter(|window| !window.over && window.ends_at > now);
        lasting.map(|window| window.ends_at).max()
    }

    pub fn are_known(&self) -> bool {
        self.dispelled.load(Ordering::Acquire) > self.doubts.load(Ordering::Acquire)
    }

    /// Others may have changed campaigns at any time. Says by which doubt to ask whether they have
    /// been read since.
    pub fn doubt(&self) -> u64 {
        self.doubts.fetch_add(1, Ordering::AcqRel) + 1
    }

    pub fn were_read_since(&self, doubt: u64) -> bool {
        self.dispelled.load(Ordering::Acquire) > doubt
    }

    /// There is doubt unless the guard is told that there is none: also when its holder is dropped
    /// half-way.
    pub fn doubt_unless(&self) -> Doubt<'_> {
        Doubt { windows: self, dispelled: false }
    }

    /// The turn to read them. Its holder asks again whether they are known, reads, and says so with
    /// the doubts of before.
    pub async fn turn_to_read(&self) -> (MutexGuard<'_, ()>, u64) {
        let turn = self.reading.lock().await;
        (turn, self.doubts.load(Ordering::Acquire))
    }

    pub fn were_read(&self, doubts_before: u64) {
        self.dispelled.fetch_max(doubts_before + 1, Ordering::AcqRel);
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Serial, Window>> {
        self.by_campaign.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

pub struct Doubt<'a> {
    windows: &'a Windows,
    dispelled: bool,
}

impl Doubt<'_> {
    /// It is known what has happened.
    pub fn dispel(mut self) {
        self.dispelled = true;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.dispelled {
            self.windows.doubts.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// As it was planned. None if the campaign takes nobody for logging in. A login before it was
/// created came too early.
pub fn window_of(promotion: &Promotion) -> Option<Window> {
    let plan = promotion.campaign().filter(|plan| plan.trigger == Trigger::FirstLogin)?;
    Some(window_in(plan, promotion.created_at))
}

pub fn window_in(plan: &CampaignPlan, created_at: Time) -> Window {
    let starts_at = plan.starts_at.max(created_at);
    Window { starts_at, ends_at: plan.ends_at, over: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Serial = Serial(1);

    fn window(starts_at: i64, ends_at: i64) -> Window {
        Window { starts_at: Time(starts_at), ends_at: Time(ends_at), over: false }
    }

    fn known() -> Windows {
        let windows = Windows::default();
        windows.were_read(0);
        windows
    }

    #[test]
    fn nothing_is_known_until_it_was_read() {
        let windows = Windows::default();
        assert_eq!(windows.owing(Time(0)), None);
        windows.were_read(0);
        assert_eq!(windows.owing(Time(0)), Some(Vec::new()));
    }

    #[test]
    fn a_reading_serves_all_whose_doubt_is_older_than_it() {
        let windows = known();
        let (first, second) = (windows.doubt(), windows.doubt());
        assert!(!windows.were_read_since(first));
        windows.were_read(second);
        assert!(windows.were_read_since(first) && windows.were_read_since(second));
        assert!(!windows.were_read_since(windows.doubt()));
    }

    #[test]
    fn a_window_begins_with_its_first_instant_and_ends_before_its_last() {
        let windows = known();
        windows.learn(ONE, window(10, 20));
        let owing = |at| windows.owing(Time(at)).unwrap();
        assert_eq!(
            (owing(9), owing(10), owing(19), owing(20)),
            (vec![], vec![ONE], vec![ONE], vec![])
        );
    }

    #[test]
    fn in_whatever_order_it_is_learnt_the_widest_window_and_the_end_by_hand_stay() {
        let over = Window { over: true, ..window(10, 20) };
        for order in
            [[window(10, 20), window(10, 30), over], [over, window(10, 30), window(10, 20)]]
        {
            let windows = known();
            order.into_iter().for_each(|window| windows.learn(ONE, window));
            assert_eq!(
                (windows.around(Time(25)), windows.owing(Time(25))),
                (vec![ONE], Some(vec![]))
            );
            windows.learn(ONE, window(5, 8));
            assert_eq!((windows.around(Time(5)), windows.around(Time(4))), (vec![ONE], vec![]));
        }
    }

    #[test]
    fn the_last_end_is_that_of_what_still_lasts() {
        let windows = known();
        windows.learn(ONE, window(10, 20));
        windows.learn(Serial(3), window(30, 40));
        windows.learn(Serial(5), Window { over: true, ..window(10, 90) });
        let last = |now| windows.last_end(Time(now)).map(|at| at.0);
        assert_eq!((last(0), last(25), last(40)), (Some(40), Some(40), None));
    }

    #[test]
    fn a_change_that_was_dropped_half_way_leaves_doubt() {
        let windows = known();
        windows.doubt_unless().dispel();
        assert!(windows.are_known());
        drop(windows.doubt_unless());
        assert!(!windows.are_known());
    }

    #[test]
    fn what_was_read_before_a_doubt_does_not_dispel_it() {
        let windows = known();
        let before = windows.doubts.load(Ordering::Acquire);
        drop(windows.doubt_unless());
        windows.were_read(before);
        assert!(!windows.are_known());
        windows.were_read(before + 1);
        assert!(windows.are_known());
    }
}
