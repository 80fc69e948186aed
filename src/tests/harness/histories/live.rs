//! How a history begins, and how its clients live through it.

use super::caller::Caller;
use super::lines::{CLIENTS, HistoryLine, QUOTA, day};
use super::orders::plan_of_pool;
use super::world::{HistoryServers, HistoryWorld, Unheard};
use crate::client::{Client, id};
use crate::process::DAY;
use actors::dice::Dice;
use serde_json::{Value, json};
use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Instant;

impl<'a> HistoryWorld<'a> {
    /// With a campaign, a lottery and a pool of its own.
    pub fn new(
        history: u64,
        service: &Client,
        admin: &Client,
        servers: &'a dyn HistoryServers,
    ) -> HistoryWorld<'a> {
        let campaign = json!({"name": format!("history {history}"), "quota": QUOTA,
            "trigger": "claim", "discount_percent": 10, "ends_at": format!("{DAY}T00:00:00Z")});
        let lottery = json!({"closes_on": day(history), "tickets": {"digits": 4, "copies": 1}});
        let make = |path: &str, plan| {
            let admin = admin.key(&format!("history-{history}{}", path.replace('/', "-")));
            make(servers, &admin, path, plan)
        };
        let campaign = id(&make("/campaigns", campaign)).to_owned();
        make("/lotteries", lottery);
        make("/pools", plan_of_pool(history));
        HistoryWorld {
            history,
            service: service.clone(),
            admin: admin.clone(),
            campaign,
            servers,
            began: Instant::now(),
            done: Mutex::default(),
            more_is_done: Condvar::new(),
            begun: AtomicU64::new(0),
            lines: Mutex::default(),
        }
    }

    /// All clients act, while something happens to the servers. What came of it, and what they were
    /// told.
    pub fn live<T>(
        self,
        dice: &mut Dice,
        meanwhile: impl FnOnce(&HistoryWorld<'a>) -> T,
    ) -> (T, Vec<HistoryLine>) {
        let world = &self;
        let came = thread::scope(|scope| {
            for number in 0..CLIENTS {
                let mut caller = Caller::new(world, number, Dice::new(dice.roll()));
                scope.spawn(move || caller.act_until_enough_was_done());
            }
            meanwhile(world)
        });
        (came, self.lines.into_inner().unwrap())
    }
}

/// So often an administrator who is sent away comes again, because the history before has left
/// partitions on their way to another node.
const ATTEMPTS: u64 = 200;

fn make(servers: &dyn HistoryServers, admin: &Client, path: &str, plan: Value) -> Value {
    for attempt in 0..ATTEMPTS {
        let before = servers.news();
        match servers.at(admin, attempt).try_to_post(path, plan.clone()) {
            Some(answer) if answer.status != 503 => return answer.expect(201),
            Some(_) => servers.wait_for_news(before, Unheard::SentAway),
            None => servers.wait_for_news(before, Unheard::NotAnswered),
        }
    }
    panic!("nobody makes {path}");
}
