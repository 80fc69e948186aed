//! The cards of coupons: one for each that was ever touched, and those that find it by a member or
//! by a source.

use super::book::Book;
use super::coupon::{Coupon, CouponPhase, CouponView, Pending, Slot, Used};
use super::life::CouponState;
use super::redeem::{Event, LapsedHold};
use super::touched::TouchedSlots;
use crate::cards::{Card, CardKey, Cards, NameShelf, NamesStandOn};
use crate::domain::shelves;
use crate::id::Id;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Members with a coupon, where each has one: every coupon says whose it is.
pub const COUPONS_OF_MEMBERS: NameShelf = NameShelf {
    shelf: shelves::COUPON_OF,
    stand_on: NamesStandOn::Numbers { shelf: shelves::COUPON_CARDS, name_on: owner_on },
};

pub const SOURCES: NameShelf =
    NameShelf { shelf: shelves::SOURCES, stand_on: NamesStandOn::Themselves };

fn owner_on(body: &[u8]) -> Option<Id> {
    Some(postcard::from_bytes::<Coupon>(body).ok()?.owner)
}

/// Whose coupons they are within the partition: a rack has those of many batches, every other
/// partition has one set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponSet(pub u32);

impl CouponSet {
    pub fn coupon(self, slot: Slot) -> CardKey {
        CardKey::number(shelves::COUPON_CARDS, self.number(slot))
    }

    /// The code that the coupon was imported with.
    pub fn code_of(self, slot: Slot) -> CardKey {
        CardKey::number(shelves::CODE_OF, self.number(slot))
    }

    /// What the coupon was imported with, if that is not what its batch has.
    pub fn terms_of(self, slot: Slot) -> CardKey {
        CardKey::number(shelves::TERMS_OF, self.number(slot))
    }

    /// Only where each member has one coupon, which is never so among the sets of a rack.
    pub fn of_member(self, member: &Id) -> CardKey {
        debug_assert_eq!(self, CouponSet::default());
        CardKey::member(shelves::COUPON_OF, *member)
    }

    pub fn of_source(self, source: &Id) -> CardKey {
        let name = match self.0 {
            0 => *source,
            set => Id::digest(&[&set.to_be_bytes(), &source.0]),
        };
        CardKey::name(shelves::SOURCES, name)
    }

    /// No set has more than 2^32 coupons but the only one of its partition.
    fn number(self, slot: Slot) -> u64 {
        u64::from(self.0) << 32 | slot
    }

    pub fn assigned(self, slot: Slot, owner: Id, at: Time, expires_at: Time) -> Card {
        Card::put(self.coupon(slot), &Coupon::assigned(owner, at, expires_at))
    }

    /// What the event leaves of the coupons that it is about.
    pub fn redeemed(self, event: &Event, at: Time, cards: &mut Vec<Card>) {
        let mut put = |slot, coupon: Coupon| cards.push(Card::put(self.coupon(slot), &coupon));
        match event.clone() {
            Event::Held { slot, owner, tenure, what, until } => {
                let phase = CouponPhase::Held(Pending { since: at, until, what });
                put(slot, Coupon { owner, tenure, phase })
            }
            Event::Used { slot, owner, tenure, what } => {
                put(slot, Coupon { owner, tenure, phase: CouponPhase::Used(Used { at, what }) })
            }
            Event::Cancelled { slot, owner, tenure, .. } => {
                put(slot, Coupon { owner, tenure, phase: CouponPhase::Assigned })
            }
            Event::Voided { slot, owner, tenure } => {
                put(slot, Coupon { owner, tenure, phase: CouponPhase::Void(at) })
            }
            Event::Lapsed { holds } => {
                for LapsedHold { slot, owner, tenure } in holds {
                    put(slot, Coupon { owner, tenure, phase: CouponPhase::Assigned })
                }
            }
            Event::Expired { .. } | Event::Noticed { .. } => {}
        }
    }
}

/// The touched coupons of a book: those held lie in it, the others on their cards.
pub struct Touched<'a> {
    pub book: &'a Book,
    pub set: CouponSet,
    pub cards: &'a Cards<'a>,
    pub slots: TouchedSlots<'a>,
}

impl Touched<'_> {
    pub fn get(&self, slot: Slot) -> Option<Coupon> {
        if !self.slots.has(slot) {
            return None;
        }
        let coupon = match self.book.held(slot) {
            Some(coupon) => coupon.clone(),
            None => self.cards.read(&self.set.coupon(slot))?,
        };
        Some(self.book.as_it_is(coupon))
    }

    pub fn view(&self, slot: Slot) -> Option<CouponView> {
        let coupon = self.get(slot)?;
        Some(CouponView { state: self.state(&coupon), coupon, own_offer: None })
    }

    pub fn state(&self, coupon: &Coupon) -> CouponState {
        coupon.state(self.book.expired_until())
    }
}
