//! The Prometheus recorder of this process: made once, with buckets for every histogram, read by
//! `/metrics`.

pub mod commits;
pub mod exposed;
pub mod process;
pub mod series;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

const SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder, once per process. Meters made before that record nothing.
pub fn install() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_events".into()), COUNTS)
            })
            .expect("the buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        // Another recorder can only be there if a program that embeds this one brought it; then
        // /metrics shows what is recorded here: nothing.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}

/// Moves what was recorded into the buckets. Called every second, so that nothing piles up between
/// scrapes.
pub fn settle() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}
