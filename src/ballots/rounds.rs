//! Where the rounds of the public beacon come from: a file, a folder, or an address of the web. Whatever comes is verified before anybody sees it.
//!
//! Nothing is asked before the round is due. One asks at a time, on a thread for such work and for a few seconds at most; what was found is remembered, and an
//! address that did not answer is left alone for a moment. Nothing here ever takes another round for the one that was named.

use crate::config::Config;
use crate::draws::QUICKNET;
use crate::http::reply;
use actix_web::web;
use actors::Time;
use actors::domain::lottery::Beacon;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long an address may take to answer, and how long it is left alone when it did not.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer. A real one has some three hundred.
const MOST_READ: u64 = 16 * 1024;

pub struct Rounds {
    source: Arc<Source>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    found: Option<Beacon>,
    /// Until when the address is left alone, and why.
    resting: Option<(Instant, String)>,
}

struct Source {
    file: Option<PathBuf>,
    url: Option<String>,
    agent: ureq::Agent,
}

/// Why a round cannot be drawn with now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    #[error("round {round} of the beacon is due at {}", reply::time(*.at))]
    NotDue { round: u64, at: Time },
    #[error("round {0} of the beacon is needed, and neither beacon_url nor beacon_file says where to find it")]
    NoSource(u64),
    #[error("round {round} of the beacon could not be had: {why}")]
    NotHad { round: u64, why: String },
}

impl Missing {
    /// Whether the draw could have been by now.
    pub fn is_late(&self) -> bool {
        !matches!(self, Missing::NotDue { .. })
    }
}

impl Rounds {
    pub fn of(config: &Config) -> Rounds {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("stampede/", env!("CARGO_PKG_VERSION")))
            .build();
        let source = Source { file: config.beacon_file.clone(), url: config.beacon_url.clone(), agent: agent.into() };
        Rounds { source: Arc::new(source), last: Mutex::default() }
    }

    /// Whether anybody can be asked at all.
    pub fn can_be_asked(&self) -> bool {
        self.source.file.is_some() || self.source.url.is_some()
    }

    /// That round, verified.
    pub async fn beacon(&self, round: u64, now: Time) -> Result<Beacon, Missing> {
        let at = QUICKNET.time_of(round);
        if now < at {
            return Err(Missing::NotDue { round, at });
        }
        if !self.can_be_asked() {
            return Err(Missing::NoSource(round));
        }
        let mut last = self.last.lock().await;
        if let Some(found) = last.found.as_ref().filter(|found| found.round == round) {
            return Ok(found.clone());
        }
        let may_call = last.resting.as_ref().is_none_or(|(until, _)| *until <= Instant::now());
        let source = self.source.clone();
        let found = web::block(move || source.find(round, may_call)).await.unwrap_or_else(|_| Err(Why::Now("the node is stopping".into())));
        let why = match found {
            Ok(beacon) => {
                last.found = Some(beacon.clone());
                return Ok(beacon);
            }
            Err(Why::Resting) => last.resting.as_ref().map_or(String::new(), |(_, why)| why.clone()),
            Err(Why::Now(why)) => why,
            Err(Why::Address(why)) => {
                last.resting = Some((Instant::now() + PATIENCE, why.clone()));
                why
            }
        };
        Err(Missing::NotHad { round, why })
    }
}

enum Why {
    Now(String),
    /// The address did not give it, and is not asked again at once.
    Address(String),
    /// It was not asked.
    Resting,
}

impl Source {
    fn find(&self, round: u64, may_call: bool) -> Result<Beacon, Why> {
        let in_file = self.file.as_deref().map(|file| from_file(file, round));
        match (in_file, &self.url) {
            (Some(Ok(beacon)), _) => Ok(beacon),
            (Some(Err(why)), None) => Err(Why::Now(why)),
            (_, Some(_)) if !may_call => Err(Why::Resting),
            (_, Some(url)) => self.from_address(url, round).map_err(Why::Address),
            (None, None) => Err(Why::Now("nobody can be asked".into())),
        }
    }

    fn from_address(&self, url: &str, round: u64) -> Result<Beacon, String> {
        let address = format!("{url}/{}/public/{round}", QUICKNET.hash);
        let read = self.agent.get(&address).call().and_then(|mut answer| answer.body_mut().with_config().limit(MOST_READ).read_to_vec());
        verified(&read.map_err(|error| format!("{address}: {error}"))?, round).map_err(|why| format!("{address}: {why}"))
    }
}

/// The file itself, or the one of that round in a folder.
fn from_file(path: &Path, round: u64) -> Result<Beacon, String> {
    let path = if path.is_dir() { path.join(format!("{round}.json")) } else { path.to_owned() };
    let read = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    verified(&read, round).map_err(|why| format!("{}: {why}", path.display()))
}

fn verified(json: &[u8], round: u64) -> Result<Beacon, String> {
    let beacon = QUICKNET.read(json).map_err(|wrong| wrong.to_string())?;
    if beacon.round == round { Ok(beacon) } else { Err(format!("this is round {}", beacon.round)) }
}
