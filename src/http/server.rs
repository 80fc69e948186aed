//! The server below the app: what serves a connection, and the framework's rules for it.
//!
//! The framework's own server takes plain streams only, and all connections on one thread.

use crate::http::connection::Entrance;
use crate::http::http2::Http2;
use crate::http::idle::IdleWatch;
use crate::http::last_call::LastCall;
use crate::http::stream_in_parts::StreamInParts;
use crate::http::tls::Handshakes;
use crate::http::worker::{ConnectionWorker, Spoken};
use crate::http::workers::{Front, Workers};
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt};
use actix_service::{fn_factory, fn_service};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use config::Config;
use std::fmt::Debug;
use std::future::ready;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

/// For the head of a connection's first request.
const HEAD: Duration = Duration::from_secs(30);
/// For a caller to close their end after the last answer.
const FAREWELL: Duration = Duration::from_secs(1);

/// The sockets of one address, one for each worker or fewer, and what is spoken there.
pub struct ServerDoor {
    pub sockets: Vec<TcpListener>,
    pub spoken: Spoken,
}

/// Serves `app`, of which each worker makes one of its own for each door. It is told whether that
/// is the first. All connections hear the last call.
pub fn serve<F, I, S, B>(
    config: &Config,
    doors: Vec<ServerDoor>,
    last_call: LastCall,
    app: F,
) -> io::Result<Workers>
where
    F: Fn(bool) -> I + Send + Sync + Clone + 'static,
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
    let http2 = Http2::of(config, last_call.clone());
    let keep_alive_s = config.keep_alive_s;
    let mut front = Front::of(config.workers);
    for (at, ServerDoor { sockets, spoken }) in doors.into_iter().enumerate() {
        let address = sockets[0].local_addr()?;
        let (entrance, http2, app) = (entrance.clone(), http2.clone(), app.clone());
        let last_call = last_call.clone();
        front = front.door(sockets, move || {
            let app = app(at == 0).into_factory().map_err(refuse);
            let (entrance, http2, spoken) = (entrance.clone(), http2.clone(), spoken.clone());
            let last_call = last_call.clone();
            fn_factory(move || {
                let app = app.new_service(AppConfig::default());
                let (entrance, http2, spoken) = (entrance.clone(), http2.clone(), spoken.clone());
                let guest = last_call.enter();
                async move {
                    let app = Rc::new(app.await.map_err(|_| ())?);
                    let of_http1 = app.clone();
                    let http1 = HttpService::build()
                        // Idle connections are ended below.
                        .keep_alive(KeepAlive::Os)
                        .client_request_timeout(HEAD)
                        .client_disconnect_timeout(FAREWELL)
                        .local_addr(address)
                        .on_connect_ext(|stream: &StreamInParts, data| {
                            Entrance::greet(stream, data)
                        })
                        .h1(fn_factory(move || ready(Ok::<_, ()>(of_http1.clone()))));
                    let http1 = http1.new_service(()).await?;
                    let handshakes = Handshakes::of_a_worker();
                    let idle = IdleWatch::begin(keep_alive_s, guest);
                    let worker =
                        ConnectionWorker { spoken, entrance, handshakes, http1, idle, http2, app };
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
        });
    }
    front.open()
}

fn refuse(error: impl Into<actix_web::Error>) -> Response<BoxBody> {
    error.into().error_response().into()
}
