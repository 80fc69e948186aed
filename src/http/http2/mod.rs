//! HTTP/2 on one connection. The framework's own sets no bound to streams, to heads, to what is not
//! sent yet, or to requests that their caller has given up, so it is not used.
//!
//! Requests become those of HTTP/1 in all that handlers see of them. Each is a part of its
//! connection's task: when its caller resets it, or the connection ends, it ends there. Whoever
//! resets more than they let be answered is shown the door.
//!
//! When the node stops, each connection is told (GOAWAY), what was asked is answered to its end,
//! and streams of events end.
//!
//! `conversation` is the connection, `request` and `response` translate.

mod conversation;
mod request;
mod response;

use super::connection::Secured;
use super::last_call::LastCall;
use super::peer_stream::PeerStream;
use super::problem::{self, Problem};
use super::request_id::{REQUEST_ID, request_id};
use super::room::Room;
use actix_http::{HttpMessage, Request, Response};
use actix_service::Service;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::ConnectionType;
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use config::Config;
use conversation::{AskedRequest, Conversation, Ending, GREETING, STREAMS};
use futures_util::FutureExt;
use h2::server::{Builder, SendResponse};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::timeout;

/// Of the head of one request: names, values, and 32 for each of them.
const HEAD: usize = 16 * 1024;
/// What is read of a head, so that whoever sends too large a one is told so in a problem. Beyond it
/// h2 answers by itself.
const READ_OF_HEAD: u32 = 32 * 1024;
/// Of all heads under way, in the whole node.
const ALL_HEADS: usize = 64 * 1024 * 1024;
/// Of one body, what may come before somebody reads it; and of all bodies of a connection.
const BODY_AHEAD: u32 = 65_535;
const BODIES_AHEAD: u32 = 128 * 1024;
/// Of one answer, what is kept until it can be sent.
const UNSENT: usize = 32 * 1024;
/// Streams that h2 resets for their mistakes before it ends the connection.
const MISTAKES: usize = 128;

#[derive(Clone)]
pub struct Http2 {
    heads: Room,
    keep_alive: Duration,
    unread_timeout: Duration,
    last_call: LastCall,
}

impl Http2 {
    pub fn of(config: &Config, last_call: LastCall) -> Http2 {
        Http2 {
            last_call,
            heads: Room::of(ALL_HEADS),
            keep_alive: Duration::from_secs(u64::from(config.keep_alive_s)),
            unread_timeout: Duration::from_secs(u64::from(config.unread_timeout_s)),
        }
    }

    /// Answers a connection to its end.
    pub async fn serve<S, B>(&self, stream: PeerStream, peer: Option<SocketAddr>, app: &Rc<S>)
    where
        S: Service<Request, Error = Response<BoxBody>> + 'static,
        S::Response: Into<Response<B>>,
        B: MessageBody + 'static,
    {
        let is_secured = stream.is_secured();
        let greeted = timeout(GREETING, bounds().handshake(stream)).await;
        let Ok(Ok(connection)) = greeted else { return };
        let answer = |asked| {
            let exchange = Exchange { bounds: self.clone(), app: app.clone(), peer, is_secured };
            exchange.answer::<B>(asked).boxed_local()
        };
        let guest = self.last_call.enter();
        Conversation::over(connection, self.keep_alive, guest).lead(answer).await;
    }
}

fn bounds() -> Builder {
    let mut bounds = Builder::new();
    bounds
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(READ_OF_HEAD)
        .initial_window_size(BODY_AHEAD)
        .initial_connection_window_size(BODIES_AHEAD)
        .max_send_buffer_size(UNSENT)
        .max_local_error_reset_streams(Some(MISTAKES));
    bounds
}

/// One request and its answer.
struct Exchange<S> {
    bounds: Http2,
    app: Rc<S>,
    peer: Option<SocketAddr>,
    is_secured: bool,
}

impl<S> Exchange<S>
where
    S: Service<Request, Error = Response<BoxBody>>,
{
    async fn answer<B>(self, (request, mut respond): AskedRequest) -> Ending
    where
        S::Response: Into<Response<B>>,
        B: MessageBody,
    {
        let mut held = self.bounds.heads.enter();
        let (size, is_head) = (request::size(&request), request.method() == "HEAD");
        let has_room = held.grow(size);
        let Some(request) = request::translate(request, self.peer) else {
            let unreadable = Problem::plain(&problem::NOT_READABLE);
            return self.send(refusal(None, &unreadable), &mut respond, is_head).await;
        };
        if size > HEAD {
            let limit = format!("a head may have {HEAD} bytes");
            let too_large = Problem::new(&problem::HEAD_TOO_LARGE, limit);
            return self.send(refusal(Some(&request), &too_large), &mut respond, is_head).await;
        }
        if !has_room {
            let busy = Problem::new(&problem::BUSY, "too many requests are under way");
            return self.send(refusal(Some(&request), &busy), &mut respond, is_head).await;
        }
        if self.is_secured {
            request.extensions_mut().insert(Secured);
        }
        let answered = tokio::select! {
            biased;
            _ = poll_fn(|context| respond.poll_reset(context)) => return Ending::GivenUp,
            answered = self.app.call(request) => answered,
            () = self.bounds.last_call.enter().hears_the_close() => return Ending::GivenUp,
        };
        match answered {
            Ok(answer) => self.send(answer.into(), &mut respond, is_head).await,
            Err(answer) => self.send(answer, &mut respond, is_head).await,
        }
    }

    async fn send<B: MessageBody>(
        &self,
        answer: Response<B>,
        respond: &mut SendResponse<Bytes>,
        is_head: bool,
    ) -> Ending {
        let is_last = answer.head().connection_type() == ConnectionType::Close;
        match response::send(answer, respond, is_head, self.bounds.unread_timeout).await {
            Err(response::BrokenOff) => Ending::GivenUp,
            Ok(()) if is_last => Ending::Last,
            Ok(()) => Ending::Answered,
        }
    }
}

/// Where no route is asked.
fn refusal(request: Option<&Request>, problem: &Problem) -> Response<BoxBody> {
    let id = request_id(request.map_or(&Default::default(), |request| request.headers()));
    let mut response = problem.response(&id);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response.into()
}
