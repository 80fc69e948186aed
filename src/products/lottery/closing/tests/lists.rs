//! What is due and what is ending, as the job that closes finds it.

use super::{NOW, Process};
use actors::domain::lottery::LotteryPlan;
use actors::domain::pool::PoolName;
use actors::engine::By;
use testing::memory::MemoryStore;

fn name(number: u32) -> PoolName {
    format!("pool-{number}").parse().expect("it is one")
}

#[actix_rt::test]
async fn pools_are_due_from_their_closing_instant_until_they_have_begun_to_close() {
    let process = Process::on(&MemoryStore::default(), &Default::default());
    // More than are read at a time, several at one instant, and the last one closes first.
    for number in 0..250 {
        let closes_at = NOW.plus_s(1000 - number / 2);
        let plan = LotteryPlan::named("a pool".into(), closes_at);
        process.lotteries.create(name(number), plan, By::SYSTEM).await.unwrap();
    }
    let due = async |s| process.lotteries.due(NOW.plus_s(s)).await.unwrap();
    assert_eq!(due(875).await, []);
    let two = [248, 249].map(|number| (NOW.plus_s(876), name(number)));
    assert_eq!(due(876).await, two);
    let all = due(1000).await;
    assert!(all.len() == 250 && all.is_sorted());

    process.closing.close(name(248), By::SYSTEM).await.unwrap();
    assert_eq!(due(876).await, [two[1]]);
    assert_eq!(process.lotteries.ending().await.unwrap(), [], "it is at its end at once");
    assert_eq!(process.lotteries.not_over(None, 1000).await.unwrap().len(), 249);
}
