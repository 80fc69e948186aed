//! A courier: reads the feed behind the webhook's cursor, tells the receiver, and moves the cursor,
//! now and then. The same it does for a replay, which has a cursor of its own. It dies with the
//! process, and another begins where the cursor is. Two of them may be at it at once, as while a
//! partition moves from node to node.

use super::super::World;
use super::super::ask::{Asker, Call};
use super::super::room::at_once;
use super::{HOOK, plan};
use actors::dice::Dice;
use actors::domain::webhooks::{Command, Event, Webhook, WebhookReplay, WebhookView, WhyDisabled};
use actors::machine::partition_id;
use actors::store::{FeedPage, Store};
use actors::{Caller, Id, Role, Time};

const ADMIN: Caller = Caller { id: Id([200; 16]), role: Role::Admin };

struct Courier<'w> {
    world: &'w World,
    dice: Dice,
    /// How far it has told, of which the cursor may know nothing yet.
    told_to: u64,
    /// The same of a replay, by its number.
    again: Option<(u32, u64)>,
    /// Of the process that it lives in.
    life: u32,
    hook: Asker<'w, Webhook>,
}

/// Tells what happens until the world calms down.
pub async fn live(world: &World, _: u64, seed: u64) {
    let (dice, hook) = (Dice::new(seed), Asker::new(world));
    let life = world.lives();
    let mut courier = Courier { world, dice, told_to: 0, again: None, life, hook };
    while !world.is_calm() {
        courier.act().await;
        world.rest().await;
    }
}

impl Courier<'_> {
    async fn act(&mut self) {
        if self.life != self.world.lives() {
            self.world.count("courier died");
            (self.life, self.told_to, self.again) = (self.world.lives(), 0, None);
        }
        match self.dice.below(30) {
            0 => {
                let member = Caller::member(Id([3; 16]));
                self.send(member, Command::Enable).await;
            }
            1 => self.send(ADMIN, Command::Disable(WhyDisabled::Ordered)).await,
            _ => match self.look().await {
                None => {}
                Some(None) => {
                    let from = self.world.feed(0).end;
                    self.send(ADMIN, Command::Create { plan: plan(), from }).await;
                }
                Some(Some(WebhookView { disabled: Some(_), .. })) => {
                    self.send(ADMIN, Command::Enable).await;
                }
                Some(Some(view)) => self.tell_some(view).await,
            },
        }
    }

    /// Of what happens now, or of what is told again. Some is told again as soon as it was told.
    async fn tell_some(&mut self, view: WebhookView) {
        match view.replay {
            Some(replay) if self.dice.below(2) == 0 => self.tell_again(view.replays, replay).await,
            _ if self.dice.below(12) == 0 => {
                let (from, to) = (Time(self.dice.below(1 << 60) as i64), Time(i64::MAX));
                let cursor = view.from + self.dice.below(view.cursor - view.from + 1);
                let replay = WebhookReplay { from, to, cursor, end: view.cursor };
                self.send(ADMIN, Command::Replay(replay)).await;
            }
            _ => self.tell(view.cursor).await,
        }
    }

    async fn tell_again(&mut self, number: u32, replay: WebhookReplay) {
        let told = self.again.filter(|(of, _)| *of == number).map_or(0, |(_, to)| to);
        let mut told_to = told.max(replay.cursor);
        let page = self.world.feed(told_to);
        for (position, is_told) in positions(&page).into_iter().filter(|(at, _)| *at <= replay.end)
        {
            if is_told && self.dice.below(8) == 0 {
                self.again = Some((number, told_to));
                return self.send(Caller::SYSTEM, Command::Fail).await;
            }
            self.world.receive_again(told_to, position);
            told_to = position;
        }
        if page.frames.last().is_none_or(|frame| frame.position >= replay.end) {
            self.world.receive_again(told_to, replay.end);
            told_to = replay.end;
            self.world.count("told again to the end");
        }
        self.again = Some((number, told_to));
        if told_to == replay.end || self.dice.below(4) == 0 {
            let advance = Command::AdvanceReplay { number, to: told_to };
            self.send(Caller::SYSTEM, advance).await;
        }
    }

    /// Some of what comes next.
    async fn tell(&mut self, cursor: u64) {
        let mut told_to = self.told_to.max(cursor);
        let page = self.world.feed(told_to);
        for (position, is_told) in positions(&page) {
            if is_told && self.dice.below(8) == 0 {
                self.world.count("delivery failed");
                return self.send(Caller::SYSTEM, Command::Fail).await;
            }
            self.world.receive(told_to, position, is_told);
            told_to = position;
        }
        self.told_to = told_to;
        // Rarely, so that much is told again after a crash.
        if told_to > cursor && self.dice.below(4) == 0 {
            let advance = Command::Advance { to: told_to };
            self.send(Caller::SYSTEM, advance).await;
        }
    }

    async fn look(&mut self) -> Option<Option<WebhookView>> {
        self.hook.look(ADMIN, 0, actors::domain::webhooks::Question, Command::Fail).await
    }

    async fn send(&mut self, caller: Caller, command: Command) {
        let call = Call::of(caller, None, command, vec![0]);
        // What came of it, the auditor has heard.
        if let Ok((_, done)) = self.hook.send(call, &mut self.dice).await
            && matches!(done.event, Event::Disabled(WhyDisabled::GaveUp))
        {
            self.world.count("webhook given up");
        }
    }
}

/// Where each frame lies, and whether it is told: what the webhook itself has written is not.
fn positions(page: &FeedPage) -> Vec<(u64, bool)> {
    let own = partition_id::<Webhook>(&HOOK);
    page.frames.iter().map(|frame| (frame.position, *frame.partition != *own)).collect()
}

impl World {
    fn feed(&self, after: u64) -> FeedPage {
        at_once(|done| self.node.borrow().yard.store.feed(after, 4, done))
    }

    fn receive(&self, after: u64, position: u64, is_told: bool) {
        let node = self.node.borrow();
        let mut receiver = node.webhooks.auditor.places[0].model.receiver.borrow_mut();
        match is_told {
            true => receiver.hear(after, position),
            false => receiver.nothing_between(after, position),
        }
    }

    fn receive_again(&self, after: u64, position: u64) {
        let node = self.node.borrow();
        node.webhooks.auditor.places[0].model.receiver.borrow_mut().hear_again(after, position);
    }
}

/// What was to be told again is told to its end.
async fn tell_the_rest_again(world: &World) {
    let hook = Asker::<Webhook>::new(world);
    let view = hook.look(ADMIN, 0, actors::domain::webhooks::Question, Command::Fail).await;
    let Some(Some(view)) = view else { panic!("it was made: {view:?}") };
    let Some(replay) = view.replay else { return };
    let mut told_to = replay.cursor;
    while told_to < replay.end {
        let page = world.feed(told_to);
        let next = page.frames.first().map_or(replay.end, |frame| frame.position.min(replay.end));
        world.receive_again(told_to, next);
        told_to = next;
    }
    let advance = Command::AdvanceReplay { number: view.replays, to: told_to };
    let call = Call::<Webhook>::of(Caller::SYSTEM, None, advance, vec![0]);
    assert!(world.settle(&call).await.is_ok());
}

/// At the end: all that is left is told, and the receiver has heard everything.
pub async fn tell_everything(world: &World) {
    let settle = |caller, command| Call::<Webhook>::of(caller, None, command, vec![0]);
    let from = world.feed(0).end;
    let made = world.settle(&settle(ADMIN, Command::Create { plan: plan(), from })).await;
    let Ok((_, done)) = made else { panic!("a webhook can be made: {made:?}") };
    let Event::Created { from, .. } = done.event else { panic!("made, and told {:?}", done.event) };
    assert!(world.settle(&settle(ADMIN, Command::Enable)).await.is_ok());
    tell_the_rest_again(world).await;
    let mut told = Vec::new();
    let mut told_to = from;
    loop {
        let page = world.feed(told_to);
        if page.frames.is_empty() {
            break;
        }
        for (position, is_told) in positions(&page) {
            world.receive(told_to, position, is_told);
            told.extend(is_told.then_some(position));
            told_to = position;
        }
    }
    let advance = Command::Advance { to: told_to };
    assert!(world.settle(&settle(Caller::SYSTEM, advance)).await.is_ok());
    let node = world.node.borrow();
    node.webhooks.auditor.places[0].model.receiver.borrow().has_heard(&told);
    drop(node);
    world.count(if told.is_empty() { "nothing to tell" } else { "everything told" });
}
