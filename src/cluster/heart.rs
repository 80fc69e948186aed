//! Says again and again that this node lives, and looks which other nodes do. It has a thread of
//! its own, so that a rush of requests never stops it.

use super::local::LocalNode;
use super::view::AHEAD;
use actors::Time;
use actors::store::StoreError;
use base::journal;
use base::journal::Value;
use metrics::{Counter, counter, gauge};
use ports::Register;
use ports::register::Beat;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Asks partitions that other nodes should own to leave, and says how many are still here.
pub type LetGo = Box<dyn Fn() -> usize + Send + Sync>;

pub struct Heart(mpsc::UnboundedSender<Word>);

enum Word {
    Leave(oneshot::Sender<()>),
    End(oneshot::Sender<()>),
}

impl Heart {
    pub fn leave(&self) -> oneshot::Receiver<()> {
        self.tell(Word::Leave)
    }

    pub fn end(self) -> oneshot::Receiver<()> {
        self.tell(Word::End)
    }

    fn tell(&self, word: impl FnOnce(oneshot::Sender<()>) -> Word) -> oneshot::Receiver<()> {
        let (done, told) = oneshot::channel();
        // A heart that has stopped drops the sender, which is an answer, too.
        let _ = self.0.send(word(done));
        told
    }
}

/// Returns after the first beat, when this node knows which other nodes live.
pub fn start(
    local: Arc<LocalNode>,
    register: Arc<dyn Register>,
    let_go: LetGo,
) -> anyhow::Result<Heart> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (told, words) = mpsc::unbounded_channel();
    let (first, was_first) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name("heart".into()).spawn(move || {
        runtime.block_on(async {
            match Life::begin(local, register, let_go).await {
                Ok(life) => {
                    let _ = first.send(Ok(()));
                    life.go_on(words).await;
                }
                Err(error) => drop(first.send(Err(error))),
            }
        });
    })?;
    was_first.recv()?.map_err(|error| anyhow::anyhow!("the register of nodes: {error}"))?;
    Ok(Heart(told))
}

struct Life {
    local: Arc<LocalNode>,
    register: Arc<dyn Register>,
    let_go: LetGo,
    own: Beat,
    fails: bool,
    missed: Counter,
}

impl Life {
    async fn begin(
        local: Arc<LocalNode>,
        register: Arc<dyn Register>,
        let_go: LetGo,
    ) -> Result<Life, StoreError> {
        let now = local.now();
        let own = Beat {
            id: local.me,
            address: local.address.clone(),
            started: now,
            count: 0,
            from: now,
            until: None,
        };
        let missed = counter!("stampede_cluster_missed_total");
        let mut life = Life { local, register, let_go, own, fails: false, missed };
        life.look().await?;
        life.own.from = life.instant_in(life.notice());
        life.say().await?;
        Ok(life)
    }

    async fn go_on(mut self, mut words: mpsc::UnboundedReceiver<Word>) {
        let mut next = Instant::now() + self.local.beat;
        loop {
            let word =
                tokio::time::timeout(next.saturating_duration_since(Instant::now()), words.recv())
                    .await;
            match word {
                Ok(Some(Word::Leave(left))) => {
                    self.leave().await;
                    let _ = left.send(());
                }
                Ok(Some(Word::End(ended))) => {
                    let _ = self.register.strike_off(self.local.me).await;
                    let _ = ended.send(());
                    return;
                }
                Ok(None) => return,
                Err(_) => {
                    next = Instant::now() + self.local.beat;
                    self.beat().await;
                }
            }
        }
    }

    /// The next beat would hide that this node has missed too many. So that is asked before it, and
    /// then the node begins anew.
    async fn beat(&mut self) {
        let now = self.local.now();
        let was_out = self.own.from <= now
            && self.own.until.is_none()
            && !self.local.view().serves(Instant::now(), now);
        if was_out {
            self.missed.increment(1);
            self.own.from = self.instant_in(self.notice());
        }
        let outcome = match self.say().await {
            Ok(()) => self.look().await,
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome
            && !self.fails
        {
            journal::warn(
                "the other nodes cannot be told that this one lives",
                &[("error", Value::Text(error))],
            );
        }
        self.fails = outcome.is_err();
        gauge!("stampede_cluster_partitions_leaving").set((self.let_go)() as f64);
        let (now, at) = (Instant::now(), self.local.now());
        gauge!("stampede_cluster_nodes").set(self.local.view().serving(now, at).count() as f64);
    }

    async fn leave(&mut self) {
        let notice = self.notice();
        self.own.until = Some(self.instant_in(notice));
        // If the register does not answer, the others find out when this node has gone.
        let _ = self.say().await;
        tokio::time::sleep(notice).await;
        (self.let_go)();
    }

    async fn say(&mut self) -> Result<(), StoreError> {
        self.own.count += 1;
        let began = Instant::now();
        self.register.write(self.own.clone()).await?;
        let own = self.own.clone();
        self.local.view_mut().note_written(own, began);
        Ok(())
    }

    async fn look(&self) -> Result<(), StoreError> {
        let beats = self.register.read().await?;
        self.local.view_mut().read(beats, Instant::now());
        Ok(())
    }

    /// How long before it happens the others must know of it: not at all where there are no others.
    fn notice(&self) -> Duration {
        if self.local.view().is_alone(Instant::now()) {
            Duration::ZERO
        } else {
            self.local.beat * AHEAD
        }
    }

    fn instant_in(&self, notice: Duration) -> Time {
        Time(self.local.now().0 + notice.as_millis() as i64)
    }
}
