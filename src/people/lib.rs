//! People who call: members, administrators, and the back ends of companies that have members of
//! their own.
//!
//! `People` composes the parts, each in a file of its own: `registrations` makes accounts,
//! `member_imports` takes over those of another system, `logins` and `sessions` let members in and
//! out, `accounts` changes and deletes, `password_changes` sets passwords, `access` lets a request
//! in, `service_keys` and `outsiders` serve back ends, `guesses` and `budgets` slow down attackers,
//! `proof_of_work` makes crowds of machines work. Each part is made of the few parts below it that
//! it needs. What is kept is behind the port `directory`; nothing here knows HTTP or a database.
//! Passwords are hashed on threads of their own (`hashing`). No answer tells whether an account
//! exists.

mod access;
mod accounts;
mod administrator;
mod budgets;
mod claims;
mod deeds;
mod ed25519;
mod ended;
mod error;
mod failures;
mod guesses;
mod hashing;
mod homes;
mod hs256;
mod key_draft;
mod keyring;
mod known_keys;
mod known_sessions;
mod logins;
mod member_imports;
mod origin;
mod outsiders;
mod partings;
mod password_changes;
mod password_checks;
pub mod passwords;
mod people;
mod proof_of_work;
mod public_name;
mod rates;
mod refresh_token;
mod refusals;
mod registrations;
mod remembered;
mod revoked;
mod service_keys;
mod sessions;
mod settings;
mod sharing;
mod signatures;
mod signed;
mod stay;
mod token_issuer;
mod token_keys;
mod tokens;

#[cfg(test)]
mod trials;

pub use access::Access;
pub use accounts::Accounts;
pub use administrator::{Administrator, DrawnPassword};
pub use deeds::{DeedName, Deeds};
pub use error::Error;
pub use guesses::{Guesser, Guesses};
pub use key_draft::KeyDraft;
pub use logins::{Login, Logins};
pub use member_imports::{ForeignMember, JudgedMember, MemberFate, MemberImports};
pub use origin::RequestOrigin;
pub use outsiders::{Introduction, Outsiders, outsider};
pub use partings::Partings;
pub use password_changes::{PasswordChanges, ResetOffer};
pub use people::{OpenError, People};
pub use proof_of_work::{
    SpentWork, WorkChallenge, WorkFlaw, WorkProofs, WorkRefusal, WorkSettings,
};
pub use public_name::public_name;
pub use refusals::{Denied, Reason};
pub use registrations::{CreatedAccount, Draft, Registered, Registrations};
pub use service_keys::{MadeKey, ServiceKeys};
pub use sessions::{LoggedIn, Owes, Sessions};
pub use settings::Settings;
pub use sharing::{Sharing, read_realm};
pub use signed::{Signed, Via};
pub use stay::Stay;
pub use token_issuer::Tokens;
pub use token_keys::{PublishedKey, TokenKeysError, rotate_token_keys};
pub use tokens::{role_name, role_of};
