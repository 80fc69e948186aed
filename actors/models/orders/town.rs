//! The machines of the town, two tills and two slices, and what they say to letters.

use super::words::{Address, Letter, LetterReply, LetterText, OrderRule, OrderStory, SmallTown};
use crate::kept::{KeptStates, Said, StateNumber};
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, OrderNumber, PartFate, Slice};
use actors::domain::till::{
    self, LimitKey, MemberLimits, OrderEnd, OrderStage, OrderView, OrderWish, Till,
};
use actors::{Caller, Id, Stamp, Time, Verdict};
use hashbrown::HashMap;
use std::collections::BTreeSet;
use testing::played::Played;

pub const SLICES: u8 = 2;
/// The most tickets of a slice.
const COPIES: u16 = 2;
pub const CLOSES_AT: Time = Time(1 << 40);
pub const CARD: LimitKey = LimitKey(Id([100; 16]));
/// The till that keeps the allowance of the card.
pub const TILL_OF_CARD: u8 = 1;

pub struct OrdersModel {
    pub broken: Option<OrderRule>,
    pub story: OrderStory,
    /// How many letters may go astray, and processes die, in one run.
    pub faults: u8,
    pub tills: KeptStates<Till>,
    pub slices: KeptStates<Slice>,
    letters: Vec<LetterText>,
    letter_numbers: HashMap<Vec<u8>, u16>,
    pub found_right: HashMap<([StateNumber; 2], [StateNumber; 2]), Option<String>>,
    pub ends: BTreeSet<&'static str>,
}

fn bytes(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("it is plain data")
}

fn ticket(lead: u8, copy: u16) -> Ticket {
    Ticket { number: u32::from(lead) * 1_000, copy }
}

/// The tickets of a slice, as the bits of a number.
pub fn tickets_of(lead: u8, bits: u8) -> Vec<Ticket> {
    let has = |copy: &u16| bits & 1 << (copy - 1) != 0;
    (1..=COPIES).filter(has).map(|copy| ticket(lead, copy)).collect()
}

pub fn bits_of(tickets: &[Ticket]) -> u8 {
    tickets.iter().fold(0, |bits, ticket| bits | 1 << (ticket.copy - 1))
}

impl OrdersModel {
    pub fn new(story: OrderStory, faults: u8, broken: Option<OrderRule>) -> OrdersModel {
        OrdersModel {
            broken,
            story,
            faults,
            tills: KeptStates::default(),
            slices: KeptStates::default(),
            letters: Vec::new(),
            letter_numbers: HashMap::new(),
            found_right: HashMap::new(),
            ends: BTreeSet::new(),
        }
    }

    pub fn breaks(&self, rule: OrderRule) -> bool {
        self.broken == Some(rule)
    }

    /// How many states the machines came to, and how orders ended.
    pub fn seen(&self) -> String {
        let (tills, slices) = (self.tills.len(), self.slices.len());
        format!("  {tills} states of tills, {slices} of slices; {:?}", self.ends)
    }

    /// Who orders, at which till, how many, and whether with the card.
    pub fn who(&self, person: usize) -> (Caller, u8, OrderWish, Vec<LimitKey>) {
        let pattern = "****".parse().expect("it is one");
        let wish = |count, ttl_s| OrderWish { pattern, count, at_least: 1, ttl_s };
        let member = |number: usize| Caller::member(Id([number as u8 + 1; 16]));
        match self.story {
            OrderStory::OneCard => (member(person), person as u8, wish(2, 60), vec![CARD]),
            OrderStory::OneMember => (member(0), 0, wish(2, 60 + 30 * person as u32), Vec::new()),
            OrderStory::FewTickets => (member(person), person as u8, wish(2, 60), Vec::new()),
            OrderStory::OneOrder => (member(0), 0, wish(2, 60), vec![CARD]),
            OrderStory::InOneSlice => {
                let of_one =
                    OrderWish { pattern: "0***".parse().expect("it is one"), ..wish(1, 60) };
                (member(person), person as u8, of_one, Vec::new())
            }
        }
    }

    /// How many tickets each slice has.
    pub fn stock(&self) -> [u16; SLICES as usize] {
        match self.story {
            OrderStory::FewTickets | OrderStory::InOneSlice => [1, 1],
            _ => [1, COPIES],
        }
    }

    pub fn limits(&self) -> MemberLimits {
        match self.story {
            OrderStory::FewTickets => MemberLimits::default(),
            _ => MemberLimits { held: Some(2), bought: Some(2) },
        }
    }

    pub fn letter_to_till(&mut self, till: u8, command: till::Command, caller: Caller) -> Letter {
        let text = bytes(&(0u8, &command, caller));
        let command = self.letter(text, LetterText::ToTill(command, caller));
        Letter { to: Address::Till(till), command }
    }

    pub fn letter_to_slice(&mut self, slice: u8, command: tickets::Command) -> Letter {
        let text = bytes(&(1u8, &command));
        let command = self.letter(text, LetterText::ToSlice(command));
        Letter { to: Address::Slice(slice), command }
    }

    fn letter(&mut self, bytes: Vec<u8>, text: LetterText) -> u16 {
        *self.letter_numbers.entry(bytes).or_insert_with(|| {
            self.letters.push(text);
            self.letters.len() as u16 - 1
        })
    }

    pub fn text_of(&self, letter: Letter) -> String {
        match &self.letters[usize::from(letter.command)] {
            LetterText::ToTill(command, _) => format!("{:?}: {command:?}", letter.to),
            LetterText::ToSlice(command) => format!("{:?}: {command:?}", letter.to),
        }
    }

    /// The letter arrives.
    pub fn arrive(&mut self, town: &mut SmallTown, letter: Letter) -> LetterReply {
        let text = self.letters[usize::from(letter.command)].clone();
        match (letter.to, text) {
            (Address::Till(till), LetterText::ToTill(command, caller)) => {
                let number = &mut town.tills[usize::from(till)];
                let forgets = self.breaks(OrderRule::StepsAreCountedByKeys)
                    && matches!(command, till::Command::FollowKey { .. });
                let broken = self.broken;
                let (said, after) =
                    self.tills.tell_as(*number, &command, &caller, town.now, |played, stamp| {
                        match forgets {
                            true => forgetful(played, &command, &caller, stamp),
                            false => decide_in_till(broken, played, &command, &caller, stamp),
                        }
                    });
                *number = after;
                LetterReply::OfTill(said)
            }
            (Address::Slice(slice), LetterText::ToSlice(command)) => {
                let number = &mut town.slices[usize::from(slice)];
                let forgets = self.breaks(OrderRule::OverIsRemembered)
                    && matches!(command, tickets::Command::HoldFor { .. });
                let caller = Caller::SYSTEM;
                let (said, after) =
                    self.slices.tell_as(*number, &command, &caller, town.now, |played, stamp| {
                        match forgets {
                            true => forgetful(played, &command, &caller, stamp),
                            false => played.decide(&command, &caller, stamp),
                        }
                    });
                let is_forgotten = self.breaks(OrderRule::DeclinedIsRemembered)
                    && matches!(command, tickets::Command::Decline { .. });
                if !is_forgotten {
                    *number = after;
                }
                LetterReply::OfSlice(said)
            }
            (to, text) => panic!("{text:?} to {to:?}"),
        }
    }

    pub fn view(&self, town: &SmallTown, order: OrderNumber) -> Option<OrderView> {
        let till = self.tills.get(town.tills[usize::from(order.till)]);
        match till.look(&till::Question::Order(order.number)) {
            till::Answer::Order(view) => view,
            other => panic!("{other:?}"),
        }
    }

    pub fn unsettled(&self, town: &SmallTown, till: u8) -> Vec<(u32, u32, OrderView)> {
        let played = self.tills.get(town.tills[usize::from(till)]);
        match played.look(&till::Question::Unsettled((0..4).collect())) {
            till::Answer::Unsettled(unsettled) => unsettled,
            other => panic!("{other:?}"),
        }
    }

    /// What all who follow an order are told now. Those slices that are not there are left out.
    pub fn letters_about(&mut self, order: OrderNumber, view: &OrderView) -> Vec<Letter> {
        let followers = view.followers(order);
        let mut letters = Vec::new();
        let gave_up =
            matches!(&view.stage, OrderStage::Past(past) if past.end == OrderEnd::GivenUp);
        for (lead, commands) in followers.parts {
            let is_empty = commands.iter().all(|command| {
                matches!(command, tickets::Command::Follow { fate: PartFate::Ended, .. })
            });
            let sold = matches!(&view.stage, OrderStage::Past(past) if past.end == OrderEnd::Sold);
            let is_left_out = lead >= SLICES
                || gave_up && self.breaks(OrderRule::WhoeverWasAskedHearsOfTheEnd)
                || sold && is_empty && self.breaks(OrderRule::EmptyPartsHearOfTheEnd);
            let is_refund = |command: &tickets::Command| {
                matches!(command, tickets::Command::FollowRefund { .. })
            };
            for command in commands {
                let untold = is_refund(&command) && self.breaks(OrderRule::RefundsAreToldToSlices);
                if !is_left_out && !untold {
                    letters.push(self.letter_to_slice(lead, command));
                }
            }
        }
        for (key, share) in followers.keys {
            let command = till::Command::FollowKey { order, key, share };
            letters.push(self.letter_to_till(TILL_OF_CARD, command, Caller::SYSTEM));
        }
        letters
    }

    pub fn till_of_card(&self) -> u8 {
        TILL_OF_CARD
    }

    pub fn time_passes(&mut self, town: &SmallTown) -> Option<SmallTown> {
        let dues = town.tills.iter().filter_map(|state| self.tills.get(*state).due());
        let now = dues.min()?;
        let mut after = SmallTown { now, ..town.clone() };
        for state in &mut after.tills {
            *state = self.tills.pass(*state, now);
        }
        Some(after)
    }
}

/// Decides as if nothing had been written on any card.
fn forgetful<M: actors::Machine>(
    played: &Played<M>,
    command: &M::Command,
    caller: &Caller,
    stamp: &Stamp,
) -> Said<M> {
    played.machine.decide(command, caller, stamp, &actors::cards::Cards::none())
}

/// A till that does not take the allowance of what is being gathered.
fn decide_in_till(
    broken: Option<OrderRule>,
    played: &Played<Till>,
    command: &till::Command,
    caller: &Caller,
    stamp: &Stamp,
) -> Said<Till> {
    let said = played.decide(command, caller, stamp);
    match (said, command) {
        (Err(till::Refusal::LimitReached { .. }), till::Command::Begin { wish, keys })
            if broken == Some(OrderRule::AllowanceIsTakenBeforeTickets) =>
        {
            let is_new = |order: &u32| {
                played.look(&till::Question::Order(*order)) == till::Answer::Order(None)
            };
            Ok(Verdict::New(till::Event::Begun {
                order: (0..).find(is_new).expect("some number is new"),
                owner: caller.id,
                wish: *wish,
                keys: keys.clone(),
                give_up_at: stamp.at.plus_s(30),
            }))
        }
        (said, _) => said,
    }
}
