//! What expires on a day, and who was told.

use crate::http::api::coupon_bodies::CouponBody;
use crate::http::api::coupon_filter::parse_state;
use crate::http::api::coupons::bodies::{ExpiredBody, ExpiredQuery, NoticeBody, NoticesQuery};
use crate::http::caller::Viewer;
use crate::http::export;
use crate::http::flags::Params;
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Time;
use actors::domain::Between;
use actors::domain::coupons::rows::notice_of_row;
use actors::store::ListedRow;
use base::calendar::{self, wire_time};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use jiff::tz::TimeZone;
use products::coupons::expired::{Expiring, Spot};
use products::coupons::notices;

pub async fn expired(
    shared: web::Data<Shared>,
    _: Viewer,
    Params(search): Params<ExpiredQuery>,
) -> Result<HttpResponse, Problem> {
    let zone = &shared.config.time_zone;
    let mut mistakes = Mistakes::default();
    let window = mistakes.check(parse_day(zone, search.on.as_deref(), shared.promotions.now()));
    let state = mistakes.check(search.state.as_deref().map(parse_state).transpose()).flatten();
    let paging = Paging::of(search.limit, search.cursor);
    let limit = mistakes.check(paging.limit());
    let from = paging.after().ok().flatten();
    let from = mistakes.check(from.map_or(Ok(Spot::START), |bytes| parse_spot(&bytes)));
    let (Some((since, until)), Some(limit), Some(from)) = (window, limit, from) else {
        return Err(mistakes.into());
    };
    mistakes.end()?;
    let what = Expiring { since, until, state, assigned: search.assigned };
    let (found, next) = shared.coupons.expired(&what, from, limit).await?;
    let owners = found.iter().map(|found| found.view.coupon.owner);
    let names = shared.people.outsiders.names(owners).await?;
    let body = ExpiredBody {
        window: [wire_time(since), wire_time(until)],
        items: found.iter().map(|found| CouponBody::of_found(found, &names)).collect(),
        next_cursor: next
            .map(|next| URL_SAFE_NO_PAD.encode(postcard::to_stdvec(&next).expect("plain data"))),
    };
    Ok(reply::ok(&body))
}

/// From when to when that day is, or today.
fn parse_day(zone: &TimeZone, text: Option<&str>, now: Time) -> Result<(Time, Time), Problem> {
    let no_day = || Problem::invalid("?on", "a date like 2026-12-31");
    let day =
        text.map_or(Ok(calendar::today(zone, now)), |text| text.parse().map_err(|_| no_day()));
    calendar::window(zone, day?).ok_or_else(|| Problem::invalid("?on", "too far away"))
}

fn parse_spot(bytes: &[u8]) -> Result<Spot, Problem> {
    postcard::from_bytes(bytes)
        .map_err(|_| Problem::invalid("?cursor", "not a cursor of this list"))
}

pub async fn list_notices(
    shared: web::Data<Shared>,
    _: Viewer,
    request: HttpRequest,
    Params(query): Params<NoticesQuery>,
) -> Result<HttpResponse, Problem> {
    let (form, given) = query.read()?;
    let list = shared.clone();
    let page = async move |paging| page_of_notices(&list, &given, &paging).await;
    export::answer(&shared, &request, form, page).await
}

async fn page_of_notices(
    shared: &Shared,
    given: &Between,
    paging: &Paging,
) -> Result<Items<NoticeBody>, Problem> {
    let limit = paging.limit()?;
    let found = notices::list(&shared.engine, given, paging.after()?, limit + 1).await?;
    let page = Items::page(
        found,
        limit,
        |line: &ListedRow| line.key.clone(),
        |line| notice_of_row(&line.body),
    );
    let owners = page.items.iter().map(|notice| notice.owner);
    let names = shared.people.outsiders.names(owners).await?;
    let bodies = page.items.into_iter().map(|notice| NoticeBody::of(shared, notice, &names));
    let items = try_join_all(bodies).await?;
    Ok(Items {
        items: items.into_iter().flatten().collect::<Vec<_>>(),
        next_cursor: page.next_cursor,
    })
}
