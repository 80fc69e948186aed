//! The courier of one webhook: delivers event after event, in order, and moves the webhook's cursor
//! over what was delivered.
//!
//! One event is under way at a time. The cursor is written once per many deliveries, so a crash
//! repeats some and skips none. When to try again is the webhook's to decide, by the engine's
//! clock; the courier only looks whether that has come. Live events and a replay take turns.

use crate::failure::Error;
use crate::feed::{Event, Turn};
use crate::webhooks::attempts::{Attempt, Attempts};
use crate::webhooks::meters::Meters;
use crate::webhooks::post_office::PostOffice;
use crate::webhooks::round::WebhookRound;
use crate::webhooks::sender::Parcel;
use crate::webhooks::signature;
use actors::domain::webhooks::{self, Command, Telling, WebhookView, WhyDisabled};
use actors::engine::By;
use actors::store::StoreError;
use actors::{Id, Time};
use base::journal;
use base::journal::Value;
use std::sync::Arc;
use tokio::sync::watch;

/// Deliveries after which the cursor is written.
const DELIVERIES: u32 = 100;
/// Positions that told nothing, after which it is written all the same, so that a restart need not
/// read them again.
const POSITIONS: u64 = 10_000;
/// Turns without anything to deliver after which it is written: about a second.
const IDLE_TURNS: u32 = 10;
/// When a command could not be given, the next attempt waits for so long.
const PAUSE_S: u32 = 5;

pub struct Courier {
    webhook: Id,
    office: Arc<PostOffice>,
    attempts: Arc<Attempts>,
    secret: Option<Vec<u8>>,
    live: Option<WebhookRound>,
    replay: Option<WebhookRound>,
    /// Whose turn it is first.
    first: Telling,
    paused_until: Time,
    meters: Meters,
}

/// What to do after a turn.
enum Next {
    Again,
    Wait,
    Over,
}

/// Why a turn broke off; the next one tries again.
#[derive(Debug)]
struct NotNow;

impl From<StoreError> for NotNow {
    fn from(_: StoreError) -> NotNow {
        NotNow
    }
}

impl From<Error> for NotNow {
    fn from(_: Error) -> NotNow {
        NotNow
    }
}

impl Courier {
    pub fn of(webhook: Id, office: Arc<PostOffice>) -> Courier {
        let attempts = office.attempts(webhook);
        let meters = Meters::of(webhook, &office.series);
        let paused_until = Time::default();
        Courier {
            webhook,
            office,
            attempts,
            secret: None,
            live: None,
            replay: None,
            first: Telling::Live,
            paused_until,
            meters,
        }
    }

    /// Until the webhook is deleted, another node should deliver for it, or the server stops.
    pub async fn run(mut self, mut turns: watch::Receiver<Turn>) {
        while !turns.borrow_and_update().stopping && self.office.is_ours(self.webhook) {
            match self.turn(&mut turns).await {
                Ok(Next::Again) => continue,
                Ok(Next::Over) => break,
                Ok(Next::Wait) | Err(NotNow) => {}
            }
            if turns.changed().await.is_err() {
                break;
            }
        }
        // So that a restart repeats nothing. If it cannot be written, a restart repeats.
        for round in [self.live.take(), self.replay.take()]
            .into_iter()
            .flatten()
            .filter(|round| round.delivered > 0)
        {
            let _ = self.office.command(self.webhook, round.command(), By::SYSTEM).await;
        }
    }

    async fn turn(&mut self, turns: &mut watch::Receiver<Turn>) -> Result<Next, NotNow> {
        let Some(view) = self.office.view(self.webhook).await? else { return Ok(Next::Over) };
        self.measure(&view);
        let now = self.office.now();
        let waits =
            view.trouble.is_some_and(|trouble| now < trouble.next_at) || now < self.paused_until;
        if view.disabled.is_some() || waits || !self.office.may_write() {
            return Ok(Next::Wait);
        }
        for line in [self.first, other(self.first)] {
            if let Some(event) = self.next(line, &view).await? {
                self.first = other(line);
                return self.deliver(line, &event, &view, turns).await;
            }
        }
        if [&self.live, &self.replay].into_iter().flatten().any(|round| round.is_behind) {
            return Ok(Next::Again);
        }
        self.write_down_when_idle().await?;
        Ok(Next::Wait)
    }

    /// The next event to deliver, if one is known or found by one more look into the feed.
    async fn next(
        &mut self,
        line: Telling,
        view: &WebhookView,
    ) -> Result<Option<Arc<Event>>, NotNow> {
        let Some(mut round) = self.take_round(line, view) else { return Ok(None) };
        let read = self.read_on(&mut round, view).await;
        let next = round.events.front().cloned();
        let long_silent = round.reached() - round.written >= POSITIONS;
        let written = match read.is_ok() && (long_silent || round.has_ended()) {
            true => self.write_down(&mut round).await,
            false => Ok(()),
        };
        self.put_back(round);
        read.and(written).map(|()| next)
    }

    async fn read_on(&self, round: &mut WebhookRound, view: &WebhookView) -> Result<(), NotNow> {
        let end = round.end;
        let replay = view.replay.filter(|_| round.line == Telling::Replay);
        let span = replay.map_or(Time(i64::MIN)..Time(i64::MAX), |replay| replay.from..replay.to);
        if !round.events.is_empty() || round.read_to >= end {
            return Ok(());
        }
        let read = self.office.feed.after(round.read_to).await?;
        let wanted = |event: &Event| {
            let is_told = |name: &String| match name.as_str() {
                "*" => !event.topic.is_audit(),
                name => name == event.topic.name,
            };
            view.plan.events.iter().any(is_told)
        };
        let here = |event: &Arc<Event>| {
            event.place.position <= end && span.contains(&event.at) && wanted(event)
        };
        round.events.extend(read.events.into_iter().filter(here));
        // A log that has become shorter (an older copy was restored) has nothing more to tell until
        // it is longer again.
        round.is_behind = read.to > round.read_to && read.to < read.end.min(end);
        round.read_to = read.to.min(end);
        Ok(())
    }

    async fn deliver(
        &mut self,
        line: Telling,
        event: &Arc<Event>,
        view: &WebhookView,
        turns: &mut watch::Receiver<Turn>,
    ) -> Result<Next, NotNow> {
        let now = self.office.now();
        let parcel = self.parcel(event, view, now).await?;
        let sent = tokio::select! {
            sent = self.office.senders.send(parcel) => sent.ok_or(NotNow)?,
            // Whether it arrives is not known: it is sent again after the restart.
            _ = turns.wait_for(|turn| turn.stopping) => return Ok(Next::Over),
        };
        self.meters.count(&sent);
        let mut attempt = Attempt::of(event, line, now, sent.clone());
        let Some(mut round) = self.take_round(line, view) else { return Ok(Next::Again) };
        let outcome = match sent.is_delivered() {
            true => self.delivered(&mut round, view).await,
            false => self.failed(&mut round, &mut attempt).await,
        };
        self.put_back(round);
        self.attempts.note(attempt);
        if outcome.is_err() {
            self.paused_until = self.office.now().plus_s(PAUSE_S);
        }
        outcome.map(|()| Next::Again)
    }

    async fn parcel(
        &mut self,
        event: &Event,
        view: &WebhookView,
        now: Time,
    ) -> Result<Parcel, NotNow> {
        let secret = match &self.secret {
            Some(secret) => secret,
            None => self.secret.insert(self.office.secret(self.webhook).await?),
        };
        let (id, timestamp_s) = (event.place.to_string(), now.0.div_euclid(1000));
        let signature = signature::sign(secret, &id, timestamp_s, &event.body);
        Ok(Parcel {
            url: view.plan.url.clone(),
            id,
            timestamp_s,
            signature,
            body: event.body.clone(),
        })
    }

    async fn delivered(&self, round: &mut WebhookRound, view: &WebhookView) -> Result<(), NotNow> {
        round.events.pop_front();
        round.delivered += 1;
        round.idle_turns = 0;
        if round.delivered >= DELIVERIES || view.trouble.is_some() {
            self.write_down(round).await?;
        }
        Ok(())
    }

    /// What was delivered before is written first, in both tellings: it must not be taken for the
    /// end of this trouble later.
    async fn failed(
        &mut self,
        round: &mut WebhookRound,
        attempt: &mut Attempt,
    ) -> Result<(), NotNow> {
        let mut beside = self.round(other(round.line)).take();
        let mut written = Ok(());
        for round in
            [Some(round), beside.as_mut()].into_iter().flatten().filter(|round| round.delivered > 0)
        {
            written = written.and(self.write_down(round).await);
        }
        beside.into_iter().for_each(|beside| self.put_back(beside));
        written?;
        let command = if attempt.sent.is_gone() {
            Command::Disable(WhyDisabled::Gone)
        } else {
            Command::Fail
        };
        match self.office.command(self.webhook, command, By::SYSTEM).await?.event {
            webhooks::Event::Failed(trouble) => attempt.next_at = Some(trouble.next_at),
            webhooks::Event::Disabled(_) => {
                journal::warn("a webhook is disabled", &[("webhook", Value::Text(&self.webhook))])
            }
            _ => {}
        }
        Ok(())
    }

    async fn write_down(&self, round: &mut WebhookRound) -> Result<(), NotNow> {
        self.office.command(self.webhook, round.command(), By::SYSTEM).await?;
        (round.written, round.delivered, round.idle_turns) = (round.reached(), 0, 0);
        Ok(())
    }

    async fn write_down_when_idle(&mut self) -> Result<(), NotNow> {
        for line in [Telling::Live, Telling::Replay] {
            let Some(mut round) = self.round(line).take() else { continue };
            round.idle_turns += (round.delivered > 0) as u32;
            let written = match round.idle_turns >= IDLE_TURNS {
                true => self.write_down(&mut round).await,
                false => Ok(()),
            };
            self.put_back(round);
            written?;
        }
        Ok(())
    }

    /// The telling under way, or the one that the webhook now asks for.
    fn take_round(&mut self, line: Telling, view: &WebhookView) -> Option<WebhookRound> {
        let under_way = self.round(line).take();
        WebhookRound::going_on(under_way, line, view)
    }

    /// Unless it is over: the next replay begins anew.
    fn put_back(&mut self, round: WebhookRound) {
        let line = round.line;
        *self.round(line) = Some(round).filter(|round| !round.has_ended() || round.delivered > 0);
    }

    fn round(&mut self, line: Telling) -> &mut Option<WebhookRound> {
        match line {
            Telling::Live => &mut self.live,
            Telling::Replay => &mut self.replay,
        }
    }

    fn measure(&self, view: &WebhookView) {
        let reached = self.live.as_ref().map_or(view.cursor, WebhookRound::reached);
        if let Some(end) = self.office.feed.known_end() {
            self.meters.lag.set(end.saturating_sub(reached));
        }
    }
}

fn other(line: Telling) -> Telling {
    match line {
        Telling::Live => Telling::Replay,
        Telling::Replay => Telling::Live,
    }
}
