//! Letting a request in: from its headers to who is calling, without waiting for anything. What
//! other nodes have ended is asked in `sharing`.
//!
//! A session's token is verified and its session must not have been revoked; a service key is
//! looked up in memory. Why somebody is not let in is logged and counted, and answered alike. A
//! service that acts for a member of its own has to introduce him once.

use super::service_keys::{self, is_name, is_their_id, outsider, service_itself};
use super::tokens::{self, Reason};
use super::{Error, Identity, hs256};
use actors::store::StoreError;
use actors::{Caller, Id};
use base::journal::Value;
use base::{fresh, journal};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use ports::directory::{Role, ServiceKey};
use ports::profile::Flaw;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Who calls, and how that is known.
#[derive(Clone, Debug)]
pub struct Signed {
    pub caller: Caller,
    pub via: Via,
}

#[derive(Clone, Debug)]
pub enum Via {
    Session {
        id: Id,
        /// The list of ended sessions does not reach back to its token: whether it lives is the
        /// directory's to say.
        in_doubt: bool,
    },
    ServiceKey {
        service: Arc<str>,
        on_behalf_of: Option<Arc<str>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("no valid token")]
    Unauthenticated(Reason),
    #[error("On-Behalf-Of is 1 to 128 visible ASCII characters")]
    BadOnBehalfOf,
    #[error("only a service key acts on behalf of somebody")]
    NotAService,
}

impl Signed {
    /// Whether somebody in particular acts. A service that names nobody does not.
    pub fn is_somebody(&self) -> bool {
        !matches!(self.via, Via::ServiceKey { on_behalf_of: None, .. })
    }

    /// The session, if there is one.
    pub fn session(&self) -> Option<Id> {
        match self.via {
            Via::Session { id, .. } => Some(id),
            Via::ServiceKey { .. } => None,
        }
    }
}

/// A service key, when it is made. Its text is nowhere else.
#[derive(Clone, Debug)]
pub struct MadeKey {
    pub id: Id,
    pub key: String,
    /// It had been made by the first request with this idempotency key.
    pub again: bool,
}

/// Refused tokens are all counted, but no more than so many are logged in a second, so that an
/// attack does not fill the disk.
const LOGGED_PER_S: u32 = 100;

#[derive(Default)]
pub struct Complaints {
    second: AtomicI64,
    logged: AtomicU32,
}

impl Complaints {
    fn may_log(&self, second: i64) -> bool {
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.logged.store(0, Ordering::Relaxed);
        }
        self.logged.fetch_add(1, Ordering::Relaxed) < LOGGED_PER_S
    }
}

impl Identity {
    /// As far as this node knows. Requests of a server come in by `let_in`, which asks what the
    /// others know.
    pub fn authenticate(
        &self,
        authorization: Option<&str>,
        on_behalf_of: Option<&str>,
    ) -> Result<Signed, Denied> {
        let token = bearer(authorization).map_err(|reason| self.refuse(reason))?;
        if token.starts_with(service_keys::PREFIX) {
            return self.service(token, on_behalf_of);
        }
        let signed = self.session(token).map_err(|reason| self.refuse(reason))?;
        if on_behalf_of.is_some() { Err(Denied::NotAService) } else { Ok(signed) }
    }

    pub(super) fn session(&self, token: &str) -> Result<Signed, Reason> {
        let claims = tokens::verify(&self.ring(), token, self.now())?;
        if self.revoked.contains(claims.session) {
            return Err(Reason::Revoked);
        }
        let in_doubt = self.revoked.is_in_doubt(claims.expires());
        Ok(Signed {
            caller: caller(claims.member, claims.role),
            via: Via::Session { id: claims.session, in_doubt },
        })
    }

    fn service(&self, key: &str, on_behalf_of: Option<&str>) -> Result<Signed, Denied> {
        let service =
            self.services.service(key).ok_or_else(|| self.refuse(Reason::UnknownServiceKey))?;
        let member = match on_behalf_of {
            Some(theirs) if is_their_id(theirs) => outsider(&service, theirs),
            Some(_) => return Err(Denied::BadOnBehalfOf),
            None => service_itself(&service),
        };
        Ok(Signed {
            caller: Caller::member(member),
            via: Via::ServiceKey { service, on_behalf_of: on_behalf_of.map(Arc::from) },
        })
    }

    pub(super) fn refuse(&self, reason: Reason) -> Denied {
        metrics::counter!("stampede_tokens_refused_total", "reason" => reason.name()).increment(1);
        if self.complaints.may_log(self.now().0 / 1000) {
            journal::info("a token was refused", &[("reason", Value::Text(&reason.name()))]);
        }
        Denied::Unauthenticated(reason)
    }

    /// Notes in the directory whom a service acts for, before anything is done in their name. A
    /// service brings so many new members in a minute; those who were noted before are let in
    /// however many they are.
    pub async fn introduce(&self, signed: &Signed) -> Result<(), Error> {
        let Via::ServiceKey { service, on_behalf_of: Some(theirs) } = &signed.via else {
            return Ok(());
        };
        let member = signed.caller.id;
        if self.services.is_introduced(member) {
            return Ok(());
        }
        if !self.directory.remembers_outsider(member).await? {
            self.spend_new_member(service).await?;
            self.directory
                .remember_outsider(member, service.to_string(), theirs.to_string())
                .await?;
        }
        self.services.introduce(member);
        Ok(())
    }

    pub async fn create_service_key(&self, name: &str) -> Result<MadeKey, Error> {
        self.make_service_key(name, None).await
    }

    /// The same caller gets the same key again for the same idempotency key.
    pub async fn create_service_key_once(
        &self,
        name: &str,
        by: Id,
        key: &str,
    ) -> Result<MadeKey, Error> {
        self.make_service_key(name, Some(Id::digest(&[b"service-key", &by.0, key.as_bytes()])))
            .await
    }

    async fn make_service_key(&self, name: &str, made_with: Option<Id>) -> Result<MadeKey, Error> {
        if !is_name(name) {
            return Err(Error::Invalid(vec![Flaw {
                field: "name",
                says: "1 to 64 ASCII letters, digits, dots, dashes or underscores",
            }]));
        }
        let text =
            made_with.map_or_else(fresh::text, |seed| URL_SAFE_NO_PAD.encode(self.derive(seed)));
        let text = format!("{}{text}", service_keys::PREFIX);
        let id = made_with.unwrap_or_else(|| fresh::id(self.now()));
        let row = ServiceKey {
            id,
            name: name.to_owned(),
            digest: service_keys::digest(&text),
            created_at: self.now(),
            revoked_at: None,
        };
        let (kept, again) = self.directory.create_service_key(row).await?;
        if kept.name != name || kept.revoked_at.is_some() {
            return Err(Error::KeyReused);
        }
        self.reload_service_keys().await?;
        self.tell_others(service_keys::EVERYBODY).await;
        Ok(MadeKey { id, key: text, again })
    }

    fn derive(&self, seed: Id) -> [u8; 32] {
        hs256::mac(&self.refresh_secret)
            .chain_update(b"service-key")
            .chain_update(seed.0)
            .finalize()
            .into_bytes()
            .into()
    }

    pub async fn service_keys(&self) -> Result<Vec<ServiceKey>, StoreError> {
        self.directory.service_keys().await
    }

    /// False if there is no such key, or it was revoked before.
    pub async fn revoke_service_key(&self, key: Id) -> Result<bool, StoreError> {
        let revoked = self.directory.revoke_service_key(key, self.now()).await?;
        self.reload_service_keys().await?;
        self.tell_others(service_keys::EVERYBODY).await;
        Ok(revoked)
    }

    /// One after the other, so that what was read first never takes the place of what was read
    /// later.
    pub(super) async fn reload_service_keys(&self) -> Result<(), StoreError> {
        let _turn = self.reloading.lock().await;
        let keys = self.directory.service_keys().await?;
        self.services.load(&keys);
        Ok(())
    }
}

pub(super) fn bearer(authorization: Option<&str>) -> Result<&str, Reason> {
    let (scheme, token) =
        authorization.ok_or(Reason::None)?.split_once(' ').ok_or(Reason::Scheme)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token) } else { Err(Reason::Scheme) }
}

fn caller(id: Id, role: Role) -> Caller {
    let role = match role {
        Role::Member => actors::Role::Member,
        Role::Admin => actors::Role::Admin,
    };
    Caller { id, role }
}
