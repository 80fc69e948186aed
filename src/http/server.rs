//! The server below the app: sockets, workers, and the framework's rules for a connection.
//!
//! The framework's own server takes plain streams only; ours hand over a part at a time.

use crate::http::connection::Entrance;
use crate::http::stream_in_parts::StreamInParts;
use actix_http::{HttpService, Request, Response};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use config::Config;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt::Debug;
use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
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

/// Serves `app`, of which each worker makes one of its own.
pub fn serve<F, I, S, B>(config: &Config, listener: TcpListener, app: F) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
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
    let keep_alive = Duration::from_secs(u64::from(config.keep_alive_s));
    let address = listener.local_addr()?;
    let server = Server::build()
        .workers(config.workers)
        .max_concurrent_connections(CONNECTIONS)
        .shutdown_timeout(u64::from(config.shutdown_s))
        .disable_signals()
        .listen("http", listener, move || {
            let entrance = Arc::clone(&entrance);
            let app = app().into_factory().map_err(refuse);
            let http = HttpService::build()
                .keep_alive(keep_alive)
                .client_request_timeout(HEAD)
                .client_disconnect_timeout(FAREWELL)
                .local_addr(address)
                .on_connect_ext(move |stream: &StreamInParts, data| entrance.greet(stream, data))
                .h1(map_config(app, |()| AppConfig::default()));
            actix_service::fn_service(|stream: TcpStream| {
                let peer = stream.peer_addr().ok();
                ready(Ok((StreamInParts::new(stream), peer)))
            })
            .and_then(http)
        })?;
    Ok(server.run())
}

fn refuse(error: impl Into<actix_web::Error>) -> Response<BoxBody> {
    error.into().error_response().into()
}
