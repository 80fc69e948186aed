//! Parts of orders in a slice: they follow their order, and do nothing by themselves.

use super::given::{ADA, ADMIN, BOB, Given, s};
use super::terms::*;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{
    Answer, Command, Event, OrderNumber, PartFate, Question, Refusal, Slice, TicketLedger,
};
use actors::{Caller, Id, Machine};

const ORDER: OrderNumber = OrderNumber { till: 1, number: 7 };
const TWO: [Ticket; 2] = [ticket(3123, 1), ticket(3123, 2)];

fn hold_for(order: OrderNumber, pattern: &str, count: u16) -> Command {
    Command::HoldFor { order, owner: ADA.id, pattern: pattern.parse().expect("it is one"), count }
}

fn held_for(order: OrderNumber, tickets: &[Ticket]) -> Event {
    Event::HeldFor { order, owner: ADA.id, tickets: tickets.to_vec() }
}

fn follow(fate: PartFate) -> Command {
    Command::Follow { order: ORDER, fate }
}

fn followed(tickets: &[Ticket], fate: PartFate) -> Event {
    Event::Followed { order: ORDER, owner: ADA.id, tickets: tickets.to_vec(), fate }
}

fn void() -> Event {
    let fate = PartFate::Ended;
    Event::Followed { order: ORDER, owner: Id::SYSTEM, tickets: Vec::new(), fate }
}

fn ordered() -> Given<Slice> {
    slice([(s(10), held_for(ORDER, &TWO))])
}

fn ledger(slice: &Given<Slice>) -> TicketLedger {
    match slice.look(&Question::Ledger) {
        Answer::Ledger(ledger) => ledger,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_part_takes_what_matches_and_the_same_again_when_it_is_asked_again() {
    let event = slice([]).when(hold_for(ORDER, "3123", 5), Caller::SYSTEM, s(10)).event();
    let Event::HeldFor { order: ORDER, tickets, .. } = &event else { panic!("{event:?}") };
    let mut tickets = tickets.clone();
    tickets.sort();
    assert_eq!(tickets, TWO);
    let again = ordered().when(hold_for(ORDER, "3***", 3), Caller::SYSTEM, s(99));
    again.then_already(held_for(ORDER, &TWO));
    let other = OrderNumber { till: 1, number: 8 };
    ordered()
        .when(hold_for(other, "3123", 1), Caller::SYSTEM, s(11))
        .refused(Refusal::NoMatchLeft { left: 0 });
}

#[test]
fn a_part_counts_as_held_by_its_owner() {
    let slice = ordered();
    assert_eq!(ledger(&slice).held, 2);
    assert_eq!(tickets_of(slice.when(hold("3***", 3, 0), ADA, s(11)).event()).len(), 1);
    slice.when(hold("3***", 2, 2), ADA, s(11)).refused(Refusal::LimitReached { limit: 3 });
    assert_eq!(tickets_of(slice.when(hold("3***", 3, 0), BOB, s(11)).event()).len(), 3);
    let full = slice.and(s(12), held(0, ADA, &[ticket(3001, 1)], s(310)));
    let other = OrderNumber { till: 0, number: 7 };
    full.when(hold_for(other, "3***", 1), Caller::SYSTEM, s(13))
        .refused(Refusal::LimitReached { limit: 3 });
    let over = full.and(s(14), released(0, ADA)).and(s(15), followed(&TWO, PartFate::Ended));
    assert_eq!(tickets_of(over.when(hold("3***", 3, 3), ADA, s(16)).event()).len(), 3);
}

#[test]
fn a_part_neither_expires_nor_is_sealed_away() {
    let slice = ordered();
    assert_eq!(slice.0.due(), None);
    slice.when(Command::Seal, Caller::SYSTEM, s(20)).then(Event::Cleared { holds: Vec::new() });
    let closing = slice.and(s(20), Event::Cleared { holds: Vec::new() });
    let waits = Refusal::PartsLive { parts: 1 };
    closing.when(Command::Seal, Caller::SYSTEM, s(21)).refused(waits);
    closing
        .when(hold_for(ORDER, "3***", 3), Caller::SYSTEM, s(21))
        .then_already(held_for(ORDER, &TWO));
    let sold = closing.and(s(22), followed(&TWO, PartFate::Sold));
    sold.when(Command::Seal, Caller::SYSTEM, s(23)).then(Event::Sealed { sold: 2 });
}

#[test]
fn no_hold_s_command_touches_a_part() {
    let commands = [
        Command::Confirm { hold: 7 },
        Command::Release { hold: 7 },
        Command::Extend { hold: 7, ttl_s: 9 },
    ];
    for command in commands {
        ordered().when(command, ADMIN, s(20)).refused(Refusal::UnknownHold);
    }
    let referred = Event::Referred { ticket: TWO[0], order: ORDER };
    ordered().when(Command::Refund { ticket: TWO[0] }, ADMIN, s(20)).then(referred);
}

#[test]
fn a_part_is_sold_when_its_order_is_and_hears_so_as_often_as_need_be() {
    ordered()
        .when(follow(PartFate::Sold), Caller::SYSTEM, s(20))
        .then(followed(&TWO, PartFate::Sold));
    let sold = ordered().and(s(20), followed(&TWO, PartFate::Sold));
    assert_eq!((ledger(&sold).held, ledger(&sold).sold), (0, 2));
    sold.when(follow(PartFate::Sold), Caller::SYSTEM, s(30))
        .then_already(followed(&TWO, PartFate::Sold));
    sold.when(follow(PartFate::Ended), Caller::SYSTEM, s(30)).refused(Refusal::NoPart);
    sold.when(hold_for(ORDER, "3***", 1), Caller::SYSTEM, s(30)).refused(Refusal::OrderOver);
    let refund = Command::Refund { ticket: TWO[0] };
    sold.when(refund.clone(), ADA, s(30)).refused(Refusal::NotAdmin);
    let referred = Event::Referred { ticket: TWO[0], order: ORDER };
    sold.when(refund.clone(), ADMIN, s(30)).then(referred.clone());
    let sent = sold.and(s(30), referred.clone());
    assert_eq!(ledger(&sent).sold, 2, "its till decides");
    sent.when(refund, ADMIN, s(31)).then(referred);
}

#[test]
fn a_part_whose_order_is_over_is_free_again() {
    ordered()
        .when(follow(PartFate::Ended), Caller::SYSTEM, s(20))
        .then(followed(&TWO, PartFate::Ended));
    let over = ordered().and(s(20), followed(&TWO, PartFate::Ended));
    assert_eq!(ledger(&over).free, ledger(&over).stock);
    let again = followed(&[], PartFate::Ended);
    over.when(follow(PartFate::Ended), Caller::SYSTEM, s(30)).then_already(again);
    over.when(follow(PartFate::Sold), Caller::SYSTEM, s(30)).refused(Refusal::NoPart);
    over.when(hold_for(ORDER, "3***", 1), Caller::SYSTEM, s(30)).refused(Refusal::OrderOver);
}

#[test]
fn an_order_that_is_over_before_its_part_began_takes_nothing_later() {
    slice([]).when(follow(PartFate::Sold), Caller::SYSTEM, s(20)).refused(Refusal::NoPart);
    slice([]).when(follow(PartFate::Ended), Caller::SYSTEM, s(20)).then(void());
    let over = slice([(s(20), void())]);
    over.when(hold_for(ORDER, "3***", 1), Caller::SYSTEM, s(21)).refused(Refusal::OrderOver);
    over.when(follow(PartFate::Ended), Caller::SYSTEM, s(22)).then_already(void());
    let sealed = slice([(s(20), Event::Sealed { sold: 0 })]);
    sealed.when(follow(PartFate::Ended), Caller::SYSTEM, s(22)).then_already(void());
    sealed.when(hold_for(ORDER, "3***", 1), Caller::SYSTEM, s(23)).refused(Refusal::Closed);
}

#[test]
fn a_slice_that_is_asked_says_what_it_has_for_an_order_or_that_it_never_will_have_anything() {
    let decline = || Command::Decline { order: ORDER };
    let live = ordered();
    live.when(decline(), Caller::SYSTEM, s(20)).then_already(held_for(ORDER, &TWO));
    slice([]).when(decline(), Caller::SYSTEM, s(20)).then(void());
    let declined = slice([(s(20), void())]);
    declined.when(decline(), Caller::SYSTEM, s(21)).then_already(void());
    declined.when(hold_for(ORDER, "3***", 1), Caller::SYSTEM, s(22)).refused(Refusal::OrderOver);
    declined.when(follow(PartFate::Ended), Caller::SYSTEM, s(23)).then_already(void());
    let sealed = slice([(s(20), Event::Sealed { sold: 0 })]);
    sealed.when(decline(), Caller::SYSTEM, s(21)).then_already(void());
    let sold = live.and(s(20), followed(&TWO, PartFate::Sold));
    sold.when(decline(), Caller::SYSTEM, s(21)).then_already(followed(&TWO, PartFate::Sold));
}

#[test]
fn tickets_of_a_sold_part_are_taken_back_once() {
    let back =
        |tickets: &[Ticket]| Command::FollowRefund { order: ORDER, tickets: tickets.to_vec() };
    let took = |tickets: &[Ticket], left: &[Ticket]| Event::FollowedRefund {
        order: ORDER,
        owner: ADA.id,
        tickets: tickets.to_vec(),
        left: left.to_vec(),
    };
    ordered().when(back(&TWO), Caller::SYSTEM, s(30)).refused(Refusal::NoPart);
    let sold = ordered().and(s(20), followed(&TWO, PartFate::Sold));
    sold.when(back(&TWO[..1]), Caller::SYSTEM, s(30)).then(took(&TWO[..1], &TWO[1..]));
    let one = sold.and(s(30), took(&TWO[..1], &TWO[1..]));
    assert_eq!(ledger(&one).sold, 1);
    one.when(back(&TWO[..1]), Caller::SYSTEM, s(31)).then_already(took(&[], &TWO[1..]));
    assert_eq!(tickets_of(one.when(hold("3123", 2, 0), BOB, s(32)).event()), TWO[..1]);
    one.when(back(&TWO), Caller::SYSTEM, s(33)).then(took(&TWO[1..], &[]));
    let none = one.and(s(33), took(&TWO[1..], &[]));
    assert_eq!(ledger(&none).free, ledger(&none).stock);
    none.when(follow(PartFate::Sold), Caller::SYSTEM, s(34))
        .then_already(followed(&[], PartFate::Sold));
}

#[test]
fn parts_outlive_a_snapshot_and_leave_nothing_in_the_head() {
    let (mut slice, empty) = (slice([]), slice([]).0.bytes().len());
    for number in 0..500 {
        let order = OrderNumber { till: 0, number };
        slice = slice.and(s(10), held_for(order, &[ticket(3000 + number, 1)]));
    }
    let again = slice.saved_and_read();
    assert_eq!(ledger(&again), ledger(&slice));
    for number in 0..500 {
        let order = OrderNumber { till: 0, number };
        let (owner, fate, tickets) = (ADA.id, PartFate::Ended, vec![ticket(3000 + number, 1)]);
        slice = slice.and(s(20), Event::Followed { order, owner, tickets, fate });
    }
    assert_eq!(slice.0.bytes().len(), empty);
}

#[test]
fn a_slice_lists_nothing_of_a_part() {
    let name = "2026-12-31/3***".parse().expect("it is one");
    let mut rows = Vec::new();
    for event in [held_for(ORDER, &TWO), followed(&TWO, PartFate::Sold), void()] {
        Slice::rows(&name, &event, s(1), &mut rows);
    }
    assert_eq!(rows, []);
}
