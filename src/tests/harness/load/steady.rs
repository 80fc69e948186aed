//! Senders that do not wait: requests leave at a steady rate, whether or not those before them were
//! answered.

use super::connection::LoadConnection;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{MissedTickBehavior, interval};

/// A server hangs up on a connection that nobody uses; this is less than it waits.
const IDLE: Duration = Duration::from_secs(2);
/// So many wait for an answer at once, and no more: beyond that they leave late, and who is still
/// due at the end never leaves.
const MOST: u32 = 2_560;

/// One of these after the other, and again from the first.
pub fn in_turn(requests: &Rc<Vec<Vec<u8>>>) -> impl Fn(u64) -> Vec<u8> + use<> {
    let requests = requests.clone();
    move |number| requests[number as usize % requests.len()].clone()
}

pub struct SteadyAnswer {
    pub status: u16,
    /// Seconds since the first request was due.
    pub at_s: f64,
    pub took_ms: f64,
}

/// Asks for the first request, the second and so on for that long, sends them, and waits for all
/// answers. To be called inside a `LocalSet`.
pub async fn send(
    address: &str,
    request: impl Fn(u64) -> Vec<u8>,
    per_second: f64,
    span: Duration,
) -> Vec<SteadyAnswer> {
    let idle: Rc<RefCell<Vec<(LoadConnection, Instant)>>> = Rc::default();
    let answers: Rc<RefCell<Vec<SteadyAnswer>>> = Rc::default();
    let room = Arc::new(Semaphore::new(MOST as usize));
    let began = Instant::now();
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut sent: u64 = 0;
    while began.elapsed() < span {
        ticks.tick().await;
        let due = (began.elapsed().as_secs_f64() * per_second) as u64;
        while sent < due
            && let Ok(place) = room.clone().try_acquire_owned()
        {
            let (address, request) = (address.to_owned(), request(sent));
            let (idle, answers) = (idle.clone(), answers.clone());
            sent += 1;
            spawn_local(async move {
                let free = idle.borrow_mut().pop().filter(|(_, since)| since.elapsed() < IDLE);
                let mut connection = match free {
                    Some((connection, _)) => connection,
                    None => LoadConnection::open(&address).await,
                };
                let began_this = Instant::now();
                let (status, _) = connection.ask(&request).await;
                let took_ms = began_this.elapsed().as_secs_f64() * 1000.0;
                answers.borrow_mut().push(SteadyAnswer {
                    status,
                    at_s: began.elapsed().as_secs_f64(),
                    took_ms,
                });
                idle.borrow_mut().push((connection, Instant::now()));
                drop(place);
            });
        }
    }
    let _all_back = room.acquire_many(MOST).await;
    answers.take()
}
