//! The stream of a connection, which hands over a part at a time: a head, or a piece of a body.
//!
//! A part ends where the request ends, as far as that is seen. The framework would otherwise
//! take the body of the next request, of which it has only the beginning, for one that the answered
//! request left unread, and end the connection. Where a request ends differently from what was
//! seen, only the size of a part is wrong; what a request is stays the framework's affair.

use super::peer_stream::PeerStream;
use super::read_ahead::{NextPart, ReadAhead};
use std::io::{self, BufRead};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// More than most heads are long.
const MOST_LINES: usize = 4 * 1024;
/// As much of a body as the framework keeps before it waits for its reader.
const MOST_BODY: usize = 32 * 1024;
/// Longer than most bodies that come together with their head.
const MOST_KEPT_EMPTY: usize = 512;

pub struct StreamInParts {
    stream: PeerStream,
    ahead: Rc<ReadAhead>,
    /// Read with the last part, but does not belong to it; so much of it was handed over since.
    kept: Vec<u8>,
    taken: usize,
    part: NextPart,
    /// Of this part.
    left: usize,
    /// Whether its reader went on to parse what it has since it was handed anything.
    was_left: bool,
    is_new_line: bool,
}

impl StreamInParts {
    pub fn new(stream: PeerStream) -> StreamInParts {
        StreamInParts {
            stream,
            ahead: Rc::default(),
            kept: Vec::new(),
            taken: 0,
            part: NextPart::Lines,
            left: 0,
            was_left: true,
            is_new_line: false,
        }
    }

    pub fn is_secured(&self) -> bool {
        self.stream.is_secured()
    }

    pub fn ahead(&self) -> &Rc<ReadAhead> {
        &self.ahead
    }

    fn begin(&mut self, part: NextPart) {
        self.part = part;
        self.left = match part {
            NextPart::Lines => MOST_LINES,
            NextPart::Body(left) => usize::try_from(left).unwrap_or(MOST_BODY).min(MOST_BODY),
        };
    }

    fn hand_over(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            if self.kept.is_empty() && ready!(self.look_ahead(context))? == 0 {
                return Poll::Ready(Ok(()));
            }
            self.ahead.wake_when_due(context);
            return Poll::Pending;
        }
        let most = self.left.min(buffer.remaining());
        if !self.kept.is_empty() {
            self.hand_over_kept(buffer, most);
            return Poll::Ready(Ok(()));
        }
        // Before room is made for it.
        ready!(self.stream.poll_read_ready(context))?;
        let before = buffer.filled().len();
        let mut fresh = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut fresh))?;
        let own = self.take_own(fresh.filled());
        self.kept.extend_from_slice(&fresh.filled()[own..]);
        buffer.set_filled(before + own);
        Poll::Ready(Ok(()))
    }

    fn hand_over_kept(&mut self, buffer: &mut ReadBuf<'_>, most: usize) {
        let mut kept = std::mem::take(&mut self.kept);
        let rest = &kept[self.taken..];
        let own = self.take_own(&rest[..most.min(rest.len())]);
        buffer.put_slice(&rest[..own]);
        self.taken += own;
        if self.taken == kept.len() {
            self.taken = 0;
            kept.clear();
            // Its memory is used again, unless that is much for a connection that may be idle.
            kept.shrink_to(MOST_KEPT_EMPTY);
        }
        self.kept = kept;
    }

    /// Reads what is not handed over yet, to know of it and of the end of the stream. 0 is the end.
    fn look_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        ready!(self.stream.poll_read_ready(context))?;
        let mut bytes = [0; MOST_LINES];
        let mut fresh = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut fresh))?;
        self.kept.extend_from_slice(fresh.filled());
        Poll::Ready(Ok(fresh.filled().len()))
    }

    /// How many of these bytes belong to this part.
    fn take_own(&mut self, bytes: &[u8]) -> usize {
        let end = match self.part {
            NextPart::Lines => {
                self.ahead.begin_head();
                self.until_empty_line(bytes)
            }
            NextPart::Body(_) => {
                self.ahead.hand_over(bytes.len() as u64);
                None
            }
        };
        self.left = if end.is_some() { 0 } else { self.left - bytes.len() };
        end.unwrap_or(bytes.len())
    }

    fn until_empty_line(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut end = 0;
        while end < bytes.len() {
            let mut rest = &bytes[end..];
            // A search in memory cannot fail.
            let length = rest.skip_until(b'\n').unwrap_or(bytes.len() - end);
            let line = &bytes[end..end + length];
            end += length;
            let (text, is_whole) = match line.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (line, false),
            };
            let is_empty = text.iter().all(|byte| *byte == b'\r');
            if is_whole && is_empty && self.is_new_line {
                self.is_new_line = false;
                return Some(end);
            }
            self.is_new_line = is_whole || (self.is_new_line && is_empty);
        }
        None
    }
}

impl AsyncRead for StreamInParts {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_over() {
            return Poll::Ready(Ok(()));
        }
        if this.was_left
            && let Some(part) = this.ahead.take_due()
        {
            this.begin(part);
        }
        let read = this.hand_over(context, buffer);
        this.was_left = read.is_pending();
        if this.was_left {
            this.ahead.remember(context);
        }
        read
    }
}

impl AsyncWrite for StreamInParts {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.ahead.is_blocked(written.is_pending());
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        // Under TLS a write may only have encrypted.
        if self.is_secured() {
            self.ahead.is_blocked(flushed.is_pending());
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
