//! What happens although nobody calls: waking sleepers, closing lotteries whose day is over,
//! settling orders, keeping the gauges, telling webhooks and those who watch.
//!
//! Every job is a loop of ordinary, repeatable work. A crash anywhere, and the next turn does what
//! is left. While the node's clock has moved and is not believed, those that decide something rest.

mod archiving;
mod bulletins;
pub mod certificate;
pub mod clock;
mod closing;
mod gauges;
mod live;
mod names;
mod notices;
mod orders;
mod owed;
mod sweep;
mod webhooks;

use crate::shared::Shared;
use actix_web::web::Data;
use people::People;
use std::sync::atomic::Ordering;
use std::time::Duration;

const MINUTE: u32 = 60;

/// Starts the loop of jobs on this thread. It ends when the process is told to stop.
pub fn start(shared: Data<Shared>) {
    let (node, of_all) = (&shared.engine.node, shared.clone());
    let stops = move || of_all.draining.load(Ordering::Acquire);
    products::imports::worker::start(shared.imports.clone(), stops.clone());
    products::voidings::worker::start(shared.voidings.clone(), stops.clone());
    webhooks::start(node.clone(), shared.webhooks.clone(), stops.clone());
    if let Some(ahead_s) = shared.log_ahead_s() {
        clock::warn_of_the_log(node.now(), ahead_s);
    }
    clock::start(node.clone(), shared.config.job_interval_ms, stops);
    closing::start(shared.clone());
    live::start(shared.clone());
    bulletins::start(shared.clone());
    actix_web::rt::spawn(async move {
        let interval = Duration::from_millis(u64::from(shared.config.job_interval_ms));
        let mut ticks = 0u32;
        gauges::begin();
        let mut shown = gauges::Shown::default();
        let mut archives_on = false;
        while !shared.draining.load(Ordering::Acquire) {
            base::meters::settle();
            gauges::of_this_moment(&shared);
            if ticks.is_multiple_of(MINUTE) {
                sweep::wake_sleepers(&shared.engine).await;
            }
            let settled = shared.engine.node.is_settled();
            if settled && (archives_on || ticks.is_multiple_of(MINUTE)) {
                archives_on = archiving::archive_some(&shared).await;
            }
            if settled {
                orders::settle(&shared.orders).await;
                notices::give_what_is_due(&shared.config, &shared.engine, &shared.coupons).await;
            }
            if ticks.is_multiple_of(5) {
                shown = gauges::refresh(&shared, shown).await;
            }
            if ticks % (60 * MINUTE) == 10 * MINUTE && settled {
                forget_partings(&shared.people).await;
            }
            if ticks.is_multiple_of(10) {
                gauges::log_members(&shared.people).await;
                forget_dead_sessions(&shared.people).await;
                shared.first_logins.doubt_windows();
                if settled {
                    owed::make_good(&shared.engine, &shared.people, &shared.first_logins).await;
                    names::give_back(&shared.engine, &shared.campaigns).await;
                }
            }
            ticks = ticks.wrapping_add(1);
            actix_web::rt::time::sleep(interval).await;
        }
    });
}

async fn forget_partings(people: &People) {
    if let Err(error) = people.partings.forget().await {
        base::journal::warn(
            "marks of those who left could not be forgotten",
            &[("error", base::journal::Value::Text(&error))],
        );
    }
}

/// Lets go of what no token can need any more, and takes over keys that were changed beside this
/// process.
async fn forget_dead_sessions(people: &People) {
    if let Err(error) = people.tidy().await {
        base::journal::warn(
            "sessions could not be tidied",
            &[("error", base::journal::Value::Text(&error))],
        );
    }
}
