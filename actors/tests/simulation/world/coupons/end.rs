//! At the end, when nothing goes wrong any more: claim, assign and import whatever is left, and
//! count.

use super::super::World;
use super::super::ask::Call;
use super::client::ADMIN;
use super::known::import;
use actors::domain::coupons::campaign::{self, Campaign, Trigger};
use actors::domain::coupons::rack::{self, Rack};
use actors::domain::coupons::range::{self, Range};
use actors::engine::Failure;
use actors::{Caller, Id};

pub async fn use_everything_up(world: &World) {
    claim_what_is_left(world).await;
    assign_what_is_left(world).await;
    import_the_rest(world).await;
    world.count("used up");
}

fn somebody(what: &[u8], number: u64) -> Caller {
    Caller::member(Id::digest(&[what, &number.to_le_bytes()]))
}

async fn claim_what_is_left(world: &World) {
    for (place, (_, plan)) in (0u16..).zip(world.plan(|plan| plan.coupons.campaigns.clone())) {
        for number in 0u64.. {
            let (caller, code) = (somebody(b"late", number), Some("OPEN".to_owned()));
            let (caller, command) = match plan.trigger {
                Trigger::FirstLogin => (
                    Caller::SYSTEM,
                    campaign::Command::ClaimFirstLogin { member: caller.id, at: plan.starts_at },
                ),
                _ => (caller, campaign::Command::Claim { member: caller.id, code }),
            };
            match world.settle::<Campaign>(&Call::of(caller, None, command, vec![place])).await {
                Ok((_, done)) => assert!(matches!(done.event, campaign::Event::Granted { .. })),
                Err(Failure::Refused(campaign::Refusal::SoldOut)) => {
                    let node = world.node.borrow();
                    let model = &node.campaigns.auditor.places[place as usize].model;
                    assert_eq!(
                        model.pool.coupons.len() as u64,
                        model.plan.quota,
                        "sold out, and still some are left"
                    );
                    assert!(
                        model.pool.coupons.keys().copied().eq(1..=model.plan.quota),
                        "the ranks are 1 to the quota"
                    );
                    break;
                }
                Err(Failure::Refused(_)) => break,
                told => panic!("nothing goes wrong any more, and still: {told:?}"),
            }
        }
    }
}

async fn assign_what_is_left(world: &World) {
    let places = world.plan(|plan| plan.coupons.places(false));
    for place in &places {
        // It may be over, or void.
        for command in [range::Command::Thaw { turn: u32::MAX }, range::Command::Resume] {
            let call = Call::of(ADMIN, None, command, vec![*place]);
            drop(world.settle::<Range>(&call).await);
        }
    }
    for number in 0u64.. {
        let caller = somebody(b"late", number);
        let command = range::Command::Assign { member: caller.id, source: None };
        match world.settle::<Range>(&Call::of(caller, None, command, places.clone())).await {
            Ok((_, done)) => assert!(matches!(done.event, range::Event::Assigned { .. })),
            Err(Failure::Refused(range::Refusal::Exhausted)) => {
                let node = world.node.borrow();
                let models = places
                    .iter()
                    .map(|place| &node.ranges.auditor.places[*place as usize].model)
                    .filter(|model| !model.over && !model.pool.void);
                let left = models.filter_map(|model| model.next());
                assert_eq!(left.count(), 0, "exhausted, and still some are left");
                break;
            }
            Err(Failure::Refused(range::Refusal::Expired | range::Refusal::AllVoid)) => break,
            Err(Failure::Refused(range::Refusal::NotOpened)) => {}
            told => panic!("nothing goes wrong any more, and still: {told:?}"),
        }
    }
}

/// Both files once more, from the beginning to the end: then every code of theirs is there, once,
/// with the line that brought it first.
async fn import_the_rest(world: &World) {
    let lines = world.plan(|plan| plan.coupons.lines);
    for file in 0..2 {
        for call in import(world, file, 0..lines) {
            match world.settle::<Rack>(&call).await {
                Ok(_) | Err(Failure::Refused(rack::Refusal::NothingNew)) => {}
                told => panic!("nothing goes wrong any more, and still: {told:?}"),
            }
        }
    }
    let node = world.node.borrow();
    let plan = &node.yard.plan.coupons;
    let mut codes: Vec<Box<str>> = (0..2 * lines)
        .map(|line| plan.line(plan.files[(line % 2) as usize].0, line / 2).1)
        .collect();
    codes.sort();
    codes.dedup();
    let racks = &node.racks.auditor.places;
    let mut there: Vec<&Box<str>> = racks.iter().flat_map(|rack| rack.model.codes.keys()).collect();
    there.sort();
    assert!(there.into_iter().eq(&codes), "every code of both files is on one rack");
}
