//! A crowd submits while twenty close, and the store fails, or the process dies, at every single
//! write. Whatever was answered is in the draw, and nothing else is.

mod lists;
mod trap;
mod withdrawing;

use crate::Engine;
use crate::ballots::Ballots;
use crate::ballots::rounds::Rounds;
use crate::ballots::seeds::Seeds;
use crate::failure::{Error, Refusal};
use crate::lottery::Lotteries;
use crate::lottery::closing::{Closing, End};
use crate::orders::Orders;
use crate::tickets::Tickets;
use actix_rt as rt;
use actix_rt::task::JoinHandle;
use actors::domain::ballots::{self, BallotId};
use actors::domain::lottery::{self, Drawn, LotteryPlan, Phase, TicketSetup, places};
use actors::engine::By;
use actors::engine::{Failure, Key, KeyWindow, Limits, Node};
use actors::store::Store;
use actors::{Caller, Id, Time};
use futures_util::future::join_all;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use testing::memory::{Fate, MemoryStore};
use trap::{POOL, Snare, Step, Trap};

const NOW: Time = Time(1_796_126_400_000);
const CROWD: u8 = 32;
const CLOSERS: usize = 20;
/// The crowd has so many ballots when the closing begins.
const BEFORE: usize = 48;
const TURNS: usize = 100_000;

/// One process on the data.
struct Process {
    lotteries: Arc<Lotteries>,
    tickets: Arc<Tickets>,
    ballots: Arc<Ballots>,
    closing: Closing,
}

impl Process {
    fn on(store: &MemoryStore, snare: &Snare) -> Rc<Process> {
        let trap = Trap { memory: store.another_node(), snare: snare.clone() };
        Process::with(testing::around::as_store(Arc::new(trap)))
    }

    fn with(store: Arc<dyn Store>) -> Rc<Process> {
        let node =
            Node::new(store, Arc::new(|| NOW), KeyWindow::new(100_000, 3600), Limits::default());
        node.take_seat();
        let engine = Engine::new(node);
        let (lotteries, ballots) =
            (Arc::new(Lotteries::new(engine.clone())), Arc::new(Ballots::new(engine.clone())));
        let tickets = Arc::new(Tickets::new(engine.clone()));
        let orders = Arc::new(Orders::new(engine.clone(), lotteries.clone()));
        let (seeds, rounds) = (Seeds::new(vec![7; 32]), Rounds::from(None, None));
        let closing = Closing::new(
            engine,
            lotteries.clone(),
            orders,
            tickets.clone(),
            ballots.clone(),
            seeds,
            rounds,
        );
        Rc::new(Process { lotteries, tickets, ballots, closing })
    }

    async fn create(&self, with_tickets: bool) {
        let tickets = with_tickets.then_some(TicketSetup {
            digits: 4,
            copies: 1,
            holds_per_member: 1,
            hold_max_s: 60,
            numbers: None,
        });
        let commitment = self.closing.commitment(POOL);
        let ballots = lottery::BallotSetup {
            boxes: 4,
            most_per_box: 10_000,
            winners: 3,
            reserves: 2,
            commitment,
            round: None,
        };
        let plan = LotteryPlan {
            tickets,
            ballots: Some(ballots),
            ..LotteryPlan::named("New Year".into(), NOW.plus_s(3600))
        };
        self.lotteries.create(POOL, plan, By::SYSTEM).await.unwrap();
    }

    /// Closes until it has come to the end, as whoever finds it half done would, and says what was
    /// drawn.
    async fn close(&self) -> Drawn {
        for _ in 0..TURNS {
            if self.closing.close(POOL, By::SYSTEM).await.is_ok_and(|end| end == End::Done)
                && let Ok(Some(view)) = self.lotteries.view(POOL).await
            {
                return view.drawn.expect("it is at its end");
            }
            turn().await;
        }
        panic!("it never comes to its end");
    }
}

/// Somebody who submits, and repeats what was not answered under the same key.
struct Member {
    id: u8,
    asked: u32,
    accepted: Vec<BallotId>,
}

impl Member {
    fn by(&self) -> By {
        let id = Id([self.id + 1; 16]);
        let key = Key::new(id, &self.asked.to_be_bytes(), &[b"ballot"]);
        By::for_good(Caller::member(id)).under(Some(key))
    }
}

type Someone = Rc<RefCell<Member>>;

/// Submits until the lottery is closed.
async fn submit(process: Rc<Process>, member: Someone) {
    let plan = loop {
        match process.lotteries.plan(POOL).await {
            Ok(plan) => break plan.expect("it is created"),
            Err(_) => turn().await,
        }
    };
    loop {
        let by = member.borrow().by();
        let told: Result<_, Error> = process.ballots.submit(POOL, &plan, by).await;
        match told {
            Ok(submitted) => {
                let (id, witness) = submitted.shown.expect("it was for real");
                assert!((witness.from..witness.position()).contains(&id.index));
                let mut member = member.borrow_mut();
                member.accepted.push(id);
                member.asked += 1;
            }
            Err(Error(Failure::Refused(Refusal::Ballots(ballots::Refusal::Closed)))) => return,
            Err(Error(Failure::Unknown | Failure::Moved | Failure::Unavailable(_))) => {}
            Err(other) => panic!("{other:?}"),
        }
        turn().await;
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
    snare: Snare,
    process: Rc<Process>,
    crowd: Vec<Someone>,
    submitting: Vec<JoinHandle<()>>,
}

impl Scene {
    /// The crowd submits, and has some ballots already. From here on, that write meets that fate.
    async fn begun(step: Step, fate: Fate) -> Scene {
        let (store, snare) = (MemoryStore::default(), Snare::default());
        let process = Process::on(&store, &snare);
        process.create(step.needs_tickets()).await;
        let crowd = (0..CROWD)
            .map(|id| Rc::new(RefCell::new(Member { id, asked: 0, accepted: Vec::new() })))
            .collect();
        let mut scene = Scene { store, snare, process, crowd, submitting: Vec::new() };
        scene.go_on();
        while scene.accepted().len() < BEFORE {
            turn().await;
        }
        *scene.snare.lock().unwrap() = Some((step, fate));
        scene
    }

    fn go_on(&mut self) {
        self.submitting = self
            .crowd
            .iter()
            .map(|member| rt::spawn(submit(self.process.clone(), member.clone())))
            .collect();
    }

    fn accepted(&self) -> BTreeSet<BallotId> {
        self.crowd.iter().flat_map(|member| member.borrow().accepted.clone()).collect()
    }

    /// Twenty close at once, and members submit until they are refused. What they were told fits
    /// together.
    async fn ends(&mut self) {
        let announced = join_all((0..CLOSERS).map(|_| self.process.close())).await;
        let drawn = announced[0].clone();
        assert_eq!(*self.snare.lock().unwrap(), None, "the write was one of this close");
        assert!(announced.iter().all(|other| *other == drawn), "one result");
        for submitting in std::mem::take(&mut self.submitting) {
            submitting.await.unwrap();
        }
        self.holds_what_was_accepted(&drawn).await;
        // So does whoever reads the log anew.
        self.store.forget_snapshots();
        self.process = Process::on(&self.store, &self.snare);
        self.holds_what_was_accepted(&drawn).await;
        assert_eq!(self.process.close().await, drawn);
    }

    async fn holds_what_was_accepted(&self, drawn: &Drawn) {
        let view = self.process.lotteries.view(POOL).await.unwrap().unwrap();
        assert_eq!((view.phase, view.drawn.as_ref()), (Phase::Drawn, Some(drawn)));
        let listed =
            self.process.ballots.in_lottery(POOL, &view.plan, None, usize::MAX).await.unwrap();
        let (ids, accepted): (BTreeSet<BallotId>, _) =
            (listed.iter().map(|(id, _)| *id).collect(), self.accepted());
        assert_eq!(ids, accepted, "each that was accepted is there, and no other");
        assert_eq!(
            view.boxes.iter().map(|sealed| sealed.count).sum::<u64>(),
            accepted.len() as u64
        );
        assert!(
            drawn.lots.len() == 5
                && drawn.lots.iter().all(|lot| accepted.contains(&lot.ballot(POOL)))
        );
        let chosen = places(&view.plan.ballots.unwrap(), &view.boxes, &drawn.seed, None);
        assert!(chosen.into_iter().eq(drawn.lots.iter().map(|lot| (lot.number, lot.index))));
    }

    /// The process dies at the write that stalls, and that is kept or is not; another one goes on.
    async fn dies_at_the_write_that_stalls(&mut self, keeps: bool) {
        let process = self.process.clone();
        let closing =
            rt::spawn(async move { join_all((0..CLOSERS).map(|_| process.close())).await });
        for _ in 0..TURNS {
            if closing.is_finished() || !self.store.pending().is_empty() {
                break;
            }
            turn().await;
        }
        // What does not depend on that write goes on a little.
        for _ in 0..20 {
            turn().await;
        }
        assert_eq!(self.store.pending().len(), 1, "it dies in the middle of something");
        closing.abort();
        self.submitting.drain(..).for_each(|submitting| submitting.abort());
        self.store.crash(|_| keeps);
        self.process = Process::on(&self.store, &self.snare);
        self.go_on();
    }
}

#[actix_rt::test]
async fn a_store_that_fails_at_any_write_of_a_close_changes_no_result() {
    for step in Step::all() {
        for fate in [Fate::LoseUnknown, Fate::KeepButUnknown, Fate::Tear, Fate::Fence] {
            Scene::begun(step, fate).await.ends().await;
        }
    }
}

#[actix_rt::test]
async fn a_process_that_dies_at_any_write_of_a_close_is_gone_on_with() {
    for step in Step::all() {
        for keeps in [false, true] {
            let mut scene = Scene::begun(step, Fate::Stall).await;
            scene.dies_at_the_write_that_stalls(keeps).await;
            scene.ends().await;
        }
    }
}
