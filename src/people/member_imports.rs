//! Members of another system: each with the bcrypt hash they had there, or with none.
//!
//! A row becomes an account or nothing. The same row again is the same import, so a file that broke
//! off is brought again from its beginning. Of two rows that want the same name the first has it.
//! Nobody has a password here that this server has seen: a hash is replaced at the first login that
//! it lets in, and who has none needs a reset.

use super::passwords;
use super::registrations::Draft;
use actors::Id;
use actors::store::StoreError;
use actors::time::{Clock, Time};
use base::{calendar, fresh};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ports::Directory;
use ports::directory::{AccountRole, Created, Member, NewMember, Registration};
use ports::profile::{Flaw, IdentifierKind, Profile};
use std::collections::HashSet;
use std::sync::Arc;

/// Members who are written at the same time.
const AT_ONCE: usize = 64;

/// A member as another system has written them down.
#[derive(Clone, Debug, Default)]
pub struct ForeignMember {
    pub draft: Draft,
    pub password_hash: Option<String>,
    /// When they first logged in there. Whoever has, is no newcomer here.
    pub first_login_at: Option<String>,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberFate {
    Imported(Id),
    /// Another account has these. None: the same names were imported with other details.
    Exists(Vec<IdentifierKind>),
    Invalid(Vec<Flaw>),
}

/// What becomes of a row, as far as accounts that are there say.
pub struct JudgedMember {
    pub fate: MemberFate,
    /// The names that it would have, as they are compared.
    pub names: Vec<String>,
}

pub struct MemberImports {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) clock: Clock,
    pub(crate) time_zone: TimeZone,
    /// What passwords are hashed with today.
    pub(crate) cost: u32,
}

impl MemberImports {
    /// What became of each, in their order.
    pub async fn take_in(&self, rows: Vec<ForeignMember>) -> Result<Vec<JudgedMember>, StoreError> {
        let mut judged = Vec::with_capacity(rows.len());
        let (mut group, mut names) = (Vec::new(), HashSet::new());
        for row in rows {
            let parsed = self.parse(row);
            let wanted = parsed.as_ref().map(names_of).unwrap_or_default();
            // Those before it come first where they want the same.
            if wanted.iter().any(|name| names.contains(name)) {
                let before = std::mem::take(&mut group);
                judged.extend(each(before, |new| self.create(new)).await?);
                names.clear();
            }
            names.extend(wanted);
            group.push(parsed);
        }
        judged.extend(each(group, |new| self.create(new)).await?);
        Ok(judged)
    }

    /// What would become of each. Nothing is written, so it is not known here which names earlier
    /// rows would have taken.
    pub async fn look(&self, rows: Vec<ForeignMember>) -> Result<Vec<JudgedMember>, StoreError> {
        let parsed = rows.into_iter().map(|row| self.parse(row)).collect();
        each(parsed, |new| self.would_be(new)).await
    }

    async fn create(&self, new: NewMember) -> Result<MemberFate, StoreError> {
        let (id, registration) = (new.member.id, new.registration);
        Ok(match self.directory.create_member(new).await? {
            Created::Created => MemberFate::Imported(id),
            Created::Before(account) if account.registration == registration => {
                MemberFate::Imported(account.member.id)
            }
            Created::Before(_) => MemberFate::Exists(Vec::new()),
            Created::Taken(kinds) => MemberFate::Exists(kinds),
        })
    }

    async fn would_be(&self, new: NewMember) -> Result<MemberFate, StoreError> {
        if let Some(by) = new.registration
            && let Some(before) = self.directory.registered(by.key, new.keys_since).await?
        {
            return Ok(match before.registration == new.registration {
                true => MemberFate::Imported(before.member.id),
                false => MemberFate::Exists(Vec::new()),
            });
        }
        let mut taken = Vec::new();
        for name in new.member.profile.identifiers() {
            if self.directory.account(name.folded.clone()).await?.is_some() {
                taken.push(name.kind);
            }
        }
        let is_free = taken.is_empty();
        Ok(if is_free { MemberFate::Imported(new.member.id) } else { MemberFate::Exists(taken) })
    }

    fn parse(&self, row: ForeignMember) -> Result<NewMember, Vec<Flaw>> {
        let now = (self.clock)();
        let ForeignMember { draft, password_hash, first_login_at } = row;
        let mut flaws = Vec::new();
        let profile = draft.parse(self.today(now)).map_err(|found| flaws.extend(found));
        let password_hash = password_hash.unwrap_or_default();
        if !password_hash.is_empty()
            && let Err(says) = passwords::check_foreign(&password_hash, self.cost)
        {
            flaws.push(Flaw { field: "password_hash", says });
        }
        let first_login_at = first_login_at.map(|text| past(&text, now)).transpose();
        let first_login_at = first_login_at.map_err(|flaw| flaws.push(flaw));
        let (Ok(profile), Ok(first_login_at), true) = (profile, first_login_at, flaws.is_empty())
        else {
            return Err(flaws);
        };
        let registration = Some(registration(&profile, &password_hash, first_login_at));
        let member = Member {
            id: fresh::id(now),
            role: AccountRole::Member,
            profile,
            created_at: now,
            first_login_at,
            last_login_at: first_login_at,
        };
        // A row is known for ever, not for as long as keys are.
        Ok(NewMember { member, password_hash, registration, keys_since: Time(0), session: None })
    }

    fn today(&self, now: Time) -> Date {
        calendar::today(&self.time_zone, now)
    }
}

/// Judges those that can be an account at all, some at a time.
async fn each<F>(
    rows: Vec<Result<NewMember, Vec<Flaw>>>,
    judge: impl Fn(NewMember) -> F,
) -> Result<Vec<JudgedMember>, StoreError>
where
    F: Future<Output = Result<MemberFate, StoreError>>,
{
    let judge = |row: Result<NewMember, Vec<Flaw>>| async {
        let names = row.as_ref().map(names_of).unwrap_or_default();
        let fate = match row {
            Ok(new) => judge(new).await?,
            Err(flaws) => MemberFate::Invalid(flaws),
        };
        Ok(JudgedMember { fate, names })
    };
    stream::iter(rows).map(judge).buffered(AT_ONCE).try_collect().await
}

fn names_of(new: &NewMember) -> Vec<String> {
    new.member.profile.identifiers().map(|name| name.folded.clone()).collect()
}

fn past(text: &str, now: Time) -> Result<Time, Flaw> {
    let at = text.parse::<Timestamp>().map(|at| Time(at.as_millisecond()));
    let says = "a time with its zone that is past, like 2024-12-31T23:59:59Z";
    at.ok().filter(|at| *at <= now).ok_or(Flaw { field: "first_login_at", says })
}

/// A row is told from others by its names, and from another version of itself by all the rest.
fn registration(profile: &Profile, hash: &str, first_login_at: Option<Time>) -> Registration {
    let mut names = [""; 3];
    for name in profile.identifiers() {
        names[name.kind as usize] = &name.folded;
    }
    let [username, email, phone] = names.map(str::as_bytes);
    let key = Id::digest(&[b"member-import", username, email, phone]);
    let birthday = profile.birthday.map_or_else(String::new, |day| day.to_string());
    let full_name = profile.full_name.as_deref().unwrap_or("");
    let first_login_at = first_login_at.map_or_else(String::new, |at| at.0.to_string());
    let rest = [hash, full_name, &birthday, &first_login_at].map(str::as_bytes);
    Registration { key, body: Id::digest(&rest) }
}
