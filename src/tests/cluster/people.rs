//! The directory in CQL: the contract that the embedded store passes, too, with a second node
//! beside the first.

use actors::Id;
use base::Secret;
use contracts::DirectoryHarness;
use cql::directory::CqlDirectory;
use cql::{CqlSettings, SchemaMode};
use harness::database::{TestKeyspace, database, wait};
use ports::directory::Directory;
use std::sync::Arc;

pub const CLUSTER_KEY: &str = "0123456789abcdef0123456789abcdef";

/// Two nodes on a keyspace of their own.
pub struct Nodes {
    pub one: Arc<dyn Directory>,
    pub other: Arc<dyn Directory>,
    pub settings: TestKeyspace,
}

impl Nodes {
    pub fn new() -> Option<Nodes> {
        let database = database()?;
        let settings = database.fresh();
        let one = open(&settings, SchemaMode::Migrate);
        let other = open(&settings, SchemaMode::Check);
        Some(Nodes { one, other, settings })
    }

    pub fn of(&self, number: u16) -> &Arc<dyn Directory> {
        if number.is_multiple_of(2) { &self.one } else { &self.other }
    }

    /// Every claim to an identifier that there is.
    pub async fn claims(&self) -> Vec<(String, Id)> {
        let cql = cql::connect(self.settings.clone(), SchemaMode::Check).await.unwrap();
        let answer = cql
            .session()
            .query_unpaged("SELECT folded, member FROM identifiers", ())
            .await
            .unwrap();
        let rows = answer.into_rows_result().unwrap();
        let claims = rows.rows::<(String, Vec<u8>)>().unwrap().map(Result::unwrap);
        claims.map(|(folded, member)| (folded, Id(member.try_into().unwrap()))).collect()
    }
}

impl DirectoryHarness for Nodes {
    fn directory(&self) -> Arc<dyn Directory> {
        self.one.clone()
    }

    fn elsewhere(&self) -> Arc<dyn Directory> {
        self.other.clone()
    }

    fn reopen(&mut self) {
        self.one = open(&self.settings, SchemaMode::Check);
        self.other = open(&self.settings, SchemaMode::Check);
    }
}

pub fn open(settings: &CqlSettings, schema: SchemaMode) -> Arc<CqlDirectory> {
    open_with(settings, schema, CLUSTER_KEY)
}

fn open_with(settings: &CqlSettings, schema: SchemaMode, key: &str) -> Arc<CqlDirectory> {
    let (settings, key) = (settings.clone(), Secret::new(key));
    let open = async move {
        CqlDirectory::open(cql::connect(settings, schema).await.unwrap(), &key).await.unwrap()
    };
    // A test that waits already cannot wait for this on its own thread.
    Arc::new(std::thread::spawn(|| wait(open)).join().unwrap())
}

contracts::directory_contract!(Nodes::new());

#[test]
fn a_node_with_another_cluster_key_does_not_get_in() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let first = open(&settings, SchemaMode::Migrate);
    wait(first.prepare()).unwrap();
    wait(first.secret("ring", b"kept".to_vec())).unwrap();
    let other = open_with(&settings, SchemaMode::Check, "fedcba9876543210fedcba9876543210");
    let refused = wait(other.prepare()).unwrap_err().to_string();
    assert!(
        refused.contains(
            "cluster_key is not the one that the secrets in this keyspace were sealed with"
        ),
        "{refused}"
    );
    assert!(wait(other.secret("ring", b"mine".to_vec())).is_err());
    assert!(wait(other.replace_secret("ring", b"kept".to_vec(), b"mine".to_vec())).is_err());
    assert_eq!(wait(first.secret("ring", Vec::new())).unwrap(), b"kept");
}
