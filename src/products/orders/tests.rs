//! Orders are placed, bought, released, taken back and left to expire, while the store fails, or
//! the process dies, at every single write. Whatever was answered is so, an order is bought as a
//! whole or not at all, and nothing is left over.

mod many;
mod one;
mod ten;

use super::{Orders, PlacedTickets, WantedOrder};
use crate::Engine;
use crate::failure::{Error, Refusal};
use crate::lottery::Lotteries;
use crate::tickets::{Tickets, WantedTickets};
use actix_rt as rt;
use actors::domain::day::Day;
use actors::domain::lottery::{ArrangedPlan, LotteryPlan, MemberLimits, TicketSetup};
use actors::domain::pool::PoolName;
use actors::domain::shelves;
use actors::domain::tickets;
use actors::domain::tickets::TicketId;
use actors::domain::tickets::stock::Ticket;
use actors::domain::till::{self, Command, LimitKey, TillLedger};
use actors::engine::{By, Done, Failure, Key, KeyWindow, Limits, Node};
use actors::store::{Page, Shelf};
use actors::{Caller, Id, Role, Time};
use futures_util::future::join_all;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use testing::memory::{Fate, MemoryStore};
use testing::write_trap::{WriteSnare, WriteTrap};

const NOW: i64 = 1_796_126_400_000;
const POOL: PoolName = PoolName::Day(Day(20_261_231));
const ADA: Caller = Caller { id: Id([1; 16]), role: Role::Member };
const BOB: Caller = Caller { id: Id([2; 16]), role: Role::Member };
const ADMIN: Caller = Caller { id: Id([3; 16]), role: Role::Admin };
const CARD: LimitKey = LimitKey(Id([9; 16]));
const TRIES: usize = 300;
const TURNS: usize = 20_000;

/// One process on the data, with eight tills.
struct Process {
    engine: Arc<Engine>,
    lotteries: Arc<Lotteries>,
    tickets: Tickets,
    orders: Orders,
    clock: Arc<AtomicI64>,
}

impl Process {
    fn on(store: &MemoryStore, snare: &WriteSnare, clock: &Arc<AtomicI64>) -> Rc<Process> {
        let (memory, snare) = (store.another_node(), snare.clone());
        let trap = WriteTrap { memory, snare, of: &["till/", "tickets/"] };
        let time = clock.clone();
        let node = Node::new(
            testing::around::as_store(Arc::new(trap)),
            Arc::new(move || Time(time.load(Ordering::Relaxed))),
            KeyWindow::new(100_000, 1_000_000),
            Limits::default(),
        );
        node.take_seat();
        let engine = Engine::new(node);
        let lotteries = Arc::new(Lotteries::new(engine.clone()));
        let orders = Orders::new(engine.clone(), lotteries.clone());
        let tickets = Tickets::new(engine.clone());
        Rc::new(Process { engine, lotteries, tickets, orders, clock: clock.clone() })
    }

    async fn create(&self) {
        self.create_with(2, MemberLimits { held: Some(5), bought: Some(7) }).await;
    }

    async fn create_with(&self, copies: u16, limits: MemberLimits) {
        let tickets = TicketSetup {
            digits: 4,
            copies,
            holds_per_member: 100,
            hold_max_s: 600,
            numbers: None,
        };
        let closes_at = Time(NOW).plus_s(1_000_000);
        let named = LotteryPlan::named("Rush".into(), closes_at);
        let plan = LotteryPlan { tickets: Some(tickets), limits, ..named };
        self.lotteries.create(POOL, plan, By::SYSTEM).await.expect("it is created");
    }

    async fn plan(&self) -> Result<Arc<ArrangedPlan>, Error> {
        Ok(self.lotteries.plan(POOL).await?.expect("it is created"))
    }

    async fn hold(
        &self,
        count: u16,
        keys: &[LimitKey],
        by: By,
    ) -> Result<Done<PlacedTickets>, Error> {
        self.hold_of("*001", count, keys, by).await
    }

    async fn hold_of(
        &self,
        pattern: &str,
        count: u16,
        keys: &[LimitKey],
        by: By,
    ) -> Result<Done<PlacedTickets>, Error> {
        let pattern = pattern.parse().expect("it is one");
        let (at_least, together) = (1, false);
        let tickets = WantedTickets { label: None, pattern, count, at_least, together, ttl_s: 600 };
        let plan = self.plan().await?;
        self.orders.hold(POOL, &plan, &WantedOrder { tickets, keys }, by).await
    }

    async fn allowance(&self, who: Id) -> (u32, u32) {
        let plan = self.plan().await.expect("the store answers");
        self.orders.allowance_of(POOL, &plan, who).await.expect("the store answers")
    }

    async fn rows(&self, shelf: Shelf, owner: Id) -> usize {
        let page = Page { shelf, owner, after: None, limit: 1_000 };
        self.engine.rows(page).await.expect("the store answers").len()
    }

    /// Time passes until everything has expired, and the sweep comes round.
    async fn rests(&self) {
        self.expires().await;
        for _ in 0..3 {
            self.orders.sweep().await.expect("the store answers");
        }
    }

    /// Time passes until nothing lives any more.
    async fn expires(&self) {
        self.clock.fetch_add(1_000_000, Ordering::Relaxed);
        let plan = self.plan().await.expect("the store answers");
        for till in plan.tills(POOL) {
            let nothing = Command::Settle { orders: Vec::new() };
            let told = self.engine.tills.command(&till, nothing, By::SYSTEM).await;
            let unopened = Failure::Refused(till::Refusal::NotOpened);
            assert!(told.as_ref().err().is_none_or(|failure| *failure == unopened), "{told:?}");
        }
    }

    /// Ada has bought four under the card, and nobody holds anything.
    async fn is_as_it_was_answered(&self) {
        let plan = self.plan().await.expect("the store answers");
        let ledger = self.tickets.ledger(POOL, &plan).await.expect("the store answers");
        assert_eq!((ledger.sold, ledger.held, ledger.imbalance), (4, 0, 0));
        let tills = self.orders.ledger(POOL, &plan).await.expect("the store answers");
        assert_eq!(TillLedger { closing: false, sealed: false, ..tills }, TillLedger::default());
        let all = [self.allowance(ADA.id).await, self.allowance(BOB.id).await];
        assert_eq!((all, self.allowance(CARD.0).await), ([(0, 4), (0, 0)], (0, 4)));
        assert_eq!(self.rows(shelves::TICKETS, ADA.id).await, 4);
        for (shelf, owner) in [
            (shelves::MY_HOLDS, ADA.id),
            (shelves::MY_HOLDS, BOB.id),
            (shelves::UNSETTLED, Id::SYSTEM),
        ] {
            assert_eq!(self.rows(shelf, owner).await, 0, "{shelf:?}");
        }
    }
}

/// Whoever asks, and repeats what was not answered, under the same key.
#[derive(Default)]
struct Client {
    placed: Vec<PlacedTickets>,
    step: u8,
}

fn by(caller: Caller, step: u8) -> By {
    By::for_good(caller).under(Some(Key::new(caller.id, &[step], &[b"step"])))
}

/// Whether it may come to something when it is asked again.
fn may_pass(error: &Error) -> bool {
    matches!(
        &error.0,
        Failure::Unknown
            | Failure::Moved
            | Failure::Busy
            | Failure::Unavailable(_)
            | Failure::Refused(Refusal::Orders(till::Refusal::LimitReached { .. }))
    )
}

/// The story: each step until it is answered.
async fn tell(process: Rc<Process>, client: Rc<RefCell<Client>>) {
    let mut tries = 0;
    loop {
        let step = client.borrow().step;
        let placed = client.borrow().placed.clone();
        let orders = &process.orders;
        let told = match step {
            // Five over some slices, all of which are bought.
            0 => process.hold(5, &[CARD], by(ADA, 0)).await.map(|done| Some(done.event)),
            1 => orders.confirm(&placed[0].id, by(ADA, 1)).await.map(|done| {
                assert_eq!(done.event.len(), 5, "all of them");
                None
            }),
            // Two more may be bought.
            2 => process.hold(5, &[], by(ADA, 2)).await.map(|done| Some(done.event)),
            3 => orders.release(&placed[1].id, by(ADA, 3)).await.map(|_| None),
            4 => {
                let Ticket { number, copy } = placed[0].tickets[0];
                let id = TicketId { pool: POOL, digits: 4, number, copy };
                let by = by(ADMIN, 4);
                orders.refund_ticket(&process.tickets, &id, by).await.map(|_| None)
            }
            // Somebody else has the same card. What they get expires.
            5 => process.hold(5, &[CARD], by(BOB, 5)).await.map(|done| Some(done.event)),
            _ => return,
        };
        match told {
            Ok(event) => {
                let mut client = client.borrow_mut();
                client.step += 1;
                client.placed.extend(event);
            }
            Err(error) => {
                assert!(may_pass(&error), "step {step}: {error:?}");
                tries += 1;
                assert!(tries < TRIES, "step {step} comes to nothing: {error:?}");
                process.clock.fetch_add(1_000, Ordering::Relaxed);
                process.orders.sweep().await.ok();
            }
        }
    }
}

/// Lets everybody else go on.
async fn turn() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Scene {
    store: MemoryStore,
    snare: WriteSnare,
    clock: Arc<AtomicI64>,
    process: Rc<Process>,
    client: Rc<RefCell<Client>>,
}

impl Scene {
    async fn begun() -> Scene {
        let scene = Scene::empty();
        scene.process.create().await;
        scene
    }

    fn empty() -> Scene {
        let (store, snare) = (MemoryStore::default(), WriteSnare::default());
        let clock = Arc::new(AtomicI64::new(NOW));
        let process = Process::on(&store, &snare, &clock);
        Scene { store, snare, clock, process, client: Rc::default() }
    }

    /// True if there was such a write.
    fn was_caught(&self) -> bool {
        self.snare.lock().unwrap().take().is_none()
    }

    fn another_process(&mut self) {
        self.process = Process::on(&self.store, &self.snare, &self.clock);
    }

    /// The rest of the story, and what must be true after it, also for whoever reads the log anew.
    async fn ends(&mut self) {
        tell(self.process.clone(), self.client.clone()).await;
        let counts: Vec<usize> =
            self.client.borrow().placed.iter().map(|placed| placed.tickets.len()).collect();
        // What was given back under the card may not be known yet, if its write failed.
        let caught = self.was_caught();
        assert!(counts == [5, 2, 3] || caught && counts == [5, 2, 2], "{counts:?}");
        self.process.rests().await;
        self.process.is_as_it_was_answered().await;
        self.store.forget_snapshots();
        self.another_process();
        self.process.is_as_it_was_answered().await;
        let plan = self.process.plan().await.expect("the store answers");
        self.process.orders.seal(POOL, &plan).await.expect("nothing is unsettled");
        self.process.tickets.seal(POOL, &plan).await.expect("no part lives");
        if !caught {
            *self.snare.lock().unwrap() = Some((usize::MAX, Fate::Tear));
        }
    }
}

/// A story with each of its writes failing in each way, to its end. There are more than so many.
async fn fails_at_any_write(more_than: usize, ends: impl AsyncFn(&mut Scene)) {
    for fate in [Fate::LoseUnknown, Fate::KeepButUnknown, Fate::Tear, Fate::Fence] {
        let mut write = 0;
        loop {
            let mut scene = Scene::begun().await;
            *scene.snare.lock().unwrap() = Some((write, fate));
            ends(&mut scene).await;
            if !scene.was_caught() {
                break;
            }
            write += 1;
        }
        assert!(write > more_than, "the story is {write} writes");
    }
}

/// A story whose process dies at each of its writes, and that another one brings to its end.
async fn dies_at_any_write<S: Future<Output = ()> + 'static>(
    more_than: usize,
    tell: impl Fn(Rc<Process>, Rc<RefCell<Client>>) -> S,
    ends: impl AsyncFn(&mut Scene),
) {
    for keeps in [false, true] {
        let mut write = 0;
        loop {
            let mut scene = Scene::begun().await;
            *scene.snare.lock().unwrap() = Some((write, Fate::Stall));
            let story = rt::spawn(tell(scene.process.clone(), scene.client.clone()));
            for _ in 0..TURNS {
                if story.is_finished() || !scene.store.pending().is_empty() {
                    break;
                }
                turn().await;
            }
            // What does not depend on that write goes on a little.
            for _ in 0..20 {
                turn().await;
            }
            if story.is_finished() && scene.store.pending().is_empty() {
                break;
            }
            story.abort();
            scene.store.crash(|_| keeps);
            scene.another_process();
            ends(&mut scene).await;
            write += 1;
        }
        assert!(write > more_than, "the story is {write} writes");
    }
}

#[actix_rt::test]
async fn a_store_that_fails_at_any_write_of_an_order_changes_nothing_that_was_answered() {
    fails_at_any_write(30, Scene::ends).await;
}

#[actix_rt::test]
async fn a_process_that_dies_at_any_write_of_an_order_is_gone_on_with() {
    dies_at_any_write(30, tell, Scene::ends).await;
}

#[actix_rt::test]
async fn one_key_is_one_order_however_often_and_at_once_it_comes() {
    let scene = Scene::begun().await;
    let once = || async {
        for _ in 0..TRIES {
            match scene.process.hold(3, &[CARD], by(ADA, 0)).await {
                Ok(done) => return done.event,
                Err(error) => assert!(may_pass(&error), "{error:?}"),
            }
            turn().await;
        }
        panic!("it is never answered")
    };
    let told = join_all((0..8).map(|_| once())).await;
    assert!(told.iter().all(|placed| *placed == told[0]), "{told:?}");
    assert_eq!(scene.process.allowance(ADA.id).await, (3, 0));
    let id = told[0].id;
    let buy = join_all((0..8).map(|_| scene.process.orders.confirm(&id, by(ADA, 1)))).await;
    assert!(buy.iter().all(|done| done.as_ref().is_ok_and(|done| done.event.len() == 3)));
    let again = scene.process.hold(3, &[CARD], by(ADA, 0)).await.expect("it was answered");
    assert_eq!((again.event, again.replayed), (told[0].clone(), true));
    assert_eq!(scene.process.allowance(CARD.0).await, (0, 3));
}

#[actix_rt::test]
async fn sixty_four_who_buy_as_one_member_buy_as_many_as_one_may() {
    let scene = Scene::begun().await;
    let buys = |n: u8| {
        let process = scene.process.clone();
        async move {
            let mut bought = Vec::new();
            for _ in 0..4 {
                let Ok(done) = process.hold(1 + u16::from(n) % 3, &[], By::for_good(ADA)).await
                else {
                    continue;
                };
                let told = process.orders.confirm(&done.event.id, By::for_good(ADA)).await;
                bought.extend(told.expect("it is held").event);
            }
            bought
        }
    };
    let bought: Vec<_> = join_all((0..64).map(buys)).await.concat();
    let different: BTreeSet<_> = bought.iter().collect();
    assert_eq!((bought.len(), different.len()), (7, 7));
    assert_eq!(scene.process.allowance(ADA.id).await, (0, 7));
}

#[actix_rt::test]
async fn ten_free_ones_of_ten_slices_are_given_to_whoever_asks_for_ten() {
    let scene = Scene::begun().await;
    let plan = scene.process.plan().await.expect("the store answers");
    let dry = By::dry_run(ADA);
    let shown = scene.process.hold(5, &[], dry).await.expect("there are enough").event;
    assert_eq!(shown.tickets.len(), 5);
    assert_eq!(scene.process.allowance(ADA.id).await, (0, 0), "it was only tried");
    for n in 10..14 {
        let somebody = Caller::member(Id([n; 16]));
        scene.process.hold(5, &[], By::for_good(somebody)).await.expect("there are enough");
    }
    let ledger = scene.process.tickets.ledger(POOL, &plan).await.expect("the store answers");
    assert_eq!(ledger.held, 20);
    let none = scene.process.hold(1, &[], By::for_good(ADA)).await;
    let refusal = tickets::Refusal::NoMatchLeft { left: 0 };
    assert_eq!(none.err(), Some(Error(Failure::Refused(Refusal::Tickets(refusal)))));
    assert_eq!(scene.process.allowance(ADA.id).await, (0, 0), "it was given up");
}
