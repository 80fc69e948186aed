//! The end of a lottery: closed, sealed, written down, drawn. `withdrawal` has the other one.
//!
//! Each step is a command that can be repeated, and says the same again. So a lottery that was left
//! half closed is gone on with, and any number who close it at once come to the same winners.
//! Slices and boxes take what comes until their own seal; the answer to a close comes after the
//! last of them. A draw that waits for its round of the public beacon waits for that same round,
//! however late it is.

mod withdrawal;

pub use withdrawal::WithdrawnLottery;

use crate::ballots::Ballots;
use crate::ballots::rounds::{Missing, Rounds};
use crate::ballots::seeds::Seeds;
use crate::failure::Error;
use crate::lottery::Lotteries;
use crate::orders::Orders;
use crate::table::Engine;
use crate::tickets::Tickets;
use actors::domain::draw::{Hash, commitment};
use actors::domain::lottery::{Command, Drawn, Event, LotteryView, Phase, Refusal, places};
use actors::domain::pool::PoolName;
use actors::engine::{By, Failure};
use futures_util::future::try_join_all;
use std::sync::Arc;

pub struct Closing {
    engine: Arc<Engine>,
    lotteries: Arc<Lotteries>,
    orders: Arc<Orders>,
    tickets: Arc<Tickets>,
    ballots: Arc<Ballots>,
    seeds: Seeds,
    rounds: Rounds,
}

/// How far a lottery that is over has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It has nothing to draw, or it was drawn.
    Done,
    /// Everything is sealed; the draw waits for its round.
    Waits(Missing),
    /// Nobody had touched it, and its name is free again.
    Withdrawn,
    /// Somebody had, so it goes on as before.
    Kept,
}

impl Closing {
    pub fn new(
        engine: Arc<Engine>,
        lotteries: Arc<Lotteries>,
        orders: Arc<Orders>,
        tickets: Arc<Tickets>,
        ballots: Arc<Ballots>,
        seeds: Seeds,
        rounds: Rounds,
    ) -> Closing {
        Closing { engine, lotteries, orders, tickets, ballots, seeds, rounds }
    }

    /// What is published of a lottery's seed when it is created.
    pub fn commitment(&self, pool: PoolName) -> Hash {
        commitment(&self.seeds.of(pool))
    }

    pub fn rounds(&self) -> &Rounds {
        &self.rounds
    }

    /// Takes nothing new from now on, and brings the lottery to its end, as far as it can be
    /// brought.
    pub async fn close(&self, pool: PoolName, by: By) -> Result<End, Error> {
        let close = || self.engine.lotteries.command(&pool, Command::Close, by);
        match close().await {
            Err(Failure::Refused(Refusal::BeingWithdrawn)) => {
                // What that comes to is decided first.
                self.go_on(pool).await?;
                close().await?
            }
            outcome => outcome?,
        };
        self.go_on(pool).await
    }

    /// Does what is left to do for a lottery that has begun to close.
    pub async fn go_on(&self, pool: PoolName) -> Result<End, Error> {
        let Some(view) = self.lotteries.view(pool).await? else {
            return Ok(End::Done);
        };
        match view.phase {
            Phase::Open => Ok(End::Done),
            Phase::Closing => {
                let sealed = self.seal(pool, view).await?;
                self.draw(pool, sealed).await
            }
            Phase::Closed => self.draw(pool, view).await,
            Phase::Drawn | Phase::Withdrawn => Ok(End::Done),
            Phase::Withdrawing => self.end_withdrawal(pool, &view.plan).await,
        }
    }

    /// Seals all tills, then all slices and boxes, and writes down what the boxes hold. A slice is
    /// not sealed as long as an order has a part in it.
    async fn seal(&self, pool: PoolName, view: LotteryView) -> Result<LotteryView, Error> {
        self.orders.seal(pool, &view.plan).await?;
        self.tickets.seal(pool, &view.plan).await?;
        let boxes = self.ballots.seal(pool, &view.plan).await?;
        let finish = Command::Finish { boxes: boxes.clone() };
        self.engine.lotteries.command(&pool, finish, By::SYSTEM).await?;
        Ok(LotteryView { phase: Phase::Closed, boxes, ..view })
    }

    async fn draw(&self, pool: PoolName, view: LotteryView) -> Result<End, Error> {
        let Some(plan) = view.plan.ballots.filter(|_| view.drawn.is_none()) else {
            return Ok(End::Done);
        };
        let beacon = match plan.round {
            None => None,
            Some(round) => match self.rounds.beacon(round, self.lotteries.now()).await {
                Ok(beacon) => Some(beacon),
                Err(missing) => return Ok(End::Waits(missing)),
            },
        };
        let seed = self.seeds.of(pool);
        let chosen = places(&plan, &view.boxes, &seed, beacon.as_ref());
        let lots = try_join_all(
            chosen.into_iter().map(|(number, index)| self.ballots.lot(pool, number, index)),
        )
        .await?;
        let drawn = Drawn { seed, beacon, lots };
        let done = self.engine.lotteries.command(&pool, Command::Draw(drawn), By::SYSTEM).await?;
        if matches!(done.event, Event::Drawn(_)) && !done.replayed {
            metrics::counter!("stampede_draws_total").increment(1);
        }
        Ok(End::Done)
    }
}

#[cfg(test)]
mod tests;
