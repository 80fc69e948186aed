//! Budgets for wrong passwords, per account and per address. Successes are never counted.
//!
//! A budget that is used up within a minute pauses its account or address, each time for twice as
//! long, up to a limit. No owner is locked out for good. While an account is paused, its passwords
//! are checked as ever, which takes the same time, but none is found right. That is decided after
//! the check. So of a thousand guesses sent at once, too, only as many as the budget has are told
//! apart. An address from which an account was logged in to before has a budget of its own for it,
//! so that a stranger cannot lock out the owner (`homes`). A pause never lasts longer than it is
//! long, also if it began while the clock was ahead. Memory is bounded: what was touched least
//! recently is forgotten. `redis/budgets.lua` is this rule for several nodes.

use actors::{Id, Time};
use hashbrown::HashMap;
use ports::shared_memory::{PerMinute, Settled};
use std::sync::{Mutex, MutexGuard};

/// How long the first pause is and the longest. A pause without failures for as long as
/// `FORGIVEN_S` makes the next one short again.
struct Pauses {
    first_s: u32,
    longest_s: u32,
}

const ACCOUNT: Pauses = Pauses { first_s: 15, longest_s: 900 };
const ADDRESS: Pauses = Pauses { first_s: 5, longest_s: 60 };
const FORGIVEN_S: u32 = 3600;
const WINDOW_S: u32 = 60;

/// Accounts and addresses in each of the two halves of the memory, some 5 MB each at most.
const HALF: usize = 65_536;

pub struct Failures {
    per_minute: PerMinute,
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    young: HashMap<Id, Record>,
    old: HashMap<Id, Record>,
}

#[derive(Clone, Copy, Default)]
struct Record {
    count: u32,
    window_began: Time,
    pauses: u32,
    paused_until: Time,
    /// How long the latest pause is.
    lasts_s: u32,
}

impl Failures {
    pub fn new(per_minute: PerMinute) -> Failures {
        Failures { per_minute, records: Mutex::default() }
    }

    /// How many seconds the record is still paused, if it is.
    pub fn pause_s(&self, record: Id, now: Time) -> Option<u32> {
        self.records().pause_s(record, now)
    }

    /// After a password was checked: what may be said about it.
    pub fn settle(&self, account: Id, address: &str, right: bool, now: Time) -> Settled {
        let mut records = self.records();
        if let Some(retry_after_s) = records.pause_s(of_address(address), now) {
            return Settled::AddressPaused { retry_after_s };
        }
        let known = of_known(account, address);
        let account = if records.has(known) { known } else { of_account(account) };
        if !right {
            records.count(of_address(address), self.per_minute.address, &ADDRESS, now);
        }
        if records.pause_s(account, now).is_some() {
            Settled::Paused
        } else if right {
            records.put(known, Record::default());
            Settled::Right
        } else {
            records.count(account, self.per_minute.account, &ACCOUNT, now);
            Settled::Wrong
        }
    }

    /// Whether the account was logged in to from that address.
    pub fn is_known(&self, account: Id, address: &str) -> bool {
        self.records().has(of_known(account, address))
    }

    /// Whether the directory is known to say that the account was logged in to from that address.
    pub fn is_home(&self, account: Id, address: &str) -> bool {
        self.records().has(of_home(account, address))
    }

    pub fn note_home(&self, account: Id, address: &str) {
        let mut records = self.records();
        records.put(of_home(account, address), Record::default());
        records.put(of_known(account, address), Record::default());
    }

    /// Something else that an address should not do too often, such as asking which names are
    /// taken; it has twice the budget.
    pub fn count_probe(&self, address: &str, now: Time) -> Result<(), u32> {
        let mut records = self.records();
        let probes = of_probes(address);
        if let Some(pause_s) = records.pause_s(probes, now) {
            return Err(pause_s);
        }
        records.count(probes, self.probes_per_minute(), &ADDRESS, now);
        Ok(())
    }

    pub fn probes_per_minute(&self) -> u32 {
        self.per_minute.address.saturating_mul(2)
    }

    /// A failure that is no wrong password. Answers how many seconds the record was paused before.
    pub fn count(&self, record: Id, per_minute: u32, now: Time) -> u32 {
        let mut records = self.records();
        let before = records.pause_s(record, now);
        records.count(record, per_minute, &ADDRESS, now);
        before.unwrap_or(0)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

pub(super) fn of_account(account: Id) -> Id {
    Id::digest(&[b"account", &account.0])
}

pub(super) fn of_address(address: &str) -> Id {
    Id::digest(&[b"address", address.as_bytes()])
}

pub(super) fn of_probes(address: &str) -> Id {
    Id::digest(&[b"probes", address.as_bytes()])
}

pub(super) fn of_known(account: Id, address: &str) -> Id {
    Id::digest(&[b"known", &account.0, address.as_bytes()])
}

fn of_home(account: Id, address: &str) -> Id {
    Id::digest(&[b"home", &account.0, address.as_bytes()])
}

impl Records {
    fn has(&self, key: Id) -> bool {
        self.young.contains_key(&key) || self.old.contains_key(&key)
    }

    fn pause_s(&mut self, key: Id, now: Time) -> Option<u32> {
        self.young.get_mut(&key).or_else(|| self.old.get_mut(&key))?.pause_s(now)
    }

    /// Keeps the record there is, or this one; either way it is touched.
    fn put(&mut self, key: Id, record: Record) {
        let record = self.old.remove(&key).unwrap_or(record);
        if self.young.len() >= HALF && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.entry(key).or_insert(record);
    }

    fn count(&mut self, key: Id, per_minute: u32, pauses: &Pauses, now: Time) {
        self.put(key, Record::default());
        if let Some(record) = self.young.get_mut(&key) {
            record.count(per_minute, pauses, now);
        }
    }
}

impl Record {
    /// Seconds the pause still lasts.
    fn pause_s(&mut self, now: Time) -> Option<u32> {
        self.cut(now);
        let left = self.paused_until.0 - now.0;
        (left > 0).then(|| u32::try_from((left + 999) / 1000).unwrap_or(u32::MAX))
    }

    /// A clock that was ahead when the pause began has made its end too late.
    fn cut(&mut self, now: Time) {
        self.paused_until = self.paused_until.min(now.plus_s(self.lasts_s));
    }

    fn count(&mut self, per_minute: u32, pauses: &Pauses, now: Time) {
        if now >= self.window_began.plus_s(WINDOW_S) || now < self.window_began {
            self.window_began = now;
            self.count = 0;
        }
        self.count += 1;
        if self.count >= per_minute {
            self.pause(pauses, now);
        }
    }

    fn pause(&mut self, pauses: &Pauses, now: Time) {
        self.cut(now);
        if now > self.paused_until.plus_s(FORGIVEN_S) {
            self.pauses = 0;
        }
        let doubled = pauses.first_s.saturating_mul(1 << self.pauses.min(16));
        self.lasts_s = doubled.min(pauses.longest_s);
        self.paused_until = now.plus_s(self.lasts_s);
        self.pauses += 1;
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Id = Id([1; 16]);

    fn failures() -> Failures {
        Failures::new(PerMinute { account: 3, address: 10 })
    }

    fn fail(failures: &Failures, address: &str, times: u32, now: Time) {
        for _ in 0..times {
            failures.settle(ADA, address, false, now);
        }
    }

    #[test]
    fn successes_are_never_counted() {
        let failures = failures();
        assert!((0..10_000).all(|_| failures.settle(ADA, "home", true, Time(0)) == Settled::Right));
    }

    #[test]
    fn a_paused_account_finds_nothing_right_until_the_pause_is_over() {
        let failures = failures();
        fail(&failures, "thief", 3, Time(0));
        assert_eq!(failures.settle(ADA, "thief", true, Time(14_999)), Settled::Paused);
        assert_eq!(failures.settle(ADA, "thief", true, Time(15_000)), Settled::Right);
    }

    #[test]
    fn each_pause_is_twice_as_long_up_to_a_limit_and_is_forgiven() {
        let failures = failures();
        let mut now = Time(0);
        for expected in [15, 30, 60, 120, 240, 480, 900, 900] {
            fail(&failures, &format!("thief {expected} {}", now.0), 3, now);
            assert_eq!(
                failures.records().pause_s(of_account(ADA), Time(now.0 + 1)),
                Some(expected)
            );
            now = now.plus_s(expected);
        }
        now = now.plus_s(FORGIVEN_S + 1);
        fail(&failures, "later", 3, now);
        assert_eq!(failures.records().pause_s(of_account(ADA), Time(now.0 + 1)), Some(15));
    }

    #[test]
    fn a_stranger_cannot_lock_out_an_owner_who_comes_from_home() {
        let failures = failures();
        failures.settle(ADA, "home", true, Time(0));
        fail(&failures, "thief", 9, Time(0));
        assert_eq!(failures.settle(ADA, "elsewhere", true, Time(1)), Settled::Paused);
        assert_eq!(failures.settle(ADA, "home", true, Time(1)), Settled::Right);
        fail(&failures, "home", 3, Time(1));
        assert_eq!(failures.settle(ADA, "home", true, Time(1)), Settled::Paused);
    }

    #[test]
    fn an_address_pays_for_all_accounts_together() {
        let failures = failures();
        for n in 0..10 {
            assert_eq!(failures.pause_s(of_address("thief"), Time(0)), None);
            failures.settle(Id([n; 16]), "thief", false, Time(0));
        }
        assert_eq!(failures.pause_s(of_address("thief"), Time(1)), Some(5));
        assert_eq!(
            failures.settle(Id([99; 16]), "thief", true, Time(0)),
            Settled::AddressPaused { retry_after_s: 5 }
        );
        assert_eq!(failures.pause_s(of_address("thief"), Time(5_000)), None);
        assert_eq!(failures.pause_s(of_address("home"), Time(1)), None);
    }

    #[test]
    fn failures_spread_over_minutes_do_not_add_up() {
        let failures = failures();
        for minute in 0..100 {
            fail(&failures, "clumsy", 2, Time(0).plus_s(60 * minute));
        }
        assert_eq!(failures.settle(ADA, "clumsy", true, Time(0).plus_s(6000)), Settled::Right);
    }

    #[test]
    fn a_pause_that_began_while_the_clock_was_ahead_lasts_no_longer_than_it_is_long() {
        let (failures, hours) = (failures(), Time(0).plus_s(6 * 3600));
        fail(&failures, "thief", 3, hours);
        // The clock is set right, and a login comes.
        assert_eq!(failures.settle(ADA, "elsewhere", true, Time(0)), Settled::Paused);
        assert_eq!(failures.settle(ADA, "elsewhere", true, Time(14_999)), Settled::Paused);
        assert_eq!(failures.settle(ADA, "elsewhere", true, Time(15_000)), Settled::Right);
        // The next is not forgiven by that, and is twice as long.
        fail(&failures, "thief", 3, Time(16_000));
        assert_eq!(failures.records().pause_s(of_account(ADA), Time(16_000)), Some(30));
    }

    #[test]
    fn an_address_paused_while_the_clock_was_ahead_is_let_in_again_in_seconds() {
        let (failures, day) = (failures(), Time(0).plus_s(86_400));
        for n in 0..10 {
            failures.settle(Id([n; 16]), "office", false, day);
        }
        for _ in 0..20 {
            failures.count_probe("office", day).unwrap();
        }
        assert_eq!(
            (
                failures.pause_s(of_address("office"), Time(0)),
                failures.count_probe("office", Time(0))
            ),
            (Some(5), Err(5))
        );
        assert_eq!(
            (
                failures.pause_s(of_address("office"), Time(5_000)),
                failures.count_probe("office", Time(5_000))
            ),
            (None, Ok(()))
        );
    }

    #[test]
    fn memory_is_bounded_and_an_account_under_attack_is_not_forgotten() {
        let failures = failures();
        for n in 0..3 * HALF as u64 {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&n.to_le_bytes());
            failures.settle(Id(id), &n.to_string(), false, Time(0));
            failures.records().put(of_account(ADA), Record { pauses: 7, ..Record::default() });
        }
        let records = failures.records();
        assert!(records.young.len() + records.old.len() <= 2 * HALF);
        assert_eq!(
            records
                .young
                .get(&of_account(ADA))
                .or(records.old.get(&of_account(ADA)))
                .unwrap()
                .pauses,
            7
        );
    }
}
