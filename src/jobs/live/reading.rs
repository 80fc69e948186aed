//! What the meters have counted so far, of what a console shows.

use base::meters::exposed::{self, ExposedLine};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct MeterReading {
    /// By what was done.
    pub done: BTreeMap<&'static str, f64>,
    pub requests: f64,
    /// By reason.
    pub refusals: BTreeMap<String, f64>,
    /// How long commands took until they were answered.
    pub answers: Buckets,
    pub commits: Buckets,
    pub committed_events: f64,
    /// By their names.
    pub gauges: BTreeMap<&'static str, f64>,
    /// By kind, id and state.
    pub stock: StockCounts,
}

pub type StockCounts = BTreeMap<&'static str, BTreeMap<String, BTreeMap<String, f64>>>;

/// How many were at most so long, by the bits of the seconds: those of numbers that are not
/// negative are in order.
pub type Buckets = BTreeMap<u64, f64>;

/// What is done by which call, and how that is answered.
const DEEDS: [(&str, &str, &str, &str); 9] = [
    ("claims", "POST", "/campaigns/{id}/claims", "201"),
    ("holds", "POST", "/lotteries/{date}/holds", "201"),
    ("holds", "POST", "/pools/{pool}/holds", "201"),
    ("bought", "POST", "/holds/{id}/confirm", "200"),
    ("ballots", "POST", "/lotteries/{date}/ballots", "201"),
    ("ballots", "POST", "/pools/{pool}/ballots", "201"),
    ("assigned", "POST", "/coupon-batches/{id}/assign", "201"),
    ("used", "POST", "/coupons/{code}/use", "200"),
    ("logins", "POST", "/auth/login", "200"),
];

const GAUGES: [&str; 8] = [
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "stampede_deepest_partition_queue",
    "stampede_http_requests_in_flight",
    "stampede_in_flight",
    "stampede_in_flight_limit",
    "stampede_members",
    "stampede_store_queue_depth",
];

/// What has a stock: its metric, its kind, and the label that names it.
const STOCKS: [(&str, &str, &str); 3] = [
    ("stampede_tickets", "lotteries", "lottery"),
    ("stampede_vouchers", "campaigns", "campaign"),
    ("stampede_coupons", "batches", "batch"),
];

impl MeterReading {
    pub fn of(text: &str) -> MeterReading {
        let mut reading = MeterReading::default();
        exposed::lines(text).for_each(|line| reading.take(&line));
        reading
    }

    fn take(&mut self, line: &ExposedLine) {
        match line.name {
            "stampede_http_request_seconds_count" => self.take_answered(line),
            "stampede_http_request_seconds_bucket" if is_command(line) => {
                add(&mut self.answers, line)
            }
            "stampede_refusals_total" => {
                let reason = line.label("reason").unwrap_or_default().into_owned();
                *self.refusals.entry(reason).or_default() += line.value;
            }
            "stampede_store_commit_seconds_bucket" => add(&mut self.commits, line),
            "stampede_store_commit_events_sum" => self.committed_events += line.value,
            name => {
                if let Some(known) = GAUGES.into_iter().find(|known| *known == name) {
                    self.gauges.insert(known, line.value);
                } else if let Some((_, kind, of)) = STOCKS.iter().find(|(own, ..)| *own == name) {
                    let label = |of| line.label(of).unwrap_or_default().into_owned();
                    let states = self.stock.entry(kind).or_default().entry(label(of)).or_default();
                    states.insert(label("state"), line.value);
                }
            }
        }
    }

    fn take_answered(&mut self, line: &ExposedLine) {
        self.requests += line.value;
        let is = |name: &str, value: &str| line.label(name).as_deref() == Some(value);
        let deed = DEEDS.iter().find(|(_, method, route, status)| {
            is("route", route) && is("method", method) && is("status", status)
        });
        if let Some((name, ..)) = deed {
            *self.done.entry(name).or_default() += line.value;
        }
    }
}

/// Whether it is about calls that decide something. Those about people wait for passwords.
fn is_command(line: &ExposedLine) -> bool {
    line.label("method").is_some_and(|method| method != "GET")
        && line.label("route").is_some_and(|route| !route.starts_with("/auth/"))
}

fn add(buckets: &mut Buckets, line: &ExposedLine) {
    let most = line.label("le").and_then(|most| most.parse::<f64>().ok());
    if let Some(most) = most {
        *buckets.entry(most.to_bits()).or_default() += line.value;
    }
}
