//! Who calls: extractors that a handler names when it needs a member, or a role at least.
//!
//! A service key acts for a member of its own company, whom `On-Behalf-Of` names; to the engine
//! that is a member like any other.

use super::acts;
use super::calls::Calls;
use super::headers::{self, ON_BEHALF_OF};
use super::introductions;
use super::origin::ClientOrigin;
use super::problem::{self, Problem};
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderName};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use actors::Caller;
use futures_util::future::{LocalBoxFuture, poll_immediate};
use people::{Signed, Stay, Via};
use ports::directory::AccountRole;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Anybody who has an account, or for whom a service vouches.
pub struct SignedIn(pub Signed);

/// Anybody; and whoever says who they are must be let in. Whoever does not is counted by their
/// address.
pub struct Perhaps(pub Option<Signed>);

/// Who may hold and buy: members, by themselves or through their service. Administrators may, too.
pub struct AsMember(pub Caller);

/// Who may look at everything that is handed out.
pub struct Viewer(pub Caller);

/// Who may run promotions.
pub struct Operator(pub Caller);

/// Who may care for people and for the server, too.
pub struct Admin(pub Caller);

async fn let_in(request: HttpRequest) -> Result<Signed, Problem> {
    let shared = request
        .app_data::<web::Data<Shared>>()
        .ok_or_else(|| Problem::plain(&problem::INTERNAL))?;
    let header = |name| {
        let value = headers::only(&request, name, &problem::NOT_READABLE)?;
        Ok::<_, Problem>(value.map(|value| value.to_str().unwrap_or("")))
    };
    let (authorization, on_behalf_of) = (header(&AUTHORIZATION)?, header(&ON_BEHALF_OF)?);
    let signed = shared.people.access.let_in(authorization, on_behalf_of).await?;
    let call = request.app_data::<Calls>().and_then(|calls| calls.of(request.method()));
    let needed = call.map_or(&[][..], |call| call.scopes);
    if !needed.is_empty() && !signed.is_in_scope(needed, request.method().is_safe()) {
        return Err(Problem::out_of_scope(needed));
    }
    acts::begin(&request, shared, &signed).await?;
    // A look changes nothing, and leaves nothing behind of whom it was for.
    if !request.method().is_safe()
        && let Some(introduction) = shared.people.outsiders.introduce(&signed).await?
    {
        introductions::begin(&request, introduction);
    }
    Ok(if request.method().is_safe() { signed.looking() } else { signed })
}

/// How long the caller of this request may stay, for an answer that goes on for long.
pub fn stay(shared: &Shared, request: &HttpRequest) -> Result<Stay, Problem> {
    let authorization = headers::only(request, &AUTHORIZATION, &problem::NOT_READABLE)?;
    let authorization = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok(Stay::begin(&shared.people.access, authorization)?)
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let mut answer = std::pin::pin!(let_in(request.clone()));
            if let Some(known) = poll_immediate(&mut answer).await {
                return known.map(SignedIn);
            }
            // The directory has to be asked, and what a handler also wants is read meanwhile.
            let asked = Asked(Arc::new(Semaphore::new(0)));
            request.extensions_mut().insert(asked.clone());
            let known = answer.await;
            asked.0.close();
            known.map(SignedIn)
        })
    }
}

impl FromRequest for Perhaps {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let says = |name: &HeaderName| request.headers().contains_key(name);
        if !says(&AUTHORIZATION) && !says(&ON_BEHALF_OF) {
            let (request, origin) = (request.clone(), ClientOrigin::from_request(request, payload));
            return Box::pin(async move {
                let shared = request
                    .app_data::<web::Data<Shared>>()
                    .ok_or_else(|| Problem::plain(&problem::INTERNAL))?;
                shared.people.access.let_anybody_in(&origin.await?.0).await?;
                Ok(Perhaps(None))
            });
        }
        let signer = SignedIn::from_request(request, payload);
        Box::pin(async move { Ok(Perhaps(Some(signer.await?.0))) })
    }
}

impl SignedIn {
    /// Somebody in particular: a member, or whoever may look at all of them.
    pub fn member(self) -> Result<Signed, Problem> {
        match &self.0.via {
            _ if self.0.role >= AccountRole::Viewer => Ok(self.0),
            Via::ServiceKey { on_behalf_of: None, .. } => Err(Problem::new(
                &problem::FORBIDDEN,
                "a service key needs the header On-Behalf-Of to act for a member",
            )),
            _ => Ok(self.0),
        }
    }
}

/// Closed when it is known who calls.
#[derive(Clone)]
struct Asked(Arc<Semaphore>);

/// A caller who may not is told so before anything else is wrong. Returns at once if nobody is
/// being asked.
pub async fn is_known(request: &HttpRequest) {
    let asked = request.extensions().get::<Asked>().cloned();
    if let Some(Asked(asked)) = asked {
        let _ = asked.acquire().await;
    }
}

impl FromRequest for AsMember {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signer = SignedIn::from_request(request, payload);
        Box::pin(async move { Ok(AsMember(signer.await?.member()?.caller)) })
    }
}

/// Extractors for whoever has a role, or one that may do more.
macro_rules! at_least {
    ($( $extractor:ident )*) => {
        $( impl FromRequest for $extractor {
            type Error = Problem;
            type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
                let signer = SignedIn::from_request(request, payload);
                Box::pin(async move {
                    let Signed { caller, role, .. } = signer.await?.0;
                    match role >= AccountRole::$extractor {
                        true => Ok($extractor(caller)),
                        false => Err(Problem::needs(AccountRole::$extractor)),
                    }
                })
            }
        } )*
    };
}

at_least! { Viewer Operator Admin }
