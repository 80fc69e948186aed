//! The sale of a slice: its window, its waves, its labels, and numbers that do not exist.

use super::given::{ADA, ADMIN, BOB, Given, given, s};
use super::terms::*;
use actors::domain::tickets::{
    Answer, Command, Event, LabelLedger, Question, Refusal, Sale, Slice, SliceLabel, SliceTerms,
    TicketLedger, Wave,
};
use actors::{Caller, Time};

fn slice_with(terms: SliceTerms, events: impl IntoIterator<Item = (Time, Event)>) -> Given<Slice> {
    given([(s(0), opened_with(terms))].into_iter().chain(events))
}

fn window(starts_at: Option<Time>, ends_at: Option<Time>) -> SliceTerms {
    SliceTerms { sale: Sale { starts_at, ends_at, waves: Vec::new() }, ..TERMS }
}

fn ledger(slice: &Given<Slice>) -> TicketLedger {
    match slice.look(&Question::Ledger) {
        Answer::Ledger(ledger) => ledger,
        other => panic!("no ledger: {other:?}"),
    }
}

#[test]
fn holds_begin_within_the_sale_only() {
    let slice = slice_with(window(Some(s(100)), Some(s(200))), []);
    let (opens_at, last) = (s(100), Time(s(200).0 - 1));
    slice
        .when(hold("3***", 1, 0), ADA, Time(s(100).0 - 1))
        .refused(Refusal::NotYetOpen { opens_at });
    slice.when(hold("3***", 1, 0), ADA, s(100)).event();
    slice.when(hold("3***", 1, 0), ADA, last).event();
    slice.when(hold("3***", 1, 0), ADA, s(200)).refused(Refusal::SaleOver);
    slice.when(hold("3***", 1, 0), ADA, TERMS.closes_at).refused(Refusal::Closed);
}

#[test]
fn what_is_held_when_the_sale_ends_is_still_bought_extended_and_released() {
    let begun = (s(190), held(0, ADA, &[ticket(3001, 1)], s(490)));
    let slice = slice_with(window(None, Some(s(200))), [begun]);
    slice.when(Command::Confirm { hold: 0 }, ADA, s(300)).event();
    slice.when(Command::Extend { hold: 0, ttl_s: 300 }, ADA, s(300)).event();
    slice.when(Command::Release { hold: 0 }, ADA, s(300)).event();
}

/// Two at 100 seconds, five at 200.
fn in_waves(events: impl IntoIterator<Item = (Time, Event)>) -> Given<Slice> {
    let waves = vec![Wave { at: s(100), tickets: 2 }, Wave { at: s(200), tickets: 5 }];
    let sale = Sale { waves, ..Sale::default() };
    slice_with(SliceTerms { sale, ..TERMS }, events)
}

fn count(slice: &Given<Slice>, wanted: Command, caller: Caller, at: Time) -> usize {
    let left = slice.left_at(&wanted, &caller, at);
    let tickets = tickets_of(slice.when(wanted, caller, at).event()).len();
    assert!(left >= tickets as u64);
    tickets
}

#[test]
fn no_more_is_held_and_sold_than_the_waves_have_let_out() {
    let not_yet = |next_at| Refusal::NotReleasedYet { next_at };
    let none = in_waves([]);
    none.when(hold("3***", 1, 0), ADA, s(99)).refused(not_yet(s(100)));
    assert_eq!(none.left_at(&hold("3***", 1, 0), &ADA, s(99)), 0);
    assert_eq!(count(&none, hold("3***", 3, 0), ADA, s(100)), 2, "what there is");
    none.when(hold("3***", 3, 3), ADA, s(100)).refused(not_yet(s(200)));
    assert_eq!(none.left_at(&hold("3***", 3, 3), &ADA, s(100)), 0);

    let sold = in_waves([
        (s(100), held(0, ADA, &[ticket(3001, 1), ticket(3001, 2)], s(400))),
        (s(110), confirmed(0, ADA, &[ticket(3001, 1), ticket(3001, 2)])),
    ]);
    sold.when(hold("3***", 1, 0), BOB, s(199)).refused(not_yet(s(200)));
    // What does not match at all is not waited for.
    sold.when(hold("3001", 1, 0), BOB, s(199)).refused(Refusal::NoMatchLeft { left: 0 });
    assert_eq!(count(&sold, hold("3***", 3, 0), BOB, s(200)), 3);

    // The last wave has let out all that there will ever be.
    let all = sold.and(s(200), held(1, BOB, &[1, 2, 3].map(|n| ticket(3010 + n, 1)), s(500)));
    for slice in [all.saved_and_read(), all] {
        slice.when(hold("3***", 1, 0), ADA, s(210)).refused(Refusal::NoMatchLeft { left: 0 });
        let given_back = slice.and(s(220), released(1, BOB));
        assert_eq!(count(&given_back, hold("3***", 3, 0), ADA, s(230)), 3);
    }
}

/// The numbers 3000 to 3249, two copies of each.
fn counted() -> SliceTerms {
    SliceTerms { numbers: Some(250), ..TERMS }
}

#[test]
fn numbers_beyond_the_count_are_neither_counted_nor_held_nor_known() {
    let slice = slice_with(counted(), []);
    assert_eq!((ledger(&slice).stock, ledger(&slice).free), (500, 500));
    for (pattern, all) in [("3***", 500), ("32**", 100), ("3249", 2), ("3250", 0), ("39**", 0)] {
        let pattern = pattern.parse().expect("it is one");
        let look = slice.look(&Question::Matching { pattern, sample: 3, seed: 1 });
        let Answer::Matching { matching, free, sample } = look else { panic!("it is open") };
        assert_eq!((matching, free, sample.len()), (all, all, all.min(3) as usize));
    }
    slice.when(hold("3250", 1, 0), ADA, s(1)).refused(Refusal::NoMatchLeft { left: 0 });
    for seed in 0..50 {
        let tickets = slice.when_by_chance(hold("3***", 3, 0), ADA, s(1), seed).event();
        assert!(tickets_of(tickets).iter().all(|ticket| ticket.number < 3250));
    }
    let refund = |number| Command::Refund { ticket: ticket(number, 1) };
    slice.when(refund(3249), ADMIN, s(1)).refused(Refusal::NotSold);
    slice.when(refund(3250), ADMIN, s(1)).refused(Refusal::UnknownTicket);
}

#[test]
fn all_that_exists_can_be_sold_and_is_read_again() {
    let mut slice = slice_with(counted(), []);
    for number in 0..250 {
        let both = [1, 2].map(|copy| ticket(3000 + number, copy));
        slice = slice
            .and(s(10), held(number, ADA, &both, s(310)))
            .and(s(10), confirmed(number, ADA, &both));
    }
    for slice in [slice.saved_and_read(), slice] {
        let TicketLedger { stock, free, held, sold, .. } = ledger(&slice);
        assert_eq!((stock, free, held, sold), (500, 0, 0, 500));
        slice.when(hold("3***", 1, 0), BOB, s(20)).refused(Refusal::NoMatchLeft { left: 0 });
    }
}

/// Three labels of five that the pool has: 3000 to 3099, what ends with 7, and what is not there.
fn labelled() -> SliceTerms {
    let label = |place, pattern: &str| SliceLabel { place, pattern: pattern.parse().unwrap() };
    let labels = vec![label(0, "30**"), label(2, "***7"), label(4, "39**")];
    SliceTerms { labels, ..counted() }
}

#[test]
fn what_is_free_held_and_sold_is_told_of_each_label() {
    let of = |place, stock, held, sold| LabelLedger {
        place,
        stock,
        free: stock - held - sold,
        held,
        sold,
    };
    let (both, one) = ([ticket(3007, 1), ticket(3001, 2)], [ticket(3107, 1)]);
    let begun = slice_with(labelled(), []);
    assert_eq!(ledger(&begun).labels, [of(0, 200, 0, 0), of(2, 50, 0, 0), of(4, 0, 0, 0)]);
    let holds = begun
        .and(s(10), held(0, ADA, &both, s(310)))
        .and(s(10), held(1, BOB, &one, s(300)))
        .and(s(10), held(2, BOB, &[ticket(3207, 1)], s(400)));
    assert_eq!(ledger(&holds).labels, [of(0, 200, 2, 0), of(2, 50, 3, 0), of(4, 0, 0, 0)]);
    let sold = holds.and(s(20), confirmed(0, ADA, &both)).and(s(20), released(1, BOB));
    for sold in [sold.saved_and_read(), sold] {
        assert_eq!(ledger(&sold).labels, [of(0, 200, 0, 2), of(2, 50, 1, 1), of(4, 0, 0, 0)]);
        let (ticket, owner, left) = (ticket(3007, 1), ADA.id, vec![ticket(3001, 2)]);
        let refunded = sold.and(s(30), Event::Refunded { ticket, hold: 0, owner, left });
        let over = refunded.and_time_passes(s(1000));
        assert_eq!(ledger(&over).labels, [of(0, 200, 0, 1), of(2, 50, 0, 0), of(4, 0, 0, 0)]);
    }
}

#[test]
fn a_ledger_says_when_the_next_hold_ends() {
    let none = slice_with(labelled(), []);
    assert_eq!(ledger(&none).next_end, None);
    let two = none
        .and(s(10), held(0, ADA, &[ticket(3001, 1)], s(310)))
        .and(s(10), held(1, BOB, &[ticket(3002, 1)], s(300)));
    assert_eq!(ledger(&two).next_end, Some(s(300)));
    let extended = two.and(s(20), Event::Extended { hold: 1, until: s(500) });
    assert_eq!(ledger(&extended).next_end, Some(s(310)));
}

#[test]
fn ledgers_of_slices_add_up_label_by_label() {
    let one = LabelLedger { place: 1, stock: 9, free: 4, held: 3, sold: 2 };
    let part = |next_end, labels| TicketLedger { next_end, labels, ..TicketLedger::default() };
    let sum = part(None, vec![one]) + part(Some(s(9)), vec![LabelLedger { place: 3, ..one }, one]);
    let twice = LabelLedger { place: 1, stock: 18, free: 8, held: 6, sold: 4 };
    assert_eq!(sum, part(Some(s(9)), vec![twice, LabelLedger { place: 3, ..one }]));
}

#[test]
fn a_slice_of_before_has_all_numbers_at_any_time() {
    let (lead, terms) = (LEAD, FIRST_TERMS);
    let before = given::<Slice>([(s(0), Event::Opened { lead, terms })]);
    assert!(before.bytes() == slice_with(TERMS, []).bytes());
    assert_eq!(ledger(&before).stock, 2000);
}
