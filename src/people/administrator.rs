//! The account of the first administrator, `admin` unless it is called otherwise: the first start
//! makes it, and the operator can give it a new password.

use super::error::Error;
use super::password_changes::PasswordChanges;
use super::password_checks::PasswordChecks;
use super::passwords::Password;
use actors::time::Clock;
use base::hex::Hex;
use base::{Secret, fresh};
use ports::Directory;
use ports::directory::{AccountRole, Created, Member, NewMember};
use ports::profile::{Identifier, Profile};
use std::sync::Arc;

/// Under which name the directory remembers whether the first administrator was made, so that one
/// who was deleted stays deleted.
const ADMIN_MADE: &str = "admin-made";

/// How an account is called where the name of the first administrator is another's.
const ANOTHER: &str = "admin";

/// A password that was drawn, and whose it is. It is shown once.
pub struct DrawnPassword {
    pub username: String,
    pub password: String,
}

pub struct Administrator {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) checks: Arc<PasswordChecks>,
    pub(crate) changes: Arc<PasswordChanges>,
    pub(crate) clock: Clock,
    /// What the account is called.
    pub(crate) username: String,
    /// What it has, too, when it is made.
    pub(crate) email: Option<String>,
}

impl Administrator {
    /// Makes the account if no start before has. Answers its password if it was drawn, to be
    /// printed once.
    pub(crate) async fn prepare(
        &self,
        configured: Option<&Secret>,
    ) -> Result<Option<String>, Error> {
        if self.directory.secret(ADMIN_MADE, b"no".to_vec()).await? != b"no" {
            return Ok(None);
        }
        // A start that broke off in between has shown no password, so the account gets a new one.
        let drawn = match configured {
            Some(configured) => self.give(configured.reveal().to_owned()).await.map(|_| None)?,
            None => Some(self.draw_password().await?.password),
        };
        self.directory.replace_secret(ADMIN_MADE, b"no".to_vec(), b"yes".to_vec()).await?;
        Ok(drawn)
    }

    /// For an operator who has the machine and no password. Draws one for the account, which is
    /// made if it is not there. Where its name is somebody else's there is a new account.
    pub async fn draw_password(&self) -> Result<DrawnPassword, Error> {
        let password = fresh::text()[..24].to_owned();
        let username = self.give(password.clone()).await?;
        Ok(DrawnPassword { username, password })
    }

    /// Answers the name of the administrator who has the password now.
    async fn give(&self, password: String) -> Result<String, Error> {
        let password = Password::new(password, "admin_password")?;
        let folded = Identifier::username(&self.username)?.folded;
        let account = match self.directory.account(folded.clone()).await? {
            Some(account) => Some(account),
            None => {
                match self.create(self.username.clone(), self.email.as_deref(), &password).await {
                    // Another node was faster.
                    Err(Error::Taken(_)) => self.directory.account(folded).await?,
                    made => return made,
                }
            }
        };
        match account {
            Some(account) if account.member.role == AccountRole::Admin => {
                self.changes.order(account.member.id, &password).await?;
                Ok(self.username.clone())
            }
            // A name that nobody can take beforehand.
            _ => {
                let name = format!("{ANOTHER}-{}", Hex(fresh::bytes::<4>()));
                self.create(name, None, &password).await
            }
        }
    }

    async fn create(
        &self,
        name: String,
        email: Option<&str>,
        password: &Password,
    ) -> Result<String, Error> {
        let username = Some(Identifier::username(&name)?);
        let email = email.map(Identifier::email).transpose()?;
        let password_hash = self.checks.hash(password.text(), "").await?;
        let now = (self.clock)();
        let profile = Profile { username, email, ..Profile::default() };
        let member = Member {
            id: fresh::id(now),
            role: AccountRole::Admin,
            profile,
            created_at: now,
            first_login_at: None,
            last_login_at: None,
        };
        let admin =
            NewMember { member, password_hash, registration: None, keys_since: now, session: None };
        match self.directory.create_member(admin).await? {
            // No key, nothing made before.
            Created::Created | Created::Before(_) => Ok(name),
            Created::Taken(kinds) => Err(Error::Taken(kinds)),
        }
    }
}
