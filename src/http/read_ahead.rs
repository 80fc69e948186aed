//! Whether a connection may be read on, beside what is under way on it, and whether it is quiet.
//!
//! The framework parses all that it has read before it answers the first request, and a parsed
//! request takes a hundred times the memory of its bytes. So a request is handed over when all
//! before it are answered, and its body when it waits for it.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// What is known of a connection by its stream, its requests and its answers.
#[derive(Default)]
pub struct ReadAhead {
    under_way: Cell<usize>,
    /// Of those under way, so many are answered, but the answer is not handed over.
    answering: Cell<usize>,
    wants_body: Cell<bool>,
    /// Of the body of the request under way, if its length is known.
    body_left: Cell<Option<u64>>,
    is_blocked: Cell<bool>,
    answered: Cell<u32>,
    is_amid_head: Cell<bool>,
    is_over: Cell<bool>,
    /// Of the task that the connection is.
    task: RefCell<Option<Waker>>,
    /// Whether it waits until something is due.
    waits: Cell<bool>,
}

/// Nothing is under way, and the same as long as nothing has happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quiet {
    answered: u32,
    /// Of the next request a part is there.
    pub is_amid_head: bool,
}

/// What may be handed over now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NextPart {
    /// A head, or what lies between two heads, to the next empty line.
    Lines,
    /// So much of a body.
    Body(u64),
}

impl ReadAhead {
    /// A request is under way until what this returns is dropped.
    pub fn begin(self: &Rc<Self>) -> UnderWay {
        self.under_way.set(self.under_way.get() + 1);
        self.is_amid_head.set(false);
        UnderWay { ahead: self.clone(), is_answered: false }
    }

    /// The request under way has a body, of which nothing was handed over.
    pub fn expect_body(&self, length: Option<u64>) {
        self.body_left.set(length);
    }

    /// Whether the request under way waits for more of its body.
    pub fn wants_body(&self, wants: bool) {
        self.wants_body.set(wants);
        self.wake_if_due();
    }

    /// Whether the system takes no more of the answers.
    pub fn is_blocked(&self, blocked: bool) {
        self.is_blocked.set(blocked);
        self.wake_if_due();
    }

    /// Takes what is due. Asked when all that was handed over is parsed: then no parsed request is
    /// left over, except one whose body is not there yet.
    pub fn take_due(&self) -> Option<NextPart> {
        let due = self.due()?;
        self.wants_body.set(false);
        Some(due)
    }

    /// So much of a body was handed over.
    pub fn hand_over(&self, count: u64) {
        self.body_left.set(self.body_left.get().map(|left| left.saturating_sub(count)));
    }

    /// Something was handed over that may be of the next request's head.
    pub fn begin_head(&self) {
        if self.under_way.get() == 0 {
            self.is_amid_head.set(true);
        }
    }

    /// Before the first answer, and while something is under way or blocked, it is not quiet.
    pub fn quiet(&self) -> Option<Quiet> {
        let (answered, is_amid_head) = (self.answered.get(), self.is_amid_head.get());
        let is_quiet = answered > 0 && self.under_way.get() == 0 && !self.is_blocked.get();
        is_quiet.then_some(Quiet { answered, is_amid_head })
    }

    /// Whether a part of an answer is not sent yet.
    pub fn is_sending(&self) -> bool {
        self.answering.get() > 0 || self.is_blocked.get()
    }

    /// Ends the connection, as if its caller had hung up.
    pub fn end(&self) {
        self.is_over.set(true);
        self.wake();
    }

    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }

    fn due(&self) -> Option<NextPart> {
        if self.under_way.get() == 0 {
            return (!self.is_blocked.get()).then_some(NextPart::Lines);
        }
        match self.body_left.get() {
            _ if !self.wants_body.get() => None,
            Some(0) => None,
            Some(left) => Some(NextPart::Body(left)),
            // The last of its pieces ends with an empty line, too.
            None => Some(NextPart::Lines),
        }
    }

    pub fn wake_when_due(&self, context: &Context<'_>) {
        self.remember(context);
        self.waits.set(true);
        self.wake_if_due();
    }

    /// Its task is always the same.
    pub fn remember(&self, context: &Context<'_>) {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|task| task.will_wake(context.waker())) {
            *task = Some(context.waker().clone());
        }
    }

    fn wake_if_due(&self) {
        if self.waits.get() && self.due().is_some() {
            self.waits.set(false);
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }
}

/// A request that is not answered to its end.
pub struct UnderWay {
    ahead: Rc<ReadAhead>,
    is_answered: bool,
}

impl UnderWay {
    /// Until the answer's body is handed over. One that is there already needs no such care: it is
    /// written at once, or the stream is blocked.
    pub fn until_sent(mut self, body: BoxBody) -> BoxBody {
        self.is_answered = true;
        self.ahead.answering.update(|count| count + 1);
        BoxBody::new(Unsent { body, under_way: self })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.ahead.under_way.set(self.ahead.under_way.get() - 1);
        if self.is_answered {
            self.ahead.answering.update(|count| count - 1);
        }
        self.ahead.answered.set(self.ahead.answered.get().wrapping_add(1));
        self.ahead.wake_if_due();
    }
}

struct Unsent {
    body: BoxBody,
    under_way: UnderWay,
}

impl MessageBody for Unsent {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Unsent { body, under_way } = self;
        body.try_into_bytes().map_err(|body| Unsent { body, under_way })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_due_when_all_before_it_are_answered_and_taken() {
        let ahead = Rc::<ReadAhead>::default();
        assert_eq!(ahead.take_due(), Some(NextPart::Lines));
        let one = ahead.begin();
        assert_eq!(ahead.take_due(), None);
        ahead.is_blocked(true);
        drop(one);
        assert_eq!(ahead.take_due(), None);
        ahead.is_blocked(false);
        assert_eq!(ahead.take_due(), Some(NextPart::Lines));
    }

    #[test]
    fn of_a_body_as_much_is_due_as_is_left_and_only_while_somebody_waits_for_it() {
        let ahead = Rc::<ReadAhead>::default();
        let _one = ahead.begin();
        ahead.expect_body(Some(10));
        assert_eq!(ahead.take_due(), None);
        ahead.wants_body(true);
        assert_eq!(ahead.take_due(), Some(NextPart::Body(10)));
        ahead.hand_over(4);
        assert_eq!(ahead.take_due(), None);
        ahead.wants_body(true);
        assert_eq!(ahead.take_due(), Some(NextPart::Body(6)));
        ahead.hand_over(6);
        ahead.wants_body(true);
        assert_eq!(ahead.take_due(), None);
    }

    #[test]
    fn an_answer_that_is_still_made_keeps_its_request_under_way_and_a_whole_one_does_not() {
        let ahead = Rc::<ReadAhead>::default();
        let endless = actix_web::body::BodyStream::new(futures_util::stream::pending::<
            Result<Bytes, std::io::Error>,
        >());
        let body = ahead.begin().until_sent(BoxBody::new(endless));
        assert_eq!(ahead.take_due(), None);
        drop(body);
        let _whole = ahead.begin().until_sent(BoxBody::new("whole"));
        assert_eq!(ahead.take_due(), Some(NextPart::Lines));
    }
}
