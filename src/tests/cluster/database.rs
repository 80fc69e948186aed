//! A real Cassandra for all tests of this process, started by the first that needs it, with a keyspace for each test.
//!
//! Where it cannot be had (no JDK, no Maven), a test says loudly that it did not run and passes, so that one can work without; where
//! the variable CI is set it fails. The node ends with this process.

use actors::store::contract::rows_of;
use stampede::stores::cql::{Cql, CqlStore, Replication, Schema, Serial, Settings, Tuning};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

pub struct Database {
    pub address: String,
    #[expect(dead_code, reason = "tests of several nodes pause and kill them by it")]
    pub folder: PathBuf,
}

static DATABASE: LazyLock<Result<Database, String>> = LazyLock::new(Database::start);

/// The database, unless it cannot be had and need not be.
#[expect(clippy::disallowed_methods, reason = "whether this is a CI run is no setting of stampede")]
pub fn database() -> Option<&'static Database> {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    match &*DATABASE {
        Ok(database) => Some(database),
        Err(why) if std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false") => panic!("{test} needs a Cassandra: {why}"),
        Err(why) => {
            eprintln!("!! NOT RUN: {test} needs a Cassandra, and there is none: {why}");
            None
        }
    }
}

impl Database {
    #[expect(clippy::disallowed_methods, reason = "a node that runs already is no setting of stampede")]
    fn start() -> Result<Database, String> {
        if let Ok(address) = std::env::var("CASSANDRA_AT") {
            return Ok(Database { address, folder: PathBuf::new() });
        }
        for (tool, argument) in [("java", "-version"), ("mvn", "-version")] {
            let found = Command::new(tool).arg(argument).output().is_ok_and(|output| output.status.success());
            found.then_some(()).ok_or_else(|| format!("{tool} is not installed"))?;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join(format!("target/peers/cluster-{}", std::process::id()));
        let port = free_ports();
        let started = Command::new(root.join("src/tests/peers/cassandra"))
            .args([Path::new("up"), &folder])
            .env("CASSANDRA_PORT", port.to_string())
            .env("CASSANDRA_UNTIL", std::process::id().to_string())
            .output()
            .map_err(|error| error.to_string())?;
        match started.status.success() {
            true => Ok(Database { address: format!("127.0.0.1:{port}"), folder }),
            false => Err(String::from_utf8_lossy(&started.stderr).into_owned()),
        }
    }

    /// A keyspace that no other test knows.
    pub fn fresh(&self) -> Settings {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let keyspace = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let nodes = vec![self.address.clone()];
        Settings { nodes, keyspace, replication: Replication::Copies(1), login: None, serial: Serial::Everywhere }
    }
}

pub fn connect(settings: &Settings) -> Arc<Cql> {
    wait(Cql::connect(settings.clone(), Schema::Migrate)).unwrap()
}

/// A store on a session of its own, as another node would have it.
pub fn store(settings: &Settings, tuning: Tuning) -> CqlStore {
    wait(CqlStore::open(connect(settings), tuning, rows_of)).unwrap()
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A base from which the script counts: CQL there, peers 1000 above, JMX 2001 above.
fn free_ports() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let base = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() % 20_000 + 20_000;
    std::iter::repeat_with(base).take(1000).find(|port| [0, 1000, 2001].iter().all(|above| is_free(port + above))).unwrap()
}
