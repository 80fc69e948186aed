//! An account as it is read and answered: its profile, whole or in parts.

use crate::http::fields::given;
use crate::http::words;
use actors::Id;
use base::calendar::wire_time;
use people::{Accounts, Error, role_name};
use ports::directory::{Changes, Member};
use ports::profile::{self, Flaw, Identifier, Profile};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub password: String,
    pub full_name: Option<String>,
    pub birthday: Option<String>,
    /// `member`, which is the default, `viewer` (looks at everything that is handed out),
    /// `operator` (runs promotions, too) or `admin` (cares for people and the server, too).
    #[schema(value_type = Option<words::Roles>)]
    pub role: Option<String>,
}

/// The whole profile: what is absent is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutUser {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub full_name: Option<String>,
    pub birthday: Option<String>,
}

/// Parts of the profile: what is absent stays, what is null is taken away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchUser {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub username: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub full_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub birthday: Option<Option<String>>,
    /// `member`, `viewer`, `operator` or `admin`. Only an administrator changes it, in a call of
    /// its own; all sessions of the account end.
    #[schema(value_type = Option<words::Roles>)]
    pub role: Option<String>,
}

impl PatchUser {
    pub fn is_empty(&self) -> bool {
        let PatchUser { username, email, phone, full_name, birthday, role } = self;
        let parts = [username, email, phone, full_name, birthday];
        role.is_none() && parts.iter().all(|part| part.is_none())
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    pub id: String,
    /// `member`, `viewer`, `operator` or `admin`.
    #[schema(value_type = words::Roles)]
    pub role: &'static str,
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub full_name: Option<String>,
    pub birthday: Option<String>,
    pub created_at: String,
    /// The first success of `POST /auth/login`.
    pub first_login_at: Option<String>,
    pub last_login_at: Option<String>,
}

impl From<Member> for UserBody {
    fn from(member: Member) -> UserBody {
        let text = |identifier: Option<ports::profile::Identifier>| {
            identifier.map(|identifier| identifier.text)
        };
        UserBody {
            id: member.id.to_string(),
            role: role_name(member.role),
            username: text(member.profile.username),
            email: text(member.profile.email),
            phone: text(member.profile.phone),
            full_name: member.profile.full_name,
            birthday: member.profile.birthday.map(|day| day.to_string()),
            created_at: wire_time(member.created_at),
            first_login_at: member.first_login_at.map(wire_time),
            last_login_at: member.last_login_at.map(wire_time),
        }
    }
}

pub fn replace_all(profile: Profile) -> Changes {
    Changes {
        username: Some(profile.username),
        email: Some(profile.email),
        phone: Some(profile.phone),
        full_name: Some(profile.full_name),
        birthday: Some(profile.birthday),
    }
}

pub fn parse_parts(accounts: &Accounts, body: PatchUser) -> Result<Changes, Error> {
    let today = accounts.birthday_before();
    let mut flaws = Vec::new();
    let changes = Changes {
        username: parse_part(body.username, Identifier::username, &mut flaws),
        email: parse_part(body.email, Identifier::email, &mut flaws),
        phone: parse_part(body.phone, Identifier::phone, &mut flaws),
        full_name: parse_part(body.full_name, profile::full_name, &mut flaws),
        birthday: parse_part(body.birthday, |text| profile::birthday(text, today), &mut flaws),
    };
    if flaws.is_empty() { Ok(changes) } else { Err(Error::Invalid(flaws)) }
}

fn parse_part<T>(
    text: Option<Option<String>>,
    parse: impl Fn(&str) -> Result<T, Flaw>,
    flaws: &mut Vec<Flaw>,
) -> Option<Option<T>> {
    let parsed = text?.map(|text| parse(&text)).transpose();
    parsed.map_err(|flaw| flaws.push(flaw)).ok()
}

/// The same for the same changes only.
pub fn spell_out(changes: &Changes) -> Vec<u8> {
    fn part<T>(part: &Option<Option<T>>, text: impl Fn(&T) -> String) -> Vec<u8> {
        match part {
            None => vec![0],
            Some(None) => vec![1],
            Some(Some(value)) => [&[2], text(value).as_bytes()].concat(),
        }
    }
    let Changes { username, email, phone, full_name, birthday } = changes;
    let identifier = |identifier: &Identifier| identifier.text.clone();
    let parts = [
        part(username, identifier),
        part(email, identifier),
        part(phone, identifier),
        part(full_name, String::clone),
        part(birthday, ToString::to_string),
    ];
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Id::digest(&parts).0.to_vec()
}
