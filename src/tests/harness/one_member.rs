//! Many clients who buy as one member of a pool, at whichever door answers. Who is not answered
//! comes again with the same key until they are told, so every order comes to an end.
//!
//! Clients live by the machine's clock: they come again when somebody was served, or after a
//! moment.

use crate::client::{Answer, Client, Doorway, id, impatient_agent, tickets};
use actors::dice::Dice;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any order waits for a process that has died; beyond it something hangs.
const PATIENCE: Duration = Duration::from_secs(240);
const MOMENT: Duration = Duration::from_millis(50);
/// A node that hangs accepts connections and answers nobody.
const DEAF: Duration = Duration::from_secs(10);

pub struct OneMember {
    client: Client,
    pool: &'static str,
    /// How many tickets one may buy.
    most: usize,
    doors: RwLock<Vec<String>>,
    told: Mutex<Progress>,
    changed: Condvar,
}

/// How many answers there were, and what was bought.
#[derive(Default)]
struct Progress {
    answers: usize,
    bought: BTreeSet<String>,
}

impl OneMember {
    /// A pool of ten slices of which one may buy so many, and its one member, for whom a service
    /// with that key acts.
    pub fn of_new_pool(admin: &Client, service_key: &str, most: usize) -> OneMember {
        let pool = "for-one-member";
        let plan = json!({"id": pool, "closes_at": "2199-12-31T00:00:00Z",
            "tickets": {"digits": 4}, "per_member": {"bought": most}});
        admin.post("/pools", plan).expect(201);
        let agent = impatient_agent(DEAF);
        let client = Client::of(Doorway::at("any of the doors"), agent).bearer(service_key);
        let client = client.on_behalf_of("ada");
        let (doors, told, changed) = Default::default();
        OneMember { client, pool, most, doors, told, changed }
    }

    /// Where clients go from now on.
    pub fn is_at(&self, doors: Vec<String>) {
        *self.doors.write().unwrap() = doors;
        self.changed.notify_all();
    }

    /// So many clients at once, until as many are bought as may be, while `meanwhile` happens.
    pub fn buys_all(&self, clients: usize, seed: u64, meanwhile: impl FnOnce()) {
        thread::scope(|scope| {
            for number in 0..clients {
                let dice = Dice::new(seed + number as u64);
                scope.spawn(move || self.buys(number, dice));
            }
            meanwhile();
        });
    }

    /// Holds and buys, or gives back, as long as there is something left to buy.
    fn buys(&self, number: usize, mut dice: Dice) {
        let began = Instant::now();
        for round in 0.. {
            if self.has_all() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "client {number} waits for ever");
            let key = format!("{number}-{round}");
            let wanted = json!({"pattern": "****", "count": 1 + dice.below(3), "ttl_s": 7200});
            let path = format!("/pools/{}/holds", self.pool);
            let held =
                self.told(number, &|client| client.key(&key).try_to_post(&path, wanted.clone()));
            match held.status {
                201 if dice.below(10) == 0 => self.confirms(number, &held.body),
                201 => self.releases(number, &held.body),
                _ => {
                    held.refused(409, "hold-limit-reached");
                    self.waits();
                }
            }
        }
    }

    fn confirms(&self, number: usize, held: &Value) {
        let path = format!("/holds/{}/confirm", id(held));
        let told = self.told(number, &|client| client.try_to_post(&path, json!({})));
        let bought = told.expect(200);
        assert_eq!(bought["tickets"], held["tickets"], "an order is bought as a whole");
        let bought_by_all = &mut self.told.lock().unwrap().bought;
        for ticket in tickets(&bought) {
            assert!(bought_by_all.insert(ticket), "a ticket was sold twice: {bought}");
        }
        assert!(bought_by_all.len() <= self.most, "{} were bought", bought_by_all.len());
    }

    fn releases(&self, number: usize, held: &Value) {
        let path = format!("/holds/{}", id(held));
        self.told(number, &|client| client.try_to_send("DELETE", &path, None)).expect(200);
    }

    /// Asks one door after the other until it is told something for good.
    fn told(&self, number: usize, ask: &dyn Fn(&Client) -> Option<Answer>) -> Answer {
        let began = Instant::now();
        for attempt in 0.. {
            assert!(began.elapsed() < PATIENCE, "nobody tells client {number} what became of it");
            let doors = self.doors.read().unwrap().clone();
            let door = self.client.at(&doors[(number + attempt) % doors.len()]);
            match ask(&door).filter(|answer| answer.status != 503) {
                Some(answer) => {
                    self.told.lock().unwrap().answers += 1;
                    self.changed.notify_all();
                    return answer;
                }
                None => self.waits(),
            }
        }
        unreachable!("it comes again until it is told")
    }

    fn waits(&self) {
        let told = self.told.lock().unwrap();
        drop(self.changed.wait_timeout(told, MOMENT).unwrap());
    }

    /// Returns when there were so many answers more, or all is bought.
    pub fn wait_for_answers(&self, more: usize) {
        let told = self.told.lock().unwrap();
        let until = told.answers + more;
        let (told, _) = self
            .changed
            .wait_timeout_while(told, PATIENCE, |told| {
                told.answers < until && told.bought.len() < self.most
            })
            .unwrap();
        assert!(told.answers >= until || told.bought.len() >= self.most, "the clients stand still");
    }

    fn has_all(&self) -> bool {
        self.told.lock().unwrap().bought.len() >= self.most
    }

    /// Just as many are bought as may be, nothing else is held, and nobody gets one more.
    pub fn has_bought_as_many_as_one_may(&self) {
        let began = Instant::now();
        let books = || {
            let path = format!("/pools/{}/ledger", self.pool);
            self.told(0, &|client| client.try_to_send("GET", &path, None)).expect(200)
        };
        // What became of orders whose process has died is known when they are settled.
        while books()["held"] != 0 || books()["sold"] != self.most {
            assert!(began.elapsed() < PATIENCE, "orders stay unsettled: {}", books());
            self.waits();
        }
        assert_eq!(books()["imbalance"], 0);
        let listed = self.told(0, &|client| client.try_to_send("GET", "/tickets", None));
        let listed = listed.expect(200)["items"].as_array().expect("a list").len();
        assert_eq!((listed, self.told.lock().unwrap().bought.len()), (self.most, self.most));
        let wanted = json!({"pattern": "****", "count": 1});
        let path = format!("/pools/{}/holds", self.pool);
        let one_more = self.told(0, &|client| client.try_to_post(&path, wanted.clone()));
        one_more.refused(409, "hold-limit-reached");
    }
}
