//! A box: submit, chain, seal, prove.

use super::given::{ADA, ADMIN, BOB, Given, cards_of, given, s};
use actors::dice::Dice;
use actors::domain::ballots::{
    Answer, Ballot, BallotBox, BallotId, BoxName, BoxTerms, Command, Event, Question, Refusal,
    ballot_of_card, ballot_of_row,
};
use actors::domain::day::Day;
use actors::domain::draw::{Hash, Sealed, chain, merkle};
use actors::domain::pool::PoolName;
use actors::{Caller, Machine, Stamp, Time};
use testing::played::Played;

const NAME: BoxName = BoxName { pool: PoolName::Day(Day(20_261_231)), number: 3 };
const TERMS: BoxTerms = BoxTerms { closes_at: s(10_000), most: 1_000 };

fn open() -> Event {
    Event::Opened { name: NAME, terms: TERMS }
}

fn submitted(index: u64, nonce: u64, by: Caller) -> Event {
    Event::Submitted { index, nonce, owner: by.id }
}

/// A box with so many ballots of Ada's, each with its place as its nonce.
fn holding(count: u64) -> Given<BallotBox> {
    given((0..count).map(|index| submitted(index, index, ADA)).fold(
        vec![(s(1), open())],
        |mut events, event| {
            events.push((s(2), event));
            events
        },
    ))
}

fn leaf(index: u64) -> Hash {
    BallotId { name: NAME, index, nonce: index }.leaf()
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(leaf).collect()
}

fn head(count: u64) -> Hash {
    leaves(count).iter().fold(chain::start("2026-12-31/3"), |head, leaf| chain::link(&head, leaf))
}

fn seal_of(count: u64) -> Sealed {
    Sealed { count, root: merkle::root(&leaves(count)) }
}

#[test]
fn a_box_is_opened_once_and_says_so_before() {
    given::<BallotBox>([]).when(Command::Submit, ADA, s(1)).refused(Refusal::NotOpened);
    given::<BallotBox>([]).when(Command::Seal, Caller::SYSTEM, s(1)).refused(Refusal::NotOpened);
    given::<BallotBox>([]).when(Command::Open { name: NAME, terms: TERMS }, ADA, s(1)).then(open());
    let other = BoxTerms { most: 1, ..TERMS };
    holding(0).when(Command::Open { name: NAME, terms: other }, ADA, s(2)).then_already(open());
    assert_eq!(Played::<BallotBox>::default().look(&Question::State), Answer::NotOpened);
}

#[test]
fn a_member_submits_as_often_as_he_likes_and_each_ballot_has_its_own_place_and_nonce() {
    let nonce = |seed| Dice::new(seed).roll();
    holding(0).when_by_chance(Command::Submit, ADA, s(3), 7).then(submitted(0, nonce(7), ADA));
    holding(2).when_by_chance(Command::Submit, ADA, s(3), 8).then(submitted(2, nonce(8), ADA));
    holding(2).when_by_chance(Command::Submit, BOB, s(3), 9).then(submitted(2, nonce(9), BOB));
}

#[test]
fn whoever_can_close_a_lottery_takes_no_part_in_it() {
    holding(0).when(Command::Submit, ADMIN, s(3)).refused(Refusal::NotForAdmins);
    holding(0).when(Command::Submit, Caller::SYSTEM, s(3)).refused(Refusal::NotForAdmins);
}

#[test]
fn the_last_ballot_comes_before_the_closing_instant() {
    holding(1).when(Command::Submit, ADA, Time(TERMS.closes_at.0 - 1)).event();
    holding(1).when(Command::Submit, ADA, TERMS.closes_at).refused(Refusal::Closed);
}

#[test]
fn a_full_box_takes_no_more_but_another_might() {
    holding(999).when(Command::Submit, ADA, s(3)).event();
    holding(1_000).when(Command::Submit, ADA, s(3)).refused(Refusal::Full);
    let left = |count| holding(count).left_for(&Command::Submit, &ADA);
    assert_eq!((left(0), left(999), left(1_000)), (1_000, 1, 0));
    assert_eq!(holding(5).and(s(3), Event::Sealed(seal_of(5))).left_for(&Command::Submit, &ADA), 0);
    assert!(
        Played::<BallotBox>::default().left_for(&Command::Submit, &ADA) > 0,
        "a box that nobody opened counts as empty"
    );
}

#[test]
fn a_sealed_box_says_what_it_holds_for_ever_and_takes_no_more() {
    for count in [0, 1, 257, 1_024, 2_050] {
        holding(count)
            .when(Command::Seal, Caller::SYSTEM, s(3))
            .then(Event::Sealed(seal_of(count)));
        let sealed = holding(count).and(s(3), Event::Sealed(seal_of(count)));
        sealed
            .when(Command::Seal, Caller::SYSTEM, s(4))
            .then_already(Event::Sealed(seal_of(count)));
        sealed.when(Command::Submit, ADA, s(4)).refused(Refusal::Closed);
        assert_eq!(
            sealed.look(&Question::State),
            Answer::State { count, sealed: Some(seal_of(count)) }
        );
    }
}

#[test]
fn a_seal_that_counts_other_ballots_than_there_are_breaks_the_books() {
    let mut box_ = holding(3).0;
    box_.apply(&Event::Sealed(seal_of(2)), s(3));
    assert_eq!(box_.imbalance(), 1);
}

#[test]
fn a_commit_bears_witness_for_all_ballots_in_it() {
    for since in [0, 15, 39] {
        let mut box_ = holding(since).0;
        box_.machine.take_witness();
        (since..40).for_each(|index| box_.apply(&submitted(index, index, ADA), s(2)));
        let shown = box_.machine.take_witness().expect("something came since");
        assert_eq!((shown.from, shown.position()), (since, 40));
        assert_eq!(shown.heads, (since..=40).map(head).collect::<Vec<_>>());
        assert_eq!(shown.leaves, leaves(40)[since as usize..]);
        assert_eq!(box_.machine.take_witness(), None, "nothing came since");
    }
}

#[test]
fn an_old_ballot_can_be_witnessed_again_alone() {
    let box_ = holding(2_050).0;
    for index in [0, 1, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049] {
        let Answer::Witness(Some((ballot, shown))) = box_.look(&Question::Witness { index }) else {
            panic!("there is a ballot {index}")
        };
        assert_eq!(ballot, Ballot { nonce: index, owner: ADA.id });
        assert_eq!((shown.from, shown.heads), (index, vec![head(index), head(index + 1)]));
    }
    for index in [2_050, u64::MAX] {
        assert_eq!(box_.look(&Question::Witness { index }), Answer::Witness(None));
    }
}

#[test]
fn a_sealed_box_proves_each_of_its_ballots_and_an_open_one_none() {
    const COUNT: u64 = 2_500;
    assert_eq!(holding(COUNT).look(&Question::Path { index: 0 }), Answer::Path(None));
    let sealed = holding(COUNT).and(s(3), Event::Sealed(seal_of(COUNT))).0;
    for index in [0, 1, 1_023, 1_024, 2_047, 2_048, 2_499] {
        let Answer::Path(Some((ballot, path))) = sealed.look(&Question::Path { index }) else {
            panic!("there is a ballot {index}")
        };
        assert_eq!(ballot, Ballot { nonce: index, owner: ADA.id });
        assert_eq!(merkle::root_from(leaf(index), index, COUNT, &path), Some(seal_of(COUNT).root));
    }
    for index in [COUNT, u64::MAX] {
        assert_eq!(sealed.look(&Question::Path { index }), Answer::Path(None));
    }
}

#[test]
fn a_ballot_is_found_at_its_place() {
    let box_ = holding(4).and(s(3), submitted(4, 255, BOB));
    let at = |index| box_.look(&Question::Ballot { index });
    assert_eq!(at(3), Answer::Ballot(Some(Ballot { nonce: 3, owner: ADA.id })));
    assert_eq!(at(4), Answer::Ballot(Some(Ballot { nonce: 255, owner: BOB.id })));
    assert_eq!((at(5), at(u64::MAX)), (Answer::Ballot(None), Answer::Ballot(None)));
}

#[test]
fn no_card_is_looked_up_for_a_ballot_that_nobody_has_submitted() {
    let box_ = holding(3);
    let looked_up = |index| box_.cards_to_look(&Question::Ballot { index });
    assert_eq!([2, 3, 4].map(looked_up), [1, 0, 0]);
}

#[test]
fn a_card_that_was_read_as_a_row_says_the_ballot() {
    let events = [submitted(17, 255, ADA), open(), Event::Sealed(seal_of(0))];
    let cards: Vec<_> = events.iter().flat_map(cards_of::<BallotBox>).collect();
    let [card] = &cards[..] else { panic!("one card: {cards:?}") };
    let body = card.body.as_ref().expect("it is put");
    assert_eq!(ballot_of_card(body), Some(Ballot { nonce: 255, owner: ADA.id }));
}

#[test]
fn a_box_with_a_hundred_thousand_ballots_takes_few_bytes_of_a_snapshot() {
    let mut box_ = holding(0).0;
    for index in 0..100_000 {
        box_.apply(&submitted(index, index, ADA), s(2));
    }
    assert!(box_.bytes().len() < 7_000, "{} bytes", box_.bytes().len());
}

#[test]
fn a_snapshot_of_a_box_goes_on_where_the_box_was() {
    for count in [0, 15, 1_023, 1_024, 1_025] {
        let (mut box_, again) = (holding(count), holding(count).saved_and_read());
        box_.0.machine.take_witness();
        let stamp = Stamp { at: s(3), seed: 1 };
        let decided = box_.decide(&Command::Submit, &BOB, &stamp);
        assert_eq!(again.decide(&Command::Submit, &BOB, &stamp), decided);
        let event = submitted(count, 255, BOB);
        let (mut one, mut other) = (box_.and(s(3), event.clone()), again.and(s(3), event));
        assert_eq!(one.0.bytes(), other.0.bytes());
        assert_eq!(one.0.machine.take_witness(), other.0.machine.take_witness());
    }
    holding(20).and(s(3), Event::Sealed(seal_of(20))).saved_and_read();
}

#[test]
fn a_ballot_stands_on_its_owner_s_list() {
    let mut rows = Vec::new();
    BallotBox::rows(&NAME, &submitted(17, 255, ADA), s(2), &mut rows);
    BallotBox::rows(&NAME, &open(), s(2), &mut rows);
    BallotBox::rows(&NAME, &Event::Sealed(seal_of(0)), s(2), &mut rows);
    let [row] = &rows[..] else { panic!("one row: {rows:?}") };
    assert_eq!(row.owner, ADA.id);
    let body = row.body.as_ref().expect("it is put");
    let id = BallotId { name: NAME, index: 17, nonce: 255 };
    assert_eq!(ballot_of_row(&row.key, body), Some((id, s(2))));
}
