//! What a single code has otherwise than its batch. What it does not say is as the batch has it,
//! also when that is changed. A code never outlives its batch.

use super::offer::{Discount, Offer};
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeTerms {
    pub expires_at: Option<Time>,
    pub discount: Option<Discount>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
}

impl CodeTerms {
    /// Whether it says anything.
    pub fn is_any(&self) -> bool {
        *self != CodeTerms::default()
    }

    pub fn offer(&self, batch: Offer) -> Offer {
        Offer {
            discount: self.discount.unwrap_or(batch.discount),
            min_amount: self.min_amount.or(batch.min_amount),
            max_discount: self.max_discount.or(batch.max_discount),
            cancel_by: batch.cancel_by,
        }
    }

    pub fn end(&self, batch: Time) -> Time {
        self.expires_at.map_or(batch, |own| own.min(batch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coupons::CancelBy;

    #[test]
    fn what_a_code_does_not_say_is_as_its_batch_has_it() {
        let percent = Offer {
            min_amount: Some(500),
            max_discount: Some(900),
            cancel_by: CancelBy::Service,
            ..Offer::of(Discount::percent(10))
        };
        let terms = CodeTerms { discount: Some(Discount::Amount(300)), ..CodeTerms::default() };
        assert_eq!(CodeTerms::default().offer(percent), percent);
        assert_eq!(terms.offer(percent), Offer { discount: Discount::Amount(300), ..percent });
        let dear = CodeTerms { min_amount: Some(600), max_discount: Some(1), ..terms };
        assert_eq!(
            dear.offer(percent),
            Offer {
                discount: Discount::Amount(300),
                min_amount: Some(600),
                max_discount: Some(1),
                cancel_by: CancelBy::Service,
            }
        );
        assert!(terms.is_any() && !CodeTerms::default().is_any());
    }

    #[test]
    fn no_code_outlives_its_batch() {
        let at = |expires_at| CodeTerms { expires_at, ..CodeTerms::default() }.end(Time(10));
        let ends = [None, Some(Time(9)), Some(Time(10)), Some(Time(11))].map(at);
        assert_eq!(ends, [10, 9, 10, 10].map(Time));
    }
}
