//! What each person does next, and who tells those who follow an order.
//!
//! Whatever is sent may be answered, or not, or come late or twice, as `LetterFate` says.

use super::town::{OrdersModel, SLICES, bits_of, tickets_of};
use super::words::{
    Address, Came, Letter, LetterFate, LetterReply, OrderRule, OrderStory, PersonStage, Sender,
    SmallTown, Teller, TownStep,
};
use actors::domain::tickets::{self, OrderNumber, PartFate};
use actors::domain::till::{self, OrderPart, OrderStage, OrderView};
use actors::{Caller, Id, Role, Verdict};

pub const ADMIN: Caller = Caller { id: Id([50; 16]), role: Role::Admin };

/// The order, which somebody has begun.
fn order_of(town: &SmallTown, person: usize) -> OrderNumber {
    town.people[person].order.expect("it was begun")
}

fn teller_of(town: &mut SmallTown, sender: Sender) -> &mut Option<Teller> {
    match sender {
        Sender::Person(person) => &mut town.people[person].teller,
        Sender::Sweeper => &mut town.sweeper,
    }
}

fn goes_on(town: &mut SmallTown, person: usize, stage: PersonStage) {
    town.people[person].stage = stage;
}

impl OrdersModel {
    /// Sends a letter, in all the ways in which that may go. `hears` is told the reply, if there is
    /// one.
    fn send(
        &mut self,
        town: &SmallTown,
        (sender, letter): (Sender, Letter),
        came: &mut Came,
        hears: &dyn Fn(&mut OrdersModel, &mut SmallTown, Option<&LetterReply>),
    ) {
        let mut note = |fate, after| came.push((TownStep::Sends(sender, letter, fate), after));
        let mut arrived = town.clone();
        let reply = self.arrive(&mut arrived, letter);
        let mut heard = arrived.clone();
        hears(self, &mut heard, Some(&reply));
        note(LetterFate::IsAnswered, heard.clone());
        if town.faults == 0 {
            return;
        }
        arrived.faults -= 1;
        hears(self, &mut arrived, None);
        note(LetterFate::AnswerIsLost, arrived);
        let mut lost = SmallTown { faults: town.faults - 1, ..town.clone() };
        let mut late = lost.clone();
        hears(self, &mut lost, None);
        note(LetterFate::IsLost, lost);
        hears(self, &mut late, None);
        come_later(&mut late, letter);
        note(LetterFate::IsLate, late);
        heard.faults -= 1;
        come_later(&mut heard, letter);
        note(LetterFate::ComesTwice, heard);
    }

    pub fn person_steps(&mut self, town: &SmallTown, person: usize) -> Came {
        let mut came = Vec::new();
        if town.people[person].teller.is_some() {
            self.teller_steps(town, Sender::Person(person), &mut came);
            return came;
        }
        match town.people[person].stage {
            PersonStage::Idle => self.begin(town, person, &mut came),
            PersonStage::Taking => self.take(town, person, &mut came),
            PersonStage::Holding(turn) => self.hold(town, person, turn, &mut came),
            PersonStage::Placing => self.place(town, person, &mut came),
            PersonStage::GivingUp => self.give_up(town, person, &mut came),
            PersonStage::Placed => self.decide(town, person, &mut came),
            PersonStage::Sold => self.refund(town, person, &mut came),
            PersonStage::Over => {}
        }
        came
    }

    /// It is repeated under a key by whoever is not answered, so it never comes twice.
    fn begin(&mut self, town: &SmallTown, person: usize, came: &mut Came) {
        let (caller, till, wish, keys) = self.who(person);
        let asks_card = !keys.is_empty() && !self.breaks(OrderRule::KeysAreAskedBeforeTickets);
        let begin = match self.story {
            OrderStory::InOneSlice => till::Command::BeginInOne { wish },
            _ => till::Command::Begin { wish, keys },
        };
        let letter = self.letter_to_till(till, begin, caller);
        let mut after = town.clone();
        let LetterReply::OfTill(said) = self.arrive(&mut after, letter) else { return };
        let begun = match said {
            Ok(Verdict::New(till::Event::Begun { order, wish, .. })) => {
                Some((order, wish.count, None))
            }
            Ok(Verdict::New(till::Event::BegunInOne { order, wish, until, .. })) => {
                Some((order, wish.count, Some(until)))
            }
            _ => None,
        };
        if begun.is_some() && town.faults > 0 {
            let mut deaf = SmallTown { faults: town.faults - 1, ..after.clone() };
            goes_on(&mut deaf, person, PersonStage::Over);
            came.push((TownStep::Does(Sender::Person(person), "begins and does not hear"), deaf));
        }
        let me = &mut after.people[person];
        me.stage = match begun {
            Some(_) if asks_card => PersonStage::Taking,
            Some(_) => PersonStage::Holding(0),
            None => PersonStage::Over,
        };
        if let Some((number, count, until)) = begun {
            (me.order, me.count) = (Some(OrderNumber { till, number }), count as u8);
            me.may_be_held_until = until;
        }
        came.push((TownStep::Does(Sender::Person(person), "begins"), after));
    }

    fn take(&mut self, town: &SmallTown, person: usize, came: &mut Came) {
        let (order, (.., keys)) = (order_of(town, person), self.who(person));
        let count = u16::from(town.people[person].count);
        let take = till::Command::Take { order, key: keys[0], count, at_least: 1 };
        let letter = self.letter_to_till(self.till_of_card(), take, Caller::SYSTEM);
        self.send(town, (Sender::Person(person), letter), came, &|_, town, reply| {
            let taken = match reply {
                Some(LetterReply::OfTill(Ok(
                    Verdict::New(till::Event::Taken { count, .. })
                    | Verdict::Already(till::Event::Taken { count, .. }),
                ))) => Some(*count as u8),
                _ => None,
            };
            let me = &mut town.people[person];
            me.count = me.count.min(taken.unwrap_or(me.count));
            me.stage = match taken {
                Some(_) => PersonStage::Holding(0),
                None => PersonStage::GivingUp,
            };
        });
    }

    /// The two begin at different slices, so that each may get what the other wants.
    fn hold(&mut self, town: &SmallTown, person: usize, turn: u8, came: &mut Came) {
        let me = &town.people[person];
        let missing = u32::from(me.count) - me.has();
        let is_of_one = self.story == OrderStory::InOneSlice;
        let slice = if is_of_one { 0 } else { (turn + person as u8) % SLICES };
        let (owner, .., wish, _) = self.who(person);
        let (order, pattern) = (order_of(town, person), wish.pattern);
        let hold =
            tickets::Command::HoldFor { order, owner: owner.id, pattern, count: missing as u16 };
        let letter = self.letter_to_slice(slice, hold);
        self.send(town, (Sender::Person(person), letter), came, &|model, town, reply| {
            let got = match reply {
                Some(LetterReply::OfSlice(Ok(
                    Verdict::New(tickets::Event::HeldFor { tickets, .. })
                    | Verdict::Already(tickets::Event::HeldFor { tickets, .. }),
                ))) => Some(bits_of(tickets)),
                Some(LetterReply::OfSlice(Err(tickets::Refusal::NoMatchLeft { .. }))) => Some(0),
                _ => None,
            };
            let leaves_out = reply.is_none() && model.breaks(OrderRule::DoubtGivesUp);
            let me = &mut town.people[person];
            me.asked[usize::from(slice)] = got;
            me.stage = match me.has() {
                _ if got.is_none() && !leaves_out => PersonStage::GivingUp,
                has if has < u32::from(me.count) && turn + 1 < SLICES && !is_of_one => {
                    PersonStage::Holding(turn + 1)
                }
                0 => PersonStage::GivingUp,
                _ => PersonStage::Placing,
            };
            me.is_told = is_of_one && me.stage == PersonStage::Placing;
        });
    }

    fn place(&mut self, town: &SmallTown, person: usize, came: &mut Came) {
        let order = order_of(town, person);
        let asked = town.people[person].asked.into_iter().zip(0u8..);
        let parts = asked
            .filter_map(|(bits, lead)| Some(OrderPart { lead, tickets: tickets_of(lead, bits?) }));
        let place = till::Command::Place { order: order.number, parts: parts.collect() };
        let letter = self.letter_to_till(order.till, place, Caller::SYSTEM);
        self.send(
            town,
            (Sender::Person(person), letter),
            came,
            &|model, town, reply| match reply {
                // Nobody waits for it.
                _ if town.people[person].is_told => goes_on(town, person, PersonStage::Placed),
                Some(LetterReply::OfTill(Ok(said))) => {
                    goes_on(town, person, PersonStage::Placed);
                    if let Verdict::New(till::Event::Placed { unsettled: true, .. })
                    | Verdict::Already(till::Event::Placed { unsettled: true, .. }) = said
                        && let Some(view) = model.view(town, order)
                    {
                        town.people[person].teller = Some(model.teller(order, till::PLACED, &view));
                    }
                }
                Some(_) => goes_on(town, person, PersonStage::GivingUp),
                None => goes_on(town, person, PersonStage::Over),
            },
        );
    }

    fn give_up(&mut self, town: &SmallTown, person: usize, came: &mut Came) {
        let order = order_of(town, person);
        let give_up = till::Command::GiveUp { order: order.number };
        let letter = self.letter_to_till(order.till, give_up, Caller::SYSTEM);
        self.send(town, (Sender::Person(person), letter), came, &|model, town, reply| {
            goes_on(town, person, PersonStage::Over);
            if let Some(LetterReply::OfTill(Ok(_))) = reply {
                model.follow(town, person, order);
            }
        });
    }

    fn decide(&mut self, town: &SmallTown, person: usize, came: &mut Came) {
        let (order, (caller, ..)) = (order_of(town, person), self.who(person));
        let by_itself = match self.broken {
            Some(OrderRule::OnlyTheTillSells) => Some(PartFate::Sold),
            Some(OrderRule::OnlyTheTillEnds) => Some(PartFate::Ended),
            _ => None,
        };
        for (fate, slice) in
            by_itself.into_iter().flat_map(|fate| (0..SLICES).map(move |n| (fate, n)))
        {
            let letter = self.letter_to_slice(slice, tickets::Command::Follow { order, fate });
            let mut after = town.clone();
            drop(self.arrive(&mut after, letter));
            came.push((TownStep::ArrivesLate(letter), after));
        }
        let confirm = till::Command::Confirm { order: order.number };
        let letter = self.letter_to_till(order.till, confirm, caller);
        self.send(
            town,
            (Sender::Person(person), letter),
            came,
            &|model, town, reply| match reply {
                Some(LetterReply::OfTill(Ok(said))) => {
                    goes_on(town, person, PersonStage::Sold);
                    if matches!(said, Verdict::New(_)) {
                        model.follow(town, person, order);
                    }
                }
                // It is found out about, and tried again.
                Some(LetterReply::OfTill(Err(till::Refusal::NotPlaced)))
                    if town.people[person].is_told => {}
                Some(_) => goes_on(town, person, PersonStage::Over),
                // It is tried again.
                None => {}
            },
        );
        let release = till::Command::Release { order: order.number };
        let letter = self.letter_to_till(order.till, release, caller);
        self.send(town, (Sender::Person(person), letter), came, &|model, town, reply| {
            let waits = matches!(reply, Some(LetterReply::OfTill(Err(till::Refusal::NotPlaced))));
            if !(waits && town.people[person].is_told) {
                goes_on(town, person, PersonStage::Over);
            }
            if let Some(LetterReply::OfTill(Ok(Verdict::New(_)))) = reply {
                model.follow(town, person, order);
            }
        });
    }

    /// One ticket is taken back, or none is.
    fn refund(&mut self, town: &SmallTown, person: usize, came: &mut Came) {
        let order = order_of(town, person);
        let Some(OrderView { stage: OrderStage::Past(past), .. }) = self.view(town, order) else {
            return;
        };
        let tickets = past.tickets().take(1).copied().collect();
        let refund = till::Command::Refund { order: order.number, tickets };
        let letter = self.letter_to_till(order.till, refund, ADMIN);
        self.send(town, (Sender::Person(person), letter), came, &|model, town, reply| {
            goes_on(town, person, PersonStage::Over);
            if let Some(LetterReply::OfTill(Ok(Verdict::New(_)))) = reply {
                model.follow(town, person, order);
            }
        });
    }

    /// Begins to tell all who follow an order that is past.
    fn follow(&mut self, town: &mut SmallTown, person: usize, order: OrderNumber) {
        let Some(view) = self.view(town, order) else { return };
        if let OrderStage::Past(past) = &view.stage {
            town.people[person].teller = Some(self.teller(order, past.step, &view));
        }
    }

    fn teller(&mut self, order: OrderNumber, step: u32, view: &OrderView) -> Teller {
        let letters = match &view.stage {
            OrderStage::Gathering { .. } => vec![self.first_letter_of_finder(order)],
            _ => self.letters_about(order, view),
        };
        Teller { order, step, letters, failed: false }
    }

    /// Whoever finds out about an order of one slice asks that slice, and then tells the till.
    fn first_letter_of_finder(&mut self, order: OrderNumber) -> Letter {
        if self.breaks(OrderRule::OneSliceIsAskedFirst) {
            let give_up = till::Command::GiveUp { order: order.number };
            return self.letter_to_till(order.till, give_up, Caller::SYSTEM);
        }
        self.letter_to_slice(0, tickets::Command::Decline { order })
    }

    fn next_letter_of_finder(&mut self, order: OrderNumber, said: &tickets::Event) -> Letter {
        let number = order.number;
        let command = match said {
            tickets::Event::HeldFor { tickets, .. } => {
                let parts = vec![OrderPart { lead: 0, tickets: tickets.clone() }];
                till::Command::Place { order: number, parts }
            }
            _ => till::Command::GiveUp { order: number },
        };
        self.letter_to_till(order.till, command, Caller::SYSTEM)
    }

    /// One sweeper goes on with whatever is unsettled.
    pub fn sweep_steps(&mut self, town: &SmallTown) -> Came {
        let mut came = Vec::new();
        if self.breaks(OrderRule::Sweep) {
            return came;
        }
        if town.sweeper.is_some() {
            self.teller_steps(town, Sender::Sweeper, &mut came);
            return came;
        }
        for till in 0..town.tills.len() as u8 {
            for (number, step, view) in self.unsettled(town, till) {
                let order = OrderNumber { till, number };
                let sweeper = Some(self.teller(order, step, &view));
                came.push((
                    TownStep::Does(Sender::Sweeper, "begins"),
                    SmallTown { sweeper, ..town.clone() },
                ));
            }
        }
        came
    }

    fn teller_steps(&mut self, town: &SmallTown, sender: Sender, came: &mut Came) {
        let mut before = town.clone();
        let Some(teller) = teller_of(&mut before, sender).clone() else { return };
        if let Some((letter, rest)) = teller.letters.split_first() {
            let told = |after: &mut SmallTown, heard: bool| {
                let mut letters = rest.to_vec();
                if !heard && matches!(letter.to, Address::Slice(_)) {
                    letters.retain(|next| next.to != letter.to);
                }
                let failed = teller.failed || !heard;
                *teller_of(after, sender) = Some(Teller { letters, failed, ..teller.clone() });
            };
            let finds_out = teller.step == 0 && matches!(letter.to, Address::Slice(_));
            self.send(town, (sender, *letter), came, &|model, after, reply| {
                let heard =
                    matches!(reply, Some(LetterReply::OfTill(Ok(_)) | LetterReply::OfSlice(Ok(_))));
                told(after, heard);
                if let Some(LetterReply::OfSlice(Ok(Verdict::New(said) | Verdict::Already(said)))) =
                    reply
                    && finds_out
                {
                    let next = model.next_letter_of_finder(teller.order, said);
                    teller_of(after, sender).as_mut().expect("it tells").letters.push(next);
                }
            });
            return;
        }
        let Teller { order, mut step, failed, .. } = teller;
        if failed && !self.breaks(OrderRule::AllHaveHeardBeforeSettled) {
            *teller_of(&mut before, sender) = None;
            came.push((TownStep::Does(sender, "has not told all"), before));
            return;
        }
        if self.breaks(OrderRule::OnlyWhatWasToldIsSettled) {
            let unsettled = self.unsettled(town, order.till);
            let now = unsettled.iter().find(|(number, ..)| *number == order.number);
            step = now.map_or(step, |(_, step, _)| *step);
        }
        let settle = till::Command::Settle { orders: vec![(order.number, step)] };
        let letter = self.letter_to_till(order.till, settle, Caller::SYSTEM);
        self.send(town, (sender, letter), came, &|_, after, _| *teller_of(after, sender) = None);
    }

    /// Whoever repeats the request of an order that is gathered may take its gatherer for dead.
    pub fn doubts(&mut self, town: &SmallTown) -> Vec<(OrderNumber, SmallTown)> {
        let mut came = Vec::new();
        for order in town.people.iter().filter_map(|person| person.order) {
            let view = self.view(town, order);
            if !matches!(view, Some(OrderView { stage: OrderStage::Gathering { .. }, .. })) {
                continue;
            }
            let mut after = SmallTown { faults: town.faults - 1, ..town.clone() };
            if self.story == OrderStory::InOneSlice {
                if town.sweeper.is_none() {
                    let letters = vec![self.first_letter_of_finder(order)];
                    after.sweeper = Some(Teller { order, step: 0, letters, failed: false });
                    came.push((order, after));
                }
                continue;
            }
            let give_up = till::Command::GiveUp { order: order.number };
            let letter = self.letter_to_till(order.till, give_up, Caller::SYSTEM);
            drop(self.arrive(&mut after, letter));
            came.push((order, after));
        }
        came
    }
}

fn come_later(town: &mut SmallTown, letter: Letter) {
    town.late.push(letter);
    town.late.sort_unstable();
}
