//! What the calls about sessions, passwords and service keys take and answer.

use crate::http::api::coupon_bodies::VoucherBody;
use crate::http::api::people::profiles::UserBody;
use crate::http::fields::parse_instant;
use crate::http::mistakes::Mistakes;
use crate::http::problem::Problem;
use crate::http::words;
use actors::Id;
use base::calendar::wire_time;
use people::{
    Draft, KeyDraft, LoggedIn, Login, MemberFate, ServiceKeys, Tokens, Via, WorkChallenge,
};
use ports::directory::ServiceKey;
use ports::profile::{Flaw, IdentifierKind};
use ports::scopes::{Scope, Scopes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of the rows of a file with members. The counts come last, so a file that has them
/// was worked off to its end.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberImport)]
pub struct MembersImportedBody {
    pub dry_run: bool,
    /// In the order of the file: all of them, or those of the `state` that was asked for.
    pub rows: Vec<MemberRowBody>,
    pub imported: u64,
    pub exists: u64,
    pub invalid: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MemberImportRow)]
pub struct MemberRowBody {
    /// The first row after the header is 1; blank lines do not count.
    pub row: u64,
    /// As it stands in the file, so that the row is found again.
    pub reference: Option<String>,
    /// `imported`, `exists` or `invalid`.
    #[schema(value_type = words::MemberRowStates)]
    pub state: &'static str,
    /// The id of the account. Null if none was made, and in a dry run.
    pub member: Option<String>,
    pub why: Option<String>,
}

impl MemberRowBody {
    /// What became of it, or would.
    pub fn tell(&mut self, fate: MemberFate, dry_run: bool) {
        (self.state, self.member, self.why) = match fate {
            MemberFate::Imported(id) => ("imported", (!dry_run).then(|| id.to_string()), None),
            MemberFate::Exists(kinds) => ("exists", None, Some(why_exists(&kinds))),
            MemberFate::Invalid(flaws) => ("invalid", None, Some(why_invalid(&flaws))),
        };
    }

    /// Another row of the same file came before it.
    pub fn tell_later(&mut self) {
        let why = Some("an earlier row has one of its names".to_owned());
        (self.state, self.member, self.why) = ("exists", None, why);
    }
}

fn why_exists(kinds: &[IdentifierKind]) -> String {
    if kinds.is_empty() {
        return "it was imported before, with other details".to_owned();
    }
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    format!("another account has this {}", names.join(" and "))
}

fn why_invalid(flaws: &[Flaw]) -> String {
    let flaws: Vec<String> = flaws
        .iter()
        .map(|flaw| match flaw.field {
            "" => flaw.says.to_owned(),
            field => format!("{field}: {}", flaw.says),
        })
        .collect();
    flaws.join("; ")
}

/// At least one of username, e-mail and phone. Each is unique, regardless of case and Unicode form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Register)]
pub struct RegisterMember {
    /// 3 to 64 letters, digits, dots, dashes or underscores.
    #[schema(example = "ada")]
    pub username: Option<String>,
    pub email: Option<String>,
    /// With the country code; spaces and dashes are forgiven.
    pub phone: Option<String>,
    /// 8 characters at least, 71 bytes at most, none of the most common ones, no NUL; taken exactly
    /// as given.
    #[schema(example = "a long sentence nobody guesses")]
    pub password: String,
    pub full_name: Option<String>,
    /// A day in the past, such as 1990-02-28.
    pub birthday: Option<String>,
}

impl RegisterMember {
    pub fn split(self) -> (Draft, String) {
        let RegisterMember { username, email, phone, password, full_name, birthday } = self;
        (Draft { username, email, phone, full_name, birthday }, password)
    }
}

/// `account` takes an identifier of any kind; the other fields take their own. All that are given
/// must name the same account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub struct LoginBody {
    pub account: Option<String>,
    #[schema(example = "ada")]
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The same as `phone`.
    pub phone_number: Option<String>,
    #[schema(example = "a long sentence nobody guesses")]
    pub password: String,
}

impl LoginBody {
    pub fn checked(self) -> Result<Login, Problem> {
        let LoginBody { account, username, email, phone, phone_number, password } = self;
        if phone.is_some() && phone_number.is_some() {
            return Err(Problem::invalid("/phone_number", "say this or `phone`, not both"));
        }
        Ok(Login { account, username, email, phone: phone.or(phone_number), password })
    }
}

/// A login as a form. What OAuth2's says beside the account and the password is of no use here, but
/// clients send it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginForm {
    /// Where `account` is absent, an identifier of any kind.
    #[schema(example = "ada")]
    username: Option<String>,
    account: Option<String>,
    email: Option<String>,
    /// Or `phone`.
    #[serde(rename = "phone_number", alias = "phone")]
    phone: Option<String>,
    #[schema(example = "a long sentence nobody guesses")]
    password: String,
    #[serde(rename = "grant_type")]
    _grant_type: Option<String>,
    #[serde(rename = "scope")]
    _scope: Option<String>,
    #[serde(rename = "client_id")]
    _client_id: Option<String>,
    #[serde(rename = "client_secret")]
    _client_secret: Option<String>,
}

impl From<LoginForm> for Login {
    fn from(form: LoginForm) -> Login {
        let (account, username) = match (form.account, form.username) {
            // OAuth2 has but one name for whoever logs in.
            (None, username) => (username, None),
            both => both,
        };
        Login { account, username, email: form.email, phone: form.phone, password: form.password }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh)]
pub struct RefreshTokens {
    pub refresh_token: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {
    /// Ends its session, too. Enough by itself when the access token is no longer valid.
    pub refresh_token: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub old_password: String,
    pub new_password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// As an administrator handed it over.
    pub token: String,
    pub new_password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensBody {
    /// For the header `Authorization: Bearer …`.
    pub access_token: String,
    /// Good for one `POST /auth/refresh`; if that answer is lost, for the same answer again within
    /// 30 seconds.
    pub refresh_token: String,
    #[schema(example = "Bearer")]
    #[schema(value_type = words::TokenTypes)]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: u32,
}

impl From<Tokens> for TokensBody {
    fn from(tokens: Tokens) -> TokensBody {
        TokensBody {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in_s,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = LoggedIn)]
pub struct LoggedInBody {
    #[serde(flatten)]
    pub tokens: TokensBody,
    /// True once for each member.
    pub first_login: bool,
    /// What the member was granted because of their first login, by campaigns that still run. One
    /// that takes longer than a moment comes with the next login, and is on the list of their
    /// coupons as soon as it is granted.
    pub vouchers: Vec<VoucherBody>,
}

impl LoggedInBody {
    pub fn of(logged_in: LoggedIn, vouchers: Vec<VoucherBody>) -> LoggedInBody {
        LoggedInBody {
            tokens: logged_in.tokens.into(),
            first_login: logged_in.first_login,
            vouchers,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Registered)]
pub struct RegisteredBody {
    pub member: UserBody,
    #[serde(flatten)]
    pub tokens: TokensBody,
}

/// Who calls: somebody with an account, or a service, perhaps for a member of its own, who has no
/// account here.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
#[serde(untagged)]
pub enum MeBody {
    Account(UserBody),
    Outsider(OutsiderBody),
}

#[derive(Serialize, ToSchema)]
#[schema(as = Outsider)]
pub struct OutsiderBody {
    pub id: String,
    #[schema(example = "service")]
    #[schema(value_type = words::ServiceRoles)]
    pub role: &'static str,
    /// The name of the service key.
    pub service: String,
    /// What the key may do.
    #[schema(value_type = Vec<words::KeyScopes>)]
    pub scopes: Vec<&'static str>,
    /// The id of the service's own member, as `On-Behalf-Of` says it.
    pub on_behalf_of: Option<String>,
}

impl OutsiderBody {
    /// None for a caller who has an account.
    pub fn of(id: Id, via: &Via) -> Option<OutsiderBody> {
        let Via::ServiceKey { service, on_behalf_of, scopes, .. } = via else { return None };
        let on_behalf_of = on_behalf_of.as_ref().map(ToString::to_string);
        Some(OutsiderBody {
            id: id.to_string(),
            role: "service",
            service: service.to_string(),
            scopes: scopes.names(),
            on_behalf_of,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    pub id: String,
    pub began_at: String,
    /// It ends by itself when it is not refreshed for 30 days (as configured).
    pub refreshed_at: String,
    /// What the client called itself when it began.
    pub agent: Option<String>,
    /// Whether this very call is made in it.
    pub current: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PasswordReset)]
pub struct ResetBody {
    /// For `POST /auth/reset`. It is shown this once.
    pub token: String,
    pub expires_at: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateServiceKey {
    /// Whose key it is. All keys of one name act for the same members, so that a key can be
    /// replaced.
    #[schema(example = "shop")]
    pub name: String,
    /// `service`, which is the default and all there is.
    #[schema(value_type = Option<words::ServiceRoles>)]
    pub role: Option<String>,
    /// What it is for, in your own words: 1 to 200 printable characters.
    #[schema(example = "the checkout of the shop in Lyon")]
    pub purpose: Option<String>,
    /// What it may do; by default `members`. For members of its own, whom `On-Behalf-Of` names:
    /// `claim` vouchers, `redeem` coupons, `assign` coupons to them, buy `tickets`, submit
    /// `ballots`; `members` is all of these. By itself: `view` what a viewer may see, `operate` as
    /// an operator does.
    #[schema(value_type = Option<Vec<words::KeyScopes>>)]
    pub scopes: Option<Vec<String>>,
    /// From then on it lets nobody in; by default it never ends by itself.
    #[schema(example = "2027-12-31T23:59:59Z")]
    pub expires_at: Option<String>,
}

impl CreateServiceKey {
    pub fn checked(self, keys: &ServiceKeys) -> Result<KeyDraft, Problem> {
        let mut mistakes = Mistakes::default();
        let is_service = self.role.is_none_or(|role| role == "service");
        mistakes.expect(is_service, "/role", "service");
        let expires_at = self.expires_at.map(|text| parse_instant(&text, "/expires_at"));
        let expires_at = mistakes.check(expires_at.transpose()).flatten();
        let scopes = self.scopes.map_or(Ok(Scopes::MEMBERS), parse_scopes);
        let scopes = mistakes.check(scopes).unwrap_or(Scopes::MEMBERS);
        let draft = KeyDraft { name: self.name, purpose: self.purpose, scopes, expires_at };
        mistakes.check(keys.check(&draft).map_err(Problem::from));
        mistakes.end().map(|()| draft)
    }
}

fn parse_scopes(names: Vec<String>) -> Result<Scopes, Problem> {
    let mut mistakes = Mistakes::default();
    let scope = |(index, name): (usize, &String)| {
        let unknown = || {
            let known = words::KeyScopes::ALL.join(", ");
            Problem::invalid(&format!("/scopes/{index}"), format!("one of {known}"))
        };
        mistakes.check(Scope::of_name(name).ok_or_else(unknown))
    };
    let scopes = Scopes::of(names.iter().enumerate().filter_map(scope));
    mistakes.end().map(|()| scopes)
}

#[derive(Serialize, ToSchema)]
#[schema(as = NewServiceKey)]
pub struct NewServiceKeyBody {
    pub id: String,
    pub name: String,
    #[schema(value_type = words::ServiceRoles)]
    pub role: &'static str,
    pub purpose: Option<String>,
    #[schema(value_type = Vec<words::KeyScopes>)]
    pub scopes: Vec<&'static str>,
    /// Null if it never ends by itself.
    pub expires_at: Option<String>,
    /// For `Authorization: Bearer …`. It is shown this once and kept nowhere.
    pub key: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ServiceKey)]
pub struct ServiceKeyBody {
    pub id: String,
    pub name: String,
    #[schema(value_type = words::ServiceRoles)]
    pub role: &'static str,
    pub purpose: Option<String>,
    #[schema(value_type = Vec<words::KeyScopes>)]
    pub scopes: Vec<&'static str>,
    pub created_at: String,
    /// Null if it never ends by itself.
    pub expires_at: Option<String>,
    /// Null while it was not revoked.
    pub revoked_at: Option<String>,
}

impl From<ServiceKey> for ServiceKeyBody {
    fn from(key: ServiceKey) -> ServiceKeyBody {
        ServiceKeyBody {
            id: key.id.to_string(),
            name: key.name,
            role: "service",
            purpose: key.purpose,
            scopes: key.scopes.names(),
            created_at: wire_time(key.created_at),
            expires_at: key.expires_at.map(wire_time),
            revoked_at: key.revoked_at.map(wire_time),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkChallenge)]
pub struct WorkChallengeBody {
    /// `SHA-256`.
    pub algorithm: &'static str,
    /// The hash of the salt with the number behind it, in lower-case hexadecimal.
    pub challenge: String,
    /// The number is not larger.
    pub maxnumber: u64,
    /// Ends with the terms: until when it is good, in seconds since 1970, and what for.
    pub salt: String,
    pub signature: String,
}

impl From<WorkChallenge> for WorkChallengeBody {
    fn from(made: WorkChallenge) -> WorkChallengeBody {
        let WorkChallenge { challenge, maxnumber, salt, signature } = made;
        let algorithm = WorkChallenge::ALGORITHM;
        WorkChallengeBody { algorithm, challenge, maxnumber, salt, signature }
    }
}
