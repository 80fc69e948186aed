//! A way to the database that is cut at a chosen statement: before it arrives, or after it was done
//! and before its answer arrives.
//!
//! It counts the frames of CQL that run a prepared statement. A cut for good is what a node's death
//! looks like to the database; a lost answer is a connection that broke at the worst moment and can
//! be made anew.

use crate::frame::Frame;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing passes any more, from that statement on.
    Before,
    /// That statement still passes, and then nothing, not even its answer.
    After,
    /// The statement passes, its answer does not, and the connections break. New ones are as good
    /// as ever.
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
    is_dead: AtomicBool,
}

impl Wire {
    pub fn to(database: &str, how: Cut) -> Wire {
        // On the database's own address, because the driver takes that from the database and the
        // port from here.
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
        let lost = Arc::new(Mutex::new(None));
        let (state, losing) = (self.clone(), lost.clone());
        std::thread::spawn(move || drop(state.answers(answers.0, answers.1, &losing)));
        self.questions(client, server, &lost)
    }

    fn questions(
        &self,
        mut client: TcpStream,
        mut server: TcpStream,
        lost: &Mutex<Option<i16>>,
    ) -> io::Result<()> {
        loop {
            let frame = Frame::read(&mut client)?;
            let is_the_one = frame.executes() && self.left.fetch_sub(1, Ordering::SeqCst) == 1;
            match self.how {
                Cut::Before if is_the_one => self.die(),
                // It is done when its answer is there.
                Cut::After | Cut::Answer if is_the_one => {
                    *lost.lock().unwrap() = Some(frame.stream())
                }
                _ => {}
            }
            if !self.is_dead.load(Ordering::SeqCst) {
                frame.write(&mut server)?;
            }
        }
    }

    fn answers(
        &self,
        mut server: TcpStream,
        mut client: TcpStream,
        lost: &Mutex<Option<i16>>,
    ) -> io::Result<()> {
        loop {
            let frame = Frame::read(&mut server)?;
            if lost.lock().unwrap().take_if(|lost| *lost == frame.stream()).is_some() {
                match self.how {
                    Cut::Answer => self.hang_up(),
                    Cut::Before | Cut::After => self.die(),
                }
            }
            if !self.is_dead.load(Ordering::SeqCst) {
                frame.write(&mut client)?;
            }
        }
    }

    fn die(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
        self.tell();
    }

    fn hang_up(&self) {
        self.open
            .lock()
            .unwrap()
            .drain(..)
            .for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        self.tell();
    }

    fn tell(&self) {
        let _ = self.cut.lock().unwrap().take().map(|tell| tell.send(()));
    }
}
