//! Appends that do not wait for the list rows of those before them.

use crate::duel::{OWNER, PARTITION, SHELF, open, open_partition, texts};
use actors::engine::record;
use actors::store::{Append, AppendOutcome, Page, Position, Row, Store};
use harness::database::database;
use std::sync::mpsc;
use testing::contract::answer;

const APPENDS: usize = 6;
/// Of one append.
const ROWS: usize = 300;

/// What is told of the n-th append.
enum Told {
    Stands(usize),
    Ended(usize, AppendOutcome),
}

/// An append of so many rows, the n-th of all.
fn append_of_many_rows(number: usize, at: Position) -> Append {
    let row = |row: usize| Row {
        shelf: SHELF,
        owner: OWNER,
        key: format!("{number:02} {row:03}").into_bytes(),
        body: Some(b"x".to_vec()),
    };
    let frame = record::frame(at, 1, format!("frame {number}").into_bytes());
    Append { partition: PARTITION.into(), frame, rows: (0..ROWS).map(row).collect() }
}

#[test]
fn the_next_append_need_not_wait_for_rows_and_answers_keep_their_order() {
    let Some(database) = database() else { return };
    let settings = database.fresh();
    let store = open(&settings);
    let (tell, told) = mpsc::channel();
    let mut at = Position::default();
    let (mut sent, mut ended) = (0, 0);
    while ended < APPENDS {
        if sent < APPENDS {
            let (number, stands, ends) = (sent, tell.clone(), tell.clone());
            let append = append_of_many_rows(number, at);
            (at, sent) = (append.frame.to, sent + 1);
            store.append_and_go_on(
                append,
                Box::new(move |()| stands.send(Told::Stands(number)).unwrap()),
                Box::new(move |outcome| ends.send(Told::Ended(number, outcome)).unwrap()),
            );
        }
        // Until the last one that was sent stands, or all have ended.
        loop {
            match told.recv().unwrap() {
                Told::Stands(number) => {
                    assert_eq!(number, sent - 1);
                    break;
                }
                Told::Ended(number, outcome) => {
                    assert_eq!((number, outcome), (ended, AppendOutcome::Durable));
                    ended += 1;
                    let page = Page { shelf: SHELF, owner: OWNER, after: None, limit: 10_000 };
                    let seen = answer(|done| store.rows(page, done)).unwrap().len();
                    assert!(seen >= ended * ROWS, "{seen} rows are seen of {ended} appends");
                }
            }
            if ended == APPENDS {
                break;
            }
        }
    }
    assert_eq!(texts(&open_partition(&store)).len(), APPENDS);
}
