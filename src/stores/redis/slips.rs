//! Slips: what the store was lately asked about and said yes to, so that the nodes need not ask it
//! at every request.
//!
//! The slip of an owner lists what of theirs is alive: sessions, mostly. It lives for seconds and
//! begins with a mark that cannot be guessed. A node lists what the store called alive only if the
//! slip still has the mark it had *before* the store was asked. A node that ends something writes
//! that to the store, then tears the slip up. Once that is confirmed, nothing asked before the end
//! is on a slip, however late it is written down. What Redis loses (emptied, restarted, evicted) is
//! a slip torn up. If the tearing is not confirmed, the node waits until every earlier slip has
//! died of age. A slip that another process of Redis has made (a restored file, a failover) is not
//! believed.

use super::Redis;
use super::link::{NAME, RedisLine};
use actors::Id;
use base::fresh;
use metrics::counter;
use redis::cmd;
use std::time::{Duration, Instant};

/// Short enough that an end waits no longer than a patient client does if Redis is away; long
/// enough to spare most questions.
pub const LIFE: Duration = Duration::from_secs(10);
/// By how much the clocks of a node and of Redis may come apart within a life.
pub const MARGIN: Duration = Duration::from_millis(250);
/// Between two tries to tear up a slip.
const AGAIN: Duration = Duration::from_millis(100);
/// What one slip may list, so that no answer of Redis is long. The store is asked about the rest.
const MOST: usize = 32;

const MARK: usize = 16 + NAME;
const ENTRY: usize = 16;

/// Adds to the slip if it is still the one with that mark; its age stays.
const ADD: &str = "if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then \
    redis.call('APPEND', KEYS[1], ARGV[2]) return 1 end return 0";

enum Read {
    Listed,
    /// It is not listed. With a mark, it may be, if the store says that it is alive.
    Open(RedisLine, [u8; MARK]),
    Closed,
}

impl Redis {
    /// Whether what belongs to `owner` is alive: by the owner's slip, else by what `ask` finds in
    /// the store.
    pub async fn is_alive<E>(
        &self,
        owner: Id,
        what: Id,
        ask: impl Future<Output = Result<bool, E>>,
    ) -> Result<bool, E> {
        let read = self.read(owner, what).await;
        if let Read::Listed = read {
            return Ok(true);
        }
        let alive = ask.await?;
        if let (true, Read::Open(line, mark)) = (alive, read) {
            self.add(owner, what, &line, &mark).await;
        }
        Ok(alive)
    }

    /// To be called after the store was told that something of this owner has ended, or was told so
    /// before: when it returns, no node believes a slip that lists it.
    pub async fn tear_up(&self, owner: Id) {
        let no_slip_from = Instant::now() + self.slip_life + MARGIN;
        while !self.try_to_tear_up(owner).await {
            let left = no_slip_from.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(AGAIN)).await;
        }
    }

    async fn try_to_tear_up(&self, owner: Id) -> bool {
        let Some(line) = self.link.line() else { return false };
        self.link.ask::<u64>(&line, "tear_up", cmd("DEL").arg(self.slip(owner))).await.is_some()
    }

    async fn read(&self, owner: Id, what: Id) -> Read {
        let Some(line) = self.link.line() else { return without() };
        match self
            .link
            .ask::<Option<Vec<u8>>>(&line, "read", cmd("GET").arg(self.slip(owner)))
            .await
        {
            Some(Some(slip)) => judge(slip, what, line),
            Some(None) => self.begin(owner, line).await,
            None => without(),
        }
    }

    /// A slip that lists nothing yet. A node that comes second leaves it to the first.
    async fn begin(&self, owner: Id, line: RedisLine) -> Read {
        let mut mark = [0; MARK];
        mark[..16].copy_from_slice(&fresh::bytes::<16>());
        mark[16..].copy_from_slice(&line.process);
        let mut begin = cmd("SET");
        begin
            .arg(self.slip(owner))
            .arg(&mark)
            .arg("NX")
            .arg("PX")
            .arg(self.slip_life.as_millis() as u64);
        match self.link.ask::<Option<String>>(&line, "begin", &begin).await {
            Some(Some(_)) => Read::Open(line, mark),
            Some(None) => Read::Closed,
            None => without(),
        }
    }

    async fn add(&self, owner: Id, what: Id, line: &RedisLine, mark: &[u8; MARK]) {
        let mut add = cmd("EVAL");
        add.arg(ADD).arg(1).arg(self.slip(owner)).arg(mark).arg(&what.0);
        // Without an answer it is asked again the next time.
        let _ = self.link.ask::<u64>(line, "add", &add).await;
    }

    fn slip(&self, owner: Id) -> String {
        format!("{}slip:{owner}", self.realm)
    }
}

/// The store is asked instead, which is counted.
fn without() -> Read {
    counter!("stampede_redis_fallbacks_total", "what" => "sessions").increment(1);
    Read::Closed
}

fn judge(slip: Vec<u8>, what: Id, line: RedisLine) -> Read {
    let Some((mark, listed)) = slip.split_first_chunk::<MARK>() else { return Read::Closed };
    if mark[16..] != line.process {
        Read::Closed
    } else if listed.chunks_exact(ENTRY).any(|one| one == what.0) {
        Read::Listed
    } else if listed.len() >= MOST * ENTRY {
        Read::Closed
    } else {
        Read::Open(line, *mark)
    }
}
