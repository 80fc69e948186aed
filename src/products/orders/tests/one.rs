//! Orders of one slice, which are held before their tills know of their tickets: what was answered
//! is so, whichever write fails, and whenever the process dies.

use super::*;
use actors::domain::till::{OrderStage, OrderView};

/// What was answered can be seen.
async fn see(process: &Process, placed: &PlacedTickets) -> Result<Option<PlacedTickets>, Error> {
    let view = process.orders.look_at(&placed.id).await?;
    let Some(OrderView { stage: OrderStage::Placed { parts, until, .. }, .. }) = view else {
        panic!("{placed:?} was answered, and is {view:?}")
    };
    assert_eq!((super::super::tickets_of(&parts), until), (placed.tickets.clone(), placed.until));
    Ok(None)
}

fn are_gone(error: &Error) -> bool {
    matches!(&error.0, Failure::Refused(Refusal::Tickets(tickets::Refusal::NoMatchLeft { .. })))
}

/// Each step until it is answered.
async fn tell_of_one(process: Rc<Process>, client: Rc<RefCell<Client>>) {
    let mut tries = 0;
    loop {
        let step = client.borrow().step;
        let placed = client.borrow().placed.clone();
        let orders = &process.orders;
        let hold = async |number: &str, who| {
            let held = process.hold_of(number, 2, &[], by(who, step)).await?;
            assert_eq!(held.event.tickets.len(), 2, "both copies");
            Ok(Some(held.event))
        };
        let told = match step {
            0 => hold("3001", ADA).await,
            1 => see(&process, &placed[0]).await,
            2 => orders.confirm(&placed[0].id, by(ADA, 2)).await.map(|done| {
                assert_eq!(done.event, placed[0].tickets);
                None
            }),
            3 => hold("4001", ADA).await,
            4 => orders.release(&placed[1].id, by(ADA, 4)).await.map(|_| None),
            // Whoever comes next has what was released.
            5 => hold("4001", BOB).await,
            6 => see(&process, &placed[2]).await,
            _ => return,
        };
        match told {
            Ok(event) => {
                let mut client = client.borrow_mut();
                client.step += 1;
                client.placed.extend(event);
            }
            Err(error) => {
                let waits = step == 5 && are_gone(&error);
                assert!(may_pass(&error) || waits, "step {step}: {error:?}");
                tries += 1;
                assert!(tries < TRIES, "step {step} comes to nothing: {error:?}");
                process.clock.fetch_add(1_000, Ordering::Relaxed);
                process.orders.sweep().await.ok();
            }
        }
    }
}

impl Process {
    /// Ada has bought two, and nobody holds anything any more.
    async fn is_as_one_slice_answered(&self) {
        let plan = self.plan().await.expect("the store answers");
        let ledger = self.tickets.ledger(POOL, &plan).await.expect("the store answers");
        assert_eq!((ledger.sold, ledger.held, ledger.imbalance), (2, 0, 0));
        let tills = self.orders.ledger(POOL, &plan).await.expect("the store answers");
        assert_eq!(TillLedger { closing: false, sealed: false, ..tills }, TillLedger::default());
        let all = [self.allowance(ADA.id).await, self.allowance(BOB.id).await];
        assert_eq!(all, [(0, 2), (0, 0)]);
        assert_eq!(self.rows(shelves::TICKETS, ADA.id).await, 2);
        let lists = [ADA.id, BOB.id].map(|who| (shelves::MY_HOLDS, who));
        for (shelf, owner) in lists.into_iter().chain([(shelves::UNSETTLED, Id::SYSTEM)]) {
            assert_eq!(self.rows(shelf, owner).await, 0, "{shelf:?}");
        }
    }
}

impl Scene {
    async fn ends_as_one_slice_answered(&mut self) {
        tell_of_one(self.process.clone(), self.client.clone()).await;
        let caught = self.was_caught();
        self.process.rests().await;
        self.process.is_as_one_slice_answered().await;
        self.store.forget_snapshots();
        self.another_process();
        self.process.is_as_one_slice_answered().await;
        if !caught {
            *self.snare.lock().unwrap() = Some((usize::MAX, Fate::Tear));
        }
    }
}

#[actix_rt::test]
async fn a_store_that_fails_at_any_write_loses_nothing_that_one_slice_has_answered() {
    fails_at_any_write(10, Scene::ends_as_one_slice_answered).await;
}

#[actix_rt::test]
async fn a_process_that_dies_at_any_write_loses_nothing_that_one_slice_has_answered() {
    dies_at_any_write(10, tell_of_one, Scene::ends_as_one_slice_answered).await;
}

#[actix_rt::test]
async fn one_key_is_one_order_of_one_slice_however_often_and_at_once_it_comes() {
    let scene = Scene::begun().await;
    let once = || async {
        for _ in 0..TRIES {
            match scene.process.hold_of("3001", 2, &[], by(ADA, 0)).await {
                Ok(done) => return done.event,
                Err(error) => assert!(may_pass(&error), "{error:?}"),
            }
            turn().await;
        }
        panic!("it is never answered")
    };
    let told = join_all((0..8).map(|_| once())).await;
    assert!(told.iter().all(|placed| *placed == told[0]), "{told:?}");
    assert_eq!(scene.process.allowance(ADA.id).await, (2, 0));
}
