//! A keyspace as a whole, as a node uses it: one session, and on it the log and the people.

use super::database::Tuning;
use super::directory::CqlDirectory;
use super::nodes::Nodes;
use super::schema;
use super::settings::{CqlSettings, SchemaMode};
use super::store::CqlStore;
use super::touch::Touch;
use actors::Time;
use actors::store::{Frame, Row, Store, StoreError};
use base::Secret;
use ports::directory::Directory;
use ports::probe::Probe;
use ports::register::Register;
use ports::{Answer, Backend};
use std::sync::Arc;
use tokio::sync::oneshot;

pub struct Keyspace {
    log: Arc<CqlStore>,
    people: Arc<CqlDirectory>,
    nodes: Arc<Nodes>,
    touch: Touch,
    probe: Probe,
}

impl Keyspace {
    /// `key` seals the secrets of the nodes. `rows` says which look-up rows a frame declares.
    pub async fn open(
        settings: CqlSettings,
        mode: SchemaMode,
        key: &Secret,
        rows: impl Fn(&str, &Frame) -> Vec<Row> + Send + Sync + 'static,
    ) -> anyhow::Result<Keyspace> {
        let cql = schema::connect(settings, mode).await?;
        let people = CqlDirectory::open(cql.clone(), key).await?;
        // A node without the right key is refused.
        people.prepare().await?;
        let nodes = Arc::new(Nodes::open(cql.clone()).await?);
        let (touch, probe) = (Touch::prepare(cql.clone()).await?, Probe::default());
        let log = CqlStore::open(cql, Tuning::default(), rows).await?;
        Ok(Keyspace { people: Arc::new(people), nodes, touch, probe, log: Arc::new(log) })
    }

    pub fn people(&self) -> Arc<CqlDirectory> {
        self.people.clone()
    }
}

impl Backend for Keyspace {
    fn log(&self) -> Arc<dyn Store> {
        self.log.clone()
    }

    fn directory(&self) -> Arc<dyn Directory> {
        self.people.clone()
    }

    fn register(&self) -> Option<Arc<dyn Register>> {
        Some(self.nodes.clone())
    }

    /// A quorum takes a write and answers, and what it says opens with the cluster key.
    fn ready(&self) -> Answer<()> {
        self.probe.ask(|told| {
            let (proof, touch) = (self.people.prepare(), self.touch.clone());
            self.touch.cql.spawn(async move {
                told.tell(match proof.await {
                    Ok(()) => touch.write().await,
                    Err(error) => Err(error),
                })
            });
        })
    }

    /// The list of sleepers comes after every snapshot that was asked for before it.
    fn settled(&self) -> Answer<()> {
        let (done, settled) = oneshot::channel();
        self.log.sleepers(
            Time(i64::MIN),
            Box::new(move |sleepers| drop(done.send(sleepers.map(drop)))),
        );
        Box::pin(async {
            settled.await.unwrap_or_else(|_| Err(StoreError::Unavailable("it is closed".into())))
        })
    }
}

/// Makes the keyspace and its tables, or what is missing of them.
pub async fn migrate(settings: CqlSettings) -> anyhow::Result<String> {
    let keyspace = settings.keyspace.clone();
    schema::connect(settings, SchemaMode::Migrate).await?;
    Ok(format!("the schema in the keyspace {keyspace} is at step {}", schema::newest()))
}
