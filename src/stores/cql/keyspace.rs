//! A keyspace as a whole, as a node uses it: one session, and on it the log and the people; and the
//! node's own folder, for files to import.

use super::directory::CqlDirectory;
use super::nodes::Nodes;
use super::session::{Cql, Login, Schema, Settings};
use super::touch::Touch;
use super::{CqlStore, Tuning, schema};
use crate::engine;
use crate::stores::sqlite::Folder;
use actors::Time;
use actors::store::{Store, StoreError};
use base::Secret;
use config::Config;
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
    /// Let go of last. What a node keeps beside the keyspace, such as files to import, is its own.
    _folder: Option<Folder>,
}

impl Keyspace {
    /// With the data folder, which no other node may use.
    pub async fn open(config: &Config) -> anyhow::Result<Keyspace> {
        let folder = Folder::lock(&config.data)?;
        Ok(Keyspace { _folder: Some(folder), ..Keyspace::open_alone(config).await? })
    }

    /// Without the data folder.
    pub async fn open_alone(config: &Config) -> anyhow::Result<Keyspace> {
        let key = cluster_key(config)?;
        let cql =
            connect(config, if config.migrate { Schema::Migrate } else { Schema::Check }).await?;
        let people = CqlDirectory::open(cql.clone(), key).await?;
        // A node without the right key has no business here.
        people.prepare().await?;
        let nodes = Arc::new(Nodes::open(cql.clone()).await?);
        let (touch, probe) = (Touch::prepare(cql.clone()).await?, Probe::default());
        let log = CqlStore::open(cql, Tuning::default(), engine::rows).await?;
        Ok(Keyspace {
            people: Arc::new(people),
            nodes,
            touch,
            probe,
            log: Arc::new(log),
            _folder: None,
        })
    }

    pub fn people(&self) -> &CqlDirectory {
        &self.people
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

    /// Whoever asks for sleepers hears of every snapshot that was asked for before.
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
pub async fn migrate(config: &Config) -> anyhow::Result<String> {
    connect(config, Schema::Migrate).await?;
    Ok(format!("the schema in the keyspace {} is at step {}", config.keyspace, schema::newest()))
}

pub async fn connect(config: &Config, schema: Schema) -> anyhow::Result<Arc<Cql>> {
    let password = || {
        config
            .cql_password
            .as_ref()
            .map_or_else(String::new, |password| password.reveal().to_owned())
    };
    let settings = Settings {
        nodes: config.cql.clone(),
        keyspace: config.keyspace.clone(),
        replication: config.replication.clone(),
        login: config.cql_user.clone().map(|user| Login { user, password: password() }),
        serial: config.cql_serial,
    };
    Ok(Cql::connect(settings, schema).await?)
}

fn cluster_key(config: &Config) -> anyhow::Result<&Secret> {
    let missing = || {
        anyhow::anyhow!(
            "cluster_key is not set; with store = cql every node needs the same, because it seals \
             their secrets"
        )
    };
    config.cluster_key.as_ref().ok_or_else(missing)
}
