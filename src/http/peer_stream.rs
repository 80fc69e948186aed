//! The stream of one connection, plain or under TLS.

use actix_web::rt::net::TcpStream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

pub struct PeerStream(Bytes);

enum Bytes {
    Plain(TcpStream),
    Secured(Box<TlsStream<TcpStream>>),
}

/// What both can do.
trait ReadWrite: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> ReadWrite for T {}

impl PeerStream {
    pub fn plain(tcp: TcpStream) -> PeerStream {
        PeerStream(Bytes::Plain(tcp))
    }

    pub fn secured(tls: TlsStream<TcpStream>) -> PeerStream {
        PeerStream(Bytes::Secured(Box::new(tls)))
    }

    pub fn is_secured(&self) -> bool {
        matches!(self.0, Bytes::Secured(_))
    }

    fn tcp(&self) -> &TcpStream {
        match &self.0 {
            Bytes::Plain(tcp) => tcp,
            Bytes::Secured(tls) => tls.get_ref().0,
        }
    }

    /// Whether a look is worth it. Under TLS only the look itself shows.
    pub fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.0 {
            Bytes::Plain(tcp) => tcp.poll_read_ready(context),
            Bytes::Secured(_) => Poll::Ready(Ok(())),
        }
    }

    fn each(&mut self) -> Pin<&mut dyn ReadWrite> {
        match &mut self.0 {
            Bytes::Plain(tcp) => Pin::new(tcp),
            Bytes::Secured(tls) => Pin::new(&mut **tls),
        }
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.each().poll_read(context, buffer)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.each().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.each().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Bytes::Plain(tcp) => tcp.is_write_vectored(),
            Bytes::Secured(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.each().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.each().poll_shutdown(context)
    }
}

/// The system resets a connection that is closed with something unread, and its last answer may get
/// lost. So what has come is taken, as far as the framework would have read it.
impl Drop for PeerStream {
    fn drop(&mut self) {
        const MOST: usize = 128 * 1024;
        let (mut taken, mut unwanted) = (0, [0; 4096]);
        while taken < MOST
            && let Ok(count @ 1..) = self.tcp().try_read(&mut unwanted)
        {
            taken += count;
        }
    }
}
