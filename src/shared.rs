//! What every handler and every job may reach: a plain struct. `app` makes it, once.

use crate::http::board::BulletinBoard;
use crate::http::connection::Rooms;
use crate::http::fresh::FreshAnswers;
use crate::http::left_of_pool::LeftOfPool;
use crate::http::live::LiveFigures;
use crate::http::problem::Problem;
use crate::http::static_page::StaticPage;
use crate::http::streams::Streams;
use crate::http::together::Together;
use actix_web::web::Bytes;
use actors::domain::coupons::code::Version;
use actors::domain::pool::{Edition, PoolName};
use actors::time::Time;
use actors::timekeeper::Moved;
use base::meters::series::Series;
use cluster::Cluster;
use config::{Config, SettingLine};
use people::People;
use ports::Backend;
use products::Engine;
use products::acts::StaffActs;
use products::ballots::Ballots;
use products::ballots::receipt_key::ReceiptKey;
use products::campaigns::Campaigns;
use products::campaigns::first_logins::FirstLogins;
use products::coupons::batches::Batches;
use products::coupons::{Coupons, keys};
use products::feed::Feed;
use products::holds::Holds;
use products::imports::Imports;
use products::lottery::Lotteries;
use products::lottery::closing::Closing;
use products::orders::Orders;
use products::promotions::Promotions;
use products::tickets::Tickets;
use products::voidings::Voidings;
use products::webhooks::Webhooks;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// What every handler may reach.
pub struct Shared {
    pub config: Config,
    /// Where each setting was said. Known where a command line has started this.
    pub settings: OnceLock<Vec<SettingLine>>,
    pub engine: Arc<Engine>,
    pub lotteries: Arc<Lotteries>,
    pub orders: Arc<Orders>,
    pub tickets: Arc<Tickets>,
    pub holds: Holds,
    pub ballots: Arc<Ballots>,
    pub closing: Closing,
    pub receipt_key: ReceiptKey,
    pub promotions: Arc<Promotions>,
    pub campaigns: Arc<Campaigns>,
    pub first_logins: FirstLogins,
    pub batches: Arc<Batches>,
    pub coupons: Arc<Coupons>,
    pub imports: Arc<Imports>,
    pub voidings: Arc<Voidings>,
    pub people: People,
    pub feed: Arc<Feed>,
    pub webhooks: Arc<Webhooks>,
    pub acts: StaffActs,
    /// Gauges of what comes and goes.
    pub series: Arc<Series>,
    /// What is left of pools, for all who ask within a second.
    pub availability: FreshAnswers<(PoolName, Edition), Result<LeftOfPool, Problem>>,
    /// The same by the first digits of their numbers.
    pub blocks: FreshAnswers<(PoolName, Edition), Result<Arc<StaticPage>, Problem>>,
    /// The results of draws, for all who ask at once.
    pub results: Together<PoolName, Result<Bytes, Problem>>,
    pub store: Arc<dyn Backend>,
    /// When the newest frame was written that the log had at the start.
    pub written_until: Option<Time>,
    pub cluster: OnceLock<Arc<Cluster>>,
    /// False while an administrator keeps this node out of the balancer.
    pub joined: AtomicBool,
    /// True once it is stopping: what was accepted is finished, what comes is sent elsewhere.
    pub draining: AtomicBool,
    pub requests: AtomicUsize,
    /// For what arrives and for what waits to be read.
    pub rooms: Rooms,
    pub streams: Streams,
    /// What goes on here, for all who watch.
    pub live: LiveFigures,
    /// What happens, second by second, for all who watch.
    pub board: BulletinBoard,
}

impl Shared {
    /// For the command line: those who serve go on with the keys that they have opened.
    pub async fn rotate_coupon_keys(&self) -> Result<Version, keys::Error> {
        if let Some(register) = self.store.register() {
            let serving: Vec<String> =
                register.read().await?.into_iter().map(|beat| beat.address).collect();
            if !serving.is_empty() {
                return Err(keys::Error::NodesServe(serving.join(", ")));
            }
        }
        keys::rotate(&*self.store.directory()).await
    }

    /// The other nodes, if there can be any. Known once this node has joined them.
    pub fn cluster(&self) -> Option<&Arc<Cluster>> {
        self.cluster.get()
    }

    /// How far the machine's clock has moved, if it is not believed.
    pub fn clock_moved(&self) -> Option<Moved> {
        self.engine.node.timekeeper()?.look().moved
    }

    /// By how many seconds what the log had at the start was written later than now, if that is
    /// more than a clock may be off.
    pub fn log_ahead_s(&self) -> Option<i64> {
        let ahead_s = (self.written_until?.0 - self.engine.node.now().0) / 1000;
        Some(ahead_s).filter(|ahead_s| *ahead_s > i64::from(self.config.clock_step_s))
    }

    /// Whether the store answers and traffic is welcome.
    pub async fn ready(&self) -> Result<(), String> {
        if self.draining.load(Ordering::Acquire) {
            return Err("the node is stopping".into());
        }
        if !self.joined.load(Ordering::Acquire) {
            return Err("an administrator took the node out of the balancer".into());
        }
        if self.cluster().is_some_and(|cluster| cluster.is_leaving()) {
            return Err("the node gives its work to the others".into());
        }
        if let Some(moved) = self.clock_moved() {
            return Err(format!(
                "the machine's clock has moved by {} s, and is not believed yet",
                moved.seconds()
            ));
        }
        self.store.ready().await.map_err(|error| error.to_string())
    }
}
