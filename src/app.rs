//! Puts everything together, once, at start. Tests build the app in the same way.

use crate::http::board::BulletinBoard;
use crate::http::connection::Rooms;
use crate::http::fresh::FreshAnswers;
use crate::http::last_call::LastCall;
use crate::http::live::LiveFigures;
use crate::http::server::ServerDoor;
use crate::http::streams::Streams;
use crate::http::tls::Tls;
use crate::http::together::Together;
use crate::http::worker::Spoken;
use crate::http::workers::Workers;
use crate::http::{self, api};
use crate::shared::Shared;
use crate::{jobs, settings, stores};
use actix_web::web::{self};
use actors::Time;
use actors::engine::record::Broken;
use actors::engine::{KeyWindow, Node};
use actors::time::Clock;
use actors::timekeeper::{Clocks, Timekeeper};
use anyhow::Context;
use base::meters::series::Series;
use base::{journal, meters};
use cluster::{self, Cluster};
use config::Config;
use futures_util::future::join;
use people::People;
use products::Engine;
use products::acts::StaffActs;
use products::ballots::Ballots;
use products::ballots::receipt_key::ReceiptKey;
use products::ballots::seeds::Seeds;
use products::campaigns::Campaigns;
use products::campaigns::first_logins::FirstLogins;
use products::coupons::batches::Batches;
use products::coupons::{Coupons, keys};
use products::feed::Feed;
use products::holds::Holds;
use products::lottery::Lotteries;
use products::lottery::closing::Closing;
use products::orders::Orders;
use products::promotions::Promotions;
use products::tickets::Tickets;
use products::voidings::Voidings;
use products::webhooks::Webhooks;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A node that cannot strike itself off is forgotten by the others all the same.
const GOODBYE: Duration = Duration::from_secs(2);

pub struct App {
    pub shared: web::Data<Shared>,
    /// The password of the first administrator, if this start drew it.
    pub admin_password: Option<String>,
}

/// A server that runs until it is stopped.
pub struct Running {
    pub address: SocketAddr,
    /// Whether it speaks TLS there.
    pub is_secured: bool,
    /// Where it speaks HTTP/2 without TLS.
    pub http2: Option<SocketAddr>,
    pub shared: web::Data<Shared>,
    workers: Workers,
    last_call: LastCall,
}

/// The start of an app. In a box, because a future without one is compiled again in each crate that
/// awaits it, with all that it awaits: the binary and every test would compile the server.
pub type Opening = Pin<Box<dyn Future<Output = anyhow::Result<App>>>>;

impl App {
    /// With a clock that is believed whatever it says.
    pub fn open(config: Config, clock: Clock) -> Opening {
        Box::pin(App::make(config, clock, None))
    }

    /// As a server lives: by the wall clock, as long as the steady one agrees.
    pub fn open_by(config: Config, clocks: Box<dyn Clocks>) -> Opening {
        let timekeeper = Timekeeper::new(clocks, settings::rules(&config));
        Box::pin(App::make(config, timekeeper.clock(), Some(timekeeper)))
    }

    async fn make(
        config: Config,
        clock: Clock,
        timekeeper: Option<Arc<Timekeeper>>,
    ) -> anyhow::Result<App> {
        let store = stores::open(&config).await?;
        let directory = store.directory();
        let window = KeyWindow::new(config.idempotency_keys, config.idempotency_s);
        let node = Node::new(store.log(), clock.clone(), window, settings::limits(&config));
        node.on_bad_snapshot(warn_of_snapshot);
        timekeeper.into_iter().for_each(|timekeeper| node.live_by(timekeeper));
        let engine = Engine::new(node);
        let sharing = settings::sharing(&config, &*directory).await?;
        let (people, admin_password) =
            People::open(directory.clone(), settings::people(&config), sharing, clock).await?;
        let code_keys = keys::open(&*directory).await?;
        let imports = settings::imports(&config, engine.clone())?;
        let promotions = Arc::new(Promotions::new(engine.clone(), code_keys.clone()));
        let campaigns = Arc::new(Campaigns::new(engine.clone(), promotions.clone()));
        let first_logins = FirstLogins::new(engine.clone(), promotions.clone(), campaigns.clone());
        let batches = Arc::new(Batches::new(engine.clone()));
        let coupons = Arc::new(Coupons::new(
            engine.clone(),
            code_keys,
            promotions.clone(),
            campaigns.clone(),
            batches.clone(),
        ));
        let people_of = directory.clone();
        let feed = Arc::new(Feed::new(
            engine.clone(),
            promotions.clone(),
            coupons.clone(),
            Box::new(move |ids| people_of.outsiders_of(ids)),
        ));
        let series = Arc::new(Series::default());
        let settings = settings::webhooks(&config);
        let webhooks = Webhooks::open(
            engine.clone(),
            feed.clone(),
            directory.clone(),
            series.clone(),
            settings,
        )?;
        // Only compared with the clock; if it cannot be read, its partition says so.
        let written_until = feed.written_until().await.unwrap_or_default();
        let receipt_key = ReceiptKey::open(&*directory, engine.node.now()).await?;
        let lotteries = Arc::new(Lotteries::new(engine.clone()));
        let orders = Arc::new(Orders::new(engine.clone(), lotteries.clone()));
        let tickets = Arc::new(Tickets::new(engine.clone()));
        let ballots = Arc::new(Ballots::new(engine.clone()));
        let acts = StaffActs::new(engine.clone());
        let (seeds, rounds) = (Seeds::open(&*directory).await?, settings::rounds(&config));
        let voidings = Voidings::new(engine.clone(), promotions.clone(), batches.clone());
        let shared = web::Data::new(Shared {
            voidings,
            closing: Closing::new(
                engine.clone(),
                lotteries.clone(),
                orders.clone(),
                tickets.clone(),
                ballots.clone(),
                seeds,
                rounds,
            ),
            holds: Holds::new(engine.clone(), lotteries.clone(), tickets.clone(), orders.clone()),
            lotteries,
            orders,
            tickets,
            ballots,
            receipt_key,
            promotions,
            campaigns,
            first_logins,
            batches,
            coupons,
            imports,
            engine,
            people,
            feed,
            webhooks,
            acts,
            series,
            results: Together::default(),
            store,
            written_until,
            cluster: OnceLock::new(),
            joined: AtomicBool::new(true),
            draining: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            rooms: Rooms::of(&config),
            streams: Streams::of(&config),
            live: LiveFigures::default(),
            board: BulletinBoard::default(),
            blocks: FreshAnswers::default(),
            availability: FreshAnswers::default(),
            config,
            settings: OnceLock::new(),
        });
        Ok(App { shared, admin_password })
    }

    /// Binds, starts the workers and the jobs. `extra` adds routes of a caller's own, with the same
    /// manners.
    pub fn serve(self, extra: fn(&mut web::ServiceConfig)) -> anyhow::Result<Running> {
        let shared = self.shared.clone();
        let tls = Tls::open(&shared.config, shared.engine.node.now())?;
        let (doors, address, http2) = doors(&shared.config, tls.clone())?;
        join_others(&self.shared, address)?;
        let last_call = LastCall::default();
        let app = move |is_first: bool| {
            // Partitions live on the workers' own threads, so that a request often finds its
            // partition without a hop.
            if is_first {
                shared.engine.node.take_seat();
            }
            actix_web::App::new()
                .app_data(shared.clone())
                .service(
                    web::scope("/api/v1")
                        .configure(|config| http::endpoint::mount(config, &api::endpoints()))
                        .configure(extra)
                        .configure(http::edge::nowhere),
                )
                .configure(http::cluster::mount)
                .configure(http::site::mount)
                .configure(http::edge::nowhere)
                .wrap(http::cors::allow(&shared.config.cors_origins))
                .wrap(http::edge::Outermost)
        };
        let workers = http::server::serve(&self.shared.config, doors, last_call.clone(), app)?;
        jobs::start(self.shared.clone());
        let is_secured = tls.is_some();
        if let Some(tls) = tls {
            jobs::certificate::start(tls, self.shared.clone());
        }
        Ok(Running { address, is_secured, http2, shared: self.shared, workers, last_call })
    }
}

/// Binds all that is listened on. The first is `listen`.
fn doors(
    config: &Config,
    tls: Option<Arc<Tls>>,
) -> anyhow::Result<(Vec<ServerDoor>, SocketAddr, Option<SocketAddr>)> {
    let bind = |setting: &str, at: SocketAddr| -> anyhow::Result<_> {
        let sockets = http::listeners::listen(config, at);
        let sockets = sockets.with_context(|| cannot_bind(setting, at))?;
        let address = sockets[0].local_addr().with_context(|| cannot_bind(setting, at))?;
        Ok((sockets, address))
    };
    let (sockets, address) = bind("listen", config.listen)?;
    let spoken = tls.map_or(Spoken::Plain, Spoken::Secured);
    let mut doors = vec![ServerDoor { sockets, spoken }];
    let mut http2 = None;
    if let Some(at) = config.listen_h2 {
        let (sockets, address) = bind("listen_h2", at)?;
        doors.push(ServerDoor { sockets, spoken: Spoken::PlainHttp2 });
        http2 = Some(address);
    }
    Ok((doors, address, http2))
}

/// Whether the addresses are free and the certificate is good.
pub fn can_serve(config: &Config, now: Time) -> anyhow::Result<()> {
    for (setting, at) in [("listen", Some(config.listen)), ("listen_h2", config.listen_h2)] {
        let Some(at) = at else { continue };
        std::net::TcpListener::bind(at).map(drop).with_context(|| cannot_bind(setting, at))?;
    }
    Tls::check(config, now)
}

fn cannot_bind(setting: &str, address: SocketAddr) -> String {
    format!("{setting}: cannot bind {address}")
}

/// Makes this node known to the others, if there can be any.
fn join_others(shared: &Shared, bound: SocketAddr) -> anyhow::Result<()> {
    let Some(register) = shared.store.register() else { return Ok(()) };
    let address = match &shared.config.advertise {
        Some(address) => address.clone(),
        None if bound.ip().is_unspecified() => {
            anyhow::bail!(
                "advertise: the other nodes cannot reach this one at {bound}; say where they \
                 can, as HOST:PORT"
            )
        }
        None => bound.to_string(),
    };
    let key =
        shared.config.cluster_key.as_ref().map_or_else(String::new, |key| key.reveal().to_owned());
    let beat = Duration::from_millis(u64::from(shared.config.heartbeat_ms));
    let engine = shared.engine.clone();
    let let_go = Box::new(move || engine.let_go());
    let settings = cluster::Settings { address, beat, key };
    let cluster = Cluster::join(shared.engine.node.clone(), let_go, register, settings)?;
    let _ = shared.cluster.set(cluster);
    Ok(())
}

/// After an update all snapshots are another version's, and only then; that is worth no warning.
fn warn_of_snapshot(partition: &str, why: &Broken) {
    let fields: &[journal::Field] =
        &[("partition", journal::Value::Text(&partition)), ("because", journal::Value::Text(why))];
    match why {
        Broken::Layout(_) => journal::info("a snapshot is not used; the log is replayed", fields),
        _ => journal::warn("a snapshot is not believed; the log is replayed", fields),
    }
}

impl Running {
    /// Finishes what was accepted, lets every partition write its snapshot, and ends.
    pub async fn stop(self) {
        let deadline =
            Instant::now() + Duration::from_secs(u64::from(self.shared.config.shutdown_s));
        if let Some(cluster) = self.shared.cluster() {
            // Whatever comes from now on is answered by the others, and here until they know it.
            let _ = actix_web::rt::time::timeout(
                deadline.saturating_duration_since(Instant::now()),
                cluster.leave(),
            )
            .await;
        }
        self.shared.draining.store(true, Ordering::Release);
        self.last_call.call();
        let _ = actix_web::rt::time::timeout(
            deadline.saturating_duration_since(Instant::now()),
            self.workers.close_doors(),
        )
        .await;
        // Couriers write down how far they came while their partitions are still awake.
        let _ = actix_web::rt::time::timeout(
            deadline.saturating_duration_since(Instant::now()),
            self.shared.webhooks.stop(),
        )
        .await;
        while Instant::now() < deadline
            && (self.shared.requests.load(Ordering::Acquire) > 0 || !self.shared.engine.rest())
        {
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
        // What was answered is sent to its end; what waits for its body is given up. Who reads
        // slowly keeps nothing from being written behind the snapshots that were just asked for.
        let ending = join(self.last_call.close(), self.shared.store.settled());
        let _ = actix_web::rt::time::timeout(
            deadline.saturating_duration_since(Instant::now()),
            ending,
        )
        .await;
        if let Some(cluster) = self.shared.cluster() {
            let _ = actix_web::rt::time::timeout(GOODBYE, cluster.end()).await;
        }
        drop(self.workers);
        meters::settle();
    }

    /// Waits until it is told to, then stops.
    pub async fn stop_when(self, told: impl Future<Output = ()>) {
        told.await;
        journal::info("stopping: finishing what was accepted", &[]);
        self.stop().await;
    }

    /// Waits for SIGINT or SIGTERM, then stops.
    pub async fn until_told_to_stop(self) -> anyhow::Result<()> {
        let told = told_to_stop()?;
        self.stop_when(told).await;
        Ok(())
    }
}

/// Hears SIGINT and SIGTERM from now on; until then the system obeys them by a kill. Done when one
/// has come.
pub fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
