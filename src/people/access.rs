//! Letting a request in: from its headers to its caller.
//!
//! The token of a session is verified, and the session must not have ended. A service key is looked
//! up in memory. All reasons to refuse are one answer.

use super::budgets::Budgets;
use super::ended::EndedSessions;
use super::error::Error;
use super::known_keys::PREFIX;
use super::origin::RequestOrigin;
use super::outsiders::{is_their_id, outsider, service_itself};
use super::refusals::{Denied, Reason, Refusals};
use super::service_keys::ServiceKeys;
use super::signed::{Signed, Via};
use super::token_keys::TokenKeys;
use actors::Id;
use actors::store::StoreError;
use futures_util::future::join_all;
use ports::directory::AccountRole;
use ports::scopes::{Scope, Scopes};
use std::sync::Arc;

pub struct Access {
    pub(crate) keys: Arc<TokenKeys>,
    pub(crate) ended: Arc<EndedSessions>,
    pub(crate) services: Arc<ServiceKeys>,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) refusals: Arc<Refusals>,
}

impl Access {
    /// The way in for every request: from the headers `Authorization` and `On-Behalf-Of` to the
    /// caller, as all nodes know it.
    pub async fn let_in(
        &self,
        authorization: Option<&str>,
        on_behalf_of: Option<&str>,
    ) -> Result<Signed, Error> {
        if bearer(authorization).is_ok_and(is_service_key) {
            self.services.refresh().await?;
        }
        let signed = self.authenticate(authorization, on_behalf_of)?;
        if let Via::Session { id, in_doubt } = signed.via
            && !self.ended.is_alive(signed.caller.id, id, in_doubt).await?
        {
            self.ended.note_ended(id);
            return Err(self.refusals.refuse(Reason::Revoked).into());
        }
        self.budgets.spend_request(signed.caller.id).await?;
        Ok(signed)
    }

    /// The way in for whoever says nothing of who they are, to what is public.
    pub async fn let_anybody_in(&self, origin: &RequestOrigin) -> Result<(), Error> {
        self.budgets.spend_public_request(&origin.address).await
    }

    /// The callers of the lines in a sheet that was let in: the members whom they name, else who
    /// sent the sheet. Each line counts as a request of its caller.
    pub async fn let_in_lines(
        &self,
        sender: &Signed,
        members: impl Iterator<Item = Option<&str>>,
    ) -> Vec<Result<Signed, Error>> {
        let callers = members.map(|member| caller_of_line(sender, member).map_err(Error::from));
        if self.budgets.requests.per_minute() == 0 {
            return callers.collect();
        }
        let counted = callers.map(async |caller| {
            let signed = caller?;
            self.budgets.spend_request(signed.caller.id).await.map(|()| signed)
        });
        join_all(counted).await
    }

    /// The caller, as far as this node knows. A server lets requests in by `let_in`.
    pub fn authenticate(
        &self,
        authorization: Option<&str>,
        on_behalf_of: Option<&str>,
    ) -> Result<Signed, Denied> {
        let token = bearer(authorization).map_err(|reason| self.refusals.refuse(reason))?;
        if is_service_key(token) {
            return self.service(token, on_behalf_of);
        }
        let signed = self.session(token).map_err(|reason| self.refusals.refuse(reason))?;
        if on_behalf_of.is_some() { Err(Denied::NotAService) } else { Ok(signed) }
    }

    /// Whose token that is, or was: it has not expired, but its session may have ended.
    pub fn bearer_of(&self, authorization: &str) -> Option<Id> {
        self.keys.verify(bearer(Some(authorization)).ok()?).ok().map(|claims| claims.member)
    }

    /// The token of an `Authorization` header that was let in a moment ago.
    pub(crate) fn token<'a>(&self, authorization: &'a str) -> Result<&'a str, Denied> {
        bearer(Some(authorization)).map_err(|reason| self.refusals.refuse(reason))
    }

    /// Whether a request with that token would be let in, as far as this node knows.
    pub(crate) fn would_let_in(&self, token: &str) -> Result<(), Reason> {
        if is_service_key(token) {
            return self.services.find(token).map(drop);
        }
        self.session(token).map(drop)
    }

    /// The same, as all nodes know it.
    pub(crate) async fn all_would_let_in(
        &self,
        token: &str,
    ) -> Result<Result<(), Reason>, StoreError> {
        if is_service_key(token) {
            self.services.refresh().await?;
            return Ok(self.would_let_in(token));
        }
        let signed = match self.session(token) {
            Ok(signed) => signed,
            Err(reason) => return Ok(Err(reason)),
        };
        let Via::Session { id, in_doubt } = signed.via else { return Ok(Ok(())) };
        let lives = self.ended.is_alive(signed.caller.id, id, in_doubt).await?;
        Ok(if lives { Ok(()) } else { Err(Reason::Revoked) })
    }

    fn session(&self, token: &str) -> Result<Signed, Reason> {
        let claims = self.keys.verify(token)?;
        if self.ended.contains(claims.session) {
            return Err(Reason::Revoked);
        }
        let in_doubt = self.ended.is_in_doubt(claims.expires());
        let via = Via::Session { id: claims.session, in_doubt };
        Ok(Signed::new(claims.member, claims.role, via))
    }

    fn service(&self, key: &str, on_behalf_of: Option<&str>) -> Result<Signed, Denied> {
        let known = self.services.find(key).map_err(|reason| self.refusals.refuse(reason))?;
        if let Some(theirs) = on_behalf_of {
            return for_member(known.id, &known.service, known.scopes, theirs);
        }
        let via = Via::ServiceKey {
            key: known.id,
            service: known.service.clone(),
            scopes: known.scopes,
            on_behalf_of: None,
        };
        Ok(Signed::new(service_itself(&known.service), role_of_scopes(known.scopes), via))
    }
}

fn caller_of_line(sender: &Signed, member: Option<&str>) -> Result<Signed, Denied> {
    match (member, &sender.via) {
        (None, _) => Ok(sender.clone()),
        (Some(theirs), Via::ServiceKey { key, service, scopes, .. }) => {
            for_member(*key, service, *scopes, theirs)
        }
        (Some(_), Via::Session { .. }) => Err(Denied::NotAService),
    }
}

/// A service that acts for that member of its own.
fn for_member(key: Id, service: &Arc<str>, scopes: Scopes, theirs: &str) -> Result<Signed, Denied> {
    if !is_their_id(theirs) {
        return Err(Denied::BadOnBehalfOf);
    }
    let member = outsider(service, theirs);
    let on_behalf_of = Some(Arc::from(theirs));
    let via = Via::ServiceKey { key, service: service.clone(), scopes, on_behalf_of };
    Ok(Signed::new(member, AccountRole::Member, via))
}

/// What a service may do that acts for none of its members.
fn role_of_scopes(scopes: Scopes) -> AccountRole {
    if scopes.has(Scope::Operate) {
        AccountRole::Operator
    } else if scopes.has(Scope::View) {
        AccountRole::Viewer
    } else {
        AccountRole::Member
    }
}

fn bearer(authorization: Option<&str>) -> Result<&str, Reason> {
    let (scheme, token) =
        authorization.ok_or(Reason::None)?.split_once(' ').ok_or(Reason::Scheme)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token) } else { Err(Reason::Scheme) }
}

fn is_service_key(token: &str) -> bool {
    token.starts_with(PREFIX)
}
