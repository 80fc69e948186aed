//! Where requests arrive that another node has passed on. Without the proof that a
//! node asks there is no such path.
//!
//! Nothing is read before the proof. What is served was meant for this very process, is young, and
//! was not here before; it goes to this node's own actor, whatever this node believes about who
//! owns what, so that nothing is ever passed on twice.

use crate::http::body;
use crate::http::edge::{self, Edge};
use crate::http::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use cluster::{LONGEST, PATH, PROOF, SignedHead, unpack};
use sha2::{Digest, Sha256};

pub fn mount(config: &mut web::ServiceConfig) {
    let resource = web::resource(PATH)
        .route(web::post().to(ask))
        .default_service(web::to(edge::unknown_route));
    config.service(resource.wrap(Edge::around(PATH)));
}

async fn ask(
    shared: Data<Shared>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let nobody = || Problem::plain(&problem::UNKNOWN_ROUTE);
    let cluster = shared.cluster().ok_or_else(nobody)?;
    let mut proofs = request.headers().get_all(PROOF);
    let header = proofs.next().and_then(|proof| proof.to_str().ok()).ok_or_else(nobody)?;
    if proofs.next().is_some() {
        return Err(nobody());
    }
    let head = cluster.admit(header).ok_or_else(nobody)?;
    let body = read(&shared, &head, payload).await?;
    let (partition, passed_on) = unpack(&body).ok_or_else(unreadable)?;
    let answer =
        shared.engine.serve_passed_on(partition, passed_on).await.ok_or_else(unreadable)?;
    Ok(HttpResponse::Ok().insert_header((PROOF, cluster.sign_answer(&head, &answer))).body(answer))
}

async fn read(
    shared: &Data<Shared>,
    head: &SignedHead,
    payload: web::Payload,
) -> Result<web::Bytes, Problem> {
    let length = usize::try_from(head.length)
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or_else(unreadable)?;
    let body = body::read(shared, payload.into_inner(), length, length).await?;
    if Sha256::digest(&body)[..] == head.body { Ok(body) } else { Err(unreadable()) }
}

fn unreadable() -> Problem {
    Problem::new(&problem::NOT_READABLE, "another node's request cannot be read")
}
