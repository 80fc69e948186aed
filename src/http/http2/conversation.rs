//! One connection: takes requests while there are not too many, and ends it when it has been silent
//! for too long, when the node stops, or when its caller gives up more than they let be answered.

use crate::http::last_call::Guest;
use crate::http::peer_stream::PeerStream;
use actix_web::web::Bytes;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, timeout};
use ureq::http;

/// Requests of one connection that are under way at once.
pub const STREAMS: u32 = 64;
/// For the first words of both sides, and for the first request.
pub const GREETING: Duration = Duration::from_secs(30);
/// For a caller to close their end after they were told that there will be no more.
const FAREWELL: Duration = Duration::from_secs(1);
/// So many requests more than were answered may be given up. Who changes a page gives up some.
const GIVEN_UP: u64 = 100;

/// A request, and where its answer goes.
pub type AskedRequest = (http::Request<RecvStream>, SendResponse<Bytes>);

/// How a request has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Answered,
    /// The answer is to be the last one of its connection.
    Last,
    /// Its caller wants no answer, or takes none.
    GivenUp,
}

pub struct Conversation<'a> {
    connection: Connection<PeerStream, Bytes>,
    under_way: FuturesUnordered<LocalBoxFuture<'a, Ending>>,
    keep_alive: Duration,
    silence: Pin<Box<Sleep>>,
    given_up: Allowance,
    is_ending: bool,
    /// Until the node stops.
    called: LocalBoxFuture<'a, ()>,
    /// A stop waits for the end of this.
    _guest: Guest,
}

enum Step {
    Asked(Box<AskedRequest>),
    Ended(Ending),
    Silent,
    Called,
    Over,
}

impl<'a> Conversation<'a> {
    pub fn over(
        connection: Connection<PeerStream, Bytes>,
        keep_alive: Duration,
        guest: Guest,
    ) -> Self {
        Conversation {
            connection,
            under_way: FuturesUnordered::new(),
            keep_alive,
            silence: Box::pin(sleep(GREETING)),
            given_up: Allowance { left: GIVEN_UP },
            is_ending: false,
            called: Box::pin(guest.clone().hears_the_call()),
            _guest: guest,
        }
    }

    /// Lets `answer` answer each request, to the end of the connection.
    pub async fn lead(mut self, answer: impl Fn(AskedRequest) -> LocalBoxFuture<'a, Ending>) {
        loop {
            match poll_fn(|context| self.poll_step(context)).await {
                Step::Asked(asked) => self.under_way.push(answer(*asked)),
                Step::Ended(ending) => {
                    if !self.given_up.allows(ending) {
                        return self.turn_out().await;
                    }
                    if ending == Ending::Last {
                        self.end();
                    }
                    self.listen();
                }
                Step::Silent if self.is_ending => return,
                Step::Silent | Step::Called => {
                    self.end();
                    self.listen();
                }
                Step::Over => return,
            }
        }
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        // What answers write here, the connection sends below.
        if let Poll::Ready(Some(ending)) = self.under_way.poll_next_unpin(context) {
            return Poll::Ready(Step::Ended(ending));
        }
        if !self.is_ending && self.called.as_mut().poll(context).is_ready() {
            return Poll::Ready(Step::Called);
        }
        if self.under_way.len() < STREAMS as usize {
            match self.connection.poll_accept(context) {
                Poll::Ready(Some(Ok(asked))) => return Poll::Ready(Step::Asked(Box::new(asked))),
                Poll::Ready(None | Some(Err(_))) => return Poll::Ready(Step::Over),
                Poll::Pending => {}
            }
        } else if self.connection.poll_closed(context).is_ready() {
            return Poll::Ready(Step::Over);
        }
        if self.under_way.is_empty() && self.silence.as_mut().poll(context).is_ready() {
            return Poll::Ready(Step::Silent);
        }
        Poll::Pending
    }

    /// From now on it may be silent for so long.
    fn listen(&mut self) {
        let most = if self.is_ending { FAREWELL } else { self.keep_alive };
        self.silence.as_mut().reset(Instant::now() + most);
    }

    /// Takes no new requests, and finishes those under way.
    fn end(&mut self) {
        self.is_ending = true;
        self.connection.graceful_shutdown();
    }

    async fn turn_out(mut self) {
        metrics::counter!("stampede_http2_turned_out_total").increment(1);
        self.connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        let closed = poll_fn(|context| self.connection.poll_closed(context));
        let _ = timeout(FAREWELL, closed).await;
    }
}

/// How many requests may still be given up.
struct Allowance {
    left: u64,
}

impl Allowance {
    fn allows(&mut self, ending: Ending) -> bool {
        match ending {
            Ending::Answered | Ending::Last => {
                self.left = (self.left + 1).min(GIVEN_UP);
                true
            }
            Ending::GivenUp if self.left == 0 => false,
            Ending::GivenUp => {
                self.left -= 1;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_more_may_be_given_up_than_are_answered() {
        let mut allowance = Allowance { left: GIVEN_UP };
        assert!((0..1000).all(|_| allowance.allows(Ending::Answered)));
        assert!((0..GIVEN_UP).all(|_| allowance.allows(Ending::GivenUp)));
        assert!(!allowance.allows(Ending::GivenUp));
        assert!(allowance.allows(Ending::Last) && allowance.allows(Ending::GivenUp));
        assert!(!allowance.allows(Ending::GivenUp));
    }
}
