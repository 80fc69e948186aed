//! Draws: who has won, and the proof that anybody can check. All of it is public, but for whose the
//! ballots are: that is told to whoever must pay.

use crate::http::api::known_as::KnownAsBody;
use crate::http::api::lottery::bodies::{DrawBody, LotBody, ReceiptKeyBody};
use crate::http::api::lottery::table;
use crate::http::api::pool::{PoolInPath, find_lottery, own_name, terms};
use crate::http::caller::Perhaps;
use crate::http::export::{self, FormQuery};
use crate::http::flags::{self, Params};
use crate::http::origin::ClientOrigin;
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::streams::download;
use crate::shared::Shared;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use actors::Id;
use actors::domain::draw::lottery_root;
use actors::domain::lottery::{Drawn, Lot, LotteryView};
use actors::domain::pool::PoolName;
use base::Hex;
use base::calendar::wire_time;
use people::{Signed, Via, public_name};
use ports::OutsiderNames;
use ports::directory::AccountRole;
use products::ballots::proof;

pub async fn winner(
    shared: web::Data<Shared>,
    Perhaps(signed): Perhaps,
    PoolInPath(pool): PoolInPath,
    Params(FormQuery { format }): Params<FormQuery>,
) -> Result<HttpResponse, Problem> {
    let form = export::parse_form(format.as_deref())?;
    if let Some(audience) = signed.as_ref().and_then(Audience::of) {
        let view = find_lottery(&shared, pool).await?;
        let draw = announce(&shared, pool, &view, audience).await?;
        return Ok(match form {
            Some(form) => export::answer_few(form, table::lines(&draw)),
            None => reply::ok(&draw),
        });
    }
    if form.is_some() {
        let why = "the table is for administrators and services";
        return Err(Problem::new(&problem::FORBIDDEN, why));
    }
    let body = shared.results.answer(&pool, async || make_result(&shared, pool).await).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

async fn make_result(shared: &Shared, pool: PoolName) -> Result<Bytes, Problem> {
    let view = find_lottery(shared, pool).await?;
    let body = announce(shared, pool, &view, Audience::Public).await?;
    Ok(reply::written(&body).into())
}

/// To whom a result is told.
pub enum Audience<'a> {
    Public,
    /// Whoever has the key of a service hears which of its members have won.
    Service(&'a Signed),
    Admin,
}

impl Audience<'_> {
    /// None for those who are told what the public is.
    fn of(signed: &Signed) -> Option<Audience<'_>> {
        match &signed.via {
            _ if signed.role >= AccountRole::Viewer => Some(Audience::Admin),
            Via::ServiceKey { .. } => Some(Audience::Service(signed)),
            Via::Session { .. } => None,
        }
    }
}

/// Who has won, as it may be read at this moment: the draw never changes, but a name goes with its
/// owner.
pub async fn announce(
    shared: &Shared,
    pool: PoolName,
    view: &LotteryView,
    audience: Audience<'_>,
) -> Result<DrawBody, Problem> {
    let drawn = drawn(view)?;
    let owners: Vec<Id> = drawn.lots.iter().map(|lot| lot.owner).collect();
    let names = match audience {
        Audience::Public => OutsiderNames::default(),
        Audience::Service(signed) => {
            shared.people.outsiders.names_for(signed, owners.iter().copied()).await?
        }
        Audience::Admin => shared.people.outsiders.names(owners.iter().copied()).await?,
    };
    let members = shared.people.accounts.find_all(owners).await?;
    let named = |lot: &Lot| {
        let name = public_name(members.get(&lot.owner).map(|member| &member.profile));
        let known_as = KnownAsBody::of(&names, lot.owner);
        let is_told = matches!(audience, Audience::Admin) || known_as.is_some();
        LotBody {
            ballot: lot.ballot(pool).to_string(),
            name,
            member: is_told.then(|| lot.owner.to_string()),
            known_as,
        }
    };
    let mut winners: Vec<LotBody> = drawn.lots.iter().map(named).collect();
    let reserves = winners.split_off(winners.len().min(terms(&view.plan)?.winners as usize));
    Ok(DrawBody {
        lottery: pool.to_string(),
        pool: own_name(pool),
        winner: winners.first().cloned(),
        winners,
        reserves,
        seed: Hex(drawn.seed),
        root: Hex(lottery_root(&view.boxes)),
    })
}

pub async fn proof(
    shared: web::Data<Shared>,
    _: Perhaps,
    request: HttpRequest,
    PoolInPath(pool): PoolInPath,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let view = find_lottery(&shared, pool).await?;
    drawn(&view)?;
    let seat = shared.streams.proofs.take_from(ClientOrigin::network(&request))?;
    let stream = proof::stream(shared.ballots.clone(), pool, &view)
        .ok_or_else(|| Problem::plain(&problem::NOT_DRAWN_YET))?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).streaming(download(seat, stream)))
}

pub async fn receipt_key(shared: web::Data<Shared>, _: Params<flags::Nothing>) -> HttpResponse {
    let key = &shared.receipt_key;
    reply::ok(&ReceiptKeyBody {
        algorithm: "ed25519",
        key: key.public,
        since: wire_time(key.since),
    })
}

fn drawn(view: &LotteryView) -> Result<&Drawn, Problem> {
    terms(&view.plan)?;
    view.drawn.as_ref().ok_or_else(|| Problem::plain(&problem::NOT_DRAWN_YET))
}
