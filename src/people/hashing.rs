//! Where passwords are hashed: a few threads of their own, and a queue no longer than its deadline
//! allows.
//!
//! Hashing is slow on purpose, so it never runs on a thread that serves requests. A crowd that logs
//! in is told at once when it would have to wait too long. Capacity = threads × deadline ÷ time of
//! one hash, which is measured at start and kept as a moving average. `queue` decides which request
//! waits and which has no place: no address and no account crowds the others out. A request whose
//! client has gone is skipped. A request that has waited for as long as the deadline is refused. A
//! stop finishes what is being hashed and nothing else. A check costs the same whatever the hash,
//! so that time does not tell whether an account exists (`work`).

mod queue;
mod work;

pub use queue::Asker;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use queue::Queue;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use work::{FILLER, Work};

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
    /// The moving average of one hash of today's cost.
    nanos: AtomicU64,
    line: Mutex<Line>,
    arrived: Condvar,
    meters: HashMeters,
}

#[derive(Default)]
struct Line {
    queue: Queue<Job>,
    stopping: bool,
}

struct Job {
    since: Instant,
    task: Task,
}

/// A job that is dropped has been refused.
enum Task {
    Hash { password: String, done: oneshot::Sender<String> },
    Check { password: String, hash: Arc<str>, done: oneshot::Sender<bool> },
}

struct HashMeters {
    seconds: Histogram,
    depth: Gauge,
    refused: Counter,
    abandoned: Counter,
}

impl Hashers {
    /// Takes the time of one hash on the calling thread.
    pub fn start(settings: Settings) -> std::io::Result<Hashers> {
        let began = Instant::now();
        let decoy = Work::default().hash(FILLER, settings.cost);
        let shared = Arc::new(Shared::new(settings, began.elapsed().as_nanos() as u64));
        for number in 0..settings.threads.max(1) {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || shared.work())?;
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

    pub async fn hash(&self, password: &str, asker: Asker) -> Result<String, Busy> {
        let (done, answer) = oneshot::channel();
        self.shared.submit(Task::Hash { password: password.to_owned(), done }, asker)?;
        answer.await.map_err(|_| self.shared.busy())
    }

    /// Whether that is the password. It takes as long as one hash of today's cost, or longer if the
    /// hash has a higher one.
    pub async fn check(&self, password: &str, hash: Arc<str>, asker: Asker) -> Result<bool, Busy> {
        let (done, answer) = oneshot::channel();
        self.shared.submit(Task::Check { password: password.to_owned(), hash, done }, asker)?;
        answer.await.map_err(|_| self.shared.busy())
    }
}

impl Drop for Hashers {
    fn drop(&mut self) {
        let mut line = self.shared.line();
        line.stopping = true;
        line.queue = Queue::default();
        self.shared.arrived.notify_all();
    }
}

impl Shared {
    fn new(settings: Settings, nanos: u64) -> Shared {
        let meters = HashMeters {
            seconds: histogram!("stampede_hash_seconds"),
            depth: gauge!("stampede_hash_queue_depth"),
            refused: counter!("stampede_hash_refused_total"),
            abandoned: counter!("stampede_hash_abandoned_total"),
        };
        Shared {
            settings,
            nanos: AtomicU64::new(nanos.max(1)),
            line: Mutex::default(),
            arrived: Condvar::new(),
            meters,
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn capacity(&self) -> usize {
        let in_time = u64::from(self.settings.deadline_s) * 1_000_000_000
            / self.nanos.load(Ordering::Relaxed);
        (in_time as usize).saturating_mul(self.settings.threads).max(1)
    }

    fn submit(&self, task: Task, asker: Asker) -> Result<(), Busy> {
        let mut line = self.line();
        if line.stopping {
            return Err(Busy { retry_after_s: 1 });
        }
        let job = Job { since: Instant::now(), task };
        if let Some(refused) = line.queue.push(asker, job, self.capacity()) {
            // It may be the job of another client, who hears of it by this.
            drop(refused);
            self.meters.refused.increment(1);
        }
        self.meters.depth.set(line.queue.len() as f64);
        self.arrived.notify_one();
        Ok(())
    }

    /// What a client is told who has no place.
    fn busy(&self) -> Busy {
        let waiting = self.line().queue.len();
        Busy { retry_after_s: self.wait_s(waiting) }
    }

    /// How long so many take.
    fn wait_s(&self, waiting: usize) -> u32 {
        let nanos = self.nanos.load(Ordering::Relaxed).saturating_mul(waiting as u64)
            / self.settings.threads.max(1) as u64;
        nanos.div_ceil(1_000_000_000).clamp(1, 3600) as u32
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            if job.task.is_abandoned() {
                self.meters.abandoned.increment(1);
                continue;
            }
            let (began, mut work) = (Instant::now(), Work::default());
            job.task.run(self.settings.cost, &mut work);
            self.note_time(began.elapsed(), &work);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut line = self.line();
        loop {
            self.refuse_late(&mut line.queue);
            if let Some(job) = line.queue.pop() {
                self.meters.depth.set(line.queue.len() as f64);
                return Some(job);
            }
            if line.stopping {
                return None;
            }
            line = self.arrived.wait(line).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// An origin with many jobs may see others come first for so long that its own are late.
    fn refuse_late(&self, queue: &mut Queue<Job>) {
        let deadline = Duration::from_secs(self.settings.deadline_s.into());
        let late = queue.remove_late(|job| job.since.elapsed() > deadline);
        self.meters.refused.increment(late.len() as u64);
    }

    fn note_time(&self, took: Duration, work: &Work) {
        self.meters.seconds.record(took.as_secs_f64());
        let nanos = work.nanos_of_one(took, self.settings.cost);
        let average = self.nanos.load(Ordering::Relaxed);
        self.nanos.store((average - average / 8 + nanos / 8).max(1), Ordering::Relaxed);
    }
}

impl Task {
    fn is_abandoned(&self) -> bool {
        match self {
            Task::Hash { done, .. } => done.is_closed(),
            Task::Check { done, .. } => done.is_closed(),
        }
    }

    fn run(self, cost: u32, work: &mut Work) {
        match self {
            // A client who has gone in between has no use for the answer.
            Task::Hash { password, done } => drop(done.send(work.hash(&password, cost))),
            Task::Check { password, hash, done } => {
                let right = work.compare(&password, &hash);
                work.fill_up(cost);
                let _ = done.send(right);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::passwords;
    use super::*;
    use actors::Id;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    const QUICK: Settings = Settings { cost: 4, threads: 1, deadline_s: 5 };
    const ADA: Asker = Asker { origin: Id([1; 16]), account: None };
    const BOB: Asker = Asker { origin: Id([2; 16]), account: None };

    #[actix_rt::test]
    async fn a_password_matches_its_hash() {
        let hashers = Hashers::start(QUICK).unwrap();
        let hash: Arc<str> = hashers.hash("correct horse", ADA).await.unwrap().into();
        assert!(hashers.check("correct horse", hash.clone(), ADA).await.unwrap());
        assert!(!hashers.check("battery staple", hash, ADA).await.unwrap());
        assert!(!hashers.check("battery staple", hashers.decoy(), ADA).await.unwrap());
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
        assert_eq!(hashers.shared.capacity(), 5);
        let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(hashers.hash("one", ADA))).collect();
        assert!(waiting.iter_mut().all(|one| start(&mut one.as_mut()).is_pending()));
        let mut sixth = pin!(hashers.hash("six", ADA));
        assert_eq!(start(&mut sixth), Poll::Ready(Err(Busy { retry_after_s: 5 })));
    }

    #[test]
    fn another_origin_finds_a_place_in_a_full_queue_and_the_one_that_lost_it_is_told() {
        let hashers = stuck(1_000_000_000);
        let mut adas: Vec<_> = (0..5).map(|_| Box::pin(hashers.hash("one", ADA))).collect();
        assert!(adas.iter_mut().all(|one| start(&mut one.as_mut()).is_pending()));
        let mut bobs = pin!(hashers.hash("bob", BOB));
        assert!(start(&mut bobs).is_pending());
        assert_eq!(start(&mut adas[4].as_mut()), Poll::Ready(Err(Busy { retry_after_s: 5 })));
        assert!(adas[..4].iter_mut().all(|one| start(&mut one.as_mut()).is_pending()));
    }

    #[test]
    fn what_has_waited_for_too_long_is_refused() {
        let hashers = Hashers {
            shared: Arc::new(Shared::new(Settings { deadline_s: 0, ..QUICK }, 1)),
            decoy: "".into(),
        };
        let mut late = pin!(hashers.hash("late", ADA));
        assert!(start(&mut late).is_pending());
        let since = Instant::now();
        while since.elapsed().is_zero() {}
        hashers.shared.refuse_late(&mut hashers.shared.line().queue);
        assert_eq!(start(&mut late), Poll::Ready(Err(Busy { retry_after_s: 1 })));
    }

    /// Every hash that is made and compared is counted where it is done.
    #[test]
    fn a_check_is_the_same_work_whatever_the_cost_of_the_hash_and_whatever_the_password() {
        const TODAY: u32 = 8;
        let rounds_of = |password: &str, hash: &str| {
            let (mut work, (done, mut answer)) = (Work::default(), oneshot::channel());
            let task = Task::Check { password: password.to_owned(), hash: hash.into(), done };
            task.run(TODAY, &mut work);
            (answer.try_recv().unwrap(), work.rounds())
        };
        assert_eq!(
            rounds_of("anything", &passwords::hash(FILLER, TODAY).unwrap()),
            (false, 1 << TODAY)
        );
        for cost in 4..=TODAY {
            let hash = passwords::hash("correct horse", cost).unwrap();
            assert_eq!(rounds_of("correct horse", &hash), (true, 1 << TODAY), "{cost}");
            assert_eq!(rounds_of("battery staple", &hash), (false, 1 << TODAY), "{cost}");
            assert_eq!(
                rounds_of(&"too long to be one ".repeat(9), &hash),
                (false, 1 << TODAY),
                "{cost}"
            );
        }
        assert_eq!(rounds_of("anything", "no hash at all"), (false, 1 << TODAY));
        let dearer = passwords::hash("correct horse", TODAY + 1).unwrap();
        assert_eq!(rounds_of("battery staple", &dearer), (false, 1 << (TODAY + 1)));
    }

    #[test]
    fn a_slow_hash_makes_the_queue_shorter_but_never_empty() {
        let hashers = stuck(60_000_000_000);
        assert_eq!(hashers.shared.capacity(), 1);
    }

    #[test]
    fn a_client_who_has_gone_is_skipped() {
        let hashers = stuck(1);
        let mut gone = Box::pin(hashers.hash("gone", ADA));
        assert!(start(&mut gone.as_mut()).is_pending());
        drop(gone);
        assert!(hashers.shared.next().unwrap().task.is_abandoned());
    }

    #[test]
    fn a_stop_answers_those_who_wait() {
        let shared = stuck(1).shared.clone();
        let (done, answer) = oneshot::channel();
        shared.line().stopping = false;
        shared.submit(Task::Hash { password: "late".to_owned(), done }, ADA).unwrap();
        drop(Hashers { shared: shared.clone(), decoy: "".into() });
        assert!(answer.blocking_recv().is_err());
        assert!(shared.next().is_none());
    }
}
