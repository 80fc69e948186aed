//! What a coupon is worth: a percentage or an amount, from a minimum on, up to a cap. All money is
//! in minor units.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub discount: Discount,
    /// Less than this may not be paid with it.
    pub min_amount: Option<u64>,
    /// The discount is never more than this.
    pub max_discount: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    /// Of the amount, 1 to 100, rounded half up.
    Percent(u8),
    Amount(u64),
}

/// What a use is worth. Unknown as long as the amount is, of which a percentage is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub discount: Option<u64>,
    pub payable: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// There is a minimum, so the amount must be said.
    AmountNeeded,
    BelowMinimum {
        min_amount: u64,
    },
}

impl Offer {
    pub fn cut(&self, amount: Option<u64>) -> Result<Cut, Refusal> {
        match (amount, self.min_amount) {
            (None, Some(_)) => Err(Refusal::AmountNeeded),
            (Some(amount), Some(min_amount)) if amount < min_amount => {
                Err(Refusal::BelowMinimum { min_amount })
            }
            (Some(amount), _) => {
                let discount = self.capped(self.of(amount)).min(amount);
                Ok(Cut { discount: Some(discount), payable: Some(amount - discount) })
            }
            (None, None) => match self.discount {
                Discount::Amount(discount) => {
                    Ok(Cut { discount: Some(self.capped(discount)), payable: None })
                }
                Discount::Percent(_) => Ok(Cut::default()),
            },
        }
    }

    fn of(&self, amount: u64) -> u64 {
        match self.discount {
            Discount::Percent(percent) => ((amount as u128 * percent as u128 + 50) / 100) as u64,
            Discount::Amount(discount) => discount,
        }
    }

    fn capped(&self, discount: u64) -> u64 {
        discount.min(self.max_discount.unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(percent: u8) -> Offer {
        Offer { discount: Discount::Percent(percent), min_amount: None, max_discount: None }
    }

    fn discount(offer: Offer, amount: u64) -> Option<u64> {
        offer.cut(Some(amount)).unwrap().discount
    }

    #[test]
    fn a_percentage_is_rounded_half_up() {
        for (of, amount, expected) in [
            (10, 1004, 100),
            (10, 1005, 101),
            (15, 10, 2),
            (33, 100, 33),
            (1, 49, 0),
            (1, 50, 1),
            (100, 7, 7),
        ] {
            assert_eq!(discount(percent(of), amount), Some(expected), "{of} % of {amount}");
        }
        assert_eq!(discount(percent(100), u64::MAX), Some(u64::MAX));
    }

    #[test]
    fn nobody_is_paid_for_buying() {
        let offer = Offer { discount: Discount::Amount(500), min_amount: None, max_discount: None };
        assert_eq!(offer.cut(Some(300)), Ok(Cut { discount: Some(300), payable: Some(0) }));
        assert_eq!(offer.cut(Some(501)), Ok(Cut { discount: Some(500), payable: Some(1) }));
    }

    #[test]
    fn the_cap_is_the_most_and_the_minimum_the_least() {
        let offer = Offer { max_discount: Some(200), min_amount: Some(1000), ..percent(50) };
        assert_eq!(offer.cut(Some(1000)), Ok(Cut { discount: Some(200), payable: Some(800) }));
        assert_eq!(offer.cut(Some(999)), Err(Refusal::BelowMinimum { min_amount: 1000 }));
        assert_eq!(offer.cut(None), Err(Refusal::AmountNeeded));
    }

    #[test]
    fn without_an_amount_a_fixed_discount_is_known_and_a_percentage_is_not() {
        let fixed =
            Offer { discount: Discount::Amount(500), min_amount: None, max_discount: Some(300) };
        assert_eq!(fixed.cut(None), Ok(Cut { discount: Some(300), payable: None }));
        assert_eq!(percent(5).cut(None), Ok(Cut::default()));
    }
}
