//! The numbered steps of the schema, which the binary brings along and applies itself.
//!
//! A step is never changed once it was shipped; another is added. Each of its statements can be
//! repeated, so a step that broke off is done again. A node that migrates holds a lock row
//! meanwhile, which ends by itself if the node dies. The lock spares the database concurrent
//! changes of its schema. Correctness does not hang on it.

use super::error::Error;
use super::session::Cql;
use super::settings::{CqlSettings, SchemaMode};
use base::fresh;
use ports::replication::Replication;
use scylla::statement::Statement;
use std::sync::Arc;
use std::time::Duration;

const STEPS: &[(i32, &str)] = &[
    (1, include_str!("../../../cql/001-log.cql")),
    (2, include_str!("../../../cql/002-people.cql")),
    (3, include_str!("../../../cql/003-nodes.cql")),
    (4, include_str!("../../../cql/004-homes.cql")),
    (5, include_str!("../../../cql/005-administrators.cql")),
    (6, include_str!("../../../cql/006-scoped-keys.cql")),
    (7, include_str!("../../../cql/007-deeds.cql")),
    (8, include_str!("../../../cql/008-partings.cql")),
];

const LOCK_S: i32 = 60;
const LOCK_ASKED_EVERY: Duration = Duration::from_millis(200);
/// How often the lock is asked for: longer than a dead holder keeps it.
const LOCK_ASKED: usize = 600;

/// A session in its keyspace, whose schema is then as this binary needs it.
pub async fn connect(settings: CqlSettings, mode: SchemaMode) -> Result<Arc<Cql>, Error> {
    check_name(&settings.keyspace)?;
    let cql = Cql::connect(settings).await?;
    let connected = cql.clone();
    let prepared = cql.run(async move {
        match mode {
            SchemaMode::Check => check(&connected).await,
            SchemaMode::Migrate => migrate(&connected).await,
        }
    });
    prepared.await.map_err(|error| Error::Failed(error.to_string()))??;
    Ok(cql)
}

/// The number of the last step.
pub fn newest() -> i32 {
    STEPS.last().map_or(0, |(number, _)| *number)
}

/// Names of keyspaces cannot be bound as values, so only plain ones are let in.
fn check_name(keyspace: &str) -> Result<(), Error> {
    let is_plain = keyspace.len() <= 48
        && keyspace.starts_with(|c: char| c.is_ascii_lowercase())
        && keyspace.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_plain.then_some(()).ok_or_else(|| Error::BadKeyspace(keyspace.into()))
}

/// The keyspace is there, and its schema is the one this binary needs.
async fn check(cql: &Cql) -> Result<(), Error> {
    let keyspace = &cql.settings().keyspace;
    if !was_made(cql).await? {
        return Err(Error::NoKeyspace(keyspace.clone()));
    }
    enter(cql).await?;
    match applied(cql).await? {
        found if found == newest() => Ok(()),
        found if found > newest() => {
            Err(Error::Newer { keyspace: keyspace.clone(), found, known: newest() })
        }
        found => Err(Error::Behind { keyspace: keyspace.clone(), found, needed: newest() }),
    }
}

/// Makes the keyspace, and applies the steps that are missing.
async fn migrate(cql: &Cql) -> Result<(), Error> {
    let keyspace = &cql.settings().keyspace;
    change(cql, &create_keyspace(keyspace, &cql.settings().replication)).await?;
    enter(cql).await?;
    change(cql, "CREATE TABLE IF NOT EXISTS schema_steps (number int PRIMARY KEY)").await?;
    change(cql, "CREATE TABLE IF NOT EXISTS schema_lock (name text PRIMARY KEY, holder text)")
        .await?;
    if applied(cql).await? >= newest() {
        return check(cql).await;
    }
    let lock = Lock::take(cql).await?;
    let migrated = apply_missing(cql).await;
    lock.release(cql).await;
    migrated?;
    check(cql).await
}

async fn apply_missing(cql: &Cql) -> Result<(), Error> {
    let found = applied(cql).await?;
    for (number, step) in STEPS.iter().filter(|(number, _)| *number > found) {
        for statement in statements(step) {
            change(cql, &statement).await?;
        }
        ask(cql, &format!("INSERT INTO schema_steps (number) VALUES ({number})")).await?;
    }
    Ok(())
}

/// Whether it was ever migrated.
async fn was_made(cql: &Cql) -> Result<bool, Error> {
    let select = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND \
        table_name = 'schema_steps'";
    let answer =
        cql.session().query_unpaged(select, (&cql.settings().keyspace,)).await.map_err(failed)?;
    Ok(answer.into_rows_result().map_err(failed)?.rows_num() > 0)
}

/// The highest step of which all was applied; 0 if none was.
async fn applied(cql: &Cql) -> Result<i32, Error> {
    let answer =
        cql.session().query_unpaged("SELECT number FROM schema_steps", ()).await.map_err(failed)?;
    let rows = answer.into_rows_result().map_err(failed)?;
    let numbers = rows.rows::<(i32,)>().map_err(failed)?;
    numbers
        .map(|row| row.map(|(number,)| number))
        .try_fold(0, |most, number| Ok(most.max(number.map_err(failed)?)))
}

async fn enter(cql: &Cql) -> Result<(), Error> {
    cql.session().use_keyspace(&cql.settings().keyspace, false).await.map_err(failed)
}

/// `replication_factor` for all data centres is understood by both servers, and each turns it into
/// a number per data centre.
fn create_keyspace(keyspace: &str, replication: &Replication) -> String {
    let copies = match replication {
        Replication::Copies(copies) => format!("'replication_factor': {copies}"),
        Replication::PerDataCentre(centres) => {
            let centres: Vec<String> =
                centres.iter().map(|(name, copies)| format!("'{name}': {copies}")).collect();
            centres.join(", ")
        }
    };
    format!(
        "CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = \
         {{'class': 'NetworkTopologyStrategy', {copies}}}"
    )
}

/// Runs one change of the schema, and waits until all nodes know it.
async fn change(cql: &Cql, statement: &str) -> Result<(), Error> {
    ask(cql, statement).await?;
    cql.session().await_schema_agreement().await.map(|_| ()).map_err(failed)
}

async fn ask(cql: &Cql, statement: &str) -> Result<(), Error> {
    let mut statement = Statement::new(statement);
    // Schema changes take long on a busy machine.
    statement.set_request_timeout(Some(Duration::from_secs(60)));
    statement.set_is_idempotent(true);
    cql.session().query_unpaged(statement, ()).await.map(|_| ()).map_err(failed)
}

struct Lock {
    holder: String,
}

impl Lock {
    async fn take(cql: &Cql) -> Result<Lock, Error> {
        let holder = fresh::text();
        let insert = format!(
            "INSERT INTO schema_lock (name, holder) VALUES ('schema', ?) IF NOT EXISTS USING TTL \
             {LOCK_S}"
        );
        let insert = cql.prepare_conditional(&insert).await?;
        for _ in 0..LOCK_ASKED {
            match cql.decide(&insert, (&holder,), false).await {
                Ok(verdict) if verdict.applied || verdict.text("holder") == Some(&holder) => {
                    return Ok(Lock { holder });
                }
                // Held by another, or unknown: ask again.
                Ok(_) | Err(_) => tokio::time::sleep(LOCK_ASKED_EVERY).await,
            }
        }
        Err(Error::Schema("another process has been changing it for two minutes".into()))
    }

    /// What is not released ends by itself.
    async fn release(self, cql: &Cql) {
        if let Ok(delete) = cql
            .prepare_conditional("DELETE FROM schema_lock WHERE name = 'schema' IF holder = ?")
            .await
        {
            let _ = cql.decide(&delete, (&self.holder,), false).await;
        }
    }
}

/// The statements of a step, without its comments.
fn statements(step: &str) -> Vec<String> {
    let code: Vec<&str> =
        step.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    code.join("\n")
        .split(';')
        .map(|statement| statement.trim().to_string())
        .filter(|statement| !statement.is_empty())
        .collect()
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Schema(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_in_order_and_made_of_statements_that_can_be_repeated() {
        for (place, (number, step)) in STEPS.iter().enumerate() {
            assert_eq!(*number, place as i32 + 1);
            assert!(!statements(step).is_empty());
            for statement in statements(step) {
                assert!(statement.starts_with("CREATE TABLE IF NOT EXISTS "), "{statement}");
            }
        }
    }

    #[test]
    fn nothing_but_plain_names_gets_into_a_statement() {
        assert!(check_name("stampede_2").is_ok());
        for name in ["", "2x", "Stampede", "a b", "a;b", "a\"b", &"a".repeat(49)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_keyspace_names_its_copies() {
        let made = |text: &str| create_keyspace("k", &text.parse().unwrap());
        assert!(
            made("3").ends_with("{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}")
        );
        assert!(made("a=3,b=2").ends_with("{'class': 'NetworkTopologyStrategy', 'a': 3, 'b': 2}"));
    }
}
