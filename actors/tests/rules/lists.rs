//! Lists: "my tickets" and "my holds", which rows make, and the live holds that a slice tells,
//! against lists kept by hand.

use super::given::{ADA, ADMIN, BOB, cards_of, s};
use super::on_shelves::{Shelves, happen};
use super::random::Story;
use actors::cards::{Card, CardKey, CardPlace};
use actors::domain::day::Day;
use actors::domain::lottery::{self, Lottery};
use actors::domain::pool::PoolName;
use actors::domain::shelves::{self, CLOSING, ENDING, LOTTERIES};
use actors::domain::tickets::past::{
    buyer_on_card, owner_on_card, part_owner_on_card, sold_at, sold_places,
};
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Answer, Buyer, Question};
use actors::domain::tickets::{Event, OrderNumber, PartFate, Slice, SliceName};
use actors::domain::tickets::{HoldId, hold_of_row, key_of_hold, ticket_of_row};
use actors::store::Shelf;
use actors::{Id, Machine};
use std::collections::BTreeSet;
use testing::played::Played;

const NAME: SliceName = SliceName { pool: PoolName::Day(Day(20_261_231)), digits: 4, lead: 3 };

/// Who holds what and who bought what, without any cleverness.
#[derive(Default)]
struct ByHand {
    holds: BTreeSet<(Id, u32)>,
    tickets: BTreeSet<(Id, u32, u16, u32)>,
}

impl ByHand {
    fn holds_of(&self, owner: Id) -> Vec<u32> {
        self.holds.iter().filter(|(holder, _)| *holder == owner).map(|(_, hold)| *hold).collect()
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Held { hold, owner, .. } => {
                self.holds.insert((*owner, *hold));
            }
            Event::Confirmed { hold, owner, tickets } => {
                self.holds.remove(&(*owner, *hold));
                self.tickets.extend(
                    tickets.iter().map(|ticket| (*owner, ticket.number, ticket.copy, *hold)),
                );
            }
            Event::Released { hold, owner } => {
                self.holds.remove(&(*owner, *hold));
            }
            Event::Expired { holds } | Event::Cleared { holds } => {
                for (hold, owner) in holds {
                    self.holds.remove(&(*owner, *hold));
                }
            }
            Event::Refunded { ticket, hold, owner, .. } => {
                self.tickets.remove(&(*owner, ticket.number, ticket.copy, *hold));
            }
            Event::HoldRefunded { tickets, hold, owner, .. } => {
                for Ticket { number, copy } in tickets {
                    assert!(self.tickets.remove(&(*owner, *number, *copy, *hold)));
                }
            }
            // An order's till lists it.
            Event::HeldFor { .. } | Event::Followed { .. } | Event::FollowedRefund { .. } => {}
            Event::Opened { .. }
            | Event::Prepared { .. }
            | Event::PreparedIn { .. }
            | Event::Withdrawn { .. }
            | Event::Extended { .. }
            | Event::Referred { .. }
            | Event::Sealed { .. } => {}
        }
    }
}

#[test]
fn what_is_listed_agrees_with_lists_kept_by_hand() {
    for seed in 0..40 {
        let (mut shelves, mut by_hand) = (Shelves::default(), ByHand::default());
        Story::of(seed, &[ADA, BOB, ADMIN]).tell(400, |event, at, slice| {
            happen::<Slice>(&mut shelves, &NAME, event, at);
            by_hand.note(event);
            for owner in [ADA, BOB, ADMIN].map(|caller| caller.id) {
                let by_hand = by_hand.holds_of(owner);
                assert_eq!(holds_of(slice, owner), by_hand, "seed {seed}");
                assert_eq!(listed_holds_of(&shelves, owner), by_hand, "seed {seed}");
            }
        });
        shelves.retain(|(shelf, ..), _| *shelf != shelves::MY_HOLDS);
        let mut tickets = BTreeSet::new();
        for ((shelf, owner, key), body) in &shelves {
            assert_eq!(*shelf, shelves::TICKETS);
            let (ticket, bought) = ticket_of_row(key, body).expect("it is a ticket's");
            assert_eq!((ticket.pool, ticket.digits), (NAME.pool, NAME.digits));
            let Buyer::Hold(hold) = bought.buyer else { panic!("{bought:?}") };
            tickets.insert((*owner, ticket.number, ticket.copy, hold));
        }
        assert_eq!(tickets, by_hand.tickets, "seed {seed}");
    }
}

fn listed_holds_of(shelves: &Shelves, owner: Id) -> Vec<u32> {
    let rows =
        shelves.keys().filter(|(shelf, holder, _)| (*shelf, *holder) == (shelves::MY_HOLDS, owner));
    let hold = |(.., key): &(Shelf, Id, Vec<u8>)| {
        let HoldId { slice, number } = hold_of_row(key).expect("it is a hold's");
        assert_eq!(slice, NAME);
        number
    };
    rows.map(hold).collect()
}

#[test]
fn holds_are_listed_in_the_order_of_their_ids() {
    let texts = [
        "h_20261230_7_99_4294967295",
        "h_20261231_4_0_0",
        "h_20261231_4_0_256",
        "h_20261231_4_1_2",
        "h_20261231_7_0_1",
        "h_20270101_4_0_0",
    ];
    let holds = texts.map(|text| text.parse::<HoldId>().expect("it is one"));
    assert!(holds.is_sorted());
    let keys = holds.map(|hold| key_of_hold(&hold));
    assert!(keys.is_sorted());
    assert_eq!(keys.map(|key| hold_of_row(&key)), holds.map(Some));
}

fn holds_of(slice: &Played<Slice>, owner: Id) -> Vec<u32> {
    match slice.look(&Question::HoldsOf(owner)) {
        Answer::Holds(holds) => holds.into_iter().map(|(hold, _)| hold).collect(),
        Answer::NotOpened => Vec::new(),
        other => panic!("asked for holds, told {other:?}"),
    }
}

/// On which lists a lottery is after each of these events.
fn lists_after(events: impl IntoIterator<Item = lottery::Event>) -> Vec<Vec<Shelf>> {
    let mut on = BTreeSet::new();
    let after = |event| {
        let mut rows = Vec::new();
        Lottery::rows(&NAME.pool, &event, s(1), &mut rows);
        for row in rows {
            match row.body {
                Some(_) => on.insert((row.shelf, row.key)),
                None => on.remove(&(row.shelf, row.key)),
            };
        }
        on.iter().map(|(shelf, _)| *shelf).collect()
    };
    events.into_iter().map(after).collect()
}

#[test]
fn a_lottery_is_listed_from_its_creation_until_it_is_at_its_end() {
    use lottery::Event::{Arranged, Closed, Closing, Created, Stopped};
    let plan = lottery::LotteryPlan::named("x".into(), s(9));
    let (open, ending) = ([LOTTERIES, CLOSING], [LOTTERIES, ENDING]);
    let stopped = || Stopped { closes_at: s(9) };
    let lists = lists_after([Arranged(plan), stopped(), Closed]);
    assert_eq!(lists, [open.to_vec(), ending.to_vec(), vec![]]);
    // One of before is listed by its closing instant nowhere.
    let before =
        || Created(lottery::FirstPlan { name: "x".into(), closes_at: s(9), tickets: None });
    let lists = lists_after([before(), Closing, Closed]);
    assert_eq!(lists, [vec![LOTTERIES], vec![LOTTERIES], vec![]]);
    let lists = lists_after([before(), stopped(), Closed]);
    assert_eq!(lists, [vec![LOTTERIES], ending.to_vec(), vec![]]);
}

#[test]
fn open_lotteries_are_listed_in_the_order_in_which_they_close() {
    let pools = ["2026-12-31", "9999-12-31", "a", "summer-gala"];
    let mut before = Vec::new();
    for at in [-1, 0, 9, 1_000_000].map(s) {
        for pool in pools.map(|name| name.parse::<PoolName>().expect("it is one")) {
            let mut rows = Vec::new();
            let plan = lottery::LotteryPlan::named("x".into(), at);
            Lottery::rows(&pool, &lottery::Event::Arranged(plan), s(1), &mut rows);
            let row = rows.into_iter().find(|row| row.shelf == CLOSING).expect("it is open");
            assert!(before < row.key, "{pool} at {at:?}");
            assert_eq!(lottery::closing_of_row(&row.key), Some((at, pool)));
            before = row.key;
        }
    }
}

#[test]
fn a_sold_ticket_is_found_by_its_number_and_copy() {
    let [first, second] = [(3_200, 1), (3_200, 2)].map(|(number, copy)| Ticket { number, copy });
    let sold = Event::Confirmed { hold: 7, owner: ADA.id, tickets: vec![first, second] };
    let place = |card: Card| match card.key {
        CardKey { shelf: shelves::SOLD, place: CardPlace::Number(number) } => Some(number),
        _ => None,
    };
    let places: Vec<u64> = cards_of::<Slice>(&sold).into_iter().filter_map(place).collect();
    assert_eq!(places.iter().map(|place| sold_at(*place)).collect::<Vec<_>>(), [first, second]);
    let found = |copy, from| {
        let range = sold_places(&NAME, copy, from);
        places.iter().filter(|place| range.contains(place)).count()
    };
    assert_eq!([found(1, 0), found(1, 200), found(1, 201)], [1, 1, 0]);
    assert_eq!([found(2, 0), found(2, 200), found(2, 201), found(3, 0)], [1, 1, 0, 0]);
    let next = SliceName { lead: NAME.lead + 1, ..NAME };
    assert_eq!(sold_places(&next, 1, 0).start, sold_places(&NAME, 1, 0).end);
}

#[test]
fn a_card_says_whose_a_hold_or_a_part_was_and_what_bought_a_ticket() {
    let bodies = |event: Event| cards_of::<Slice>(&event).into_iter().filter_map(|card| card.body);
    let tickets = vec![Ticket { number: 3_200, copy: 1 }];
    let sold = || Event::Confirmed { hold: 7, owner: ADA.id, tickets: tickets.clone() };
    assert!(bodies(sold()).any(|body| owner_on_card(&body) == Some(ADA.id)));
    assert!(bodies(sold()).any(|body| buyer_on_card(&body) == Some(Buyer::Hold(7))));
    let (order, owner) = (OrderNumber { till: 1, number: 2 }, BOB.id);
    let part = Event::Followed { order, owner, tickets, fate: PartFate::Sold };
    assert!(bodies(part).any(|body| part_owner_on_card(&body) == Some(owner)));
}
