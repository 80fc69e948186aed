//! Ends connections on which nothing happens, and knows when nothing is sent any more.
//!
//! Once a second a worker looks at all of its connections. A timer for each would have to be set
//! and taken back with every request. The head of a connection's first request is not watched here:
//! the framework has a timer for it, and answers it with 408.

use super::last_call::Guest;
use super::read_ahead::{Quiet, ReadAhead};
use actix_web::rt::spawn;
use actix_web::rt::time::{interval, sleep};
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::time::MissedTickBehavior;

const SECOND: Duration = Duration::from_secs(1);
/// So often a stop looks whether all is sent.
const SOON: Duration = Duration::from_millis(10);
/// For the rest of a head that has begun.
const HEAD_S: u32 = 30;

/// Of one worker.
pub struct IdleWatch {
    keep_alive_s: u32,
    seen: RefCell<Vec<Seen>>,
}

struct Seen {
    connection: Weak<ReadAhead>,
    /// As it was at the last look, and how many looks ago it became so.
    quiet: Option<Quiet>,
    looks: u32,
}

impl IdleWatch {
    /// Looks each second until this is dropped. The guest stays until all that was answered before
    /// the close is sent.
    pub fn begin(keep_alive_s: u32, guest: Guest) -> Rc<IdleWatch> {
        let watch = Rc::new(IdleWatch::of(keep_alive_s));
        let kept = Rc::downgrade(&watch);
        spawn(stay_until_all_is_sent(kept.clone(), guest));
        spawn(async move {
            let mut seconds = interval(SECOND);
            seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                seconds.tick().await;
                let Some(watch) = kept.upgrade() else { return };
                watch.look();
            }
        });
        watch
    }

    fn of(keep_alive_s: u32) -> IdleWatch {
        IdleWatch { keep_alive_s, seen: RefCell::default() }
    }

    pub fn watch(&self, connection: &Rc<ReadAhead>) {
        let connection = Rc::downgrade(connection);
        self.seen.borrow_mut().push(Seen { connection, quiet: None, looks: 0 });
    }

    fn is_sending(&self) -> bool {
        let is_sending =
            |seen: &Seen| seen.connection.upgrade().is_some_and(|one| one.is_sending());
        self.seen.borrow().iter().any(is_sending)
    }

    fn look(&self) {
        self.seen.borrow_mut().retain_mut(|seen| {
            let Some(connection) = seen.connection.upgrade() else { return false };
            let looks = seen.look(&connection);
            if seen.quiet.is_some_and(|quiet| looks >= self.most(quiet)) {
                connection.end();
            }
            true
        });
    }

    fn most(&self, quiet: Quiet) -> u32 {
        if quiet.is_amid_head { HEAD_S } else { self.keep_alive_s }
    }
}

async fn stay_until_all_is_sent(watch: Weak<IdleWatch>, guest: Guest) {
    guest.clone().hears_the_close().await;
    while watch.upgrade().is_some_and(|watch| watch.is_sending()) {
        sleep(SOON).await;
    }
    drop(guest);
}

impl Seen {
    /// For how many looks it has been quiet in the same way.
    fn look(&mut self, connection: &ReadAhead) -> u32 {
        let quiet = connection.quiet();
        self.looks = if quiet == self.quiet { self.looks.saturating_add(1) } else { 0 };
        self.quiet = quiet;
        self.looks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::{BodyStream, BoxBody};
    use actix_web::web::Bytes;
    use futures_util::stream;

    type Piece = std::io::Result<Bytes>;

    /// How many looks it takes until it is ended.
    fn looks_until_the_end(watch: &IdleWatch, connection: &ReadAhead) -> Option<u32> {
        (0..1000).find(|_| {
            watch.look();
            connection.is_over()
        })
    }

    #[test]
    fn a_connection_ends_so_long_after_its_last_answer() {
        let (watch, connection) = (IdleWatch::of(5), Rc::<ReadAhead>::default());
        watch.watch(&connection);
        assert_eq!(looks_until_the_end(&watch, &connection), None, "the first head is not watched");
        for _ in 0..3 {
            drop(connection.begin());
            (0..5).for_each(|_| watch.look());
            assert!(!connection.is_over());
        }
        assert_eq!(looks_until_the_end(&watch, &connection), Some(0));
    }

    #[test]
    fn a_connection_with_a_request_under_way_or_an_unread_answer_is_not_idle() {
        let (watch, connection) = (IdleWatch::of(5), Rc::<ReadAhead>::default());
        watch.watch(&connection);
        drop(connection.begin());
        let under_way = connection.begin();
        assert_eq!(looks_until_the_end(&watch, &connection), None);
        connection.is_blocked(true);
        drop(under_way);
        assert_eq!(looks_until_the_end(&watch, &connection), None);
        connection.is_blocked(false);
        assert_eq!(looks_until_the_end(&watch, &connection), Some(5));
    }

    #[test]
    fn a_head_that_has_begun_has_a_time_of_its_own() {
        let (watch, connection) = (IdleWatch::of(75), Rc::<ReadAhead>::default());
        watch.watch(&connection);
        drop(connection.begin());
        (0..70).for_each(|_| watch.look());
        connection.begin_head();
        assert_eq!(looks_until_the_end(&watch, &connection), Some(HEAD_S));
    }

    #[test]
    fn an_answer_is_sent_until_its_body_is_handed_over_and_taken() {
        let (watch, connection) = (IdleWatch::of(5), Rc::<ReadAhead>::default());
        watch.watch(&connection);
        let under_way = connection.begin();
        assert!(!watch.is_sending(), "it is not answered");
        let body = under_way.until_sent(BoxBody::new(BodyStream::new(stream::pending::<Piece>())));
        assert!(watch.is_sending());
        drop(body);
        assert!(!watch.is_sending());
        connection.is_blocked(true);
        assert!(watch.is_sending());
        drop(connection);
        assert!(!watch.is_sending(), "its caller has gone");
    }

    #[test]
    fn a_connection_that_is_gone_is_forgotten() {
        let watch = IdleWatch::of(5);
        watch.watch(&Rc::default());
        watch.look();
        assert!(watch.seen.borrow().is_empty());
    }
}
