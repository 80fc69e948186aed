//! What the outside hears of lotteries.

use crate::telling::said::{Says, Told};
use crate::telling::{id, member, time, topics};
use actors::domain::lottery::{self, FirstPlan, Lot, Lottery, LotteryPlan, SecondPlan};
use actors::domain::pool::PoolName;
use serde_json::{Value, json};

impl Told for Lottery {
    fn tell(pool: &PoolName, event: &lottery::Event, says: &mut Says) {
        match event {
            lottery::Event::Created(FirstPlan { closes_at, .. })
            | lottery::Event::Planned(SecondPlan { closes_at, .. })
            | lottery::Event::Arranged(LotteryPlan { closes_at, .. }) => {
                says.say(
                    &topics::LOTTERY_CREATED,
                    [("lottery", id(pool)), ("closes_at", time(*closes_at))],
                );
            }
            lottery::Event::Closing
            | lottery::Event::Stopped { .. }
            | lottery::Event::Withdrawing { .. }
            | lottery::Event::Kept { .. } => {}
            lottery::Event::Withdrawn { .. } => {
                says.say(&topics::LOTTERY_WITHDRAWN, [("lottery", id(pool))])
            }
            lottery::Event::Closed | lottery::Event::Sealed { .. } => {
                says.say(&topics::LOTTERY_CLOSED, [("lottery", id(pool))])
            }
            lottery::Event::Drawn(drawn) => {
                let ballots: Vec<Value> =
                    drawn.lots.iter().map(|lot| id(&lot.ballot(*pool))).collect();
                let said = |lot: &Lot| {
                    let (ballot, owner) = (id(&lot.ballot(*pool)), member(lot.owner));
                    json!({"ballot": ballot, "member": owner})
                };
                let lots: Vec<Value> = drawn.lots.iter().map(said).collect();
                let data =
                    [("lottery", id(pool)), ("ballots", json!(ballots)), ("lots", json!(lots))];
                says.say(&topics::LOTTERY_DRAWN, data);
            }
        }
    }
}
