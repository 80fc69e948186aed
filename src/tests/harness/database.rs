//! A real Cassandra for all tests of this process, started by the first that needs it, with a
//! keyspace for each test; and one of three nodes.
//!
//! It needs a JDK and Maven. Every node ends with this process.

use crate::keyspaces::Lent;
use crate::loopback::{free_port_from, is_free};
use crate::{needed, root};
use actors::store::{Frame, Row};
use cql::{Cql, CqlSettings, CqlStore, SchemaMode, Tuning};
use ports::replication::{ConsensusReach, Replication};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use testing::contract::rows_of;

pub struct TestDatabase {
    pub nodes: Vec<String>,
    /// What was started here, and ends with it.
    started: Option<Started>,
}

struct Started {
    folder: PathBuf,
    port: u16,
}

static DATABASE: LazyLock<Result<TestDatabase, String>> = LazyLock::new(TestDatabase::one);

/// The database, unless it cannot be had and need not be.
pub fn database() -> Option<&'static TestDatabase> {
    match &*DATABASE {
        Ok(database) => Some(database),
        Err(why) => is_not_run(why),
    }
}

/// Three nodes that keep three copies of everything, for one test alone.
pub fn three_nodes() -> Option<TestDatabase> {
    match TestDatabase::start(3) {
        Ok(database) => Some(database),
        Err(why) => is_not_run(&why),
    }
}

fn is_not_run<T>(why: &str) -> Option<T> {
    needed::is_not_run(&format!("it needs a Cassandra: {why}"));
    None
}

impl TestDatabase {
    #[expect(
        clippy::disallowed_methods,
        reason = "a node that runs already is no setting of stampede"
    )]
    fn one() -> Result<TestDatabase, String> {
        match std::env::var("CASSANDRA_AT") {
            Ok(address) => Ok(TestDatabase { nodes: vec![address], started: None }),
            Err(_) => TestDatabase::start(1),
        }
    }

    fn start(nodes: usize) -> Result<TestDatabase, String> {
        for tool in ["java", "mvn"] {
            let is_there = needed::starts(tool, "-version");
            is_there.then_some(()).ok_or_else(|| format!("{tool} is not installed"))?;
        }
        let port = free_ports(nodes);
        let folder = root().join(format!("target/peers/cluster-{}-{nodes}", std::process::id()));
        let addresses = (1..=nodes).map(|node| format!("127.0.0.{node}:{port}")).collect();
        let database = TestDatabase { nodes: addresses, started: Some(Started { folder, port }) };
        database.script("up", nodes)?;
        Ok(database)
    }

    /// Kills, starts, pauses or resumes one of its nodes, counted from one.
    pub fn tell(&self, command: &str, node: usize) {
        self.script(command, node).unwrap();
    }

    fn script(&self, command: &str, number: usize) -> Result<(), String> {
        let Some(Started { folder, port }) = &self.started else {
            return Err("it runs elsewhere".into());
        };
        let done = Command::new(root().join("src/tests/peers/cassandra"))
            .args([Path::new(command), folder, Path::new(&number.to_string())])
            .env("CASSANDRA_PORT", port.to_string())
            .env("CASSANDRA_UNTIL", std::process::id().to_string())
            .output()
            .map_err(|error| error.to_string())?;
        done.status
            .success()
            .then_some(())
            .ok_or_else(|| String::from_utf8_lossy(&done.stderr).into_owned())
    }

    /// The first of its nodes.
    pub fn address(&self) -> &str {
        &self.nodes[0]
    }

    /// A keyspace that is empty, or not yet made, and that no other test knows until this is
    /// dropped.
    pub fn fresh(&self) -> TestKeyspace {
        let lent = Lent::new(self.address());
        TestKeyspace { settings: self.settings(lent.keyspace.clone()), _lent: lent }
    }

    /// A keyspace that nobody has made yet.
    pub fn unmade(&self) -> CqlSettings {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        self.settings(format!(
            "unmade_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ))
    }

    fn settings(&self, keyspace: String) -> CqlSettings {
        let (nodes, copies) = (self.nodes.clone(), self.nodes.len() as u8);
        CqlSettings {
            nodes,
            keyspace,
            replication: Replication::Copies(copies),
            login: None,
            serial: ConsensusReach::Everywhere,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(Started { folder, .. }) = &self.started {
            let _ = self.script("down", 0);
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

pub struct TestKeyspace {
    settings: CqlSettings,
    _lent: Lent,
}

impl Deref for TestKeyspace {
    type Target = CqlSettings;

    fn deref(&self) -> &CqlSettings {
        &self.settings
    }
}

pub fn connect(settings: &CqlSettings) -> Arc<Cql> {
    wait(cql::connect(settings.clone(), SchemaMode::Migrate)).unwrap()
}

/// A store on a session of its own, as another node would have it.
pub fn store(settings: &CqlSettings, tuning: Tuning) -> CqlStore {
    store_of(settings, tuning, rows_of)
}

pub fn store_of(
    settings: &CqlSettings,
    tuning: Tuning,
    rows_of: fn(&str, &Frame) -> Vec<Row>,
) -> CqlStore {
    wait(CqlStore::open(connect(settings), tuning, rows_of)).unwrap()
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A base from which the script counts: CQL there, peers 1000 above, JMX from 2001 above. All of
/// them are below the ports from which connections go out, so that none of those takes one while a
/// node is down.
fn free_ports(nodes: usize) -> u16 {
    let has_room = |port: u16| {
        (1..=nodes).all(|node| {
            let host = format!("127.0.0.{node}");
            is_free(&host, port)
                && is_free(&host, port + 1000)
                && is_free("127.0.0.1", port + 2000 + node as u16)
        })
    };
    free_port_from(20_000, has_room)
}
