//! What a coupon is worth, as every body and query that creates some says it, and as it is told.

use crate::http::mistakes::Mistakes;
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
        let mut mistakes = Mistakes::default();
        let money = format!("1 to {MOST_MONEY}");
        for (name, said) in [
            ("discount_amount", self.discount_amount),
            ("min_amount", self.min_amount),
            ("max_discount", self.max_discount),
        ] {
            let is_right = said.is_none_or(|said| (1..=MOST_MONEY).contains(&said));
            mistakes.expect(is_right, &field(name), money.as_str());
        }
        let is_right = self.discount_percent.is_none_or(|percent| (1..=100).contains(&percent));
        mistakes.expect(is_right, &field("discount_percent"), "1 to 100");
        let discount = match (self.discount_percent, self.discount_amount) {
            (Some(percent), None) => Ok(Discount::Percent(percent)),
            (None, Some(amount)) => Ok(Discount::Amount(amount)),
            (None, None) => {
                Err(Problem::invalid(&field("discount_percent"), "say this or `discount_amount`"))
            }
            (Some(_), Some(_)) => Err(Problem::invalid(
                &field("discount_amount"),
                "say this or `discount_percent`, not both",
            )),
        };
        let discount = mistakes.check(discount);
        let Some(discount) = discount else { return Err(mistakes.into()) };
        mistakes.end()?;
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
        let all = Worth { min_amount: Some(0), ..cap };
        let errors = all.checked('?').unwrap_err().errors;
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["?min_amount", "?max_discount"]);
    }
}
