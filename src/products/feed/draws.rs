//! Which lots of a draw have won, and which are reserves. A draw has them in one order; how many
//! winners there are stands in the plan of its lottery.

use crate::failure::Error;
use crate::feed::not_now::not_now;
use crate::table::Engine;
use crate::telling::said::Said;
use crate::telling::topics;
use actors::domain::lottery::Question;
use actors::store::StoreError;
use serde_json::Value;

/// Says of each lot of a draw what it was drawn as. Leaves every other event as it is.
pub async fn say_who_won(engine: &Engine, said: &mut Said) -> Result<(), StoreError> {
    if *said.topic != topics::LOTTERY_DRAWN {
        return Ok(());
    }
    let pool = said.data.get("lottery").and_then(Value::as_str).and_then(|pool| pool.parse().ok());
    let Some(pool) = pool else { return Ok(()) };
    let looked = engine.lotteries.look(&pool, Question).await.map_err(Error::from);
    let looked = looked.map_err(not_now("lottery"))?;
    let Some(plan) = looked.answer.and_then(|view| view.plan.ballots) else { return Ok(()) };
    let lots = said.data.get_mut("lots").and_then(Value::as_array_mut).into_iter().flatten();
    for (place, lot) in lots.filter_map(Value::as_object_mut).enumerate() {
        let drawn_as = if place < usize::from(plan.winners) { "winner" } else { "reserve" };
        lot.insert("drawn_as".to_owned(), drawn_as.into());
    }
    Ok(())
}
