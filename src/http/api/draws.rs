//! Draws: who has won, and the proof that anybody can check. All of it is public.

use super::auth::origin::RequestOrigin;
use super::ballots::terms;
use super::lotteries::{known_day, view_of};
use crate::http::endpoint::Endpoint;
use crate::http::flags::{self, Params};
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
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Draw)]
pub struct DrawBody {
    pub lottery: String,
    /// The first of the winners. Null: nobody took part.
    pub winner: Option<LotBody>,
    /// In the order of the draw.
    pub winners: Vec<LotBody>,
    /// Who takes the place of winners who cannot be found, in their order.
    pub reserves: Vec<LotBody>,
    /// What was drawn with; its SHA-256 was published when the lottery was created.
    #[schema(value_type = String)]
    pub seed: Hex<32>,
    /// Over all ballots.
    #[schema(value_type = String)]
    pub root: Hex<32>,
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Lot)]
pub struct LotBody {
    pub ballot: String,
    /// For the public: shortened or masked, and `a member` for whoever is known to a service alone
    /// or has gone.
    #[schema(example = "Ada L.")]
    pub name: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptKey)]
pub struct ReceiptKeyBody {
    /// Always `ed25519`.
    pub algorithm: &'static str,
    #[schema(value_type = String)]
    pub key: Hex<32>,
    pub since: String,
}

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/lotteries/{date}/winner", winner)
            .summary("See who has won")
            .answer::<DrawBody>(200, "Winners and reserves.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::NO_BALLOTS,
                &problem::NOT_DRAWN_YET,
                &problem::UNAVAILABLE,
            ]),
        Endpoint::get("/lotteries/{date}/proof", proof)
            .summary("Get the proof of a draw")
            .notes(
                "Everything that it takes to repeat the draw on any machine: `stampede \
                verify-draw`, or `docs/verify_draw.py`. Streamed; it holds every ballot.",
            )
            .answer_object(200, "The proof, as `docs/draws.md` describes it.")
            .problems(&[
                &problem::NOT_FOUND,
                &problem::NO_BALLOTS,
                &problem::NOT_DRAWN_YET,
                &problem::BUSY,
            ]),
    ]
}

/// What stands at the root.
pub fn well_known() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/.well-known/stampede-receipts.json", key)
            .summary("The key that receipts are signed with")
            .answer::<ReceiptKeyBody>(200, "The key, in hexadecimal."),
    ]
}

async fn winner(
    shared: web::Data<Shared>,
    day: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let day = known_day(&day)?;
    let body = shared.results.answer(&day, async || result(&shared, day).await).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body))
}

/// Who has won, as the public may read it at this moment: the draw never changes, but a name goes
/// with its owner.
async fn result(shared: &Shared, day: Day) -> Result<Bytes, Problem> {
    let view = view_of(shared, day).await?;
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

async fn proof(
    shared: web::Data<Shared>,
    request: HttpRequest,
    day: web::Path<String>,
    _: Params<flags::Nothing>,
) -> Result<HttpResponse, Problem> {
    let day = known_day(&day)?;
    let view = view_of(&shared, day).await?;
    drawn(&view)?;
    let seat = shared.streams.proofs.take_from(RequestOrigin::network(&request))?;
    let stream = proof::stream(shared.ballots.clone(), day, &view)
        .ok_or_else(|| Problem::plain(&problem::NOT_DRAWN_YET))?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).streaming(download(seat, stream)))
}

async fn key(shared: web::Data<Shared>, _: Params<flags::Nothing>) -> HttpResponse {
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
