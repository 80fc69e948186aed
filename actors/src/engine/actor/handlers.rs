//! What an actor does when it is told something.

use super::messages::{
    AppendEnded, AppendStands, Call, CallsTogether, LookedUp, NamesRead, Obstacle, OpenEnded, Rest,
};
use super::{PartitionActor, State};
use crate::engine::alarms::Tick;
use crate::engine::failure::Lost;
use crate::engine::request::Request;
use crate::machine::{Machine, partition_id};
use crate::store::{AppendOutcome, StoreError};
use actix::{ActorContext, AsyncContext, Context, Handler};

impl<M: Machine> Handler<Call<M>> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, call: Call<M>, ctx: &mut Context<Self>) {
        let now = self.node.now();
        if call.request.gives_a_command() {
            self.last_called = now;
        }
        self.serve(call.request, call.waiter);
        self.set_alarm(now);
        self.go_on_soon(ctx);
    }
}

impl<M: Machine> Handler<CallsTogether<M>> for PartitionActor<M> {
    type Result = ();

    fn handle(
        &mut self,
        CallsTogether { requests, replies }: CallsTogether<M>,
        ctx: &mut Context<Self>,
    ) {
        let now = self.node.now();
        if requests.iter().any(Request::gives_a_command) {
            self.last_called = now;
        }
        for (place, request) in requests.into_iter().enumerate() {
            self.serve(request, replies.waiter(place));
        }
        self.set_alarm(now);
        self.go_on_soon(ctx);
    }
}

impl<M: Machine> Handler<OpenEnded<M>> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, opened: OpenEnded<M>, ctx: &mut Context<Self>) {
        let State::Opening { waiting } = &mut self.state else { return };
        let waiting = std::mem::take(waiting);
        match opened.0 {
            Ok(partition) => {
                self.state = State::Open(partition);
                waiting.into_iter().for_each(|(request, waiter)| self.serve(request, waiter));
                self.set_alarm(self.node.now());
                self.go_on(ctx);
            }
            Err(Obstacle::Snapshot(why)) if !std::mem::replace(&mut self.forgot_snapshot, true) => {
                let partition = partition_id::<M>(&self.name);
                self.meters.forgotten.increment(1);
                self.node.tell_of_snapshot(&partition, &why);
                self.node.store.forget_snapshot(&partition);
                self.open(waiting, ctx.address());
            }
            Err(obstacle) => {
                let error = StoreError::from(obstacle);
                // Nothing that they asked for was done. The next request makes a new attempt.
                let lost = Lost::Unavailable(error.to_string());
                waiting.into_iter().for_each(|(_, waiter)| waiter.answer(Err(lost.clone())));
                if self.exit.leave() {
                    ctx.stop();
                } else {
                    self.open(Vec::new(), ctx.address());
                }
            }
        }
    }
}

impl<M: Machine> Handler<AppendStands> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, AppendStands { life }: AppendStands, ctx: &mut Context<Self>) {
        if life != self.life {
            return;
        }
        if let State::Open(partition) = &mut self.state {
            partition.stands();
            self.flush(ctx);
        }
    }
}

impl<M: Machine> Handler<AppendEnded> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, ended: AppendEnded, ctx: &mut Context<Self>) {
        let AppendEnded { life, sent_at, outcome } = ended;
        let State::Open(partition) = &mut self.state else { return };
        // Of an earlier life all callers were told already.
        if life != self.life {
            return;
        }
        match outcome {
            AppendOutcome::Durable => {
                self.meters.commit_s.record(sent_at.elapsed().as_secs_f64());
                self.meters.commits.increment(1);
                let landed = partition.land();
                self.flush(ctx);
                landed.answers.into_iter().for_each(|(waiter, reply)| waiter.answer(Ok(reply)));
                self.save(landed.snapshot);
            }
            AppendOutcome::Fenced => self.stand_down(),
            AppendOutcome::Unknown(_) => self.forget_and_reopen(ctx.address()),
        }
    }
}

impl<M: Machine> Handler<LookedUp> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, LookedUp { life, keys, found }: LookedUp, ctx: &mut Context<Self>) {
        let State::Open(partition) = &mut self.state else { return };
        if life != self.life {
            return;
        }
        match found {
            Ok(bodies) => {
                let answers = partition.found(&keys, bodies, self.node.now());
                answers.into_iter().for_each(|(waiter, reply)| waiter.answer(Ok(reply)));
            }
            Err(error) => {
                let lost = Lost::Unavailable(error.to_string());
                let waiters = partition.not_found(&keys);
                waiters.into_iter().for_each(|waiter| waiter.answer(Err(lost.clone())));
            }
        }
        self.go_on(ctx);
    }
}

impl<M: Machine> Handler<NamesRead> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, NamesRead { life, rows }: NamesRead, ctx: &mut Context<Self>) {
        if let State::Open(partition) = &mut self.state
            && life == self.life
        {
            partition.learned(rows.ok());
            self.look_up(ctx);
        }
    }
}

impl<M: Machine> Handler<Tick> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, _: Tick, ctx: &mut Context<Self>) {
        self.tick(ctx);
    }
}

impl<M: Machine> Handler<Rest> for PartitionActor<M> {
    type Result = ();

    fn handle(&mut self, _: Rest, ctx: &mut Context<Self>) {
        self.rest(ctx);
    }
}
