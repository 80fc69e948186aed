//! Watches the machine's clock: compares it every second, says once and loudly when it has moved,
//! and again when it is believed.
//!
//! A start has nothing to compare with but the log: if that was written later than now, the clock
//! was wrong then, or is now.

use actors::Time;
use actors::engine::Node;
use actors::timekeeper::Standing;
use base::calendar::wire_time;
use base::journal;
use base::journal::Value;
use metrics::{counter, gauge};
use std::sync::Arc;
use std::time::Duration;

const SECOND_MS: u32 = 1000;

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(node: Arc<Node>, interval_ms: u32, stops: impl Fn() -> bool + 'static) {
    actix_web::rt::spawn(async move {
        let Some(timekeeper) = node.timekeeper() else { return };
        let interval = Duration::from_millis(interval_ms.min(SECOND_MS).into());
        let mut said = Said::default();
        while !stops() {
            said.tell(&timekeeper.look());
            actix_web::rt::time::sleep(interval).await;
        }
    });
}

/// What was said last.
#[derive(Default)]
struct Said {
    steps: u64,
    moved: bool,
}

impl Said {
    fn tell(&mut self, standing: &Standing) {
        let moved_s = standing.moved.map_or(0.0, |moved| moved.by_us as f64 / 1e6);
        gauge!("stampede_clock_moved_seconds").set(moved_s);
        counter!("stampede_clock_steps_total").absolute(standing.steps);
        let is_new = standing.steps > self.steps;
        match standing.moved {
            Some(moved) if is_new => warn_of_a_step(standing, moved.seconds()),
            None if is_new || self.moved => journal::warn(
                "the machine's clock is believed",
                &[("now", Value::Text(&wire_time(standing.now)))],
            ),
            _ => {}
        }
        *self = Said { steps: standing.steps, moved: standing.moved.is_some() };
    }
}

fn warn_of_a_step(standing: &Standing, by_s: i64) {
    let what = "the machine's clock has moved; no commands are taken until it comes back, has \
        stayed there for clock_trust_s, \
                or an administrator accepts it (POST /api/v1/clock/accept)";
    let (now, wall) = (wire_time(standing.now), wire_time(standing.wall));
    journal::error(
        what,
        &[
            ("moved_by_s", Value::Whole(by_s)),
            ("time", Value::Text(&now)),
            ("clock", Value::Text(&wall)),
        ],
    );
}

/// Of a log that was written so much later than now.
pub fn warn_of_the_log(now: Time, ahead_s: i64) {
    let what = "the log was written later than the machine's clock says it is now: the clock was \
        ahead then, or is behind now; what was \
                written then stays as it is, and holds made before the clock has passed it last \
                longer than they should";
    let now = wire_time(now);
    journal::error(what, &[("ahead_s", Value::Whole(ahead_s)), ("clock", Value::Text(&now))]);
}
