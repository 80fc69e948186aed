//! Names of tills and orders, and which till keeps whose allowance.

use crate::domain::NoSuchName;
use crate::domain::pool::PoolName;
use crate::domain::tickets::OrderNumber;
use crate::domain::tickets::names::{fields, small};
use crate::id::Id;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How many tills a pool may have.
pub const MOST_TILLS: u8 = 8;

/// A share of one pool's members and limit keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TillName {
    pub pool: PoolName,
    pub number: u8,
}

impl TillName {
    pub fn all(pool: PoolName, tills: u8) -> Vec<TillName> {
        (0..tills).map(|number| TillName { pool, number }).collect()
    }

    /// The till of a member, or of a limit key, of a pool with so many.
    pub fn of(pool: PoolName, tills: u8, who: Id) -> TillName {
        let hash = Id::digest(&[b"till", &who.0]).0[0];
        TillName { pool, number: hash % tills.max(1) }
    }
}

/// `2026-12-31/3`
impl fmt::Display for TillName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pool, self.number)
    }
}

impl FromStr for TillName {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<TillName, NoSuchName> {
        let (pool, number) = text.split_once('/').ok_or(NoSuchName)?;
        let name = TillName {
            pool: pool.parse().map_err(|_| NoSuchName)?,
            number: number.parse().map_err(|_| NoSuchName)?,
        };
        (name.number < MOST_TILLS && name.to_string() == text).then_some(name).ok_or(NoSuchName)
    }
}

/// What a service counts by beside the member, such as a card or a household: the hash of its text.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct LimitKey(pub Id);

impl LimitKey {
    /// The key of a service, which nobody else's is.
    pub fn of(service: Id, text: &str) -> LimitKey {
        LimitKey(Id::digest(&[b"limit key", &service.0, text.as_bytes()]))
    }
}

/// `o_20261231_3_17`: the 17th order of that till.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderId {
    pub till: TillName,
    pub number: u32,
}

impl OrderId {
    pub fn of(pool: PoolName, order: OrderNumber) -> OrderId {
        let OrderNumber { till, number } = order;
        OrderId { till: TillName { pool, number: till }, number }
    }

    /// As the parts of the order know it.
    pub fn in_pool(&self) -> OrderNumber {
        OrderNumber { till: self.till.number, number: self.number }
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_pool().id_in(self.till.pool))
    }
}

impl FromStr for OrderId {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<OrderId, NoSuchName> {
        let (pool, [till, number]) = fields(text, "o_")?;
        let till = TillName { pool, number: small(till)? };
        let id = OrderId { till, number };
        (till.number < MOST_TILLS && id.to_string() == text).then_some(id).ok_or(NoSuchName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tills_and_orders_are_read_in_the_one_way_in_which_they_are_printed() {
        for text in ["2026-12-31/0", "summer-gala/7"] {
            assert_eq!(text.parse::<TillName>().map(|name| name.to_string()).as_deref(), Ok(text));
        }
        for text in ["2026-12-31/8", "2026-12-31/07", "2026-12-31", "2026-12-31/"] {
            assert_eq!(text.parse::<TillName>(), Err(NoSuchName), "{text}");
        }
        for text in ["o_20261231_3_17", "o_summer-gala_0_4294967295"] {
            assert_eq!(text.parse::<OrderId>().map(|id| id.to_string()).as_deref(), Ok(text));
        }
        for text in ["o_20261231_8_17", "o_20261231_3_017", "o_20261231_3", "h_20261231_3_17"] {
            assert_eq!(text.parse::<OrderId>(), Err(NoSuchName), "{text}");
        }
    }

    #[test]
    fn members_are_spread_over_all_tills_and_each_has_one() {
        let pool = PoolName::default();
        let mut counts = [0; MOST_TILLS as usize];
        for n in 0..8_000u32 {
            let who = Id::digest(&[&n.to_be_bytes()]);
            let name = TillName::of(pool, MOST_TILLS, who);
            assert_eq!(TillName::of(pool, MOST_TILLS, who), name);
            assert_eq!(TillName::of(pool, 1, who).number, 0);
            counts[name.number as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_same_text_of_two_services_is_two_limit_keys() {
        assert_ne!(LimitKey::of(Id([1; 16]), "card"), LimitKey::of(Id([2; 16]), "card"));
        assert_ne!(LimitKey::of(Id([1; 16]), "card"), LimitKey::of(Id([1; 16]), "care"));
    }
}
