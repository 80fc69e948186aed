//! Who takes the connections that come in at one socket, and to whom each of them goes.
//!
//! A porter serves a connection on their own thread. If their worker has clearly more than the next
//! one, the newcomer is passed on. When the doors close, those who wait in front of them are let
//! in; the system would cut them off.

use super::listeners::BACKLOG;
use actix_web::rt::net::{TcpListener, TcpStream};
use actix_web::rt::time;
use base::journal;
use metrics::counter;
use std::cell::Cell;
use std::io;
use std::net;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// For each worker.
const CONNECTIONS: usize = 50_000;
/// After a connection could not be taken, because there was no descriptor for it.
const PAUSE: Duration = Duration::from_millis(500);

/// What a worker does with a connection, which has that place.
pub type Serve = Rc<dyn Fn(TcpStream, OwnedSemaphorePermit)>;

/// What others know of a worker.
pub struct Colleague {
    pub places: Arc<Semaphore>,
    post: UnboundedSender<PassedOn>,
}

/// A connection that another worker took. It has its place already.
pub struct PassedOn {
    pub door: usize,
    pub stream: net::TcpStream,
    pub place: OwnedSemaphorePermit,
}

impl Colleague {
    pub fn new() -> (Colleague, UnboundedReceiver<PassedOn>) {
        let (post, received) = unbounded_channel();
        (Colleague { places: Arc::new(Semaphore::new(CONNECTIONS)), post }, received)
    }

    fn connections(&self) -> usize {
        CONNECTIONS - self.places.available_permits()
    }

    fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }
}

/// Takes the connections that come in at one socket.
pub struct Porter {
    pub own: usize,
    pub door: usize,
    pub colleagues: Arc<[Colleague]>,
    pub serve: Serve,
    /// The last of the others whose number of connections was looked at.
    pub asked: Cell<usize>,
}

impl Porter {
    pub async fn stand_at(self, socket: TcpListener, mut told: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            _ = told.wait_for(|is_closing| *is_closing) => {}
            () = self.take_all(&socket) => {}
        }
        if let Ok(socket) = socket.into_std() {
            self.take_those_who_wait(&socket);
        }
    }

    async fn take_all(&self, socket: &TcpListener) {
        while let Ok(place) = self.colleagues[self.own].places.clone().acquire_owned().await {
            match socket.accept().await {
                Ok((stream, _)) => self.take(stream, place),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    counter!("stampede_accept_failures_total").increment(1);
                    let because = [("error", journal::Value::Text(&error))];
                    journal::error("connections cannot be accepted", &because);
                    time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let Some((other, their_place)) = self.somebody_with_fewer() else {
            return (self.serve)(stream, place);
        };
        if let Ok(stream) = stream.into_std() {
            let _ = other.post.send(PassedOn { door: self.door, stream, place: their_place });
        }
    }

    /// Looks at one of the others, each in its turn, so that it costs the same however many there
    /// are.
    fn somebody_with_fewer(&self) -> Option<(&Colleague, OwnedSemaphorePermit)> {
        let all = self.colleagues.len();
        let mut asked = (self.asked.get() + 1) % all;
        if asked == self.own {
            asked = (asked + 1) % all;
        }
        self.asked.set(asked);
        let (own, other) = (self.colleagues[self.own].connections(), &self.colleagues[asked]);
        let is_worth_it = own > other.connections() + 1 + own / 8;
        if is_worth_it { Some((other, other.place()?)) } else { None }
    }

    /// No more than can have waited.
    fn take_those_who_wait(&self, socket: &net::TcpListener) {
        for _ in 0..=BACKLOG {
            let Ok((stream, _)) = socket.accept() else { return };
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let (Ok(stream), Some(place)) = (stream, self.colleagues[self.own].place()) {
                (self.serve)(stream, place);
            }
        }
    }
}

/// The next one may be taken at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use actix_web::rt::{System, spawn};
    use std::io::{BufRead, BufReader};
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    pub fn socket() -> net::TcpListener {
        let socket = net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    /// Says which thread it is, and waits until its caller hangs up.
    pub async fn say_which_thread(mut stream: TcpStream) -> Result<(), ()> {
        let thread = format!("{:?}\n", std::thread::current().id());
        let _ = stream.write_all(thread.as_bytes()).await;
        let _ = stream.read(&mut [0]).await;
        Ok(())
    }

    pub fn connect(address: SocketAddr, count: usize) -> Vec<net::TcpStream> {
        (0..count).map(|_| net::TcpStream::connect(address).unwrap()).collect()
    }

    pub fn thread_of(stream: &net::TcpStream) -> String {
        let mut said = String::new();
        BufReader::new(stream).read_line(&mut said).unwrap();
        said
    }

    fn porter(own: usize, connections: [usize; 2]) -> Porter {
        let colleague = |count| {
            let colleague = Colleague::new().0;
            colleague.places.forget_permits(count);
            colleague
        };
        let serve: Serve = Rc::new(|stream, place| {
            spawn(async move { (say_which_thread(stream).await, place) });
        });
        let colleagues = connections.map(colleague).into();
        Porter { own, door: 0, colleagues, serve, asked: Cell::new(own) }
    }

    #[test]
    fn a_connection_is_passed_on_to_a_worker_who_has_clearly_fewer() {
        let passes = |own, other| porter(0, [own, other]).somebody_with_fewer().is_some();
        assert!(passes(2, 0) && !passes(1, 0) && !passes(2, 1));
        assert!(passes(82, 70) && !passes(80, 70) && !passes(70, 80));
        assert!(!passes(2, CONNECTIONS), "it has no place");
    }

    #[test]
    fn whoever_waits_when_the_doors_close_is_served_and_nobody_after_them() {
        System::new().block_on(async {
            let socket = socket();
            let address = socket.local_addr().unwrap();
            let all = connect(address, 20);
            let (closing, told) = watch::channel(true);
            let socket = TcpListener::from_std(socket).unwrap();
            porter(0, [0, 0]).stand_at(socket, told).await;
            closing.closed().await;
            assert!(net::TcpStream::connect(address).is_err());
            let served = actix_web::rt::task::spawn_blocking(move || {
                all.iter().filter(|stream| !thread_of(stream).is_empty()).count()
            });
            assert_eq!(served.await.unwrap(), 20);
        });
    }
}
