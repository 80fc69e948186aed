//! Senders that do not wait: requests leave at a steady rate, whether or not those before them were answered.

use super::connection::Connection;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::spawn_local;
use tokio::time::{MissedTickBehavior, interval};

/// A server hangs up on a connection that nobody uses; this is less than it waits.
const IDLE: Duration = Duration::from_secs(2);

pub struct Answered {
    pub status: u16,
    /// Seconds since the first request was due.
    pub at_s: f64,
    pub took_ms: f64,
}

/// Sends the requests in turn for that long and waits for all answers. To be called inside a `LocalSet`.
pub async fn send(address: &str, requests: Rc<Vec<Vec<u8>>>, per_second: f64, span: Duration) -> Vec<Answered> {
    let idle: Rc<RefCell<Vec<(Connection, Instant)>>> = Rc::default();
    let began = Instant::now();
    let mut under_way = Vec::new();
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while began.elapsed() < span {
        ticks.tick().await;
        let due = (began.elapsed().as_secs_f64() * per_second) as usize;
        while under_way.len() < due {
            let (address, requests, idle, number) = (address.to_owned(), requests.clone(), idle.clone(), under_way.len());
            under_way.push(spawn_local(async move {
                let free = idle.borrow_mut().pop().filter(|(_, since)| since.elapsed() < IDLE);
                let mut connection = match free {
                    Some((connection, _)) => connection,
                    None => Connection::open(&address).await,
                };
                let sent = Instant::now();
                let (status, _) = connection.ask(&requests[number % requests.len()]).await;
                let took_ms = sent.elapsed().as_secs_f64() * 1000.0;
                idle.borrow_mut().push((connection, Instant::now()));
                Answered { status, at_s: began.elapsed().as_secs_f64(), took_ms }
            }));
        }
    }
    let mut answers = Vec::new();
    for one in under_way {
        answers.push(one.await.expect("a sender does not panic"));
    }
    answers
}
