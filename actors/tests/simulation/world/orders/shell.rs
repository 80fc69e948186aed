//! What the shell does about orders, step by step, and in the middle of which it may die: an
//! allowance, then limit keys, then slices, then the fact that it is placed; and after each fact of
//! a till, whoever follows is told.

use super::super::World;
use super::super::ask::{Asker, Call};
use super::Message;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{self, OrderNumber, Slice};
use actors::domain::till::{
    self, Followers, LimitKey, OrderPart, OrderStage, OrderView, OrderWish, PLACED, PastOrder,
    Question, Till, TillName,
};
use actors::engine::Failure;
use actors::{Caller, Id, Time};

/// One task of a process. It ends when the process does.
pub struct Shell<'w> {
    pub(super) world: &'w World,
    life: u32,
    /// Of 100 steps, it dies before so many.
    dies: u64,
}

/// An order that this task has begun.
pub struct Begun {
    pub order: OrderNumber,
    pub owner: Id,
    pub wish: OrderWish,
    pub keys: Vec<LimitKey>,
    /// Of one slice, it is held until then once that slice has tickets for it.
    pub held_until: Option<Time>,
    /// Whether its numbers have to follow one another.
    pub together: bool,
}

/// Why an order is not gathered any further.
pub(super) enum Stopped {
    Died,
    /// It must be given up.
    InDoubt,
}

/// So many messages may arrive once more.
const REMEMBERED: usize = 400;

impl<'w> Shell<'w> {
    pub fn new(world: &'w World, dies: u64) -> Shell<'w> {
        Shell { world, life: world.lives(), dies }
    }

    fn has_died(&self) -> bool {
        let by_itself = self.dies > 0 && self.world.roll() % 100 < self.dies;
        if by_itself {
            self.world.count("died over an order");
        }
        by_itself || self.world.lives() > self.life
    }

    async fn to_till(
        &self,
        till: u8,
        command: till::Command,
    ) -> Result<till::Event, Failure<till::Refusal>> {
        self.remember(Message::ToTill(till, command.clone()));
        let call = Call::<Till>::of(Caller::SYSTEM, None, command, vec![till.into()]);
        let told = match self.world.is_calm() {
            true => self.world.settle(&call).await,
            false => self.world.ask_open(&call).await,
        };
        told.map(|(_, done)| done.event)
    }

    pub(super) async fn to_slice(
        &self,
        lead: u8,
        command: tickets::Command,
    ) -> Result<tickets::Event, Failure<tickets::Refusal>> {
        self.remember(Message::ToSlice(lead, command.clone()));
        let call = Call::<Slice>::of(Caller::SYSTEM, None, command, vec![lead.into()]);
        let told = match self.world.is_calm() {
            true => self.world.settle(&call).await,
            false => self.world.ask_open(&call).await,
        };
        told.map(|(_, done)| done.event)
    }

    fn remember(&self, message: Message) {
        let sent = &mut self.world.orders.borrow_mut().sent;
        match sent.len() {
            REMEMBERED.. => sent[self.world.roll() as usize % REMEMBERED] = message,
            _ => sent.push(message),
        }
    }

    /// A message of any order arrives once more.
    pub async fn repeat(&self, message: usize) {
        let message = self.world.orders.borrow().sent[message].clone();
        let refused = match message {
            Message::ToTill(till, command) => {
                matches!(self.to_till(till, command).await, Err(Failure::Refused(_)))
            }
            Message::ToSlice(lead, command) => {
                matches!(self.to_slice(lead, command).await, Err(Failure::Refused(_)))
            }
        };
        self.world.count(if refused { "came late and was refused" } else { "came late" });
    }

    pub fn till_of(&self, who: Id) -> u8 {
        till_of(self.world, who)
    }

    /// The tickets of the order, if it is known that it was placed.
    pub async fn gather(&self, begun: &Begun) -> Option<Vec<Ticket>> {
        match self.parts_for(begun).await {
            Ok(parts) if begun.held_until.is_some() => Some(self.hold(begun, parts).await),
            Ok(parts) => self.place(begun, parts).await,
            Err(Stopped::Died) => None,
            Err(Stopped::InDoubt) => {
                self.give_up(begun.order).await;
                None
            }
        }
    }

    async fn parts_for(&self, begun: &Begun) -> Result<Vec<OrderPart>, Stopped> {
        let (order, owner) = (begun.order, begun.owner);
        let OrderWish { pattern, mut count, at_least, .. } = begun.wish;
        for key in &begun.keys {
            self.goes_on()?;
            let take = till::Command::Take { order, key: *key, count, at_least };
            match self.to_till(self.till_of(key.0), take).await {
                Ok(till::Event::Taken { count: allowed, .. }) => count = count.min(allowed),
                _ => return Err(Stopped::InDoubt),
            }
        }
        if begun.together {
            return self.parts_together(begun, count).await;
        }
        let (mut parts, mut missing) = (Vec::new(), count);
        for lead in self.slices(|slice| slice.may_match(&pattern)) {
            if missing == 0 {
                break;
            }
            self.goes_on()?;
            let hold = tickets::Command::HoldFor { order, owner, pattern, count: missing };
            let tickets = match self.to_slice(lead, hold).await {
                Ok(tickets::Event::HeldFor { tickets, .. }) => tickets,
                Err(Failure::Refused(
                    tickets::Refusal::NoMatchLeft { .. } | tickets::Refusal::LimitReached { .. },
                )) => Vec::new(),
                _ => return Err(Stopped::InDoubt),
            };
            missing -= tickets.len() as u16;
            parts.push(OrderPart { lead, tickets });
        }
        self.goes_on()?;
        if count - missing < at_least.max(1) {
            self.world.count("too few for an order");
            return Err(Stopped::InDoubt);
        }
        Ok(parts)
    }

    pub(super) fn goes_on(&self) -> Result<(), Stopped> {
        if self.has_died() { Err(Stopped::Died) } else { Ok(()) }
    }

    /// Those slices, beginning with any of them.
    pub(super) fn slices(&self, which: impl Fn(&tickets::SliceName) -> bool) -> Vec<u8> {
        let roll = self.world.roll() as usize;
        self.world.plan(|plan| {
            let names = plan.tickets.names.iter().filter(|name| which(name));
            let mut leads: Vec<u8> = names.map(|name| name.lead).collect();
            let first = roll % leads.len().max(1);
            leads.rotate_left(first);
            leads
        })
    }

    /// Its owner is told that it is held; its till hears later, or never.
    async fn hold(&self, begun: &Begun, parts: Vec<OrderPart>) -> Vec<Ticket> {
        self.world.orders.borrow_mut().held.push(begun.order);
        self.world.count("order held in one slice");
        let tickets = parts.iter().flat_map(|part| part.tickets.iter().copied()).collect();
        let says_no_more = self.dies > 0 && self.world.roll().is_multiple_of(2);
        if self.has_died() || says_no_more {
            self.world.count("held, and its till does not know");
            return tickets;
        }
        let place = till::Command::Place { order: begun.order.number, parts };
        let _ = self.to_till(begun.order.till, place).await;
        tickets
    }

    /// Whether an order of one slice is held is for that slice to say: it is placed, or given up.
    /// Says what it has if it is placed.
    pub async fn find_out(&self, order: OrderNumber, wish: &OrderWish) -> Option<Vec<Ticket>> {
        let lead = self.slices(|slice| slice.may_match(&wish.pattern))[0];
        let told = self.to_slice(lead, tickets::Command::Decline { order }).await.ok()?;
        if self.has_died() {
            return None;
        }
        match told {
            tickets::Event::HeldFor { tickets, .. }
                if tickets.len() >= usize::from(wish.at_least.max(1)) =>
            {
                let parts = vec![OrderPart { lead, tickets: tickets.clone() }];
                let place = till::Command::Place { order: order.number, parts };
                self.to_till(order.till, place).await.ok()?;
                self.world.count("found out that it is held");
                Some(tickets)
            }
            _ => {
                self.world.count("found out that it is not held");
                self.give_up(order).await;
                None
            }
        }
    }

    async fn place(&self, begun: &Begun, parts: Vec<OrderPart>) -> Option<Vec<Ticket>> {
        let OrderNumber { till, number } = begun.order;
        let several = parts.iter().filter(|part| !part.tickets.is_empty()).count() > 1;
        match self.to_till(till, till::Command::Place { order: number, parts }).await {
            Ok(till::Event::Placed { parts, unsettled, .. }) => {
                self.world.count(if several {
                    "order over several slices"
                } else {
                    "order placed"
                });
                if unsettled && let Some(view) = self.look_at(begun.order).await {
                    let step = match &view.stage {
                        OrderStage::Past(past) => past.step,
                        _ => PLACED,
                    };
                    self.follow(begun.order, step, &view).await;
                }
                Some(parts.into_iter().flat_map(|part| part.tickets).collect())
            }
            // It is not known whether it is placed.
            Err(Failure::Unknown) => None,
            _ => {
                self.give_up(begun.order).await;
                None
            }
        }
    }

    pub async fn look_at(&self, order: OrderNumber) -> Option<OrderView> {
        let question = Question::Order(order.number);
        let tills = Asker::<Till>::new(self.world);
        let nothing = till::Command::Seal;
        match tills.look(Caller::SYSTEM, order.till.into(), question, nothing).await? {
            till::Answer::Order(view) => view,
            _ => None,
        }
    }

    /// Also for whoever finds an order that somebody else may be gathering still.
    pub async fn give_up(&self, order: OrderNumber) {
        let command = till::Command::GiveUp { order: order.number };
        if let Ok(till::Event::Ended { orders }) = self.to_till(order.till, command).await {
            self.world.count("order given up");
            self.follow_past(order, &orders[0].1).await;
        }
    }

    pub async fn follow_past(&self, order: OrderNumber, past: &PastOrder) {
        let (owner, keys) = (past.owner, past.keys.clone());
        let view = OrderView { owner, keys, stage: OrderStage::Past(past.clone()) };
        self.follow(order, past.step, &view).await;
    }

    async fn follow(&self, order: OrderNumber, step: u32, view: &OrderView) {
        if self.tell_all(order, view).await {
            self.world.orders.borrow_mut().heard.push((self.life, order, step));
        }
    }

    /// True if all have heard.
    async fn tell_all(&self, order: OrderNumber, view: &OrderView) -> bool {
        let Followers { parts, keys } = view.followers(order);
        let mut all = true;
        let there = self.slices(|_| true);
        for (lead, commands) in parts.into_iter().filter(|(lead, _)| there.contains(lead)) {
            for command in commands {
                if self.has_died() {
                    return false;
                }
                if self.to_slice(lead, command).await.is_err() {
                    all = false;
                    break;
                }
            }
        }
        for (key, share) in keys {
            if self.has_died() {
                return false;
            }
            let command = till::Command::FollowKey { order, key, share };
            all &= self.to_till(self.till_of(key.0), command).await.is_ok();
        }
        all
    }

    /// Settles what this process has heard of, and goes on with what is unsettled.
    pub async fn sweep(&self) {
        let all = std::mem::take(&mut self.world.orders.borrow_mut().heard);
        for (life, order, step) in all {
            if life == self.life && !self.has_died() {
                self.settle(order.till, vec![(order.number, step)]).await;
            }
        }
        for (till, orders) in self.world.listed_as_unsettled() {
            let tills = Asker::<Till>::new(self.world);
            let (question, nothing) = (Question::Unsettled(orders), till::Command::Seal);
            let looked = tills.look(Caller::SYSTEM, till.into(), question, nothing).await;
            let Some(till::Answer::Unsettled(unsettled)) = looked else { continue };
            let mut heard = Vec::new();
            for (number, step, view) in unsettled {
                let order = OrderNumber { till, number };
                let is_done = match &view.stage {
                    OrderStage::Gathering { wish, .. } => {
                        self.find_out(order, wish).await.is_some()
                    }
                    _ => self.tell_all(order, &view).await,
                };
                if is_done {
                    heard.push((number, step));
                }
            }
            if self.has_died() {
                return;
            }
            if !heard.is_empty() {
                self.world.count("orders swept");
                self.settle(till, heard).await;
            }
        }
    }

    async fn settle(&self, till: u8, orders: Vec<(u32, u32)>) {
        // What a till does not hear, the next turn tells it.
        let _ = self.to_till(till, till::Command::Settle { orders }).await;
    }
}

pub fn till_of(world: &World, who: Id) -> u8 {
    world.plan(|plan| {
        let tills = &plan.orders.tills;
        TillName::of(tills[0].pool, tills.len() as u8, who).number
    })
}
