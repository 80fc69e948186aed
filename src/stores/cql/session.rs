//! The connection to ScyllaDB or Cassandra: one driver session on threads of its own, and how
//! strictly its statements are run.
//!
//! A statement is either plain (a quorum; it may be repeated, so the driver does) or conditional
//! (`IF …`: one consensus round; it is never repeated by the driver, never sent twice on
//! speculation, and is marked as not idempotent, because only the caller can tell what a lost
//! answer meant). Answers come by the names of their columns, because the two servers differ in
//! shape.

use super::error::{Error, LostAnswer, broken, unavailable};
use super::outcome::ConditionalAnswer;
use super::settings::{CqlLogin, CqlSettings};
use actors::store::StoreError;
use futures_util::TryFutureExt;
use futures_util::future::BoxFuture;
use ports::replication::ConsensusReach;
use scylla::client::execution_profile::{ExecutionProfile, ExecutionProfileHandle};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::FallthroughRetryPolicy;
use scylla::response::query_result::QueryRowsResult;
use scylla::serialize::row::SerializeRow;
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::{Consistency, SerialConsistency};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// Threads of the driver and of everything that waits for it. They wait more than they work.
const THREADS: usize = 2;
const THREAD_NAME: &str = "store-cql";
/// After this an attempt counts as lost, and its outcome as unknown.
const ATTEMPT: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that says nothing is given up after the two together.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(2);
const KEEPALIVE_WAIT: Duration = Duration::from_secs(3);

fn serial(reach: ConsensusReach) -> SerialConsistency {
    match reach {
        ConsensusReach::Everywhere => SerialConsistency::Serial,
        ConsensusReach::OneDataCentre => SerialConsistency::LocalSerial,
    }
}

fn quorum(reach: ConsensusReach) -> Consistency {
    match reach {
        ConsensusReach::Everywhere => Consistency::Quorum,
        ConsensusReach::OneDataCentre => Consistency::LocalQuorum,
    }
}

/// Of a read that first completes whatever round is under way.
pub fn settling(reach: ConsensusReach) -> Consistency {
    match reach {
        ConsensusReach::Everywhere => Consistency::Serial,
        ConsensusReach::OneDataCentre => Consistency::LocalSerial,
    }
}

/// A connected session in its keyspace, and the threads it lives on.
pub struct Cql {
    session: Session,
    settings: CqlSettings,
    /// Each partition's rounds go to the same replica first, so that they do not get into each
    /// other's way.
    fixed_order: ExecutionProfileHandle,
    threads: Threads,
}

/// A statement with an `IF`, prepared. It is answered by a `ConditionalAnswer`, or its outcome is
/// unknown.
#[derive(Clone, Debug)]
pub struct Conditional {
    first: PreparedStatement,
    /// To any replica, because the usual one may be the trouble.
    again: PreparedStatement,
}

impl Cql {
    /// May be awaited anywhere; the work is done on the session's own threads.
    pub async fn connect(settings: CqlSettings) -> Result<Arc<Cql>, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name(THREAD_NAME)
            .enable_all()
            .build();
        let threads = Threads(Some(runtime.map_err(|error| Error::Failed(error.to_string()))?));
        let (to, answer) = oneshot::channel();
        let begin = |threads: Threads| async move {
            // The caller may be gone.
            let _ = to.send(Cql::begin(settings, threads).await);
        };
        match threads.handle() {
            Some(handle) => drop(handle.spawn(begin(threads))),
            None => return Err(Error::Failed("it was given up".into())),
        }
        answer.await.unwrap_or_else(|_| Err(Error::Failed("it was given up".into())))
    }

    async fn begin(settings: CqlSettings, threads: Threads) -> Result<Arc<Cql>, Error> {
        let profile = ExecutionProfile::builder()
            .consistency(quorum(settings.serial))
            .serial_consistency(Some(serial(settings.serial)))
            .request_timeout(Some(ATTEMPT))
            .build();
        let fixed_order = profile.to_builder().load_balancing_policy(
            DefaultPolicy::builder().enable_shuffling_replicas(false).build(),
        );
        let mut builder = SessionBuilder::new()
            .known_nodes(&settings.nodes)
            .default_execution_profile_handle(profile.into_handle())
            .connection_timeout(CONNECT)
            .keepalive_interval(KEEPALIVE_EVERY)
            .keepalive_timeout(KEEPALIVE_WAIT);
        if let Some(CqlLogin { user, password }) = &settings.login {
            builder = builder.user(user, password);
        }
        let unreachable =
            |why: String| Error::Unreachable { nodes: settings.nodes.join(", "), why };
        let session = builder.build().await.map_err(|error| unreachable(error.to_string()))?;
        let fixed_order = fixed_order.build().into_handle();
        Ok(Arc::new(Cql { session, settings, fixed_order, threads }))
    }

    pub fn settings(&self) -> &CqlSettings {
        &self.settings
    }

    /// The driver itself, for what is not offered here.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Does it on the session's own threads, also when its caller has gone.
    pub fn run<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let (to, answer) = oneshot::channel();
        self.spawn(async move {
            let _ = to.send(work.await);
        });
        async { answer.await.map_err(|_| StoreError::Unavailable("it is closed".into())) }
    }

    /// The same, without an answer.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(handle) = self.threads.handle() {
            handle.spawn(work);
        }
    }

    /// Whether the caller must not wait here for what only these threads can do.
    pub fn is_own_thread(&self) -> bool {
        std::thread::current().name() == Some(THREAD_NAME)
    }

    /// A plain statement: read or written by a quorum, and repeated by the driver when it fails.
    pub async fn prepare(&self, statement: &str) -> Result<PreparedStatement, Error> {
        let mut prepared = self.prepared(statement).await?;
        prepared.set_is_idempotent(true);
        Ok(prepared)
    }

    /// A statement with an `IF`.
    pub async fn prepare_conditional(&self, statement: &str) -> Result<Conditional, Error> {
        let mut again = self.prepared(statement).await?;
        again.set_is_idempotent(false);
        again.set_retry_policy(Some(Arc::new(FallthroughRetryPolicy::new())));
        let mut first = again.clone();
        first.set_execution_profile_handle(Some(self.fixed_order.clone()));
        Ok(Conditional { first, again })
    }

    /// Boxed: what the driver does meanwhile would lie in whatever prepares statements, once for
    /// each of them.
    fn prepared<'a>(
        &'a self,
        statement: &'a str,
    ) -> BoxFuture<'a, Result<PreparedStatement, Error>> {
        let failed = move |error| Error::Failed(format!("{error}: {statement}"));
        Box::pin(self.session.prepare(statement).map_err(failed))
    }

    /// Writes, plainly.
    pub async fn write(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(), StoreError> {
        self.session.execute_unpaged(statement, values).await.map(|_| ()).map_err(unavailable)
    }

    /// Writes the same statement for each row, in one request. It is not atomic: each row is
    /// written, or not, by itself.
    pub async fn write_each<R: SerializeRow>(
        &self,
        statement: &PreparedStatement,
        rows: &[R],
    ) -> Result<(), StoreError> {
        let mut batch = Batch::new(BatchType::Unlogged);
        rows.iter().for_each(|_| batch.append_statement(statement.clone()));
        batch.set_is_idempotent(true);
        self.session.batch(&batch, rows).await.map(|_| ()).map_err(unavailable)
    }

    /// Reads all that the statement finds; meant for answers that are bounded by their statement.
    pub async fn read(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<QueryRowsResult, StoreError> {
        let answer = self.session.execute_unpaged(statement, values).await.map_err(unavailable)?;
        answer.into_rows_result().map_err(broken)
    }

    /// One attempt of one round of consensus. A caller that repeats it must know what a repeat
    /// means.
    pub async fn decide(
        &self,
        statement: &Conditional,
        values: impl SerializeRow,
        is_repeat: bool,
    ) -> Result<ConditionalAnswer, LostAnswer> {
        let statement = if is_repeat { &statement.again } else { &statement.first };
        let lost = |why: String| LostAnswer(why);
        let answer = self
            .session
            .execute_unpaged(statement, values)
            .await
            .map_err(|error| lost(error.to_string()))?;
        ConditionalAnswer::of(&answer.into_rows_result().map_err(|error| lost(error.to_string()))?)
            .map_err(lost)
    }
}

/// A runtime that may be let go of anywhere, also on one of its own threads.
struct Threads(Option<Runtime>);

impl Threads {
    fn handle(&self) -> Option<Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
