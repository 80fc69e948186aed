//! What the calls about campaigns take and answer.

use crate::http::api::coupon_bodies::VoucherBody;
use crate::http::api::figures::{self, parse_figures};
use crate::http::api::offers::{PercentNumber, Worth, WorthChanges, name_of};
use crate::http::export::TableLine;
use crate::http::fields::{given, parse_future, parse_instant, parse_name};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words;
use actors::Time;
use actors::domain::FiguresFor;
use actors::domain::coupons::campaign::{CampaignChanges, CampaignPlan, Overview, Trigger};
use actors::engine::Done;
use base::calendar::wire_time;
use people::Signed;
use products::campaigns::GrantedVoucher;
use products::promotions::Promotion;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const MOST_VOUCHERS: u64 = 100_000_000;
const MOST_DAYS: u32 = 3650;
const DAY_S: u32 = 86_400;
const LONGEST_CODE: usize = 64;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCampaign {
    /// Unique, whatever its case.
    #[schema(example = "Welcome")]
    pub name: String,
    /// How many vouchers there are, 1 to 100,000,000.
    pub quota: u64,
    /// Of the amount, 0.01 to 100, with two decimals at most. Either this or `discount_amount`,
    /// or `no_discount`.
    #[schema(value_type = Option<f64>, example = 12.5)]
    pub discount_percent: Option<PercentNumber>,
    /// In minor units.
    pub discount_amount: Option<u64>,
    /// It is good for something that is not paid: all of the amount stays payable.
    #[serde(default)]
    pub no_discount: bool,
    /// Less than this cannot be paid with a voucher.
    pub min_amount: Option<u64>,
    /// The discount is never more than this.
    pub max_discount: Option<u64>,
    /// Who may take back a use: `member` (if absent): its owner, their service and administrators;
    /// `service`: the service and administrators; `admin`: administrators. A hold that was not
    /// confirmed its owner may always cancel.
    #[schema(value_type = Option<words::Cancellers>)]
    pub cancel_by: Option<String>,
    /// From when on it can be claimed; now, if absent.
    pub starts_at: Option<String>,
    /// Until when.
    #[schema(example = "2026-12-31T23:59:59Z")]
    pub ends_at: String,
    /// `first_login`: by logging in for the first time. `claim`: by asking. `code`: by asking with
    /// the code.
    #[schema(example = "claim")]
    #[schema(value_type = words::Triggers)]
    pub trigger: String,
    /// What has to be known, for the trigger `code`: compared without regard to case.
    pub code: Option<String>,
    /// For how many days of 24 hours a voucher is good after its grant, and on to the next full
    /// minute, beyond 30 days to the next full hour; until the campaign's end, if absent.
    pub voucher_valid_days: Option<u32>,
    /// To whom `granted`, `remaining` and the ledger are told: `public`, if absent, `members`
    /// (services, too) or `staff`.
    #[schema(value_type = Option<words::FigureReaders>)]
    pub figures: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellFigures {
    /// To whom figures are told from now on: `public`, `members` or `staff`.
    #[schema(example = "staff")]
    #[schema(value_type = words::FigureReaders)]
    pub figures: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCampaign {
    /// More than before; until the first claim also less.
    pub quota: Option<u64>,
    /// Later than before; until the first claim also earlier, but ahead. Vouchers that were granted
    /// keep their expiry.
    pub ends_at: Option<String>,
    /// This, and all below, only until the first claim.
    pub name: Option<String>,
    pub starts_at: Option<String>,
    /// Takes the place of `discount_amount`.
    #[schema(value_type = Option<f64>, minimum = 0.01, maximum = 100)]
    pub discount_percent: Option<PercentNumber>,
    /// Takes the place of `discount_percent`.
    pub discount_amount: Option<u64>,
    /// `true`: instead of any discount.
    #[serde(default)]
    pub no_discount: bool,
    /// Null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub min_amount: Option<Option<u64>>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub max_discount: Option<Option<u64>>,
    /// Who may take back a use from now on: `member`, `service` or `admin`.
    #[schema(value_type = Option<words::Cancellers>)]
    pub cancel_by: Option<String>,
    /// Null: until the campaign's end.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub voucher_valid_days: Option<Option<u32>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Claim)]
pub struct ClaimVoucher {
    /// For campaigns with a code.
    pub code: Option<String>,
    /// For campaigns with the trigger `first_login`: the service says that its member logs in for
    /// the first time now. Only a service says so, because it alone knows.
    #[serde(default)]
    pub first_login: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EligibilityQuery {
    #[serde(default)]
    pub first_login: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Eligibility)]
pub struct EligibilityBody {
    pub campaign: String,
    /// Whether a claim would be answered with a voucher now.
    pub eligible: bool,
    /// Whether the member has a voucher of it already, which a claim would answer again.
    pub claimed: bool,
    /// Whether a claim must say the campaign's code. The answer is the one for the right code.
    pub code_needed: bool,
    /// What a claim would be answered now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<ReasonBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EligibilityReason)]
pub struct ReasonBody {
    /// As in a problem.
    #[schema(format = "uri-reference")]
    pub r#type: &'static str,
    pub title: &'static str,
    pub detail: String,
}

impl EligibilityBody {
    pub fn of(known: &Promotion, came: Result<Done<GrantedVoucher>, Problem>) -> EligibilityBody {
        let trigger = known.campaign().map(|plan| &plan.trigger);
        EligibilityBody {
            campaign: known.serial.to_string(),
            eligible: came.is_ok(),
            claimed: came.as_ref().is_ok_and(|done| done.replayed),
            code_needed: matches!(trigger, Some(Trigger::Code(_))),
            reason: came.err().map(|problem| ReasonBody {
                r#type: problem.kind.address,
                title: problem.kind.title,
                detail: problem.detail.into(),
            }),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Campaign)]
pub struct CampaignBody {
    /// Campaigns have the odd numbers (`c_1`, `c_3`) and batches the even ones (`b_0`, `b_2`), each
    /// in the order of their creation and without a gap.
    pub id: String,
    pub name: String,
    /// `scheduled`, `open`, `paused`, `sold_out`, `ended` or `withdrawn`.
    #[schema(value_type = words::CampaignStates)]
    pub state: &'static str,
    pub quota: u64,
    /// Null for whoever is not told figures.
    pub granted: Option<u64>,
    /// Null for whoever is not told figures.
    pub remaining: Option<u64>,
    /// To whom figures are told.
    #[schema(value_type = words::FigureReaders)]
    pub figures: &'static str,
    /// Null if it is an amount, or nothing that is counted.
    #[schema(value_type = Option<f64>)]
    pub discount_percent: Option<PercentNumber>,
    pub discount_amount: Option<u64>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
    /// Who may take back a use.
    #[schema(value_type = words::Cancellers)]
    pub cancel_by: &'static str,
    pub starts_at: String,
    pub ends_at: String,
    /// `first_login`, `claim` or `code`.
    #[schema(value_type = words::Triggers)]
    pub trigger: &'static str,
    pub voucher_valid_days: Option<u32>,
    pub created_at: String,
}

impl TableLine for CampaignBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("name", "/name"),
        ("state", "/state"),
        ("quota", "/quota"),
        ("granted", "/granted"),
        ("remaining", "/remaining"),
        ("figures", "/figures"),
        ("discount_percent", "/discount_percent"),
        ("discount_amount", "/discount_amount"),
        ("min_amount", "/min_amount"),
        ("max_discount", "/max_discount"),
        ("cancel_by", "/cancel_by"),
        ("starts_at", "/starts_at"),
        ("ends_at", "/ends_at"),
        ("trigger", "/trigger"),
        ("voucher_valid_days", "/voucher_valid_days"),
        ("created_at", "/created_at"),
    ];
}

#[derive(Serialize, ToSchema)]
#[schema(as = Claimed)]
pub struct ClaimedBody {
    pub campaign: String,
    /// The place in the order of claims, from 1 on.
    pub rank: u64,
    pub voucher: VoucherBody,
}

pub fn parse_new(
    body: CreateCampaign,
    now: Time,
) -> Result<(CampaignPlan, Option<FiguresFor>), Problem> {
    let mut mistakes = Mistakes::default();
    let figures = mistakes.check(body.figures.as_deref().map(parse_figures).transpose());
    let plan = mistakes.check(parse_plan(body, now));
    plan.zip(figures).ok_or_else(|| mistakes.into())
}

fn parse_plan(body: CreateCampaign, now: Time) -> Result<CampaignPlan, Problem> {
    let worth = Worth {
        discount_percent: body.discount_percent,
        discount_amount: body.discount_amount,
        no_discount: body.no_discount,
        min_amount: body.min_amount,
        max_discount: body.max_discount,
        cancel_by: body.cancel_by,
    };
    let mut mistakes = Mistakes::default();
    let quota = 1..=MOST_VOUCHERS;
    mistakes.expect(quota.contains(&body.quota), "/quota", format!("1 to {MOST_VOUCHERS}"));
    let starts_at = body.starts_at.as_deref();
    let starts_at = starts_at.map_or(Ok(now), |text| parse_instant(text, "/starts_at"));
    let starts_at = mistakes.check(starts_at);
    let ends_at = mistakes.check(parse_future(&body.ends_at, "/ends_at", now));
    let is_later = starts_at.zip(ends_at).is_none_or(|(starts_at, ends_at)| ends_at > starts_at);
    mistakes.expect(is_later, "/ends_at", "later than `starts_at`");
    let are_good = body.voucher_valid_days.is_none_or(|days| (1..=MOST_DAYS).contains(&days));
    mistakes.expect(are_good, "/voucher_valid_days", format!("1 to {MOST_DAYS}"));
    let name = mistakes.check(parse_name(&body.name, "/name"));
    let trigger = mistakes.check(parse_trigger(&body.trigger, body.code.as_deref()));
    let offer = mistakes.check(worth.checked('/'));
    let (Some(starts_at), Some(ends_at), Some(name), Some(trigger), Some(offer)) =
        (starts_at, ends_at, name, trigger, offer)
    else {
        return Err(mistakes.into());
    };
    mistakes.end()?;
    let valid_s = body.voucher_valid_days.map(|days| days * DAY_S);
    Ok(CampaignPlan { name, quota: body.quota, starts_at, ends_at, trigger, offer, valid_s })
}

pub fn parse_changes(body: ChangeCampaign) -> Result<CampaignChanges, Problem> {
    let worth = WorthChanges {
        discount_percent: body.discount_percent,
        discount_amount: body.discount_amount,
        no_discount: body.no_discount,
        min_amount: body.min_amount,
        max_discount: body.max_discount,
        cancel_by: body.cancel_by,
    };
    let mut mistakes = Mistakes::default();
    let is_quota = body.quota.is_none_or(|quota| quota <= MOST_VOUCHERS);
    mistakes.expect(is_quota, "/quota", format!("1 to {MOST_VOUCHERS}"));
    let days = body.voucher_valid_days.flatten();
    let are_good = days.is_none_or(|days| (1..=MOST_DAYS).contains(&days));
    mistakes.expect(are_good, "/voucher_valid_days", format!("1 to {MOST_DAYS}"));
    let instant = |text: &Option<String>, at| text.as_deref().map(|text| parse_instant(text, at));
    let starts_at = mistakes.check(instant(&body.starts_at, "/starts_at").transpose());
    let ends_at = mistakes.check(instant(&body.ends_at, "/ends_at").transpose());
    let name = body.name.as_deref().map(|text| parse_name(text, "/name"));
    let name = mistakes.check(name.transpose());
    let offer = mistakes.check(worth.checked('/'));
    let (Some(starts_at), Some(ends_at), Some(name), Some(offer)) =
        (starts_at, ends_at, name, offer)
    else {
        return Err(mistakes.into());
    };
    mistakes.end()?;
    Ok(CampaignChanges {
        name,
        quota: body.quota,
        starts_at,
        ends_at,
        offer,
        valid_s: body.voucher_valid_days.map(|days| days.map(|days| days * DAY_S)),
    })
}

pub fn parse_trigger(text: &str, code: Option<&str>) -> Result<Trigger, Problem> {
    match (text, code) {
        ("code", Some(code)) if !code.trim().is_empty() && code.chars().count() <= LONGEST_CODE => {
            Ok(Trigger::Code(fold(code)))
        }
        ("code", _) => Err(Problem::invalid("/code", format!("1 to {LONGEST_CODE} characters"))),
        ("first_login" | "claim", Some(_)) => {
            Err(Problem::invalid("/code", "only with the trigger `code`"))
        }
        ("first_login", None) => Ok(Trigger::FirstLogin),
        ("claim", None) => Ok(Trigger::Claim),
        _ => Err(Problem::invalid("/trigger", "`first_login`, `claim` or `code`")),
    }
}

/// A code as it is compared.
pub fn fold(code: &str) -> String {
    code.trim().to_lowercase()
}

impl CampaignBody {
    /// For this caller: without figures, if they are not told any.
    pub fn told_to(
        signed: Option<&Signed>,
        known: &Promotion,
        overview: &Overview,
        now: Time,
    ) -> CampaignBody {
        let body = CampaignBody::of(known, overview, now);
        match figures::are_told(known.figures_now(overview), signed) {
            true => body,
            false => CampaignBody { granted: None, remaining: None, ..body },
        }
    }

    pub fn of(known: &Promotion, overview: &Overview, now: Time) -> CampaignBody {
        let Overview { plan, granted, .. } = overview;
        let worth = Worth::from(&plan.offer);
        CampaignBody {
            id: known.serial.to_string(),
            name: plan.name.clone(),
            state: state(overview, now),
            quota: plan.quota,
            granted: Some(*granted),
            remaining: Some(plan.quota.saturating_sub(*granted)),
            figures: figures::written(known.figures_now(overview)),
            discount_percent: worth.discount_percent,
            discount_amount: worth.discount_amount,
            min_amount: worth.min_amount,
            max_discount: worth.max_discount,
            cancel_by: name_of(plan.offer.cancel_by),
            starts_at: wire_time(plan.starts_at),
            ends_at: wire_time(plan.ends_at),
            trigger: match plan.trigger {
                Trigger::FirstLogin => "first_login",
                Trigger::Claim => "claim",
                Trigger::Code(_) => "code",
            },
            voucher_valid_days: plan.valid_s.map(|valid_s| valid_s / DAY_S),
            created_at: wire_time(known.created_at),
        }
    }
}

fn state(overview: &Overview, now: Time) -> &'static str {
    let Overview { plan, granted, paused, over, withdrawn, .. } = overview;
    match () {
        () if *withdrawn => "withdrawn",
        () if *over || now >= plan.ends_at => "ended",
        () if *paused => "paused",
        () if now < plan.starts_at => "scheduled",
        () if *granted >= plan.quota => "sold_out",
        () => "open",
    }
}
