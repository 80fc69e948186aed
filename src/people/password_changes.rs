//! New passwords: by the member, with a reset that an administrator handed out, or by order of the
//! operator.

use super::deeds::{DeedName, Deeds, Noted};
use super::ended::EndedSessions;
use super::error::Error;
use super::hs256;
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
use hmac::Mac;
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
    /// It was handed out by the first request with this idempotency key.
    pub again: bool,
}

pub struct PasswordChanges {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) checks: Arc<PasswordChecks>,
    pub(crate) ended: Arc<EndedSessions>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) deeds: Arc<Deeds>,
    /// The secret that repeatable tokens are made with.
    pub(crate) secret: Arc<[u8]>,
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
        password.expect_no_name_of(&account.member.profile, "new_password")?;
        let because = Because::Knew { old_hash: account.password_hash, keep: signed.session() };
        // Another request changed it in between, so the old one is no longer right.
        self.set(member, &password, because, origin).await?.ok_or(Error::WrongCredentials)
    }

    /// For a repeat of a change that was done: whether the new password is still the member's.
    pub async fn expect_current(
        &self,
        member: Id,
        password: &str,
        origin: &RequestOrigin,
    ) -> Result<(), Error> {
        let account = self.directory.account_of(member).await?.ok_or(Error::Unknown)?;
        let hash = Some(account.password_hash.as_str());
        match self.checks.check(member, hash, password, &origin.address).await? {
            true => Ok(()),
            false => Err(Error::KeyReused),
        }
    }

    /// By an administrator, who hands the token over. It replaces the one before.
    pub async fn offer_reset(&self, member: Id) -> Result<ResetOffer, Error> {
        let token = reset_token(member, &fresh::bytes());
        let until = (self.clock)().plus_s(RESET_S);
        self.keep_reset(member, &token, until).await?;
        Ok(ResetOffer { token, until, again: false })
    }

    /// The same administrator gets the same token again for the same idempotency key.
    pub async fn offer_reset_once(
        &self,
        member: Id,
        by: Id,
        key: &str,
    ) -> Result<ResetOffer, Error> {
        let name =
            DeedName::new(&[b"offer reset", &by.0, key.as_bytes()], &[b"offer reset", &member.0]);
        let Noted { deed, again } = self.deeds.note(name).await?;
        let token = reset_token(member, &self.derive(deed.mark));
        let until = deed.at.plus_s(RESET_S);
        // A token that was handed out is not made good again: it may be used up by now.
        if !deed.done {
            self.keep_reset(member, &token, until).await?;
            self.deeds.finish(deed).await?;
        }
        Ok(ResetOffer { token, until, again: again && deed.done })
    }

    async fn keep_reset(&self, member: Id, token: &str, until: Time) -> Result<(), Error> {
        let offered =
            self.directory.offer_reset(member, Reset { token: digest(token), until }).await?;
        if offered { Ok(()) } else { Err(Error::Unknown) }
    }

    fn derive(&self, mark: Id) -> [u8; 32] {
        hs256::mac(&self.secret)
            .chain_update(b"reset")
            .chain_update(mark.0)
            .finalize()
            .into_bytes()
            .into()
    }

    /// By the bearer of the token. All sessions end.
    pub async fn reset(
        &self,
        token: &str,
        new: String,
        origin: &RequestOrigin,
    ) -> Result<(), Error> {
        self.reset_once(token, new, None, origin).await.map(drop)
    }

    /// Under an idempotency key. True if the token was used up under it, for the same password.
    pub async fn reset_once(
        &self,
        token: &str,
        new: String,
        key: Option<&str>,
        origin: &RequestOrigin,
    ) -> Result<bool, Error> {
        let password = Password::new(new, "new_password")?;
        let refused = || Error::from(self.refusals.refuse(Reason::BadResetToken));
        let (member, digest) = read_reset_token(token).ok_or_else(refused)?;
        // Looking first spares the hash of a guess; what counts is decided when the password is
        // set.
        let account = self.directory.account_of(member).await?.ok_or_else(refused)?;
        let now = (self.clock)();
        let name = key.map(|key| DeedName::new(&[b"reset", &digest, key.as_bytes()], &[b"reset"]));
        if !account.reset.is_some_and(|reset| reset.token == digest && now <= reset.until) {
            let Some(name) = name else { return Err(refused()) };
            if !self.deeds.was_done(name).await? {
                return Err(refused());
            }
            return self.expect_current(member, password.text(), origin).await.map(|()| true);
        }
        password.expect_no_name_of(&account.member.profile, "new_password")?;
        let because = Because::Reset { token: digest };
        let set = async { self.set(member, &password, because, origin).await?.ok_or_else(refused) };
        self.deeds.once(name, set).await
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

fn reset_token(member: Id, bytes: &[u8; 32]) -> String {
    let all = [&member.0[..], bytes].concat();
    format!("{RESET_PREFIX}{}", URL_SAFE_NO_PAD.encode(all))
}

fn read_reset_token(token: &str) -> Option<(Id, Digest)> {
    let encoded = token.strip_prefix(RESET_PREFIX).filter(|encoded| encoded.len() == 64)?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    Some((Id(bytes.get(..16)?.try_into().ok()?), digest(token)))
}
