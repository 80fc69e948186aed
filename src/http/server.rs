//! The server below the app: sockets, workers, and the framework's rules for a connection.
//!
//! The framework's own server takes plain streams only; ours hand over a part at a time.

use crate::http::connection::Entrance;
use crate::http::http2::Http2;
use crate::http::stream_in_parts::StreamInParts;
use crate::http::tls::Handshakes;
use crate::http::worker::{ConnectionWorker, Spoken};
use actix_http::{HttpService, Request, Response};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt};
use actix_service::{fn_factory, fn_service};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use config::Config;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt::Debug;
use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 4096;
/// For each worker.
const CONNECTIONS: usize = 50_000;
/// For the head of a connection's first request.
const HEAD: Duration = Duration::from_secs(30);
/// For a caller to close their end after the last answer.
const FAREWELL: Duration = Duration::from_secs(1);

/// Where connections come in. Nobody takes them yet.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Where connections come in, and what is spoken there.
pub struct ListeningSocket {
    pub listener: TcpListener,
    pub spoken: Spoken,
}

/// Serves `app`, of which each worker makes one of its own for each socket. It is told whether that
/// is the first.
pub fn serve<F, I, S, B>(
    config: &Config,
    sockets: Vec<ListeningSocket>,
    app: F,
) -> io::Result<Server>
where
    F: Fn(bool) -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let entrance = Entrance::of(config);
    let http2 = Http2::of(config);
    let keep_alive = Duration::from_secs(u64::from(config.keep_alive_s));
    let mut server = Server::build()
        .workers(config.workers)
        .max_concurrent_connections(CONNECTIONS)
        .shutdown_timeout(u64::from(config.shutdown_s))
        .disable_signals();
    for (at, ListeningSocket { listener, spoken }) in sockets.into_iter().enumerate() {
        let address = listener.local_addr()?;
        let (entrance, http2, app) = (entrance.clone(), http2.clone(), app.clone());
        server = server.listen("http", listener, move || {
            let app = app(at == 0).into_factory().map_err(refuse);
            let (entrance, http2, spoken) = (entrance.clone(), http2.clone(), spoken.clone());
            fn_factory(move || {
                let app = app.new_service(AppConfig::default());
                let (entrance, http2, spoken) = (entrance.clone(), http2.clone(), spoken.clone());
                async move {
                    let app = Rc::new(app.await.map_err(|_| ())?);
                    let of_http1 = app.clone();
                    let http1 = HttpService::build()
                        .keep_alive(keep_alive)
                        .client_request_timeout(HEAD)
                        .client_disconnect_timeout(FAREWELL)
                        .local_addr(address)
                        .on_connect_ext(|stream: &StreamInParts, data| {
                            Entrance::greet(stream, data)
                        })
                        .h1(fn_factory(move || ready(Ok::<_, ()>(of_http1.clone()))));
                    let http1 = http1.new_service(()).await?;
                    let handshakes = Handshakes::of_a_worker();
                    let worker =
                        ConnectionWorker { spoken, entrance, handshakes, http1, http2, app };
                    let worker = Rc::new(worker);
                    Ok::<_, ()>(fn_service(move |tcp: TcpStream| {
                        let worker = worker.clone();
                        async move {
                            worker.serve::<B>(tcp).await;
                            Ok::<_, ()>(())
                        }
                    }))
                }
            })
        })?;
    }
    Ok(server.run())
}

fn refuse(error: impl Into<actix_web::Error>) -> Response<BoxBody> {
    error.into().error_response().into()
}
