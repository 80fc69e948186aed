//! Walks over many cards of one partition. They read the store and not the partition, which would
//! have to look up each card.
//!
//! What was answered is in the store, so a walk misses nothing of it. How far to go must be asked
//! of the partition first: it writes again what its last owner may have left unwritten.

use crate::table::Engine;
use actors::Machine;
use actors::cards::CardOwner;
use actors::machine::partition_id;
use actors::store::{Page, Shelf, StoreError};
use std::ops::Range;

impl Engine {
    /// The cards of these numbers, in their order, at most `limit`.
    pub async fn cards<M: Machine>(
        &self,
        name: &M::Name,
        shelf: Shelf,
        numbers: Range<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let lies_at = CardOwner::of(&partition_id::<M>(name));
        let mut found = Vec::new();
        let mut from = numbers.start;
        while from < numbers.end && found.len() < limit {
            let (share, _) = CardOwner::of_number(from);
            let before = from.checked_sub(1).map(CardOwner::of_number);
            let page = Page {
                shelf,
                owner: lies_at.share(share),
                after: before.and_then(|(other, key)| (other == share).then_some(key)),
                limit: (limit - found.len()).min((numbers.end - from) as usize),
            };
            let (wanted, rows) = (page.limit, self.rows(page).await?);
            let ended = rows.len() < wanted;
            let mut last = from;
            for row in rows {
                let Some(number) = CardOwner::number_of(share, &row.key) else { continue };
                last = number;
                if number < numbers.end {
                    found.push((number, row.body));
                }
            }
            let next_share = CardOwner::number_of(share + 1, &[0, 0]).unwrap_or(u64::MAX);
            from = if ended { next_share } else { last + 1 };
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::Time;
    use actors::cards::{Card, CardKey};
    use actors::domain::Only;
    use actors::domain::notices::Notices;
    use actors::engine::{KeyWindow, Limits, Node, record};
    use actors::store::{Append, Position, Store};
    use std::sync::Arc;
    use testing::memory::MemoryStore;

    const SHELF: Shelf = Shelf(200);

    /// On a store that has cards of these numbers, each with its number on it.
    fn engine(numbers: impl Iterator<Item = u64>) -> Arc<Engine> {
        let store = MemoryStore::default();
        let id = partition_id::<Notices>(&Only);
        let lies_at = CardOwner::of(&id);
        let card = |number| Card::put(CardKey::number(SHELF, number), &number);
        store.append(
            Append {
                partition: id.into(),
                frame: record::frame(Position::default(), 1, Vec::new()),
                rows: numbers.map(|number| lies_at.row(card(number))).collect(),
            },
            Box::new(|_| ()),
        );
        Engine::new(Node::new(
            Arc::new(store),
            Arc::new(|| Time(0)),
            KeyWindow::new(1, 1),
            Limits::default(),
        ))
    }

    async fn page(engine: &Engine, numbers: Range<u64>, limit: usize) -> Vec<u64> {
        let found = engine.cards::<Notices>(&Only, SHELF, numbers, limit).await.unwrap();
        for (number, body) in &found {
            assert_eq!(postcard::from_bytes(body), Ok(*number));
        }
        found.into_iter().map(|(number, _)| number).collect()
    }

    #[actix_rt::test]
    async fn a_walk_goes_over_shares_in_order_and_to_its_end() {
        let engine = engine(0..70_000);
        for (numbers, limit) in [
            (0..70_000, 10),
            (0..70_000, usize::MAX),
            (65_530..65_541, usize::MAX),
            (65_535..70_000, 1),
            (65_536..70_000, 2),
            (65_530..70_000, 6),
            (65_530..70_000, 7),
            (69_990..69_995, 9),
            (0..0, 9),
            (0..9, 0),
        ] {
            let found = page(&engine, numbers.clone(), limit).await;
            assert_eq!(found, numbers.clone().take(limit).collect::<Vec<_>>(), "{numbers:?}");
        }
    }

    #[actix_rt::test]
    async fn gaps_are_left_out() {
        let engine = engine([0, 7, 65_535, 200_000].into_iter());
        assert_eq!(page(&engine, 0..300_000, 9).await, [0, 7, 65_535, 200_000]);
        assert_eq!(page(&engine, 1..300_000, 2).await, [7, 65_535]);
        assert_eq!(page(&engine, 0..200_000, 9).await, [0, 7, 65_535]);
    }
}
