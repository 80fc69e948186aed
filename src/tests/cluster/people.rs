//! The directory in CQL: the contract that the embedded store passes, too, with a second node beside the first.

use crate::database::{database, wait};
use stampede::config::Secret;
use stampede::identity::Directory;
use stampede::identity::directory::Harness;
use stampede::stores::cql::directory::CqlDirectory;
use stampede::stores::cql::{Cql, Schema, Settings};
use std::sync::Arc;

pub const CLUSTER_KEY: &str = "0123456789abcdef0123456789abcdef";

/// Two nodes on a keyspace of their own.
struct OnCql {
    settings: Settings,
    nodes: Option<[Arc<CqlDirectory>; 2]>,
}

impl OnCql {
    fn new(test: &str) -> Option<OnCql> {
        let settings = database(test)?.fresh();
        let nodes = [open(&settings, Schema::Migrate), open(&settings, Schema::Check)];
        Some(OnCql { settings, nodes: Some(nodes) })
    }

    fn node(&self, number: usize) -> Arc<dyn Directory> {
        self.nodes.as_ref().unwrap()[number].clone()
    }
}

impl Harness for OnCql {
    fn directory(&self) -> Arc<dyn Directory> {
        self.node(0)
    }

    fn elsewhere(&self) -> Arc<dyn Directory> {
        self.node(1)
    }

    fn reopen(&mut self) {
        self.nodes = None;
        self.nodes = Some([(); 2].map(|()| open(&self.settings, Schema::Check)));
    }
}

pub fn open(settings: &Settings, schema: Schema) -> Arc<CqlDirectory> {
    open_with(settings, schema, CLUSTER_KEY)
}

fn open_with(settings: &Settings, schema: Schema, key: &str) -> Arc<CqlDirectory> {
    let (settings, key) = (settings.clone(), Secret::new(key));
    let open = async move { CqlDirectory::open(Cql::connect(settings, schema).await.unwrap(), &key).await.unwrap() };
    // A test that waits already cannot wait for this on its own thread.
    Arc::new(std::thread::spawn(|| wait(open)).join().unwrap())
}

stampede::directory_contract!(OnCql::new);

#[test]
fn a_node_with_another_cluster_key_does_not_get_in() {
    let Some(database) = database("a_node_with_another_cluster_key_does_not_get_in") else { return };
    let settings = database.fresh();
    let first = open(&settings, Schema::Migrate);
    wait(first.prepare()).unwrap();
    wait(first.secret("ring", b"kept".to_vec())).unwrap();
    let other = open_with(&settings, Schema::Check, "fedcba9876543210fedcba9876543210");
    let refused = wait(other.prepare()).unwrap_err().to_string();
    assert!(refused.contains("cluster_key is not the one that the secrets in this keyspace were sealed with"), "{refused}");
    assert!(wait(other.secret("ring", b"mine".to_vec())).is_err());
    assert!(wait(other.replace_secret("ring", b"kept".to_vec(), b"mine".to_vec())).is_err());
    assert_eq!(wait(first.secret("ring", Vec::new())).unwrap(), b"kept");
}
