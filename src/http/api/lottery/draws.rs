//! Draws: who has won, and the proof that anybody can check. All of it is public.

use crate::http::api::day::{day_in_path, find_lottery, terms};
use crate::http::api::lottery::bodies::{DrawBody, LotBody, ReceiptKeyBody};
use crate::http::flags::{self, Params};
use crate::http::origin::ClientOrigin;
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::streams::download;
use crate::shared::Shared;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use actors::domain::day::Day;
use actors::domain::draw::lottery_root;
use actors::domain::lottery::{Drawn, Lot, LotteryView};
use base::Hex;
use base::calendar::wire_time;
use people::public_name;
use products::ballots::proof;

pub async fn winner(
    shared: web::Data<Shared>,
    day: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let day = day_in_path(&day)?;
    let body = shared.results.answer(&day, async || make_result(&shared, day).await).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

/// Who has won, as the public may read it at this moment: the draw never changes, but a name goes
/// with its owner.
pub async fn make_result(shared: &Shared, day: Day) -> Result<Bytes, Problem> {
    let view = find_lottery(shared, day).await?;
    let drawn = drawn(&view)?;
    let members =
        shared.people.accounts.find_all(drawn.lots.iter().map(|lot| lot.owner).collect()).await?;
    let named = |lot: &Lot| {
        let name = public_name(members.get(&lot.owner).map(|member| &member.profile));
        LotBody { ballot: lot.ballot(day).to_string(), name }
    };
    let mut winners: Vec<LotBody> = drawn.lots.iter().map(named).collect();
    let reserves = winners.split_off(winners.len().min(terms(&view.plan)?.winners as usize));
    let body = DrawBody {
        lottery: day.to_string(),
        winner: winners.first().cloned(),
        winners,
        reserves,
        seed: Hex(drawn.seed),
        root: Hex(lottery_root(&view.boxes)),
    };
    Ok(serde_json::to_vec(&body).expect("answers are plain data").into())
}

pub async fn proof(
    shared: web::Data<Shared>,
    request: HttpRequest,
    day: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let day = day_in_path(&day)?;
    let view = find_lottery(&shared, day).await?;
    drawn(&view)?;
    let seat = shared.streams.proofs.take_from(ClientOrigin::network(&request))?;
    let stream = proof::stream(shared.ballots.clone(), day, &view)
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
