//! Handshakes that are under way in one worker: each ends in time, and there are so many at most.
//!
//! Whoever says nothing costs a socket, as without TLS: a handshake begins with the first byte.
//! When there are too many, the oldest is given up, so that those who only stall keep nobody out.

use metrics::counter;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// From the connection to the end of its handshake.
const LONGEST: Duration = Duration::from_secs(10);
/// At once, in each worker. An honest one takes some milliseconds.
const MOST: usize = 512;
/// What is encrypted and not sent yet, of one connection.
const UNSENT: usize = 32 * 1024;

pub struct Handshakes {
    most: usize,
    begun: Cell<u64>,
    /// By age. What is dropped here is given up there.
    under_way: RefCell<BTreeMap<u64, oneshot::Sender<()>>>,
}

impl Handshakes {
    pub fn of_a_worker() -> Rc<Handshakes> {
        Handshakes::at_most(MOST)
    }

    fn at_most(most: usize) -> Rc<Handshakes> {
        Rc::new(Handshakes { most, begun: Cell::default(), under_way: RefCell::default() })
    }

    /// None if it came to nothing, which is counted.
    pub async fn shake(
        self: &Rc<Self>,
        acceptor: &TlsAcceptor,
        tcp: TcpStream,
    ) -> Option<TlsStream<TcpStream>> {
        let shaken = async {
            tcp.readable().await.map_err(|_| "broken")?;
            let (_place, given_up) = self.begin();
            let bound = |connection: &mut tokio_rustls::rustls::ServerConnection| {
                connection.set_buffer_limit(Some(UNSENT));
            };
            tokio::select! {
                biased;
                _ = given_up => Err("crowded"),
                shaken = acceptor.accept_with(tcp, bound) => shaken.map_err(|_| "broken"),
            }
        };
        let shaken = tokio::time::timeout(LONGEST, shaken).await.unwrap_or(Err("slow"));
        let count =
            |why| counter!("stampede_tls_handshakes_failed_total", "reason" => why).increment(1);
        shaken.inspect_err(|why| count(*why)).ok()
    }

    /// A place that lasts until it is dropped, and what is done when it is given up.
    fn begin(self: &Rc<Self>) -> (HandshakePlace, oneshot::Receiver<()>) {
        let age = self.begun.replace(self.begun.get() + 1);
        let (keep, given_up) = oneshot::channel();
        let mut under_way = self.under_way.borrow_mut();
        if under_way.len() >= self.most {
            under_way.pop_first();
        }
        under_way.insert(age, keep);
        (HandshakePlace { age, of: self.clone() }, given_up)
    }
}

struct HandshakePlace {
    age: u64,
    of: Rc<Handshakes>,
}

impl Drop for HandshakePlace {
    fn drop(&mut self) {
        self.of.under_way.borrow_mut().remove(&self.age);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_given_up_when_there_are_too_many_and_a_place_is_given_back() {
        let handshakes = Handshakes::at_most(2);
        let (mut one, mut two) = (handshakes.begin(), handshakes.begin());
        let mut three = handshakes.begin();
        use oneshot::error::TryRecvError::{Closed, Empty};
        assert_eq!(one.1.try_recv(), Err(Closed));
        assert_eq!((two.1.try_recv(), three.1.try_recv()), (Err(Empty), Err(Empty)));
        drop(three);
        let mut four = handshakes.begin();
        assert_eq!((two.1.try_recv(), four.1.try_recv()), (Err(Empty), Err(Empty)));
        drop((one, two, four));
        assert!(handshakes.under_way.borrow().is_empty());
    }
}
