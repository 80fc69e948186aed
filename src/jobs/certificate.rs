//! Looks every few seconds, and when the operator says so by SIGHUP, whether the certificate was
//! replaced.

use crate::http::tls::{Occasion, Tls};
use crate::shared::Shared;
use actix_web::rt;
use actix_web::web::{self, Data};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Turns of the jobs between two looks.
const TURNS: u32 = 10;

/// Starts the loop on this thread. It ends when the process is told to stop.
pub fn start(tls: Arc<Tls>, shared: Data<Shared>) {
    let turn = Duration::from_millis(u64::from(shared.config.job_interval_ms)) * TURNS;
    // Heard from now on; until then the system obeys it by a kill.
    let mut hangups = signal(SignalKind::hangup()).ok();
    rt::spawn(async move {
        while !shared.draining.load(Ordering::Acquire) {
            let occasion = tokio::select! {
                () = rt::time::sleep(turn) => Occasion::Turn,
                () = hear(&mut hangups) => Occasion::Asked,
            };
            let (tls, now) = (tls.clone(), shared.engine.node.now());
            // It reads files.
            let _ = web::block(move || tls.look(occasion, now)).await;
        }
    });
}

async fn hear(hangups: &mut Option<Signal>) {
    let heard = match hangups {
        Some(hangups) => hangups.recv().await,
        None => None,
    };
    if heard.is_none() {
        std::future::pending().await
    }
}
