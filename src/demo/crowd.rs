//! The crowd of a demo: threads that take turns at the chosen pace, and one that brings the next
//! thing when something is sold out.

use super::pace::Pace;
use super::stage::{Stage, StageHand};
use super::turns::{Play, take};
use crate::remote::RemoteServer;
use actors::dice::Dice;
use std::sync::{Arc, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// At most so many turns are under way at once.
const AT_ONCE: usize = 16;
/// Between two looks at what is left.
const LOOK: Duration = Duration::from_secs(3);

pub struct DemoCrowd {
    paces: [Arc<Pace>; 2],
    threads: Vec<JoinHandle<()>>,
}

impl DemoCrowd {
    /// `anybody` reaches the server, `shop` is a service that may do everything.
    pub fn gather(
        anybody: RemoteServer,
        shop: RemoteServer,
        stage: Stage,
        rate: u32,
    ) -> std::io::Result<DemoCrowd> {
        let pace = Arc::new(Pace::of(Duration::from_secs(1) / rate));
        let looks = Arc::new(Pace::of(LOOK));
        let hand = StageHand::of(shop.clone());
        let stage = RwLock::new(stage);
        let play = Arc::new(Play { anybody, shop, stage });
        let mut crowd = DemoCrowd { paces: [pace.clone(), looks.clone()], threads: Vec::new() };
        for _ in 0..AT_ONCE {
            let (pace, play) = (pace.clone(), play.clone());
            crowd.start(move || {
                while let Some(number) = pace.wait_for_turn() {
                    let mut dice = Dice::new(number);
                    // Whatever it is answered is right; a server that is gone is not asked again.
                    let _ = take(&play, number, &mut dice);
                }
            })?;
        }
        crowd.start(move || bring_more(&looks, &play, hand))?;
        Ok(crowd)
    }

    fn start(&mut self, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        self.threads.push(thread::Builder::new().name("demo".into()).spawn(work)?);
        Ok(())
    }

    /// Ends when whatever is under way is answered.
    pub fn disperse(self) {
        self.paces.iter().for_each(|pace| pace.end());
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// As long as the crowd is there.
fn bring_more(looks: &Pace, play: &Play, mut hand: StageHand) {
    let (mut sale, mut tickets) = (1, 1);
    while looks.wait_for_turn().is_some() {
        let is_left = |path: String, name: &str| {
            let answer = hand.staff.get(&path).and_then(|answer| answer.done());
            answer.is_ok_and(|body| body[name].as_u64() != Some(0))
        };
        let (of_sale, of_tickets) = play.read(|stage| {
            (
                format!("/campaigns/{}", stage.flash_sale),
                format!("/lotteries/{}/ledger", stage.tickets),
            )
        });
        let (sale_goes_on, tickets_go_on) =
            (is_left(of_sale, "remaining"), is_left(of_tickets, "free"));
        if !sale_goes_on && let Ok(next) = hand.flash_sale(sale + 1) {
            sale += 1;
            play.change(|stage| stage.flash_sale = next);
        }
        if !tickets_go_on && let Ok(next) = hand.tickets(tickets + 1) {
            tickets += 1;
            play.change(|stage| stage.tickets = next);
        }
    }
}
