//! One client of a history, who acts by chance, and writes down what came of it.

use super::lines::{HistoryLine, MEMBERS, NUMBERS, OPERATIONS, QUOTA, day};
use super::world::{HistoryWorld, Unheard};
use crate::client::{Answer, Client};
use actors::dice::Dice;
use serde_json::json;
use std::sync::atomic::Ordering;

pub(super) struct Caller<'a> {
    pub(super) world: &'a HistoryWorld<'a>,
    pub(super) number: u64,
    pub(super) dice: Dice,
    holds: Vec<(String, String)>,
    pub(super) orders: Vec<Ordered>,
}

/// An order that a client was told of.
#[derive(Clone)]
pub(super) struct Ordered {
    pub id: String,
    pub member: String,
    pub tickets: Vec<String>,
    pub is_bought: bool,
}

/// What came of an operation.
pub(super) struct Came {
    pub line: HistoryLine,
    pub answer: Option<Answer>,
    /// How often it was asked for without an answer.
    pub unanswered: u64,
}

impl<'a> Caller<'a> {
    pub fn new(world: &'a HistoryWorld<'a>, number: u64, dice: Dice) -> Caller<'a> {
        Caller { world, number, dice, holds: Vec::new(), orders: Vec::new() }
    }
}

impl Caller<'_> {
    pub fn act_until_enough_was_done(&mut self) {
        while self.world.begun.fetch_add(1, Ordering::SeqCst) < OPERATIONS {
            self.act();
            self.world.one_more_is_done();
        }
    }

    fn act(&mut self) {
        let open = self.holds.len() as u64;
        match self.dice.below(20) {
            12.. => self.act_with_orders(),
            0..4 => self.claim(),
            4 => self.count(),
            5..8 => self.hold(),
            8 => self.look(),
            _ if open == 0 => self.hold(),
            way => {
                // Twice in a while, so that a repeat meets what is over.
                let chosen = self.dice.below(open) as usize;
                let (number, hold) = self.holds[chosen].clone();
                if self.dice.below(3) > 0 {
                    self.holds.swap_remove(chosen);
                }
                self.end(number, hold, if way == 11 { "release" } else { "confirm" });
            }
        }
    }

    fn claim(&mut self) {
        let member = format!("m{}", self.dice.below(MEMBERS));
        let path = format!("/campaigns/{}/claims", self.world.campaign);
        let client = self.world.service.on_behalf_of(&member);
        let line = self.line(self.world.campaign.clone(), "claim", member);
        self.ask(&client, line, &|client| client.try_to_post(&path, json!({})), &|line, answer| {
            line.told = told(answer, "granted");
            line.gave = answer.body["rank"].to_string();
        });
    }

    fn count(&mut self) {
        let path = format!("/campaigns/{}", self.world.campaign);
        let line = self.line(self.world.campaign.clone(), "count", String::new());
        let send = |client: &Client| client.try_to_send("GET", &path, None);
        self.ask(&self.client(), line, &send, &|line, answer| {
            line.told = told(answer, "counted");
            line.gave = answer.body["granted"].to_string();
        });
    }

    fn hold(&mut self) {
        let number = self.number();
        let key = format!("{}-{}-{}", self.world.history, self.number, self.dice.roll());
        let path = format!("/lotteries/{}/holds", day(self.world.history));
        let line = self.line(number.clone(), "hold", String::new());
        let body = json!({"number": number, "ttl_s": 7200});
        let send = |client: &Client| client.try_to_post(&path, body.clone());
        let line = self.ask(&self.client().key(&key), line, &send, &|line, answer| {
            line.told = told(answer, "held");
            line.gave = answer.body["id"].as_str().unwrap_or_default().to_owned();
        });
        if line.told == "held" {
            self.holds.push((number, line.gave));
        }
    }

    fn look(&mut self) {
        let number = self.number();
        let path = format!("/lotteries/{}/tickets?pattern={number}", day(self.world.history));
        let line = self.line(number, "look", String::new());
        let send = |client: &Client| client.try_to_send("GET", &path, None);
        self.ask(&self.client(), line, &send, &|line, answer| {
            line.told = told(answer, "seen");
            line.gave = answer.body["free"].to_string();
        });
    }

    fn end(&mut self, number: String, hold: String, did: &'static str) {
        let (method, path, done) = match did {
            "confirm" => ("POST", format!("/holds/{hold}/confirm"), "confirmed"),
            _ => ("DELETE", format!("/holds/{hold}"), "released"),
        };
        let line = self.line(number, did, hold);
        let send = |client: &Client| client.try_to_send(method, &path, Some(b"{}".to_vec()));
        self.ask(&self.client(), line, &send, &|line, answer| line.told = told(answer, done));
    }

    /// Asks, and writes down what came of it.
    ///
    /// An attempt that was not answered may still be carried out after a later one was refused.
    fn ask(
        &mut self,
        client: &Client,
        line: HistoryLine,
        send: &dyn Fn(&Client) -> Option<Answer>,
        read: &dyn Fn(&mut HistoryLine, &Answer),
    ) -> HistoryLine {
        let Came { mut line, answer, unanswered } = self.ask_until_told(client, line, send);
        if let Some(answer) = &answer {
            if unanswered > 0 && answer.status >= 400 {
                self.push(HistoryLine { lost: true, ..line.clone() });
            }
            read(&mut line, answer);
        }
        self.push(line.clone());
        line
    }

    /// Under one key, or what is natural to it. Some give up before.
    pub(super) fn ask_until_told(
        &mut self,
        client: &Client,
        mut line: HistoryLine,
        send: &dyn Fn(&Client) -> Option<Answer>,
    ) -> Came {
        let servers = self.world.servers;
        line.asked = self.now();
        let (mut unanswered, mut attempts) = (0, None);
        let answer = loop {
            let before = servers.news();
            let unheard = match send(&servers.at(client, self.number + unanswered)) {
                Some(answer) if answer.status != 503 => {
                    servers.was_answered();
                    break Some(answer);
                }
                Some(_) => Unheard::SentAway,
                None => Unheard::NotAnswered,
            };
            unanswered += 1;
            servers.wait_for_news(before, unheard);
            if unanswered > *attempts.get_or_insert_with(|| servers.attempts(&mut self.dice)) {
                break None;
            }
        };
        line.heard = self.now();
        line.lost = answer.is_none();
        Came { line, answer, unanswered }
    }

    pub(super) fn push(&self, line: HistoryLine) {
        self.world.lines.lock().unwrap().push(line);
    }

    fn client(&self) -> Client {
        self.world.service.on_behalf_of(&format!("client-{}", self.number))
    }

    fn number(&mut self) -> String {
        format!("{:04}", self.dice.below(NUMBERS) * 700)
    }

    fn now(&self) -> u64 {
        self.world.began.elapsed().as_nanos() as u64
    }

    pub(super) fn line(&self, thing: String, did: &'static str, with: String) -> HistoryLine {
        HistoryLine {
            history: self.world.history,
            client: self.number,
            thing,
            did,
            with,
            told: String::new(),
            gave: String::new(),
            quota: QUOTA,
            held: 0,
            count: 0,
            asked: 0,
            heard: 0,
            lost: false,
        }
    }
}

/// What was done, or by which problem it was refused.
pub(super) fn told(answer: &Answer, done: &str) -> String {
    match answer.status {
        200 | 201 => done.to_owned(),
        _ => {
            let problem = answer.body["type"].as_str().unwrap_or_default();
            problem.trim_start_matches("/problems/").to_owned()
        }
    }
}
