//! The way of a request to another node and of its answer back: HTTP/1.1 over connections that are
//! kept.
//!
//! The other end is always our own door, so this speaks no more of HTTP than the door does; a
//! client for all of the web would bring many crates for nothing. What was not sent certainly was
//! not done; what was sent and not answered may have been.

use super::local::LocalNode;
use super::proof::{AGE_MS, ClusterKey, SignedHead};
use actors::engine::neighbours::{Astray, Peer};
use hashbrown::HashMap;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const PATH: &str = "/cluster/ask";
pub const PROOF: &str = "x-stampede-proof";

/// Requests that may be on their way to one peer.
const AT_ONCE: usize = 1024;
const CONNECT: Duration = Duration::from_secs(1);
/// As old as a request may be when it arrives; later its answer is not waited for either.
const PATIENCE: Duration = Duration::from_millis(AGE_MS as u64);
/// Shorter than the other end keeps it open.
const IDLE: Duration = Duration::from_secs(3);
/// How often a request that waits looks whether the peer still lives.
const LOOK: Duration = Duration::from_millis(200);
const LONGEST_HEAD: usize = 8192;
/// The largest thing that nodes say to each other: a chunk of an import, and what became of its
/// rows.
pub const LONGEST: usize = 32 << 20;

/// The ways to all other nodes.
pub struct Wire {
    local: Arc<LocalNode>,
    key: ClusterKey,
    traffic: Traffic,
}

/// How many requests are on their way to each node.
#[derive(Default)]
struct Traffic(Mutex<HashMap<Peer, usize>>);

thread_local! {
    /// Connections that wait for their next request. A connection lives on the thread that made it.
    static KEPT: RefCell<HashMap<SocketAddr, Vec<(Instant, TcpStream)>>> = RefCell::default();
}

struct OnTheWay<'a> {
    traffic: &'a Traffic,
    peer: Peer,
}

impl Wire {
    pub fn new(local: Arc<LocalNode>, key: ClusterKey) -> Wire {
        Wire { local, key, traffic: Traffic::default() }
    }

    pub async fn pass_on(
        &self,
        peer: Peer,
        partition: &str,
        request: &[u8],
    ) -> Result<Vec<u8>, Astray> {
        let Some(_on_the_way) = self.traffic.enter(peer) else { return Err(Astray::TooMany) };
        let Some(address) = self.local.address_of(peer) else { return Err(Astray::NotThere) };
        let body = pack(partition, request);
        let local = &self.local;
        let head = SignedHead::of(&body, local.me, peer, local.now(), local.seed());
        let mut message = format!(
            "POST {PATH} HTTP/1.1\r\nhost: {address}\r\n{PROOF}: {}\r\ncontent-length: {}\r\n\r\n",
            self.key.sign(&head),
            body.len()
        )
        .into_bytes();
        message.extend_from_slice(&body);

        let Some(mut stream) = self.connect(peer, address).await else {
            return Err(Astray::NotThere);
        };
        let answer = {
            let exchange = std::pin::pin!(exchange(&mut stream, &message));
            self.while_it_lives(peer, exchange)
                .await
                .ok_or(Astray::Unknown)?
                .map_err(|_| Astray::Unknown)?
        };
        if answer.status != 200 {
            // It says so before it does anything. It is stopping, or another process has come in
            // its place.
            local.suspect(peer);
            return Err(Astray::NotThere);
        }
        if !self.key.verify_answer(&head, &answer.body, &answer.proof) {
            return Err(Astray::Unknown);
        }
        if answer.stays {
            keep(address, stream);
        }
        Ok(answer.body)
    }

    /// None if no node answers there. Then the peer counts as gone until it beats again.
    async fn connect(&self, peer: Peer, address: SocketAddr) -> Option<TcpStream> {
        if let Some(kept) = take_kept(address) {
            return Some(kept);
        }
        let stream = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await;
        let stream = stream.ok().and_then(|connected| connected.ok());
        match &stream {
            // Every message is one write, so nothing is gained by waiting for more.
            Some(stream) => drop(stream.set_nodelay(true)),
            None => self.local.suspect(peer),
        }
        stream
    }

    /// None if it takes too long, or the peer is found to be dead meanwhile.
    async fn while_it_lives<T>(
        &self,
        peer: Peer,
        mut work: std::pin::Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
                return Some(done);
            }
            if Instant::now() >= until || !self.local.lives(peer) {
                return None;
            }
        }
    }
}

impl Traffic {
    fn enter(&self, peer: Peer) -> Option<OnTheWay<'_>> {
        let mut counts = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let count = counts.entry(peer).or_default();
        (*count < AT_ONCE).then(|| {
            *count += 1;
            OnTheWay { traffic: self, peer }
        })
    }
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        let mut counts = self.traffic.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

/// A request as it travels: whose partition, then what.
pub fn pack(partition: &str, request: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(2 + partition.len() + request.len());
    body.extend_from_slice(&(partition.len() as u16).to_le_bytes());
    body.extend_from_slice(partition.as_bytes());
    body.extend_from_slice(request);
    body
}

pub fn unpack(body: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = body.split_at_checked(2)?;
    let (partition, request) =
        rest.split_at_checked(usize::from(u16::from_le_bytes([length[0], length[1]])))?;
    Some((std::str::from_utf8(partition).ok()?, request))
}

fn take_kept(address: SocketAddr) -> Option<TcpStream> {
    KEPT.with_borrow_mut(|all| {
        let connections = all.get_mut(&address)?;
        while let Some((since, stream)) = connections.pop() {
            // Where there is something to read, the other end has hung up.
            let is_quiet = matches!(stream.try_read(&mut [0]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
            if since.elapsed() < IDLE && is_quiet {
                return Some(stream);
            }
        }
        None
    })
}

fn keep(address: SocketAddr, stream: TcpStream) {
    KEPT.with_borrow_mut(|all| {
        all.retain(|_, connections| {
            connections.last().is_some_and(|(since, _)| since.elapsed() < IDLE)
        });
        all.entry(address).or_default().push((Instant::now(), stream));
    });
}

struct Answer {
    status: u16,
    proof: String,
    /// Whether the connection does.
    stays: bool,
    body: Vec<u8>,
}

async fn exchange(stream: &mut TcpStream, message: &[u8]) -> std::io::Result<Answer> {
    let broken = |what: &'static str| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
    stream.write_all(message).await?;
    let mut bytes = Vec::with_capacity(1024);
    let (mut answer, begins, length) = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(broken("it ended in the middle"));
        }
        if let Some(read) = read_head(&bytes).ok_or(broken("that is no answer"))? {
            break read;
        }
        if bytes.len() > LONGEST_HEAD {
            return Err(broken("the head of the answer has no end"));
        }
    };
    if length > LONGEST {
        return Err(broken("the answer is too long"));
    }
    let mut body = bytes.split_off(begins);
    if body.len() > length {
        return Err(broken("the answer is longer than it says"));
    }
    let there = body.len();
    body.resize(length, 0);
    stream.read_exact(&mut body[there..]).await?;
    answer.body = body;
    Ok(answer)
}

/// What is in the head of an answer, where its body begins and how long it is. The inner None: the
/// head is not whole yet.
fn read_head(bytes: &[u8]) -> Option<Option<(Answer, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(begins) = response.parse(bytes).ok()? else { return Some(None) };
    let header = |name: &str| {
        let found =
            response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let length = header("content-length")?.parse().ok()?;
    let stays =
        !header("connection").is_some_and(|connection| connection.eq_ignore_ascii_case("close"));
    let answer = Answer {
        status: response.code?,
        proof: header(PROOF).unwrap_or_default().to_owned(),
        stays,
        body: Vec::new(),
    };
    Some(Some((answer, begins, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        assert_eq!(unpack(&pack("tickets/1", b"what")), Some(("tickets/1", b"what".as_slice())));
        for broken in [&b""[..], &[1], &[9, 0, b'a'], &[1, 0, 0xff]] {
            assert_eq!(unpack(broken), None);
        }
    }

    #[test]
    fn whatever_another_end_says_is_read_or_not() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Stampede-Proof: ab\r\n\r\nbody";
        let seeds = [whole.to_vec(), pack("tickets/2026-12-31/3*****", b"what")];
        testing::fuzz::fuzz("answers between nodes", 50_000, &seeds, |bytes| {
            if let Some(Some((_, begins, _))) = read_head(bytes) {
                assert!(begins <= bytes.len());
            }
            if let Some((partition, request)) = unpack(bytes) {
                assert_eq!(pack(partition, request), bytes);
            }
        });
    }

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Stampede-Proof: ab\r\n\r\nbody";
        for cut in 0..whole.len() - 4 {
            assert!(read_head(&whole[..cut]).is_some_and(|head| head.is_none()), "{cut}");
        }
        let (answer, begins, length) = read_head(whole).unwrap().unwrap();
        assert_eq!(
            (answer.status, answer.proof.as_str(), answer.stays, &whole[begins..], length),
            (200, "ab", true, &b"body"[..], 4)
        );
        assert!(read_head(b"nonsense\r\n\r\n").is_none());
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_none(), "it must say how long it is");
    }

    #[test]
    fn only_so_many_are_on_their_way_to_a_peer() {
        let traffic = Traffic::default();
        let all: Vec<_> = (0..AT_ONCE).map(|_| traffic.enter(1).unwrap()).collect();
        assert!(traffic.enter(1).is_none() && traffic.enter(2).is_some());
        drop(all);
        assert!(traffic.enter(1).is_some());
    }
}
