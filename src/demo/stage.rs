//! What is handed out in a demo: campaigns, lotteries and a batch, each made once and found again
//! by its name.

use crate::remote::{RemoteServer, text};
use actors::Time;
use actors::time::system_clock;
use anyhow::bail;
use base::calendar::{days_later, today, wire_time};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// So long everything lasts.
const DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;
/// Free closing days are looked for in so many.
const DAYS_AHEAD: u16 = 60;

/// Claimed with it.
pub const SECRET_WORD: &str = "SESAME";

/// The ids and days of everything.
pub struct Stage {
    pub welcome: String,
    pub first_hundred: String,
    pub flash_sale: String,
    pub secret: String,
    pub batch: String,
    /// Of the lottery with tickets.
    pub tickets: String,
    /// Of the lottery with ballots.
    pub ballots: String,
    /// Of one that is to be drawn before anybody looks.
    pub drawn: String,
}

/// Whoever sets it up, and counts.
pub struct StageHand {
    pub staff: RemoteServer,
    pub made: u64,
    pub found: u64,
}

impl StageHand {
    pub fn of(staff: RemoteServer) -> StageHand {
        StageHand { staff, made: 0, found: 0 }
    }

    pub fn set_up(&mut self) -> anyhow::Result<Stage> {
        let welcome = json!({"quota": 1000, "discount_percent": 10, "trigger": "first_login"});
        let hundred = json!({"quota": 100, "discount_percent": 20, "trigger": "claim"});
        let secret = json!({"quota": 500, "discount_percent": 15, "trigger": "code",
            "code": SECRET_WORD});
        let draw = json!({"ballots": true, "winners": 3, "reserves": 3});
        let small_draw = json!({"ballots": true, "winners": 1, "reserves": 2});
        Ok(Stage {
            welcome: self.campaign("Demo: welcome", welcome)?,
            first_hundred: self.campaign("Demo: first hundred", hundred)?,
            flash_sale: self.flash_sale(1)?,
            secret: self.campaign("Demo: secret word", secret)?,
            batch: self.batch("Demo: newsletter")?,
            drawn: self.lottery("Demo: drawn already", small_draw, false)?,
            tickets: self.tickets(1)?,
            ballots: self.lottery("Demo: grand draw", draw, true)?,
        })
    }

    /// The one with that number. The next comes when it is sold out.
    pub fn flash_sale(&mut self, number: u32) -> anyhow::Result<String> {
        let terms = json!({"quota": 5000, "discount_amount": 500, "trigger": "claim"});
        self.campaign(&format!("Demo: flash sale {number}"), terms)
    }

    /// The lottery with tickets of that number. The next comes when it is sold out.
    pub fn tickets(&mut self, number: u32) -> anyhow::Result<String> {
        let terms = json!({"tickets": {"digits": 4, "copies": 4}});
        self.lottery(&format!("Demo: ten thousand numbers {number}"), terms, true)
    }

    fn campaign(&mut self, name: &str, terms: Value) -> anyhow::Result<String> {
        let known = self.staff.all("/campaigns")?;
        self.find_or_make(known, "/campaigns", name, terms, json!({"ends_at": end()}))
    }

    fn batch(&mut self, name: &str) -> anyhow::Result<String> {
        let known = self.staff.all("/coupon-batches")?;
        let terms = json!({"count": 1_000_000, "discount_amount": 500});
        self.find_or_make(known, "/coupon-batches", name, terms, json!({"expires_at": end()}))
    }

    fn find_or_make(
        &mut self,
        known: Vec<Value>,
        path: &str,
        name: &str,
        terms: Value,
        until: Value,
    ) -> anyhow::Result<String> {
        if let Some(there) = known.iter().find(|one| one["name"] == name) {
            self.found += 1;
            return Ok(text(there, "id")?.to_owned());
        }
        let wanted = merged(&[json!({"name": name}), terms, until]);
        let made = self.staff.post(path, &wanted)?.done()?;
        self.made += 1;
        Ok(text(&made, "id")?.to_owned())
    }

    /// Its day: the first ahead that is nobody's.
    fn lottery(&mut self, name: &str, terms: Value, must_be_open: bool) -> anyhow::Result<String> {
        let today = today(&TimeZone::UTC, system_clock()());
        let last = days_later(today, DAYS_AHEAD).unwrap_or(today);
        let known = self.staff.all(&format!("/lotteries?from={today}&to={last}"))?;
        let is_it = |one: &&Value| one["name"] == name && (!must_be_open || one["state"] == "open");
        if let Some(there) = known.iter().find(is_it) {
            self.found += 1;
            return Ok(text(there, "closes_on")?.to_owned());
        }
        for ahead in 1..=DAYS_AHEAD {
            let Some(day) = days_later(today, ahead) else { break };
            let of_day = json!({"name": name, "closes_on": day.to_string()});
            let answer = self.staff.post("/lotteries", &merged(&[of_day, terms.clone()]))?;
            if answer.problem() != Some("lottery-exists") {
                let made = answer.done()?;
                self.made += 1;
                return Ok(text(&made, "closes_on")?.to_owned());
            }
        }
        bail!("each of the next {DAYS_AHEAD} days has its lottery already")
    }
}

fn end() -> String {
    wire_time(Time(system_clock()().0 + DAYS * DAY_MS))
}

fn merged(parts: &[Value]) -> Value {
    let fields = parts.iter().filter_map(Value::as_object).flatten();
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}
