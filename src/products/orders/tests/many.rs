//! Very many orders that nobody buys: they expire, and what they had of all allowances is given
//! back, to the last one. `STAMPEDE_HOLDS=1000000` tries a million.

use super::*;
use std::time::Instant;

const USUAL: usize = 2_000;
const AT_ONCE: usize = 200;
const CARDS: u8 = 5;

#[expect(clippy::disallowed_methods, reason = "how much a test does is no setting of the product")]
fn how_many() -> usize {
    let given = std::env::var("STAMPEDE_HOLDS");
    given.map_or(USUAL, |text| text.parse().expect("a whole number"))
}

fn member(number: usize) -> Caller {
    Caller::member(Id::digest(&[b"member", &number.to_le_bytes()]))
}

fn card(number: usize) -> LimitKey {
    LimitKey(Id([200 + (number % usize::from(CARDS)) as u8; 16]))
}

/// Each order counts for its member and by one of a few cards.
async fn hold_all(process: &Rc<Process>, count: usize) {
    let by_one = async |number: usize| {
        let pattern = "****".parse().expect("it is one");
        let tickets = WantedTickets {
            label: None,
            pattern,
            count: 1,
            at_least: 1,
            together: false,
            ttl_s: 600,
        };
        let plan = process.plan().await.expect("the store answers");
        let wanted = WantedOrder { tickets, keys: &[card(number)] };
        let by = By::for_good(member(number));
        process.orders.hold(POOL, &plan, &wanted, by).await.expect("there are enough");
    };
    for first in (0..count).step_by(AT_ONCE) {
        let last = (first + AT_ONCE).min(count);
        join_all((first..last).map(&by_one)).await;
    }
}

#[actix_rt::test]
async fn however_many_holds_expire_every_allowance_comes_back_to_zero() {
    let (scene, count) = (Scene::empty(), how_many());
    let (process, began) = (scene.process.clone(), Instant::now());
    process.create_with(200, MemberLimits { held: None, bought: Some(u32::MAX) }).await;
    hold_all(&process, count).await;
    let plan = process.plan().await.expect("the store answers");
    let tills = process.orders.ledger(POOL, &plan).await.expect("the store answers");
    let everybody = count as u64 + u64::from(CARDS).min(count as u64);
    assert_eq!((tills.placed, tills.held), (count as u64, count as u64));
    assert_eq!(tills.holders, everybody);
    let all_held = began.elapsed();
    process.expires().await;
    let mut turns = 0;
    while process.rows(shelves::UNSETTLED, Id::SYSTEM).await > 0 {
        process.orders.sweep().await.expect("the store answers");
        turns += 1;
        assert!(turns < 10 + count / 50, "orders stay unsettled");
    }
    let ledger = process.tickets.ledger(POOL, &plan).await.expect("the store answers");
    assert_eq!((ledger.held, ledger.sold, ledger.free), (0, 0, ledger.stock));
    let tills = process.orders.ledger(POOL, &plan).await.expect("the store answers");
    assert_eq!(tills, TillLedger::default(), "nobody holds anything");
    for number in (0..count).step_by(1 + count / 500) {
        assert_eq!(process.allowance(member(number).id).await, (0, 0));
        assert_eq!(process.allowance(card(number).0).await, (0, 0));
    }
    println!("{count} holds: {all_held:.1?} to hold, {:.1?} in all", began.elapsed());
}
