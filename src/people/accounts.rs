//! What becomes of an account after it was made: read, changed, given another password, deleted;
//! and the first administrator.

use super::passwords::Password;
use super::tokens::Reason;
use super::{Error, Identity, Origin, Signed, service_keys};
use actors::store::StoreError;
use actors::{Id, Time};
use base::fresh;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hashbrown::HashMap;
use ports::directory::{
    Because, Changed, Changes, Created, Digest, Member, NewMember, NewPassword, Owing, Reset, Role,
};
use ports::profile::{Flaw, Identifier, NAMELESS, Profile};
use ports::shared_memory::Settled;

/// Members that are looked up at a stretch: a millisecond of a reader's time.
const AT_ONCE: usize = 250;

/// How long a reset that was handed out can be used.
const RESET_S: u32 = 86_400;

const RESET_PREFIX: &str = "rp_";

/// Under which name the directory remembers whether the first administrator was made, so that one
/// who was deleted stays deleted.
const ADMIN_MADE: &str = "admin-made";

const ADMIN: &str = "admin";

/// To be handed to the member by whoever knows him. Whoever has it can set his password, once.
#[derive(Clone, Debug)]
pub struct ResetOffer {
    pub token: String,
    pub until: Time,
}

impl Identity {
    pub async fn member(&self, id: Id) -> Result<Option<Member>, StoreError> {
        Ok(self.directory.account_of(id).await?.map(|account| account.member))
    }

    /// Those of them that there are, by their ids.
    pub async fn members_of(&self, ids: Vec<Id>) -> Result<HashMap<Id, Member>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let members = self.directory.members_of(some.to_vec()).await?;
            found.extend(members.into_iter().map(|member| (member.id, member)));
        }
        Ok(found)
    }

    pub async fn members(
        &self,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        self.directory.members(after, limit).await
    }

    pub async fn count_members(&self) -> Result<u64, StoreError> {
        self.directory.count_members().await
    }

    /// Members who are owed something since their first login, after `after`.
    pub async fn owing(&self, after: Option<Id>, limit: usize) -> Result<Vec<Owing>, StoreError> {
        self.directory.owing(after, limit).await
    }

    /// The member is owed `new` instead of `old`, unless somebody else has settled it meanwhile.
    pub async fn settle_owed(
        &self,
        member: Id,
        old: Vec<u8>,
        new: Option<Vec<u8>>,
    ) -> Result<bool, StoreError> {
        self.directory.settle_owed(member, old, new).await
    }

    /// Today, in the zone in which days are counted: what a birthday must lie before.
    pub fn birthday_before(&self) -> jiff::civil::Date {
        self.today()
    }

    pub async fn change_member(
        &self,
        id: Id,
        changes: Changes,
        origin: &Origin,
    ) -> Result<Member, Error> {
        match self.directory.change_member(id, changes).await? {
            Changed::Changed(member) => Ok(*member),
            Changed::Nameless => Err(Error::Invalid(vec![NAMELESS])),
            Changed::Unknown => Err(Error::Unknown),
            Changed::Taken(kinds) => {
                self.count_probe(&origin.address).await?;
                Err(Error::Taken(kinds))
            }
        }
    }

    /// His sessions end, his identifiers are free, his id stays. False if there is no such member.
    pub async fn delete_member(&self, id: Id) -> Result<bool, StoreError> {
        let at = self.now();
        let ended = self.directory.delete_member(id, at).await?;
        self.revoke(id, ended.as_deref().unwrap_or_default(), at).await;
        Ok(ended.is_some())
    }

    /// By the member himself. His other sessions end.
    pub async fn change_password(
        &self,
        signed: &Signed,
        old: &str,
        new: String,
        origin: &Origin,
    ) -> Result<(), Error> {
        let password = Password::new(new, "new_password").map_err(invalid)?;
        self.admit_address(&origin.address).await?;
        let account = self.directory.account_of(signed.caller.id).await?.ok_or(Error::Unknown)?;
        let asker = self.asker_for(account.member.id, &origin.address).await?;
        let right = self.hashers.check(old, account.password_hash.as_str().into(), asker).await?;
        match self.settle(account.member.id, &origin.address, right).await {
            Settled::Right => {}
            Settled::Wrong | Settled::Paused => return Err(Error::WrongCredentials),
            Settled::AddressPaused { retry_after_s } => {
                return Err(Error::TooMany { retry_after_s });
            }
        }
        let because = Because::Knew { old_hash: account.password_hash, keep: signed.session() };
        // Another request changed it in between, so the old one is no longer right.
        self.set_password(account.member.id, &password, because, origin)
            .await?
            .ok_or(Error::WrongCredentials)
    }

    /// By an administrator, who hands the token over. It replaces the one before.
    pub async fn offer_reset(&self, member: Id) -> Result<ResetOffer, Error> {
        let mut bytes = member.0.to_vec();
        bytes.extend_from_slice(&fresh::bytes::<32>());
        let token = format!("{RESET_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let until = self.now().plus_s(RESET_S);
        let offered = self
            .directory
            .offer_reset(member, Reset { token: service_keys::digest(&token), until })
            .await?;
        if offered { Ok(ResetOffer { token, until }) } else { Err(Error::Unknown) }
    }

    /// By whoever has the token. All sessions end.
    pub async fn reset_password(
        &self,
        token: &str,
        new: String,
        origin: &Origin,
    ) -> Result<(), Error> {
        let password = Password::new(new, "new_password").map_err(invalid)?;
        let refused = || Error::from(self.refuse(Reason::BadResetToken));
        let (member, digest) = read_reset_token(token).ok_or_else(refused)?;
        // Looking first spares the hash of a guess; what counts is decided when the password is
        // set.
        let account = self.directory.account_of(member).await?.ok_or_else(refused)?;
        if !account.reset.is_some_and(|reset| reset.token == digest && self.now() <= reset.until) {
            return Err(refused());
        }
        self.set_password(member, &password, Because::Reset { token: digest }, origin)
            .await?
            .ok_or_else(refused)
    }

    async fn set_password(
        &self,
        member: Id,
        password: &Password,
        because: Because,
        origin: &Origin,
    ) -> Result<Option<()>, Error> {
        let asker = self.asker(&origin.address);
        let hash = self.hashers.hash(password.text(), asker).await?;
        let at = self.now();
        let ended = self.directory.set_password(NewPassword { member, hash, at, because }).await?;
        if let Some(ended) = &ended {
            self.revoke(member, ended, at).await;
        }
        Ok(ended.map(drop))
    }

    /// Makes the account `admin` if no start before has. Answers its password if it was drawn, to
    /// be printed once.
    pub(super) async fn first_admin(&self) -> Result<Option<String>, Error> {
        if self.directory.secret(ADMIN_MADE, b"no".to_vec()).await? != b"no" {
            return Ok(None);
        }
        // If a start broke off in between, nobody has seen the password, so it gets a new one.
        let drawn = match &self.settings.admin_password {
            Some(configured) => {
                self.give_admin(configured.reveal().to_owned()).await.map(|()| None)?
            }
            None => Some(self.set_admin_password().await?),
        };
        self.directory.replace_secret(ADMIN_MADE, b"no".to_vec(), b"yes".to_vec()).await?;
        Ok(drawn)
    }

    /// For whoever has the machine and no password: draws one for the account `admin`, which is
    /// made if it is not there.
    pub async fn set_admin_password(&self) -> Result<String, Error> {
        let drawn = fresh::text()[..24].to_owned();
        self.give_admin(drawn.clone()).await.map(|()| drawn)
    }

    async fn give_admin(&self, password: String) -> Result<(), Error> {
        let password = Password::new(password, "admin_password").map_err(invalid)?;
        if self.directory.account(ADMIN.to_owned()).await?.is_none() {
            match self.create_admin(&password).await {
                // Another node was faster.
                Err(Error::Taken(_)) => {}
                made => return made,
            }
        }
        match self.directory.account(ADMIN.to_owned()).await? {
            Some(account) if account.member.role == Role::Admin => self
                .set_password(account.member.id, &password, Because::Ordered, &Origin::default())
                .await?
                .ok_or(Error::Unknown),
            _ => Err(Error::Taken(vec![ports::profile::Kind::Username])),
        }
    }

    async fn create_admin(&self, password: &Password) -> Result<(), Error> {
        let username = Identifier::username(ADMIN).map_err(invalid)?;
        let password_hash = self.hashers.hash(password.text(), self.asker("")).await?;
        let now = self.now();
        let profile = Profile { username: Some(username), ..Profile::default() };
        let member = Member {
            id: fresh::id(now),
            role: Role::Admin,
            profile,
            created_at: now,
            first_login_at: None,
            last_login_at: None,
        };
        let admin =
            NewMember { member, password_hash, registration: None, keys_since: now, session: None };
        match self.directory.create_member(admin).await? {
            // No key, nothing made before.
            Created::Created | Created::Before(_) => Ok(()),
            Created::Taken(kinds) => Err(Error::Taken(kinds)),
        }
    }
}

fn read_reset_token(token: &str) -> Option<(Id, Digest)> {
    let encoded = token.strip_prefix(RESET_PREFIX).filter(|encoded| encoded.len() == 64)?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    Some((Id(bytes.get(..16)?.try_into().ok()?), service_keys::digest(token)))
}

fn invalid(flaw: Flaw) -> Error {
    Error::Invalid(vec![flaw])
}
