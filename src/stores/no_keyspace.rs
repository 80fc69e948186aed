//! A stampede that was built without the feature `cluster`: it knows no keyspace and says so.

use super::destination::Destination;
use config::Config;
use ports::{Backend, History};
use std::sync::Arc;

pub async fn open(_: &Config) -> anyhow::Result<Arc<dyn Backend>> {
    Err(no_cluster())
}

pub async fn history(_: &Config) -> anyhow::Result<Box<dyn History>> {
    Err(no_cluster())
}

pub async fn migrate(_: &Config) -> anyhow::Result<String> {
    Err(no_cluster())
}

pub async fn destination(_: &Config) -> anyhow::Result<Destination> {
    Err(no_cluster())
}

fn no_cluster() -> anyhow::Error {
    anyhow::anyhow!("store is cql, but this stampede was built without the feature `cluster`")
}
