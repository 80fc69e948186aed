//! What holds for a connection as long as it lives.
//!
//! It is cut when its caller takes nothing of what waits for them. An address has so many at once.
//! Nothing that stands behind a request with `Connection: close` is carried out. A body that was
//! not read to its end is kept until the connection ends, because only then does the framework end
//! it.

use super::read_ahead::{ReadAhead, UnderWay};
use super::room::Room;
use super::stream_in_parts::StreamInParts;
use actix_http::BoxedPayloadStream as PayloadStream;
use actix_web::dev::{Extensions, Payload, RequestHead, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::ConnectionType;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest};
use base::Network;
use config::Config;
use futures_util::{StreamExt, stream};
use hashbrown::HashMap;
use metrics::counter;
use socket2::SockRef;
use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv6Addr, Shutdown, SocketAddr};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
#[cfg(target_os = "linux")]
use std::time::Duration;

/// Where connections come in.
pub struct Entrance {
    most: usize,
    proxies: Vec<Network>,
    inside: Mutex<HashMap<IpAddr, usize>>,
}

/// What handlers find in a connection.
pub struct Connection {
    is_over: Cell<bool>,
    unread: RefCell<Option<Rc<RefCell<Payload>>>>,
    ahead: Rc<ReadAhead>,
    is_secured: bool,
}

/// What handlers find in a request that came by TLS and has no such connection.
pub struct Secured;

/// Whether it came by TLS that ended here.
pub fn is_secured(request: &HttpRequest) -> bool {
    match request.conn_data::<Connection>() {
        Some(connection) => connection.is_secured,
        None => request.extensions().contains::<Secured>(),
    }
}

impl Entrance {
    pub fn of(config: &Config) -> Arc<Entrance> {
        Arc::new(Entrance {
            most: config.connections_per_address,
            proxies: config.trusted_proxies.clone(),
            inside: Mutex::default(),
        })
    }

    /// Called for each connection as soon as it is there. It is over if its address has too many.
    pub fn admit(
        self: &Arc<Self>,
        tcp: &TcpStream,
        peer: Option<SocketAddr>,
    ) -> Result<Option<Place>, Full> {
        // One without an address is gone already.
        let Some(peer) = peer else { return Ok(None) };
        self.enter(peer.ip()).inspect_err(|_| {
            counter!("stampede_connections_refused_total").increment(1);
            let _ = SockRef::from(tcp).shutdown(Shutdown::Both);
        })
    }

    /// Called by the framework for each connection of HTTP/1 before its first request.
    pub fn greet(stream: &StreamInParts, data: &mut Extensions) {
        data.insert(Connection {
            is_over: Cell::new(false),
            unread: RefCell::default(),
            ahead: stream.ahead().clone(),
            is_secured: stream.is_secured(),
        });
    }

    fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Option<Place>, Full> {
        if self.most == 0 || self.proxies.iter().any(|proxy| proxy.contains(address)) {
            return Ok(None);
        }
        let network = network_of(address);
        let mut inside = self.inside();
        let count = inside.entry(network).or_default();
        if *count >= self.most {
            return Err(Full);
        }
        *count += 1;
        Ok(Some(Place { entrance: self.clone(), network }))
    }

    fn inside(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.inside.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Its address has as many connections as it may have.
pub struct Full;

/// One of the connections of an address.
pub struct Place {
    entrance: Arc<Entrance>,
    network: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.entrance.inside();
        if let Some(count) = inside.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&self.network);
            }
        }
    }
}

/// What comes in at that socket is cut when its caller takes nothing for so long. A system that
/// knows no such limits serves without them.
#[cfg(target_os = "linux")]
pub fn bound(socket: &SockRef<'_>, unread_timeout_s: u32) {
    /// Of an answer, what the system keeps before it can be sent: its memory, for each connection.
    const UNSENT: u32 = 128 * 1024;
    let unread_timeout = Duration::from_secs(unread_timeout_s.into());
    let _ = socket.set_tcp_user_timeout(Some(unread_timeout));
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
    // Answers are written one by one, and none waits until the one before it has arrived.
    let _ = socket.set_tcp_nodelay(true);
}

#[cfg(not(target_os = "linux"))]
pub fn bound(_: &SockRef<'_>, _: u32) {}

/// Who has one address of IPv6 has the whole /64 it lies in.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

/// Whether this is the last request of its connection.
pub fn is_last(head: &RequestHead) -> bool {
    head.connection_type() == ConnectionType::Close
}

impl Connection {
    /// Notes that nothing may come any more. False if that was noted before: then this came.
    pub fn takes(&self, is_last: bool) -> bool {
        !self.is_over.replace(self.is_over.get() || is_last)
    }

    /// Notes a request that is under way until the answer is sent.
    pub fn begin(&self) -> UnderWay {
        self.ahead.begin()
    }

    fn keep(&self, unread: Rc<RefCell<Payload>>) {
        *self.unread.borrow_mut() = Some(unread);
    }
}

/// Lets the connection know when somebody waits for more of this body. One of unknown length is
/// kept until the next one, or the connection's end: dropped unread, the framework would wait for
/// its end without a limit.
pub fn watch_body(request: &mut ServiceRequest) {
    let Some(connection) = request.conn_data::<Connection>() else { return };
    let ahead = connection.ahead.clone();
    let length = request.headers().get(CONTENT_LENGTH);
    ahead.expect_body(length.and_then(|length| length.to_str().ok()?.trim().parse().ok()));
    let mut body = request.take_payload();
    let payload: PayloadStream = if request.chunked().unwrap_or(false) {
        let body = Rc::new(RefCell::new(body));
        if let Some(connection) = request.conn_data::<Connection>() {
            connection.keep(body.clone());
        }
        Box::pin(stream::poll_fn(move |context| read(&mut body.borrow_mut(), &ahead, context)))
    } else {
        Box::pin(stream::poll_fn(move |context| read(&mut body, &ahead, context)))
    };
    request.set_payload(Payload::Stream { payload });
}

fn read(
    body: &mut Payload,
    ahead: &ReadAhead,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, PayloadError>>> {
    let piece = body.poll_next_unpin(context);
    ahead.wants_body(piece.is_pending());
    piece
}

/// Rooms for what is not whole yet, for what is not read yet, and for what was sent together.
pub struct Rooms {
    pub bodies: Room,
    pub answers: Room,
    /// Lines of sheets that are under way.
    pub lines: Room,
}

impl Rooms {
    pub fn of(config: &Config) -> Rooms {
        Rooms {
            bodies: Room::of(config.unfinished_bodies),
            answers: Room::of(config.unread_answers),
            lines: Room::of(config.sheet_lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entrance(most: usize) -> Arc<Entrance> {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Entrance::of(&Config {
            connections_per_address: most,
            trusted_proxies,
            ..Config::default()
        })
    }

    fn enters(entrance: &Arc<Entrance>, address: &str) -> Option<Option<Place>> {
        entrance.enter(address.parse().unwrap()).ok()
    }

    #[test]
    fn an_address_has_so_many_connections_and_another_as_many() {
        let entrance = entrance(2);
        let first =
            (enters(&entrance, "192.0.2.1").unwrap(), enters(&entrance, "192.0.2.1").unwrap());
        assert!(
            enters(&entrance, "192.0.2.1").is_none() && enters(&entrance, "192.0.2.2").is_some()
        );
        drop(first);
        assert!(entrance.inside().is_empty() && enters(&entrance, "192.0.2.1").is_some());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_a_proxy_is_not_counted() {
        let entrance = entrance(1);
        let _one = enters(&entrance, "2001:db8::1").unwrap();
        assert!(enters(&entrance, "2001:db8::ffff:1").is_none());
        assert!(enters(&entrance, "2001:db8:0:1::1").is_some());
        assert!((0..5).all(|_| enters(&entrance, "10.1.1.1").unwrap().is_none()));
    }

    #[test]
    fn nothing_is_taken_behind_the_last_request() {
        let connection = Connection {
            is_over: Cell::new(false),
            unread: RefCell::default(),
            ahead: Rc::default(),
            is_secured: false,
        };
        assert!(
            connection.takes(false)
                && connection.takes(true)
                && !connection.takes(false)
                && !connection.takes(true)
        );
    }
}
