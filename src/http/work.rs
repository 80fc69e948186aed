//! The proof of work that a request shows, and how it is spent.

use super::flags::IdempotencyKey;
use super::headers::{self, PROOF_OF_WORK};
use super::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::{FromRequest, HttpRequest};
use people::{Signed, SpentWork};
use ports::GuardedCall;
use std::future::{Ready, ready};

/// What stands in the header `Proof-Of-Work`.
pub struct ShownWork(Option<String>);

impl ShownWork {
    /// To be done when everything that costs nothing has been looked at, and before the call is
    /// done. `said` is all that the call says, but for passwords.
    pub async fn spend(
        &self,
        shared: &Shared,
        call: GuardedCall,
        key: &IdempotencyKey,
        said: &[&[u8]],
    ) -> Result<SpentWork, Problem> {
        let proofs = &shared.people.work_proofs;
        Ok(proofs.spend(call, self.0.as_deref(), key.text(), said).await?)
    }

    /// The same for a known caller. Staff and services are no crowd.
    pub async fn spend_as(
        &self,
        shared: &Shared,
        signed: &Signed,
        call: GuardedCall,
        key: &IdempotencyKey,
        said: &[&[u8]],
    ) -> Result<SpentWork, Problem> {
        if !signed.is_of_a_crowd() || !shared.people.work_proofs.guards(call) {
            return Ok(SpentWork::none());
        }
        let said = [&[&signed.caller.id.0[..]], said].concat();
        self.spend(shared, call, key, &said).await
    }
}

impl FromRequest for ShownWork {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let only = headers::only(request, &PROOF_OF_WORK, &problem::NOT_READABLE);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        ready(only.map(|value| ShownWork(value.map(text))))
    }
}
