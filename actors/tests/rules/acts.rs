//! The book of acts.

use actors::cards::Cards;
use actors::domain::Only;
use actors::domain::acts::{
    Act, ActBy, ActOutcome, Acts, Command, Event, Question, Refusal, act_of_row, key_of_act,
    key_of_time, outcome_of_row,
};
use actors::machine::{Caller, Machine, Stamp, Verdict};
use actors::{Id, Time};

fn act(what: &str) -> Act {
    Act {
        by: ActBy::Account(Id([7; 16])),
        what: what.to_owned(),
        path: "/api/v1/campaigns".to_owned(),
        dry_run: false,
        reason: Some("spring sale".to_owned()),
        request: "r1".to_owned(),
    }
}

fn decide(acts: &Acts, command: Command) -> Result<Verdict<Event>, Refusal> {
    acts.decide(&command, &Caller::SYSTEM, &Stamp { at: Time(5), seed: 0 }, &Cards::none())
}

#[test]
fn acts_are_numbered_and_only_what_was_begun_ends() {
    let mut acts = Acts::default();
    let end = |number| Command::End { number, begun_at: Time(5), status: 201 };
    assert_eq!(decide(&acts, end(0)), Err(Refusal::Unknown));
    for number in 0..3 {
        let begun = Event::Begun { number, act: act("createCampaign") };
        assert_eq!(
            decide(&acts, Command::Begin(act("createCampaign"))),
            Ok(Verdict::New(begun.clone()))
        );
        acts.apply(&begun, Time(5));
    }
    assert_eq!(acts.look(&Question, &Cards::none()), 3);
    let ended = Event::Ended { number: 1, begun_at: Time(5), status: 201 };
    assert_eq!(decide(&acts, end(1)), Ok(Verdict::New(ended.clone())));
    acts.apply(&ended, Time(6));
    assert_eq!(decide(&acts, end(3)), Err(Refusal::Unknown));
    assert_eq!(acts.look(&Question, &Cards::none()), 3);
}

#[test]
fn the_lists_have_the_newest_first_and_an_outcome_beside_its_act() {
    let mut rows = Vec::new();
    for (number, at) in [(0, 5), (1, 5), (2, 9)] {
        Acts::rows(&Only, &Event::Begun { number, act: act("x") }, Time(at), &mut rows);
    }
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    let read: Vec<(Time, u64)> = rows
        .iter()
        .map(|row| act_of_row(&row.key, row.body.as_ref().unwrap()).unwrap())
        .map(|(at, number, _)| (at, number))
        .collect();
    assert_eq!(read, [(Time(9), 2), (Time(5), 1), (Time(5), 0)]);
    assert!(key_of_time(Time(9)) < rows[0].key && rows[0].key < key_of_time(Time(8)));
    let mut ends = Vec::new();
    let ended = Event::Ended { number: 1, begun_at: Time(5), status: 404 };
    Acts::rows(&Only, &ended, Time(7), &mut ends);
    assert_eq!(ends[0].key, key_of_act(Time(5), 1));
    assert_ne!(ends[0].shelf, rows[0].shelf);
    let outcome = outcome_of_row(ends[0].body.as_ref().unwrap());
    assert_eq!(outcome, Some(ActOutcome { status: 404, at: Time(7) }));
}
