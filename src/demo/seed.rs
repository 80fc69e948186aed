//! Fills a running server through its API with made-up members and what they have: vouchers,
//! tickets, ballots and coupons. What is there already stays as it is, so a second time changes
//! nothing.

use super::stage::{SECRET_WORD, Stage, StageHand};
use crate::remote::{RemoteServer, in_a_path, text};
use anyhow::Context;
use serde_json::{Value, json};

/// The members log in with it.
pub const PASSWORD: &str = "tickets for everybody";

const NAMES: [&str; 12] = [
    "demo-ada",
    "demo-bob",
    "demo-cleo",
    "demo-dan",
    "demo-eve",
    "demo-fay",
    "demo-gus",
    "demo-hal",
    "demo-ida",
    "demo-jon",
    "demo-kim",
    "demo-lea",
];

/// Whose the members are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembersOf {
    /// They have accounts.
    TheServer,
    /// The service whose key is shown acts for them.
    TheService,
}

pub struct Seeded {
    pub stage: Stage,
    pub made: u64,
    pub found: u64,
}

struct SeedMember {
    name: &'static str,
    caller: RemoteServer,
    whose: MembersOf,
}

pub fn seed(
    anybody: &RemoteServer,
    staff: &RemoteServer,
    whose: MembersOf,
) -> anyhow::Result<Seeded> {
    let mut hand = StageHand::of(staff.clone());
    let stage = hand.set_up()?;
    for (place, name) in NAMES.into_iter().enumerate() {
        let member = enter(anybody, &mut hand, name, whose)?;
        fill(&member, &mut hand, &stage, place).with_context(|| format!("for {name}"))?;
        member.leave()?;
    }
    let drawn = format!("/lotteries/{}", stage.drawn);
    if staff.get(&drawn)?.done()?["state"] == "open" {
        staff.post(&format!("{drawn}/close"), &json!({}))?.done()?;
    }
    Ok(Seeded { stage, made: hand.made, found: hand.found })
}

/// The name of everybody who has an account.
pub fn account(number: u64) -> &'static str {
    NAMES[number as usize % NAMES.len()]
}

fn enter(
    anybody: &RemoteServer,
    hand: &mut StageHand,
    name: &'static str,
    whose: MembersOf,
) -> anyhow::Result<SeedMember> {
    if whose == MembersOf::TheService {
        return Ok(SeedMember { name, caller: hand.staff.on_behalf_of(name), whose });
    }
    let wanted = json!({"username": name, "password": PASSWORD});
    let answer = anybody.post("/auth/register", &wanted)?;
    if answer.problem() == Some("already-taken") {
        hand.found += 1;
    } else {
        answer.done()?;
        hand.made += 1;
    }
    let caller = anybody
        .log_in(name, PASSWORD)
        .with_context(|| format!("the account {name} is somebody else's"))?;
    Ok(SeedMember { name, caller, whose })
}

impl SeedMember {
    /// Whether the list of their own has nothing in it.
    fn has_none(&self, path: &str) -> anyhow::Result<bool> {
        let page = self.caller.get(path)?.done()?;
        Ok(page["items"].as_array().is_none_or(Vec::is_empty))
    }

    /// Ends the session, which nobody needs any more.
    fn leave(&self) -> anyhow::Result<()> {
        if self.whose == MembersOf::TheServer {
            self.caller.post("/auth/logout", &json!({}))?.done()?;
        }
        Ok(())
    }
}

/// What one member has. By their place, so that not all have the same.
fn fill(
    member: &SeedMember,
    hand: &mut StageHand,
    stage: &Stage,
    place: usize,
) -> anyhow::Result<()> {
    claim(member, hand, stage, place)?;
    for day in [&stage.drawn, &stage.ballots] {
        let is_open = hand.staff.get(&format!("/lotteries/{day}"))?.done()?["state"] == "open";
        if is_open && member.has_none(&format!("/ballots?lottery={day}"))? {
            let submit = format!("/lotteries/{day}/ballots");
            member.caller.post(&submit, &json!({}))?.done()?;
            hand.made += 1;
        }
    }
    buy(member, hand, &stage.tickets, place)?;
    redeem(member, hand, &stage.batch, place)
}

fn claim(
    member: &SeedMember,
    hand: &mut StageHand,
    stage: &Stage,
    place: usize,
) -> anyhow::Result<()> {
    let mut wanted = vec![(&stage.first_hundred, json!({}))];
    if place.is_multiple_of(3) {
        wanted.push((&stage.secret, json!({"code": SECRET_WORD})));
    }
    if member.whose == MembersOf::TheService {
        wanted.push((&stage.welcome, json!({"first_login": true})));
    }
    for (campaign, body) in wanted {
        let answer = member.caller.post(&format!("/campaigns/{campaign}/claims"), &body)?;
        match answer.status {
            201 => hand.made += 1,
            // The same voucher as before, or a crowd was quicker.
            200 | 409 => hand.found += 1,
            _ => drop(answer.done()?),
        }
    }
    Ok(())
}

fn buy(member: &SeedMember, hand: &mut StageHand, day: &str, place: usize) -> anyhow::Result<()> {
    if !member.has_none(&format!("/tickets?lottery={day}"))? {
        hand.found += 1;
        return Ok(());
    }
    let wanted = json!({"pattern": format!("{}***", place % 10), "count": 1 + place % 4});
    let hold = member.caller.post(&format!("/lotteries/{day}/holds"), &wanted)?.done()?;
    let confirm = format!("/holds/{}/confirm", text(&hold, "id")?);
    member.caller.post(&confirm, &json!({}))?.done()?;
    hand.made += 1;
    Ok(())
}

fn redeem(
    member: &SeedMember,
    hand: &mut StageHand,
    batch: &str,
    place: usize,
) -> anyhow::Result<()> {
    let source = format!("seed of {}", member.name);
    let assign = format!("/coupon-batches/{batch}/assign");
    // The same source has the same coupon, for ever.
    let coupon = match member.whose {
        MembersOf::TheService => {
            member.caller.post(&assign, &json!({"source_id": source}))?.done()?
        }
        MembersOf::TheServer => {
            let me: Value = member.caller.get("/me")?.done()?;
            let wanted = json!({"source_id": source, "member_id": me["id"]});
            hand.staff.post(&assign, &wanted)?.done()?
        }
    };
    let path = format!("/coupons/{}", in_a_path(text(&coupon, "code")?));
    let is_unused = member.caller.get(&path)?.done()?["state"] == "assigned";
    if place.is_multiple_of(2) && is_unused {
        let bill = json!({"amount": 4990, "reference": format!("order of {}", member.name)});
        member.caller.post(&format!("{path}/use"), &bill)?.done()?;
        hand.made += 1;
    } else {
        hand.found += 1;
    }
    Ok(())
}
