//! Keyspaces for tests on a database that runs already: made once, emptied and lent again, because making one takes seconds.
//!
//! A keyspace is lent to one test at a time. Emptying it is truncating its tables; only the steps of its schema stay.

use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::Statement;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

static RETURNED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A keyspace that nobody else has, until this is dropped.
pub struct Lent {
    pub keyspace: String,
}

impl Lent {
    /// Empty, or not yet made.
    pub fn new(address: &str) -> Lent {
        let returned = RETURNED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        match returned {
            Some(keyspace) => {
                empty(address, &keyspace);
                Lent { keyspace }
            }
            None => {
                static COUNT: AtomicU32 = AtomicU32::new(0);
                Lent { keyspace: format!("lent_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)) }
            }
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        RETURNED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(std::mem::take(&mut self.keyspace));
    }
}

/// On a thread of its own, because a test that waits already cannot wait for this.
fn empty(address: &str, keyspace: &str) {
    let (address, keyspace) = (address.to_owned(), keyspace.to_owned());
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let session = SessionBuilder::new().known_node(&address).build().await.expect("the database answers");
            for table in tables(&session, &keyspace).await {
                let mut truncate = Statement::new(format!("TRUNCATE {keyspace}.{table}"));
                truncate.set_request_timeout(Some(Duration::from_secs(60)));
                session.query_unpaged(truncate, ()).await.expect("a table can be emptied");
            }
        });
    };
    std::thread::spawn(work).join().expect("the keyspace is emptied");
}

async fn tables(session: &Session, keyspace: &str) -> Vec<String> {
    let select = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
    let answer = session.query_unpaged(select, (keyspace,)).await.expect("the tables are known").into_rows_result().expect("rows");
    let names = answer.rows::<(String,)>().expect("names").map(|row| row.expect("a name").0);
    names.filter(|name| !name.starts_with("schema_")).collect()
}
