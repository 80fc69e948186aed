//! The end of a lottery with ballots: sealed, then drawn, with the seed and the round that were
//! named and the lots these choose.

use super::given::{ADA, ADMIN, Given, given, s};
use actors::domain::day::Day;
use actors::domain::draw::{Hash, Sealed, commitment};
use actors::domain::lottery::{
    BallotSetup, Beacon, Command, Drawn, Event, FirstPlan, Lot, Lottery, LotteryPlan, Phase,
    Question, Refusal, places,
};
use actors::domain::pool::PoolName;
use actors::{Id, Machine};

const SEED: Hash = [7; 32];
const BOXES: [Sealed; 3] = [
    Sealed { count: 2, root: [1; 32] },
    Sealed { count: 0, root: [2; 32] },
    Sealed { count: 5, root: [3; 32] },
];

fn ballots(round: Option<u64>) -> BallotSetup {
    BallotSetup {
        boxes: 3,
        most_per_box: 1_000,
        winners: 2,
        reserves: 1,
        commitment: commitment(&SEED),
        round,
    }
}

fn planned(round: Option<u64>) -> Event {
    Event::Arranged(LotteryPlan {
        ballots: Some(ballots(round)),
        ..LotteryPlan::named("New Year".into(), s(10_000))
    })
}

fn beacon(round: u64) -> Beacon {
    Beacon { round, signature: vec![9; 48] }
}

/// The lots that these choose, each with its place as its nonce.
fn lots(boxes: &[Sealed], seed: &Hash, beacon: Option<&Beacon>) -> Vec<Lot> {
    let lot = |(number, index)| Lot { number, index, nonce: index, owner: Id([number; 16]) };
    places(&ballots(None), boxes, seed, beacon).into_iter().map(lot).collect()
}

fn drawn(beacon: Option<Beacon>) -> Drawn {
    Drawn { seed: SEED, lots: lots(&BOXES, &SEED, beacon.as_ref()), beacon }
}

fn sealed(round: Option<u64>) -> Given<Lottery> {
    given(
        [planned(round), Event::Closing, Event::Sealed { boxes: BOXES.to_vec() }]
            .map(|event| (s(1), event)),
    )
}

#[test]
fn a_lottery_with_ballots_is_closed_when_its_boxes_are_sealed_and_then_drawn() {
    let closing = given::<Lottery>([(s(1), planned(None)), (s(2), Event::Closing)]);
    closing.when(Command::Draw(drawn(None)), ADMIN, s(3)).refused(Refusal::NotClosed);
    closing
        .when(Command::Finish { boxes: BOXES.to_vec() }, ADMIN, s(3))
        .then(Event::Sealed { boxes: BOXES.to_vec() });
    assert_eq!(drawn(None).lots.len(), 3, "two winners and a reserve");
    sealed(None).when(Command::Draw(drawn(None)), ADMIN, s(4)).then(Event::Drawn(drawn(None)));
}

#[test]
fn what_the_boxes_hold_is_said_once_and_of_all_boxes() {
    let closing = given::<Lottery>([(s(1), planned(None)), (s(2), Event::Closing)]);
    closing
        .when(Command::Finish { boxes: BOXES[..2].to_vec() }, ADMIN, s(3))
        .refused(Refusal::OtherBoxes);
    closing.when(Command::Finish { boxes: vec![] }, ADMIN, s(3)).refused(Refusal::OtherBoxes);
    sealed(None)
        .when(Command::Finish { boxes: BOXES.to_vec() }, ADMIN, s(4))
        .then_already(Event::Sealed { boxes: BOXES.to_vec() });
    let others = [BOXES[0], BOXES[2], BOXES[1]];
    sealed(None)
        .when(Command::Finish { boxes: others.to_vec() }, ADMIN, s(4))
        .refused(Refusal::OtherBoxes);
    let without = given::<Lottery>([
        (s(1), Event::Created(FirstPlan { name: "x".into(), closes_at: s(9), tickets: None })),
        (s(2), Event::Closing),
    ]);
    without
        .when(Command::Finish { boxes: BOXES.to_vec() }, ADMIN, s(3))
        .refused(Refusal::OtherBoxes);
}

#[test]
fn a_draw_uses_the_seed_that_was_committed_to() {
    let seed = [8; 32];
    let other = Drawn { seed, beacon: None, lots: lots(&BOXES, &seed, None) };
    sealed(None).when(Command::Draw(other), ADMIN, s(4)).refused(Refusal::OtherSeed);
}

#[test]
fn a_draw_uses_the_round_that_was_named() {
    sealed(Some(123))
        .when(Command::Draw(drawn(Some(beacon(123)))), ADMIN, s(4))
        .then(Event::Drawn(drawn(Some(beacon(123)))));
    sealed(Some(123))
        .when(Command::Draw(drawn(Some(beacon(124)))), ADMIN, s(4))
        .refused(Refusal::OtherRound);
    sealed(Some(123)).when(Command::Draw(drawn(None)), ADMIN, s(4)).refused(Refusal::OtherRound);
    sealed(None)
        .when(Command::Draw(drawn(Some(beacon(123)))), ADMIN, s(4))
        .refused(Refusal::OtherRound);
}

#[test]
fn a_draw_announces_the_lots_that_seed_and_round_choose_and_no_others() {
    let honest = drawn(None);
    let mut swapped = honest.clone();
    swapped.lots.swap(0, 1);
    let mut fewer = honest.clone();
    fewer.lots.pop();
    let mut friend = honest.clone();
    friend.lots[0].index ^= 1;
    let mut more = honest.clone();
    more.lots.push(honest.lots[0]);
    for forged in [swapped, fewer, friend, more] {
        sealed(None).when(Command::Draw(forged), ADMIN, s(4)).refused(Refusal::OtherLots);
    }
}

#[test]
fn a_draw_announces_one_result_however_often_it_is_asked_for() {
    let once = sealed(None).and(s(4), Event::Drawn(drawn(None)));
    once.when(Command::Draw(drawn(None)), ADMIN, s(5)).then_already(Event::Drawn(drawn(None)));
    let another = Drawn { seed: [8; 32], beacon: Some(beacon(1)), lots: Vec::new() };
    once.when(Command::Draw(another), ADA, s(5)).then_already(Event::Drawn(drawn(None)));
    let stopped = Event::Stopped { closes_at: s(10_000) };
    once.when(Command::Close, ADMIN, s(5)).then_already(stopped);
    assert_eq!(
        once.look(&Question).map(|view| (view.phase, view.drawn)),
        Some((Phase::Drawn, Some(drawn(None))))
    );
}

#[test]
fn a_draw_of_fewer_ballots_than_winners_draws_them_all_and_one_of_none_draws_nobody() {
    let counts = |counts: [u64; 3]| counts.map(|count| Sealed { count, root: [4; 32] });
    assert_eq!(lots(&counts([0, 0, 0]), &SEED, None), []);
    let mut all: Vec<_> =
        lots(&counts([1, 1, 0]), &SEED, None).iter().map(|lot| (lot.number, lot.index)).collect();
    all.sort();
    assert_eq!(all, [(0, 0), (1, 0)]);
    let nobody = given::<Lottery>(
        [planned(None), Event::Closing, Event::Sealed { boxes: counts([0, 0, 0]).to_vec() }]
            .map(|event| (s(1), event)),
    );
    let empty = Drawn { seed: SEED, beacon: None, lots: Vec::new() };
    nobody.when(Command::Draw(empty.clone()), ADMIN, s(4)).then(Event::Drawn(empty));
}

#[test]
fn a_lottery_is_on_the_list_until_it_is_drawn() {
    let events = [
        (planned(None), Some(true)),
        (Event::Closing, None),
        (Event::Sealed { boxes: BOXES.to_vec() }, None),
        (Event::Drawn(drawn(None)), Some(false)),
    ];
    for (event, put) in events {
        let mut rows = Vec::new();
        Lottery::rows(&PoolName::Day(Day(20_261_231)), &event, s(1), &mut rows);
        assert_eq!(rows.first().map(|row| row.body.is_some()), put, "{event:?}");
    }
}

#[test]
fn a_snapshot_of_a_drawn_lottery_is_that_lottery() {
    let once = sealed(Some(1)).and(s(4), Event::Drawn(drawn(Some(beacon(1)))));
    assert_eq!(once.saved_and_read().look(&Question), once.look(&Question));
}
