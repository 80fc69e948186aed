//! What a coupon is worth, as every body and query that creates some says it, and as it is told.

use crate::http::problem::Problem;
use actors::domain::coupons::{Discount, Offer};
use serde::Serialize;
use utoipa::ToSchema;

/// Money is counted in minor units, and nothing costs more than this.
pub const MOST_MONEY: u64 = 1_000_000_000_000_000;

/// An offer before it is checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worth {
    pub discount_percent: Option<u8>,
    pub discount_amount: Option<u64>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
}

impl Worth {
    /// `at` begins the pointer to a field: `/` for a body, `?` for a query.
    pub fn checked(&self, at: char) -> Result<Offer, Problem> {
        let field = |name: &str| format!("{at}{name}");
        let discount = match (self.discount_percent, self.discount_amount) {
            (Some(percent @ 1..=100), None) => Discount::Percent(percent),
            (Some(_), None) => {
                return Err(Problem::invalid(&field("discount_percent"), "1 to 100"));
            }
            (None, Some(amount @ 1..=MOST_MONEY)) => Discount::Amount(amount),
            (None, Some(_)) => {
                return Err(Problem::invalid(
                    &field("discount_amount"),
                    format!("1 to {MOST_MONEY}"),
                ));
            }
            (None, None) => {
                return Err(Problem::invalid(
                    &field("discount_percent"),
                    "say this or `discount_amount`",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::invalid(
                    &field("discount_amount"),
                    "say this or `discount_percent`, not both",
                ));
            }
        };
        for (name, money) in [("min_amount", self.min_amount), ("max_discount", self.max_discount)]
        {
            if money.is_some_and(|money| !(1..=MOST_MONEY).contains(&money)) {
                return Err(Problem::invalid(&field(name), format!("1 to {MOST_MONEY}")));
            }
        }
        Ok(Offer { discount, min_amount: self.min_amount, max_discount: self.max_discount })
    }
}

impl From<&Offer> for Worth {
    fn from(offer: &Offer) -> Worth {
        let (discount_percent, discount_amount) = match offer.discount {
            Discount::Percent(percent) => (Some(percent), None),
            Discount::Amount(amount) => (None, Some(amount)),
        };
        Worth {
            discount_percent,
            discount_amount,
            min_amount: offer.min_amount,
            max_discount: offer.max_discount,
        }
    }
}

/// An offer as it is told.
#[derive(Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub discount_percent: Option<u8>,
    /// In minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub discount_amount: Option<u64>,
    /// Less than this may not be paid with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min_amount: Option<u64>,
    /// The discount is never more than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_discount: Option<u64>,
}

impl From<Offer> for OfferBody {
    fn from(offer: Offer) -> OfferBody {
        let Worth { discount_percent, discount_amount, min_amount, max_discount } =
            Worth::from(&offer);
        OfferBody { discount_percent, discount_amount, min_amount, max_discount }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_a_percentage_or_an_amount() {
        let both =
            Worth { discount_percent: Some(5), discount_amount: Some(5), ..Worth::default() };
        for (worth, pointer) in
            [(Worth::default(), "/discount_percent"), (both, "/discount_amount")]
        {
            assert_eq!(worth.checked('/').unwrap_err().errors[0].pointer, pointer);
        }
        let amount =
            Worth { discount_amount: Some(500), min_amount: Some(1000), ..Worth::default() };
        assert_eq!(amount.checked('/').unwrap().discount, Discount::Amount(500));
    }

    #[test]
    fn what_is_out_of_range_is_pointed_at() {
        let percent = Worth { discount_percent: Some(101), ..Worth::default() };
        assert_eq!(percent.checked('/').unwrap_err().errors[0].pointer, "/discount_percent");
        let cap = Worth { discount_percent: Some(10), max_discount: Some(0), ..Worth::default() };
        assert_eq!(cap.checked('?').unwrap_err().errors[0].pointer, "?max_discount");
    }
}
