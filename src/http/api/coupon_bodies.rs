//! A coupon or voucher as it is answered, and the books of many: for batches and campaigns alike.

use crate::http::api::known_as::KnownAsBody;
use crate::http::api::offers::{PercentNumber, Worth};
use crate::http::export::TableLine;
use crate::http::page::{Items, cursor};
use crate::http::words;
use crate::shared::Shared;
use actors::Id;
use actors::domain::coupons::coupon::{Coupon, CouponPhase, CouponView, Use};
use actors::domain::coupons::{CouponHome, CouponLedger, CouponState, Cut};
use actors::plain::text_of;
use base::calendar::wire_time;
use ports::OutsiderNames;
use products::campaigns::GrantedVoucher;
use products::coupons::FoundCoupon;
use products::promotions::Promotion;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Coupon)]
pub struct CouponBody {
    /// Null in a dry run that would assign it.
    pub code: Option<String>,
    /// The batch or campaign that it is of.
    pub batch: String,
    pub name: Option<String>,
    /// In a campaign: the place in the order of claims.
    pub rank: Option<u64>,
    /// `created`, `assigned`, `held`, `used`, `expired` or `void`.
    #[schema(value_type = words::CouponStates)]
    pub state: &'static str,
    pub owner: Option<String>,
    /// What a service calls the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub known_as: Option<KnownAsBody>,
    /// Null if it is an amount, or nothing that is counted.
    #[schema(value_type = Option<f64>)]
    pub discount_percent: Option<PercentNumber>,
    pub discount_amount: Option<u64>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
    pub assigned_at: Option<String>,
    /// From then on it cannot be used. A use that is held ends at `held_until`.
    pub expires_at: String,
    /// The use that is in force, or waits for its payment.
    pub r#use: Option<UseBody>,
    /// What became of it, oldest first. For administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub history: Option<Vec<HistoryBody>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponUse)]
pub struct UseBody {
    pub amount: Option<u64>,
    pub discount: Option<u64>,
    pub payable: Option<u64>,
    pub reference: Option<String>,
    /// When it was used; null while it is held.
    pub used_at: Option<String>,
    /// Until when it is held.
    pub held_until: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponStep)]
pub struct HistoryBody {
    /// `created`, `assigned`, `held`, `used`, `use_cancelled`, `expired` or `void`.
    #[schema(value_type = words::CouponSteps)]
    pub step: &'static str,
    pub at: String,
    /// Who did it, or whose it became.
    pub by: Option<String>,
    /// What a service calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub known_as: Option<KnownAsBody>,
    pub reference: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CouponLedger)]
pub struct CouponLedgerBody {
    pub issued: u64,
    pub available: u64,
    pub held: u64,
    pub assigned: u64,
    pub used: u64,
    pub expired: u64,
    pub void: u64,
    /// Zero, always: issued = available + held + assigned + used + expired + void.
    pub imbalance: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Voucher)]
pub struct VoucherBody {
    /// To be used with `/coupons/{code}/use`. Null in a dry run that would grant it.
    pub code: Option<String>,
    pub campaign: String,
    pub rank: u64,
    /// Null if it is an amount, or nothing that is counted.
    #[schema(value_type = Option<f64>)]
    pub discount_percent: Option<PercentNumber>,
    pub discount_amount: Option<u64>,
    pub min_amount: Option<u64>,
    pub max_discount: Option<u64>,
    /// From then on it cannot be used.
    pub expires_at: String,
}

impl CouponBody {
    pub(super) fn of_found(found: &FoundCoupon, names: &OutsiderNames) -> CouponBody {
        let FoundCoupon { promotion, home, code, view } = found;
        CouponBody::of(promotion, home, code.clone(), view, names)
    }

    /// A page of a list, and the key behind which the next begins.
    pub fn page(
        found: &[FoundCoupon],
        next: Option<Vec<u8>>,
        names: &OutsiderNames,
    ) -> Items<CouponBody> {
        let items = found.iter().map(|found| CouponBody::of_found(found, names)).collect();
        Items { items, next_cursor: next.map(|next| cursor(&next)) }
    }

    /// With all that became of it.
    pub(super) fn with_history(found: &FoundCoupon, names: &OutsiderNames) -> CouponBody {
        let history = Some(history(&found.promotion, &found.view, names));
        CouponBody { history, ..CouponBody::of_found(found, names) }
    }

    pub fn of(
        known: &Promotion,
        home: &CouponHome,
        code: impl Into<Option<String>>,
        view: &CouponView,
        names: &OutsiderNames,
    ) -> CouponBody {
        let CouponView { state, coupon, own_offer } = view;
        let worth = Worth::from(own_offer.as_ref().unwrap_or(known.offer()));
        let owned = coupon.owner != Id::SYSTEM;
        CouponBody {
            code: code.into(),
            batch: text_of(&known.serial),
            name: known.name().map(str::to_owned),
            rank: matches!(home, CouponHome::Campaign { .. }).then(|| home.slot()),
            state: state.name(),
            owner: owned.then(|| coupon.owner.to_string()),
            known_as: KnownAsBody::of(names, coupon.owner),
            discount_percent: worth.discount_percent,
            discount_amount: worth.discount_amount,
            min_amount: worth.min_amount,
            max_discount: worth.max_discount,
            assigned_at: owned.then(|| wire_time(coupon.tenure.assigned_at)),
            expires_at: wire_time(coupon.tenure.expires_at),
            r#use: UseBody::of(coupon),
            history: None,
        }
    }
}

impl UseBody {
    fn of(coupon: &Coupon) -> Option<UseBody> {
        let Use { amount, cut: Cut { discount, payable }, reference, .. } =
            coupon.current_use()?.clone();
        let (used_at, held_until) = match &coupon.phase {
            CouponPhase::Used(used) => (Some(wire_time(used.at)), None),
            CouponPhase::Held(pending) => (None, Some(wire_time(pending.until))),
            CouponPhase::Created | CouponPhase::Assigned | CouponPhase::Void(_) => (None, None),
        };
        Some(UseBody {
            amount,
            discount,
            payable,
            reference: reference.map(String::from),
            used_at,
            held_until,
        })
    }
}

/// Whose coupons they are.
pub fn owners(found: &[FoundCoupon]) -> impl Iterator<Item = Id> {
    found.iter().map(|found| found.view.coupon.owner)
}

/// Everybody whom the history of a coupon names.
pub fn members_in(view: &CouponView) -> Vec<Id> {
    let coupon = &view.coupon;
    let past = coupon.tenure.past.iter().map(|past| &past.used.what);
    let users = past.chain(coupon.current_use()).map(|what| what.user(coupon.owner));
    users.chain([coupon.owner]).collect()
}

fn history(known: &Promotion, view: &CouponView, names: &OutsiderNames) -> Vec<HistoryBody> {
    let coupon = &view.coupon;
    let step = |step, at, by: Option<Id>, reference: Option<&str>| HistoryBody {
        step,
        at: wire_time(at),
        by: by.map(|by| by.to_string()),
        known_as: by.and_then(|by| KnownAsBody::of(names, by)),
        reference: reference.map(str::to_owned),
    };
    let used = |what: &'static str, at, what_for: &Use| {
        step(what, at, Some(what_for.user(coupon.owner)), what_for.reference.as_deref())
    };
    let mut history = vec![step("created", known.created_at, None, None)];
    if coupon.owner != Id::SYSTEM {
        history.push(step("assigned", coupon.tenure.assigned_at, Some(coupon.owner), None));
    }
    for past in &coupon.tenure.past {
        history.push(used("used", past.used.at, &past.used.what));
        history.push(step(
            "use_cancelled",
            past.cancelled_at,
            None,
            past.used.what.reference.as_deref(),
        ));
    }
    match &coupon.phase {
        CouponPhase::Held(pending) => history.push(used("held", pending.since, &pending.what)),
        CouponPhase::Used(current) => history.push(used("used", current.at, &current.what)),
        CouponPhase::Void(at) => history.push(step("void", *at, None, None)),
        CouponPhase::Created | CouponPhase::Assigned => {}
    }
    if view.state == CouponState::Expired {
        history.push(step("expired", coupon.tenure.expires_at, None, None));
    }
    history
}

impl TableLine for CouponBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("code", "/code"),
        ("batch", "/batch"),
        ("name", "/name"),
        ("rank", "/rank"),
        ("state", "/state"),
        ("owner", "/owner"),
        ("service", "/known_as/service"),
        ("their_id", "/known_as/id"),
        ("discount_percent", "/discount_percent"),
        ("discount_amount", "/discount_amount"),
        ("min_amount", "/min_amount"),
        ("max_discount", "/max_discount"),
        ("assigned_at", "/assigned_at"),
        ("expires_at", "/expires_at"),
        ("amount", "/use/amount"),
        ("discount", "/use/discount"),
        ("payable", "/use/payable"),
        ("reference", "/use/reference"),
        ("used_at", "/use/used_at"),
        ("held_until", "/use/held_until"),
    ];
}

impl TableLine for CouponLedgerBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("issued", "/issued"),
        ("available", "/available"),
        ("held", "/held"),
        ("assigned", "/assigned"),
        ("used", "/used"),
        ("expired", "/expired"),
        ("void", "/void"),
        ("imbalance", "/imbalance"),
    ];
}

impl From<CouponLedger> for CouponLedgerBody {
    fn from(ledger: CouponLedger) -> CouponLedgerBody {
        let CouponLedger { issued, available, held, assigned, used, expired, void, imbalance } =
            ledger;
        CouponLedgerBody { issued, available, held, assigned, used, expired, void, imbalance }
    }
}

impl VoucherBody {
    pub fn of(shared: &Shared, granted: &GrantedVoucher) -> VoucherBody {
        let GrantedVoucher { promotion, rank, expires_at } = granted;
        let worth = Worth::from(promotion.offer());
        VoucherBody {
            code: Some(shared.coupons.voucher_code(promotion, *rank)),
            campaign: promotion.serial.to_string(),
            rank: *rank,
            discount_percent: worth.discount_percent,
            discount_amount: worth.discount_amount,
            min_amount: worth.min_amount,
            max_discount: worth.max_discount,
            expires_at: wire_time(*expires_at),
        }
    }
}
