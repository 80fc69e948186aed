//! The tickets of a lottery that were sold, and whose they are: slice by slice, copy by copy.

use crate::failure::Error;
use crate::tickets::Tickets;
use crate::tickets::opened::open_with;
use actors::Id;
use actors::cards::CardOwner;
use actors::domain::Between;
use actors::domain::lottery::ArrangedPlan;
use actors::domain::pool::PoolName;
use actors::domain::shelves;
use actors::domain::tickets::past::{
    buyer_on_card, hold_key, owner_on_card, part_key, part_owner_on_card, sold_at, sold_places,
};
use actors::domain::tickets::{
    Answer, Bought, Buyer, Question, Slice, SliceName, TicketId, key_of_ticket, ticket_of_row,
};
use actors::machine::partition_id;
use actors::store::{RowKey, StoreError};
use serde::{Deserialize, Serialize};

/// Copies of slices that one page looks through. What was not found by then is on a later page.
const STRETCHES: usize = 64;

pub struct SoldTicket {
    pub id: TicketId,
    pub owner: Id,
    pub bought: Bought,
}

/// Where a walk goes on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct SoldPlace {
    lead: u8,
    /// From 1 on.
    copy: u16,
    /// How many numbers of the slice are behind.
    number: u32,
}

impl SoldPlace {
    fn next_slice(self) -> SoldPlace {
        SoldPlace { lead: self.lead.saturating_add(1), copy: 1, number: 0 }
    }
}

impl Tickets {
    /// From that place on, at most `limit`; and where to go on, if that was not all.
    pub async fn sold(
        &self,
        pool: PoolName,
        plan: &ArrangedPlan,
        wanted: &Between,
        from: SoldPlace,
        limit: usize,
    ) -> Result<(Vec<SoldTicket>, Option<SoldPlace>), Error> {
        let mut found = Vec::new();
        let Some(tickets) = plan.tickets else { return Ok((found, None)) };
        let slices = plan.slices(pool);
        let mut at = SoldPlace { copy: from.copy.max(1), ..from };
        for _ in 0..STRETCHES {
            let Some(slice) = slices.get(usize::from(at.lead)) else { return Ok((found, None)) };
            if found.len() == limit {
                break;
            }
            // The partition is asked before its cards are read: see `card_pages`.
            if at.copy > tickets.copies || self.sold_in(slice, plan).await? == 0 {
                at = at.next_slice();
                continue;
            }
            let left = limit - found.len();
            let places = sold_places(slice, at.copy, at.number);
            let first = sold_places(slice, at.copy, 0).start;
            let cards = self.engine.cards::<Slice>(slice, shelves::SOLD, places, left).await?;
            at = match cards.last() {
                Some((place, _)) if cards.len() == left => {
                    SoldPlace { number: (place - first) as u32 + 1, ..at }
                }
                _ => SoldPlace { copy: at.copy + 1, number: 0, ..at },
            };
            let sold = self.with_buyers(slice, &cards).await?;
            found.extend(sold.into_iter().filter(|sold| wanted.has(sold.bought.at)));
        }
        Ok((found, Some(at)))
    }

    async fn sold_in(&self, slice: &SliceName, plan: &ArrangedPlan) -> Result<u64, Error> {
        let (names, open) = ([*slice], open_with(plan));
        let answer = self.slices(&names, &open).look(&Question::Ledger).await?.pop();
        Ok(match answer {
            Some(Answer::Ledger(ledger)) => ledger.sold,
            _ => 0,
        })
    }

    /// Those whose cards these are. One that is given back meanwhile is left out.
    async fn with_buyers(
        &self,
        slice: &SliceName,
        cards: &[(u64, Vec<u8>)],
    ) -> Result<Vec<SoldTicket>, StoreError> {
        let lies_at = CardOwner::of(&partition_id::<Slice>(slice));
        let of_buyer =
            |(place, body): &(u64, Vec<u8>)| Some((sold_at(*place), buyer_on_card(body)?));
        let sold: Vec<_> = cards.iter().filter_map(of_buyer).collect();
        let card_of = |buyer: &Buyer| match buyer {
            Buyer::Hold(hold) => hold_key(*hold),
            Buyer::Order(order) => part_key(order),
        };
        let buyers = sold.iter().map(|(_, buyer)| lies_at.row_key(&card_of(buyer))).collect();
        let buyers = self.engine.find(buyers).await?;
        let of_owner = |((ticket, buyer), card): ((_, Buyer), Option<Vec<u8>>)| {
            let owner = match buyer {
                Buyer::Hold(_) => owner_on_card(card.as_deref()?)?,
                Buyer::Order(_) => part_owner_on_card(card.as_deref()?)?,
            };
            Some((ticket, owner))
        };
        let sold: Vec<_> = sold.into_iter().zip(buyers).filter_map(of_owner).collect();
        let line = |owner, ticket| RowKey {
            owner,
            shelf: shelves::TICKETS,
            key: key_of_ticket(slice.pool, ticket),
        };
        let lines = sold.iter().map(|(ticket, owner)| line(*owner, ticket)).collect();
        let lines = self.engine.find(lines).await?;
        let whole = |((ticket, owner), line): (_, Option<Vec<u8>>)| {
            let (id, bought) = ticket_of_row(&key_of_ticket(slice.pool, &ticket), &line?)?;
            Some(SoldTicket { id, owner, bought })
        };
        Ok(sold.into_iter().zip(lines).filter_map(whole).collect())
    }
}
