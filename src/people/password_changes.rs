//! New passwords: by the member, with a reset that an administrator handed out, or by order of the
//! operator.

use super::ended::EndedSessions;
use super::error::Error;
use super::known_keys::digest;
use super::origin::RequestOrigin;
use super::password_checks::PasswordChecks;
use super::passwords::Password;
use super::refusals::{Reason, Refusals};
use super::signed::Signed;
use actors::Id;
use actors::time::{Clock, Time};
use base::fresh;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::Directory;
use ports::directory::{Because, Digest, NewPassword, Reset};
use std::sync::Arc;

/// How long a reset that was handed out can be used.
const RESET_S: u32 = 86_400;

const RESET_PREFIX: &str = "rp_";

/// An administrator hands it to the member. Its bearer can set the member's password, once.
#[derive(Clone, Debug)]
pub struct ResetOffer {
    pub token: String,
    pub until: Time,
}

pub struct PasswordChanges {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) checks: Arc<PasswordChecks>,
    pub(crate) ended: Arc<EndedSessions>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) clock: Clock,
}

impl PasswordChanges {
    /// By the member, whose other sessions end.
    pub async fn change(
        &self,
        signed: &Signed,
        old: &str,
        new: String,
        origin: &RequestOrigin,
    ) -> Result<(), Error> {
        let password = Password::new(new, "new_password")?;
        self.checks.admit(&origin.address).await?;
        let account = self.directory.account_of(signed.caller.id).await?.ok_or(Error::Unknown)?;
        let (member, hash) = (account.member.id, Some(account.password_hash.as_str()));
        if !self.checks.check(member, hash, old, &origin.address).await? {
            return Err(Error::WrongCredentials);
        }
        let because = Because::Knew { old_hash: account.password_hash, keep: signed.session() };
        // Another request changed it in between, so the old one is no longer right.
        self.set(member, &password, because, origin).await?.ok_or(Error::WrongCredentials)
    }

    /// By an administrator, who hands the token over. It replaces the one before.
    pub async fn offer_reset(&self, member: Id) -> Result<ResetOffer, Error> {
        let mut bytes = member.0.to_vec();
        bytes.extend_from_slice(&fresh::bytes::<32>());
        let token = format!("{RESET_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let until = (self.clock)().plus_s(RESET_S);
        let offered =
            self.directory.offer_reset(member, Reset { token: digest(&token), until }).await?;
        if offered { Ok(ResetOffer { token, until }) } else { Err(Error::Unknown) }
    }

    /// By the bearer of the token. All sessions end.
    pub async fn reset(
        &self,
        token: &str,
        new: String,
        origin: &RequestOrigin,
    ) -> Result<(), Error> {
        let password = Password::new(new, "new_password")?;
        let refused = || Error::from(self.refusals.refuse(Reason::BadResetToken));
        let (member, digest) = read_reset_token(token).ok_or_else(refused)?;
        // Looking first spares the hash of a guess; what counts is decided when the password is
        // set.
        let account = self.directory.account_of(member).await?.ok_or_else(refused)?;
        let now = (self.clock)();
        if !account.reset.is_some_and(|reset| reset.token == digest && now <= reset.until) {
            return Err(refused());
        }
        self.set(member, &password, Because::Reset { token: digest }, origin)
            .await?
            .ok_or_else(refused)
    }

    /// By the operator. All sessions end.
    pub(crate) async fn order(&self, member: Id, password: &Password) -> Result<(), Error> {
        self.set(member, password, Because::Ordered, &RequestOrigin::default())
            .await?
            .ok_or(Error::Unknown)
    }

    /// None if the reason no longer holds.
    async fn set(
        &self,
        member: Id,
        password: &Password,
        because: Because,
        origin: &RequestOrigin,
    ) -> Result<Option<()>, Error> {
        let hash = self.checks.hash(password.text(), &origin.address).await?;
        let at = (self.clock)();
        let ended = self.directory.set_password(NewPassword { member, hash, at, because }).await?;
        if let Some(ended) = &ended {
            self.ended.revoke(member, ended, at).await;
        }
        Ok(ended.map(drop))
    }
}

fn read_reset_token(token: &str) -> Option<(Id, Digest)> {
    let encoded = token.strip_prefix(RESET_PREFIX).filter(|encoded| encoded.len() == 64)?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    Some((Id(bytes.get(..16)?.try_into().ok()?), digest(token)))
}
