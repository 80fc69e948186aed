//! A client who orders: begins, buys, extends, gives back, and looks; now and then a turn of the
//! sweep, or a message of any order that arrives once more.

use super::super::World;
use super::super::ask::{Asker, Call, Outcome};
use super::super::plan::{DIGITS, POOL};
use super::shell::{Begun, Shell, till_of};
use actors::dice::Dice;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, OrderNumber, Pattern, Slice, SliceName};
use actors::domain::till::{
    Command, Event, LimitKey, OrderStage, OrderWish, PastOrder, Question, Till,
};
use actors::engine::Key;
use actors::machine::Role;
use actors::{Caller, Id};
use futures_util::future::join;

/// What a client knows of, because it was told.
#[derive(Clone)]
struct Mine {
    order: OrderNumber,
    tickets: Vec<Ticket>,
    sold: bool,
}

struct Client<'w> {
    world: &'w World,
    caller: Caller,
    dice: Dice,
    keys: u64,
    mine: Vec<Mine>,
    tills: Asker<'w, Till>,
}

/// Of 100 steps of the shell, so many are its last.
const DIES: u64 = 2;
const CARDS: u64 = 3;
/// Numbers that match follow one another, and are wanted together most often.
const RUNS: &str = "*12*";
const ADMIN: Caller = Caller { id: Id([200; 16]), role: Role::Admin };

/// Does this and that until the world calms down.
pub async fn live(world: &World, number: u64, seed: u64) {
    // Some of them hold tickets of single slices, too.
    let caller = Caller::member(Id::digest(&[b"member", &(number / 2).to_le_bytes()]));
    let (dice, tills) = (Dice::new(seed), Asker::new(world));
    // The same members have other keys for tickets and coupons.
    let keys = 1 << 61 | number << 32;
    let mut client = Client { world, caller, dice, keys, mine: Vec::new(), tills };
    while !world.is_calm() {
        client.act().await;
        world.rest().await;
    }
    client.tills.settle().await;
}

impl Client<'_> {
    async fn act(&mut self) {
        match self.dice.below(25) {
            0..=8 => self.order().await,
            9..=12 => self.with_order(|order, _| Command::Confirm { order }).await,
            13 => {
                self.with_order(|order, dice| Command::Extend {
                    order,
                    ttl_s: dice.below(900) as u32,
                })
                .await
            }
            14 => self.with_order(|order, _| Command::Release { order }).await,
            15..=17 => self.refund().await,
            18 => match self.tills.repeat_an_earlier_call(&mut self.dice).await {
                Some(told) => self.heard(told).await,
                None => self.order().await,
            },
            19 => self.a_message_comes_late().await,
            20 => self.shell().sweep().await,
            21 => self.somebody_elses_order().await,
            22 => self.with_order(|order, _| Command::Release { order }).await,
            _ => self.look().await,
        }
    }

    fn shell(&self) -> Shell<'_> {
        Shell::new(self.world, DIES)
    }

    async fn order(&mut self) {
        let mut patterns = self.world.plan(|plan| plan.tickets.patterns.clone());
        patterns.extend([RUNS, RUNS]);
        let pattern = patterns[self.dice.below(patterns.len() as u64) as usize];
        let count = 1 + self.dice.below(5) as u16;
        let wish = OrderWish {
            pattern: pattern.parse().expect("it is one"),
            count,
            at_least: match pattern == RUNS && self.dice.below(2) == 0 {
                true => count,
                false => self.dice.below(u64::from(count) + 1) as u16,
            },
            ttl_s: 5 + self.dice.below(200) as u32,
        };
        let first = self.dice.below(CARDS);
        let by = self.dice.below(5).saturating_sub(2);
        let keys = (first..first + by).map(|number| card(number % CARDS)).collect();
        let dry = self.dice.below(12) == 0;
        let key = (self.dice.below(4) > 0 && !dry).then(|| self.next_key(self.caller.id));
        let places = vec![till_of(self.world, self.caller.id).into()];
        let begin = match self.dice.below(3) {
            0 => Command::BeginInOne { wish: OrderWish { pattern: self.of_one(pattern), ..wish } },
            _ => Command::Begin { wish, keys },
        };
        self.send(Call { dry, ..Call::of(self.caller, key, begin, places) }).await;
    }

    /// The same in any one slice.
    fn of_one(&mut self, pattern: &str) -> Pattern {
        let leads = self.world.plan(|plan| plan.tickets.names.len() as u64);
        let lead = self.dice.below(leads);
        format!("{lead}{}", &pattern[1..]).parse().expect("it is one")
    }

    async fn with_order(&mut self, what: impl Fn(u32, &mut Dice) -> Command) {
        if self.mine.is_empty() {
            return self.order().await;
        }
        // Most often the last one, before it expires.
        let mine = match self.dice.below(3) {
            0 => self.dice.below(self.mine.len() as u64) as usize,
            _ => self.mine.len() - 1,
        };
        let order = self.mine[mine].order;
        if self.dice.below(4) > 0 {
            self.find(order).await;
        }
        let OrderNumber { till, number } = order;
        let key = (self.dice.below(2) == 0).then(|| self.next_key(self.caller.id));
        let command = what(number, &mut self.dice);
        self.send(Call::of(self.caller, key, command, vec![till.into()])).await;
    }

    /// Some tickets of an order, or all of them.
    async fn refund(&mut self) {
        let sold: Vec<&Mine> = self.mine.iter().filter(|mine| mine.sold).collect();
        if sold.is_empty() {
            return self.with_order(|order, _| Command::Confirm { order }).await;
        }
        let Mine { order, tickets, .. } = sold[self.dice.below(sold.len() as u64) as usize].clone();
        if self.dice.below(3) > 0 {
            return self.refund_one(tickets[0]).await;
        }
        let tickets = match self.dice.below(3) {
            0 => Vec::new(),
            _ => vec![tickets[self.dice.below(tickets.len() as u64) as usize]],
        };
        let key = (self.dice.below(2) == 0).then(|| self.next_key(ADMIN.id));
        let command = Command::Refund { order: order.number, tickets };
        self.send(Call::of(ADMIN, key, command, vec![order.till.into()])).await;
    }

    /// Whoever knows only a ticket asks its slice, which may know of an order.
    async fn refund_one(&mut self, ticket: Ticket) {
        let slice = SliceName::of_number(POOL, DIGITS, ticket.number);
        let refund = tickets::Command::Refund { ticket };
        let call = Call::<Slice>::of(ADMIN, None, refund, vec![slice.lead.into()]);
        let Ok((_, done)) = self.world.ask_open(&call).await else { return };
        if let tickets::Event::Referred { ticket, order } = done.event {
            self.world.count("sent to the till of its order");
            let command = Command::Refund { order: order.number, tickets: vec![ticket] };
            self.send(Call::of(ADMIN, None, command, vec![order.till.into()])).await;
        }
    }

    async fn a_message_comes_late(&mut self) {
        let sent = self.world.orders.borrow().sent.len() as u64;
        if sent > 0 {
            let message = self.dice.below(sent) as usize;
            self.shell().repeat(message).await;
        }
    }

    async fn somebody_elses_order(&mut self) {
        let all = self.world.orders.borrow().told.clone();
        if all.is_empty() {
            return;
        }
        let OrderNumber { till, number } = all[self.dice.below(all.len() as u64) as usize];
        let confirm = Command::Confirm { order: number };
        self.send(Call::of(self.caller, None, confirm, vec![till.into()])).await;
    }

    async fn look(&mut self) {
        let (who, key) = (self.caller.id, card(self.dice.below(CARDS)));
        let at = |who| u16::from(till_of(self.world, who));
        let (asker, place, question) = match self.dice.below(4) {
            0 => (self.caller, at(who), Question::OrdersOf(who)),
            1 => (self.caller, at(who), Question::Allowance(who)),
            2 => (Caller::member(key.0), at(key.0), Question::Allowance(key.0)),
            _ => (self.caller, at(who), Question::Ledger),
        };
        self.tills.look(asker, place, question, Command::Seal).await;
    }

    async fn send(&mut self, call: Call<Till>) {
        let dry = call.dry;
        let told = self.tills.send(call, &mut self.dice).await;
        if !dry {
            self.heard(told).await;
        }
    }

    /// What the shell does when a till has decided.
    async fn heard(&mut self, told: Outcome<Till>) {
        let Ok((place, done)) = told else { return };
        let of_till = |number| OrderNumber { till: place as u8, number };
        match done.event {
            Event::Begun { order, owner, wish, keys, .. } => {
                let together = wish.pattern.to_string() == RUNS && self.dice.below(3) > 0;
                let order = of_till(order);
                let begun = Begun { order, owner, wish, keys, held_until: None, together };
                self.gather_or_find(begun, done.replayed).await;
            }
            Event::BegunInOne { order, owner, wish, until, .. } => {
                let (order, keys, held_until) = (of_till(order), Vec::new(), Some(until));
                let begun = Begun { order, owner, wish, keys, held_until, together: false };
                self.gather_or_find(begun, done.replayed).await;
            }
            Event::Confirmed { order, past, .. } => {
                self.world.count("order bought");
                self.knows(of_till(order), past.tickets().copied().collect(), true);
                self.follow(of_till(order), &past, done.replayed).await;
            }
            Event::Refunded { order, past, .. } => {
                self.world.count("order taken back");
                self.follow(of_till(order), &past, done.replayed).await;
            }
            Event::Ended { orders } => {
                self.world.count("order released");
                let (order, past) = &orders[0];
                self.follow(of_till(*order), past, done.replayed).await;
            }
            _ => {}
        }
    }

    async fn gather_or_find(&mut self, begun: Begun, replayed: bool) {
        match replayed {
            false => self.gather(begun).await,
            true => self.find(begun.order).await,
        }
    }

    async fn gather(&mut self, begun: Begun) {
        let rival = (self.dice.below(6) == 0).then(|| self.dice.below(12));
        let placed = self.gather_against(&begun, rival).await;
        if let Some(tickets) = placed {
            self.knows(begun.order, tickets, false);
        }
    }

    /// After so many rests somebody finds the order, and takes its gatherer for dead.
    async fn gather_against(&self, begun: &Begun, rival: Option<u64>) -> Option<Vec<Ticket>> {
        let shell = self.shell();
        let gives_up = async {
            let Some(later) = rival else { return };
            for _ in 0..later {
                self.world.rest().await;
            }
            match begun.held_until {
                Some(_) => drop(shell.find_out(begun.order, &begun.wish).await),
                None => shell.give_up(begun.order).await,
            }
        };
        join(shell.gather(begun), gives_up).await.0
    }

    /// Under the key there is an order already. Whoever seems to gather it for too long is taken
    /// for dead, and may live.
    async fn find(&mut self, order: OrderNumber) {
        let Some(view) = self.shell().look_at(order).await else { return };
        match view.stage {
            OrderStage::Gathering { wish, held_until: Some(_), .. } => {
                if let Some(tickets) = self.shell().find_out(order, &wish).await {
                    self.knows(order, tickets, false);
                }
            }
            OrderStage::Gathering { .. } if self.dice.below(2) == 0 => {
                self.shell().give_up(order).await;
            }
            OrderStage::Gathering { .. } | OrderStage::Past(_) => {}
            OrderStage::Placed { parts, .. } => {
                self.world.count("order found again");
                let tickets = parts.into_iter().flat_map(|part| part.tickets).collect();
                self.knows(order, tickets, false);
            }
        }
    }

    async fn follow(&mut self, order: OrderNumber, past: &PastOrder, replayed: bool) {
        if !replayed {
            self.shell().follow_past(order, past).await;
        }
    }

    fn knows(&mut self, order: OrderNumber, tickets: Vec<Ticket>, sold: bool) {
        match self.mine.iter_mut().find(|mine| mine.order == order) {
            Some(mine) => mine.sold |= sold,
            None if !tickets.is_empty() => {
                self.mine.push(Mine { order, tickets, sold });
                self.world.orders.borrow_mut().told.push(order);
            }
            None => {}
        }
    }

    fn next_key(&mut self, who: Id) -> Key {
        self.keys += 1;
        let text = self.keys.to_le_bytes();
        Key::new(who, &text, &[b"order", &text])
    }
}

/// What a service counts by beside the member.
fn card(number: u64) -> LimitKey {
    LimitKey(Id::digest(&[b"card", &number.to_le_bytes()]))
}
