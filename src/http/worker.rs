//! What a worker does with each connection that it is given: counts it, shakes hands where TLS is
//! spoken, and lets the one protocol or the other answer it.

use super::connection::Entrance;
use super::http2::Http2;
use super::idle::IdleWatch;
use super::peer_stream::PeerStream;
use super::stream_in_parts::StreamInParts;
use super::tls::{HTTP_2, Handshakes, Tls};
use actix_http::{Request, Response};
use actix_service::Service;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::rt::net::TcpStream;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

/// What is spoken on a socket.
#[derive(Clone)]
pub enum Spoken {
    /// HTTP/1 without TLS.
    Plain,
    /// HTTP/1 or HTTP/2 under TLS, as the client asks.
    Secured(Arc<Tls>),
    /// HTTP/2 without TLS, to those who know that it is.
    PlainHttp2,
}

/// Answers the connections of one socket, on one thread.
pub struct ConnectionWorker<H, S> {
    pub spoken: Spoken,
    pub entrance: Arc<Entrance>,
    pub handshakes: Rc<Handshakes>,
    pub http1: H,
    /// Ends connections of HTTP/1 on which nothing happens.
    pub idle: Rc<IdleWatch>,
    pub http2: Http2,
    pub app: Rc<S>,
}

impl<H, S> ConnectionWorker<H, S>
where
    H: Service<(StreamInParts, Option<SocketAddr>)>,
    S: Service<Request, Error = Response<BoxBody>> + 'static,
{
    pub async fn serve<B>(&self, tcp: TcpStream)
    where
        S::Response: Into<Response<B>>,
        B: MessageBody + 'static,
    {
        let peer = tcp.peer_addr().ok();
        let _place = match self.entrance.admit(&tcp, peer) {
            Ok(place) => place,
            // Dropped as a stream, it takes what has come.
            Err(_) => return drop(PeerStream::plain(tcp)),
        };
        match &self.spoken {
            Spoken::Plain => self.serve_http1(PeerStream::plain(tcp), peer).await,
            // In boxes, so that a plain connection takes no more memory than it needs.
            Spoken::Secured(tls) => Box::pin(self.serve_secured::<B>(tls, tcp, peer)).await,
            Spoken::PlainHttp2 => {
                Box::pin(self.http2.serve::<S, B>(PeerStream::plain(tcp), peer, &self.app)).await;
            }
        }
    }

    async fn serve_secured<B>(&self, tls: &Tls, tcp: TcpStream, peer: Option<SocketAddr>)
    where
        S::Response: Into<Response<B>>,
        B: MessageBody + 'static,
    {
        let Some(stream) = self.handshakes.shake(tls.acceptor(), tcp).await else { return };
        let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP_2);
        let stream = PeerStream::secured(stream);
        match speaks_http2 {
            true => self.http2.serve::<S, B>(stream, peer, &self.app).await,
            false => self.serve_http1(stream, peer).await,
        }
    }

    async fn serve_http1(&self, stream: PeerStream, peer: Option<SocketAddr>) {
        let stream = StreamInParts::new(stream);
        self.idle.watch(stream.ahead());
        // What went wrong on it, its caller has been told.
        let _ = self.http1.call((stream, peer)).await;
    }
}
