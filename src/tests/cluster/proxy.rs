//! A proxy before the database that loses and delays what carries a mark, and lets everything else
//! pass.
//!
//! What becomes of the n-th marked one is decided beforehand, so that a run can be repeated.

use crate::frame::Frame;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What the values of a statement must contain to be marked.
pub const MARK: &str = "<<marked>>";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pass,
    /// It is executed, and the connection breaks before its answer.
    LoseAnswer,
    /// The connection breaks before it is executed.
    LoseRequest,
    /// The connection breaks, and it is executed when two more marked ones have come: after its own
    /// repeat.
    Delay,
}

pub struct Proxy {
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    database: String,
    fate: fn(usize) -> Fate,
    marked: AtomicUsize,
    met: [AtomicUsize; 4],
    delayed: Mutex<Vec<(usize, TcpStream, Frame)>>,
    /// Connections over which something late was delivered; closed before the server has read it,
    /// it would not be executed.
    kept: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub fn start(database: &str, fate: fn(usize) -> Fate) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            database: database.into(),
            fate,
            marked: AtomicUsize::new(0),
            met: Default::default(),
            delayed: Mutex::default(),
            kept: Mutex::default(),
        });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                accepting.clone().connect(client);
            }
        });
        Proxy { address, shared }
    }

    pub fn met(&self, fate: Fate) -> usize {
        self.shared.met[fate as usize].load(Ordering::SeqCst)
    }

    /// Delivers what is still delayed.
    pub fn deliver_all(&self) {
        self.shared.deliver(usize::MAX);
    }
}

impl Shared {
    fn connect(self: Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(&self.database) else { return };
        let lost: Arc<Mutex<Option<i16>>> = Arc::default();
        let (to_client, from_server, watched) =
            (client.try_clone().unwrap(), server.try_clone().unwrap(), lost.clone());
        std::thread::spawn(move || answers(from_server, to_client, &watched));
        std::thread::spawn(move || self.requests(client, server, &lost));
    }

    fn requests(&self, mut client: TcpStream, mut server: TcpStream, lost: &Mutex<Option<i16>>) {
        while let Ok(frame) = Frame::read(&mut client) {
            let fate = self.fate_of(&frame);
            match fate {
                Fate::Pass => {}
                Fate::LoseAnswer => *lost.lock().unwrap() = Some(frame.stream()),
                Fate::LoseRequest => break,
                Fate::Delay => {
                    let due = self.marked.load(Ordering::SeqCst) + 2;
                    self.delayed.lock().unwrap().push((due, server, frame));
                    let _ = client.shutdown(Shutdown::Both);
                    return;
                }
            }
            if frame.write(&mut server).is_err() {
                break;
            }
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    }

    fn fate_of(&self, frame: &Frame) -> Fate {
        if !frame.executes() || !frame.contains(MARK) {
            return Fate::Pass;
        }
        let number = self.marked.fetch_add(1, Ordering::SeqCst) + 1;
        self.deliver(number);
        let fate = (self.fate)(number);
        self.met[fate as usize].fetch_add(1, Ordering::SeqCst);
        fate
    }

    fn deliver(&self, until: usize) {
        let mut delayed = self.delayed.lock().unwrap();
        let (due, waiting): (Vec<_>, Vec<_>) =
            delayed.drain(..).partition(|(due, _, _)| *due <= until);
        *delayed = waiting;
        for (_, mut server, frame) in due {
            frame.write(&mut server).unwrap();
            self.kept.lock().unwrap().push(server);
        }
    }
}

/// Hands answers back until one is to be lost, and the connection with it.
fn answers(mut server: TcpStream, mut client: TcpStream, lost: &Mutex<Option<i16>>) {
    while let Ok(frame) = Frame::read(&mut server) {
        if *lost.lock().unwrap() == Some(frame.stream()) || frame.write(&mut client).is_err() {
            break;
        }
    }
    // Not the server's side: something delayed may still have to go there.
    let _ = client.shutdown(Shutdown::Both);
}
