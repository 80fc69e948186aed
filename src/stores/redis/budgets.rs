//! Budgets that all nodes share: failures by the rule of `identity/failures.rs`, which
//! `budgets.lua` repeats, and requests in a minute.
//!
//! Each is decided and counted in one step, so a thousand guesses sent to all nodes at once find
//! one budget. None means that Redis gave no answer, and the caller goes by what its own node has
//! counted; that is counted, too.

use super::Redis;
use actors::{Id, Time};
use metrics::counter;
use ports::shared_memory::{PerMinute, Settled, Tried};
use redis::{Cmd, FromRedisValue, cmd};

const BUDGETS: &str = include_str!("budgets.lua");

/// Counts a request in its minute, of which nothing is kept for longer than two.
const SPEND: &str = "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', \
    KEYS[1], 120000) end return n";

impl Redis {
    /// Seconds for which the record is paused; 0 if it is not.
    pub async fn pause_s(&self, record: Id, now: Time) -> Option<u32> {
        let mut admit = cmd("EVAL");
        admit.arg(BUDGETS).arg(1).arg(self.record(record)).arg("admit").arg(now.0);
        let (_, left): (String, i64) = self.budget("admit", &admit).await?;
        Some(seconds(left))
    }

    /// Counts something that is not a password. A paused record is only counted if `always`;
    /// answers how long it was paused.
    pub async fn count(&self, record: Id, per_minute: u32, always: bool, now: Time) -> Option<u32> {
        let always = if always { "always" } else { "unless paused" };
        let mut count = cmd("EVAL");
        count
            .arg(BUDGETS)
            .arg(1)
            .arg(self.record(record))
            .arg("count")
            .arg(now.0)
            .arg(per_minute)
            .arg(always);
        let (_, left): (String, i64) = self.budget("count", &count).await?;
        Some(seconds(left))
    }

    /// `is_home`: the account is known from that address, whatever Redis has forgotten.
    pub async fn settle(
        &self,
        tried: Tried,
        per_minute: PerMinute,
        is_home: bool,
        right: bool,
        now: Time,
    ) -> Option<Settled> {
        let mut settle = cmd("EVAL");
        settle
            .arg(BUDGETS)
            .arg(3)
            .arg(self.record(tried.address))
            .arg(self.record(tried.known))
            .arg(self.record(tried.account));
        settle
            .arg("settle")
            .arg(now.0)
            .arg(per_minute.address)
            .arg(per_minute.account)
            .arg(if right { "right" } else { "wrong" });
        settle.arg(if is_home { "home" } else { "elsewhere" });
        let (said, left): (String, i64) = self.budget("settle", &settle).await?;
        Some(match said.as_str() {
            "right" => Settled::Right,
            "wrong" => Settled::Wrong,
            "paused" => Settled::Paused,
            _ => Settled::AddressPaused { retry_after_s: seconds(left) },
        })
    }

    /// How many requests of that caller this is, in that minute.
    pub async fn spend(&self, caller: Id, minute: i64) -> Option<u64> {
        let key = format!("{}rate:{caller}:{minute}", self.realm);
        self.or_count("rates", "spend", cmd("EVAL").arg(SPEND).arg(1).arg(key)).await
    }

    async fn budget<T: FromRedisValue>(&self, command: &'static str, cmd: &Cmd) -> Option<T> {
        self.or_count("budgets", command, cmd).await
    }

    async fn or_count<T: FromRedisValue>(
        &self,
        what: &'static str,
        command: &'static str,
        cmd: &Cmd,
    ) -> Option<T> {
        let answer = match self.link.line() {
            Some(line) => self.link.ask(&line, command, cmd).await,
            None => None,
        };
        if answer.is_none() {
            counter!("stampede_redis_fallbacks_total", "what" => what).increment(1);
        }
        answer
    }

    fn record(&self, id: Id) -> String {
        format!("{}budget:{id}", self.realm)
    }
}

fn seconds(left_ms: i64) -> u32 {
    u32::try_from((left_ms.max(0) + 999) / 1000).unwrap_or(u32::MAX)
}
