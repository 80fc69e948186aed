//! Work that is nearly always done within a moment, told from work that is not, without a timer of
//! its own.
//!
//! A body mostly lies in the connection already, but only the second look finds it there. A timer
//! for each would cost every request more than all else here. So a thread has one clock for all of
//! them, which ticks only while there are any.

use actix_web::rt;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(250);
/// Whole ticks that a moment lasts; one of them may have begun before.
const MOMENT: u64 = 2;

thread_local! {
    static WAITING: RefCell<Waiting> = RefCell::default();
}

/// Those of this thread that were not done at the first look.
#[derive(Default)]
struct Waiting {
    places: Vec<Option<(u64, Waker)>>,
    free: Vec<usize>,
    now: u64,
    is_ticking: bool,
    /// Somebody has come since the last tick.
    is_used: bool,
}

/// What the work came to, or None when the moment is over. Then it can be waited for in another
/// way.
pub async fn within_a_moment<F: Future>(mut work: Pin<&mut F>) -> Option<F::Output> {
    let mut place: Option<Place> = None;
    poll_fn(|context: &mut Context<'_>| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        match place.get_or_insert_with(|| Place::take(context.waker())).is_over() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    })
    .await
}

struct Place(usize);

impl Place {
    fn take(waker: &Waker) -> Place {
        WAITING.with_borrow_mut(|waiting| Place(waiting.enter(waker.clone())))
    }

    fn is_over(&self) -> bool {
        WAITING.with_borrow(|waiting| waiting.is_over(self.0))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A thread that ends may have none any more.
        let _ = WAITING.try_with(|waiting| waiting.borrow_mut().leave(self.0));
    }
}

impl Waiting {
    fn enter(&mut self, waker: Waker) -> usize {
        self.is_used = true;
        if !self.is_ticking {
            self.is_ticking = true;
            rt::spawn(tick());
        }
        let waits = Some((self.now, waker));
        match self.free.pop() {
            Some(place) => {
                self.places[place] = waits;
                place
            }
            None => {
                self.places.push(waits);
                self.places.len() - 1
            }
        }
    }

    fn is_over(&self, place: usize) -> bool {
        let since = self.places[place].as_ref().map(|(since, _)| *since);
        since.is_some_and(|since| self.now - since >= MOMENT)
    }

    fn leave(&mut self, place: usize) {
        self.places[place] = None;
        self.free.push(place);
    }

    /// Wakes those whose moment is over. False if nobody is left, or has come since the last tick.
    fn tick(&mut self) -> bool {
        self.now += 1;
        let over = self.places.iter().flatten().filter(|(since, _)| self.now - since == MOMENT);
        over.for_each(|(_, waker)| waker.wake_by_ref());
        let is_used = std::mem::take(&mut self.is_used);
        self.is_ticking = is_used || self.free.len() < self.places.len();
        self.is_ticking
    }
}

async fn tick() {
    loop {
        rt::time::sleep(TICK).await;
        if !WAITING.with_borrow_mut(Waiting::tick) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};
    use std::pin::pin;

    fn is_ticking() -> bool {
        WAITING.with_borrow(|waiting| waiting.is_ticking)
    }

    #[actix_rt::test]
    async fn what_is_done_at_once_or_at_the_second_look_is_done() {
        assert_eq!(within_a_moment(pin!(ready(7))).await, Some(7));
        assert!(!is_ticking());
        assert_eq!(within_a_moment(pin!(async { rt::task::yield_now().await })).await, Some(()));
        assert!(is_ticking());
    }

    #[actix_rt::test]
    async fn what_is_not_done_is_given_back_and_the_clock_stops_when_nobody_waits() {
        let all = (0..5).map(|_| async { within_a_moment(pin!(pending::<()>())).await });
        let all: Vec<Option<()>> = futures_util::future::join_all(all).await;
        assert_eq!(all, [None; 5]);
        assert_eq!(WAITING.with_borrow(|waiting| waiting.places.iter().flatten().count()), 0);
        while is_ticking() {
            rt::time::sleep(TICK).await;
        }
    }
}
