//! The lines of histories.

use serde::Serialize;

pub const CLIENTS: u64 = 8;
pub const OPERATIONS: u64 = 420;
pub const QUOTA: u64 = 24;
/// More than can win.
pub const MEMBERS: u64 = 40;
pub const NUMBERS: u64 = 12;
/// What one member of a pool may hold at a time, and buy.
pub const HELD: u64 = 4;
pub const MAY_BUY: u64 = 9;

/// One line of a history, as the checker reads it.
#[derive(Clone, Serialize)]
pub struct HistoryLine {
    pub history: u64,
    pub client: u64,
    pub thing: String,
    pub did: &'static str,
    pub with: String,
    pub told: String,
    pub gave: String,
    pub quota: u64,
    pub held: u64,
    pub count: u64,
    pub asked: u64,
    pub heard: u64,
    pub lost: bool,
}

impl HistoryLine {
    pub fn is_about_orders(&self) -> bool {
        self.thing.contains("allowance")
    }
}

/// Somebody was told all that makes a history worth while, and some answers were lost.
#[track_caller]
pub fn shows_much(lines: &[HistoryLine]) {
    assert!(lines.iter().any(|line| line.lost), "no answer was ever lost, so nothing was shown");
    let told = |word: &str| lines.iter().any(|line| line.told == word);
    for word in ["granted", "sold-out", "held", "no-match-left", "confirmed", "released"] {
        assert!(told(word), "nobody was ever told {word}");
    }
    for word in ["held", "confirmed", "released", "refunded", "hold-limit-reached"] {
        let heard = |line: &HistoryLine| line.is_about_orders() && line.told == word;
        assert!(lines.iter().any(heard), "nobody who ordered was ever told {word}");
    }
}

/// Each history has a lottery of its own.
pub fn day(history: u64) -> String {
    let (year, month, day) = (2100 + history / 336, history / 28 % 12 + 1, history % 28 + 1);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::day;
    use std::collections::BTreeSet;

    /// Two histories are two, whatever is shared between them.
    #[test]
    fn each_history_has_a_day_of_its_own() {
        let days: BTreeSet<String> = (0..5000).map(day).collect();
        assert_eq!(days.len(), 5000);
    }
}
