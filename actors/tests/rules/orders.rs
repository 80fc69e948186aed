//! Orders over slices and tills: a small town where every message may come late, twice, or long
//! after the order is over. Whatever came in between, limits hold, nothing is sold twice, and
//! nothing leaks.

use actors::dice::Dice;
use actors::domain::pool::PoolName;
use actors::domain::tickets::{self, FirstTerms, OrderNumber, PartFate, Slice};
use actors::domain::till::{
    self, LimitKey, MemberLimits, OrderEnd, OrderPart, OrderStage, OrderView, OrderWish, Till,
    TillName, TillTerms,
};
use actors::{Caller, Id, Stamp, Time, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use testing::played::Played;

const TILLS: u8 = 3;
const LEADS: u8 = 10;
const HELD: u16 = 5;
const BOUGHT: u32 = 7;
const MEMBERS: u64 = 3;

/// Something that was sent, and may arrive again at any time.
#[derive(Clone)]
enum Message {
    ToTill(u8, till::Command),
    ToSlice(u8, tickets::Command),
}

struct Town {
    slices: Vec<Played<Slice>>,
    tills: Vec<Played<Till>>,
    now: Time,
    dice: Dice,
    sent: Vec<Message>,
    /// What was ever sold, by the order that bought it.
    seen: BTreeSet<&'static str>,
}

/// An order that somebody gathers.
struct Gathering {
    order: OrderNumber,
    wish: OrderWish,
    keys: Vec<LimitKey>,
    parts: Vec<OrderPart>,
    asked: u8,
}

fn member(n: u64) -> Caller {
    Caller::member(Id([n as u8 + 1; 16]))
}

fn key(n: u64) -> LimitKey {
    LimitKey(Id([n as u8 + 101; 16]))
}

fn till_of(who: Id) -> u8 {
    TillName::of(PoolName::default(), TILLS, who).number
}

impl Town {
    fn new(seed: u64) -> Town {
        let closes_at = Time(1_000_000_000);
        let terms =
            FirstTerms { digits: 4, copies: 1, holds_per_member: 50, hold_max_s: 600, closes_at };
        let slices = (0..LEADS).map(|lead| {
            let mut slice = Played::<Slice>::default();
            slice.apply(&tickets::Event::Opened { lead, terms }, Time(0));
            // So few are free that orders meet.
            for number in u32::from(lead) * 1000 + 3..u32::from(lead) * 1000 + 1000 {
                let tickets = vec![tickets::stock::Ticket { number, copy: 1 }];
                let (owner, until) = (Id([99; 16]), closes_at);
                slice.apply(&tickets::Event::Held { hold: number, owner, tickets, until }, Time(0));
            }
            slice
        });
        let limits = MemberLimits { held: Some(HELD), bought: Some(BOUGHT) };
        let terms = TillTerms { limits, hold_max_s: 600, closes_at };
        let tills = (0..TILLS).map(|_| {
            let mut till = Played::<Till>::default();
            till.apply(&till::Event::Opened { terms }, Time(0));
            till
        });
        Town {
            slices: slices.collect(),
            tills: tills.collect(),
            now: Time(1_000),
            dice: Dice::new(seed),
            sent: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    fn tell_till(
        &mut self,
        till: u8,
        command: &till::Command,
        caller: Caller,
    ) -> Result<till::Event, till::Refusal> {
        let stamp = Stamp { at: self.now, seed: self.dice.roll() };
        let till = &mut self.tills[usize::from(till)];
        expire(till, self.now);
        match till.decide(command, &caller, &stamp)? {
            Verdict::Already(event) => Ok(event),
            Verdict::New(event) => {
                till.apply(&event, self.now);
                assert_eq!(till.imbalance(), 0, "after {event:?}");
                Ok(event)
            }
        }
    }

    fn tell_slice(
        &mut self,
        lead: u8,
        command: &tickets::Command,
    ) -> Result<tickets::Event, tickets::Refusal> {
        let stamp = Stamp { at: self.now, seed: self.dice.roll() };
        let slice = &mut self.slices[usize::from(lead)];
        match slice.decide(command, &Caller::SYSTEM, &stamp)? {
            Verdict::Already(event) => Ok(event),
            Verdict::New(event) => {
                slice.apply(&event, self.now);
                Ok(event)
            }
        }
    }

    /// A message that may be lost, come twice, or come again later.
    fn send(&mut self, message: Message) -> bool {
        let lost = self.dice.below(8) == 0;
        if !lost {
            self.arrive(&message);
        }
        self.sent.push(message);
        !lost
    }

    fn arrive(&mut self, message: &Message) {
        let refused = match message {
            Message::ToTill(till, command) => {
                self.tell_till(*till, command, Caller::SYSTEM).is_err()
            }
            Message::ToSlice(lead, command) => self.tell_slice(*lead, command).is_err(),
        };
        if refused {
            self.seen.insert("refused");
        }
    }

    fn begin(&mut self) -> Option<Gathering> {
        let caller = member(self.dice.below(MEMBERS));
        let pattern = ["****", "*00*", "1***", "**01"][self.dice.below(4) as usize];
        let wish = OrderWish {
            pattern: pattern.parse().expect("it is one"),
            count: 1 + self.dice.below(5) as u16,
            at_least: self.dice.below(4) as u16,
            ttl_s: 20 + self.dice.below(100) as u32,
        };
        let keys: Vec<LimitKey> = (0..self.dice.below(3)).map(key).collect();
        let till = till_of(caller.id);
        match self.tell_till(till, &till::Command::Begin { wish, keys: keys.clone() }, caller) {
            Ok(till::Event::Begun { order, wish, .. }) => {
                let order = OrderNumber { till, number: order };
                Some(Gathering { order, wish, keys, parts: Vec::new(), asked: 0 })
            }
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => {
                assert!(matches!(refusal, till::Refusal::LimitReached { .. }), "{refusal:?}");
                self.seen.insert("limit of a member");
                None
            }
        }
    }

    /// Goes a step on with an order. None: it is no longer gathered.
    fn gather(&mut self, mut order: Gathering) -> Option<Gathering> {
        let give_up = till::Command::GiveUp { order: order.order.number };
        if let Some(key) = order.keys.get(usize::from(order.asked)) {
            let take = till::Command::Take {
                order: order.order,
                key: *key,
                count: order.wish.count,
                at_least: order.wish.at_least,
            };
            order.asked += 1;
            self.sent.push(Message::ToTill(till_of(key.0), take.clone()));
            return match self.tell_till(till_of(key.0), &take, Caller::SYSTEM) {
                Ok(till::Event::Taken { count, .. }) => {
                    order.wish.count = order.wish.count.min(count);
                    Some(order)
                }
                _ => {
                    self.seen.insert("limit of a key");
                    self.send(Message::ToTill(order.order.till, give_up));
                    None
                }
            };
        }
        let lead = order.asked - order.keys.len() as u8;
        let has: usize = order.parts.iter().map(|part| part.tickets.len()).sum();
        let missing = order.wish.count - has as u16;
        if lead < LEADS && missing > 0 {
            order.asked += 1;
            if !order.wish.pattern.may_begin_with(u32::from(lead), 1) {
                return Some(order);
            }
            let hold = tickets::Command::HoldFor {
                order: order.order,
                owner: Id([7; 16]),
                pattern: order.wish.pattern,
                count: missing,
            };
            self.sent.push(Message::ToSlice(lead, hold.clone()));
            if self.dice.below(20) == 0 {
                // The answer is lost, so what the slice has done is not known.
                drop(self.tell_slice(lead, &hold));
                self.send(Message::ToTill(order.order.till, give_up));
                return None;
            }
            let tickets = match self.tell_slice(lead, &hold) {
                Ok(tickets::Event::HeldFor { tickets, .. }) => tickets,
                Ok(other) => panic!("{other:?}"),
                Err(_) => Vec::new(),
            };
            order.parts.push(OrderPart { lead, tickets });
            return Some(order);
        }
        let number = order.order.number;
        let command = if has < usize::from(order.wish.at_least.max(1)) {
            self.seen.insert("too few");
            give_up
        } else {
            till::Command::Place { order: number, parts: order.parts }
        };
        self.send(Message::ToTill(order.order.till, command));
        None
    }

    fn view(&self, order: OrderNumber) -> Option<OrderView> {
        let till = &self.tills[usize::from(order.till)];
        match till.look(&till::Question::Order(order.number)) {
            till::Answer::Order(view) => view,
            other => panic!("{other:?}"),
        }
    }

    /// Does something to some order.
    fn act(&mut self) {
        let till = self.dice.below(u64::from(TILLS)) as u8;
        let order = self.dice.below(30) as u32;
        let tickets = match self.view(OrderNumber { till, number: order }).map(|view| view.stage) {
            Some(OrderStage::Past(past)) => {
                past.tickets().take(self.dice.below(3) as usize).copied().collect()
            }
            _ => Vec::new(),
        };
        let command = match self.dice.below(6) {
            0..=2 => till::Command::Confirm { order },
            3 => till::Command::Release { order },
            4 => till::Command::Extend { order, ttl_s: 60 },
            _ => till::Command::Refund { order, tickets },
        };
        self.send(Message::ToTill(till, command));
    }

    /// Tells those who follow an order, in some order, and perhaps not all of them. True if all
    /// have heard.
    fn settle(&mut self, order: OrderNumber, view: &OrderView, surely: bool) -> bool {
        let followers = view.followers(order);
        let mut all = true;
        for (lead, commands) in followers.parts {
            for command in commands {
                let heard = self.send(Message::ToSlice(lead, command));
                all &= heard;
                if !heard {
                    break;
                }
            }
        }
        for (key, share) in followers.keys {
            let command = till::Command::FollowKey { order, key, share };
            all &= self.send(Message::ToTill(till_of(key.0), command));
        }
        all || surely && self.settle(order, view, true)
    }

    fn sweep(&mut self, surely: bool) {
        for till in 0..TILLS {
            expire(&mut self.tills[usize::from(till)], self.now);
            let question = till::Question::Unsettled((0..200).collect());
            let till::Answer::Unsettled(unsettled) = self.tills[usize::from(till)].look(&question)
            else {
                panic!("asked what is unsettled")
            };
            for (number, step, view) in unsettled {
                let order = OrderNumber { till, number };
                if self.settle(order, &view, surely) {
                    let command = till::Command::Settle { orders: vec![(number, step)] };
                    self.send(Message::ToTill(till, command));
                }
            }
        }
    }

    fn repeat_something(&mut self) {
        if !self.sent.is_empty() {
            let which = self.dice.below(self.sent.len() as u64) as usize;
            let message = self.sent[which].clone();
            self.arrive(&message);
        }
    }

    /// All orders, with what they have.
    fn orders(&self) -> BTreeMap<OrderNumber, OrderView> {
        let of_till = |till| {
            let known = move |number| {
                let order = OrderNumber { till, number };
                Some((order, self.view(order)?))
            };
            (0..).map_while(known)
        };
        (0..TILLS).flat_map(of_till).collect()
    }

    fn limits_hold(&self) {
        let mut of: BTreeMap<Id, (u32, u32)> = BTreeMap::new();
        let mut sold = BTreeSet::new();
        for (order, view) in self.orders() {
            let (held, bought) = match &view.stage {
                OrderStage::Gathering { .. } => (0, 0),
                OrderStage::Placed { parts, .. } => {
                    (parts.iter().map(|part| part.tickets.len() as u32).sum(), 0)
                }
                OrderStage::Past(past) if past.end == OrderEnd::Sold => {
                    for ticket in past.tickets() {
                        assert!(
                            sold.insert(*ticket),
                            "{ticket:?} is sold twice, also by {order:?}"
                        );
                    }
                    (0, past.tickets().count() as u32)
                }
                OrderStage::Past(_) => (0, 0),
            };
            for who in view.keys.iter().map(|key| key.0).chain([view.owner]) {
                let sums = of.entry(who).or_default();
                (sums.0, sums.1) = (sums.0 + held, sums.1 + bought);
            }
        }
        for (who, (held, bought)) in of {
            assert!(held <= u32::from(HELD), "{who:?} holds {held}");
            assert!(bought + held <= BOUGHT, "{who:?} has bought {bought} and holds {held}");
        }
    }

    /// Once all is settled: slices have what orders have, and nothing is held for nobody.
    fn nothing_leaks(&self) {
        let orders = self.orders();
        for (lead, slice) in self.slices.iter().enumerate() {
            let tickets::Answer::Ledger(ledger) = slice.look(&tickets::Question::Ledger) else {
                panic!("asked for the ledger")
            };
            assert_eq!(ledger.imbalance, 0);
            let of_slice = |view: &OrderView| match &view.stage {
                OrderStage::Past(past) if past.end == OrderEnd::Sold => {
                    past.tickets().filter(|ticket| ticket.number / 1000 == lead as u32).count()
                        as u64
                }
                _ => 0,
            };
            let sold: u64 = orders.values().map(of_slice).sum();
            assert_eq!((ledger.sold, ledger.held), (sold, 997), "slice {lead}");
        }
        let mut bought: BTreeMap<Id, u32> = BTreeMap::new();
        for view in orders.values() {
            if let OrderStage::Past(past) = &view.stage
                && past.end == OrderEnd::Sold
            {
                for who in view.keys.iter().map(|key| key.0).chain([view.owner]) {
                    *bought.entry(who).or_default() += past.tickets().count() as u32;
                }
            }
        }
        let all = (0..MEMBERS).map(|n| member(n).id).chain((0..2).map(|n| key(n).0));
        for who in all {
            let till = &self.tills[usize::from(till_of(who))];
            let has = till.look(&till::Question::Allowance(who));
            let bought = bought.get(&who).copied().unwrap_or(0);
            assert_eq!(has, till::Answer::Allowance { held: 0, bought }, "{who:?}");
        }
        for till in &self.tills {
            let till::Answer::Ledger(ledger) = till.look(&till::Question::Ledger) else {
                panic!("asked for the ledger")
            };
            assert_eq!((ledger.unsettled, ledger.held, ledger.holders), (0, 0, 0));
        }
    }
}

fn expire(till: &mut Played<Till>, now: Time) {
    while till.due().is_some_and(|due| due <= now) {
        let event = till.expire(now).expect("something is due");
        till.apply(&event, now);
    }
}

#[test]
fn whatever_is_lost_doubled_or_late_limits_hold_and_nothing_leaks() {
    let mut seen = BTreeSet::new();
    for seed in 0..100 {
        let mut town = Town::new(seed);
        let mut gathering: Vec<Gathering> = Vec::new();
        for _ in 0..400 {
            town.now = Time(town.now.0 + town.dice.below(2_000) as i64);
            match town.dice.below(20) {
                0..=2 => gathering.extend(town.begin()),
                3..=11 if !gathering.is_empty() => {
                    let which = town.dice.below(gathering.len() as u64) as usize;
                    let order = gathering.swap_remove(which);
                    // Some are dropped on the way, as if the process had died.
                    if town.dice.below(40) > 0 {
                        gathering.extend(town.gather(order));
                    }
                }
                12..=15 => town.act(),
                16 => town.sweep(false),
                _ => town.repeat_something(),
            }
            town.limits_hold();
        }
        // Nobody goes on, and all time that orders have passes. A sweep or two, and all is told.
        town.now = town.now.plus_s(10_000);
        town.sweep(true);
        town.sweep(true);
        for _ in 0..4 {
            (0..200).for_each(|_| town.repeat_something());
            town.sweep(true);
        }
        while (0..TILLS).any(|till| !is_settled(&town.tills[usize::from(till)])) {
            town.sweep(true);
        }
        town.limits_hold();
        town.nothing_leaks();
        for view in town.orders().values() {
            if let OrderStage::Past(past) = &view.stage {
                seen.insert(match past.end {
                    OrderEnd::Sold if past.parts.len() > 1 => "sold in parts",
                    OrderEnd::Sold => "sold",
                    OrderEnd::Released => "released",
                    OrderEnd::Expired => "expired",
                    OrderEnd::GivenUp => "given up",
                });
                if !past.refunded.is_empty() {
                    seen.insert("refunded");
                }
            }
        }
        seen.extend(town.seen);
    }
    let all = [
        "sold in parts",
        "sold",
        "released",
        "expired",
        "given up",
        "refunded",
        "refused",
        "limit of a member",
        "limit of a key",
        "too few",
    ];
    assert_eq!(seen, BTreeSet::from(all), "the town sees everything that may happen");
}

fn is_settled(till: &Played<Till>) -> bool {
    matches!(
        till.look(&till::Question::Ledger),
        till::Answer::Ledger(ledger) if ledger.unsettled == 0
    )
}

#[test]
fn a_part_that_was_given_up_is_told_wherever_it_may_be() {
    let wish =
        OrderWish { pattern: "**01".parse().expect("it is one"), count: 2, at_least: 2, ttl_s: 9 };
    let mut town = Town::new(1);
    let caller = member(0);
    let till = till_of(caller.id);
    let begin = till::Command::Begin { wish, keys: Vec::new() };
    town.tell_till(till, &begin, caller).expect("it is allowed");
    town.tell_till(till, &till::Command::GiveUp { order: 0 }, Caller::SYSTEM).expect("it is");
    let order = OrderNumber { till, number: 0 };
    let followers = town.view(order).expect("it is known").followers(order);
    let leads: Vec<u8> = followers.parts.iter().map(|(lead, _)| *lead).collect();
    assert_eq!(leads, (0..LEADS).collect::<Vec<_>>());
    let ended = |commands: &[tickets::Command]| {
        matches!(commands, [tickets::Command::Follow { fate: PartFate::Ended, .. }])
    };
    assert!(followers.parts.iter().all(|(_, commands)| ended(commands)));
}
