//! An order, as the auditor thinks of it: what it wishes, what it has, and how it ends.

use actors::domain::tickets::stock::Ticket;
use actors::domain::till::{
    LimitKey, OrderEnd, OrderPart, OrderStage, OrderView, OrderWish, PastOrder,
};
use actors::{Id, Time};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Gathering,
    Placed,
    Over(OrderEnd),
}

#[derive(Clone, Debug)]
pub struct Order {
    pub owner: Id,
    pub wish: OrderWish,
    pub keys: Vec<LimitKey>,
    pub since: Time,
    pub until: Time,
    /// Of one slice, it may be held until then before it is placed.
    pub held_until: Option<Time>,
    pub placed_until: Option<Time>,
    pub parts: Vec<OrderPart>,
    pub refunded: Vec<Ticket>,
    pub fate: Fate,
    pub step: u32,
}

pub fn count(parts: &[OrderPart]) -> u32 {
    parts.iter().map(|part| part.tickets.len() as u32).sum()
}

impl Order {
    pub fn is_live(&self) -> bool {
        matches!(self.fate, Fate::Gathering | Fate::Placed)
    }

    /// What it takes of the allowance of its owner: held, and bought.
    pub fn takes(&self) -> (u32, u32) {
        match self.fate {
            Fate::Gathering => (u32::from(self.wish.count), 0),
            Fate::Placed => (count(&self.parts), 0),
            Fate::Over(OrderEnd::Sold) => (0, count(&self.parts)),
            Fate::Over(_) => (0, 0),
        }
    }

    pub fn past(&self, end: OrderEnd) -> PastOrder {
        PastOrder {
            owner: self.owner,
            pattern: self.wish.pattern,
            keys: self.keys.clone(),
            parts: self.parts.clone(),
            refunded: self.refunded.clone(),
            end,
            placed_until: self.placed_until,
            step: self.step,
        }
    }

    pub fn view(&self) -> OrderView {
        let placed_until = self.placed_until.unwrap_or(Time(0));
        let (parts, until) = (self.parts.clone(), self.until);
        let stage = match self.fate {
            Fate::Gathering => {
                let (wish, since, held_until) = (self.wish, self.since, self.held_until);
                OrderStage::Gathering { wish, since, held_until }
            }
            Fate::Placed => OrderStage::Placed { parts, until, placed_until },
            Fate::Over(end) => OrderStage::Past(self.past(end)),
        };
        OrderView { owner: self.owner, keys: self.keys.clone(), stage }
    }
}
