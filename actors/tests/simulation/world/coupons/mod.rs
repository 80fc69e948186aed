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

use super::plan;
use super::right::{Seen, refused_rightly};
use super::room::Room;
use actors::domain::coupons::{Campaign, Rack, RackName, Range, redeem};

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
