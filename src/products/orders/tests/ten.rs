//! An order over all ten slices, and a process that dies at any write of it, or at every n-th,
//! again and again. It is bought as a whole or not at all, and one turn of the sweep settles it.

use super::*;
use actors::domain::till::OrderId;
use std::cell::Cell;

const TEN: u16 = 10;
/// No story takes more processes than that.
const LIVES: usize = 400;

/// What was heard so far, by whoever survives the processes.
#[derive(Clone, Default)]
struct Heard {
    placed: Rc<RefCell<Option<PlacedTickets>>>,
    over: Rc<Cell<bool>>,
    settled: Rc<Cell<bool>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Bought,
    Released,
}

/// There is one ticket in each slice that matches, and one may buy all of them.
async fn ten_slices() -> Scene {
    let scene = Scene::empty();
    let limits = MemberLimits { held: Some(TEN), bought: Some(TEN.into()) };
    scene.process.create_with(1, limits).await;
    scene
}

/// Goes on with the story until it is settled.
async fn goes_on(process: Rc<Process>, heard: Heard, end: End) {
    let placed = loop {
        if let Some(placed) = heard.placed.borrow().clone() {
            break placed;
        }
        match process.hold(TEN, &[CARD], by(ADA, 0)).await {
            Ok(done) => *heard.placed.borrow_mut() = Some(done.event),
            Err(error) => waits(&process, &error).await,
        }
    };
    while !heard.over.get() {
        match comes_to(&process, &placed.id, end).await {
            Ok(()) => heard.over.set(true),
            Err(error) => waits(&process, &error).await,
        }
    }
    process.orders.sweep().await.expect("the store answers");
    assert_eq!(process.rows(shelves::UNSETTLED, Id::SYSTEM).await, 0, "one turn settles it");
    heard.settled.set(true);
}

async fn comes_to(process: &Process, id: &OrderId, end: End) -> Result<(), Error> {
    match end {
        End::Bought => {
            let done = process.orders.confirm(id, by(ADA, 1)).await?;
            assert_eq!(done.event.len(), usize::from(TEN), "all of them");
        }
        End::Released => drop(process.orders.release(id, by(ADA, 1)).await?),
    }
    Ok(())
}

async fn waits(process: &Process, error: &Error) {
    let none_left = matches!(
        &error.0,
        Failure::Refused(Refusal::Tickets(tickets::Refusal::NoMatchLeft { .. }))
    );
    assert!(none_left || may_pass(error), "{error:?}");
    process.clock.fetch_add(1_000, Ordering::Relaxed);
    process.orders.sweep().await.ok();
}

/// True if the story came to its end before that write.
async fn dies_at(scene: &mut Scene, write: usize, keeps: bool, heard: &Heard, end: End) -> bool {
    *scene.snare.lock().unwrap() = Some((write, Fate::Stall));
    let story = rt::spawn(goes_on(scene.process.clone(), heard.clone(), end));
    for _ in 0..TURNS {
        if story.is_finished() || !scene.store.pending().is_empty() {
            break;
        }
        turn().await;
    }
    for _ in 0..20 {
        turn().await;
    }
    if story.is_finished() {
        story.await.expect("it went well");
        return true;
    }
    story.abort();
    scene.store.crash(|_| keeps);
    scene.another_process();
    false
}

async fn is_all_or_nothing(scene: &mut Scene, end: End) {
    *scene.snare.lock().unwrap() = None;
    // Also for whoever reads the log anew.
    for _ in 0..2 {
        let process = scene.process.clone();
        let plan = process.plan().await.expect("the store answers");
        let ledger = process.tickets.ledger(POOL, &plan).await.expect("the store answers");
        let bought = if end == End::Bought { u32::from(TEN) } else { 0 };
        assert_eq!((ledger.sold, ledger.held, ledger.imbalance), (u64::from(bought), 0, 0));
        assert_eq!(process.allowance(ADA.id).await, (0, bought));
        assert_eq!(process.allowance(CARD.0).await, (0, bought));
        assert_eq!(process.rows(shelves::TICKETS, ADA.id).await, bought as usize);
        assert_eq!(process.rows(shelves::UNSETTLED, Id::SYSTEM).await, 0);
        assert_eq!(process.rows(shelves::MY_HOLDS, ADA.id).await, 0);
        scene.store.forget_snapshots();
        scene.another_process();
    }
}

#[actix_rt::test]
async fn an_order_over_ten_slices_outlives_a_process_that_dies_at_any_write_of_it() {
    for (end, keeps) in
        [(End::Bought, false), (End::Bought, true), (End::Released, false), (End::Released, true)]
    {
        let mut write = 0;
        loop {
            let (mut scene, heard) = (ten_slices().await, Heard::default());
            if dies_at(&mut scene, write, keeps, &heard, end).await {
                break;
            }
            *scene.snare.lock().unwrap() = None;
            goes_on(scene.process.clone(), heard, end).await;
            is_all_or_nothing(&mut scene, end).await;
            write += 1;
        }
        assert!(write > 30, "an order over ten slices is {write} writes");
    }
}

#[actix_rt::test]
async fn an_order_over_ten_slices_is_settled_by_processes_that_die_at_every_nth_write() {
    for (end, nth) in
        [End::Bought, End::Released].into_iter().flat_map(|end| (1..=16).map(move |nth| (end, nth)))
    {
        let (mut scene, heard) = (ten_slices().await, Heard::default());
        let placed = scene.process.hold(TEN, &[CARD], by(ADA, 0)).await.expect("there are ten");
        *heard.placed.borrow_mut() = Some(placed.event);
        let mut lives = 0;
        // Every other write that a process dies of is kept.
        while !dies_at(&mut scene, nth - 1, lives % 2 == 0, &heard, end).await {
            lives += 1;
            assert!(lives < LIVES, "{end:?}, every {nth} writes: it is never settled");
        }
        assert!(heard.settled.get());
        assert!(lives > 0 || nth > 10, "nobody died");
        is_all_or_nothing(&mut scene, end).await;
    }
}
