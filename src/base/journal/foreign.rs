//! What the server under the API says in a log of its own, which no operator would read. Above all
//! it says when it cannot accept a connection, because no descriptor is left.
//!
//! Only the part that accepts and keeps the workers is heard. What it says about single connections
//! can be caused by any client, as often as they like.

use super::entry::{Field as LogField, Value};
use std::fmt::{Debug, Write};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Level, LevelFilter, Metadata, Subscriber, dispatcher};

const HEARD: &str = "actix_server";

/// Writes an error into our log.
type Tell = fn(&str, &[LogField]);

/// Passes on what the server says. A program that embeds this one may have brought a subscriber of
/// its own; then that one hears it.
pub fn hear(tell: Tell) {
    let _ = dispatcher::set_global_default(dispatcher::Dispatch::new(Foreign { tell }));
}

struct Foreign {
    tell: Tell,
}

impl Subscriber for Foreign {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
            && metadata.is_event()
            && metadata.target().starts_with(HEARD)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::ERROR)
    }

    fn event(&self, event: &Event<'_>) {
        let mut said = Said(String::new());
        event.record(&mut said);
        if event.metadata().target().ends_with("accept") {
            metrics::counter!("stampede_accept_failures_total").increment(1);
        }
        (self.tell)("the server under the API says", &[("said", Value::Text(&said.0))]);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The words of an event.
struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
