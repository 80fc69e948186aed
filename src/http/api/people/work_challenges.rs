//! Challenges for proofs of work.

use crate::http::api::people::bodies::WorkChallengeBody;
use crate::http::caller::Perhaps;
use crate::http::flags::Params;
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::words::GuardedCalls;
use crate::shared::Shared;
use actix_web::{HttpResponse, web};
use ports::GuardedCall;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeQuery {
    r#for: String,
}

/// Made from nothing but a key and chance, so it costs nobody anything.
pub async fn issue(
    shared: web::Data<Shared>,
    _: Perhaps,
    Params(ChallengeQuery { r#for }): Params<ChallengeQuery>,
) -> Result<HttpResponse, Problem> {
    let call = GuardedCall::of_name(&r#for).ok_or_else(|| {
        Problem::invalid("?for", format!("one of {}", GuardedCalls::ALL.join(", ")))
    })?;
    let challenge = shared.people.work_proofs.issue(call).ok_or_else(|| {
        let why = format!("this server asks for no proof of work for {}", call.name());
        Problem::new(&problem::NOT_FOUND, why)
    })?;
    Ok(reply::forbid_storing(reply::ok(&WorkChallengeBody::from(challenge))))
}
