//! What goes on at this node, once a second for all who listen, and not at all while nobody does.
//!
//! It is made of what the meters know, so that no console asks the store.

mod figures;
mod reading;

use crate::shared::Shared;
use actix_web::web::Data;
use base::calendar::wire_time;
use base::meters;
use figures::Figures;
use reading::MeterReading;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(shared: Data<Shared>) {
    actix_web::rt::spawn(async move {
        let second = Duration::from_secs(1);
        let mut before: Option<(Instant, MeterReading)> = None;
        while !shared.draining.load(Ordering::Acquire) {
            before = match shared.live.is_heard() {
                true => Some(look(&shared, before)),
                false => None,
            };
            actix_web::rt::time::sleep(second).await;
        }
        shared.live.end();
    });
}

/// Tells what has changed since the look before.
fn look(shared: &Shared, before: Option<(Instant, MeterReading)>) -> (Instant, MeterReading) {
    let text = meters::install().render() + &shared.series.render();
    let (now, reading) = (Instant::now(), MeterReading::of(&text));
    if let Some((then, before)) = before {
        let at = wire_time(shared.engine.node.now());
        let figures = Figures::between(&before, &reading, (now - then).as_secs_f64(), at);
        shared.live.tell(&serde_json::to_string(&figures).expect("figures are plain data"));
    }
    (now, reading)
}
