//! Orders in a history: clients hold, buy, give back and have refunded as a few members, whose
//! limits are met all the time.
//!
//! Of each order there is a line about its member's allowance, and one about each of its tickets,
//! all with the same instants. A hold that was not answered may be given up and begun anew under
//! its key, so there is a lost line for the first attempt as well.

use super::{Caller, DAY, HELD, Line, MAY_BUY, told};
use harness::{Answer, Client, tickets};
use serde_json::json;

/// So few that they are in each other's way.
const BUYERS: u64 = 3;

/// An order that a client was told of.
#[derive(Clone)]
pub(super) struct Ordered {
    id: String,
    member: String,
    tickets: Vec<String>,
    is_bought: bool,
}

/// Each history has a pool of its own.
pub(super) fn pool(history: u64) -> String {
    format!("orders-{history}")
}

pub(super) fn open_pool(admin: &Client, history: u64) {
    let plan = json!({"id": pool(history), "closes_at": format!("{DAY}T00:00:00Z"),
        "tickets": {"digits": 4}, "per_member": {"held": HELD, "bought": MAY_BUY}});
    admin.post("/pools", plan).expect(201);
}

impl Caller<'_> {
    pub(super) fn act_with_orders(&mut self) {
        match self.dice.below(9) {
            0..4 => self.order(),
            way if !self.orders.is_empty() => {
                let chosen = self.dice.below(self.orders.len() as u64) as usize;
                let ordered = self.orders.swap_remove(chosen);
                match way {
                    6 => self.end_order(ordered, "give back"),
                    7.. if ordered.is_bought => self.refund_all_of(&ordered),
                    _ => self.end_order(ordered, "buy"),
                }
            }
            _ => self.order(),
        }
    }

    fn order(&mut self) {
        let member = format!("buyer-{}", self.dice.below(BUYERS));
        let count = 1 + self.dice.below(3);
        let key = format!("order-{}-{}-{}", self.world.history, self.number, self.dice.roll());
        let path = format!("/pools/{}/holds", pool(self.world.history));
        let client = self.world.service.on_behalf_of(&member).key(&key);
        let body = json!({"pattern": "****", "count": count, "at_least": count, "ttl_s": 7200});
        let mut line = self.line(self.allowance_of(&member), "order", String::new());
        (line.held, line.quota, line.count) = (HELD, MAY_BUY, count);
        let (line, answer) =
            self.ask_for_order(line, &|| client.try_to_post(&path, body.clone()), "held");
        let Some(answer) = answer.filter(|answer| answer.status == 201) else {
            return self.push(line);
        };
        let id = answer.body["id"].as_str().unwrap_or_default().to_owned();
        let tickets = tickets(&answer.body);
        assert_eq!(tickets.len() as u64, count, "{}", answer.body);
        let line = Line { gave: id.clone(), ..line };
        for ticket in &tickets {
            let (thing, did) = (self.ticket(ticket), "hold");
            self.push(Line { thing, did, ..line.clone() });
        }
        self.push(line);
        self.orders.push(Ordered { id, member, tickets, is_bought: false });
    }

    fn end_order(&mut self, mut ordered: Ordered, did: &'static str) {
        let Ordered { id, member, tickets: held, .. } = ordered.clone();
        let (method, path, done) = match did {
            "buy" => ("POST", format!("/holds/{id}/confirm"), "confirmed"),
            _ => ("DELETE", format!("/holds/{id}"), "released"),
        };
        let client = self.world.service.on_behalf_of(&member);
        let line = self.line(self.allowance_of(&member), did, id);
        let send = || client.try_to_send(method, &path, Some(b"{}".to_vec()));
        let (line, answer) = self.ask_for_order(line, &send, done);
        if let Some(answer) = answer.filter(|answer| did == "buy" && answer.status == 200) {
            assert_eq!(tickets(&answer.body), held, "an order is bought as a whole");
            ordered.is_bought = true;
        }
        let of_ticket = if did == "buy" { "confirm" } else { "release" };
        for ticket in &held {
            let (thing, did) = (self.ticket(ticket), of_ticket);
            self.push(Line { thing, did, ..line.clone() });
        }
        self.push(line);
        // Once more in a while, so that a repeat meets what is over.
        if ordered.is_bought || self.dice.below(3) == 0 {
            self.orders.push(ordered);
        }
    }

    /// One ticket after the other, each of which may be lost.
    fn refund_all_of(&mut self, ordered: &Ordered) {
        for ticket in &ordered.tickets {
            let path = format!("/tickets/{ticket}/refund");
            let line = self.line(self.allowance_of(&ordered.member), "refund", ordered.id.clone());
            let line = Line { gave: ticket.clone(), ..line };
            // Under a key, because it may be somebody else's when it is asked for again.
            let admin = self.world.admin.key(&format!("refund-{ticket}-{}", ordered.id));
            let send = || admin.try_to_post(&path, json!({}));
            let (line, _) = self.ask_for_order(line, &send, "refunded");
            self.push(Line { thing: self.ticket(ticket), ..line.clone() });
            self.push(line);
        }
    }

    /// As `ask`, but the caller writes down what came of it, for all things that it is about.
    fn ask_for_order(
        &mut self,
        mut line: Line,
        send: &dyn Fn() -> Option<Answer>,
        done: &str,
    ) -> (Line, Option<Answer>) {
        line.asked = self.now();
        let before = self.world.up.times();
        let mut answer = send();
        if answer.is_none() {
            self.world.up.wait_for_more_than(before);
            if line.did == "order" {
                self.push(Line { lost: true, heard: self.now(), ..line.clone() });
            }
            if self.dice.below(2) == 0 {
                answer = send();
            }
        }
        line.heard = self.now();
        // Whether it was done is not known, either, where it must be asked for again.
        let answer = answer.filter(|answer| answer.status != 503);
        line.lost = answer.is_none();
        if let Some(answer) = &answer {
            line.told = told(answer, done);
        }
        (line, answer)
    }

    fn push(&self, line: Line) {
        self.world.lines.lock().unwrap().push(line);
    }

    fn allowance_of(&self, member: &str) -> String {
        format!("{}/allowance of {member}", pool(self.world.history))
    }

    fn ticket(&self, ticket: &str) -> String {
        format!("ticket {ticket}")
    }
}

/// What nobody would think of as a history of orders, made of one that is right.
pub(super) fn forgeries(lines: &[Line]) -> Vec<(&'static str, Vec<Line>)> {
    let of_allowance = |line: &Line| line.thing.contains("allowance");
    let first = |did: &str, told: &str| {
        let is_it = |line: &Line| of_allowance(line) && line.did == did && line.told == told;
        lines.iter().position(is_it).unwrap_or_else(|| panic!("nobody was told {told}"))
    };
    let late = (u64::MAX / 4, u64::MAX / 4 + 1);
    let forge = |change: &dyn Fn(&mut Vec<Line>)| {
        let mut forged = lines.to_vec();
        change(&mut forged);
        forged
    };
    vec![
        (
            "held although the limit was reached",
            forge(&|lines| {
                for number in 0..=HELD {
                    let line = lines[first("order", "held")].clone();
                    let (asked, heard) = (late.0 + 2 * number, late.1 + 2 * number);
                    let gave = format!("one too many {number}");
                    lines.push(Line { gave, asked, heard, ..line });
                }
            }),
        ),
        (
            "the limit was reached by nobody",
            forge(&|lines| {
                let refused = first("order", "hold-limit-reached");
                (lines[refused].asked, lines[refused].heard) = (0, 1);
            }),
        ),
        (
            "bought what was given back",
            forge(&|lines| {
                let line = lines[first("give back", "released")].clone();
                let (did, told, (asked, heard)) = ("buy", "confirmed".into(), late);
                lines.push(Line { did, told, asked, heard, ..line });
            }),
        ),
        (
            "bought before it was held",
            forge(&|lines| {
                let bought = first("buy", "confirmed");
                (lines[bought].asked, lines[bought].heard) = (0, 1);
            }),
        ),
        (
            "refunded before it was bought",
            forge(&|lines| {
                let refunded = first("refund", "refunded");
                (lines[refunded].asked, lines[refunded].heard) = (0, 1);
            }),
        ),
        (
            "a part of an order is held by another",
            forge(&|lines| {
                let is_part =
                    |line: &&Line| line.thing.starts_with("ticket") && line.told == "confirmed";
                let line = lines.iter().rev().find(is_part).expect("one was bought").clone();
                let never_back = |other: &&mut Line| other.thing == line.thing;
                lines.iter_mut().filter(never_back).for_each(|other| {
                    if other.did == "refund" {
                        other.did = "look";
                        other.lost = true;
                    }
                });
                let (did, told, gave) = ("hold", "held".to_owned(), "another".to_owned());
                let (asked, heard) = late;
                lines.push(Line { did, told, gave, with: String::new(), asked, heard, ..line });
            }),
        ),
    ]
}

/// What somebody must have been told, or little was shown.
pub(super) fn words() -> [&'static str; 5] {
    ["held", "confirmed", "released", "refunded", "hold-limit-reached"]
}

pub(super) fn is_about_orders(line: &Line) -> bool {
    line.thing.contains("allowance")
}
