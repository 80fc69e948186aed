//! A member who tries codes: wrong ones are counted, and after too many of them all have to wait.

use crate::http::caller::SignedIn;
use crate::http::origin::ClientOrigin;
use crate::http::problem::Problem;
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use people::{self, Signed};

pub struct CodeGuesser {
    pub signed: Signed,
    counted_as: people::Guesser,
}

impl CodeGuesser {
    pub fn of(signed: &Signed, origin: &people::RequestOrigin) -> CodeGuesser {
        CodeGuesser { signed: signed.clone(), counted_as: people::Guesser::of(signed, origin) }
    }

    /// Before a code is looked at.
    pub async fn admit(&self, shared: &Shared) -> Result<(), Problem> {
        Ok(shared.people.guesses.admit(&self.counted_as).await?)
    }

    /// The code was wrong; `campaign` is named if it asked for one.
    pub async fn count(&self, shared: &Shared, campaign: Option<&str>) {
        shared.people.guesses.count(&self.counted_as, campaign).await;
    }
}

impl FromRequest for CodeGuesser {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (signer, origin) = (
            SignedIn::from_request(request, payload),
            ClientOrigin::from_request(request, payload),
        );
        Box::pin(async move {
            let signed = signer.await?.member()?;
            Ok(CodeGuesser::of(&signed, &origin.await?.0))
        })
    }
}
