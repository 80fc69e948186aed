//! What can be done with a coupon that has an owner, wherever it lives: use it, hold it for a
//! payment, confirm, cancel, void.
//!
//! Rules: only its owner uses it, or a caller who may act for them. `life` says which step may
//! follow which. A use that waits for its payment ends by itself, and before the coupon expires. A
//! use is cancelled once, by those whom the offer names, and gives back what it took; what has
//! expired stays so. Its owner may always cancel a hold. Notices go to owners of coupons that are
//! still unused, once per coupon and number of days.

use super::words::{Command, Event, Refusal};
use crate::domain::coupons::book::Book;
use crate::domain::coupons::cards::Touched;
use crate::domain::coupons::coupon::{Coupon, CouponPhase, Past, Slot, Tenure, Use};
use crate::domain::coupons::life::{CouponState, LifeStep};
use crate::domain::coupons::offer::Offer;
use crate::machine::{Caller, Role, Stamp, Verdict};
use crate::time::Time;

/// How many holds one event may end, and how many notices it may give, so that no record grows
/// without bound.
const AT_ONCE: usize = 1000;

/// How many coupons one command looks through.
const SCANNED: usize = 1_000;

/// Decides by what became of the coupons. `untouched` is the state of one that exists although
/// nothing ever happened to it.
pub fn decide(
    coupons: &Touched<'_>,
    offer: &Offer,
    untouched: Option<Coupon>,
    command: &Command,
    caller: &Caller,
    stamp: &Stamp,
) -> Result<Verdict<Event>, Refusal> {
    match command {
        Command::Use { slot, amount, reference, hold_s } => {
            let coupon = owned(coupons, *slot, caller)?;
            let step = if hold_s.is_some() { LifeStep::Hold } else { LifeStep::Use };
            may(coupons, &coupon, step)?;
            let cut = offer.cut(*amount).map_err(Refusal::Offer)?;
            let (slot, Coupon { owner, tenure, .. }) = (*slot, coupon);
            let what = Use::new(caller.id, owner, *amount, cut, reference.clone());
            Ok(Verdict::New(match hold_s {
                Some(hold_s) => {
                    let until = stamp.at.plus_s(*hold_s).min(tenure.expires_at);
                    Event::Held { slot, owner, tenure, what, until }
                }
                None => Event::Used { slot, owner, tenure, what },
            }))
        }
        Command::Confirm { slot } => {
            let coupon = owned(coupons, *slot, caller)?;
            // The repeat of one whose answer was lost is not refused.
            let is_used = coupons.state(&coupon) == CouponState::Used;
            if !is_used {
                may(coupons, &coupon, LifeStep::Confirm)?;
            }
            let what = coupon.current_use().ok_or(Refusal::NotHeld)?.clone();
            let (slot, Coupon { owner, tenure, .. }) = (*slot, coupon);
            let used = Event::Used { slot, owner, tenure, what };
            Ok(if is_used { Verdict::Already(used) } else { Verdict::New(used) })
        }
        Command::Cancel { slot, by } => {
            let coupon = owned(coupons, *slot, caller)?;
            may(coupons, &coupon, LifeStep::Cancel)?;
            if matches!(coupon.phase, CouponPhase::Used(_)) && *by < offer.cancel_by {
                return Err(Refusal::CancelledBy(offer.cancel_by));
            }
            let what = coupon.current_use().ok_or(Refusal::NotUsed)?.clone();
            let (slot, Coupon { owner, mut tenure, phase }) = (*slot, coupon);
            if let CouponPhase::Used(used) = phase {
                tenure.past.push(Past { used, cancelled_at: stamp.at });
            }
            Ok(Verdict::New(Event::Cancelled { slot, owner, tenure, what }))
        }
        Command::Void { slot } => {
            if caller.role == Role::Member {
                return Err(Refusal::NotAdmin);
            }
            void(coupons, *slot, untouched)
        }
        Command::Notice { days, since, until, from } => {
            notice(coupons, *days, *since, *until, *from)
        }
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
fn owned(coupons: &Touched<'_>, slot: Slot, caller: &Caller) -> Result<Coupon, Refusal> {
    let coupon = coupons.get(slot).ok_or(Refusal::Unknown)?;
    match caller.may_act_for(coupon.owner) {
        true => Ok(coupon),
        false => Err(Refusal::NotYours),
    }
}

fn void(
    coupons: &Touched<'_>,
    slot: Slot,
    untouched: Option<Coupon>,
) -> Result<Verdict<Event>, Refusal> {
    let step = |coupon: Coupon| {
        let Coupon { owner, tenure, .. } = coupon;
        Event::Voided { slot, owner, tenure }
    };
    let coupon = coupons.get(slot).or(untouched).ok_or(Refusal::Unknown)?;
    if coupons.state(&coupon) == CouponState::Void {
        return Ok(Verdict::Already(step(coupon)));
    }
    may(coupons, &coupon, LifeStep::Void)?;
    Ok(Verdict::New(step(coupon)))
}

/// Whether the table allows the step, or which state forbids it.
fn may(coupons: &Touched<'_>, coupon: &Coupon, step: LifeStep) -> Result<(), Refusal> {
    let state = coupons.state(coupon);
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
    coupons: &Touched<'_>,
    days: u16,
    since: Time,
    until: Time,
    from: Slot,
) -> Result<Verdict<Event>, Refusal> {
    // Mostly there is none, which is known without a look at any.
    if !coupons.book.has_alive(since, until) {
        return Err(Refusal::NobodyToTell { next: None });
    }
    let from = coupons.book.noticed(days, until).map_or(from, |last| from.max(last + 1));
    let (mut told, mut expires_at) = (Vec::new(), Vec::new());
    let mut next = None;
    for (scanned, slot) in coupons.slots.from(from).enumerate() {
        if scanned == SCANNED || told.len() == AT_ONCE {
            next = Some(slot);
            break;
        }
        let Some(Coupon { owner, tenure: Tenure { expires_at: at, .. }, .. }) =
            coupons.get(slot).filter(|coupon| coupons.state(coupon) == CouponState::Assigned)
        else {
            continue;
        };
        if at >= since && at < until {
            told.push((slot, owner));
            expires_at.push(at);
        }
    }
    if told.is_empty() {
        Err(Refusal::NobodyToTell { next })
    } else {
        Ok(Verdict::New(Event::Noticed { days, until, coupons: told, expires_at }))
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
