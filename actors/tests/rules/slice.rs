//! Hold, confirm, extend, release, expire, refund.

use super::given::{ADA, ADMIN, BOB, given, s};
use super::terms::*;
use actors::Caller;
use actors::Time;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Answer, HoldState, HoldView, Question};
use actors::domain::tickets::{Command, Event, Refusal, Slice};
use testing::played::Played;

const ONE: [actors::domain::tickets::stock::Ticket; 1] = [ticket(3123, 1)];

fn ada_holds_one() -> super::given::Given<Slice> {
    slice([(s(10), held(0, ADA, &ONE, s(310)))])
}

#[test]
fn a_slice_is_opened_once_and_says_so_ever_after() {
    let open = Command::Open { lead: LEAD, terms: Box::new(TERMS) };
    given::<Slice>([]).when(open.clone(), Caller::SYSTEM, s(0)).then(opened());
    slice([]).when(open, Caller::SYSTEM, s(5)).then_already(opened());
}

#[test]
fn a_slice_that_was_not_opened_refuses_everything_else() {
    let refund = Command::Refund { ticket: ONE[0] };
    let commands = [
        hold("3***", 1, 0),
        Command::Confirm { hold: 0 },
        Command::Extend { hold: 0, ttl_s: 1 },
        Command::Release { hold: 0 },
        refund,
        Command::Seal,
    ];
    for command in commands {
        given::<Slice>([]).when(command, ADMIN, s(0)).refused(Refusal::NotOpened);
    }
    assert_eq!(Played::<Slice>::default().look(&Question::Ledger), Answer::NotOpened);
}

#[test]
fn a_hold_takes_a_matching_ticket_for_its_time() {
    let event = slice([]).when(hold("3*23", 1, 0), ADA, s(10)).event();
    let Event::Held { hold: 0, owner, tickets, until } = event else { panic!("{event:?}") };
    assert_eq!((owner, until), (ADA.id, s(310)));
    assert!(tickets.len() == 1 && tickets[0].number % 100 == 23);
}

#[test]
fn an_exact_number_gives_all_its_copies_and_then_none() {
    let both = [ticket(3123, 1), ticket(3123, 2)];
    let event = slice([]).when(hold("3123", 3, 0), ADA, s(10)).event();
    assert_eq!(tickets_of(event), both);
    slice([(s(10), held(0, BOB, &both, s(310)))])
        .when(hold("3123", 1, 0), ADA, s(11))
        .refused(Refusal::NoMatchLeft { left: 0 });
}

/// Whoever asks the wrong slice, or for numbers of another length, gets none of its tickets.
#[test]
fn a_pattern_of_which_the_slice_has_no_number_gets_nothing() {
    for elsewhere in ["4***", "0123", "3****"] {
        let wanted = hold(elsewhere, 1, 0);
        assert_eq!(slice([]).left_for(&wanted, &ADA), 0);
        slice([]).when(wanted, ADA, s(10)).refused(Refusal::NoMatchLeft { left: 0 });
    }
}

#[test]
fn more_than_what_is_left_gives_what_is_left() {
    let event =
        slice([(s(10), held(0, BOB, &ONE, s(310)))]).when(hold("3123", 3, 0), ADA, s(11)).event();
    assert_eq!(tickets_of(event), [ticket(3123, 2)]);
}

#[test]
fn fewer_than_at_least_are_refused_and_the_rest_is_named() {
    let slice = slice([(s(10), held(0, BOB, &ONE, s(310)))]);
    slice.when(hold("3123", 2, 2), ADA, s(11)).refused(Refusal::NoMatchLeft { left: 1 });
    assert_eq!(tickets_of(slice.when(hold("3123", 2, 1), ADA, s(11)).event()), [ticket(3123, 2)]);
}

#[test]
fn a_ticket_in_somebody_elses_hold_is_never_picked() {
    let taken: Vec<_> = (0..10).map(|n| ticket(3120 + n, 1)).collect();
    let slice = slice([(s(10), held(0, BOB, &taken, s(310)))]);
    for seed in 0..200 {
        let event = slice.when_by_chance(hold("312*", 3, 0), ADA, s(11), seed).event();
        assert!(tickets_of(event).iter().all(|ticket| ticket.copy == 2));
    }
}

#[test]
fn no_ticket_is_picked_twice_in_one_hold() {
    for seed in 0..200 {
        let mut tickets =
            tickets_of(slice([]).when_by_chance(hold("312*", 3, 0), ADA, s(1), seed).event());
        tickets.dedup();
        assert_eq!(tickets.len(), 3);
    }
}

#[test]
fn the_limit_counts_a_members_live_tickets_and_caps_the_last_hold() {
    let two = slice([(s(10), held(0, ADA, &[ticket(3001, 1), ticket(3002, 1)], s(310)))]);
    assert_eq!(tickets_of(two.when(hold("3***", 3, 0), ADA, s(11)).event()).len(), 1);
    assert_eq!(tickets_of(two.when(hold("3***", 3, 0), BOB, s(11)).event()).len(), 3);
    two.when(hold("3***", 2, 2), ADA, s(11)).refused(Refusal::LimitReached { limit: 3 });
    let three = two.and(s(12), held(1, ADA, &[ticket(3003, 1)], s(310)));
    three.when(hold("3***", 1, 0), ADA, s(13)).refused(Refusal::LimitReached { limit: 3 });
}

#[test]
fn what_is_confirmed_released_or_expired_no_longer_counts_against_the_limit() {
    let full = [ticket(3001, 1), ticket(3002, 1), ticket(3003, 1)];
    for end in [confirmed(0, ADA, &full), released(0, ADA), expired(&[(0, ADA)])] {
        let slice = slice([(s(10), held(0, ADA, &full, s(310))), (s(310), end)]);
        assert_eq!(tickets_of(slice.when(hold("3***", 3, 0), ADA, s(310)).event()).len(), 3);
    }
}

#[test]
fn the_limit_is_named_before_a_lack_of_tickets() {
    let three = [ticket(3123, 1), ticket(3123, 2), ticket(3001, 1)];
    slice([(s(10), held(0, ADA, &three, s(310)))])
        .when(hold("3123", 1, 0), ADA, s(11))
        .refused(Refusal::LimitReached { limit: 3 });
}

#[test]
fn to_confirm_buys_and_to_confirm_again_says_the_same() {
    ada_holds_one().when(Command::Confirm { hold: 0 }, ADA, s(20)).then(confirmed(0, ADA, &ONE));
    let bought = ada_holds_one().and(s(20), confirmed(0, ADA, &ONE));
    bought.when(Command::Confirm { hold: 0 }, ADA, s(9_999)).then_already(confirmed(0, ADA, &ONE));
    bought.when(Command::Confirm { hold: 0 }, ADA, s(99_999)).then_already(confirmed(0, ADA, &ONE));
    bought.when(Command::Confirm { hold: 0 }, BOB, s(30)).refused(Refusal::NotYours);
}

#[test]
fn only_the_holder_or_an_admin_touches_a_hold() {
    for command in [
        Command::Confirm { hold: 0 },
        Command::Extend { hold: 0, ttl_s: 500 },
        Command::Release { hold: 0 },
    ] {
        ada_holds_one().when(command.clone(), BOB, s(20)).refused(Refusal::NotYours);
        ada_holds_one().when(command, ADMIN, s(20)).event();
    }
}

#[test]
fn a_hold_nobody_began_is_unknown() {
    for command in [
        Command::Confirm { hold: 1 },
        Command::Extend { hold: 1, ttl_s: 500 },
        Command::Release { hold: 1 },
    ] {
        ada_holds_one().when(command, ADA, s(20)).refused(Refusal::UnknownHold);
    }
    let huge = Command::Confirm { hold: u32::MAX };
    ada_holds_one().when(huge, ADA, s(20)).refused(Refusal::UnknownHold);
}

#[test]
fn an_ended_hold_says_why_it_ended() {
    let gone = ada_holds_one().and(s(20), released(0, ADA));
    let late = ada_holds_one().and(s(310), expired(&[(0, ADA)]));
    let sold = ada_holds_one().and(s(20), confirmed(0, ADA, &ONE));
    for command in [Command::Confirm { hold: 0 }, Command::Extend { hold: 0, ttl_s: 500 }] {
        gone.when(command.clone(), ADA, s(320)).refused(Refusal::HoldReleased);
        late.when(command, ADA, s(320)).refused(Refusal::HoldExpired);
    }
    late.when(Command::Confirm { hold: 0 }, ADMIN, s(320)).refused(Refusal::HoldExpired);
    late.when(Command::Release { hold: 0 }, ADA, s(320)).refused(Refusal::HoldExpired);
    sold.when(Command::Release { hold: 0 }, ADA, s(320)).refused(Refusal::AlreadyConfirmed);
    sold.when(Command::Extend { hold: 0, ttl_s: 9 }, ADA, s(320))
        .refused(Refusal::AlreadyConfirmed);
    sold.when(Command::Extend { hold: 0, ttl_s: 9 }, BOB, s(320)).refused(Refusal::NotYours);
}

#[test]
fn nobody_else_hears_that_a_hold_has_ended_or_why() {
    let gone = ada_holds_one().and(s(20), released(0, ADA));
    let late = ada_holds_one().and(s(310), expired(&[(0, ADA)]));
    let cleared = ada_holds_one().and(s(20), Event::Cleared { holds: vec![(0, ADA.id)] });
    for command in [
        Command::Confirm { hold: 0 },
        Command::Extend { hold: 0, ttl_s: 9 },
        Command::Release { hold: 0 },
    ] {
        for ended in [&gone, &late, &cleared] {
            ended.when(command.clone(), BOB, s(320)).refused(Refusal::NotYours);
        }
    }
}

#[test]
fn to_release_twice_says_the_same_and_the_ticket_is_free() {
    ada_holds_one().when(Command::Release { hold: 0 }, ADA, s(20)).then(released(0, ADA));
    let gone = ada_holds_one().and(s(20), released(0, ADA));
    gone.when(Command::Release { hold: 0 }, ADA, s(30)).then_already(released(0, ADA));
    assert_eq!(tickets_of(gone.when(hold("3123", 2, 2), BOB, s(30)).event()).len(), 2);
}

#[test]
fn a_hold_lives_until_its_instant_and_not_a_millisecond_longer() {
    let until = s(310);
    assert_eq!(ada_holds_one().expires(Time(until.0 - 1)), None);
    assert_eq!(ada_holds_one().expires(until), Some(expired(&[(0, ADA)])));
    let late = ada_holds_one().and(until, expired(&[(0, ADA)]));
    assert_eq!(late.expires(s(9_000)), None);
    assert_eq!(tickets_of(late.when(hold("3123", 2, 2), BOB, until).event()).len(), 2);
}

#[test]
fn holds_expire_in_the_order_of_their_instants() {
    let slice = slice([
        (s(10), held(0, ADA, &ONE, s(310))),
        (s(11), held(1, BOB, &[ticket(3001, 1)], s(200))),
    ]);
    assert_eq!(slice.0.due(), Some(s(200)));
    assert_eq!(slice.expires(s(200)), Some(expired(&[(1, BOB)])));
    assert_eq!(slice.expires(s(310)), Some(expired(&[(1, BOB), (0, ADA)])));
}

#[test]
fn to_extend_moves_the_end_up_to_the_cap() {
    let extend = |ttl_s| Command::Extend { hold: 0, ttl_s };
    let extended = |until| Event::Extended { hold: 0, until };
    ada_holds_one().when(extend(400), ADA, s(20)).then(extended(s(420)));
    ada_holds_one().when(extend(5_000), ADA, s(20)).then(extended(s(610)));
    ada_holds_one().when(extend(5), ADA, s(20)).then_already(extended(s(310)));
    let longest = ada_holds_one().and(s(20), extended(s(610)));
    longest.when(extend(5_000), ADA, s(500)).refused(Refusal::ExtendedToTheLimit { until: s(610) });
    longest.when(extend(110), ADA, s(500)).then_already(extended(s(610)));
    assert_eq!(longest.expires(s(310)), None);
    assert_eq!(longest.expires(s(610)), Some(expired(&[(0, ADA)])));
}

#[test]
fn an_admin_refunds_and_the_ticket_is_free_again() {
    let both = [ticket(3123, 1), ticket(3123, 2)];
    let sold = slice([(s(10), held(0, ADA, &both, s(310))), (s(20), confirmed(0, ADA, &both))]);
    let refund = Command::Refund { ticket: both[0] };
    let refunded = Event::Refunded { ticket: both[0], hold: 0, owner: ADA.id, left: vec![both[1]] };
    sold.when(refund.clone(), ADA, s(30)).refused(Refusal::NotAdmin);
    sold.when(refund.clone(), ADMIN, s(30)).then(refunded.clone());
    let back = sold.and(s(30), refunded);
    back.when(refund.clone(), ADMIN, s(40)).refused(Refusal::NotSold);
    back.when(Command::Confirm { hold: 0 }, ADA, s(40)).then_already(confirmed(0, ADA, &both[1..]));
    assert_eq!(tickets_of(back.when(hold("3123", 2, 0), BOB, s(40)).event()), both[..1]);
    let held_again = back.and(s(40), held(1, BOB, &both[..1], s(340)));
    held_again.when(refund, ADMIN, s(50)).refused(Refusal::NotSold);
}

#[test]
fn a_whole_hold_or_named_tickets_of_it_are_taken_back_by_one_fact() {
    let three = [ticket(3120, 1), ticket(3121, 1), ticket(3122, 2)];
    let back = |tickets: &[Ticket]| Command::RefundHold { hold: 0, tickets: tickets.to_vec() };
    let took = |tickets: &[Ticket], left: &[Ticket], refunded: &[Ticket]| Event::HoldRefunded {
        hold: 0,
        owner: ADA.id,
        tickets: tickets.to_vec(),
        left: left.to_vec(),
        refunded: refunded.to_vec(),
    };
    let live = || slice([(s(10), held(0, ADA, &three, s(310)))]);
    live().when(back(&[]), ADMIN, s(20)).refused(Refusal::NotSold);
    let sold = || live().and(s(20), confirmed(0, ADA, &three));
    sold().when(back(&[]), ADA, s(30)).refused(Refusal::NotAdmin);
    sold().when(back(&[]), BOB, s(30)).refused(Refusal::NotYours);
    sold().when(back(&[ticket(3129, 1)]), ADMIN, s(30)).refused(Refusal::NotSold);
    let all = sold().and(s(30), took(&three, &[], &three));
    sold().when(back(&[]), ADMIN, s(30)).then(took(&three, &[], &three));
    all.when(back(&[]), ADMIN, s(31)).then_already(took(&three, &[], &three));
    all.when(back(&three[..1]), ADMIN, s(31)).then_already(took(&three[..1], &[], &three));
    assert_eq!(tickets_of(all.when(hold("3121", 2, 2), BOB, s(32)).event()).len(), 2);
    // Some, then one alone, then the rest.
    let one = sold().and(s(30), took(&three[1..2], &[three[0], three[2]], &three[1..2]));
    one.when(Command::Refund { ticket: three[1] }, ADMIN, s(31)).refused(Refusal::NotSold);
    let left = [three[0], three[2]];
    one.when(Command::Confirm { hold: 0 }, ADA, s(31)).then_already(confirmed(0, ADA, &left));
    one.when(Command::Release { hold: 0 }, ADA, s(31)).refused(Refusal::AlreadyConfirmed);
    let view = HoldView { owner: ADA.id, tickets: left.to_vec(), state: HoldState::Confirmed };
    assert_eq!(one.look(&Question::Hold(0)), Answer::Hold(Some(view)));
    one.when(back(&[]), ADMIN, s(31)).then(took(&left, &[], &[three[1], three[0], three[2]]));
    // One alone is taken back by its own name, and what was taken back before stays known.
    let two = took(&three[..1], &three[2..], &[three[1], three[0]]);
    one.when(Command::Refund { ticket: three[0] }, ADMIN, s(31)).then(two.clone());
    let one_more = || sold().and(s(30), took(&three[1..2], &[three[0], three[2]], &three[1..2]));
    let two = one_more().and(s(31), two);
    two.when(back(&three[1..2]), ADMIN, s(32)).then_already(took(
        &three[1..2],
        &three[2..],
        &[three[1], three[0]],
    ));
    let sealed = one.and(s(40), Event::Sealed { sold: 2 });
    sealed.when(back(&[]), ADMIN, s(41)).refused(Refusal::Closed);
}

#[test]
fn only_what_is_sold_is_refunded() {
    let refund = |ticket| Command::Refund { ticket };
    ada_holds_one().when(refund(ONE[0]), ADMIN, s(20)).refused(Refusal::NotSold);
    ada_holds_one().when(refund(ticket(3123, 2)), ADMIN, s(20)).refused(Refusal::NotSold);
    for copy in [0, 3] {
        ada_holds_one()
            .when(refund(ticket(3123, copy)), ADMIN, s(20))
            .refused(Refusal::UnknownTicket);
    }
}

#[test]
fn a_look_shows_a_hold_and_how_many_are_left() {
    let slice = ada_holds_one();
    let view =
        HoldView { owner: ADA.id, tickets: ONE.to_vec(), state: HoldState::Held { until: s(310) } };
    assert_eq!(slice.look(&Question::Hold(0)), Answer::Hold(Some(view)));
    assert_eq!(slice.look(&Question::Hold(1)), Answer::Hold(None));
    let pattern = "3*23".parse().expect("it is one");
    let Answer::Matching { matching, free, sample } =
        slice.look(&Question::Matching { pattern, sample: 30, seed: 1 })
    else {
        panic!()
    };
    assert_eq!((matching, free, sample.len()), (20, 19, 19));
}
