//! What expires on a day, and who was told.

use super::coupons::CouponBody;
use crate::http::caller::Admin;
use crate::http::endpoint::{Endpoint, Who};
use crate::http::flags::Params;
use crate::http::page::{Items, Paging};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use actors::domain::coupons::CouponState;
use actors::domain::coupons::rows::{Notice, notice_of_row};
use actors::store::ListedRow;
use base::calendar;
use base::calendar::wire_time;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use products::coupons::expired::{Expiring, Spot};
use products::coupons::notices;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpiredQuery {
    on: Option<String>,
    state: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
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
    /// So many days before the day of the expiry.
    pub days: u16,
    pub code: String,
    pub batch: String,
    pub owner: String,
    pub expires_at: String,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/coupons/expired", expired)
            .summary("List what expires on a day")
            .notes(
                "Coupons and vouchers, touched or not, those that expire later that day, too: \
                complete, by cursor.",
            )
            .who(Who::Admin)
            .query("on", "The day, like 2026-12-31; today in the configured zone, if absent.")
            .query(
                "state",
                "`created`, `assigned`, `held`, `used`, `expired` or `void`; all, if \
                absent.",
            )
            .query("limit", "How many, 1 to 100.")
            .query("cursor", "Where the page begins: the `next_cursor` of the one before.")
            .answer::<ExpiredBody>(200, "The window and what expires in it.")
            .problems(&[&crate::http::problem::INVALID]),
        Endpoint::get("/notices", list_notices)
            .summary("List the notices that were given")
            .notes(
                "Each day at 09:00 in the configured zone, to the owners of coupons that nobody \
                 has used, so many days before they expire.",
            )
            .who(Who::Admin)
            .lists::<NoticeBody>("Oldest first."),
    ]
}

async fn expired(
    shared: web::Data<Shared>,
    _: Admin,
    Params(search): Params<ExpiredQuery>,
) -> Result<HttpResponse, Problem> {
    let zone = &shared.config.time_zone;
    let date = match &search.on {
        Some(text) => {
            text.parse().map_err(|_| Problem::invalid("?on", "a date like 2026-12-31"))?
        }
        None => calendar::today(zone, shared.promotions.now()),
    };
    let (since, until) =
        calendar::window(zone, date).ok_or_else(|| Problem::invalid("?on", "too far away"))?;
    let state = search.state.as_deref().map(state).transpose()?;
    let paging = Paging::of(search.limit, search.cursor);
    let from = paging.after()?.map_or(Ok(Spot::START), |bytes| spot(&bytes))?;
    let (found, next) =
        shared.coupons.expired(&Expiring { since, until, state }, from, paging.limit()?).await?;
    let body = ExpiredBody {
        window: [wire_time(since), wire_time(until)],
        items: found
            .iter()
            .map(|found| {
                CouponBody::of(&found.promotion, &found.home, found.code.clone(), &found.view)
            })
            .collect(),
        next_cursor: next
            .map(|next| URL_SAFE_NO_PAD.encode(postcard::to_stdvec(&next).expect("plain data"))),
    };
    Ok(reply::ok(&body))
}

fn state(text: &str) -> Result<CouponState, Problem> {
    let named = CouponState::ALL.into_iter().find(|state| state.name() == text);
    named.ok_or_else(|| {
        Problem::invalid("?state", "`created`, `assigned`, `held`, `used`, `expired` or `void`")
    })
}

fn spot(bytes: &[u8]) -> Result<Spot, Problem> {
    postcard::from_bytes(bytes)
        .map_err(|_| Problem::invalid("?cursor", "not a cursor of this list"))
}

async fn list_notices(
    shared: web::Data<Shared>,
    _: Admin,
    Params(paging): Params<Paging>,
) -> Result<HttpResponse, Problem> {
    let limit = paging.limit()?;
    let found = notices::list(&shared.engine, paging.after()?, limit + 1).await?;
    let page = Items::page(
        found,
        limit,
        |line: &ListedRow| line.key.clone(),
        |line| notice_of_row(&line.body),
    );
    let items =
        try_join_all(page.items.into_iter().map(|notice| NoticeBody::of(&shared, notice))).await?;
    Ok(reply::ok(&Items {
        items: items.into_iter().flatten().collect::<Vec<_>>(),
        next_cursor: page.next_cursor,
    }))
}

impl NoticeBody {
    async fn of(shared: &Shared, notice: Notice) -> Result<Option<NoticeBody>, Problem> {
        let found = shared.promotions.find(notice.home.serial()).await?;
        let Some(promotion) = found else { return Ok(None) };
        Ok(Some(NoticeBody {
            at: wire_time(notice.at),
            days: notice.days,
            code: shared.coupons.code(&promotion, &notice.home).await?,
            batch: promotion.serial.to_string(),
            owner: notice.owner.to_string(),
            expires_at: wire_time(notice.expires_at),
        }))
    }
}
