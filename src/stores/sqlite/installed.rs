//! The embedded store as a whole, as a process uses it.

use super::{Error, Sqlite};
use crate::engine;
use actors::store::Store;
use config::Config;
use ports::directory::Directory;
use ports::{Answer, Backend};
use std::sync::Arc;

pub struct Installed(Arc<Sqlite>);

impl Installed {
    pub fn open(config: &Config) -> Result<Installed, Error> {
        Ok(Installed(Arc::new(Sqlite::open(&config.data, &engine::rows)?)))
    }
}

impl Backend for Installed {
    fn log(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    fn directory(&self) -> Arc<dyn Directory> {
        self.0.clone()
    }

    fn ready(&self) -> Answer<()> {
        Box::pin(self.0.ready())
    }

    fn settled(&self) -> Answer<()> {
        Box::pin(self.0.settle())
    }
}
