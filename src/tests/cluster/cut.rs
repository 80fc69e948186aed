//! A way to the database that is cut at a chosen statement: before it arrives, or after it was done and before its answer arrives.
//!
//! It counts the frames of CQL that run a prepared statement. A cut for good is what a node's death looks like to the database; a lost answer is
//! a connection that broke at the worst moment and can be made anew.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing passes any more, from that statement on.
    Before,
    /// That statement still passes, and then nothing, not even its answer.
    After,
    /// The statement passes, its answer does not, and the connections break. New ones are as good as ever.
    Answer,
}

pub struct Wire {
    pub address: String,
    state: Arc<State>,
}

struct State {
    to: String,
    how: Cut,
    /// Statements until the cut; below zero it is never reached.
    left: AtomicI64,
    open: Mutex<Vec<TcpStream>>,
    /// Told once when it is cut.
    cut: Mutex<Option<tokio::sync::oneshot::Sender<()>>>,
    is_dead: std::sync::atomic::AtomicBool,
}

const EXECUTE: u8 = 0x0a;
/// No stream; events come in number -1.
const NONE: i64 = i64::MIN;

impl Wire {
    pub fn to(database: &str, how: Cut) -> Wire {
        // On the database's own address, because the driver takes that from the database and the port from here.
        let (host, _) = database.rsplit_once(':').unwrap();
        let listener = TcpListener::bind(format!("{host}:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = State {
            to: database.to_owned(),
            how,
            left: AtomicI64::new(-1),
            open: Mutex::default(),
            cut: Mutex::default(),
            is_dead: false.into(),
        };
        let state = Arc::new(state);
        let accepting = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let state = accepting.clone();
                std::thread::spawn(move || drop(state.carry(client)));
            }
        });
        Wire { address, state }
    }

    /// The n-th statement from now on is the one. Answers when it was.
    pub fn cut_at(&self, statement: i64) -> tokio::sync::oneshot::Receiver<()> {
        let (tell, told) = tokio::sync::oneshot::channel();
        *self.state.cut.lock().unwrap() = Some(tell);
        self.state.left.store(statement, Ordering::SeqCst);
        told
    }
}

impl State {
    fn carry(self: Arc<Self>, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(&self.to)?;
        self.open.lock().unwrap().extend([client.try_clone()?, server.try_clone()?]);
        let answers = (server.try_clone()?, client.try_clone()?);
        // The stream in which the answer to lose is expected; never given back to anybody.
        let lost = Arc::new(AtomicI64::new(NONE));
        let (state, losing) = (self.clone(), lost.clone());
        std::thread::spawn(move || drop(state.answers(answers.0, answers.1, &losing)));
        self.questions(client, server, &lost)
    }

    fn questions(&self, mut client: TcpStream, mut server: TcpStream, lost: &AtomicI64) -> io::Result<()> {
        loop {
            let (header, body) = frame(&mut client)?;
            let is_the_one = header[4] == EXECUTE && self.left.fetch_sub(1, Ordering::SeqCst) == 1;
            if is_the_one && self.how == Cut::Answer {
                lost.store(stream_of(&header), Ordering::SeqCst);
            }
            if is_the_one && self.how == Cut::Before {
                self.die();
            }
            if !self.is_dead.load(Ordering::SeqCst) {
                server.write_all(&header)?;
                server.write_all(&body)?;
            }
            if is_the_one && self.how == Cut::After {
                // It is done when its answer is there.
                lost.store(stream_of(&header), Ordering::SeqCst);
            }
        }
    }

    fn answers(&self, mut server: TcpStream, mut client: TcpStream, lost: &AtomicI64) -> io::Result<()> {
        loop {
            let (header, body) = frame(&mut server)?;
            if lost.load(Ordering::SeqCst) == stream_of(&header) {
                lost.store(NONE, Ordering::SeqCst);
                match self.how {
                    Cut::Answer => self.hang_up(),
                    Cut::Before | Cut::After => self.die(),
                }
            }
            if !self.is_dead.load(Ordering::SeqCst) {
                client.write_all(&header)?;
                client.write_all(&body)?;
            }
        }
    }

    fn die(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
        self.tell();
    }

    fn hang_up(&self) {
        self.open.lock().unwrap().drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        self.tell();
    }

    fn tell(&self) {
        let _ = self.cut.lock().unwrap().take().map(|tell| tell.send(()));
    }
}

fn frame(from: &mut TcpStream) -> io::Result<([u8; 9], Vec<u8>)> {
    let mut header = [0; 9];
    from.read_exact(&mut header)?;
    let length = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
    let mut body = vec![0; length as usize];
    from.read_exact(&mut body)?;
    Ok((header, body))
}

fn stream_of(header: &[u8; 9]) -> i64 {
    i64::from(i16::from_be_bytes([header[2], header[3]]))
}
