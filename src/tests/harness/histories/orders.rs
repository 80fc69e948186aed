//! Orders in a history: clients hold, buy, give back and have refunded as a few members, whose
//! limits are met all the time.
//!
//! Of each order there is a line about its member's allowance, and one about each of its tickets,
//! all with the same instants. A hold that was not answered may be given up and begun anew under
//! its key, so there is a lost line for the attempts that were not answered as well.

use super::caller::{Caller, Came, Ordered, told};
use super::lines::{HELD, HistoryLine, MAY_BUY};
use crate::client::{Answer, Client, tickets};
use crate::process::DAY;
use serde_json::{Value, json};

/// So few that they are in each other's way.
const BUYERS: u64 = 3;

/// Each history has a pool of its own.
fn pool(history: u64) -> String {
    format!("orders-{history}")
}

pub(super) fn plan_of_pool(history: u64) -> Value {
    json!({"id": pool(history), "closes_at": format!("{DAY}T00:00:00Z"),
        "tickets": {"digits": 4}, "per_member": {"held": HELD, "bought": MAY_BUY}})
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
            self.ask_for_order(&client, line, &|at| at.try_to_post(&path, body.clone()), "held");
        let Some(answer) = answer.filter(|answer| answer.status == 201) else {
            return self.push(line);
        };
        let id = answer.body["id"].as_str().unwrap_or_default().to_owned();
        let tickets = tickets(&answer.body);
        assert_eq!(tickets.len() as u64, count, "{}", answer.body);
        let line = HistoryLine { gave: id.clone(), ..line };
        for ticket in &tickets {
            let (thing, did) = (self.ticket(ticket), "hold");
            self.push(HistoryLine { thing, did, ..line.clone() });
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
        let send = |at: &Client| at.try_to_send(method, &path, Some(b"{}".to_vec()));
        let (line, answer) = self.ask_for_order(&client, line, &send, done);
        if let Some(answer) = answer.filter(|answer| did == "buy" && answer.status == 200) {
            assert_eq!(tickets(&answer.body), held, "an order is bought as a whole");
            ordered.is_bought = true;
        }
        let of_ticket = if did == "buy" { "confirm" } else { "release" };
        for ticket in &held {
            let (thing, did) = (self.ticket(ticket), of_ticket);
            self.push(HistoryLine { thing, did, ..line.clone() });
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
            let line = HistoryLine { gave: ticket.clone(), ..line };
            // Under a key, because it may be somebody else's when it is asked for again.
            let admin = self.world.admin.key(&format!("refund-{ticket}-{}", ordered.id));
            let send = |at: &Client| at.try_to_post(&path, json!({}));
            let (line, _) = self.ask_for_order(&admin, line, &send, "refunded");
            self.push(HistoryLine { thing: self.ticket(ticket), ..line.clone() });
            self.push(line);
        }
    }

    /// As `ask`, but the caller writes down what came of it, for all things that it is about.
    fn ask_for_order(
        &mut self,
        client: &Client,
        line: HistoryLine,
        send: &dyn Fn(&Client) -> Option<Answer>,
        done: &str,
    ) -> (HistoryLine, Option<Answer>) {
        let Came { mut line, answer, unanswered } = self.ask_until_told(client, line, send);
        if line.did == "order" && unanswered > 0 {
            // Each of them may stand.
            let count = line.count * unanswered;
            self.push(HistoryLine { lost: true, count, ..line.clone() });
        }
        if let Some(answer) = &answer {
            line.told = told(answer, done);
        }
        (line, answer)
    }

    fn allowance_of(&self, member: &str) -> String {
        format!("{}/allowance of {member}", pool(self.world.history))
    }

    fn ticket(&self, ticket: &str) -> String {
        format!("ticket {ticket}")
    }
}
