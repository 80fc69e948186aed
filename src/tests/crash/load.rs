//! A client under whom the server dies, and who knows what it was told and what it was not.

use actors::dice::Dice;
use harness::{Client, DAY, id, tickets};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::SyncSender;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Held,
    Confirmed,
    Released,
}

/// A hold as its owner knows it.
#[derive(Clone, Debug)]
pub struct Known {
    pub answer: Value,
    pub key: String,
    pub body: Value,
    pub state: State,
}

pub struct Buyer {
    pub client: Client,
    name: u64,
    dice: Dice,
    next_key: u64,
    /// How long their holds last.
    pub ttl_s: u32,
    pub holds: BTreeMap<String, Known>,
    /// Holds that began since the server came up.
    pub recent: Vec<String>,
    lost: Vec<Lost>,
}

/// A request that was never answered.
enum Lost {
    Hold { key: String, body: Value },
    Confirm(String),
    Release(String),
}

impl Buyer {
    pub fn new(client: Client, name: u64, seed: u64) -> Buyer {
        Buyer {
            client,
            name,
            dice: Dice::new(seed + name),
            next_key: 0,
            ttl_s: 7200,
            holds: BTreeMap::new(),
            recent: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// Buys until the server is gone. Says so for every answer.
    pub fn buy_until_it_is_gone(&mut self, acknowledged: &SyncSender<()>) {
        while self.turn().is_some() {
            // Nobody listens any more when the server is about to be gone.
            let _ = acknowledged.send(());
        }
    }

    fn turn(&mut self) -> Option<()> {
        let hold = self.hold()?;
        match self.dice.below(8) {
            0..4 => self.confirm(&hold),
            4 => self.release(&hold),
            _ => Some(()),
        }
    }

    fn hold(&mut self) -> Option<String> {
        self.next_key += 1;
        let key = format!("{}-{}", self.name, self.next_key);
        let digit = self.dice.below(10);
        let pattern = [format!("{digit}***"), format!("*{digit}**"), "****".to_owned()]
            [self.dice.below(3) as usize]
            .clone();
        let body =
            json!({"pattern": pattern, "count": 1 + self.dice.below(3), "ttl_s": self.ttl_s});
        match self.client.key(&key).try_to_post(&format!("/lotteries/{DAY}/holds"), body.clone()) {
            Some(answer) => Some(self.keep(key, body, answer.expect(201))),
            None => {
                self.lost.push(Lost::Hold { key, body });
                None
            }
        }
    }

    fn keep(&mut self, key: String, body: Value, answer: Value) -> String {
        let hold = id(&answer).to_owned();
        let again =
            self.holds.insert(hold.clone(), Known { answer, key, body, state: State::Held });
        assert!(again.is_none(), "{hold} was made twice");
        self.recent.push(hold.clone());
        hold
    }

    fn confirm(&mut self, hold: &str) -> Option<()> {
        match self.client.try_to_post(&format!("/holds/{hold}/confirm"), json!({})) {
            Some(answer) => self.is_now(hold, State::Confirmed, answer.expect(200)),
            None => {
                self.lost.push(Lost::Confirm(hold.to_owned()));
                None
            }
        }
    }

    fn release(&mut self, hold: &str) -> Option<()> {
        match self.client.try_to_send("DELETE", &format!("/holds/{hold}"), None) {
            Some(answer) => self.is_now(hold, State::Released, answer.expect(200)),
            None => {
                self.lost.push(Lost::Release(hold.to_owned()));
                None
            }
        }
    }

    fn is_now(&mut self, hold: &str, state: State, answer: Value) -> Option<()> {
        assert_eq!(id(&answer), hold);
        self.holds.get_mut(hold).unwrap().state = state;
        Some(())
    }

    /// The server is back: asks again for every answer that was lost. Returns how many there were.
    pub fn ask_again(&mut self, address: &str) -> usize {
        self.client = self.client.at(address);
        let lost = std::mem::take(&mut self.lost);
        let count = lost.len();
        for lost in lost {
            match lost {
                Lost::Hold { key, body } => {
                    let path = format!("/lotteries/{DAY}/holds");
                    let first = self.client.key(&key).post(&path, body.clone()).expect(201);
                    let second = self.client.key(&key).post(&path, body.clone());
                    assert!(second.was_replayed());
                    assert_eq!(second.expect(201), first);
                    self.keep(key, body, first);
                }
                Lost::Confirm(hold) => self.confirm(&hold).expect("it is back"),
                Lost::Release(hold) => self.release(&hold).expect("it is back"),
            }
        }
        count
    }

    /// Every hold is as it was acknowledged, and its key still gives the same answer.
    pub fn finds(&self, holds: &[String]) {
        for hold in holds {
            let known = &self.holds[hold];
            let seen = self.client.get(&format!("/holds/{hold}"));
            if known.state == State::Released {
                seen.expect(404);
                continue;
            }
            let seen = seen.expect(200);
            let state = if known.state == State::Held { "held" } else { "confirmed" };
            assert_eq!(
                (&seen["state"], &seen["tickets"]),
                (&json!(state), &known.answer["tickets"]),
                "{hold}"
            );
            let again = self
                .client
                .key(&known.key)
                .post(&format!("/lotteries/{DAY}/holds"), known.body.clone());
            assert!(again.was_replayed(), "{hold}");
            assert_eq!(again.expect(201), known.answer);
        }
    }

    /// How many tickets are in holds of that state.
    pub fn count(&self, state: State) -> u64 {
        self.holds
            .values()
            .filter(|known| known.state == state)
            .map(|known| tickets(&known.answer).len() as u64)
            .sum()
    }
}

/// No ticket is in two holds that live or were confirmed.
pub fn nothing_twice(buyers: &[Buyer]) {
    let mut owners: HashMap<String, &str> = HashMap::new();
    for (hold, known) in buyers
        .iter()
        .flat_map(|buyer| &buyer.holds)
        .filter(|(_, known)| known.state != State::Released)
    {
        for ticket in tickets(&known.answer) {
            let other = owners.insert(ticket.clone(), hold);
            assert_eq!(other, None, "{ticket} is in {hold}, too");
        }
    }
}
