//! Where passwords are hashed: a few threads of their own and a queue that is no longer than its deadline allows.
//!
//! Hashing is slow on purpose, so it never runs on a thread that serves requests, and a crowd that logs in is told at once when it
//! would have to wait too long: capacity = threads × deadline ÷ time of one hash, measured at start and kept as a moving average.
//! A request whose client has gone is skipped. A stop finishes what is being hashed and nothing else.

use super::passwords;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub cost: u32,
    pub threads: usize,
    /// How long a request may wait in the queue.
    pub deadline_s: u32,
}

/// The queue is full, or the pool is stopping. Nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Busy {
    pub retry_after_s: u32,
}

pub struct Hashers {
    shared: Arc<Shared>,
    decoy: Arc<str>,
}

struct Shared {
    settings: Settings,
    /// The moving average of one hash.
    nanos: AtomicU64,
    queue: Mutex<Queue>,
    arrived: Condvar,
    meters: Meters,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    stopping: bool,
}

enum Job {
    Hash { password: String, done: oneshot::Sender<String> },
    Check { password: String, hash: Arc<str>, done: oneshot::Sender<bool> },
}

struct Meters {
    seconds: Histogram,
    depth: Gauge,
    refused: Counter,
    abandoned: Counter,
}

impl Hashers {
    /// Takes the time of one hash on the calling thread.
    pub fn start(settings: Settings) -> std::io::Result<Hashers> {
        let began = Instant::now();
        let decoy = hash("nobody has this password", settings.cost);
        let shared = Arc::new(Shared::new(settings, began.elapsed().as_nanos() as u64));
        for number in 0..settings.threads.max(1) {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("hash-{number}")).spawn(move || shared.work())?;
        }
        Ok(Hashers { shared, decoy: decoy.into() })
    }

    pub fn cost(&self) -> u32 {
        self.shared.settings.cost
    }

    /// A hash that no password matches in practice, to check against where there is no account.
    pub fn decoy(&self) -> Arc<str> {
        self.decoy.clone()
    }

    pub async fn hash(&self, password: &str) -> Result<String, Busy> {
        let (done, answer) = oneshot::channel();
        self.shared.submit(Job::Hash { password: password.to_owned(), done })?;
        answer.await.map_err(|_| self.shared.stopped())
    }

    pub async fn check(&self, password: &str, hash: Arc<str>) -> Result<bool, Busy> {
        let (done, answer) = oneshot::channel();
        self.shared.submit(Job::Check { password: password.to_owned(), hash, done })?;
        answer.await.map_err(|_| self.shared.stopped())
    }

    /// How many may wait.
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }
}

impl Drop for Hashers {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.stopping = true;
        queue.waiting.clear();
        self.shared.arrived.notify_all();
    }
}

impl Shared {
    fn new(settings: Settings, nanos: u64) -> Shared {
        let meters = Meters {
            seconds: histogram!("stampede_hash_seconds"),
            depth: gauge!("stampede_hash_queue_depth"),
            refused: counter!("stampede_hash_refused_total"),
            abandoned: counter!("stampede_hash_abandoned_total"),
        };
        Shared { settings, nanos: AtomicU64::new(nanos.max(1)), queue: Mutex::default(), arrived: Condvar::new(), meters }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn capacity(&self) -> usize {
        let in_time = u64::from(self.settings.deadline_s) * 1_000_000_000 / self.nanos.load(Ordering::Relaxed);
        (in_time as usize).saturating_mul(self.settings.threads).max(1)
    }

    fn submit(&self, job: Job) -> Result<(), Busy> {
        let mut queue = self.queue();
        if queue.stopping || queue.waiting.len() >= self.capacity() {
            self.meters.refused.increment(1);
            return Err(Busy { retry_after_s: self.wait_s(queue.waiting.len()) });
        }
        queue.waiting.push_back(job);
        self.meters.depth.set(queue.waiting.len() as f64);
        self.arrived.notify_one();
        Ok(())
    }

    /// How long so many take.
    fn wait_s(&self, waiting: usize) -> u32 {
        let nanos = self.nanos.load(Ordering::Relaxed).saturating_mul(waiting as u64) / self.settings.threads.max(1) as u64;
        nanos.div_ceil(1_000_000_000).clamp(1, 3600) as u32
    }

    fn stopped(&self) -> Busy {
        Busy { retry_after_s: 1 }
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            if job.is_abandoned() {
                self.meters.abandoned.increment(1);
                continue;
            }
            let ours = job.has_cost(self.settings.cost);
            let began = Instant::now();
            job.run(self.settings.cost);
            self.took(began.elapsed().as_nanos() as u64, ours);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.waiting.pop_front() {
                self.meters.depth.set(queue.waiting.len() as f64);
                return Some(job);
            }
            if queue.stopping {
                return None;
            }
            queue = self.arrived.wait(queue).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// Hashes of another cost than ours say nothing about the next one.
    fn took(&self, nanos: u64, ours: bool) {
        self.meters.seconds.record(nanos as f64 / 1e9);
        if ours {
            let average = self.nanos.load(Ordering::Relaxed);
            self.nanos.store((average - average / 8 + nanos / 8).max(1), Ordering::Relaxed);
        }
    }
}

impl Job {
    fn is_abandoned(&self) -> bool {
        match self {
            Job::Hash { done, .. } => done.is_closed(),
            Job::Check { done, .. } => done.is_closed(),
        }
    }

    fn has_cost(&self, cost: u32) -> bool {
        match self {
            Job::Hash { .. } => true,
            Job::Check { hash, .. } => passwords::cost(hash) == Some(cost),
        }
    }

    fn run(self, cost: u32) {
        match self {
            // Whoever has gone in between has no use for the answer.
            Job::Hash { password, done } => drop(done.send(hash(&password, cost))),
            Job::Check { password, hash, done } => drop(done.send(passwords::matches(&password, &hash))),
        }
    }
}

fn hash(password: &str, cost: u32) -> String {
    passwords::hash(password, cost).expect("the cost comes from checked settings, and passwords were parsed to be short enough")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    const QUICK: Settings = Settings { cost: 4, threads: 1, deadline_s: 5 };

    #[actix_web::test]
    async fn a_password_matches_its_hash() {
        let hashers = Hashers::start(QUICK).unwrap();
        let hash: Arc<str> = hashers.hash("correct horse").await.unwrap().into();
        assert!(hashers.check("correct horse", hash.clone()).await.unwrap());
        assert!(!hashers.check("battery staple", hash).await.unwrap());
        assert!(!hashers.check("battery staple", hashers.decoy()).await.unwrap());
    }

    /// A pool without threads: whatever is submitted waits.
    fn stuck(nanos: u64) -> Hashers {
        Hashers { shared: Arc::new(Shared::new(QUICK, nanos)), decoy: "".into() }
    }

    fn start<F: Future>(future: &mut std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_full_queue_refuses_at_once_and_says_when_to_come_back() {
        let hashers = stuck(1_000_000_000);
        assert_eq!(hashers.capacity(), 5);
        let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(hashers.hash("one"))).collect();
        assert!(waiting.iter_mut().all(|one| start(&mut one.as_mut()).is_pending()));
        let mut sixth = pin!(hashers.hash("six"));
        assert_eq!(start(&mut sixth), Poll::Ready(Err(Busy { retry_after_s: 5 })));
    }

    #[test]
    fn a_slow_hash_makes_the_queue_shorter_but_never_empty() {
        let hashers = stuck(60_000_000_000);
        assert_eq!(hashers.capacity(), 1);
    }

    #[test]
    fn whoever_has_gone_is_skipped() {
        let hashers = stuck(1);
        let mut gone = Box::pin(hashers.hash("gone"));
        assert!(start(&mut gone.as_mut()).is_pending());
        drop(gone);
        assert!(hashers.shared.next().unwrap().is_abandoned());
    }

    #[test]
    fn a_stop_answers_those_who_wait() {
        let shared = stuck(1).shared.clone();
        let (done, answer) = oneshot::channel();
        shared.queue().stopping = false;
        shared.submit(Job::Hash { password: "late".to_owned(), done }).unwrap();
        drop(Hashers { shared: shared.clone(), decoy: "".into() });
        assert!(answer.blocking_recv().is_err());
        assert!(shared.next().is_none());
    }
}
