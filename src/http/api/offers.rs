//! What a coupon is worth, as every body and query that creates some says it, and as it is told.

use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words;
use actors::domain::coupons::{CancelBy, Discount, Offer, OfferChanges, Percent};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

pub use actors::domain::coupons::MOST_MONEY;

/// An offer before it is checked.
#[derive(Clone, Debug, Default)]
pub struct Worth {
    pub discount_percent: Option<PercentNumber>,
    pub discount_amount: Option<u64>,
    pub no_discount: bool,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
    pub cancel_by: Option<String>,
}

/// A percentage as it is said and told: a whole one has no decimals.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct PercentNumber(f64);

impl PercentNumber {
    fn checked(self) -> Option<Percent> {
        let hundredths = (self.0 * 100.0).round();
        // As near to each other as two numbers can be: no third decimal was said.
        let is_exact = hundredths / 100.0 == self.0;
        is_exact.then(|| Percent::of_hundredths(hundredths as u16)).flatten()
    }
}

impl From<Percent> for PercentNumber {
    fn from(percent: Percent) -> PercentNumber {
        PercentNumber(f64::from(percent.hundredths()) / 100.0)
    }
}

impl Serialize for PercentNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.fract() {
            0.0 => serializer.serialize_u64(self.0 as u64),
            _ => serializer.serialize_f64(self.0),
        }
    }
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
        let cancel_by = mistakes.check(self.cancel_by(&field("cancel_by")));
        let discount = mistakes.check(self.discount(field));
        let (Some(discount), Some(cancel_by)) = (discount, cancel_by) else {
            return Err(mistakes.into());
        };
        mistakes.end()?;
        let Worth { min_amount, max_discount, .. } = *self;
        Ok(Offer { discount, min_amount, max_discount, cancel_by })
    }

    fn discount(&self, field: impl Fn(&str) -> String) -> Result<Discount, Problem> {
        let wrong = |name, why| Err(Problem::invalid(&field(name), why));
        match (self.discount_percent, self.discount_amount, self.no_discount) {
            (Some(percent), None, false) => match percent.checked() {
                Some(percent) => Ok(Discount::Percent(percent)),
                None => wrong("discount_percent", "0.01 to 100, with two decimals at most"),
            },
            (None, Some(amount), false) => Ok(Discount::Amount(amount)),
            (None, None, true) if self.max_discount.is_some() => {
                wrong("max_discount", "only with a discount")
            }
            (None, None, true) => Ok(Discount::Nothing),
            (None, None, false) => {
                wrong("discount_percent", "say this, `discount_amount` or `no_discount`")
            }
            (Some(_), Some(_), _) => {
                wrong("discount_amount", "say this or `discount_percent`, not both")
            }
            (Some(_), None, true) | (None, Some(_), true) => {
                wrong("no_discount", "say this or a discount, not both")
            }
        }
    }

    fn cancel_by(&self, pointer: &str) -> Result<CancelBy, Problem> {
        match self.cancel_by.as_deref() {
            None | Some("member") => Ok(CancelBy::Member),
            Some("service") => Ok(CancelBy::Service),
            Some("admin") => Ok(CancelBy::Admin),
            Some(_) => Err(Problem::invalid(pointer, "`member`, `service` or `admin`")),
        }
    }
}

pub fn name_of(cancel_by: CancelBy) -> &'static str {
    match cancel_by {
        CancelBy::Member => "member",
        CancelBy::Service => "service",
        CancelBy::Admin => "admin",
    }
}

/// What of a worth is to become otherwise, as callers say it.
pub struct WorthChanges {
    pub discount_percent: Option<PercentNumber>,
    pub discount_amount: Option<u64>,
    pub no_discount: bool,
    /// None within takes it away, here and below.
    pub min_amount: Option<Option<u64>>,
    pub max_discount: Option<Option<u64>>,
    pub cancel_by: Option<String>,
}

impl WorthChanges {
    /// `at`: what stands before the name of a field.
    pub fn checked(self, at: char) -> Result<OfferChanges, Problem> {
        let WorthChanges { discount_percent, discount_amount, no_discount, .. } = self;
        let is_said = no_discount || discount_percent.is_some() || discount_amount.is_some();
        let says_who = self.cancel_by.is_some();
        let worth = Worth {
            discount_percent,
            // Any good one, in place of the one that stays.
            discount_amount: discount_amount.or((!is_said).then_some(1)),
            no_discount,
            min_amount: self.min_amount.flatten(),
            max_discount: self.max_discount.flatten(),
            cancel_by: self.cancel_by,
        };
        let Offer { discount, cancel_by, .. } = worth.checked(at)?;
        Ok(OfferChanges {
            discount: is_said.then_some(discount),
            min_amount: self.min_amount,
            max_discount: self.max_discount,
            cancel_by: says_who.then_some(cancel_by),
        })
    }
}

impl From<&Offer> for Worth {
    fn from(offer: &Offer) -> Worth {
        let (discount_percent, discount_amount) = match offer.discount {
            Discount::Percent(percent) => (Some(percent.into()), None),
            Discount::Amount(amount) => (None, Some(amount)),
            Discount::Nothing => (None, None),
        };
        Worth {
            discount_percent,
            discount_amount,
            no_discount: offer.discount == Discount::Nothing,
            min_amount: offer.min_amount,
            max_discount: offer.max_discount,
            cancel_by: Some(name_of(offer.cancel_by).to_owned()),
        }
    }
}

/// An offer as it is told.
#[derive(Serialize, ToSchema)]
#[schema(as = Offer)]
pub struct OfferBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<f64>)]
    pub discount_percent: Option<PercentNumber>,
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
    /// Who may take back a use.
    #[schema(value_type = words::Cancellers)]
    pub cancel_by: &'static str,
}

impl From<Offer> for OfferBody {
    fn from(offer: Offer) -> OfferBody {
        let Worth { discount_percent, discount_amount, min_amount, max_discount, .. } =
            Worth::from(&offer);
        let cancel_by = name_of(offer.cancel_by);
        OfferBody { discount_percent, discount_amount, min_amount, max_discount, cancel_by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_a_percentage_or_an_amount() {
        let both = Worth { discount_amount: Some(5), ..percent(5.0) };
        let neither = Worth { no_discount: true, ..percent(5.0) };
        let capped = Worth { no_discount: true, max_discount: Some(5), ..Worth::default() };
        for (worth, pointer) in [
            (Worth::default(), "/discount_percent"),
            (both, "/discount_amount"),
            (neither, "/no_discount"),
            (capped, "/max_discount"),
        ] {
            assert_eq!(worth.checked('/').unwrap_err().errors[0].pointer, pointer);
        }
        let amount =
            Worth { discount_amount: Some(500), min_amount: Some(1000), ..Worth::default() };
        assert_eq!(amount.checked('/').unwrap().discount, Discount::Amount(500));
        let nothing = Worth { no_discount: true, ..Worth::default() };
        assert_eq!(nothing.checked('/').unwrap().discount, Discount::Nothing);
    }

    fn percent(percent: f64) -> Worth {
        Worth { discount_percent: Some(PercentNumber(percent)), ..Worth::default() }
    }

    #[test]
    fn a_percentage_has_two_decimals_at_most_and_is_told_as_it_was_said() {
        for hundredths in 1..=10_000 {
            let said = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let worth = percent(said.parse().unwrap());
            let Discount::Percent(read) = worth.checked('/').unwrap().discount else { panic!() };
            assert_eq!(read.hundredths(), hundredths, "{said}");
            let told = serde_json::to_string(&PercentNumber::from(read)).unwrap();
            let bare = said.trim_end_matches('0').trim_end_matches('.');
            assert_eq!(told, bare);
        }
        for wrong in [0.0, -1.0, 100.01, 12.345, 0.001, 1e300, f64::NAN, f64::INFINITY] {
            let errors = percent(wrong).checked('/').unwrap_err().errors;
            assert_eq!(errors[0].pointer, "/discount_percent", "{wrong}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_pointed_at() {
        let nobody = Worth { cancel_by: Some("nobody".into()), ..percent(1.0) };
        assert_eq!(nobody.checked('/').unwrap_err().errors[0].pointer, "/cancel_by");
        let cap = Worth { max_discount: Some(0), ..percent(10.0) };
        assert_eq!(cap.checked('?').unwrap_err().errors[0].pointer, "?max_discount");
        let all = Worth { min_amount: Some(0), ..cap };
        let errors = all.checked('?').unwrap_err().errors;
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["?min_amount", "?max_discount"]);
    }
}
