//! A till: allowances, and orders from their beginning to their end.

use super::given::{ADA, ADMIN, BOB, Given, given, s};
use actors::domain::shelves;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Buyer, OrderNumber, ticket_of_row};
use actors::domain::till::{
    AllowanceSide, Answer, Command, Event, KeyShare, LimitKey, MemberLimits, OrderEnd, OrderId,
    OrderPart, OrderStage, OrderWish, PastOrder, Question, Refusal, Till, TillLedger, TillName,
    TillTerms, order_of_listed, order_of_row,
};
use actors::{Caller, Id, Machine, Time};
use testing::played::Played;

const TERMS: TillTerms = TillTerms {
    limits: MemberLimits { held: Some(4), bought: Some(6) },
    hold_max_s: 600,
    closes_at: s(10_000),
};
const KEY: LimitKey = LimitKey(Id([9; 16]));
const ELSEWHERE: OrderNumber = OrderNumber { till: 3, number: 5 };

fn opened() -> Event {
    Event::Opened { terms: TERMS }
}

fn till(events: impl IntoIterator<Item = (Time, Event)>) -> Given<Till> {
    given([(s(0), opened())].into_iter().chain(events))
}

fn wish(count: u16, at_least: u16) -> OrderWish {
    OrderWish { pattern: "***1".parse().expect("it is one"), count, at_least, ttl_s: 300 }
}

fn begin(count: u16, at_least: u16) -> Command {
    Command::Begin { wish: wish(count, at_least), keys: Vec::new() }
}

fn begun(order: u32, owner: Caller, count: u16, keys: &[LimitKey]) -> Event {
    let (owner, wish, keys) = (owner.id, wish(count, 1), keys.to_vec());
    Event::Begun { order, owner, wish, keys, give_up_at: s(40) }
}

/// So many tickets, one of each slice.
fn parts(count: u32) -> Vec<OrderPart> {
    let part = |lead| OrderPart {
        lead: lead as u8,
        tickets: vec![Ticket { number: 1000 * lead + 1, copy: 1 }],
    };
    (0..count).map(part).collect()
}

fn placed(order: u32, owner: Caller, count: u32) -> Event {
    let (owner, parts) = (owner.id, parts(count));
    Event::Placed { order, owner, parts, until: s(320), unsettled: false }
}

fn past(owner: Caller, count: u32, end: OrderEnd) -> PastOrder {
    PastOrder {
        owner: owner.id,
        pattern: wish(1, 1).pattern,
        keys: Vec::new(),
        parts: parts(count),
        refunded: Vec::new(),
        end,
        placed_until: (end != OrderEnd::GivenUp).then_some(s(320)),
        step: 2,
    }
}

fn confirmed(order: u32, owner: Caller, count: u32, bought: u32) -> Event {
    Event::Confirmed { order, past: past(owner, count, OrderEnd::Sold), bought }
}

fn ended(order: u32, owner: Caller, count: u32, end: OrderEnd) -> Event {
    Event::Ended { orders: vec![(order, past(owner, count, end))] }
}

/// Ada's order of so many, placed at 20 until 320.
fn ordered(count: u32) -> Given<Till> {
    till([(s(10), begun(0, ADA, 4, &[])), (s(20), placed(0, ADA, count))])
}

fn bought(count: u32) -> Given<Till> {
    ordered(count).and(s(30), confirmed(0, ADA, count, count))
}

fn has(till: &Given<Till>, who: Id) -> (u32, u32) {
    match till.look(&Question::Allowance(who)) {
        Answer::Allowance { held, bought } => (held, bought),
        other => panic!("{other:?}"),
    }
}

fn ledger(till: &Given<Till>) -> TillLedger {
    match till.look(&Question::Ledger) {
        Answer::Ledger(ledger) => ledger,
        other => panic!("{other:?}"),
    }
}

fn limit(side: AllowanceSide, limit: u32, left: u32) -> Refusal {
    Refusal::LimitReached { side, limit, left }
}

#[test]
fn a_till_is_opened_once_and_refuses_everything_before() {
    given::<Till>([]).when(begin(1, 1), ADA, s(0)).refused(Refusal::NotOpened);
    given::<Till>([]).when(Command::Seal, Caller::SYSTEM, s(0)).refused(Refusal::NotOpened);
    given::<Till>([]).when(Command::Open { terms: TERMS }, ADA, s(0)).then(opened());
    till([]).when(Command::Open { terms: TERMS }, ADA, s(1)).then_already(opened());
    assert_eq!(Played::<Till>::default().look(&Question::Ledger), Answer::NotOpened);
}

#[test]
fn an_order_begins_with_what_is_allowed() {
    let event = till([]).when(begin(9, 1), ADA, s(10)).event();
    assert_eq!(event, begun(0, ADA, 4, &[]));
    let two = till([(s(10), begun(0, ADA, 2, &[]))]);
    assert_eq!(has(&two, ADA.id), (2, 0));
    two.when(begin(3, 3), ADA, s(11)).refused(limit(AllowanceSide::Held, 4, 2));
    let Event::Begun { order: 1, wish, .. } = two.when(begin(3, 0), ADA, s(11)).event() else {
        panic!("it begins")
    };
    assert_eq!(wish.count, 2);
    two.when(begin(4, 4), BOB, s(11)).event();
}

#[test]
fn what_was_bought_counts_for_ever_and_what_is_held_counts_with_it() {
    let five = bought(4).and(s(40), begun(1, ADA, 1, &[]));
    assert_eq!(has(&five, ADA.id), (1, 4));
    five.when(begin(2, 2), ADA, s(41)).refused(limit(AllowanceSide::Bought, 6, 1));
    let Event::Begun { wish, .. } = five.when(begin(2, 1), ADA, s(41)).event() else {
        panic!("it begins")
    };
    assert_eq!(wish.count, 1);
}

#[test]
fn without_limits_everything_is_allowed() {
    let terms = TillTerms { limits: MemberLimits::default(), ..TERMS };
    let event = given::<Till>([(s(0), Event::Opened { terms })]).when(begin(999, 999), ADA, s(10));
    assert!(matches!(event.event(), Event::Begun { wish, .. } if wish.count == 999));
}

#[test]
fn a_placed_order_gives_back_what_it_does_not_need() {
    let begun = till([(s(10), begun(0, ADA, 4, &[]))]);
    let place = |count| Command::Place { order: 0, parts: parts(count) };
    begun.when(place(3), Caller::SYSTEM, s(20)).then(placed(0, ADA, 3));
    for wrong in [0, 5] {
        begun.when(place(wrong), Caller::SYSTEM, s(20)).refused(Refusal::OtherTickets);
    }
    begun.when(place(3), Caller::SYSTEM, s(40)).refused(Refusal::OrderOver);
    let placed_one = ordered(3);
    assert_eq!(has(&placed_one, ADA.id), (3, 0));
    placed_one.when(place(2), Caller::SYSTEM, s(50)).then_already(placed(0, ADA, 3));
    let unknown = Command::Place { order: 1, parts: parts(1) };
    placed_one.when(unknown, Caller::SYSTEM, s(50)).refused(Refusal::UnknownOrder);
}

#[test]
fn an_order_that_is_not_placed_is_given_up_by_command_or_by_its_time() {
    let begun = till([(s(10), begun(0, ADA, 4, &[]))]);
    let end = Event::Ended { orders: vec![(0, past(ADA, 0, OrderEnd::GivenUp))] };
    begun.when(Command::GiveUp { order: 0 }, Caller::SYSTEM, s(20)).then(end.clone());
    assert_eq!(begun.0.due(), Some(s(40)));
    assert_eq!(begun.expires(s(40)), Some(end.clone()));
    for command in [Command::Confirm { order: 0 }, Command::Release { order: 0 }] {
        begun.when(command, ADA, s(20)).refused(Refusal::NotPlaced);
    }
    let over = begun.and(s(40), end.clone());
    assert_eq!(has(&over, ADA.id), (0, 0));
    over.when(Command::GiveUp { order: 0 }, Caller::SYSTEM, s(50)).then_already(end);
    let late = Command::Place { order: 0, parts: parts(1) };
    over.when(late, Caller::SYSTEM, s(50)).refused(Refusal::OrderOver);
    over.when(Command::Confirm { order: 0 }, ADA, s(50)).refused(Refusal::NotPlaced);
    ordered(1)
        .when(Command::GiveUp { order: 0 }, Caller::SYSTEM, s(50))
        .refused(Refusal::OrderOver);
}

#[test]
fn to_confirm_buys_all_of_it_and_to_confirm_again_says_the_same() {
    let confirm = Command::Confirm { order: 0 };
    ordered(3).when(confirm.clone(), BOB, s(30)).refused(Refusal::NotYours);
    ordered(3).when(confirm.clone(), ADA, s(30)).then(confirmed(0, ADA, 3, 3));
    assert_eq!(has(&bought(3), ADA.id), (0, 3));
    for at in [s(31), s(400), s(99_999)] {
        bought(3).when(confirm.clone(), ADA, at).then_already(confirmed(0, ADA, 3, 3));
    }
    bought(3).when(confirm, BOB, s(31)).refused(Refusal::NotYours);
    bought(3).when(Command::Release { order: 0 }, ADA, s(31)).refused(Refusal::AlreadyBought);
    bought(3)
        .when(Command::Extend { order: 0, ttl_s: 9 }, ADA, s(31))
        .refused(Refusal::AlreadyBought);
    ordered(3).when(Command::Confirm { order: 1 }, ADA, s(30)).refused(Refusal::UnknownOrder);
}

#[test]
fn a_release_and_the_order_s_time_give_all_of_it_back() {
    let release = Command::Release { order: 0 };
    let released = ended(0, ADA, 3, OrderEnd::Released);
    ordered(3).when(release.clone(), ADA, s(30)).then(released.clone());
    let gone = ordered(3).and(s(30), released.clone());
    assert_eq!(has(&gone, ADA.id), (0, 0));
    gone.when(release.clone(), ADA, s(31)).then_already(released);
    gone.when(Command::Confirm { order: 0 }, ADA, s(31)).refused(Refusal::OrderReleased);
    assert_eq!(ordered(3).expires(Time(s(320).0 - 1)), None);
    let expired = ended(0, ADA, 3, OrderEnd::Expired);
    assert_eq!(ordered(3).expires(s(320)), Some(expired.clone()));
    let late = ordered(3).and(s(320), expired);
    assert_eq!(has(&late, ADA.id), (0, 0));
    late.when(Command::Confirm { order: 0 }, ADA, s(321)).refused(Refusal::OrderExpired);
    late.when(release, ADA, s(321)).refused(Refusal::OrderExpired);
}

#[test]
fn to_extend_moves_the_end_up_to_the_cap() {
    let extend = |ttl_s| Command::Extend { order: 0, ttl_s };
    let extended = |until| Event::Extended { order: 0, until };
    ordered(1).when(extend(400), ADA, s(30)).then(extended(s(430)));
    ordered(1).when(extend(5_000), ADA, s(30)).then(extended(s(620)));
    ordered(1).when(extend(5), ADA, s(30)).then_already(extended(s(320)));
    let longest = ordered(1).and(s(30), extended(s(620)));
    longest.when(extend(900), ADA, s(500)).refused(Refusal::ExtendedToTheLimit { until: s(620) });
    assert_eq!((longest.expires(s(320)), longest.0.due()), (None, Some(s(620))));
}

#[test]
fn a_refund_takes_back_some_or_all_and_gives_the_allowance_back() {
    let refund = |tickets: &[Ticket]| Command::Refund { order: 0, tickets: tickets.to_vec() };
    let first = parts(1)[0].tickets.clone();
    ordered(3).when(refund(&[]), ADMIN, s(40)).refused(Refusal::NotSold);
    bought(3).when(refund(&first), ADA, s(40)).refused(Refusal::NotAdmin);
    let stranger = [Ticket { number: 9, copy: 1 }];
    bought(3).when(refund(&stranger), ADMIN, s(40)).refused(Refusal::OtherTickets);
    let event = bought(3).when(refund(&first), ADMIN, s(40)).event();
    let Event::Refunded { tickets, past, bought: left, .. } = &event else { panic!("{event:?}") };
    assert_eq!((tickets, &past.refunded, past.step, *left), (&first, &first, 3, 2));
    assert_eq!((past.tickets().count(), past.parts.len()), (2, 3));
    let back = bought(3).and(s(40), event.clone());
    assert_eq!(has(&back, ADA.id), (0, 2));
    back.when(refund(&first), ADMIN, s(50)).then_already(event);
    let event = back.when(refund(&[]), ADMIN, s(50)).event();
    let all = back.and(s(50), event);
    assert_eq!(has(&all, ADA.id), (0, 0));
    let again = all.when(refund(&[]), ADMIN, s(60)).verdict();
    let actors::Verdict::Already(Event::Refunded { tickets, .. }) = again else {
        panic!("{again:?}")
    };
    assert_eq!(tickets.len(), 3);
}

#[test]
fn an_order_is_unsettled_until_all_have_heard_of_its_last_step() {
    let settle = |step| Command::Settle { orders: vec![(0, step)] };
    let settled = |orders: &[u32]| Event::Settled { orders: orders.to_vec() };
    assert_eq!(ledger(&ordered(3)).unsettled, 0);
    let till = bought(3);
    till.when(settle(2), Caller::SYSTEM, s(40)).then(settled(&[0]));
    till.when(settle(1), Caller::SYSTEM, s(40)).then_already(settled(&[]));
    let refund = till.when(Command::Refund { order: 0, tickets: Vec::new() }, ADMIN, s(40)).event();
    let back = till.and(s(40), refund);
    back.when(settle(2), Caller::SYSTEM, s(50)).then_already(settled(&[]));
    back.when(settle(3), Caller::SYSTEM, s(50)).then(settled(&[0]));
    let rest = back.and(s(50), settled(&[0]));
    assert_eq!(ledger(&rest), TillLedger::default());
    rest.when(settle(3), Caller::SYSTEM, s(60)).then_already(settled(&[]));
}

#[test]
fn a_limit_key_counts_as_a_member_does_and_follows_step_by_step() {
    let take = |count, at_least| Command::Take { order: ELSEWHERE, key: KEY, count, at_least };
    let taken = Event::Taken { order: ELSEWHERE, key: KEY, count: 4 };
    till([]).when(take(9, 1), Caller::SYSTEM, s(10)).then(taken.clone());
    till([]).when(take(9, 5), Caller::SYSTEM, s(10)).refused(limit(AllowanceSide::Held, 4, 4));
    let follow = |step, held, bought| Command::FollowKey {
        order: ELSEWHERE,
        key: KEY,
        share: KeyShare { step, held, bought },
    };
    let followed = |step, held, bought, of_all| Event::FollowedKey {
        order: ELSEWHERE,
        key: KEY,
        share: KeyShare { step, held, bought },
        bought: of_all,
    };
    let mut key = till([(s(10), taken.clone())]);
    key.when(take(2, 1), Caller::SYSTEM, s(11)).then_already(taken);
    assert_eq!(has(&key, KEY.0), (4, 0));
    for (step, held, bought, of_all) in [(1, 3, 0, 0), (2, 0, 3, 3), (3, 0, 2, 2), (5, 0, 0, 0)] {
        let event = followed(step, held, bought, of_all);
        key.when(follow(step, held, bought), Caller::SYSTEM, s(20)).then(event.clone());
        key = key.and(s(20), event.clone());
        assert_eq!(has(&key, KEY.0), (u32::from(held), of_all));
        for late in 0..=step {
            key.when(follow(late, 4, 4), Caller::SYSTEM, s(21)).then_already(event.clone());
        }
        key.when(take(1, 1), Caller::SYSTEM, s(21)).refused(Refusal::OrderOver);
    }
    let never = till([(s(10), followed(2, 0, 0, 0))]);
    never.when(take(1, 1), Caller::SYSTEM, s(11)).refused(Refusal::OrderOver);
}

#[test]
fn a_sealed_till_hears_of_nothing_more_but_what_was_taken_back() {
    let share = |step, held, bought| KeyShare { step, held, bought };
    let follow = |share| Command::FollowKey { order: ELSEWHERE, key: KEY, share };
    let followed = |share, bought| Event::FollowedKey { order: ELSEWHERE, key: KEY, share, bought };
    let sealed = till([(s(10), Event::Cleared { orders: Vec::new() }), (s(11), Event::Sealed)]);
    let nothing = share(2, 0, 0);
    sealed.when(follow(nothing), Caller::SYSTEM, s(12)).then_already(followed(nothing, 0));
    for something in [share(1, 2, 0), share(2, 0, 2)] {
        sealed.when(follow(something), Caller::SYSTEM, s(12)).refused(Refusal::Closed);
    }
    let bought = till([
        (s(8), Event::Taken { order: ELSEWHERE, key: KEY, count: 2 }),
        (s(9), followed(share(2, 0, 2), 2)),
        (s(10), Event::Cleared { orders: Vec::new() }),
        (s(11), Event::Sealed),
    ]);
    bought.when(follow(share(3, 1, 1)), Caller::SYSTEM, s(12)).refused(Refusal::Closed);
    bought.when(follow(share(3, 0, 1)), Caller::SYSTEM, s(12)).then(followed(share(3, 0, 1), 1));
    bought
        .when(follow(share(2, 0, 2)), Caller::SYSTEM, s(12))
        .then_already(followed(share(2, 0, 2), 2));
}

#[test]
fn a_seal_ends_what_lives_and_waits_for_what_is_unsettled() {
    let seal = || Command::Seal;
    let both = ordered(3).and(s(30), begun(1, BOB, 2, &[]));
    let event = both.when(seal(), Caller::SYSTEM, s(31)).event();
    let cleared = vec![
        (0, past(ADA, 3, OrderEnd::Expired)),
        (1, PastOrder { placed_until: None, ..past(BOB, 0, OrderEnd::GivenUp) }),
    ];
    assert_eq!(event, Event::Cleared { orders: cleared });
    let closing = both.and(s(31), event);
    closing.when(begin(1, 1), ADA, s(32)).refused(Refusal::Closed);
    closing.when(seal(), Caller::SYSTEM, s(32)).refused(Refusal::Unsettled { orders: 2 });
    let told = closing.and(s(33), Event::Settled { orders: vec![0, 1] });
    told.when(seal(), Caller::SYSTEM, s(34)).then(Event::Sealed);
    let sealed = told.and(s(34), Event::Sealed);
    sealed.when(seal(), Caller::SYSTEM, s(35)).then_already(Event::Sealed);
    let sold = bought(1);
    sold.when(seal(), Caller::SYSTEM, s(40)).then(Event::Cleared { orders: Vec::new() });
    let closing = sold.and(s(40), Event::Cleared { orders: Vec::new() });
    let sealed = closing.and(s(41), Event::Settled { orders: vec![0] }).and(s(42), Event::Sealed);
    let refund = Command::Refund { order: 0, tickets: Vec::new() };
    sealed.when(refund, ADMIN, s(43)).refused(Refusal::Closed);
    let share = Event::Taken { order: ELSEWHERE, key: KEY, count: 1 };
    let key = till([(s(10), share), (s(11), Event::Cleared { orders: Vec::new() })]);
    key.when(seal(), Caller::SYSTEM, s(12)).refused(Refusal::Unsettled { orders: 1 });
}

#[test]
fn nothing_begins_is_placed_bought_or_extended_from_the_closing_instant_on() {
    let at = TERMS.closes_at;
    till([]).when(begin(1, 1), ADA, at).refused(Refusal::Closed);
    let long =
        Event::Placed { order: 0, owner: ADA.id, parts: parts(1), until: at, unsettled: false };
    let late = till([(s(9_900), begun(0, ADA, 1, &[])), (s(9_910), long)]);
    late.when(Command::Confirm { order: 0 }, ADA, Time(at.0 - 1)).event();
    late.when(Command::Confirm { order: 0 }, ADA, at).refused(Refusal::Closed);
    late.when(Command::Extend { order: 0, ttl_s: 9 }, ADA, at).refused(Refusal::Closed);
    let last = till([(s(9_990), begun(0, ADA, 1, &[]))]);
    let event = last.when(Command::Place { order: 0, parts: parts(1) }, Caller::SYSTEM, s(9_991));
    // It began for the test with more time than it would have had.
    event.refused(Refusal::OrderOver);
    let event = till([]).when(begin(1, 1), ADA, s(9_990)).event();
    assert!(matches!(event, Event::Begun { give_up_at, .. } if give_up_at == at), "{event:?}");
}

fn begun_in_one(order: u32, owner: Caller, count: u16) -> Event {
    let (owner, wish) = (owner.id, wish(count, 1));
    Event::BegunInOne { order, owner, wish, until: s(310), doubt_at: s(20) }
}

/// Ada's order of one slice, begun at 10.
fn in_one(count: u16) -> Given<Till> {
    till([(s(10), begun_in_one(0, ADA, count))])
}

#[test]
fn an_order_of_one_slice_takes_its_allowance_and_ends_when_it_was_said_to() {
    let begin = |count, at_least| Command::BeginInOne { wish: wish(count, at_least) };
    till([]).when(begin(9, 1), ADA, s(10)).then(begun_in_one(0, ADA, 4));
    let begun = in_one(3);
    assert_eq!(has(&begun, ADA.id), (3, 0));
    begun.when(begin(2, 2), ADA, s(11)).refused(limit(AllowanceSide::Held, 4, 1));
    let place = Command::Place { order: 0, parts: parts(2) };
    let (owner, parts, until) = (ADA.id, parts(2), s(310));
    let placed = Event::Placed { order: 0, owner, parts, until, unsettled: false };
    begun.when(place.clone(), Caller::SYSTEM, s(15)).then(placed.clone());
    let placed = begun.and(s(15), placed);
    assert_eq!((has(&placed, ADA.id), placed.0.due()), ((2, 0), Some(s(310))));
    placed.when(Command::GiveUp { order: 0 }, Caller::SYSTEM, s(16)).refused(Refusal::OrderOver);
    let closing = till([]).when(begin(1, 1), ADA, s(9_990)).event();
    let at = TERMS.closes_at;
    assert!(matches!(closing, Event::BegunInOne { until, .. } if until == at), "{closing:?}");
    till([]).when(begin(1, 1), ADA, at).refused(Refusal::Closed);
}

#[test]
fn an_order_of_one_slice_that_is_not_placed_soon_is_doubted_once_and_lives_on() {
    let begun = in_one(3);
    for command in [Command::Confirm { order: 0 }, Command::Release { order: 0 }] {
        begun.when(command, ADA, s(11)).refused(Refusal::NotPlaced);
    }
    assert_eq!(begun.expires(Time(s(20).0 - 1)), None);
    let doubted = Event::Doubted { orders: vec![0] };
    assert_eq!(begun.expires(s(20)), Some(doubted.clone()));
    let doubted = begun.and(s(20), doubted);
    assert_eq!((has(&doubted, ADA.id), doubted.0.due()), ((3, 0), Some(s(310))));
    assert_eq!(ledger(&doubted).unsettled, 1);
    let Answer::Unsettled(unsettled) = doubted.look(&Question::Unsettled(vec![0])) else {
        panic!("asked what is unsettled")
    };
    assert!(matches!(&unsettled[..], [(0, 0, view)] if view.owner == ADA.id));
    let place = Command::Place { order: 0, parts: parts(3) };
    let placed = doubted.when(place, Caller::SYSTEM, s(30)).event();
    assert!(matches!(placed, Event::Placed { until, .. } if until == s(310)), "{placed:?}");
    let settle = Command::Settle { orders: vec![(0, 0)] };
    let placed = doubted.saved_and_read().and(s(30), placed);
    let settled = placed.when(settle, Caller::SYSTEM, s(31)).event();
    assert_eq!(settled, Event::Settled { orders: vec![0] });
    assert_eq!(ledger(&placed.and(s(31), settled)).unsettled, 0);
    let given_up = PastOrder { parts: Vec::new(), ..past(ADA, 0, OrderEnd::GivenUp) };
    let given_up = Event::Ended { orders: vec![(0, given_up)] };
    let give_up = Command::GiveUp { order: 0 };
    doubted.when(give_up, Caller::SYSTEM, s(30)).then(given_up.clone());
    assert_eq!(doubted.expires(s(310)), Some(given_up));
}

#[test]
fn an_order_that_is_placed_is_the_same_however_it_began() {
    let placed = |till: Given<Till>| till.and(s(20), placed(0, ADA, 3)).0.bytes();
    assert_eq!(placed(in_one(3)), placed(till([(s(10), begun(0, ADA, 3, &[]))])));
}

#[test]
fn what_is_in_doubt_is_on_the_list_of_what_is_unsettled() {
    let name = TillName { pool: "2026-12-31".parse().expect("a day"), number: 3 };
    let mut rows = Vec::new();
    Till::rows(&name, &begun_in_one(7, ADA, 1), s(10), &mut rows);
    assert_eq!(rows, []);
    Till::rows(&name, &Event::Doubted { orders: vec![7] }, s(20), &mut rows);
    let [row] = &rows[..] else { panic!("one line: {rows:?}") };
    assert_eq!((row.shelf, &row.body), (shelves::UNSETTLED, &Some(Vec::new())));
    assert_eq!(order_of_row(&row.key), Some(OrderId { till: name, number: 7 }));
}

#[test]
fn ten_thousand_orders_that_are_over_leave_some_numbers() {
    let mut till = till([]).0;
    let empty = till.bytes().len();
    for n in 0..10_000u32 {
        let owner = Caller::member(Id::digest(&[&n.to_be_bytes()]));
        till.apply(&begun(n, owner, 3, &[]), s(10));
        till.apply(&placed(n, owner, 3), s(11));
        let end = if n % 2 == 0 {
            confirmed(n, owner, 3, 3)
        } else {
            ended(n, owner, 3, OrderEnd::Expired)
        };
        till.apply(&end, s(12));
        let key = LimitKey(Id::digest(&[b"key", &n.to_be_bytes()]));
        let order = OrderNumber { till: 1, number: n };
        till.apply(&Event::Taken { order, key, count: 3 }, s(12));
        let share = KeyShare { step: 2, held: 0, bought: 3 };
        till.apply(&Event::FollowedKey { order, key, share, bought: 3 }, s(13));
        till.apply(&Event::Settled { orders: vec![n] }, s(13));
    }
    assert!(till.bytes().len() < empty + 4, "{} bytes", till.bytes().len());
    assert_eq!(till.imbalance(), 0);
    assert_eq!(till.saved_and_read().bytes(), till.bytes());
}

#[test]
fn orders_stand_on_the_lists_of_their_owners_and_of_what_is_unsettled() {
    let name = TillName { pool: "2026-12-31".parse().expect("a day"), number: 3 };
    let id = OrderId { till: name, number: 0 };
    let rows = |event: &Event| {
        let mut rows = Vec::new();
        Till::rows(&name, event, s(7), &mut rows);
        rows.into_iter().map(|row| (row.shelf, row.owner, row.key, row.body)).collect::<Vec<_>>()
    };
    let [(shelf, owner, key, Some(_))] = &rows(&placed(0, ADA, 2))[..] else { panic!("one") };
    assert_eq!((*shelf, *owner, order_of_listed(key)), (shelves::MY_HOLDS, ADA.id, Some(id)));
    let sold = rows(&confirmed(0, ADA, 2, 2));
    assert_eq!((&sold[0].2, &sold[0].3), (key, &None));
    assert_eq!((sold[1].0, order_of_row(&sold[1].2)), (shelves::UNSETTLED, Some(id)));
    assert_eq!(sold.len(), 4);
    for (shelf, owner, key, body) in &sold[2..] {
        assert_eq!((*shelf, *owner), (shelves::TICKETS, ADA.id));
        let (ticket, bought) = ticket_of_row(key, body.as_ref().expect("put")).expect("one");
        assert_eq!((bought.buyer, bought.at), (Buyer::Order(id.in_pool()), s(7)));
        assert_eq!(bought.bought_by(&ticket), id.to_string());
    }
    let settled = rows(&Event::Settled { orders: vec![0] });
    assert_eq!((settled.len(), &settled[0].2, &settled[0].3), (1, &sold[1].2, &None));
    let given_up = rows(&ended(0, ADA, 0, OrderEnd::GivenUp));
    assert_eq!(given_up.len(), 1, "it was never listed: {given_up:?}");
    assert_eq!(rows(&ended(0, ADA, 2, OrderEnd::Released)).len(), 2);
    assert_eq!(rows(&begun(0, ADA, 2, &[])).len(), 0);
}

#[test]
fn an_order_shows_how_far_it_is() {
    let stage = |till: &Given<Till>| match till.look(&Question::Order(0)) {
        Answer::Order(Some(view)) => view.stage,
        other => panic!("{other:?}"),
    };
    assert!(matches!(stage(&till([(s(10), begun(0, ADA, 1, &[]))])), OrderStage::Gathering { .. }));
    let until = s(320);
    let shown = OrderStage::Placed { parts: parts(2), until, placed_until: until };
    assert_eq!(stage(&ordered(2)), shown);
    assert_eq!(stage(&bought(2)), OrderStage::Past(past(ADA, 2, OrderEnd::Sold)));
    assert_eq!(till([]).look(&Question::Order(0)), Answer::Order(None));
    let Answer::Orders(orders) = ordered(2).look(&Question::OrdersOf(ADA.id)) else {
        panic!("asked for orders")
    };
    assert_eq!(orders.len(), 1);
    assert_eq!(bought(2).look(&Question::OrdersOf(ADA.id)), Answer::Orders(Vec::new()));
}

#[test]
fn each_part_is_told_one_thing_only_where_nobody_else_follows() {
    let order = OrderNumber { till: 0, number: 0 };
    let simple = past(ADA, 2, OrderEnd::Sold);
    let told = |past: &PastOrder| past.one_command_each(order).map(|parts| parts.len());
    assert_eq!(told(&simple), Some(2));
    assert_eq!(told(&past(ADA, 2, OrderEnd::Released)), Some(2));
    assert_eq!(told(&PastOrder { keys: vec![KEY], ..simple.clone() }), None);
    let refunded = vec![Ticket { number: 1, copy: 1 }];
    assert_eq!(told(&PastOrder { refunded, ..simple }), None);
    assert_eq!(told(&past(ADA, 0, OrderEnd::Sold)), None);
    assert_eq!(told(&past(ADA, 2, OrderEnd::GivenUp)), None);
}

#[test]
fn an_order_that_lives_or_never_began_needs_no_card_and_one_that_is_past_needs_one() {
    let till = bought(2).and(s(40), begun(1, ADA, 1, &[]));
    let looked_up = |order| till.cards_to_look(&Question::Order(order));
    assert_eq!([0, 1, 2, 3].map(looked_up), [1, 0, 0, 0]);
}

#[test]
fn the_ledger_of_a_pool_is_the_sum_of_its_tills() {
    let one = TillLedger {
        gathering: 2,
        placed: 3,
        unsettled: 5,
        held: 7,
        holders: 11,
        imbalance: 13,
        closing: true,
        sealed: false,
    };
    let twice = TillLedger {
        gathering: 4,
        placed: 6,
        unsettled: 10,
        held: 14,
        holders: 22,
        imbalance: 26,
        closing: true,
        sealed: false,
    };
    assert_eq!(one + one, twice);
    let sealed = one + TillLedger { sealed: true, ..TillLedger::default() };
    assert_eq!(sealed, TillLedger { sealed: true, ..one });
}
