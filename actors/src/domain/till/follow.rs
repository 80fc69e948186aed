//! What follows an order: its parts in the slices, and its limit keys, and what each is told.
//!
//! Each may be told as often as need be, and in any order but for the commands of one part.

use super::book::{PLACED, count};
use super::names::LimitKey;
use super::words::{KeyShare, OrderEnd, OrderPart, OrderStage, OrderView, PastOrder};
use crate::domain::pool::PoolName;
use crate::domain::tickets::{Command, OrderNumber, PartFate, SliceName};

/// Who follows an order, and what they hear when it has come so far.
#[derive(Clone, Debug, Default)]
pub struct Followers {
    /// Slices, by their leading digits, and what each is told, in that order.
    pub parts: Vec<(u8, Vec<Command>)>,
    pub keys: Vec<(LimitKey, KeyShare)>,
}

impl OrderView {
    pub fn followers(&self, order: OrderNumber) -> Followers {
        let to_keys = |share| self.keys.iter().map(|key| (*key, share)).collect();
        match &self.stage {
            OrderStage::Gathering { .. } => Followers::default(),
            OrderStage::Placed { parts, .. } => {
                let share = KeyShare { step: PLACED, held: count(parts) as u16, bought: 0 };
                Followers { parts: Vec::new(), keys: to_keys(share) }
            }
            OrderStage::Past(past) => {
                Followers { parts: past.told_to_parts(order), keys: to_keys(past.share()) }
            }
        }
    }
}

impl PastOrder {
    /// What each of its slices is told, if each is told one thing and nobody else follows.
    pub fn one_command_each(&self, order: OrderNumber) -> Option<Vec<(u8, Command)>> {
        let is_simple = self.keys.is_empty() && self.refunded.is_empty() && !self.parts.is_empty();
        if !is_simple || self.end == OrderEnd::GivenUp {
            return None;
        }
        let one = |(lead, commands): (u8, Vec<Command>)| Some((lead, commands.into_iter().next()?));
        Some(self.told_to_parts(order).into_iter().filter_map(one).collect())
    }

    fn told_to_parts(&self, order: OrderNumber) -> Vec<(u8, Vec<Command>)> {
        let ended = Command::Follow { order, fate: PartFate::Ended };
        match self.end {
            OrderEnd::Sold => {
                self.parts.iter().map(|part| (part.lead, self.sold(order, part))).collect()
            }
            OrderEnd::Released | OrderEnd::Expired => {
                self.parts.iter().map(|part| (part.lead, vec![ended.clone()])).collect()
            }
            // Nobody knows which of them were asked.
            OrderEnd::GivenUp => SliceName::all(PoolName::default(), self.pattern.digits())
                .into_iter()
                .filter(|slice| slice.may_match(&self.pattern))
                .map(|slice| (slice.lead, vec![ended.clone()]))
                .collect(),
        }
    }

    fn sold(&self, order: OrderNumber, part: &OrderPart) -> Vec<Command> {
        let digits = self.pattern.digits();
        let of_part =
            |number| SliceName::of_number(PoolName::default(), digits, number).lead == part.lead;
        let refunded = self.refunded.iter().filter(|ticket| of_part(ticket.number));
        let tickets: Vec<_> = refunded.copied().collect();
        // It had nothing when it was asked; it may be asked once more, by a request that was late.
        let empty = part.tickets.is_empty() && tickets.is_empty();
        let fate = if empty { PartFate::Ended } else { PartFate::Sold };
        let mut told = vec![Command::Follow { order, fate }];
        if !tickets.is_empty() {
            told.push(Command::FollowRefund { order, tickets });
        }
        told
    }
}
