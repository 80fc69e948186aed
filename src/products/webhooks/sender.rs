//! Sends events over HTTP, on a few threads of its own, so that a receiver that stalls keeps nobody
//! waiting but its own webhook.
//!
//! A success is a 2xx; everything else, redirects included, is none. The answer's body is not read
//! beyond what lets the connection be used again. No proxy is asked: it would resolve names for
//! itself, behind the guard's back.

use crate::webhooks::addresses::{Guard, NotPublic};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::net::{IpAddr, ToSocketAddrs};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

const THREADS: usize = 16;
/// More than there can be webhooks, each of which sends one event at a time.
const WAITING: usize = 256;
/// Of an answer's body; a longer one costs its connection.
const MOST_READ: u64 = 16 * 1024;
const RESOLVE_S: u64 = 5;

pub struct Parcel {
    pub url: String,
    pub id: String,
    pub timestamp_s: i64,
    pub signature: String,
    pub body: String,
}

/// What came of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub result: Result<u16, String>,
    pub took: Duration,
}

impl Sent {
    pub fn is_delivered(&self) -> bool {
        matches!(self.result, Ok(200..=299))
    }

    /// The receiver wants nothing more, ever.
    pub fn is_gone(&self) -> bool {
        self.result == Ok(410)
    }
}

enum Job {
    Send(Parcel, oneshot::Sender<Sent>),
    Resolve(String, u16, oneshot::Sender<Vec<IpAddr>>),
}

pub struct Senders(Sender<Job>);

impl Senders {
    /// The threads end when this is dropped, each after what it is just doing.
    pub fn start(private_addresses: bool, timeout_s: u32) -> std::io::Result<Senders> {
        let (jobs, to_do) = bounded(WAITING);
        let agent = agent(private_addresses, timeout_s);
        for _ in 0..THREADS {
            let (to_do, agent) = (to_do.clone(), agent.clone());
            std::thread::Builder::new()
                .name("webhook-sender".into())
                .spawn(move || run(&to_do, &agent))?;
        }
        Ok(Senders(jobs))
    }

    /// None if it could not even be tried.
    pub async fn send(&self, parcel: Parcel) -> Option<Sent> {
        let (to, sent) = oneshot::channel();
        self.0.try_send(Job::Send(parcel, to)).ok()?;
        sent.await.ok()
    }

    /// The addresses a name has at this moment; none if it has none or nobody says so in time.
    pub async fn resolve(&self, host: String, port: u16) -> Vec<IpAddr> {
        let (to, found) = oneshot::channel();
        if self.0.try_send(Job::Resolve(host, port, to)).is_err() {
            return Vec::new();
        }
        let found = tokio::time::timeout(Duration::from_secs(RESOLVE_S), found).await;
        found.ok().and_then(Result::ok).unwrap_or_default()
    }
}

fn agent(private_addresses: bool, timeout_s: u32) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(u64::from(timeout_s))))
        .user_agent(concat!("stampede/", env!("CARGO_PKG_VERSION")))
        .build();
    ureq::Agent::with_parts(
        config,
        DefaultConnector::default(),
        Guard { names: DefaultResolver::default(), private_addresses },
    )
}

fn run(jobs: &Receiver<Job>, agent: &ureq::Agent) {
    for job in jobs {
        // Whoever asked may be gone.
        match job {
            Job::Send(parcel, to) => drop(to.send(send(agent, parcel))),
            Job::Resolve(host, port, to) => {
                let found = (host.as_str(), port).to_socket_addrs();
                let _ = to.send(
                    found.map_or(Vec::new(), |found| found.map(|address| address.ip()).collect()),
                );
            }
        }
    }
}

fn send(agent: &ureq::Agent, parcel: Parcel) -> Sent {
    let began = Instant::now();
    let request = agent
        .post(&parcel.url)
        .header("content-type", "application/json")
        .header("webhook-id", &parcel.id)
        .header("webhook-timestamp", parcel.timestamp_s.to_string())
        .header("webhook-signature", &parcel.signature);
    let result = request.send(parcel.body).map_err(why).map(|mut response| {
        // Only so that the connection can be used again. What it says, and whether it ends well, is
        // the receiver's own affair.
        let _ = response.body_mut().with_config().limit(MOST_READ).read_to_vec();
        response.status().as_u16()
    });
    Sent { result, took: began.elapsed() }
}

fn why(error: ureq::Error) -> String {
    match error {
        ureq::Error::Other(other) if other.is::<NotPublic>() => other.to_string(),
        error => error.to_string(),
    }
}
