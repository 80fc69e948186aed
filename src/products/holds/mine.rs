//! What a member holds, of both kinds, as one list. A list names the holds; how they are, their
//! slices and tills tell.

use super::{HeldId, Holds, seen};
use crate::failure::Error;
use actors::Id;
use actors::domain::shelves;
use actors::domain::tickets::{HoldId, HoldView, hold_of_row, key_of_hold};
use actors::domain::till::{OrderId, TillName, key_in_my_holds, order_of_listed};
use actors::store::Page;
use std::collections::BTreeMap;

/// A live hold of one's own, and where it stands in the list.
#[derive(Clone, Debug)]
pub struct HeldByMe {
    pub key: Vec<u8>,
    pub id: HeldId,
    pub view: HoldView,
}

impl Holds {
    /// Those after `after`, by pool; orders come first.
    pub async fn of_member(
        &self,
        owner: Id,
        mut after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<HeldByMe>, Error> {
        let mut found = Vec::new();
        loop {
            let page = Page { shelf: shelves::MY_HOLDS, owner, after, limit };
            let keys: Vec<Vec<u8>> =
                self.engine.rows(page).await?.into_iter().map(|row| row.key).collect();
            let mut live = self.live_among(&keys, owner).await?;
            found.extend(keys.iter().filter_map(|key| live.remove(key)));
            match keys.last() {
                // Some may have ended since they were listed.
                Some(last) if keys.len() == limit && found.len() < limit => {
                    after = Some(last.clone());
                }
                _ => {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
        }
    }

    async fn live_among(
        &self,
        keys: &[Vec<u8>],
        owner: Id,
    ) -> Result<BTreeMap<Vec<u8>, HeldByMe>, Error> {
        let orders: Vec<OrderId> = keys.iter().filter_map(|key| order_of_listed(key)).collect();
        let is_of_a_slice = |key: &&Vec<u8>| order_of_listed(key).is_none();
        let holds: Vec<HoldId> =
            keys.iter().filter(is_of_a_slice).filter_map(|key| hold_of_row(key)).collect();
        let mut live = BTreeMap::new();
        let mut keep =
            |key: Vec<u8>, id, view| live.insert(key.clone(), HeldByMe { key, id, view });
        for (hold, view) in self.tickets.live_among(&holds, owner).await? {
            keep(key_of_hold(&hold), HeldId::Slice(hold), view);
        }
        let mut tills: Vec<TillName> = orders.iter().map(|order| order.till).collect();
        tills.dedup();
        for till in tills {
            for (order, view) in self.orders.orders_at(&till, owner).await? {
                if let Some(view) = seen(view) {
                    keep(key_in_my_holds(&order), HeldId::Order(order), view);
                }
            }
        }
        Ok(live)
    }
}
