//! A request of HTTP/2 as the framework knows requests.
//!
//! It looks as if it had come by HTTP/1: a path without a host, and the host in its header.

use actix_http::header::{HOST, HeaderName, HeaderValue};
use actix_http::{BoxedPayloadStream, Payload, Request};
use actix_web::error::PayloadError;
use actix_web::http::{Method, Uri, Version};
use actix_web::web::Bytes;
use futures_util::stream;
use h2::RecvStream;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use ureq::http;

/// What the head of a request takes, as HTTP/2 counts it.
pub fn size(request: &http::Request<RecvStream>) -> usize {
    const EACH: usize = 32;
    let headers = request.headers().iter();
    let uri = request.uri();
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let authority = uri.authority().map_or(0, |host| host.as_str().len());
    let of = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + EACH
    };
    path + authority + headers.map(of).sum::<usize>()
}

/// None if the framework could not have read it either.
pub fn translate(request: http::Request<RecvStream>, peer: Option<SocketAddr>) -> Option<Request> {
    let (asked, body) = request.into_parts();
    let mut request = match body.is_end_stream() {
        true => Request::new(),
        false => Request::with_payload(Payload::Stream { payload: payload(body) }),
    };
    let head = request.head_mut();
    head.method = Method::from_bytes(asked.method.as_str().as_bytes()).ok()?;
    head.uri = match asked.uri.path_and_query() {
        Some(path) => path.as_str().parse().ok()?,
        None => Uri::from_static("/"),
    };
    head.version = Version::HTTP_2;
    head.peer_addr = peer;
    for (name, value) in &asked.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        head.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    if let Some(host) = asked.uri.authority() {
        head.headers.insert(HOST, HeaderValue::from_str(host.as_str()).ok()?);
    }
    Some(request)
}

fn payload(mut body: RecvStream) -> BoxedPayloadStream {
    Box::pin(stream::poll_fn(move |context| read(&mut body, context)))
}

/// A piece, in whose place as much may come.
fn read(
    body: &mut RecvStream,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, PayloadError>>> {
    let broken = |error| PayloadError::Incomplete(Some(io::Error::other::<h2::Error>(error)));
    Poll::Ready(ready!(body.poll_data(context)).map(|piece| {
        let piece = piece.map_err(broken)?;
        body.flow_control().release_capacity(piece.len()).map_err(broken)?;
        Ok(piece)
    }))
}
