//! What an administrator wants a lottery to be, and what it becomes: every limit is checked here,
//! and what is wrong is pointed at.

use crate::http::api::figures::parse_figures;
use crate::http::fields::check_name;
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::switch::Switch;
use crate::http::words;
use crate::shared::Shared;
use actors::Time;
use actors::domain::day::Day;
use actors::domain::lottery::{BallotSetup, LotteryPlan, TicketSetup};
use actors::domain::pool::PoolName;
use actors::domain::tickets::pattern::{FEWEST_DIGITS, MOST_DIGITS};
use base::calendar::{self, wire_time};
use draws::QUICKNET;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MOST_COPIES: u16 = 1000;

/// So few ballots lie in one box, and then the limit is exact to the ballot.
const FEW: u64 = 1000;

/// Winners and reserves together: their names are in one answer.
const MOST_LOTS: u16 = 1000;

/// A beacon's round is due at least so long after the closing instant, so that everything is sealed
/// before anybody can know it.
const MARGIN_S: u32 = 60;

/// And at most so long, so that a slip of the keyboard is no draw in a thousand years.
const LATEST_S: u32 = 30 * 86_400;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLottery {
    /// The closing day, today or later. A day has one lottery.
    #[schema(example = "2026-12-31")]
    pub closes_on: String,
    /// Invented if absent.
    pub name: Option<String>,
    /// What can be bought. A lottery has this, `ballots`, or both.
    pub tickets: Option<TicketPlan>,
    /// Whether members may submit ballots, of which the winners are drawn.
    pub ballots: Option<Switch<BallotPlan>>,
    /// How many are drawn, none of them twice: 1 by default. With the reserves no more than 1000.
    pub winners: Option<u16>,
    /// How many more are drawn, to take in their order the place of winners who cannot be found: 0
    /// by default.
    pub reserves: Option<u16>,
    /// Whether a round of the public beacon drand (quicknet) is mixed into the draw, so that
    /// whoever runs the server cannot know its result before: `true` for the first one a minute
    /// after the closing instant.
    pub beacon: Option<Switch<BeaconPlan>>,
    /// To whom the ledger, the statistics and the number of free tickets are told: `public`, if
    /// absent, `members` (services, too) or `staff`. A draw and its proof are public always.
    #[schema(value_type = Option<words::FigureReaders>)]
    pub figures: Option<String>,
}

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketPlan {
    /// 4 to 7, 6 by default. The memory for counting grows as 11^digits, so more is refused.
    #[serde(default = "six")]
    pub digits: u8,
    /// How many tickets bear each number, 1 to 1000.
    #[serde(default = "one")]
    pub copies: u16,
}

fn six() -> u8 {
    6
}

fn one() -> u16 {
    1
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BallotPlan {
    /// How many the lottery takes at most; from 1000 on rounded down, so that every box has its
    /// share. The setting `ballots_max`, if absent, which is also the most it can be.
    pub most: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeaconPlan {
    /// A round that is due after the closing instant, within thirty days.
    pub round: Option<u64>,
}

/// The closing day and the plan, or all that is wrong.
pub fn parse_plan(
    shared: &Shared,
    body: CreateLottery,
) -> Result<(PoolName, LotteryPlan), Problem> {
    let mut mistakes = Mistakes::default();
    let closing = mistakes.check(parse_closing(shared, &body.closes_on));
    let CreateLottery { ballots, winners, reserves, beacon, .. } = body;
    let draw = DrawWish { ballots, winners, reserves, beacon };
    let ballots = mistakes.check(parse_ballots(shared, draw, closing));
    if let Some(name) = &body.name {
        mistakes.check(check_name(name, "/name"));
    }
    let tickets = body.tickets.map(|plan| parse_tickets(shared, plan)).transpose();
    let tickets = mistakes.check(tickets);
    let figures = mistakes.check(body.figures.as_deref().map(parse_figures).transpose());
    let (Some((pool, closes_at)), Some(ballots), Some(tickets), Some(figures)) =
        (closing, ballots, tickets, figures)
    else {
        return Err(mistakes.into());
    };
    if tickets.is_none() && ballots.is_none() {
        mistakes.check::<()>(Err(Problem::invalid("/tickets", "say this, `ballots`, or both")));
    }
    mistakes.end()?;
    let name = body.name.unwrap_or_else(|| format!("Lottery of {pool}"));
    let figures = figures.unwrap_or_default();
    Ok((pool, LotteryPlan { tickets, ballots, figures, ..LotteryPlan::named(name, closes_at) }))
}

/// The closing day, and the instant at which it ends in the configured zone.
pub fn parse_closing(shared: &Shared, text: &str) -> Result<(PoolName, Time), Problem> {
    let invalid = |why: &str| Problem::invalid("/closes_on", why);
    let date: Date = text.parse().map_err(|_| invalid("a date like 2026-12-31"))?;
    let day: Day = text.parse().map_err(|_| invalid("a date like 2026-12-31"))?;
    let zone = &shared.config.time_zone;
    let (_, closes_at) = calendar::window(zone, date).ok_or_else(|| invalid("too far away"))?;
    if closes_at <= shared.lotteries.now() {
        return Err(invalid("that day is over"));
    }
    Ok((day.into(), closes_at))
}

pub fn parse_tickets(
    shared: &Shared,
    TicketPlan { digits, copies }: TicketPlan,
) -> Result<TicketSetup, Problem> {
    let mut mistakes = Mistakes::default();
    let why = format!(
        "{FEWEST_DIGITS} to {MOST_DIGITS}: the memory for counting every pattern grows as 11^digits"
    );
    let is_counted = (FEWEST_DIGITS..=MOST_DIGITS).contains(&digits);
    mistakes.expect(is_counted, "/tickets/digits", why);
    let is_right = (1..=MOST_COPIES).contains(&copies);
    mistakes.expect(is_right, "/tickets/copies", format!("1 to {MOST_COPIES}"));
    mistakes.end()?;
    let (holds_per_member, hold_max_s) = (holds_per_member(shared), shared.config.hold_max_s);
    Ok(TicketSetup { digits, copies, holds_per_member, hold_max_s, numbers: None })
}

/// Live held tickets that a member may have in one slice.
pub fn holds_per_member(shared: &Shared) -> u16 {
    u16::try_from(shared.config.holds_per_member).unwrap_or(u16::MAX)
}

/// What is said about a draw.
#[derive(Clone, Copy)]
pub struct DrawWish {
    pub ballots: Option<Switch<BallotPlan>>,
    pub winners: Option<u16>,
    pub reserves: Option<u16>,
    pub beacon: Option<Switch<BeaconPlan>>,
}

/// `closing`: None if it is wrong, so that nothing can be reckoned from it.
pub fn parse_ballots(
    shared: &Shared,
    DrawWish { ballots, winners, reserves, beacon }: DrawWish,
    closing: Option<(PoolName, Time)>,
) -> Result<Option<BallotSetup>, Problem> {
    let mut mistakes = Mistakes::default();
    let beacon = beacon.and_then(Switch::said);
    let Some(wish) = ballots.and_then(Switch::said) else {
        for (pointer, is_said) in [
            ("/winners", winners.is_some()),
            ("/reserves", reserves.is_some()),
            ("/beacon", beacon.is_some()),
        ] {
            mistakes.expect(!is_said, pointer, "nothing is drawn without `ballots`");
        }
        return mistakes.end().map(|()| None);
    };
    let limit = shared.config.ballots_max;
    let most = wish.most.unwrap_or(limit);
    mistakes.expect((1..=limit).contains(&most), "/ballots/most", format!("1 to {limit}"));
    let (winners, reserves) = (winners.unwrap_or(1), reserves.unwrap_or(0));
    let has_winners = (1..=MOST_LOTS).contains(&winners);
    mistakes.expect(has_winners, "/winners", format!("1 to {MOST_LOTS}"));
    let are_few = reserves <= MOST_LOTS - winners.clamp(1, MOST_LOTS);
    let why = format!("at most {MOST_LOTS} together with the winners");
    mistakes.expect(are_few, "/reserves", why);
    let Some((pool, closes_at)) = closing else { return mistakes.end().map(|()| None) };
    let round = beacon.map(|wish| parse_round(shared, wish, closes_at)).transpose();
    let round = mistakes.check(round).flatten();
    mistakes.end()?;
    let boxes = if most < FEW { 1 } else { shared.config.ballot_boxes };
    let (most_per_box, commitment) = (most / u64::from(boxes), shared.closing.commitment(pool));
    Ok(Some(BallotSetup { boxes, most_per_box, winners, reserves, commitment, round }))
}

pub fn parse_round(
    shared: &Shared,
    BeaconPlan { round }: BeaconPlan,
    closes_at: Time,
) -> Result<u64, Problem> {
    if !shared.closing.rounds().can_be_asked() {
        return Err(Problem::invalid(
            "/beacon",
            "this server knows nobody to ask for rounds: neither `beacon_url` nor `beacon_file` is \
             set",
        ));
    }
    let Some(round) = round else { return Ok(QUICKNET.round_at(closes_at.plus_s(MARGIN_S))) };
    let due = QUICKNET.time_of(round);
    if round == 0 || due <= closes_at || due > closes_at.plus_s(LATEST_S) {
        let (first, last) = (
            QUICKNET.round_at(Time(closes_at.0 + 1)),
            QUICKNET.round_at(closes_at.plus_s(LATEST_S)),
        );
        let why = format!(
            "a round that is due after the closing instant {}, within thirty days: {first} to \
             {last}",
            wire_time(closes_at)
        );
        return Err(Problem::invalid("/beacon/round", why));
    }
    Ok(round)
}
