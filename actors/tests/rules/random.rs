//! Random stories: thousands of commands, and what must be true after each of them.

use super::given::{ADA, ADMIN, BOB, s};
use super::terms::{LEAD, TERMS, opened, ticket};
use actors::dice::Dice;
use actors::domain::tickets::Question;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Command, Event, OrderNumber, PartFate, Refusal, Slice};
use actors::{Caller, Stamp, Time, Verdict};
use std::collections::BTreeSet;
use testing::played::Played;

/// A slice, and people who command at random.
pub struct Story {
    pub slice: Played<Slice>,
    dice: Dice,
    now: Time,
    people: Vec<Caller>,
}

impl Story {
    pub fn of(seed: u64, people: &[Caller]) -> Story {
        let mut slice = Played::<Slice>::default();
        slice.apply(&opened(), s(0));
        Story { slice, dice: Dice::new(seed), now: s(0), people: people.to_vec() }
    }

    /// So many commands; `heard` hears every event and sees the slice after it.
    pub fn tell(&mut self, commands: usize, mut heard: impl FnMut(&Event, Time, &Played<Slice>)) {
        for _ in 0..commands {
            self.now = Time(self.now.0 + self.dice.below(20_000) as i64);
            while let Some(event) = self
                .slice
                .due()
                .filter(|due| *due <= self.now)
                .and_then(|_| self.slice.expire(self.now))
            {
                self.slice.apply(&event, self.now);
                heard(&event, self.now, &self.slice);
            }
            let (command, caller) = (
                command(&mut self.dice),
                self.people[self.dice.below(self.people.len() as u64) as usize],
            );
            let stamp = Stamp { at: self.now, seed: self.dice.roll() };
            if let Ok(Verdict::New(event)) = self.slice.decide(&command, &caller, &stamp) {
                self.slice.apply(&event, self.now);
                heard(&event, self.now, &self.slice);
            }
        }
    }
}

fn command(dice: &mut Dice) -> Command {
    let hold = dice.below(40) as u32;
    let pattern = ["3***", "3*2*", "30*1", "3123", "31**"][dice.below(5) as usize]
        .parse()
        .expect("it is one");
    let count = 1 + dice.below(4) as u16;
    let order = OrderNumber { till: dice.below(2) as u8, number: dice.below(12) as u32 };
    match dice.below(125) {
        0..=9 => Command::HoldTogether {
            pattern,
            count,
            at_least: dice.below(3) as u16,
            ttl_s: dice.below(700) as u32,
        },
        10..=49 => Command::Hold {
            pattern,
            count,
            at_least: dice.below(3) as u16,
            ttl_s: dice.below(700) as u32,
        },
        50..=64 => Command::Confirm { hold },
        65..=74 => Command::Extend { hold, ttl_s: dice.below(900) as u32 },
        75..=84 => Command::Release { hold },
        85..=87 => Command::RefundHold { hold, tickets: Vec::new() },
        88..=96 => Command::Refund {
            ticket: Ticket {
                number: 3000 + dice.below(200) as u32,
                copy: 1 + dice.below(2) as u16,
            },
        },
        97 => Command::Open { lead: LEAD, terms: Box::new(TERMS) },
        100..=109 => Command::HoldFor { order, owner: ADA.id, pattern, count },
        110..=111 => Command::Refund { ticket: ticket(3123, 1) },
        112 => Command::Decline { order },
        113..=117 => Command::Follow {
            order,
            fate: if dice.below(2) == 0 { PartFate::Sold } else { PartFate::Ended },
        },
        118.. => Command::FollowRefund {
            order,
            tickets: (3000..3000 + dice.below(1000) as u32).map(|n| ticket(n, 1)).collect(),
        },
        _ if dice.below(8) == 0 => Command::Seal,
        _ => Command::Release { hold: dice.below(4) as u32 },
    }
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Opened { .. } | Event::Prepared { .. } | Event::PreparedIn { .. } => "opened",
        Event::Withdrawn { .. } => "withdrawn",
        Event::Held { .. } => "held",
        Event::Confirmed { .. } => "confirmed",
        Event::Extended { .. } => "extended",
        Event::Released { .. } => "released",
        Event::Expired { .. } => "expired",
        Event::Refunded { .. } => "refunded",
        Event::HoldRefunded { .. } => "hold refunded",
        Event::Cleared { .. } => "cleared",
        Event::Sealed { .. } => "sealed",
        Event::HeldFor { .. } => "held for",
        Event::Followed { .. } => "followed",
        Event::FollowedRefund { .. } => "followed refund",
        Event::Referred { .. } => "referred",
    }
}

/// What a story may tell after the opening.
const EVERYTHING: [&str; 13] = [
    "held",
    "confirmed",
    "extended",
    "released",
    "expired",
    "refunded",
    "hold refunded",
    "cleared",
    "sealed",
    "held for",
    "followed",
    "followed refund",
    "referred",
];

#[test]
fn the_conservation_law_holds_after_every_event() {
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        Story::of(seed, &[ADA, BOB, ADMIN]).tell(400, |event, _, slice| {
            seen.insert(kind(event));
            assert_eq!(slice.imbalance(), 0, "after {event:?}");
        });
    }
    assert_eq!(seen, BTreeSet::from(EVERYTHING), "the stories tell everything that may happen");
}

#[test]
fn to_decide_changes_nothing_whatever_is_commanded() {
    for seed in 0..10 {
        let mut story = Story::of(seed, &[ADA, BOB, ADMIN]);
        story.tell(150, |_, _, _| {});
        let before = story.slice.bytes();
        let mut dice = Dice::new(seed + 1000);
        for _ in 0..300 {
            let stamp =
                Stamp { at: Time(story.now.0 + dice.below(1_000_000) as i64), seed: dice.roll() };
            let _ = story.slice.decide(&command(&mut dice), &ADMIN, &stamp);
            story.slice.left_for(&command(&mut dice), &ADA);
            story.slice.expire(stamp.at);
            story.slice.look(&Question::Ledger);
        }
        assert!(story.slice.bytes() == before);
    }
}

/// What the slice says to every command about every hold and some tickets, refusals and all.
fn every_answer(slice: &Played<Slice>, at: Time) -> Vec<Result<Verdict<Event>, Refusal>> {
    let about = |hold| {
        [Command::Confirm { hold }, Command::Extend { hold, ttl_s: 900 }, Command::Release { hold }]
    };
    let refunds = (3000..3200).map(|number| Command::Refund { ticket: Ticket { number, copy: 1 } });
    let orders = (0..24).map(|n| OrderNumber { till: n % 2, number: u32::from(n / 2) });
    let parts = orders.flat_map(|order| {
        let fates = [PartFate::Sold, PartFate::Ended];
        fates.map(|fate| Command::Follow { order, fate })
    });
    let commands = (0..130).flat_map(about).chain(refunds).chain(parts);
    commands.map(|command| slice.decide(&command, &ADMIN, &Stamp { at, seed: 1 })).collect()
}

#[test]
fn a_snapshot_of_any_state_behaves_as_the_original() {
    for seed in 0..30 {
        let people = [ADA, BOB, ADMIN];
        let mut story = Story::of(seed, &people);
        story.tell(120, |_, _, _| {});
        let saved = story.slice.bytes();
        let again = story.slice.saved_and_read();
        assert!(again.bytes() == saved);
        assert_eq!(again.imbalance(), 0);
        assert_eq!(every_answer(&again, story.now), every_answer(&story.slice, story.now));
        let mut other = Story {
            slice: again,
            dice: Dice::new(seed + 1),
            now: story.now,
            people: people.to_vec(),
        };
        story.dice = Dice::new(seed + 1);
        let (mut one, mut two) = (Vec::new(), Vec::new());
        story.tell(120, |event, at, _| one.push((event.clone(), at)));
        other.tell(120, |event, at, _| two.push((event.clone(), at)));
        assert_eq!(one, two);
        assert!(story.slice.bytes() == other.slice.bytes());
        assert_eq!(story.slice.due(), other.slice.due());
    }
}
