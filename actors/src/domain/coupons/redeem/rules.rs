//! What can be done with a coupon that has an owner, wherever it lives: use it, hold it for a
//! payment, confirm, cancel, void.
//!
//! Rules: only its owner uses it, or a caller who may act for them. `life` says which step may
//! follow which. A use that waits for its payment ends by itself, and before the coupon expires. A
//! use is cancelled once and gives back what it took; what has expired stays so. Notices go to
//! owners of coupons that are still unused, once per coupon and number of days.

use super::words::{Command, Event, Refusal};
use crate::domain::coupons::book::Book;
use crate::domain::coupons::coupon::{Coupon, Slot, Use};
use crate::domain::coupons::life::{CouponState, LifeStep};
use crate::domain::coupons::offer::Offer;
use crate::id::Id;
use crate::machine::{Caller, Role, Stamp, Verdict};
use crate::time::Time;

/// How many holds one event may end, and how many notices it may give, so that no record grows
/// without bound.
const AT_ONCE: usize = 1000;

/// How many coupons one command looks through.
const SCANNED: usize = 20_000;

/// Decides by what is in the book. `untouched` is the state of a coupon that is not in it and
/// exists all the same.
pub fn decide(
    book: &Book,
    offer: &Offer,
    untouched: Option<CouponState>,
    command: &Command,
    caller: &Caller,
    stamp: &Stamp,
) -> Result<Verdict<Event>, Refusal> {
    match command {
        Command::Use { slot, amount, reference, hold_s } => {
            let coupon = owned(book, *slot, caller)?;
            let step = if hold_s.is_some() { LifeStep::Hold } else { LifeStep::Use };
            may(book, coupon, step)?;
            let cut = offer.cut(*amount).map_err(Refusal::Offer)?;
            let what = Use { by: caller.id, amount: *amount, cut, reference: reference.clone() };
            let (slot, owner) = (*slot, coupon.owner);
            Ok(Verdict::New(match hold_s {
                Some(hold_s) => Event::Held {
                    slot,
                    owner,
                    what,
                    until: stamp.at.plus_s(*hold_s).min(coupon.expires_at),
                },
                None => Event::Used { slot, owner, what },
            }))
        }
        Command::Confirm { slot } => {
            let coupon = owned(book, *slot, caller)?;
            may(book, coupon, LifeStep::Confirm)?;
            let what = coupon.current_use().ok_or(Refusal::NotHeld)?.clone();
            Ok(Verdict::New(Event::Used { slot: *slot, owner: coupon.owner, what }))
        }
        Command::Cancel { slot } => {
            let coupon = owned(book, *slot, caller)?;
            may(book, coupon, LifeStep::Cancel)?;
            let what = coupon.current_use().ok_or(Refusal::NotUsed)?.clone();
            Ok(Verdict::New(Event::Cancelled { slot: *slot, owner: coupon.owner, what }))
        }
        Command::Void { slot } => {
            if caller.role == Role::Member {
                return Err(Refusal::NotAdmin);
            }
            match book.get(*slot) {
                Some(coupon) if book.state(*slot) == Some(CouponState::Void) => {
                    Ok(Verdict::Already(Event::Voided { slot: *slot, owner: coupon.owner }))
                }
                Some(coupon) => may(book, coupon, LifeStep::Void)
                    .map(|()| Verdict::New(Event::Voided { slot: *slot, owner: coupon.owner })),
                None => match untouched.map(|state| state.after(LifeStep::Void)) {
                    Some(Some(_)) => {
                        Ok(Verdict::New(Event::Voided { slot: *slot, owner: Id::SYSTEM }))
                    }
                    Some(None) => Err(Refusal::Expired),
                    None => Err(Refusal::Unknown),
                },
            }
        }
        Command::Notice { days, since, until, from } => notice(book, *days, *since, *until, *from),
    }
}

/// The event by which what is due at `now` ends: holds first, because a hold ends before its coupon
/// expires.
pub fn expire(book: &Book, also_due: Option<Time>, now: Time) -> Option<Event> {
    let holds = book.over(now, AT_ONCE);
    if !holds.is_empty() {
        return Some(Event::Lapsed { holds });
    }
    let first = book.first_expiry().into_iter().chain(also_due).min()?;
    (first <= now).then_some(Event::Expired { until: now })
}

pub fn due(book: &Book, also_due: Option<Time>) -> Option<Time> {
    book.first_hold_end().into_iter().chain(book.first_expiry()).chain(also_due).min()
}

/// The caller's coupon. One that has no owner yet is as unknown to members as one that does not
/// exist.
fn owned<'a>(book: &'a Book, slot: Slot, caller: &Caller) -> Result<&'a Coupon, Refusal> {
    let coupon = book.get(slot).ok_or(Refusal::Unknown)?;
    match caller.may_act_for(coupon.owner) {
        true if coupon.owner == Id::SYSTEM && book.state(slot) == Some(CouponState::Created) => {
            Err(Refusal::Unknown)
        }
        true => Ok(coupon),
        false => Err(Refusal::NotYours),
    }
}

/// Whether the table allows the step, or which state forbids it.
fn may(book: &Book, coupon: &Coupon, step: LifeStep) -> Result<(), Refusal> {
    let state = coupon.state(book.expired_until());
    if state.after(step).is_some() {
        return Ok(());
    }
    Err(match (state, step) {
        (CouponState::Void, _) => Refusal::Void,
        (CouponState::Expired, _) => Refusal::Expired,
        (CouponState::Used, _) => Refusal::AlreadyUsed,
        (CouponState::Held, _) => Refusal::Held,
        (CouponState::Assigned, LifeStep::Confirm) => Refusal::NotHeld,
        (CouponState::Assigned, LifeStep::Cancel) => Refusal::NotUsed,
        (CouponState::Created | CouponState::Assigned, _) => Refusal::Unknown,
    })
}

fn notice(
    book: &Book,
    days: u16,
    since: Time,
    until: Time,
    from: Slot,
) -> Result<Verdict<Event>, Refusal> {
    let from = book.noticed(days, until).map_or(from, |last| from.max(last + 1));
    let (mut coupons, mut expires_at) = (Vec::new(), Vec::new());
    let mut next = None;
    for (scanned, (slot, coupon)) in book.from(from).enumerate() {
        if scanned == SCANNED || coupons.len() == AT_ONCE {
            next = Some(slot);
            break;
        }
        let in_window = coupon.expires_at >= since && coupon.expires_at < until;
        if in_window && coupon.state(book.expired_until()) == CouponState::Assigned {
            coupons.push((slot, coupon.owner));
            expires_at.push(coupon.expires_at);
        }
    }
    if coupons.is_empty() {
        Err(Refusal::NobodyToTell { next })
    } else {
        Ok(Verdict::New(Event::Noticed { days, until, coupons, expires_at }))
    }
}

/// The same verdict, its event as part of another.
pub fn wrap<A, B, R>(
    decided: Result<Verdict<A>, R>,
    event: impl Fn(A) -> B,
) -> Result<Verdict<B>, R> {
    decided.map(|verdict| match verdict {
        Verdict::New(inner) => Verdict::New(event(inner)),
        Verdict::Already(inner) => Verdict::Already(event(inner)),
    })
}
