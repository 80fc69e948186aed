//! Where the rounds of the public beacon come from: a file, a folder, or an address of the web.
//! Whatever comes is verified before anybody sees it.
//!
//! Nothing is asked before the round is due. One asks at a time, on a thread for such work and for
//! a few seconds at most; what was found is remembered, and an address that did not answer is left
//! alone for a moment. Nothing here ever takes another round for the one that was named.

use actix_rt::task::spawn_blocking;
use actors::Time;
use actors::domain::lottery::Beacon;
use base::calendar::wire_time;
use draws::QUICKNET;
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
    #[error("round {round} of the beacon is due at {}", wire_time(*.at))]
    NotDue { round: u64, at: Time },
    #[error(
        "round {0} of the beacon is needed, and neither beacon_url nor beacon_file says where to \
         find it"
    )]
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
    /// From that file, else from that address, as far as there are any.
    pub fn from(file: Option<PathBuf>, url: Option<String>) -> Rounds {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("stampede/", env!("CARGO_PKG_VERSION")))
            .build();
        let source = Source { file, url, agent: agent.into() };
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
        let found = spawn_blocking(move || source.find(round, may_call))
            .await
            .unwrap_or_else(|_| Err(Why::Now("the node is stopping".into())));
        let why = match found {
            Ok(beacon) => {
                last.found = Some(beacon.clone());
                return Ok(beacon);
            }
            Err(Why::Resting) => {
                last.resting.as_ref().map_or(String::new(), |(_, why)| why.clone())
            }
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
            (_, Some(url)) => self.ask(url, round).map_err(Why::Address),
            (None, None) => Err(Why::Now("nobody can be asked".into())),
        }
    }

    fn ask(&self, url: &str, round: u64) -> Result<Beacon, String> {
        let address = format!("{url}/{}/public/{round}", QUICKNET.hash);
        let read =
            self.agent.get(&address).call().and_then(|mut answer| {
                answer.body_mut().with_config().limit(MOST_READ).read_to_vec()
            });
        verified(&read.map_err(|error| format!("{address}: {error}"))?, round)
            .map_err(|why| format!("{address}: {why}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, sync_channel};

    /// As the network itself announced it.
    const SIGNED: &str = "b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482e26cd02df\
        835d3546d23c4b13e0dfc92";
    const LATER: Time = Time(1_700_000_000_000);

    /// Rounds from an address that gives these answers, one for each call, and the paths that it
    /// was called with.
    fn at_an_address(answers: Vec<String>) -> (Rounds, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (called, calls) = sync_channel(answers.len());
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines =
                    BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
                called.send(lines.next().unwrap()).unwrap();
                lines.find(|line| line.is_empty()).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        (Rounds::from(None, Some(address)), calls)
    }

    fn found(body: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn announced(round: u64) -> String {
        found(&format!(r#"{{"round":{round},"signature":"{SIGNED}"}}"#))
    }

    #[actix_rt::test]
    async fn an_address_is_asked_for_the_very_round_and_what_was_found_is_remembered() {
        let (rounds, calls) = at_an_address(vec![announced(123)]);
        for _ in 0..3 {
            assert_eq!(rounds.beacon(123, LATER).await.unwrap().round, 123);
        }
        assert_eq!(calls.recv().unwrap(), format!("GET /{}/public/123 HTTP/1.1", QUICKNET.hash));
        assert!(calls.recv().is_err(), "once");
    }

    #[actix_rt::test]
    async fn an_address_that_has_not_the_round_is_left_alone_for_a_moment() {
        let not_found =
            "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned();
        for (answer, says) in [
            (not_found, "404"),
            (found("<html>"), "no round"),
            (announced(124), "signature"),
            (found(&"x".repeat(20_000)), ""),
        ] {
            let (rounds, calls) = at_an_address(vec![answer]);
            let first = rounds.beacon(123, LATER).await.unwrap_err();
            assert!(first.is_late() && first.to_string().contains(says), "{first}");
            assert_eq!(rounds.beacon(123, LATER).await.unwrap_err(), first);
            assert_eq!(calls.iter().count(), 1, "{says}");
        }
    }

    #[actix_rt::test]
    async fn nobody_is_asked_before_the_round_is_due_and_nobody_at_all_where_nothing_is_set() {
        let (rounds, _calls) = at_an_address(vec![announced(123)]);
        let due = QUICKNET.time_of(123);
        let early = rounds.beacon(123, Time(due.0 - 1)).await.unwrap_err();
        assert_eq!((early.is_late(), early), (false, Missing::NotDue { round: 123, at: due }));
        assert!(rounds.beacon(123, due).await.is_ok());
        let nowhere = Rounds::from(None, None);
        assert_eq!(nowhere.beacon(123, LATER).await, Err(Missing::NoSource(123)));
    }
}
