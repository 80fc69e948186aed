//! What an operator sees of deliveries: how many, how long they took, and how far a webhook is
//! behind.

use crate::webhooks::sender::Sent;
use actors::Id;
use base::meters::series::{Series, SeriesLine};
use metrics::{Counter, Histogram, counter, histogram};
use std::sync::Arc;

pub struct Meters {
    /// How many frames of the log have not been told yet. Nothing is shown of a webhook for which
    /// nobody is at work here.
    pub lag: Arc<SeriesLine>,
    took_s: Histogram,
    delivered: Counter,
    refused: Counter,
    failed: Counter,
}

impl Meters {
    pub fn of(webhook: Id, series: &Series) -> Meters {
        let deliveries = |outcome: &'static str| {
            counter!("stampede_webhook_deliveries_total",
            "outcome" => outcome)
        };
        Meters {
            lag: series.line("stampede_webhook_lag_frames", &[("webhook", &webhook.to_string())]),
            took_s: histogram!("stampede_webhook_delivery_seconds"),
            delivered: deliveries("delivered"),
            refused: deliveries("refused"),
            failed: deliveries("failed"),
        }
    }

    pub fn count(&self, sent: &Sent) {
        self.took_s.record(sent.took.as_secs_f64());
        match sent.result {
            Ok(_) if sent.is_delivered() => self.delivered.increment(1),
            Ok(_) => self.refused.increment(1),
            Err(_) => self.failed.increment(1),
        }
    }
}
