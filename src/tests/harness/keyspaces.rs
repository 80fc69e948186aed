//! Keyspaces for tests on a database that runs already: made once, emptied and lent again, because
//! making one takes seconds.
//!
//! A keyspace is lent to one test at a time. Emptying it is truncating all tables, also those that
//! look empty, because what was deleted in them leaves marks that hide what is written later with a
//! lower stamp; only the steps of its schema stay.

use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::response::query_result::QueryResult;
use scylla::statement::Statement;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Where, and what it is called.
static RETURNED: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// A keyspace that nobody else has, until this is dropped.
pub struct Lent {
    address: String,
    pub keyspace: String,
}

impl Lent {
    /// Empty, or not yet made.
    pub fn new(address: &str) -> Lent {
        let keyspace = Lent::returned(address)
            .inspect(|keyspace| empty(address, keyspace))
            .unwrap_or_else(|| {
                static COUNT: AtomicU32 = AtomicU32::new(0);
                format!("lent_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
            });
        Lent { address: address.to_owned(), keyspace }
    }

    fn returned(address: &str) -> Option<String> {
        let mut returned = RETURNED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let place = returned.iter().position(|(there, _)| there == address)?;
        Some(returned.swap_remove(place).1)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut returned = RETURNED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        returned.push((std::mem::take(&mut self.address), std::mem::take(&mut self.keyspace)));
    }
}

/// On a thread of its own, because a test that waits already cannot wait for this.
fn empty(address: &str, keyspace: &str) {
    let (address, keyspace) = (address.to_owned(), keyspace.to_owned());
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let session = SessionBuilder::new()
                .known_node(&address)
                .build()
                .await
                .expect("the database answers");
            for table in tables(&session, &keyspace).await {
                ask(&session, format!("TRUNCATE {keyspace}.{table}")).await;
            }
        });
    };
    std::thread::spawn(work).join().expect("the keyspace is emptied");
}

async fn ask(session: &Session, statement: String) -> QueryResult {
    let mut statement = Statement::new(statement);
    statement.set_request_timeout(Some(Duration::from_secs(60)));
    session.query_unpaged(statement, ()).await.expect("the database does as it is told")
}

async fn tables(session: &Session, keyspace: &str) -> Vec<String> {
    let select = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
    let answer = session
        .query_unpaged(select, (keyspace,))
        .await
        .expect("the tables are known")
        .into_rows_result()
        .expect("rows");
    let names = answer.rows::<(String,)>().expect("names").map(|row| row.expect("a name").0);
    names.filter(|name| !name.starts_with("schema_")).collect()
}
