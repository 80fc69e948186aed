//! What has changed from one look at the meters to the next, as a console shows it.

use super::reading::{Buckets, MeterReading, StockCounts};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub struct Figures<'a> {
    at: String,
    version: &'static str,
    /// How often a second.
    rates: BTreeMap<&'static str, f64>,
    /// How often a second, by reason.
    refusals: BTreeMap<&'a str, f64>,
    answers: Latency,
    commits: CommitFigures,
    gauges: &'a BTreeMap<&'static str, f64>,
    stock: &'a StockCounts,
}

/// Nothing, where nothing was done.
#[derive(Debug, PartialEq, Serialize)]
struct Latency {
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

#[derive(Serialize)]
struct CommitFigures {
    #[serde(flatten)]
    latency: Latency,
    per_s: f64,
    /// Events in one commit, on average.
    batch: Option<f64>,
}

impl<'a> Figures<'a> {
    pub fn between(
        before: &MeterReading,
        now: &'a MeterReading,
        span_s: f64,
        at: String,
    ) -> Figures<'a> {
        let rate = |before: f64, now: f64| rounded((now - before).max(0.0) / span_s.max(0.001));
        let done = now.done.iter().map(|(name, count)| {
            (*name, rate(before.done.get(name).copied().unwrap_or_default(), *count))
        });
        let mut rates: BTreeMap<&str, f64> = done.collect();
        rates.insert("requests", rate(before.requests, now.requests));
        let refusals = now.refusals.iter().map(|(reason, count)| {
            let before = before.refusals.get(reason).copied().unwrap_or_default();
            (reason.as_str(), rate(before, *count))
        });
        let refusals: BTreeMap<&str, f64> = refusals.filter(|(_, rate)| *rate > 0.0).collect();
        rates.insert("refused", rounded(refusals.values().fold(0.0, |sum, rate| sum + rate)));
        let commits = grown(&before.commits, &now.commits);
        let count = commits.values().copied().fold(0.0, f64::max);
        let events = now.committed_events - before.committed_events;
        Figures {
            at,
            version: env!("CARGO_PKG_VERSION"),
            rates,
            refusals,
            answers: Latency::of(&grown(&before.answers, &now.answers)),
            commits: CommitFigures {
                latency: Latency::of(&commits),
                per_s: rate(0.0, count),
                batch: (count > 0.0).then(|| rounded(events / count)),
            },
            gauges: &now.gauges,
            stock: &now.stock,
        }
    }
}

impl Latency {
    fn of(buckets: &Buckets) -> Latency {
        Latency { p50_ms: quantile_ms(buckets, 0.5), p99_ms: quantile_ms(buckets, 0.99) }
    }
}

fn grown(before: &Buckets, now: &Buckets) -> Buckets {
    let grown = |(most, count): (&u64, &f64)| {
        (*most, count - before.get(most).copied().unwrap_or_default())
    };
    now.iter().map(grown).collect()
}

/// As Prometheus estimates it: evenly spread in its bucket, and at most the last bound.
fn quantile_ms(buckets: &Buckets, share: f64) -> Option<f64> {
    let all = buckets.values().copied().fold(0.0, f64::max);
    if all <= 0.0 {
        return None;
    }
    let wanted = all * share;
    let (mut from, mut below) = (0.0, 0.0);
    for (most, count) in buckets {
        let most = f64::from_bits(*most);
        if most.is_infinite() {
            break;
        }
        if *count >= wanted {
            let part = (wanted - below) / (count - below);
            return Some(rounded((from + (most - from) * part) * 1000.0));
        }
        (from, below) = (most, *count);
    }
    Some(rounded(from * 1000.0))
}

/// To a hundredth, which is more than anybody can see.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(claims: u32, refused: u32, fast: u32, slow: u32, events: u32) -> String {
        let answered = "stampede_http_request_seconds_count{route=\"/campaigns/{id}/claims\"";
        let commits = "stampede_store_commit_seconds_bucket";
        format!(
            "{answered},method=\"POST\",status=\"201\"}} {claims}\n\
             {answered},method=\"POST\",status=\"409\"}} {refused}\n\
             stampede_refusals_total{{reason=\"sold-out\"}} {refused}\n\
             {commits}{{le=\"0.001\"}} {fast}\n{commits}{{le=\"0.01\"}} {}\n\
             {commits}{{le=\"+Inf\"}} {}\nstampede_store_commit_events_sum {events}\n\
             stampede_in_flight 3\n\
             stampede_vouchers{{campaign=\"c1\",name=\"x\",state=\"used\"}} 4\n",
            fast + slow,
            fast + slow,
        )
    }

    #[test]
    fn figures_are_what_has_changed_in_the_time_between() {
        let (before, now) =
            (MeterReading::of(&text(10, 5, 0, 0, 0)), MeterReading::of(&text(30, 5, 3, 1, 20)));
        let figures = Figures::between(&before, &now, 2.0, "now".into());
        let told = serde_json::to_value(&figures).unwrap();
        assert_eq!(
            (&told["rates"]["claims"], &told["rates"]["requests"]),
            (&10.0.into(), &10.0.into())
        );
        assert_eq!(told["refusals"], serde_json::json!({}));
        assert_eq!(told["commits"]["per_s"], 2.0);
        assert_eq!(told["commits"]["batch"], 5.0);
        assert_eq!(told["commits"]["p50_ms"], 0.67);
        assert_eq!(told["commits"]["p99_ms"], 9.64);
        assert_eq!(told["answers"]["p50_ms"], serde_json::Value::Null);
        assert_eq!(told["gauges"]["stampede_in_flight"], 3.0);
        assert_eq!(told["stock"]["campaigns"]["c1"]["used"], 4.0);
    }

    #[test]
    fn refusals_are_told_by_their_reason() {
        let (before, now) = (MeterReading::of(""), MeterReading::of(&text(0, 8, 0, 0, 0)));
        let figures = Figures::between(&before, &now, 1.0, String::new());
        let told = serde_json::to_value(&figures).unwrap();
        assert_eq!(told["refusals"]["sold-out"], 8.0);
        assert_eq!(told["rates"]["refused"], 8.0);
        assert_eq!(told["commits"]["batch"], serde_json::Value::Null);
    }
}
