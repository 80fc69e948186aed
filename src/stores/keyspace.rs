//! A keyspace of ScyllaDB or Cassandra, as the settings name it.

use super::destination::Destination;
use actors::store::Store;
use config::Config;
use cql::{CqlLogin, CqlSettings, Keyspace, SchemaMode};
use ports::{Answer, Backend, Directory, History, Register};
use products::table;
use sqlite::Folder;
use std::sync::Arc;

/// The keyspace, and the node's own folder for files to import, which no other node may use.
struct KeyspaceBackend {
    keyspace: Keyspace,
    _folder: Folder,
}

pub async fn open(config: &Config) -> anyhow::Result<Arc<dyn Backend>> {
    let folder = Folder::lock(&config.data)?;
    let schema = if config.migrate { SchemaMode::Migrate } else { SchemaMode::Check };
    Ok(Arc::new(KeyspaceBackend { keyspace: keyspace(config, schema).await?, _folder: folder }))
}

pub async fn history(config: &Config) -> anyhow::Result<Box<dyn History>> {
    Ok(Box::new(cql::CqlHistory::open(settings(config)).await?))
}

pub async fn migrate(config: &Config) -> anyhow::Result<String> {
    cql::migrate(settings(config)).await
}

/// Without the data folder, which is the source.
pub async fn destination(config: &Config) -> anyhow::Result<Destination> {
    let schema = if config.migrate { SchemaMode::Migrate } else { SchemaMode::Check };
    let keyspace = keyspace(config, schema).await?;
    Ok(Destination { people: keyspace.people(), store: Arc::new(keyspace) })
}

async fn keyspace(config: &Config, schema: SchemaMode) -> anyhow::Result<Keyspace> {
    let missing = || {
        anyhow::anyhow!(
            "cluster_key is not set; with store = cql every node needs the same, because it seals \
             their secrets"
        )
    };
    let key = config.cluster_key.as_ref().ok_or_else(missing)?;
    Keyspace::open(settings(config), schema, key, table::rows).await
}

fn settings(config: &Config) -> CqlSettings {
    let password = || config.cql_password.as_ref().map_or("", |password| password.reveal());
    let login = |user| CqlLogin { user, password: password().to_owned() };
    CqlSettings {
        nodes: config.cql.clone(),
        keyspace: config.keyspace.clone(),
        replication: config.replication.clone(),
        login: config.cql_user.clone().map(login),
        serial: config.cql_serial,
    }
}

impl Backend for KeyspaceBackend {
    fn log(&self) -> Arc<dyn Store> {
        self.keyspace.log()
    }

    fn directory(&self) -> Arc<dyn Directory> {
        self.keyspace.directory()
    }

    fn register(&self) -> Option<Arc<dyn Register>> {
        self.keyspace.register()
    }

    fn ready(&self) -> Answer<()> {
        self.keyspace.ready()
    }

    fn settled(&self) -> Answer<()> {
        self.keyspace.settled()
    }
}
