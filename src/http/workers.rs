//! The threads that take connections and serve them.
//!
//! Each worker takes connections from a socket of its own, so none of them waits for another
//! thread, and is handed those that others pass on.

use super::porter::{Colleague, PassedOn, Porter, Serve};
use actix::{Arbiter, ArbiterHandle};
use actix_service::{Service, ServiceFactory};
use actix_web::rt::net::{TcpListener, TcpStream};
use actix_web::rt::spawn;
use futures_util::future::LocalBoxFuture;
use std::cell::Cell;
use std::io;
use std::net;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

/// Threads for work that blocks, of all workers together.
const BLOCKING: usize = 512;
/// Makes what serves a connection, on the worker's own thread.
type Make = Arc<dyn Fn() -> LocalBoxFuture<'static, Option<Serve>> + Send + Sync>;

/// Where connections come in, and what serves them.
pub struct Front {
    workers: usize,
    doors: Vec<Door>,
}

/// Its sockets, one for each worker or fewer.
struct Door {
    sockets: Vec<net::TcpListener>,
    make: Make,
}

impl Front {
    pub fn of(workers: usize) -> Front {
        Front { workers, doors: Vec::new() }
    }

    /// What comes in at these sockets is served by what `make` makes for each worker.
    pub fn door<F, S>(mut self, sockets: Vec<net::TcpListener>, make: F) -> Front
    where
        F: Fn() -> S + Send + Sync + 'static,
        S: ServiceFactory<TcpStream, Config = ()>,
        S::Future: 'static,
        S::Service: 'static,
        <S::Service as Service<TcpStream>>::Future: 'static,
    {
        let make = move || -> LocalBoxFuture<'static, Option<Serve>> {
            let service = make().new_service(());
            Box::pin(async move {
                let service = service.await.ok()?;
                let serve: Serve = Rc::new(move |stream, place| {
                    let served = service.call(stream);
                    spawn(async move {
                        let _ = served.await;
                        drop(place);
                    });
                });
                Some(serve)
            })
        };
        self.doors.push(Door { sockets, make: Arc::new(make) });
        self
    }

    /// Starts the workers. To be called within an actix system.
    pub fn open(self) -> io::Result<Workers> {
        let (closing, told) = watch::channel(false);
        let (colleagues, posts): (Vec<Colleague>, Vec<_>) =
            (0..self.workers).map(|_| Colleague::new()).unzip();
        let colleagues: Arc<[Colleague]> = colleagues.into();
        let makes: Vec<Make> = self.doors.iter().map(|door| door.make.clone()).collect();
        let mut sockets: Vec<_> =
            self.doors.into_iter().map(|door| door.sockets.into_iter()).collect();
        let (say, hear) = sync_channel(self.workers);
        let mut workers = Workers { threads: Vec::new(), closing };
        for (number, post) in posts.into_iter().enumerate() {
            let worker = Worker {
                number,
                colleagues: colleagues.clone(),
                makes: makes.clone(),
                sockets: sockets.iter_mut().map(Iterator::next).collect(),
                post,
                told: told.clone(),
            };
            let (say, blocking) = (say.clone(), (BLOCKING / self.workers).max(1));
            let arbiter = Arbiter::try_with_tokio_rt(move || runtime(blocking))?;
            arbiter.spawn_fn(move || drop(spawn(worker.work(say))));
            workers.threads.push(arbiter.handle());
        }
        drop(say);
        let failed = || io::Error::other("a worker ended before it began");
        (0..self.workers).try_for_each(|_| hear.recv().unwrap_or_else(|_| Err(failed())))?;
        Ok(workers)
    }
}

fn runtime(blocking: usize) -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(blocking).build()
}

/// Threads at work. They end with this.
pub struct Workers {
    threads: Vec<ArbiterHandle>,
    closing: watch::Sender<bool>,
}

impl Workers {
    /// Takes in those who wait, and nobody after them. Done when all doors are closed.
    pub async fn close_doors(&self) {
        self.closing.send_replace(true);
        self.closing.closed().await;
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for thread in &self.threads {
            thread.stop();
        }
    }
}

/// One thread, before it is at work.
struct Worker {
    number: usize,
    colleagues: Arc<[Colleague]>,
    makes: Vec<Make>,
    /// Of each door, if there is one for this worker.
    sockets: Vec<Option<net::TcpListener>>,
    post: UnboundedReceiver<PassedOn>,
    told: watch::Receiver<bool>,
}

impl Worker {
    async fn work(mut self, say: SyncSender<io::Result<()>>) {
        let porters = match self.porters().await {
            Ok(porters) => porters,
            Err(error) => return drop(say.send(Err(error))),
        };
        let serving: Vec<Serve> = porters.iter().map(|(porter, _)| porter.serve.clone()).collect();
        for (porter, socket) in porters {
            if let Some(socket) = socket {
                spawn(porter.stand_at(socket, self.told.clone()));
            }
        }
        drop(self.told);
        // There is room for the word of each worker.
        let _ = say.send(Ok(()));
        drop(say);
        while let Some(PassedOn { door, stream, place }) = self.post.recv().await {
            if let Ok(stream) = TcpStream::from_std(stream) {
                serving[door](stream, place);
            }
        }
    }

    /// For each door.
    async fn porters(&mut self) -> io::Result<Vec<(Porter, Option<TcpListener>)>> {
        let mut porters = Vec::new();
        for (door, make) in self.makes.iter().enumerate() {
            let no_service = || io::Error::other("the server cannot be made");
            let serve = make().await.ok_or_else(no_service)?;
            let socket = self.sockets[door].take().map(TcpListener::from_std).transpose()?;
            let (own, colleagues) = (self.number, self.colleagues.clone());
            porters.push((Porter { own, door, colleagues, serve, asked: Cell::new(own) }, socket));
        }
        Ok(porters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::porter::tests::{connect, say_which_thread, socket, thread_of};
    use actix_service::fn_service;
    use actix_web::rt::System;
    use std::collections::HashSet;
    use std::io::Read;

    #[test]
    fn all_workers_serve_where_one_socket_is_all_there_is() {
        System::new().block_on(async {
            let socket = socket();
            let address = socket.local_addr().unwrap();
            let front = Front::of(3).door(vec![socket], || fn_service(say_which_thread));
            let _workers = front.open().unwrap();
            let all = connect(address, 30);
            let threads: Vec<String> = all.iter().map(thread_of).collect();
            let each: HashSet<&String> = threads.iter().collect();
            assert_eq!(each.len(), 3, "{threads:?}");
            let most = each.iter().map(|one| threads.iter().filter(|of| of == one).count());
            assert!(most.max() <= Some(13), "{threads:?}");
        });
    }

    #[test]
    fn connections_end_with_the_workers() {
        System::new().block_on(async {
            let socket = socket();
            let address = socket.local_addr().unwrap();
            let front = Front::of(2).door(vec![socket], || fn_service(say_which_thread));
            let workers = front.open().unwrap();
            let mut all = connect(address, 4);
            all.iter().for_each(|stream| assert!(!thread_of(stream).is_empty()));
            workers.close_doors().await;
            drop(workers);
            for stream in &mut all {
                assert!(!matches!(stream.read(&mut [0]), Ok(1..)));
            }
            assert!(net::TcpStream::connect(address).is_err());
        });
    }
}
