//! The clockwork around a partition: one actix actor that runs any machine.
//!
//! It opens the partition from the store, hands it requests and sends its batches. When the store
//! says that a batch is durable, it answers the callers that waited for it. If a write fails or its
//! outcome is unknown, it forgets the partition and opens it again from the log. It starts no timer
//! for batching: a batch is whatever arrived while the last write was under way, and else whatever
//! was ready on this thread. Where the store says that a batch stands in the log before its rows
//! are visible, the next one leaves then; answers keep their order.

mod handlers;
pub mod messages;
mod meters;

use super::alarms::Alarms;
use super::failure::Lost;
use super::node::Node;
use super::partition::{Partition, Wanted};
use super::request::Request;
use super::waiter::Waiter;
use crate::machine::{Machine, partition_id};
use crate::store::Snapshot;
use crate::time::Time;
use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, Addr, AsyncContext, Context};
use actix_rt::task::yield_now;
use messages::{AppendEnded, AppendStands, LookedUp, NamesRead, Obstacle, OpenEnded};
use meters::Meters;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A partition that may not sleep yet tries again after so many seconds at most.
const RETRY_REST_S: u32 = 30;

/// How an actor takes its partition out of the router.
pub trait Exit: Send + 'static {
    /// Does so unless a request is on the way. False if one is.
    fn leave(&self) -> bool;
    /// Does so although requests may be on the way; the next one starts another actor.
    fn leave_at_once(&self);
}

pub struct PartitionActor<M: Machine> {
    name: M::Name,
    node: Arc<Node>,
    exit: Box<dyn Exit>,
    state: State<M>,
    alarms: Arc<Alarms>,
    alarm: u64,
    /// When it is woken next.
    woken_at: Option<Time>,
    /// When it was last given a command. To be looked at keeps no partition awake.
    last_called: Time,
    is_about_to_flush: bool,
    /// How often it was opened. What an earlier life has asked the store for is no answer to this
    /// one.
    life: u64,
    /// Once is enough: a store that shows it again is broken.
    forgot_snapshot: bool,
    meters: Meters,
}

enum State<M: Machine> {
    Opening {
        waiting: Vec<(Request<M>, Waiter<M>)>,
    },
    Open(Box<Partition<M, Waiter<M>>>),
    /// Another node has taken it over. Requests on the way are told so.
    Fenced,
}

impl<M: Machine> PartitionActor<M> {
    pub fn new(name: M::Name, node: Arc<Node>, exit: Box<dyn Exit>, alarms: Arc<Alarms>) -> Self {
        let last_called = node.now();
        let state = State::Opening { waiting: Vec::new() };
        PartitionActor {
            name,
            node,
            exit,
            state,
            alarms,
            alarm: 0,
            woken_at: None,
            last_called,
            is_about_to_flush: false,
            life: 0,
            forgot_snapshot: false,
            meters: Meters::of(M::KIND),
        }
    }

    fn open(&mut self, waiting: Vec<(Request<M>, Waiter<M>)>, this: Addr<Self>) {
        self.state = State::Opening { waiting };
        self.life += 1;
        let (name, node) = (self.name.clone(), self.node.clone());
        let window = node.window.clone();
        self.node.store.open(
            &partition_id::<M>(&self.name),
            Box::new(move |opened| {
                // The log is replayed here, on the store's thread, so that no request of another
                // partition waits for it.
                let partition = opened.map_err(Obstacle::Store).and_then(|opened| {
                    Partition::open_within(name, opened, window, node.cards.clone())
                        .map(|p| {
                            p.confirming_reads(node.store.confirms_reads())
                                .snapshot_every(node.limits.snapshot_every)
                        })
                        .map_err(Obstacle::from)
                });
                this.do_send(OpenEnded(partition.map(Box::new)));
            }),
        );
    }

    /// Sends the next batch, if there is one and it may go.
    fn flush(&mut self, ctx: &Context<Self>) {
        let State::Open(partition) = &mut self.state else { return };
        let Some(append) = partition.flush() else { return };
        let (this, life, sent_at) = (ctx.address(), self.life, Instant::now());
        self.meters.batch_events.record((append.frame.to.seq - append.frame.from.seq) as f64);
        let told = this.clone();
        self.node.store.append_and_go_on(
            append,
            Box::new(move |()| told.do_send(AppendStands { life })),
            Box::new(move |outcome| this.do_send(AppendEnded { life, sent_at, outcome })),
        );
    }

    /// Lets everything that is ready on this thread run first, so that one write serves all of it,
    /// and one look-up.
    fn go_on_soon(&mut self, ctx: &mut Context<Self>) {
        let has_work = matches!(&self.state, State::Open(partition)
            if partition.would_flush() || partition.wants_cards());
        if has_work && !std::mem::replace(&mut self.is_about_to_flush, true) {
            ctx.spawn(wrap_future::<_, Self>(yield_now()).map(|(), actor, ctx| {
                actor.is_about_to_flush = false;
                actor.go_on(ctx);
            }));
        }
    }

    fn go_on(&mut self, ctx: &Context<Self>) {
        self.flush(ctx);
        self.look_up(ctx);
    }

    /// Asks the store for the cards that requests wait for.
    fn look_up(&mut self, ctx: &Context<Self>) {
        let State::Open(partition) = &mut self.state else { return };
        let life = self.life;
        if let Some(Wanted { keys, rows }) = partition.wanted() {
            self.meters.looked_up.increment(keys.len() as u64);
            let this = ctx.address();
            self.node
                .store
                .find(rows, Box::new(move |found| this.do_send(LookedUp { life, keys, found })));
        }
        if let Some(page) = partition.to_learn() {
            let this = ctx.address();
            self.node
                .store
                .rows(page, Box::new(move |rows| this.do_send(NamesRead { life, rows })));
        }
    }

    fn serve(&mut self, request: Request<M>, waiter: Waiter<M>) {
        match &mut self.state {
            State::Opening { waiting } => waiting.push((request, waiter)),
            State::Open(partition) => {
                if let Some((waiter, reply)) =
                    partition.serve(request, self.node.now(), self.node.seed(), waiter)
                {
                    waiter.answer(Ok(reply));
                }
            }
            State::Fenced => waiter.answer(Err(Lost::Moved)),
        }
    }

    /// Another node has taken over, and nothing of what waits here was written. This actor stays
    /// only for the requests that are on their way to it.
    fn stand_down(&mut self) {
        self.meters.fenced.increment(1);
        self.exit.leave_at_once();
        if let State::Open(partition) = std::mem::replace(&mut self.state, State::Fenced) {
            partition.abandon().into_iter().for_each(|waiter| waiter.answer(Err(Lost::Moved)));
        }
        self.set_alarm(self.node.now());
    }

    /// Memory is ahead of a log that may lack its last batch: all callers that wait are told so,
    /// and the log decides.
    fn forget_and_reopen(&mut self, this: Addr<Self>) {
        self.meters.reopened.increment(1);
        if let State::Open(partition) =
            std::mem::replace(&mut self.state, State::Opening { waiting: Vec::new() })
        {
            partition.abandon().into_iter().for_each(|waiter| waiter.answer(Err(Lost::Unknown)));
        }
        self.open(Vec::new(), this);
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let now = self.node.now();
        self.woken_at = None;
        let may_rest = now >= self.may_rest_at();
        match &mut self.state {
            State::Open(partition) if partition.due().is_some_and(|due| due <= now) => {
                partition.wake(now);
                self.flush(ctx);
            }
            State::Open(partition) => {
                partition.make_some_room_for_cards();
                if may_rest && partition.may_sleep(now) {
                    self.rest(ctx);
                }
            }
            State::Fenced if self.exit.leave() => ctx.stop(),
            State::Opening { .. } | State::Fenced => {}
        }
        self.set_alarm(now);
    }

    fn may_rest_at(&self) -> Time {
        self.last_called.plus_s(self.node.limits.idle_s)
    }

    /// To be woken when something is due, or when it may be time to sleep.
    fn set_alarm(&mut self, now: Time) {
        let again_s = self.node.limits.idle_s.clamp(1, RETRY_REST_S);
        let rest_at = self.may_rest_at().max(now.plus_s(again_s));
        let at = match &self.state {
            State::Open(partition) => partition.due().map_or(rest_at, |due| due.min(rest_at)),
            State::Fenced => now.plus_s(1),
            State::Opening { .. } => return,
        };
        if self.woken_at.is_none_or(|earlier| at < earlier) {
            self.woken_at = Some(at);
            self.alarms.set_for(self.alarm, at);
        }
    }

    fn rest(&mut self, ctx: &mut Context<Self>) {
        match &mut self.state {
            State::Open(partition) if partition.is_quiet() => {
                if partition.has_changed_since_snapshot() {
                    let snapshot = partition.snapshot();
                    partition.snapshot_was_saved(&snapshot);
                    self.node.store.save(partition.id(), snapshot);
                }
                if self.exit.leave() {
                    ctx.stop();
                }
            }
            _ => {}
        }
    }

    fn save(&self, snapshot: Option<Snapshot>) {
        if let (Some(snapshot), State::Open(partition)) = (snapshot, &self.state) {
            self.node.store.save(partition.id(), snapshot);
        }
    }
}

/// Nothing in it is ever pinned.
impl<M: Machine> Unpin for PartitionActor<M> {}

impl<M: Machine> Actor for PartitionActor<M> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.alarm = self.alarms.enter(ctx.address().recipient());
        if self.alarms.is_first_watch() {
            let watch = watch(Arc::downgrade(&self.alarms), Arc::downgrade(&self.node));
            actix_rt::spawn(watch);
        }
        self.open(Vec::new(), ctx.address());
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.alarms.leave(self.alarm);
    }
}

/// Rings once a second for the partitions of this thread, as long as there is a node.
async fn watch(alarms: Weak<Alarms>, node: Weak<Node>) {
    loop {
        actix_rt::time::sleep(Duration::from_secs(1)).await;
        let (Some(alarms), Some(node)) = (alarms.upgrade(), node.upgrade()) else { return };
        alarms.ring(node.now());
        if node.cards.is_exceeded() {
            alarms.ring_for_all();
        }
    }
}
