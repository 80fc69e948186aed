//! Series of what comes and goes: a lottery, a campaign, a batch, a webhook.
//!
//! The recorder of the process keeps each series it has ever seen. These are shown for as long as
//! a holder keeps their line, and vanish from `/metrics` with it. A node may have tens of thousands
//! of campaigns in its life; what is shown is what can still change.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

#[derive(Default)]
pub struct Series(Mutex<Lines>);

type Lines = BTreeMap<(&'static str, String), Weak<SeriesLine>>;

/// A gauge with its labels. It is shown until the last who keeps it lets go.
#[derive(Default)]
pub struct SeriesLine(AtomicU64);

impl SeriesLine {
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl Series {
    /// The line with these labels. There is one for all who ask.
    pub fn line(&self, metric: &'static str, labels: &[(&str, &str)]) -> Arc<SeriesLine> {
        let mut lines = self.lines();
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let kept = lines.entry((metric, labels.join(","))).or_default();
        kept.upgrade().unwrap_or_else(|| {
            let line = Arc::default();
            *kept = Arc::downgrade(&line);
            line
        })
    }

    /// In the text exposition format of Prometheus.
    pub fn render(&self) -> String {
        let mut lines = self.lines();
        lines.retain(|_, line| line.strong_count() > 0);
        let (mut text, mut last) = (String::new(), "");
        for ((metric, labels), line) in lines.iter() {
            let Some(line) = line.upgrade() else { continue };
            if *metric != std::mem::replace(&mut last, metric) {
                let _ = writeln!(text, "# TYPE {metric} gauge");
            }
            let _ = writeln!(text, "{metric}{{{labels}}} {}", line.0.load(Ordering::Relaxed));
        }
        text
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_for_as_long_as_it_is_held() {
        let series = Series::default();
        assert_eq!(series.render(), "");
        let (free, sold) = (
            series.line("tickets", &[("state", "free")]),
            series.line("tickets", &[("state", "sold")]),
        );
        free.set(7);
        assert_eq!(
            series.render(),
            "# TYPE tickets gauge\ntickets{state=\"free\"} 7\ntickets{state=\"sold\"} 0\n"
        );
        drop(free);
        assert_eq!(series.render(), "# TYPE tickets gauge\ntickets{state=\"sold\"} 0\n");
        drop(sold);
        assert_eq!(series.render(), "");
        assert!(series.lines().is_empty());
    }

    #[test]
    fn all_who_ask_for_a_line_share_it() {
        let series = Series::default();
        let (one, other) =
            (series.line("lag", &[("webhook", "a")]), series.line("lag", &[("webhook", "a")]));
        one.set(3);
        drop(one);
        assert_eq!(series.render(), "# TYPE lag gauge\nlag{webhook=\"a\"} 3\n");
        drop(other);
        assert_eq!(series.line("lag", &[("webhook", "a")]).0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_name_may_be_anything() {
        let series = Series::default();
        let _line = series.line("vouchers", &[("name", "a\"b\\c\nd"), ("state", "used")]);
        assert_eq!(
            series.render(),
            "# TYPE vouchers gauge\nvouchers{name=\"a\\\"b\\\\c\\nd\",state=\"used\"} 0\n"
        );
    }
}
