//! Nodes that share a keyspace, each a child process, and what an administrator does to all of
//! them.

use super::crowd::Crowd;
use crate::STAMPEDE;
use harness::client::impatient_agent;
use harness::database::TestDatabase;
use harness::keyspaces::Lent;
use harness::one_member::OneMember;
use harness::{Client, DAY, Doorway, Process, TestFolder, id, succeeds};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

const KEY: &str = "tests of several nodes need one and the same key";

pub struct Town {
    lent: Lent,
    /// What all nodes are told of what stands behind them.
    behind: Vec<(&'static str, String)>,
    folders: Vec<TestFolder>,
    addresses: Vec<String>,
    servers: Vec<Option<Process>>,
    /// Where clients go. It never changes: they find out for themselves who is there.
    doors: Arc<RwLock<Vec<String>>>,
    /// A service's, with which a client may act for any member of that service.
    key: String,
}

impl Town {
    pub fn of(nodes: usize, database: &TestDatabase) -> Town {
        Town::with(nodes, database, None)
    }

    pub fn with(nodes: usize, database: &TestDatabase, redis: Option<String>) -> Town {
        let mut behind = vec![
            ("STAMPEDE_CQL", database.nodes.join(",")),
            ("STAMPEDE_REPLICATION", database.nodes.len().to_string()),
        ];
        behind.extend(redis.map(|url| ("STAMPEDE_REDIS", url)));
        let addresses: Vec<String> = (0..nodes).map(|_| own_address()).collect();
        let doors = Arc::new(RwLock::new(addresses.clone()));
        let folders = (0..nodes).map(|_| TestFolder::new()).collect();
        let lent = Lent::new(database.address());
        let mut town = Town {
            lent,
            behind,
            folders,
            addresses,
            servers: Vec::new(),
            doors,
            key: String::new(),
        };
        // Before anybody serves, so that all know it from their start.
        let made = succeeds(town.command(0).args(["key", "create", "shop"]).output().unwrap());
        town.key =
            made.lines().find(|line| line.starts_with("sk_")).expect("a key is printed").to_owned();
        for node in 0..nodes {
            let server = town.launch(node);
            town.servers.push(Some(server));
        }
        town
    }

    fn command(&self, node: usize) -> Command {
        let mut command = STAMPEDE.command(&self.folders[node]);
        command.envs(self.behind.iter().map(|(name, value)| (*name, value)));
        command.env("STAMPEDE_STORE", "cql").env("STAMPEDE_KEYSPACE", &self.lent.keyspace);
        command.env("STAMPEDE_MIGRATE", "true").env("STAMPEDE_CLUSTER_KEY", KEY);
        command
            .env("STAMPEDE_LISTEN", &self.addresses[node])
            .env("STAMPEDE_HEARTBEAT_MS", "500")
            .env("STAMPEDE_LOG", "plain");
        command
    }

    fn launch(&self, node: usize) -> Process {
        Process::start_with(self.command(node), &self.folders[node]).0
    }

    pub fn node(&self, node: usize) -> &Process {
        self.servers[node].as_ref().expect("it is not down")
    }

    pub fn kill(&mut self, node: usize) {
        self.servers[node].take().expect("it is not down").kill();
    }

    pub fn start(&mut self, node: usize) {
        self.servers[node] = Some(self.launch(node));
    }

    /// SIGTERM, and waits until it has ended in good order.
    pub fn stop(&mut self, node: usize) {
        self.servers[node].take().expect("it is not down").stop();
    }

    pub fn stop_all(&mut self) {
        (0..self.servers.len())
            .filter(|node| self.servers[*node].is_some())
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|node| self.stop(node));
    }

    /// Where clients may go.
    pub fn doors(&self) -> Vec<String> {
        self.addresses.clone()
    }

    /// An administrator and a service, who take a node that is silent for so long for dead.
    pub fn impatient(&self, patience: Duration) -> [Client; 2] {
        let anybody = Client::of(Doorway::at(&self.addresses[0]), impatient_agent(patience));
        let admin = self.admin();
        [admin.token().expect("they have logged in"), self.key.as_str()]
            .map(|token| anybody.clone().bearer(token))
    }

    pub fn crowd(&self) -> Crowd {
        Crowd::new(self.doors.clone(), &self.key)
    }

    /// A pool of which one may buy so many, and its one member.
    pub fn one_member(&self, most: usize) -> OneMember {
        let ada = OneMember::of_new_pool(&self.admin(), &self.key, most);
        ada.is_at(self.addresses.clone());
        ada
    }

    pub fn admin(&self) -> Client {
        self.node(0).admin()
    }

    /// Ten slices of a thousand tickets.
    pub fn lottery(&self) {
        self.admin()
            .post("/lotteries", json!({"closes_on": DAY, "tickets": {"digits": 4}}))
            .expect(201);
    }

    pub fn campaign(&self, quota: u64) -> String {
        let plan = json!({"name": "Welcome", "quota": quota, "discount_percent": 10,
            "ends_at": "2199-12-31T00:00:00Z", "trigger": "claim"});
        id(&self.admin().post("/campaigns", plan).expect(201)).to_owned()
    }

    pub fn ledger(&self) -> Value {
        let ledger = self.node(0).anybody().get(&format!("/lotteries/{DAY}/ledger")).expect(200);
        assert_eq!(ledger["imbalance"], 0, "{ledger}");
        ledger
    }

    /// Every log replayed from the beginning, once all nodes are down.
    pub fn verify(&mut self) -> String {
        self.stop_all();
        succeeds(self.command(0).arg("verify").output().unwrap())
    }
}

/// On a loopback host of its own, where no connection that somebody opens can take the port while
/// its node does not listen.
fn own_address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, 64 + high % 64, low, NEXT.fetch_add(1, Ordering::Relaxed));
    TcpListener::bind((host, 0)).unwrap().local_addr().unwrap().to_string()
}
