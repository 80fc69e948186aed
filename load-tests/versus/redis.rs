//! The same promises in Redis 7, behind the same front: same server, same middleware, same token,
//! one more route.
//!
//! A Lua script checks, counts and writes down in one step, and every command is flushed before it
//! is answered (`appendfsync always`, in `redis.conf`), so that it is as durable as here. All
//! workers share one multiplexed connection each, so Redis sees their commands as pipelines and
//! flushes once for many.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, web};
use harness::load::server::route;
use redis::aio::MultiplexedConnection;
use redis::{Client, Script};
use serde_json::json;
use stampede::http::api::campaigns::bodies::ClaimVoucher;
use stampede::http::api::tickets::bodies::CreateHold;
use stampede::http::body::Body;
use stampede::http::caller::AsMember;
use stampede::http::problem::{self, Problem};
use stampede::http::reply;
use stampede::shared::Shared;
use std::cell::OnceCell;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, OnceLock};

/// Once per member, while some are left: rank and a line in the log of claims.
const CLAIM: &str = "
local known = redis.call('HGET', KEYS[1] .. ':ranks', ARGV[1])
if known then return tonumber(known) end
local left = tonumber(redis.call('GET', KEYS[1] .. ':left') or '0')
if left <= 0 then return 0 end
redis.call('DECR', KEYS[1] .. ':left')
local rank = redis.call('INCR', KEYS[1] .. ':last')
redis.call('HSET', KEYS[1] .. ':ranks', ARGV[1], rank)
redis.call('XADD', KEYS[1] .. ':log', '*', 'm', ARGV[1], 'r', rank)
return rank";

/// A random free ticket for five minutes.
const HOLD: &str = "
local ticket = redis.call('SPOP', KEYS[1] .. ':free')
if not ticket then return false end
redis.call('HSET', KEYS[1] .. ':held', ticket, ARGV[1])
redis.call('ZADD', KEYS[1] .. ':until', ARGV[2], ticket)
return ticket";

/// Tickets there are, in batches that one command adds.
const TICKETS: u32 = 1_000_000;
const ADDED_AT_ONCE: u32 = 10_000;

/// A server of its own, in a folder of its own, which are gone when this is.
pub struct Redis {
    child: Child,
    _said: BufReader<ChildStdout>,
    folder: PathBuf,
    pub url: String,
}

impl Redis {
    /// None if it is not installed.
    pub fn start() -> Option<Redis> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port().to_string();
        let folder =
            std::env::temp_dir().join(format!("stampede-versus-redis-{}", std::process::id()));
        std::fs::create_dir_all(&folder).ok()?;
        let mut command = Command::new("redis-server");
        let settings = folder.join("redis.conf");
        std::fs::write(&settings, include_str!("redis.conf")).ok()?;
        command.arg(settings).args(["--port", &port, "--dir"]).arg(&folder).stdout(Stdio::piped());
        let mut child = command.spawn().ok()?;
        let mut said = BufReader::new(child.stdout.take()?);
        let mut line = String::new();
        while !line.contains("Ready to accept connections") {
            line.clear();
            said.read_line(&mut line).ok().filter(|read| *read > 0)?;
        }
        let redis = Redis { child, _said: said, folder, url: format!("redis://127.0.0.1:{port}/") };
        redis.fill();
        Some(redis)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn new_campaign(&self, name: &str, quota: usize) {
        let _: () = redis::cmd("SET")
            .arg(format!("{name}:left"))
            .arg(quota)
            .query(&mut self.connect())
            .expect("it takes a key");
    }

    fn connect(&self) -> redis::Connection {
        let client = Client::open(self.url.as_str()).expect("it is an address");
        client.get_connection().expect("it listens")
    }

    fn fill(&self) {
        let mut connection = self.connect();
        for from in (0..TICKETS).step_by(ADDED_AT_ONCE as usize) {
            let tickets: Vec<u32> = (from..from + ADDED_AT_ONCE).collect();
            let _: () = redis::cmd("SADD")
                .arg("lottery:free")
                .arg(tickets)
                .query(&mut connection)
                .expect("it takes tickets");
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The routes that the server has beside its own, if it is told where Redis is.
pub fn routes(routes: &mut ServiceConfig) {
    route(routes, "/redis/claims/{campaign}", claim);
    route(routes, "/redis/holds", hold);
}

/// Where Redis listens, told to the server before it serves.
pub static URL: OnceLock<String> = OnceLock::new();

thread_local! {
    static CONNECTION: OnceCell<MultiplexedConnection> = const { OnceCell::new() };
}

async fn connection() -> Result<MultiplexedConnection, Problem> {
    if let Some(connection) = CONNECTION.with(|own| own.get().cloned()) {
        return Ok(connection);
    }
    let url = URL.get().ok_or_else(|| Problem::plain(&problem::INTERNAL))?;
    let client = Client::open(url.as_str()).map_err(failed)?;
    let made = client.get_multiplexed_async_connection().await.map_err(failed)?;
    Ok(CONNECTION.with(|own| own.get_or_init(|| made).clone()))
}

fn failed(error: redis::RedisError) -> Problem {
    Problem::new(&problem::INTERNAL, error.to_string())
}

async fn claim(
    campaign: web::Path<String>,
    AsMember(caller): AsMember,
    Body(_): Body<ClaimVoucher>,
) -> Result<HttpResponse, Problem> {
    let mut script = CLAIM_SCRIPT.prepare_invoke();
    let script = script.key(campaign.as_str()).arg(caller.id.to_string());
    match script.invoke_async(&mut connection().await?).await.map_err(failed)? {
        0i64 => Err(Problem::plain(&problem::SOLD_OUT)),
        rank => Ok(reply::created(
            &json!({"campaign": campaign.as_str(), "rank": rank, "member": caller.id.to_string()}),
        )),
    }
}

async fn hold(
    shared: web::Data<Shared>,
    AsMember(caller): AsMember,
    Body(_): Body<CreateHold>,
) -> Result<HttpResponse, Problem> {
    let until = shared.lotteries.now().plus_s(300).0;
    let mut script = HOLD_SCRIPT.prepare_invoke();
    let script = script.key("lottery").arg(caller.id.to_string()).arg(until);
    match script.invoke_async::<Option<String>>(&mut connection().await?).await.map_err(failed)? {
        Some(ticket) => Ok(reply::created(
            &json!({"ticket": ticket, "member": caller.id.to_string(), "expires_at": until}),
        )),
        None => Err(Problem::plain(&problem::NO_MATCH_LEFT)),
    }
}

static CLAIM_SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(CLAIM));
static HOLD_SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(HOLD));
