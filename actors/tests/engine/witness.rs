//! What a commit can show for all facts in it, made once.

use actors::domain::ballots::{Answer, BallotBox, BoxName, BoxTerms, Command, Question, Witness};
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::engine::{Done, Key, KeyWindow, Manner, Partition, Reply, Request};
use actors::store::{Append, Opened, Row, RowKey};
use actors::{Caller, Id, Time};
use std::collections::HashMap;
use std::sync::Arc;

const NAME: BoxName = BoxName { pool: PoolName::Day(Day(20_261_231)), number: 3 };
const AT: Time = Time(1_000);

type Box3 = Partition<BallotBox, u32>;

fn submit(key: Option<Key>) -> Request<BallotBox> {
    Request::Command {
        command: Command::Submit,
        caller: Caller::member(Id([1; 16])),
        key,
        how: Manner::ForGood,
    }
}

fn key(number: u8) -> Key {
    Key::new(Id([1; 16]), &[number], &[b"submit"])
}

fn window() -> Arc<KeyWindow> {
    Arc::new(KeyWindow::new(1_000, 3_600))
}

fn open() -> Request<BallotBox> {
    let terms = BoxTerms { closes_at: Time(1_000_000), most: 10_000 };
    Request::Command {
        command: Command::Open { name: NAME, terms },
        caller: Caller::SYSTEM,
        key: None,
        how: Manner::ForGood,
    }
}

/// A box that is open and quiet.
fn a_box() -> Box3 {
    let mut partition: Box3 =
        Partition::open(NAME, Opened::default(), window()).expect("nothing was written yet");
    assert!(partition.serve(open(), AT, 0, 0).is_none());
    assert_eq!(landed(&mut partition).len(), 1);
    partition
}

fn landed(partition: &mut Box3) -> Vec<Done<actors::domain::ballots::Event, Witness>> {
    let _ = partition.flush();
    let answers = partition.land().answers;
    answers
        .into_iter()
        .filter_map(|(_, reply)| if let Reply::Done(done) = reply { Some(done) } else { None })
        .collect()
}

#[test]
fn all_facts_of_a_commit_share_one_witness_and_the_next_commit_begins_where_it_ended() {
    let mut partition = a_box();
    for waiter in 1..=3 {
        assert!(partition.serve(submit(None), AT, u64::from(waiter), waiter).is_none());
    }
    let first = landed(&mut partition);
    let shown: Vec<_> = first.iter().map(|done| done.witness.clone().expect("it is new")).collect();
    assert!(shown.iter().all(|other| Arc::ptr_eq(other, &shown[0])));
    assert_eq!((shown[0].from, shown[0].position()), (0, 3));

    assert!(partition.serve(submit(None), AT, 9, 9).is_none());
    let second = landed(&mut partition)[0].witness.clone().expect("it is new");
    assert_eq!((second.from, second.position(), second.heads[0]), (3, 4, shown[0].head()));
}

#[test]
fn what_comes_while_a_commit_is_under_way_is_in_the_next_witness() {
    let mut partition = a_box();
    assert!(partition.serve(submit(None), AT, 1, 1).is_none());
    assert!(partition.flush().is_some());
    assert!(partition.serve(submit(None), AT, 2, 2).is_none());
    let witness =
        |done: &Done<_, Witness>| done.witness.clone().map(|shown| (shown.from, shown.position()));
    assert_eq!(landed(&mut partition).iter().map(witness).collect::<Vec<_>>(), [Some((0, 1))]);
    assert_eq!(landed(&mut partition).iter().map(witness).collect::<Vec<_>>(), [Some((1, 2))]);
}

#[test]
fn a_replayed_fact_has_none() {
    let mut partition = a_box();
    assert!(partition.serve(submit(Some(key(1))), AT, 1, 1).is_none());
    assert!(partition.serve(submit(Some(key(1))), AT, 2, 2).is_none());
    let both = landed(&mut partition);
    assert_eq!(
        both.iter().map(|done| (done.replayed, done.witness.is_some())).collect::<Vec<_>>(),
        [(false, true), (true, false)]
    );
    assert_eq!(both[0].event, both[1].event);
}

#[test]
fn a_box_opened_again_shows_only_what_came_since() {
    let mut partition: Box3 = Partition::open(NAME, Opened::default(), window()).expect("it opens");
    assert!(partition.serve(open(), AT, 0, 0).is_none());
    let mut frames = vec![partition.flush().expect("it is opened").frame];
    partition.land();
    frames.push(commit(&mut partition, 1).frame);
    let head = landed(&mut partition)[0].witness.clone().expect("it is new").head();
    let snapshot = Some(partition.snapshot());
    for opened in [Opened { snapshot, frames: Vec::new() }, Opened { snapshot: None, frames }] {
        let mut again: Box3 = Partition::open(NAME, opened, window()).expect("it was written so");
        assert!(again.serve(submit(None), AT, 2, 2).is_none());
        let shown = landed(&mut again)[0].witness.clone().expect("it is new");
        assert_eq!((shown.from, shown.position(), shown.heads[0]), (1, 2, head));
        assert!(matches!(
            again.serve(Request::Look(Question::State), AT, 3, 3),
            Some((3, Reply::Looked(_)))
        ));
    }
}

/// A commit of so many ballots, and what it wrote.
fn commit(partition: &mut Box3, ballots: u64) -> Append {
    for seed in 0..ballots {
        assert!(partition.serve(submit(None), AT, seed, 0).is_none());
    }
    partition.flush().expect("there is something to write")
}

#[test]
fn a_commit_of_any_size_has_all_its_ballots_in_its_witness() {
    let mut partition = a_box();
    let _ = commit(&mut partition, 5_000);
    let done = partition.land().answers;
    let Some((_, Reply::Done(done))) = done.last() else { panic!("they were taken") };
    let shown = done.witness.as_ref().expect("it is new");
    assert_eq!((shown.from, shown.position(), shown.heads.len()), (0, 5_000, 5_001));
}

#[test]
fn an_old_ballot_is_witnessed_after_one_look_up_and_its_cards_do_not_stay() {
    let mut partition = a_box();
    let mut stored = HashMap::new();
    for _ in 0..3 {
        let Append { rows, .. } = commit(&mut partition, 1_000);
        for Row { shelf, owner, key, body } in rows {
            stored.insert(RowKey { shelf, owner, key }, body);
        }
        partition.land();
    }
    for question in [Question::Witness { index: 1_500 }, Question::Witness { index: 1_500 }] {
        assert!(partition.serve(Request::Look(question), AT, 1, 1).is_none(), "not in memory");
        let wanted = partition.wanted().expect("cards are missing");
        assert_eq!(wanted.keys.len(), 1_500 - 1_024 + 1, "from the beginning of its block on");
        let bodies = wanted.rows.iter().map(|row| stored[row].clone()).collect();
        let answers = partition.found(&wanted.keys, bodies, AT);
        let [(1, Reply::Looked(looked))] = &answers[..] else { panic!("it is answered") };
        let Answer::Witness(Some((_, shown))) = &looked.answer else { panic!("it is there") };
        assert_eq!((shown.from, shown.position()), (1_500, 1_501));
    }
}
