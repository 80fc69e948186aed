//! The connection to Redis: one for the whole node, on a thread of its own, made again for as long
//! as the node lives.
//!
//! A caller waits no longer than the deadline. A first answer that is late takes the line down for
//! all callers at once. So a Redis that hangs costs each request under way one deadline, and later
//! ones nothing. The line is up again when Redis answers in time. A line belongs to one process of
//! Redis, whose name it knows: after a restart or a failover there is another line.

use super::settings::{RedisSettings, StartError};
use base::journal;
use base::journal::Value;
use metrics::{counter, gauge, histogram};
use ports::shared_memory::MemoryState;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, IntoConnectionInfo, RedisError, RedisResult,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// Between two looks for a Redis that is away.
const AGAIN: Duration = Duration::from_millis(250);
/// Between two looks whether an idle line still answers.
const IDLE: Duration = Duration::from_secs(1);
/// How much of the process's name the slips carry.
pub const NAME: usize = 8;

pub struct Link {
    client: Client,
    deadline: Duration,
    line: RwLock<Option<RedisLine>>,
    lost: Notify,
}

/// A connection to one process of Redis.
#[derive(Clone)]
pub struct RedisLine {
    connection: MultiplexedConnection,
    /// Which process that is. No two runs of Redis have the same.
    pub process: [u8; NAME],
    number: u64,
    /// So that a Redis that refuses everything does not fill the log.
    has_complained: Arc<AtomicBool>,
}

impl Link {
    pub async fn start(settings: &RedisSettings) -> Result<Arc<Link>, StartError> {
        let info = settings.url.as_str().into_connection_info()?;
        let redis = match &settings.password {
            Some(password) => info.redis_settings().clone().set_password(password.reveal()),
            None => info.redis_settings().clone(),
        };
        let client = Client::open(info.set_redis_settings(redis))?;
        let link = Arc::new(Link {
            client,
            deadline: settings.deadline,
            line: RwLock::default(),
            lost: Notify::new(),
        });
        let (looked, has_looked) = oneshot::channel();
        let kept = Arc::downgrade(&link);
        std::thread::Builder::new().name("redis".to_owned()).spawn(move || keep(kept, looked))?;
        // The thread may have died, which leaves Redis down.
        let _ = has_looked.await;
        Ok(link)
    }

    pub fn state(&self) -> MemoryState {
        if self.line().is_some() { MemoryState::Up } else { MemoryState::Down }
    }

    /// The state as a question finds it: nobody may have asked since Redis went away.
    pub async fn look(&self) -> MemoryState {
        if let Some(line) = self.line() {
            self.ping(&line).await;
        }
        self.state()
    }

    /// Whether there was an answer in time.
    async fn ping(&self, line: &RedisLine) -> bool {
        self.ask::<String>(line, "ping", &redis::cmd("PING")).await.is_some()
    }

    pub fn line(&self) -> Option<RedisLine> {
        self.line.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// The answer, or None if there was none in time. Whatever was asked may have been done, or be
    /// done later.
    pub async fn ask<T: FromRedisValue>(
        &self,
        line: &RedisLine,
        what: &'static str,
        cmd: &Cmd,
    ) -> Option<T> {
        let began = Instant::now();
        let answer = answer(line, cmd, self.deadline).await;
        histogram!("stampede_redis_seconds", "command" => what)
            .record(began.elapsed().as_secs_f64());
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.complain(line, what, &error);
                None
            }
        }
    }

    /// A refusal is an answer; anything else means that the line is no good.
    fn complain(&self, line: &RedisLine, what: &'static str, error: &RedisError) {
        counter!("stampede_redis_errors_total", "command" => what).increment(1);
        if error.code().is_some() {
            if !line.has_complained.swap(true, Ordering::Relaxed) {
                journal::warn(
                    "Redis refused a command",
                    &[("command", Value::Text(&what)), ("error", Value::Text(error))],
                );
            }
            return;
        }
        if self.drop_line(line.number) {
            journal::warn(
                "Redis is down",
                &[("command", Value::Text(&what)), ("error", Value::Text(error))],
            );
            self.lost.notify_one();
        }
    }

    fn drop_line(&self, number: u64) -> bool {
        let mut line = self.line.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let is_it = line.as_ref().is_some_and(|line| line.number == number);
        if is_it {
            *line = None;
            gauge!("stampede_redis_up").set(0.0);
        }
        is_it
    }

    fn take_line(&self, line: RedisLine) {
        *self.line.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(line);
        gauge!("stampede_redis_up").set(1.0);
        journal::info("Redis is up", &[]);
    }

    /// A line that has answered in time, so that a Redis that is only slow does not come up at
    /// every look.
    async fn connect(&self, number: u64) -> RedisResult<RedisLine> {
        // Each question has its deadline, so the crate's own, of half a second, is taken away.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(IDLE))
            .set_response_timeout(None);
        let connected =
            timeout(IDLE, self.client.get_multiplexed_async_connection_with_config(&config)).await;
        let connection = connected.map_err(|_| late())??;
        let mut line =
            RedisLine { connection, process: [0; NAME], number, has_complained: Arc::default() };
        let info: String = answer(&line, redis::cmd("INFO").arg("server"), self.deadline).await?;
        line.process =
            process(&info).ok_or_else(|| redis_error("Redis does not say its run_id"))?;
        Ok(line)
    }
}

async fn answer<T: FromRedisValue>(
    line: &RedisLine,
    cmd: &Cmd,
    deadline: Duration,
) -> RedisResult<T> {
    let mut connection = line.connection.clone();
    timeout(deadline, cmd.query_async(&mut connection)).await.map_err(|_| late())?
}

fn late() -> RedisError {
    redis_error("no answer within the deadline")
}

fn redis_error(says: &'static str) -> RedisError {
    RedisError::from((redis::ErrorKind::Io, says))
}

/// The first bytes of `run_id:`, a random text in hexadecimal digits.
fn process(info: &str) -> Option<[u8; NAME]> {
    let id = info.lines().find_map(|line| line.strip_prefix("run_id:"))?;
    id.as_bytes().get(..NAME)?.try_into().ok()
}

/// Keeps the link until its last owner has dropped it.
fn keep(kept: Weak<Link>, looked: oneshot::Sender<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return;
    };
    gauge!("stampede_redis_up").set(0.0);
    runtime.block_on(async move {
        let mut looked = Some(looked);
        let mut said_away = false;
        for number in 1.. {
            let Some(link) = kept.upgrade() else { return };
            match link.connect(number).await {
                Ok(line) => {
                    link.take_line(line);
                    said_away = false;
                }
                Err(error) if !said_away => {
                    journal::warn("Redis cannot be reached", &[("error", Value::Text(&error))]);
                    said_away = true;
                }
                Err(_) => {}
            }
            looked.take().map(|looked| looked.send(()));
            drop(link);
            while is_still_up(&kept).await {}
            tokio::time::sleep(AGAIN).await;
        }
    });
}

/// After a look at an idle line, or as soon as it is lost. False, too, if the link was dropped.
async fn is_still_up(kept: &Weak<Link>) -> bool {
    let Some(link) = kept.upgrade() else { return false };
    let Some(line) = link.line() else { return false };
    if timeout(IDLE, link.lost.notified()).await.is_ok() {
        return link.line().is_some();
    }
    link.ping(&line).await
}
