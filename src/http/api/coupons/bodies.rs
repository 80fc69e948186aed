//! What the calls about coupons take and answer.

use crate::http::api::coupon_bodies::CouponBody;
use crate::http::api::figures;
use crate::http::api::known_as::KnownAsBody;
use crate::http::api::offers::{PercentNumber, Worth, name_of};
use crate::http::export::{ListForm, TableLine};
use crate::http::fields::{given, parse_between};
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words;
use crate::shared::Shared;
use actors::Time;
use actors::domain::Between;
use actors::domain::coupons::catalogue::BatchKind;
use actors::domain::coupons::range::{RangeOverview, VoidedCounts};
use actors::domain::coupons::rows::Notice;
use base::calendar::wire_time;
use ports::OutsiderNames;
use products::coupons::batches::as_registered;
use products::coupons::redeeming::{Redeemed, Redemption};
use products::promotions::Promotion;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseCoupon {
    /// What is to be paid, in minor units. Needed where the coupon has a minimum.
    #[schema(example = 5000)]
    pub amount: Option<u64>,
    /// Your own name for it, such as an order's number: 1 to 64 characters.
    pub reference: Option<String>,
    /// Only holds the coupon for so many seconds, until the use is confirmed.
    pub hold_s: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveCoupon {
    /// Whose it becomes. A service names them with `On-Behalf-Of` instead.
    pub member_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateBatch {
    /// How many coupons: 1 to 10,000,000,000, or to 1000 where the codes are in the answer.
    pub count: u64,
    pub name: Option<String>,
    /// Of the amount, 0.01 to 100, with two decimals at most. Either this or `discount_amount`,
    /// or `no_discount`.
    #[schema(value_type = Option<f64>, example = 12.5)]
    pub discount_percent: Option<PercentNumber>,
    /// In minor units.
    pub discount_amount: Option<u64>,
    /// It is good for something that is not paid: all of the amount stays payable.
    #[serde(default)]
    pub no_discount: bool,
    /// Less than this cannot be paid with a coupon.
    pub min_amount: Option<u64>,
    /// The discount is never more than this.
    pub max_discount: Option<u64>,
    /// Who may take back a use: `member` (if absent): its owner, their service and administrators;
    /// `service`: the service and administrators; `admin`: administrators. A hold that was not
    /// confirmed its owner may always cancel.
    #[schema(value_type = Option<words::Cancellers>)]
    pub cancel_by: Option<String>,
    #[schema(example = "2026-12-31T23:59:59Z")]
    pub expires_at: String,
    /// Each member gets at most one, exactly. Then a given code is not assignable.
    #[serde(default)]
    pub one_per_member: bool,
    /// To whom the batch and its ledger are shown: `staff`, if absent, `members` (services, too)
    /// or `public`.
    #[schema(value_type = Option<words::FigureReaders>)]
    pub figures: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// Whose it becomes. A service names them with `On-Behalf-Of` instead.
    pub member_id: Option<String>,
    /// Your own name for what it is given for, such as an order's number. The same one gets the
    /// same coupon, for ever. Where each member gets at most one, it is not needed: they get their
    /// one again.
    pub source_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodesQuery {
    pub format: Option<String>,
    pub from: Option<u64>,
    pub limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponBatch)]
pub struct BatchBody {
    /// Batches have the even numbers (`b_0`, `b_2`) and campaigns the odd ones (`c_1`, `c_3`), each
    /// in the order of their creation and without a gap.
    pub id: String,
    pub name: Option<String>,
    /// `open`, `paused`, `expired`, `void` or `withdrawn`.
    #[schema(value_type = words::BatchStates)]
    pub state: &'static str,
    /// Null for an imported batch: its ledger counts.
    pub count: Option<u64>,
    pub one_per_member: bool,
    /// The import that brought its codes.
    pub imported_by: Option<String>,
    /// Null if it is an amount, or nothing that is counted.
    #[schema(value_type = Option<f64>)]
    pub discount_percent: Option<PercentNumber>,
    pub discount_amount: Option<u64>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
    /// Who may take back a use.
    #[schema(value_type = words::Cancellers)]
    pub cancel_by: &'static str,
    /// From then on its coupons cannot be used.
    pub expires_at: String,
    pub created_at: String,
    /// To whom the batch and its ledger are shown.
    #[schema(value_type = words::FigureReaders)]
    pub figures: &'static str,
}

impl TableLine for BatchBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("id", "/id"),
        ("name", "/name"),
        ("state", "/state"),
        ("count", "/count"),
        ("one_per_member", "/one_per_member"),
        ("imported_by", "/imported_by"),
        ("discount_percent", "/discount_percent"),
        ("discount_amount", "/discount_amount"),
        ("min_amount", "/min_amount"),
        ("max_discount", "/max_discount"),
        ("cancel_by", "/cancel_by"),
        ("expires_at", "/expires_at"),
        ("created_at", "/created_at"),
        ("figures", "/figures"),
    ];
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponsWithCodes)]
pub struct WithCodesBody {
    pub batch: BatchBody,
    pub codes: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBatch {
    /// Later than before, for all of its coupons, also those that are assigned; until the first
    /// assignment also earlier.
    #[schema(example = "2027-12-31T23:59:59Z")]
    pub expires_at: Option<String>,
    /// Null takes it away. It may change at any time.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// This, and all below, only until the first assignment. Takes the place of `discount_amount`.
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
}

/// How many coupons were voided with their batch, or would be.
#[derive(Serialize, ToSchema)]
#[schema(as = VoidedBatch)]
pub struct VoidedBatchBody {
    pub batch: String,
    /// That nobody had.
    pub free: u64,
    /// That were somebody's, and neither held nor used.
    pub assigned: u64,
}

/// What a use, its confirmation or its cancellation came to.
#[derive(Serialize, ToSchema)]
#[schema(as = Redeemed)]
pub struct RedeemedBody {
    pub code: String,
    /// `used`, `held`, `assigned`, `void`; or `expired`, if a use was cancelled after its time. One
    /// that is given back to a batch that was voided as a whole is `void`.
    #[schema(value_type = words::CouponStates)]
    pub state: &'static str,
    /// Null where no amount was said that a percentage could be taken of.
    pub discount: Option<u64>,
    pub payable: Option<u64>,
    pub amount: Option<u64>,
    pub reference: Option<String>,
    /// When a hold ends by itself.
    pub expires_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpiredQuery {
    pub on: Option<String>,
    pub state: Option<String>,
    pub assigned: Option<bool>,
    pub limit: Option<usize>,
    pub cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticesQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    format: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl NoticesQuery {
    pub fn read(self) -> Result<(ListForm, Between), Problem> {
        let mut mistakes = Mistakes::default();
        let form = ListForm::of(self.format.as_deref(), self.limit, self.cursor);
        let form = mistakes.check(form);
        let given = mistakes
            .check(parse_between((self.from.as_deref(), "?from"), (self.to.as_deref(), "?to")));
        form.zip(given).ok_or_else(|| mistakes.into())
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = ExpiredCoupons)]
pub struct ExpiredBody {
    /// From the first instant of the day on, and before the first of the next, in the configured
    /// zone.
    pub window: [String; 2],
    pub items: Vec<CouponBody>,
    /// Null at the end.
    pub next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeBody {
    /// When it was given.
    pub at: String,
    /// Which notice it is: the one for so many days before the day of the expiry, or fewer.
    pub days: u16,
    pub code: String,
    pub batch: String,
    pub owner: String,
    /// What a service calls the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub known_as: Option<KnownAsBody>,
    pub expires_at: String,
}

impl BatchBody {
    /// As it is before anything has happened to it.
    pub fn of_new(known: &Promotion) -> Option<BatchBody> {
        let overview = as_registered(known.batch()?);
        Some(BatchBody::of(known, &overview, known.created_at))
    }

    pub fn of(known: &Promotion, overview: &RangeOverview, now: Time) -> BatchBody {
        let worth = Worth::from(&overview.terms.offer);
        let plan = known.batch();
        let (count, one_per_member, job) = match plan.map(|plan| plan.what) {
            Some(BatchKind::Made { count, one_per_member }) => (Some(count), one_per_member, None),
            Some(BatchKind::Imported { job }) => (None, false, Some(job.to_string())),
            None => (None, false, None),
        };
        BatchBody {
            id: known.serial.to_string(),
            name: known.name().map(str::to_owned),
            state: match overview {
                RangeOverview { withdrawn: true, .. } => "withdrawn",
                RangeOverview { void: true, .. } => "void",
                RangeOverview { terms, .. } if now >= terms.expires_at => "expired",
                RangeOverview { paused: true, .. } => "paused",
                _ => "open",
            },
            count,
            one_per_member,
            imported_by: job,
            discount_percent: worth.discount_percent,
            discount_amount: worth.discount_amount,
            min_amount: worth.min_amount,
            max_discount: worth.max_discount,
            cancel_by: name_of(overview.terms.offer.cancel_by),
            expires_at: wire_time(overview.terms.expires_at),
            created_at: wire_time(known.created_at),
            figures: figures::written(known.figures),
        }
    }
}

impl VoidedBatchBody {
    pub fn of(known: &Promotion, counts: VoidedCounts) -> VoidedBatchBody {
        let VoidedCounts { free, assigned } = counts;
        VoidedBatchBody { batch: known.serial.to_string(), free, assigned }
    }
}

impl RedeemedBody {
    pub fn of(Redeemed { code, outcome }: Redeemed) -> RedeemedBody {
        let (state, what, until) = match outcome {
            Redemption::Used(what) => ("used", Some(what), None),
            Redemption::Held { what, until } => ("held", Some(what), Some(until)),
            Redemption::GivenBack { what, state } => (state.name(), Some(what), None),
            Redemption::Voided => ("void", None, None),
        };
        let cut = what.as_ref().map(|what| what.cut);
        RedeemedBody {
            code,
            state,
            discount: cut.and_then(|cut| cut.discount),
            payable: cut.and_then(|cut| cut.payable),
            amount: what.as_ref().and_then(|what| what.amount),
            reference: what.and_then(|what| what.reference).map(String::from),
            expires_at: until.map(wire_time),
        }
    }
}

impl TableLine for NoticeBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("at", "/at"),
        ("days", "/days"),
        ("code", "/code"),
        ("batch", "/batch"),
        ("owner", "/owner"),
        ("service", "/known_as/service"),
        ("their_id", "/known_as/id"),
        ("expires_at", "/expires_at"),
    ];
}

impl NoticeBody {
    pub async fn of(
        shared: &Shared,
        notice: Notice,
        names: &OutsiderNames,
    ) -> Result<Option<NoticeBody>, Problem> {
        let found = shared.promotions.find(notice.home.serial()).await?;
        let Some(promotion) = found else { return Ok(None) };
        Ok(Some(NoticeBody {
            at: wire_time(notice.at),
            days: notice.days,
            code: shared.coupons.code(&promotion, &notice.home).await?,
            batch: promotion.serial.to_string(),
            owner: notice.owner.to_string(),
            known_as: KnownAsBody::of(names, notice.owner),
            expires_at: wire_time(notice.expires_at),
        }))
    }
}
