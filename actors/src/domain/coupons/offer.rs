//! What a coupon is worth: a percentage or an amount, from a minimum on, up to a cap; or nothing
//! that is counted. And who may take back a use of it. All money is in minor units.

use serde::{Deserialize, Serialize};

/// Nothing costs more than this.
pub const MOST_MONEY: u64 = 1_000_000_000_000_000;

/// Written as it always was, as long as it says no more than it could say then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenOffer", into = "WrittenOffer")]
pub struct Offer {
    pub discount: Discount,
    /// Less than this may not be paid with it.
    pub min_amount: Option<u64>,
    /// The discount is never more than this.
    pub max_discount: Option<u64>,
    pub cancel_by: CancelBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    /// Of the amount, rounded half up.
    Percent(Percent),
    Amount(u64),
    /// It is good for something else, such as a coffee.
    Nothing,
}

/// Who may take back a use that was not only held: whoever is named, and those after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CancelBy {
    #[default]
    Member,
    /// For its own members.
    Service,
    Admin,
}

/// What of an offer is to become otherwise; what is not said stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferChanges {
    pub discount: Option<Discount>,
    /// None within takes it away, here and below.
    pub min_amount: Option<Option<u64>>,
    pub max_discount: Option<Option<u64>>,
    pub cancel_by: Option<CancelBy>,
}

impl OfferChanges {
    pub fn made_to(&self, offer: Offer) -> Offer {
        Offer {
            discount: self.discount.unwrap_or(offer.discount),
            min_amount: self.min_amount.unwrap_or(offer.min_amount),
            max_discount: self.max_discount.unwrap_or(offer.max_discount),
            cancel_by: self.cancel_by.unwrap_or(offer.cancel_by),
        }
    }
}

/// Hundredths of a percent, 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Percent(u16);

impl Percent {
    /// None for nothing, and for more than the whole.
    pub fn of_hundredths(hundredths: u16) -> Option<Percent> {
        (1..=Percent::MOST).contains(&hundredths).then_some(Percent(hundredths))
    }

    pub fn hundredths(self) -> u16 {
        self.0
    }

    const MOST: u16 = 10_000;

    /// Without its decimals, if it has none.
    fn whole(self) -> Option<u8> {
        self.0.is_multiple_of(100).then_some((self.0 / 100) as u8)
    }

    fn of(self, amount: u64) -> u64 {
        let (whole, part) = (u128::from(Percent::MOST), u128::from(self.0));
        ((u128::from(amount) * part + whole / 2) / whole) as u64
    }
}

impl Discount {
    /// A whole number of percents.
    pub const fn percent(whole: u8) -> Discount {
        Discount::Percent(Percent(whole as u16 * 100))
    }
}

/// An offer in the bytes of records and messages. What the first two are in bytes, offers were
/// before there was a third: the discount, the minimum, the cap.
#[derive(Serialize, Deserialize)]
enum WrittenOffer {
    Percent(u8, Option<u64>, Option<u64>),
    Amount(u64, Option<u64>, Option<u64>),
    Full(Discount, Option<u64>, Option<u64>, CancelBy),
}

impl From<Offer> for WrittenOffer {
    fn from(Offer { discount, min_amount, max_discount, cancel_by }: Offer) -> WrittenOffer {
        let full = WrittenOffer::Full(discount, min_amount, max_discount, cancel_by);
        match discount {
            _ if cancel_by != CancelBy::Member => full,
            Discount::Percent(percent) => percent
                .whole()
                .map_or(full, |whole| WrittenOffer::Percent(whole, min_amount, max_discount)),
            Discount::Amount(amount) => WrittenOffer::Amount(amount, min_amount, max_discount),
            Discount::Nothing => full,
        }
    }
}

impl From<WrittenOffer> for Offer {
    fn from(written: WrittenOffer) -> Offer {
        let (discount, min_amount, max_discount, cancel_by) = match written {
            WrittenOffer::Percent(whole, min_amount, max_discount) => {
                (Discount::percent(whole), min_amount, max_discount, CancelBy::Member)
            }
            WrittenOffer::Amount(amount, min_amount, max_discount) => {
                (Discount::Amount(amount), min_amount, max_discount, CancelBy::Member)
            }
            WrittenOffer::Full(discount, min_amount, max_discount, cancel_by) => {
                (discount, min_amount, max_discount, cancel_by)
            }
        };
        Offer { discount, min_amount, max_discount, cancel_by }
    }
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
    /// Without a minimum or a cap, and the member may take back a use.
    pub const fn of(discount: Discount) -> Offer {
        Offer { discount, min_amount: None, max_discount: None, cancel_by: CancelBy::Member }
    }

    pub fn cut(&self, amount: Option<u64>) -> Result<Cut, Refusal> {
        match (amount, self.min_amount) {
            (None, Some(_)) => Err(Refusal::AmountNeeded),
            (Some(amount), Some(min_amount)) if amount < min_amount => {
                Err(Refusal::BelowMinimum { min_amount })
            }
            (Some(amount), _) => {
                let discount = self.capped(self.off(amount)).min(amount);
                Ok(Cut { discount: Some(discount), payable: Some(amount - discount) })
            }
            (None, None) => match self.discount {
                Discount::Amount(discount) => {
                    Ok(Cut { discount: Some(self.capped(discount)), payable: None })
                }
                Discount::Percent(_) => Ok(Cut::default()),
                Discount::Nothing => Ok(Cut { discount: Some(0), payable: None }),
            },
        }
    }

    fn off(&self, amount: u64) -> u64 {
        match self.discount {
            Discount::Percent(percent) => percent.of(amount),
            Discount::Amount(discount) => discount,
            Discount::Nothing => 0,
        }
    }

    fn capped(&self, discount: u64) -> u64 {
        discount.min(self.max_discount.unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(whole: u8) -> Offer {
        Offer::of(Discount::percent(whole))
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
    fn hundredths_of_a_percent_are_rounded_as_whole_ones_are() {
        for (hundredths, amount, expected) in [
            (1250, 1004, 126),
            (1250, 1003, 125),
            (1225, 10_000, 1225),
            (1, 4_999, 0),
            (1, 5_000, 1),
            (9_999, 1, 1),
            (10_000, u64::MAX, u64::MAX),
        ] {
            let percent = Percent::of_hundredths(hundredths).unwrap();
            assert_eq!(percent.hundredths(), hundredths);
            let offer = Offer::of(Discount::Percent(percent));
            assert_eq!(discount(offer, amount), Some(expected), "{hundredths} of {amount}");
        }
        assert_eq!([0, 10_001].map(Percent::of_hundredths), [None, None]);
    }

    #[test]
    fn nobody_is_paid_for_buying() {
        let offer = Offer::of(Discount::Amount(500));
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
        let fixed = Offer { max_discount: Some(300), ..Offer::of(Discount::Amount(500)) };
        assert_eq!(fixed.cut(None), Ok(Cut { discount: Some(300), payable: None }));
        assert_eq!(percent(5).cut(None), Ok(Cut::default()));
    }

    #[test]
    fn without_a_discount_all_is_payable() {
        let free = Offer { min_amount: Some(1000), ..Offer::of(Discount::Nothing) };
        assert_eq!(free.cut(Some(1000)), Ok(Cut { discount: Some(0), payable: Some(1000) }));
        assert_eq!(free.cut(Some(999)), Err(Refusal::BelowMinimum { min_amount: 1000 }));
        let nothing = Ok(Cut { discount: Some(0), payable: None });
        assert_eq!(Offer::of(Discount::Nothing).cut(None), nothing);
    }

    #[test]
    fn every_offer_is_read_as_it_was_written() {
        let half = Discount::Percent(Percent(50));
        for discount in [Discount::percent(7), half, Discount::Amount(7), Discount::Nothing] {
            for cancel_by in [CancelBy::Member, CancelBy::Service, CancelBy::Admin] {
                let offer = Offer { min_amount: Some(9), cancel_by, ..Offer::of(discount) };
                let written = postcard::to_stdvec(&offer).unwrap();
                assert_eq!(postcard::from_bytes(&written), Ok(offer));
            }
        }
    }
}
