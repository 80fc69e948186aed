//! Who is confirmed to own a partition: a look at the fence says so, and nothing is written.

use crate::duel::{append, open, open_partition};
use actors::engine::record;
use actors::store::{AppendOutcome, Position, Store};
use harness::database::{connect, database, wait};
use std::sync::atomic::{AtomicUsize, Ordering};

const TAKE_OVERS: usize = 40;

/// A confirmation reads the fence and takes no round of consensus, so it leaves no trace.
#[test]
fn to_confirm_writes_nothing_and_fails_once_somebody_took_over() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let stores = [open(&settings), open(&settings)];
    let session = connect(&settings);
    let written_at = || {
        let of_the_fence = "SELECT WRITETIME(last_head), WRITETIME(epoch) FROM log WHERE name = \
                            'duel/1' AND generation = 1";
        let rows = wait(session.session().query_unpaged(of_the_fence, ())).unwrap();
        rows.into_rows_result().unwrap().first_row::<(i64, i64)>().unwrap()
    };
    open_partition(&stores[0]);
    let frame = record::frame(Position::default(), 1, b"first".to_vec());
    assert_eq!(append(&stores[0], &frame), AppendOutcome::Durable);
    let before = written_at();
    let confirmation = record::frame(frame.to, 0, Vec::new());
    for _ in 0..20 {
        assert_eq!(append(&stores[0], &confirmation), AppendOutcome::Durable);
    }
    assert_eq!(written_at(), before, "something was written");
    open_partition(&stores[1]);
    assert_eq!(append(&stores[0], &confirmation), AppendOutcome::Fenced);
    assert_eq!(append(&stores[1], &confirmation), AppendOutcome::Durable);
}

/// Take-overs of one opponent, counted when they begin and when they are done.
#[derive(Default)]
struct TakeOvers {
    begun: AtomicUsize,
    done: AtomicUsize,
}

/// Confirms until they are refused, opens again, and so on. Whoever asks when a take-over that
/// began after their own opening is done must be refused. Answers how often they were confirmed,
/// and how often refused.
fn confirm_meanwhile(store: &dyn Store, others: &TakeOvers) -> (usize, usize) {
    let confirmation = record::frame(Position::default(), 0, Vec::new());
    let (mut confirmed, mut refused) = (0, 0);
    loop {
        open_partition(store);
        let begun = others.begun.load(Ordering::SeqCst);
        loop {
            let done = others.done.load(Ordering::SeqCst);
            match append(store, &confirmation) {
                AppendOutcome::Durable => {
                    assert!(done <= begun, "confirmed, although another had taken over");
                    confirmed += 1;
                }
                AppendOutcome::Fenced => break refused += 1,
                AppendOutcome::Unknown(why) => panic!("{why}"),
            }
            if begun == TAKE_OVERS && done == TAKE_OVERS {
                return (confirmed, refused);
            }
        }
    }
}

#[test]
fn nobody_is_confirmed_who_asks_after_another_took_over() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let (owner, stale) = (open(&settings), open(&settings));
    let others = TakeOvers::default();
    let (confirmed, refused) = std::thread::scope(|threads| {
        let confirms = threads.spawn(|| confirm_meanwhile(&stale, &others));
        for _ in 0..TAKE_OVERS {
            others.begun.fetch_add(1, Ordering::SeqCst);
            open_partition(&owner);
            others.done.fetch_add(1, Ordering::SeqCst);
        }
        confirms.join().unwrap()
    });
    assert!(confirmed > 0 && refused > 0, "{confirmed} confirmed, {refused} refused");
}
