//! What a coupon is worth, as callers say it and as they are told: the same names in JSON bodies and in query strings.

use crate::http::problem::Problem;
use actors::Time;
use actors::domain::coupons::{Discount, Offer};
use serde::Serialize;
use utoipa::ToSchema;

/// The fields of an offer, wherever they stood.
#[derive(Clone, Copy, Default)]
pub struct Said {
    pub discount_percent: Option<u64>,
    pub discount_amount: Option<u64>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
}

/// How a problem points at a field: `/name` in a body, `?name` in a query string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Body,
    Query,
}

impl Place {
    pub fn pointer(self, name: &str) -> String {
        match self {
            Place::Body => format!("/{name}"),
            Place::Query => format!("?{name}"),
        }
    }

    pub fn invalid(self, name: &str, why: impl Into<String>) -> Problem {
        Problem::invalid(&self.pointer(name), why)
    }
}

/// The offer that was said: a percentage or an amount, not both.
pub fn offer(said: Said, place: Place) -> Result<Offer, Problem> {
    let discount = match (said.discount_percent, said.discount_amount) {
        (Some(percent @ 1..=100), None) => Discount::Percent(percent as u8),
        (Some(_), None) => return Err(place.invalid("discount_percent", "1 to 100")),
        (None, Some(0)) => return Err(place.invalid("discount_amount", "1 or more, in minor units")),
        (None, Some(amount)) => Discount::Amount(amount),
        (None, None) => return Err(place.invalid("discount_percent", "say this or `discount_amount`")),
        (Some(_), Some(_)) => return Err(place.invalid("discount_amount", "say this or `discount_percent`, not both")),
    };
    if said.max_discount == Some(0) {
        return Err(place.invalid("max_discount", "1 or more, in minor units"));
    }
    Ok(Offer { discount, min_amount: said.min_amount.filter(|least| *least > 0), max_discount: said.max_discount })
}

/// An instant that has not come yet, in RFC 3339 with its zone.
pub fn future(text: &str, now: Time, name: &str, place: Place) -> Result<Time, Problem> {
    let read = text.parse::<jiff::Timestamp>();
    let instant = read.map_err(|_| place.invalid(name, "an instant with its zone, like 2027-01-31T23:59:59+01:00"))?;
    let instant = Time(instant.as_millisecond());
    if instant <= now { Err(place.invalid(name, "it lies in the past")) } else { Ok(instant) }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_percent: Option<u8>,
    /// In minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_amount: Option<u64>,
    /// Less than this may not be paid with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_amount: Option<u64>,
    /// The discount is never more than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_discount: Option<u64>,
}

impl From<Offer> for OfferBody {
    fn from(Offer { discount, min_amount, max_discount }: Offer) -> OfferBody {
        let (discount_percent, discount_amount) = match discount {
            Discount::Percent(percent) => (Some(percent), None),
            Discount::Amount(amount) => (None, Some(amount)),
        };
        OfferBody { discount_percent, discount_amount, min_amount, max_discount }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_a_percentage_or_an_amount() {
        let percent = Said { discount_percent: Some(10), max_discount: Some(500), min_amount: Some(0), ..Said::default() };
        let expected = Offer { discount: Discount::Percent(10), min_amount: None, max_discount: Some(500) };
        assert_eq!(offer(percent, Place::Body).unwrap(), expected);
        let amount = Said { discount_amount: Some(1), min_amount: Some(2), ..Said::default() };
        let expected = Offer { discount: Discount::Amount(1), min_amount: Some(2), max_discount: None };
        assert_eq!(offer(amount, Place::Query).unwrap(), expected);
    }

    #[test]
    fn what_is_no_offer_is_pointed_at() {
        for (percent, amount, most, pointer) in [
            (None, None, None, "?discount_percent"),
            (Some(0), None, None, "?discount_percent"),
            (Some(101), None, None, "?discount_percent"),
            (None, Some(0), None, "?discount_amount"),
            (Some(1), Some(1), None, "?discount_amount"),
            (Some(1), None, Some(0), "?max_discount"),
        ] {
            let said = Said { discount_percent: percent, discount_amount: amount, min_amount: None, max_discount: most };
            assert_eq!(offer(said, Place::Query).unwrap_err().errors[0].pointer, pointer);
        }
    }

    #[test]
    fn an_instant_has_a_zone_and_lies_ahead() {
        let now = Time(1_796_126_400_000);
        assert_eq!(future("2026-12-01T13:00:01+01:00", now, "expires_at", Place::Body).unwrap(), now.plus_s(1));
        for text in ["2026-12-01T12:00:00Z", "2027-01-01", "2027-01-01T00:00:00", "soon", "", "2027-02-30T00:00:00Z"] {
            let problem = future(text, now, "expires_at", Place::Body).unwrap_err();
            assert_eq!((problem.kind.status, problem.errors[0].pointer.as_str()), (422, "/expires_at"), "{text}");
        }
    }
}
