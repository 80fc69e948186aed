//! How orders come to rest: nothing goes wrong any more, one turn of the sweep settles all that was
//! broken off, and what is over leaves nothing behind, whatever arrives late.

use super::super::World;
use super::super::ask::Call;
use super::super::kind::Kind;
use super::shell::Shell;
use super::{Room, Till};
use actors::domain::shelves;
use actors::domain::tickets::OrderNumber;
use actors::domain::till::{Command, Event, Refusal, TillLedger, order_of_row};
use actors::engine::Failure;
use actors::store::Page;
use actors::{Caller, Id, Time};
use std::collections::BTreeMap;

/// More than there ever are.
const ALL: usize = 10_000;

impl World {
    /// The orders that the list of unsettled ones has, by their tills.
    pub(super) fn listed_as_unsettled(&self) -> BTreeMap<u8, Vec<u32>> {
        let page = Page { shelf: shelves::UNSETTLED, owner: Id::SYSTEM, after: None, limit: ALL };
        let mut of_tills: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
        for row in self.node.borrow().rows(page) {
            let order = order_of_row(&row.key).expect("a list of orders");
            of_tills.entry(order.till.number).or_default().push(order.number);
        }
        of_tills
    }

    fn tills<T>(&self, about: impl Fn(&Room<Till>) -> T) -> T {
        about(&self.node.borrow().tills)
    }
}

/// Orders end, by their time or because their tills are sealed, and all hear of it.
pub async fn come_to_rest(world: &World, seals: bool) {
    one_turn_settles_everything(world).await;
    match seals {
        true => seal_everything(world).await,
        false => let_everything_expire(world).await,
    }
    one_turn_settles_everything(world).await;
    nothing_leaks(world);
    // Whatever was ever on its way arrives once more, and changes nothing.
    let shell = Shell::new(world, 0);
    let sent = world.orders.borrow().sent.len();
    for message in (0..sent).filter(|message| message % 4 == world.roll() as usize % 4) {
        shell.repeat(message).await;
    }
    nothing_leaks(world);
    world.count("orders at rest");
}

/// What was unsettled before a turn is settled after it. Others may expire meanwhile.
async fn one_turn_settles_everything(world: &World) {
    let unsettled = || -> Vec<BTreeMap<u32, u32>> {
        let of_all = |room: &Room<Till>| {
            room.auditor.places.iter().map(|place| place.model.unsettled.clone()).collect()
        };
        world.tills(of_all)
    };
    let before = unsettled();
    Shell::new(world, 0).sweep().await;
    for (till, (before, after)) in before.iter().zip(unsettled()).enumerate() {
        let stuck = before.iter().find(|(order, step)| after.get(order) == Some(step));
        assert_eq!(stuck, None, "till {till}: an order is unsettled after a turn of the sweep");
    }
}

async fn let_everything_expire(world: &World) {
    let deadline = |room: &Room<Till>| -> Option<Time> {
        room.auditor.places.iter().filter_map(|place| place.model.last_deadline()).max()
    };
    if let Some(deadline) = world.tills(deadline) {
        world.node.borrow_mut().pass_time_to(deadline);
    }
    let tills = world.plan(|plan| plan.orders.tills.len() as u16);
    for till in 0..tills {
        let nothing = Command::Settle { orders: Vec::new() };
        let call = Call::<Till>::of(Caller::SYSTEM, None, nothing, vec![till]);
        assert!(world.settle(&call).await.is_ok(), "a till can be told nothing");
    }
}

async fn seal_everything(world: &World) {
    let tills = world.plan(|plan| plan.orders.tills.len() as u16);
    let mut unsealed: Vec<u16> = (0..tills).collect();
    while !unsealed.is_empty() {
        for till in unsealed.clone() {
            let seal = Call::<Till>::of(Caller::SYSTEM, None, Command::Seal, vec![till]);
            match world.settle(&seal).await {
                Ok((_, done)) if done.event == Event::Sealed => unsealed.retain(|of| *of != till),
                Ok(_) => {}
                Err(Failure::Refused(Refusal::Unsettled { .. })) => {
                    world.count("till waits for its orders");
                }
                told => panic!("a till can be sealed, and still: {told:?}"),
            }
        }
        one_turn_settles_everything(world).await;
    }
    world.count("tills sealed");
}

fn nothing_leaks(world: &World) {
    let ledgers = |room: &Room<Till>| -> Vec<TillLedger> {
        room.auditor.places.iter().map(|place| Till::model_books(&place.model).ledger).collect()
    };
    for ledger in world.tills(ledgers) {
        let open = TillLedger { closing: false, sealed: false, ..ledger };
        assert_eq!(open, TillLedger::default(), "all is given back and settled");
    }
    assert_eq!(world.listed_as_unsettled(), BTreeMap::new());
    for OrderNumber { till, number } in world.orders.borrow().held.iter().copied() {
        let early = |room: &Room<Till>| {
            room.auditor.places[usize::from(till)].model.given_up_early.contains(&number)
        };
        assert!(!world.tills(early), "order {number} of till {till} was held, and is given up");
    }
    world.node.borrow().yard.agreement.nothing_leaks();
}
