//! What the calls about tickets take and answer.

use crate::http::api::known_as::KnownAsBody;
use crate::http::api::pool::own_name;
use crate::http::export::TableLine;
use crate::http::fields::parse_reference;
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words;
use crate::shared::Shared;
use actors::Id;
use actors::domain::lottery::LotteryPlan;
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{Bought, HoldState, Pattern, TicketId};
use actors::domain::till::LimitKey;
use actors::plain::text_of;
use base::calendar::wire_time;
use people::{Signed, Via};
use products::holds::HeldId;
use products::tickets::WantedTickets;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MOST_AT_ONCE: u16 = 10;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateHold {
    /// Digits and stars, as many as the lottery's numbers have digits; a star matches any digit.
    /// Either this or `number`; or neither, with a `label`.
    #[schema(example = "****23")]
    pub pattern: Option<String>,
    /// Exactly this number.
    pub number: Option<String>,
    /// Only numbers that have this label of the pool.
    pub label: Option<String>,
    /// At most so many tickets, 1 to 10. Of a lottery they come from one slice of the numbers, so
    /// there may be fewer; of a pool from any.
    #[serde(default = "one")]
    pub count: u16,
    /// Fewer than this are refused. 1, if absent; with `together` it is `count`.
    pub at_least: Option<u16>,
    /// Whether the numbers have to follow one another, as seats in a row do: 100, 101, 102, a
    /// ticket of each. They are of one slice. With `at_least` you get the longest such run that
    /// there is, up to `count`.
    #[serde(default)]
    pub together: bool,
    /// Seconds until the hold ends by itself.
    pub ttl_s: Option<u32>,
    /// What the limits of the pool count beside the member: a card, a household, a device. Any text
    /// of 1 to 64 printable characters; only services say it, each for itself.
    pub limit_key: Option<String>,
}

fn one() -> u16 {
    1
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendHold {
    /// Seconds from now.
    pub ttl_s: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldBody {
    pub id: String,
    /// The pool: the day of a lottery, or a name.
    pub lottery: String,
    /// The pool, if it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pool: Option<String>,
    /// `held`, `confirmed` or `released`.
    #[schema(value_type = words::HoldStates)]
    pub state: &'static str,
    pub tickets: Vec<TicketBody>,
    /// When the hold ends by itself; a ticket that was bought never expires. Null once the hold is
    /// confirmed or released.
    pub expires_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketBody {
    pub id: String,
    pub number: String,
    pub copy: u16,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HoldEnd)]
pub struct EndBody {
    pub id: String,
    #[schema(value_type = words::HoldStates)]
    pub state: &'static str,
    /// When the hold ends by itself; a ticket that was bought never expires. Null once the hold is
    /// confirmed or released.
    pub expires_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternQuery {
    pub pattern: String,
    pub label: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Matches)]
pub struct MatchesBody {
    pub pattern: String,
    /// Tickets that match, sold or not.
    pub matching: u64,
    /// Null for whoever is not told the lottery's figures.
    pub free: Option<u64>,
    /// Some of the free ones. Nobody holds them for you.
    pub sample: Vec<SampleBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SampleTicket)]
pub struct SampleBody {
    pub number: String,
    pub copy: u16,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BoughtTicket)]
pub struct BoughtBody {
    pub id: String,
    /// The pool: the day of a lottery, or a name.
    pub lottery: String,
    /// The pool, if it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pool: Option<String>,
    pub number: String,
    pub copy: u16,
    /// The hold it was bought by.
    pub hold: String,
    pub bought_at: String,
}

/// For whoever runs the lottery.
#[derive(Serialize, ToSchema)]
#[schema(as = SoldTicket)]
pub struct SoldBody {
    #[serde(flatten)]
    pub ticket: BoughtBody,
    /// Whose it is.
    pub member: String,
    /// What a service calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub known_as: Option<KnownAsBody>,
}

impl TableLine for SoldBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("lottery", "/lottery"),
        ("number", "/number"),
        ("copy", "/copy"),
        ("hold", "/hold"),
        ("bought_at", "/bought_at"),
        ("member", "/member"),
        ("service", "/known_as/service"),
        ("their_id", "/known_as/id"),
    ];
}

/// What a list of one's own tickets takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoughtQuery {
    pub lottery: Option<String>,
    pub limit: Option<usize>,
    pub cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundBody {
    pub id: String,
    #[schema(value_type = words::TicketStates)]
    pub state: &'static str,
}

pub fn parse_wanted(
    shared: &Shared,
    body: &CreateHold,
    plan: &LotteryPlan,
    digits: u8,
) -> Result<WantedTickets, Problem> {
    let mut mistakes = Mistakes::default();
    let pattern = mistakes.check(match (&body.pattern, &body.number, &body.label) {
        (Some(pattern), None, _) => parse_pattern(pattern, digits, "/pattern"),
        (None, Some(number), _) => parse_number(number, digits),
        (None, None, Some(_)) => Ok(Pattern::any(digits)),
        _ => Err(Problem::invalid("", "say either `pattern` or `number`")),
    });
    let label = body.label.as_deref().map(|label| parse_label(plan, label, "/label"));
    let label = mistakes.check(label.transpose()).flatten();
    let is_a_count = (1..=MOST_AT_ONCE).contains(&body.count);
    mistakes.expect(is_a_count, "/count", format!("1 to {MOST_AT_ONCE}"));
    // Of a count that is wrong, nothing can be a part.
    let at_least = body.at_least.unwrap_or(if body.together { body.count } else { 1 });
    let is_a_part = !is_a_count || (1..=body.count).contains(&at_least);
    mistakes.expect(is_a_part, "/at_least", "1 to `count`");
    let ttl_s = body.ttl_s.unwrap_or(shared.config.hold_ttl_s);
    mistakes.check(check_ttl(shared, ttl_s));
    let Some(pattern) = pattern else { return Err(mistakes.into()) };
    mistakes.end()?;
    // One alone follows none.
    let together = body.together && body.count > 1;
    Ok(WantedTickets { pattern, label, count: body.count, at_least, together, ttl_s })
}

/// The keys by which a service's limits count beside the member.
pub fn parse_limit_keys(body: &CreateHold, signed: &Signed) -> Result<Vec<LimitKey>, Problem> {
    let key = body.limit_key.iter().map(|text| parse_limit_key(text, "/limit_key", signed));
    key.collect()
}

pub fn parse_limit_key(text: &str, pointer: &str, signed: &Signed) -> Result<LimitKey, Problem> {
    let Via::ServiceKey { service, .. } = &signed.via else {
        return Err(Problem::invalid(pointer, "only a service says this"));
    };
    let text = parse_reference(text, pointer)?;
    Ok(LimitKey::of(Id::digest(&[b"service", service.as_bytes()]), &text))
}

/// The place of the label among those of the pool.
pub fn parse_label(plan: &LotteryPlan, text: &str, pointer: &str) -> Result<u8, Problem> {
    let place = plan.labels.iter().position(|label| label.name == text);
    place.and_then(|place| u8::try_from(place).ok()).ok_or_else(|| {
        let names: Vec<&str> = plan.labels.iter().map(|label| label.name.as_str()).collect();
        let why = match names.as_slice() {
            [] => "it has no labels".to_owned(),
            names => format!("one of: {}", names.join(", ")),
        };
        Problem::invalid(pointer, why)
    })
}

fn parse_number(text: &str, digits: u8) -> Result<Pattern, Problem> {
    let pattern = parse_pattern(text, digits, "/number")?;
    match pattern.number() {
        Some(_) => Ok(pattern),
        None => {
            let why = "a number has digits only; use `pattern` for stars";
            Err(Problem::invalid("/number", why))
        }
    }
}

pub fn parse_pattern(text: &str, digits: u8, pointer: &str) -> Result<Pattern, Problem> {
    let pattern: Pattern =
        text.parse().map_err(|error: actors::domain::tickets::pattern::NotAPattern| {
            Problem::invalid(pointer, error.to_string())
        })?;
    if pattern.digits() != digits {
        return Err(Problem::invalid(
            pointer,
            format!("the numbers of this lottery have {digits} digits, not {}", pattern.digits()),
        ));
    }
    Ok(pattern)
}

pub fn check_ttl(shared: &Shared, ttl_s: u32) -> Result<u32, Problem> {
    let most = shared.config.hold_max_s;
    if (1..=most).contains(&ttl_s) {
        Ok(ttl_s)
    } else {
        Err(Problem::invalid("/ttl_s", format!("1 to {most} seconds")))
    }
}

impl HoldBody {
    pub fn of(id: &HeldId, digits: u8, tickets: &[Ticket], state: HoldState) -> HoldBody {
        let (state, expires_at) = match state {
            HoldState::Held { until } => ("held", Some(wire_time(until))),
            HoldState::Confirmed => ("confirmed", None),
        };
        HoldBody {
            id: text_of(id),
            lottery: text_of(&id.pool()),
            pool: own_name(id.pool()),
            state,
            tickets: tickets
                .iter()
                .map(|ticket| TicketBody::of(id.pool(), digits, ticket))
                .collect(),
            expires_at,
        }
    }
}

impl TicketBody {
    pub fn of(pool: PoolName, digits: u8, ticket: &Ticket) -> TicketBody {
        let id = TicketId { pool, digits, number: ticket.number, copy: ticket.copy };
        TicketBody { id: text_of(&id), number: id.printed_number(), copy: ticket.copy }
    }
}

impl BoughtBody {
    pub fn of(id: &TicketId, bought: &Bought) -> BoughtBody {
        BoughtBody {
            id: text_of(id),
            lottery: text_of(&id.pool),
            pool: own_name(id.pool),
            number: id.printed_number(),
            copy: id.copy,
            hold: bought.bought_by(id),
            bought_at: wire_time(bought.at),
        }
    }
}
