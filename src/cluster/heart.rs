//! Says again and again that this node lives, and looks who else does. On a thread of its own, so
//! that a rush of requests never stops it.

use super::Cluster;
use super::view::AHEAD;
use actors::Time;
use actors::store::StoreError;
use base::journal;
use base::journal::Value;
use metrics::gauge;
use ports::register::Beat;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

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

/// Returns after the first beat, when this node knows who else lives.
pub fn start(cluster: Arc<Cluster>) -> anyhow::Result<Heart> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (told, words) = mpsc::unbounded_channel();
    let (first, was_first) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name("heart".into()).spawn(move || {
        runtime.block_on(async {
            match Life::begin(&cluster).await {
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

struct Life<'a> {
    cluster: &'a Cluster,
    own: Beat,
    fails: bool,
}

impl Life<'_> {
    async fn begin(cluster: &Cluster) -> Result<Life<'_>, StoreError> {
        let now = cluster.node.now();
        let own = Beat {
            id: cluster.me,
            address: cluster.address.clone(),
            started: now,
            count: 0,
            from: now,
            until: None,
        };
        let mut life = Life { cluster, own, fails: false };
        life.look().await?;
        life.own.from = life.instant_in(life.notice());
        life.say().await?;
        Ok(life)
    }

    async fn go_on(mut self, mut words: mpsc::UnboundedReceiver<Word>) {
        let mut next = Instant::now() + self.cluster.beat;
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
                    let _ = self.cluster.register.strike_off(self.cluster.me).await;
                    let _ = ended.send(());
                    return;
                }
                Ok(None) => return,
                Err(_) => {
                    next = Instant::now() + self.cluster.beat;
                    self.beat().await;
                }
            }
        }
    }

    /// Whether this node has missed too many beats is known before the next one hides it: then it
    /// begins anew.
    async fn beat(&mut self) {
        let now = self.cluster.node.now();
        let was_out = self.own.from <= now
            && self.own.until.is_none()
            && !self.view(|view| view.serves(Instant::now(), now));
        if was_out {
            self.cluster.meters.missed.increment(1);
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
        gauge!("stampede_cluster_partitions_leaving").set((self.cluster.let_go)() as f64);
        let (now, at) = (Instant::now(), self.cluster.node.now());
        gauge!("stampede_cluster_nodes")
            .set(self.view(|view| view.serving(now, at).count()) as f64);
    }

    async fn leave(&mut self) {
        let notice = self.notice();
        self.own.until = Some(self.instant_in(notice));
        // If nobody can be told, the others find out when it has gone.
        let _ = self.say().await;
        tokio::time::sleep(notice).await;
        (self.cluster.let_go)();
    }

    async fn say(&mut self) -> Result<(), StoreError> {
        self.own.count += 1;
        let began = Instant::now();
        self.cluster.register.write(self.own.clone()).await?;
        let own = self.own.clone();
        self.cluster
            .view
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .wrote(own, began);
        Ok(())
    }

    async fn look(&self) -> Result<(), StoreError> {
        let beats = self.cluster.register.read().await?;
        self.cluster
            .view
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .read(beats, Instant::now());
        Ok(())
    }

    /// How long before it happens the others must know of it: not at all where there is nobody to
    /// be surprised.
    fn notice(&self) -> Duration {
        if self.view(|view| view.is_alone(Instant::now())) {
            Duration::ZERO
        } else {
            self.cluster.beat * AHEAD
        }
    }

    fn instant_in(&self, notice: Duration) -> Time {
        Time(self.cluster.node.now().0 + notice.as_millis() as i64)
    }

    fn view<T>(&self, ask: impl FnOnce(&super::View) -> T) -> T {
        ask(&self.cluster.view.read().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}
