//! The people of the promises, and short ways to ask about them.

use actors::{Id, Time};
use ports::directory::{
    Account, AccountRole, Begin, Changes, Created, Directory, Member, NewMember, NewSession,
    RefreshAttempt,
};
use ports::profile::{Identifier, Profile};
use std::sync::Arc;

pub const HASH: &str = "$2b$04$hash";
pub const START: Time = Time(1_800_000_000_000);

pub fn id(number: u8) -> Id {
    let mut id = [0xa0; 16];
    id[15] = number;
    id[3] = number;
    Id(id)
}

pub fn at_s(seconds: i64) -> Time {
    Time(START.0 + seconds * 1000)
}

pub fn profile(username: &str, email: &str, phone: &str) -> Profile {
    let some = |text: &str, parse: fn(&str) -> Result<Identifier, ports::profile::Flaw>| {
        (!text.is_empty()).then(|| parse(text).expect("it is an identifier"))
    };
    Profile {
        username: some(username, Identifier::username),
        email: some(email, Identifier::email),
        phone: some(phone, Identifier::phone),
        ..Profile::default()
    }
}

pub fn new(member: Id, profile: Profile) -> NewMember {
    let member = Member {
        id: member,
        role: AccountRole::Member,
        profile,
        created_at: START,
        first_login_at: None,
        last_login_at: None,
    };
    NewMember {
        member,
        password_hash: HASH.to_owned(),
        registration: None,
        keys_since: Time(0),
        session: None,
    }
}

pub fn named(number: u8, username: &str) -> NewMember {
    new(id(number), profile(username, "", ""))
}

pub async fn create(directory: &Arc<dyn Directory>, new: NewMember) -> Created {
    directory.create_member(new).await.expect("it answers")
}

pub async fn create_named(directory: &Arc<dyn Directory>, number: u8, username: &str) -> Id {
    assert_eq!(create(directory, named(number, username)).await, Created::Created);
    id(number)
}

pub async fn owner(directory: &Arc<dyn Directory>, identifier: &str) -> Option<Id> {
    directory
        .account(identifier.to_owned())
        .await
        .expect("it answers")
        .map(|account| account.member.id)
}

pub async fn account(directory: &Arc<dyn Directory>, member: Id) -> Account {
    directory.account_of(member).await.expect("it answers").expect("there is one")
}

pub fn session(number: u8, at: Time) -> NewSession {
    NewSession { id: id(number), at, agent: Some(format!("browser {number}")) }
}

pub fn login(member: Id, session: NewSession) -> Begin {
    Begin {
        member,
        session,
        knew: HASH.to_owned(),
        rehashed: None,
        login: true,
        owed: None,
        home: None,
        dead_before: Time(0),
    }
}

pub fn refresh(member: Id, number: u8, step: u32, at: Time) -> RefreshAttempt {
    RefreshAttempt {
        member,
        session: id(number),
        step,
        at,
        dead_before: at.minus_s(1000),
        repeat_since: at.minus_s(30),
        again: false,
    }
}

pub async fn living(directory: &Arc<dyn Directory>, member: Id) -> Vec<Id> {
    let living = directory.sessions(member, None, 100, Time(0)).await.expect("it answers");
    living.into_iter().map(|session| session.id).collect()
}

pub async fn ended(directory: &Arc<dyn Directory>, since: Time) -> Vec<(Id, Time)> {
    let mut ended = directory.ended_since(since).await.expect("it answers");
    ended.sort();
    ended
}

pub fn rename(username: &str) -> Changes {
    Changes { username: Some(profile(username, "", "").username), ..Changes::default() }
}
