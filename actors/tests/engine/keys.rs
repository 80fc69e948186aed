//! A fact answers once: the same key finds it again, and never a second thing.

use super::bench::*;
use actors::domain::tickets::{Command, Refusal, Slice};
use actors::engine::{By, Failure, HomeNote, Key, KeyWindow, Manner, Partition, Reply, Request};
use actors::{Caller, Time};
use std::sync::Arc;
use testing::memory::Fate;

#[test]
fn a_repeat_that_arrives_while_the_first_is_running_waits_for_its_answer() {
    with_engine(async |bench| {
        bench.store.plan(Fate::Stall);
        let first = bench.ask(0, hold("0***"), ADA, key("k"));
        let second = bench.ask(0, hold("0***"), ADA, key("k"));
        settle().await;
        assert!(!first.is_finished() && !second.is_finished());
        bench.store.step();
        let (first, second) =
            (told(first).await.expect("it was free"), told(second).await.expect("it was free"));
        assert_eq!((first.event, first.replayed, second.replayed), (second.event, false, true));
        assert_eq!(bench.held(0), 1);
    });
}

#[test]
fn the_same_key_for_another_command_is_refused_wherever_it_is_used() {
    with_engine(async |bench| {
        bench.command(0, hold("0***"), ADA, key("k")).await.expect("it was free");
        let other = Some(Key::new(ADA.id, b"k", &[b"something else"]));
        for lead in 0..3 {
            assert_eq!(
                bench.command(lead, hold(&format!("{lead}***")), ADA, other).await,
                Err(Failure::KeyReused),
                "in slice {lead}"
            );
        }
        assert_eq!((bench.held(0), bench.held(1), bench.held(2)), (1, 0, 0));
        let bobs = Some(Key::new(BOB.id, b"k", &[b"something else"]));
        assert!(
            bench.command(1, hold("1***"), BOB, bobs).await.is_ok(),
            "another caller's key is another key"
        );
    });
}

#[test]
fn keys_survive_a_restart_with_a_snapshot_and_without() {
    for with_snapshot in [false, true] {
        with_engine(async |bench| {
            let first = bench.command(0, hold("0***"), ADA, key("k")).await.expect("it was free");
            if with_snapshot {
                bench.slices.rest();
                settle().await;
                assert!(bench.slices.rest(), "all have left");
            }
            let bench = bench.restarted();
            bench.pass_s(3_000);
            let again = bench
                .command(0, hold("0***"), ADA, key("k"))
                .await
                .expect("it was answered before");
            assert_eq!((again.event, again.at, again.replayed), (first.event, first.at, true));
            let other = Some(Key::new(ADA.id, b"k", &[b"something else"]));
            assert_eq!(bench.command(0, hold("0***"), ADA, other).await, Err(Failure::KeyReused));
            assert_eq!(bench.held(0), 1);
        });
    }
}

#[test]
fn a_refusal_is_no_fact_and_is_decided_anew() {
    with_engine(async |bench| {
        bench.command(0, hold("0123"), BOB, None).await.expect("it was free");
        for _ in 0..2 {
            let told = bench.command(0, hold("0123"), ADA, key("k")).await;
            assert_eq!(told, Err(Failure::Refused(Refusal::NoMatchLeft { left: 0 })));
        }
        bench.command(0, Command::Release { hold: 0 }, BOB, None).await.expect("it is his");
        assert!(
            !bench
                .command(0, hold("0123"), ADA, key("k"))
                .await
                .expect("it is free again")
                .replayed
        );
    });
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    with_engine(async |bench| {
        for _ in 0..3 {
            let done = bench
                .slices
                .command(&slice(0), hold("0123"), By::dry_run(ADA).under(key("k")))
                .await
                .expect("it is free");
            assert!(!done.replayed);
        }
        assert_eq!((bench.held(0), bench.ledger(0).await.held), (0, 0));
        let other = Some(Key::new(ADA.id, b"k", &[b"something else"]));
        assert!(bench.command(0, hold("0123"), ADA, other).await.is_ok(), "a dry run binds no key");
        assert!(bench.slices.command(&slice(0), hold("0123"), By::dry_run(BOB)).await.is_err());
    });
}

#[test]
fn a_key_older_than_the_window_is_forgotten_and_one_within_it_is_not() {
    with_engine(async |bench| {
        let first = bench.command(0, hold("0***"), ADA, key("k")).await.expect("it was free");
        bench.pass_s(3600);
        let again =
            bench.command(0, hold("0***"), ADA, key("k")).await.expect("it was answered before");
        assert_eq!((again.at, again.replayed), (first.at, true));
        bench.pass_s(1);
        let anew = bench.command(0, hold("0***"), ADA, key("k")).await.expect("it is free");
        assert!(!anew.replayed);
        assert_eq!(bench.held(0), 2);
    });
}

/// A slice without an actor around it, open since the beginning.
fn alone(window: Arc<KeyWindow>) -> Partition<Slice, ()> {
    let mut partition =
        Partition::open(slice(0), Default::default(), window).expect("nothing opens");
    let open = Command::Open { lead: 0, terms: Box::new(TERMS) };
    serve(
        &mut partition,
        Request::Command { command: open, caller: Caller::SYSTEM, key: None, how: Manner::ForGood },
        START,
    );
    partition
}

fn serve(partition: &mut Partition<Slice, ()>, request: Request<Slice>, at: i64) -> Reply<Slice> {
    if let Some((_, reply)) = partition.serve(request, Time(at), 1, ()) {
        return reply;
    }
    partition.flush().expect("somebody waits");
    partition.land().answers.pop().expect("somebody waited").1
}

fn as_guest(since: i64) -> Request<Slice> {
    Request::Command {
        command: hold("0***"),
        caller: ADA,
        key: key("k"),
        how: Manner::Guest(HomeNote { to: 0, at: Time(since) }),
    }
}

/// The home is asked to name that place, or another one after that which it had named.
fn pass(declined: Option<HomeNote>, to: u16) -> Request<Slice> {
    pass_after(declined, to, None)
}

/// The same for a place that has declined at that instant.
fn pass_after(declined: Option<HomeNote>, to: u16, after: Option<Time>) -> Request<Slice> {
    Request::Pass { key: key("k").expect("it is one"), caller: ADA, declined, to, after }
}

/// What the home notes at that instant.
fn note(to: u16, at: i64) -> Option<HomeNote> {
    Some(HomeNote { to, at: Time(at) })
}

/// Whether the request goes on by that note.
fn goes_on(reply: Reply<Slice>, noted: Option<HomeNote>) -> bool {
    matches!(reply, Reply::Passed(last) if Some(last) == noted)
}

#[test]
fn a_guest_grants_nothing_that_its_home_may_have_forgotten() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    let at = START + 3_600_001;
    assert!(matches!(serve(&mut partition, as_guest(START), at), Reply::KeyForgotten));
    assert!(matches!(serve(&mut partition, as_guest(START + 1), at), Reply::Done(_)));
}

#[test]
fn a_guest_answers_no_earlier_than_its_home_named_it() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    let reply = serve(&mut partition, as_guest(START + 5_000), START);
    assert!(matches!(reply, Reply::Done(done) if done.at == Time(START + 5_000)));
}

#[test]
fn a_guest_that_declined_grants_nothing_until_its_home_names_it_again() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    let all =
        Request::Command { command: hold("0123"), caller: BOB, key: None, how: Manner::ForGood };
    let wanted = |since| Request::Command {
        command: hold("0123"),
        caller: ADA,
        key: key("k"),
        how: Manner::Guest(HomeNote { to: 0, at: Time(since) }),
    };
    assert!(matches!(serve(&mut partition, all, START), Reply::Done(_)));
    assert!(matches!(serve(&mut partition, wanted(START), START), Reply::Declined { .. }));
    let release = Request::Command {
        command: Command::Release { hold: 0 },
        caller: BOB,
        key: None,
        how: Manner::ForGood,
    };
    assert!(matches!(serve(&mut partition, release, START), Reply::Done(_)));
    assert!(matches!(serve(&mut partition, wanted(START), START + 1), Reply::Declined { .. }));
    // The home has forgotten the key, say. This guest has not, but was not asked this.
    assert!(matches!(serve(&mut partition, wanted(START + 1), START + 1), Reply::Done(_)));
}

#[test]
fn a_home_names_another_only_after_the_one_it_named_last() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    let (fourth, fifth) = (note(4, START), note(5, START));
    assert!(goes_on(serve(&mut partition, pass(None, 4), START), fourth));
    assert!(goes_on(serve(&mut partition, pass(None, 5), START), fourth), "it was passed on");
    assert!(goes_on(serve(&mut partition, pass(fourth, 5), START), fifth));
    assert!(goes_on(serve(&mut partition, pass(fourth, 6), START), fifth), "somebody was faster");
}

/// Its clock stands still, or is behind the guest's.
#[test]
fn a_home_that_names_a_guest_again_does_so_later_than_that_has_declined() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    serve(&mut partition, pass(None, 4), START);
    let again = pass_after(note(4, START), 4, Some(Time(START + 7)));
    assert!(goes_on(serve(&mut partition, again, START), note(4, START + 8)));
}

#[test]
fn a_home_that_was_its_own_guest_grants_nothing_once_it_has_named_another() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    serve(&mut partition, pass(None, 0), START);
    serve(&mut partition, pass(note(0, START), 1), START);
    // A request that followed the first note arrives late, when this place has something again.
    assert!(goes_on(serve(&mut partition, as_guest(START), START), note(1, START)));
}

/// A guest had nothing, and asks who may be asked next: about a key of which the home knows nothing
/// any more.
#[test]
fn a_home_that_has_forgotten_a_key_names_nobody_else_for_it() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    serve(&mut partition, pass(None, 1), START);
    let late = START + 3_601_000;
    assert!(matches!(serve(&mut partition, pass(note(1, START), 2), late), Reply::KeyForgotten));
    assert!(goes_on(serve(&mut partition, pass(None, 2), late), note(2, late)));
}

/// Word that a guest had nothing comes when the home has forgotten the key and, asked once more,
/// has named the same guest again, which may have something by now.
#[test]
fn what_was_declined_before_a_key_was_forgotten_is_no_answer_to_what_its_home_asks_since() {
    let mut partition = alone(Arc::new(KeyWindow::new(1000, 3600)));
    let late = START + 3_601_000;
    serve(&mut partition, pass(None, 1), START);
    serve(&mut partition, pass(None, 1), late);
    let reply = serve(&mut partition, pass(note(1, START), 2), late + 1);
    assert!(goes_on(reply, note(1, late)), "whether that is declined is not known");
    assert!(goes_on(serve(&mut partition, pass(note(1, late), 2), late + 1), note(2, late + 1)));
}

#[test]
fn too_many_keys_forget_the_oldest_for_every_partition() {
    let window = Arc::new(KeyWindow::new(16, 3600));
    let mut partition = alone(window.clone());
    for n in 0..100u8 {
        let many = Key::new(ADA.id, &[n], &[b"hold"]);
        let request = Request::Command {
            command: hold("0***"),
            caller: ADA,
            key: Some(many),
            how: Manner::ForGood,
        };
        serve(&mut partition, request, START + 1000 + n as i64);
    }
    assert!(window.kept() <= 16 && window.horizon() > Time(START + 1000));
    assert!(matches!(serve(&mut partition, as_guest(START), START + 2000), Reply::KeyForgotten));
}
