//! What a client was told of, how it finds out what a source has got already, and the parts of the
//! files that are imported.

use super::super::World;
use super::super::ask::Call;
use super::racks::rack_of;
use actors::Caller;
use actors::domain::coupons::rack::{self, Rack};
use actors::domain::coupons::{Serial, range};

/// A coupon that a client was told of, and where it lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mine {
    Voucher { place: u16, rank: u64 },
    Coupon { place: u16, slot: u64 },
    Code { place: u16, batch: Serial, slot: u64 },
}

/// The lines of a part of a file, by the rack that each belongs to.
pub fn import(world: &World, file: usize, lines: std::ops::Range<u64>) -> Vec<Call<Rack>> {
    let (batch, terms, racks) = world
        .plan(|plan| (plan.coupons.files[file].0, plan.coupons.files[file].1, plan.coupons.racks));
    let all: Vec<rack::CodeLine> =
        lines.map(|line| world.plan(|plan| plan.coupons.line(batch, line))).collect();
    let of = |place| {
        all.iter().filter(|(_, code)| rack_of(code, racks) == place).cloned().collect::<Vec<_>>()
    };
    let calls = (0..racks).map(|place| (place, of(place))).filter(|(_, lines)| !lines.is_empty());
    calls
        .map(|(place, lines)| {
            Call::of(
                Caller::SYSTEM,
                None,
                rack::Command::Import { batch, terms, spelling: rack::Spelling::Exact, lines },
                vec![place],
            )
        })
        .collect()
}

pub fn found_in_a_range(
    command: &range::Command,
    answer: range::Answer,
) -> Option<Result<range::Event, range::Refusal>> {
    let (range::Command::Assign { member, source }, range::Answer::Source(Some((slot, view)))) =
        (command, answer)
    else {
        return None;
    };
    let (member, source) = (*member, *source);
    Some(if view.coupon.owner == member {
        let (expires_at, only_one) = (view.coupon.tenure.expires_at, false);
        Ok(range::Event::Assigned { slot, member, source, expires_at, only_one })
    } else {
        Err(range::Refusal::SourceReused)
    })
}

pub fn found_on_a_rack(
    command: &rack::Command,
    answer: rack::Answer,
) -> Option<Result<rack::Event, rack::Refusal>> {
    let (rack::Command::In { batch, command }, rack::Answer::In(answer)) = (command, answer) else {
        return None;
    };
    let found = found_in_a_range(command, answer)?;
    Some(found.map(|event| rack::Event::In { batch: *batch, event }).map_err(rack::Refusal::In))
}
