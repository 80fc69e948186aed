//! Coupons in the world: the catalogue, campaigns, ranges of batches and racks of imported codes,
//! with models that share no code with the rule books.

mod administrators;
mod assigning;
pub mod batch;
mod campaign;
mod campaigns;
pub mod catalogue;
pub mod client;
pub mod end;
pub mod imports;
pub mod known;
mod pool;
mod racks;
mod ranges;
pub mod registering;
pub mod renaming;

use super::kind::{Kind, Told};
use super::plan;
use super::room::Room;
use actors::domain::coupons::{Campaign, Rack, RackName, Range, redeem};
use pool::{Answered, Right};

pub fn campaigns(plan: &plan::Coupons) -> Room<Campaign> {
    let of = |name: &_| {
        plan.campaigns.iter().find(|(serial, _)| serial == name).expect("it is planned").1.clone()
    };
    Room::new(plan.campaigns.iter().map(|(serial, _)| *serial).collect(), |name| {
        campaign::Model::new(of(name))
    })
}

pub fn ranges(plan: &plan::Coupons) -> Room<Range> {
    let of =
        |name: &_| plan.ranges.iter().find(|(range, _)| range == name).expect("it is planned").1;
    Room::new(plan.ranges.iter().map(|(name, _)| *name).collect(), |name| {
        batch::Batch::new(of(name))
    })
}

pub fn racks(plan: &plan::Coupons) -> Room<Rack> {
    let names = (0..plan.racks).map(|rack| RackName(rack as u8)).collect();
    Room::new(names, |name| racks::Model::new(*name, plan.racks))
}

/// Whatever would have been right at some moment since it was asked.
#[derive(Debug)]
pub struct Seen<R>(Vec<Right<R>>);

impl<R> Default for Seen<R> {
    fn default() -> Seen<R> {
        Seen(Vec::new())
    }
}

impl<R: PartialEq> Seen<R> {
    fn note(&mut self, right: Right<R>) {
        if !self.0.contains(&right) {
            self.0.push(right);
        }
    }

    fn refused(&self, refusal: &R) -> bool {
        self.0.iter().any(|right| right.as_ref().err() == Some(refusal))
    }

    fn repeated(&self) -> bool {
        self.0.contains(&Ok(Answered::Already))
    }
}

/// A refusal must have been right where it comes from; one that another place might not share must
/// have been right everywhere.
fn refused_rightly<K: Kind<Seen = Seen<<K as actors::Machine>::Refusal>>>(
    told: &Told<K>,
    refusal: &K::Refusal,
) where
    K::Refusal: actors::Refused,
{
    let lacking = |refusal: &K::Refusal| actors::Refused::may_be_had_elsewhere(refusal);
    let somewhere = told.call.places.iter().any(|place| told.seen_in(*place).refused(refusal));
    // A call may be told that nothing is left although its twin under the same key has just got the
    // last one: the next repeat finds that one.
    let could_give_nothing =
        |seen: &Seen<K::Refusal>| seen.0.iter().any(|right| *right != Ok(Answered::New));
    let everywhere = told.call.places.iter().all(|place| could_give_nothing(told.seen_in(*place)));
    assert!(
        somewhere,
        "{:?} was refused with {refusal:?}; right was one of {:?}",
        told.call.command, told.seen
    );
    assert!(
        everywhere || !lacking(refusal),
        "{:?} was refused with {refusal:?}, but there was one all the time",
        told.call.command
    );
}

fn refusal_of(refusal: &redeem::Refusal) -> &'static str {
    use redeem::Refusal::*;
    match refusal {
        NotAdmin => "a member wanted to void",
        Unknown => "coupon unknown",
        NotYours => "coupon not yours",
        Void => "coupon void",
        Expired => "coupon expired",
        Held => "coupon held",
        AlreadyUsed => "coupon used already",
        NotHeld => "coupon not held",
        NotUsed => "coupon not used",
        Offer(_) => "below the minimum",
        NobodyToTell { .. } => "nobody to tell",
        CancelledBy(_) => "others take back uses",
    }
}
