//! What an administrator wants a pool to be, and what it becomes: every limit is checked here, and
//! what is wrong is pointed at.

use crate::http::api::figures::parse_figures;
use crate::http::api::lottery::wish::{
    BallotPlan, BeaconPlan, DrawWish, TicketPlan, holds_per_member, parse_ballots, parse_tickets,
};
use crate::http::api::tickets::bodies::parse_pattern;
use crate::http::fields::{check_name, check_name_up_to, parse_future, parse_instant};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::switch::Switch;
use crate::http::words;
use crate::shared::Shared;
use actors::Time;
use actors::domain::lottery::{LotteryPlan, MemberLimits, TicketSetup};
use actors::domain::pool::{PoolName, Slug};
use actors::domain::tickets::{Label, Sale, Wave};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Of a pool that is said by a count.
const MOST_COUNTED: u32 = 10_000_000;
const MOST_LABELS: usize = 32;
const MOST_WAVES: usize = 32;
const LONGEST_LABEL: usize = 40;
/// Bytes of what is kept for the caller, and never read.
const MOST_METADATA: usize = 4096;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePool {
    /// Small letters, digits and dashes, at most 40; a letter first. Invented if absent: two words.
    #[schema(example = "summer-gala")]
    pub id: Option<String>,
    /// For people. The id, if absent.
    #[schema(example = "Summer gala")]
    pub name: Option<String>,
    /// From then on nothing is taken, and what is drawn is drawn.
    #[schema(example = "2026-12-31T20:00:00Z")]
    pub closes_at: String,
    /// What can be bought. A pool has this, `ballots`, or both.
    pub tickets: Option<StockPlan>,
    /// When the sale begins; at once, if absent.
    pub sale_starts_at: Option<String>,
    /// When it ends; with `closes_at`, if absent. What is held by then can still be bought until
    /// the hold ends.
    pub sale_ends_at: Option<String>,
    /// How many tickets may be held or sold from when on. All from the beginning, if absent.
    pub waves: Option<Vec<WavePlan>>,
    /// How much one person gets, wherever in the pool.
    pub per_member: Option<LimitsPlan>,
    /// Parts of the numbers that have a name.
    pub labels: Option<Vec<LabelPlan>>,
    /// Whether members may submit ballots, of which the winners are drawn.
    pub ballots: Option<Switch<BallotPlan>>,
    /// How many ballots win, 1 by default.
    pub winners: Option<u16>,
    /// How many more are drawn, to take the place of winners who cannot be found: 0 by default.
    pub reserves: Option<u16>,
    /// Whether a round of the public beacon is mixed into the draw: see `createLottery`.
    pub beacon: Option<Switch<BeaconPlan>>,
    /// To whom it is told how much is left: `public`, if absent, `members` or `staff`.
    #[schema(value_type = Option<words::FigureReaders>)]
    pub figures: Option<String>,
    /// Kept and shown, and never read: an object of at most 4096 bytes.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
}

/// By `digits` and `copies`: every number of so many digits, each so often. By `count`: that many,
/// numbered from zero.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockPlan {
    /// 4 to 7, 6 by default.
    pub digits: Option<u8>,
    /// How many tickets bear each number, 1 to 1000; 1 by default.
    pub copies: Option<u16>,
    /// 1 to 10,000,000. Instead of the two others.
    pub count: Option<u32>,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WavePlan {
    /// From when on.
    #[schema(example = "2026-12-01T09:00:00Z")]
    pub at: String,
    /// How many in all have been released by then, those of earlier waves included.
    pub tickets: u64,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsPlan {
    /// Tickets that one member may hold at a time.
    pub held: Option<u16>,
    /// Tickets that one member may have bought.
    pub bought: Option<u32>,
}

#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelPlan {
    /// 1 to 40 characters, not twice in a pool.
    #[schema(example = "stalls")]
    pub name: String,
    /// Which numbers have it. A number may have several labels.
    #[schema(example = "0***")]
    pub pattern: String,
}

/// The id that was said, if one was, and the plan; or all that is wrong. A plan without a name gets
/// the pool's, and one with ballots the pool's commitment.
pub fn parse_pool_plan(
    shared: &Shared,
    body: CreatePool,
) -> Result<(Option<PoolName>, LotteryPlan), Problem> {
    let mut mistakes = Mistakes::default();
    let now = shared.lotteries.now();
    let pool = mistakes.check(body.id.as_deref().map(parse_id).transpose());
    if let Some(name) = &body.name {
        mistakes.check(check_name(name, "/name"));
    }
    let closes_at = mistakes.check(parse_future(&body.closes_at, "/closes_at", now));
    let tickets = body.tickets.map(|plan| parse_stock(shared, plan)).transpose();
    let tickets = mistakes.check(tickets);
    let sale = mistakes.check(parse_sale(&body, closes_at, tickets.flatten()));
    let labels = body.labels.as_deref().unwrap_or_default();
    let labels = mistakes.check(parse_labels(labels, tickets.flatten()));
    let limits = mistakes.check(parse_limits(body.per_member.unwrap_or_default()));
    let figures = mistakes.check(body.figures.as_deref().map(parse_figures).transpose());
    let metadata = mistakes.check(write_metadata(body.metadata.as_ref()));
    let CreatePool { ballots, winners, reserves, beacon, .. } = body;
    let draw = DrawWish { ballots, winners, reserves, beacon };
    let ballots =
        mistakes.check(parse_ballots(shared, draw, closes_at.map(|at| (PoolName::default(), at))));
    if let (Some(None), Some(None)) = (tickets, ballots) {
        mistakes.check::<()>(Err(Problem::invalid("/tickets", "say this, `ballots`, or both")));
    }
    if let Some(None) = tickets {
        for (pointer, is_said) in [
            ("/sale_starts_at", body.sale_starts_at.is_some()),
            ("/sale_ends_at", body.sale_ends_at.is_some()),
            ("/waves", body.waves.is_some()),
            ("/per_member", body.per_member.is_some()),
            ("/labels", body.labels.is_some()),
        ] {
            mistakes.expect(!is_said, pointer, "nothing is sold without `tickets`");
        }
    }
    match (pool, closes_at, tickets, ballots, sale, labels, limits, figures, metadata) {
        (
            Some(pool),
            Some(closes_at),
            Some(tickets),
            Some(ballots),
            Some(sale),
            Some(labels),
            Some(limits),
            Some(figures),
            Some(metadata),
        ) => {
            mistakes.end()?;
            let name = body.name.unwrap_or_default();
            let plan = LotteryPlan::named(name, closes_at);
            let figures = figures.unwrap_or_default();
            let plan = LotteryPlan { tickets, ballots, figures, sale, ..plan };
            Ok((pool, LotteryPlan { labels, limits, metadata, ..plan }))
        }
        _ => Err(mistakes.into()),
    }
}

fn parse_id(text: &str) -> Result<PoolName, Problem> {
    let why =
        "small letters, digits and single dashes, at most 40, a letter first and no dash last";
    text.parse::<Slug>().map(PoolName::Own).map_err(|_| Problem::invalid("/id", why))
}

fn parse_stock(shared: &Shared, plan: StockPlan) -> Result<TicketSetup, Problem> {
    let StockPlan { digits, copies, count } = plan;
    let Some(count) = count else {
        let (digits, copies) = (digits.unwrap_or(6), copies.unwrap_or(1));
        return parse_tickets(shared, TicketPlan { digits, copies });
    };
    let mut mistakes = Mistakes::default();
    let is_counted = (1..=MOST_COUNTED).contains(&count);
    mistakes.expect(is_counted, "/tickets/count", format!("1 to {MOST_COUNTED}"));
    for (pointer, is_said) in
        [("/tickets/digits", digits.is_some()), ("/tickets/copies", copies.is_some())]
    {
        mistakes.expect(!is_said, pointer, "say either this or `count`");
    }
    mistakes.end()?;
    Ok(TicketSetup::counted(count, holds_per_member(shared), shared.config.hold_max_s))
}

fn parse_sale(
    body: &CreatePool,
    closes_at: Option<Time>,
    tickets: Option<TicketSetup>,
) -> Result<Sale, Problem> {
    let mut mistakes = Mistakes::default();
    let mut instant = |text: &Option<String>, pointer| {
        let read = text.as_deref().map(|text| parse_instant(text, pointer)).transpose();
        mistakes.check(read).flatten()
    };
    let starts_at = instant(&body.sale_starts_at, "/sale_starts_at");
    let ends_at = instant(&body.sale_ends_at, "/sale_ends_at");
    let is_before = |one: Option<Time>, other: Option<Time>| {
        one.zip(other).is_none_or(|(one, other)| one < other)
    };
    let begins = is_before(starts_at, ends_at.or(closes_at));
    mistakes.expect(begins, "/sale_starts_at", "before the end of the sale");
    let ends = ends_at.zip(closes_at).is_none_or(|(ends, closes)| ends <= closes);
    mistakes.expect(ends, "/sale_ends_at", "`closes_at` at the latest");
    let waves = body.waves.as_deref().unwrap_or_default();
    let waves = mistakes.check(parse_waves(waves, tickets));
    mistakes.end()?;
    Ok(Sale { starts_at, ends_at, waves: waves.unwrap_or_default() })
}

fn parse_waves(plans: &[WavePlan], tickets: Option<TicketSetup>) -> Result<Vec<Wave>, Problem> {
    let mut mistakes = Mistakes::default();
    mistakes.expect(plans.len() <= MOST_WAVES, "/waves", format!("at most {MOST_WAVES}"));
    let stock = tickets.map_or(u64::MAX, |tickets| tickets.stock());
    let mut waves: Vec<Wave> = Vec::new();
    for (place, plan) in plans.iter().enumerate().take(MOST_WAVES) {
        let (at, count) = (format!("/waves/{place}/at"), format!("/waves/{place}/tickets"));
        let read = mistakes.check(parse_instant(&plan.at, &at));
        let last = waves.last();
        let why = "later than the wave before";
        let is_later = read.zip(last).is_none_or(|(read, last)| read > last.at);
        mistakes.expect(is_later, &at, why);
        let is_more = plan.tickets >= 1 && last.is_none_or(|last| plan.tickets > last.tickets);
        mistakes.expect(is_more, &count, "more than with the wave before");
        mistakes.expect(plan.tickets <= stock, &count, format!("at most {stock}, all there are"));
        waves.extend(read.map(|at| Wave { at, tickets: plan.tickets }));
    }
    mistakes.end().map(|()| waves)
}

fn parse_labels(plans: &[LabelPlan], tickets: Option<TicketSetup>) -> Result<Vec<Label>, Problem> {
    let mut mistakes = Mistakes::default();
    mistakes.expect(plans.len() <= MOST_LABELS, "/labels", format!("at most {MOST_LABELS}"));
    let (mut labels, mut names) = (Vec::new(), BTreeSet::new());
    for (place, LabelPlan { name, pattern }) in plans.iter().enumerate().take(MOST_LABELS) {
        let at = format!("/labels/{place}/name");
        mistakes.check(check_name_up_to(LONGEST_LABEL, name, &at));
        mistakes.expect(names.insert(name), &at, "another label has this name");
        let at = format!("/labels/{place}/pattern");
        let Some(tickets) = tickets else { continue };
        let pattern = parse_pattern(pattern, tickets.digits, &at);
        labels.extend(mistakes.check(pattern).map(|pattern| Label { name: name.clone(), pattern }));
    }
    mistakes.end().map(|()| labels)
}

fn parse_limits(LimitsPlan { held, bought }: LimitsPlan) -> Result<MemberLimits, Problem> {
    let mut mistakes = Mistakes::default();
    mistakes.expect(held != Some(0), "/per_member/held", "at least 1");
    mistakes.expect(bought != Some(0), "/per_member/bought", "at least 1");
    mistakes.end().map(|()| MemberLimits { held, bought })
}

fn write_metadata(metadata: Option<&Map<String, Value>>) -> Result<String, Problem> {
    let text = metadata.map_or(Ok(String::new()), serde_json::to_string).expect("it was JSON");
    if text.len() <= MOST_METADATA {
        Ok(text)
    } else {
        let why = format!("an object of at most {MOST_METADATA} bytes");
        Err(Problem::invalid("/metadata", why))
    }
}
