//! What every directory must pass, whatever it keeps people in.
//!
//! `directory_contract!` makes one test of each function here, on people of its own. A directory is
//! reached only through its port; a second way to the same people, as another node has it, and a
//! restart are what its `Harness` adds.

use actors::{Id, Time};
use futures_util::future::join_all;
use ports::directory::{
    Account, Because, Begin, Changed, Changes, Created, Directory, HOMES, Member, NewMember,
    NewPassword, NewSession, Owing, Refresh, Refreshed, Registration, Reset, Role, ServiceKey,
};
use ports::profile::{Identifier, Kind, Profile};
use std::sync::Arc;

/// People that nobody else knows, none when it is made.
pub trait Harness {
    fn directory(&self) -> Arc<dyn Directory>;
    /// As another node has it. The same one where only one process can have them.
    fn elsewhere(&self) -> Arc<dyn Directory>;
    /// Lets go of everything and opens it again.
    fn reopen(&mut self);
}

/// One test for every promise. The harness is an `Option`: without one, the test has said why it
/// did not run.
#[macro_export]
macro_rules! directory_contract {
    ($harness:expr) => {
        $crate::directory_contract! { $harness =>
            an_account_is_found_by_each_of_its_identifiers_and_by_its_id
            what_was_written_survives_reopening
            a_taken_identifier_is_named_and_nothing_is_written
            a_free_identifier_beside_a_taken_one_stays_free
            one_of_many_that_want_the_same_identifier_gets_it
            one_of_many_that_want_overlapping_identifiers_gets_them
            a_change_takes_new_identifiers_and_frees_old_ones_or_does_nothing
            a_change_that_leaves_no_identifier_is_refused
            identifiers_that_two_members_exchange_never_have_two_owners
            a_deleted_member_leaves_nothing_and_frees_everything
            those_of_many_who_are_there_are_found_at_once
            members_come_in_the_order_of_their_ids
            members_are_counted_and_administrators_are_not
            the_first_login_is_the_first_once
            the_last_login_never_goes_back
            a_session_begins_only_with_the_password_that_still_is
            a_rehashed_password_is_the_new_one
            a_repeated_registration_is_no_login
            a_refresh_rotates_repeats_and_ends
            of_many_refreshes_at_once_one_rotates
            a_refresh_of_what_never_was_is_unknown
            an_ended_session_is_over_and_listed
            all_sessions_end_but_the_one_that_is_kept
            a_session_ends_no_earlier_than_its_last_token_was_made
            sessions_begun_after_all_were_ended_live
            living_sessions_come_in_pages
            dead_sessions_are_forgotten_and_not_listed
            a_password_is_set_only_for_a_reason_that_holds
            a_new_password_ends_the_sessions_it_should
            a_reset_is_good_once
            what_is_owed_is_listed_until_it_is_settled
            a_home_is_remembered_until_there_are_too_many_or_its_member_is_deleted
            a_key_makes_one_account_whatever_it_is_used_for
            of_many_accounts_with_one_key_one_is_made
            a_service_key_is_made_once_and_revoked_once
            an_outsider_is_noted_as_often_as_one_likes
            a_secret_is_made_once_and_replaced_only_by_whoever_knows_it
            of_many_who_make_a_secret_all_get_the_same
        }
    };
    ($harness:expr => $($promise:ident)*) => {
        mod directory_contract {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[actix_rt::test]
                async fn $promise() {
                    if let Some(mut harness) = $harness {
                        $crate::Harness::directory(&harness)
                            .prepare()
                            .await
                            .expect("it can be prepared");
                        $crate::$promise(&mut harness).await;
                    }
                }
            )*
        }
    };
}

const HASH: &str = "$2b$04$hash";
const START: Time = Time(1_800_000_000_000);

fn id(number: u8) -> Id {
    let mut id = [0xa0; 16];
    id[15] = number;
    id[3] = number;
    Id(id)
}

fn at_s(seconds: i64) -> Time {
    Time(START.0 + seconds * 1000)
}

fn profile(username: &str, email: &str, phone: &str) -> Profile {
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

fn new(member: Id, profile: Profile) -> NewMember {
    let member = Member {
        id: member,
        role: Role::Member,
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

fn named(number: u8, username: &str) -> NewMember {
    new(id(number), profile(username, "", ""))
}

async fn create(directory: &Arc<dyn Directory>, new: NewMember) -> Created {
    directory.create_member(new).await.expect("it answers")
}

async fn create_named(directory: &Arc<dyn Directory>, number: u8, username: &str) -> Id {
    assert_eq!(create(directory, named(number, username)).await, Created::Created);
    id(number)
}

async fn owner(directory: &Arc<dyn Directory>, identifier: &str) -> Option<Id> {
    directory
        .account(identifier.to_owned())
        .await
        .expect("it answers")
        .map(|account| account.member.id)
}

async fn account(directory: &Arc<dyn Directory>, member: Id) -> Account {
    directory.account_of(member).await.expect("it answers").expect("there is one")
}

fn session(number: u8, at: Time) -> NewSession {
    NewSession { id: id(number), at, agent: Some(format!("browser {number}")) }
}

fn login(member: Id, session: NewSession) -> Begin {
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

fn refresh(member: Id, number: u8, step: u32, at: Time) -> Refresh {
    Refresh {
        member,
        session: id(number),
        step,
        at,
        dead_before: at.minus_s(1000),
        repeat_since: at.minus_s(30),
    }
}

async fn living(directory: &Arc<dyn Directory>, member: Id) -> Vec<Id> {
    let living = directory.sessions(member, None, 100, Time(0)).await.expect("it answers");
    living.into_iter().map(|session| session.id).collect()
}

async fn ended(directory: &Arc<dyn Directory>, since: Time) -> Vec<(Id, Time)> {
    let mut ended = directory.ended_since(since).await.expect("it answers");
    ended.sort();
    ended
}

fn rename(username: &str) -> Changes {
    Changes { username: Some(profile(username, "", "").username), ..Changes::default() }
}

pub async fn an_account_is_found_by_each_of_its_identifiers_and_by_its_id(
    harness: &mut dyn Harness,
) {
    let directory = harness.directory();
    let full = Profile {
        full_name: Some("Ada Lovelace".to_owned()),
        birthday: Some(jiff::civil::date(1990, 2, 28)),
        ..profile("Ada", "Ada@example.org", "+49 170 1234567")
    };
    let registration = Some(Registration { key: id(90), body: id(91) });
    let ada = NewMember { registration, ..new(id(1), full) };
    assert_eq!(create(&directory, ada.clone()).await, Created::Created);
    let found =
        Account { member: ada.member, password_hash: HASH.to_owned(), registration, reset: None };
    for directory in [directory, harness.elsewhere()] {
        for identifier in ["ada", "ada@example.org", "+491701234567"] {
            assert_eq!(
                directory.account(identifier.to_owned()).await.unwrap(),
                Some(found.clone()),
                "{identifier}"
            );
        }
        assert_eq!(directory.account_of(id(1)).await.unwrap(), Some(found.clone()));
        assert_eq!(directory.account("bob".to_owned()).await.unwrap(), None);
        assert_eq!(directory.account_of(id(2)).await.unwrap(), None);
    }
}

pub async fn what_was_written_survives_reopening(harness: &mut dyn Harness) {
    let directory = harness.directory();
    let ada = NewMember { session: Some(session(11, START)), ..named(1, "ada") };
    assert_eq!(create(&directory, ada).await, Created::Created);
    directory.begin_session(login(id(1), session(12, at_s(1)))).await.unwrap().unwrap();
    assert!(directory.end_session(id(1), id(11), at_s(2)).await.unwrap());
    let before = account(&directory, id(1)).await;
    drop(directory);
    harness.reopen();
    let directory = harness.directory();
    directory.prepare().await.unwrap();
    assert_eq!(account(&directory, id(1)).await, before);
    assert_eq!(living(&directory, id(1)).await, [id(12)]);
    assert_eq!(ended(&directory, START).await, [(id(11), at_s(2))]);
}

pub async fn a_taken_identifier_is_named_and_nothing_is_written(harness: &mut dyn Harness) {
    let directory = harness.directory();
    assert_eq!(
        create(&directory, new(id(1), profile("ada", "ada@example.org", ""))).await,
        Created::Created
    );
    create_named(&directory, 2, "bob").await;
    let both =
        create(&directory, new(id(3), profile("BOB", "ada@example.org", "+491701234567"))).await;
    assert_eq!(both, Created::Taken(vec![Kind::Username, Kind::Email]));
    assert_eq!(directory.account_of(id(3)).await.unwrap(), None);
    assert_eq!(
        (owner(&directory, "bob").await, owner(&directory, "ada@example.org").await),
        (Some(id(2)), Some(id(1)))
    );
    assert_eq!(directory.members(None, 10).await.unwrap().len(), 2);
}

pub async fn a_free_identifier_beside_a_taken_one_stays_free(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let refused =
        create(&directory, new(id(2), profile("ada", "eve@example.org", "+491701234567"))).await;
    assert_eq!(refused, Created::Taken(vec![Kind::Username]));
    assert_eq!(owner(&directory, "eve@example.org").await, None);
    assert_eq!(
        create(&directory, new(id(3), profile("eve", "eve@example.org", "+491701234567"))).await,
        Created::Created
    );
}

pub async fn one_of_many_that_want_the_same_identifier_gets_it(harness: &mut dyn Harness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let all = (1..=40).map(|n| {
        nodes[usize::from(n) % 2].create_member(new(id(n), profile("", "ada@example.org", "")))
    });
    let all: Vec<Created> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    let made: Vec<usize> = (0..all.len()).filter(|n| all[*n] == Created::Created).collect();
    assert_eq!(made.len(), 1, "{all:?}");
    assert_eq!(all.iter().filter(|one| **one == Created::Taken(vec![Kind::Email])).count(), 39);
    assert_eq!(owner(&nodes[0], "ada@example.org").await, Some(id(made[0] as u8 + 1)));
    assert_eq!(nodes[1].count_members().await.unwrap(), 1);
}

/// Everybody shares the name with one half and the number with the other, so only one, or two that
/// share nothing, can be.
pub async fn one_of_many_that_want_overlapping_identifiers_gets_them(harness: &mut dyn Harness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let (names, phones) = (["ada", "bob"], ["+491701234567", "+491707654321"]);
    let wanted = |n: u8| (names[usize::from(n) % 2], phones[usize::from(n / 2) % 2]);
    let all = (0..40).map(|n| {
        let (name, phone) = wanted(n);
        nodes[usize::from(n / 4) % 2].create_member(new(id(n + 1), profile(name, "", phone)))
    });
    let all: Vec<Created> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    let made: Vec<u8> = (0..40).filter(|n| all[usize::from(*n)] == Created::Created).collect();
    assert!((1..=2).contains(&made.len()), "{all:?}");
    for n in &made {
        let (name, phone) = wanted(*n);
        assert_eq!(
            (owner(&nodes[0], name).await, owner(&nodes[1], phone).await),
            (Some(id(n + 1)), Some(id(n + 1)))
        );
    }
    let members: Vec<Id> =
        nodes[0].members(None, 100).await.unwrap().into_iter().map(|member| member.id).collect();
    assert_eq!(members, made.iter().map(|n| id(n + 1)).collect::<Vec<_>>());
    // What no account lists is free for whoever comes next.
    for (n, (name, phone)) in [(names[0], phones[0]), (names[1], phones[1])].into_iter().enumerate()
    {
        let free =
            (owner(&nodes[0], name).await.is_none(), owner(&nodes[0], phone).await.is_none());
        let member = new(
            id(100 + n as u8),
            profile(if free.0 { name } else { "" }, "", if free.1 { phone } else { "" }),
        );
        if free != (false, false) {
            assert_eq!(create(&nodes[1], member).await, Created::Created);
        }
    }
}

pub async fn a_change_takes_new_identifiers_and_frees_old_ones_or_does_nothing(
    harness: &mut dyn Harness,
) {
    let directory = harness.directory();
    assert_eq!(
        create(&directory, new(id(1), profile("ada", "ada@example.org", ""))).await,
        Created::Created
    );
    create_named(&directory, 2, "bob").await;
    let to_bob = Changes { phone: Some(profile("", "", "+491701234567").phone), ..rename("BOB") };
    assert_eq!(
        directory.change_member(id(1), to_bob).await.unwrap(),
        Changed::Taken(vec![Kind::Username])
    );
    assert_eq!(owner(&directory, "+491701234567").await, None);
    assert_eq!(owner(&directory, "ada").await, Some(id(1)));
    let Changed::Changed(changed) = directory.change_member(id(1), rename("Eve")).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(changed.profile, profile("Eve", "ada@example.org", ""));
    assert_eq!(account(&harness.elsewhere(), id(1)).await.member, *changed);
    assert_eq!(
        (owner(&directory, "ada").await, owner(&directory, "eve").await),
        (None, Some(id(1)))
    );
    create_named(&harness.elsewhere(), 3, "ada").await;
    let Changed::Changed(again) = directory.change_member(id(1), rename("EVE")).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(again.profile.username.map(|name| name.text).as_deref(), Some("EVE"));
    assert_eq!(
        create(&directory, new(id(4), profile("eve", "", "+491701234567"))).await,
        Created::Taken(vec![Kind::Username])
    );
    assert_eq!(
        create(&directory, new(id(5), profile("", "", "+491701234567"))).await,
        Created::Created
    );
    assert_eq!(directory.change_member(id(9), rename("zoe")).await.unwrap(), Changed::Unknown);
}

pub async fn a_change_that_leaves_no_identifier_is_refused(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let nothing = Changes {
        username: Some(None),
        full_name: Some(Some("Ada".to_owned())),
        ..Changes::default()
    };
    assert_eq!(directory.change_member(id(1), nothing).await.unwrap(), Changed::Nameless);
    assert_eq!(account(&directory, id(1)).await.member.profile, profile("ada", "", ""));
}

/// Two members give names up and take them, both ways and on both nodes at once; a name always has
/// one owner or none.
pub async fn identifiers_that_two_members_exchange_never_have_two_owners(
    harness: &mut dyn Harness,
) {
    let nodes = [harness.directory(), harness.elsewhere()];
    create_named(&nodes[0], 1, "ada").await;
    create_named(&nodes[0], 2, "bob").await;
    for round in 0..6u8 {
        let names = ["ada", "bob", "eve"];
        let wish = |n: u8| {
            (id(n % 2 + 1), names[usize::from(n + round) % 3], &nodes[usize::from(n / 2) % 2])
        };
        let asked =
            (0..4).map(wish).map(|(member, name, node)| node.change_member(member, rename(name)));
        join_all(asked).await.into_iter().for_each(|answer| drop(answer.unwrap()));
        let mut owners = Vec::new();
        for name in names {
            if let Some(owner) = owner(&nodes[0], name).await {
                assert_eq!(account(&nodes[1], owner).await.member.profile, profile(name, "", ""));
                owners.push(owner);
            }
        }
        owners.sort();
        assert_eq!(owners, [id(1), id(2)], "everybody has one name, and no name two owners");
    }
}

pub async fn a_deleted_member_leaves_nothing_and_frees_everything(harness: &mut dyn Harness) {
    let directory = harness.directory();
    let ada = NewMember {
        session: Some(session(11, START)),
        ..new(id(1), profile("ada", "ada@example.org", "+491701234567"))
    };
    assert_eq!(create(&directory, ada).await, Created::Created);
    directory.begin_session(login(id(1), session(12, at_s(1)))).await.unwrap().unwrap();
    assert_eq!(directory.delete_member(id(1), at_s(5)).await.unwrap(), Some(vec![id(11), id(12)]));
    for directory in [directory.clone(), harness.elsewhere()] {
        assert_eq!(directory.delete_member(id(1), at_s(6)).await.unwrap(), None);
        assert_eq!(directory.account_of(id(1)).await.unwrap(), None);
        assert_eq!(owner(&directory, "ada").await, None);
        assert_eq!(
            (directory.members(None, 10).await.unwrap(), directory.count_members().await.unwrap()),
            (vec![], 0)
        );
        assert_eq!(living(&directory, id(1)).await, []);
        assert_eq!(
            directory.begin_session(login(id(1), session(13, at_s(7)))).await.unwrap(),
            None
        );
        assert_eq!(
            directory.refresh(refresh(id(1), 12, 0, at_s(7))).await.unwrap(),
            Refreshed::Unknown
        );
        assert_eq!(directory.change_member(id(1), rename("eve")).await.unwrap(), Changed::Unknown);
        assert!(
            !directory.offer_reset(id(1), Reset { token: [1; 32], until: at_s(9) }).await.unwrap()
        );
    }
    assert_eq!(ended(&directory, at_s(5)).await, [(id(11), at_s(5)), (id(12), at_s(5))]);
    assert_eq!(
        create(&directory, new(id(2), profile("ada", "ada@example.org", "+491701234567"))).await,
        Created::Created
    );
}

pub async fn those_of_many_who_are_there_are_found_at_once(harness: &mut dyn Harness) {
    let directory = harness.directory();
    for number in 1..=60 {
        create_named(&directory, number, &format!("member{number}")).await;
    }
    directory.delete_member(id(5), START).await.unwrap();
    let asked: Vec<Id> = (1..=70).rev().map(id).collect();
    let mut found = harness.elsewhere().members_of(asked).await.unwrap();
    found.sort_by_key(|member| member.id);
    let there: Vec<Id> = (1..=60).filter(|number| *number != 5).map(id).collect();
    assert_eq!(found.iter().map(|member| member.id).collect::<Vec<_>>(), there);
    let account = directory.account_of(id(7)).await.unwrap().unwrap();
    assert!(found.contains(&account.member));
    assert_eq!(directory.members_of(Vec::new()).await.unwrap(), []);
}

pub async fn members_come_in_the_order_of_their_ids(harness: &mut dyn Harness) {
    let directory = harness.directory();
    let numbers = [7, 3, 9, 1, 5, 200, 16, 32, 48];
    for number in numbers {
        create_named(&directory, number, &format!("member{number}")).await;
    }
    directory.delete_member(id(5), START).await.unwrap();
    let mut sorted: Vec<Id> = numbers.into_iter().filter(|number| *number != 5).map(id).collect();
    sorted.sort();
    let page = async |after, limit| {
        let page = harness.elsewhere().members(after, limit).await.unwrap();
        page.into_iter().map(|member| member.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 100).await, sorted);
    for (place, after) in sorted.iter().enumerate() {
        assert_eq!(
            page(Some(*after), 2).await,
            sorted[place + 1..].iter().copied().take(2).collect::<Vec<_>>()
        );
    }
    assert_eq!(page(None, 3).await, sorted[..3]);
}

pub async fn members_are_counted_and_administrators_are_not(harness: &mut dyn Harness) {
    let directory = harness.directory();
    let mut admin = named(1, "admin");
    admin.member.role = Role::Admin;
    assert_eq!(create(&directory, admin).await, Created::Created);
    assert_eq!(account(&directory, id(1)).await.member.role, Role::Admin);
    assert_eq!(directory.count_members().await.unwrap(), 0);
    for number in 2..8 {
        create_named(&directory, number, &format!("member{number}")).await;
    }
    assert_eq!(create(&directory, named(8, "member2")).await, Created::Taken(vec![Kind::Username]));
    directory.delete_member(id(3), START).await.unwrap();
    assert_eq!(
        (
            directory.count_members().await.unwrap(),
            harness.elsewhere().count_members().await.unwrap()
        ),
        (5, 5)
    );
}

pub async fn the_first_login_is_the_first_once(harness: &mut dyn Harness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    create_named(&nodes[0], 1, "ada").await;
    let logins = (0..12u8).map(|n| {
        let begin =
            Begin { owed: Some(vec![n]), ..login(id(1), session(n + 10, at_s(i64::from(n)))) };
        nodes[usize::from(n) % 2].begin_session(begin)
    });
    let begun: Vec<_> =
        join_all(logins).await.into_iter().map(|begun| begun.unwrap().unwrap()).collect();
    let firsts: Vec<usize> = (0..begun.len()).filter(|n| begun[*n].first_login).collect();
    let [first] = firsts[..] else { panic!("{firsts:?} were the first") };
    assert!(begun.iter().all(|one| one.owed == Some(vec![first as u8])));
    let member = account(&nodes[0], id(1)).await.member;
    assert_eq!(
        (member.first_login_at, member.last_login_at),
        (Some(at_s(first as i64)), Some(at_s(11)))
    );
    assert_eq!(living(&nodes[1], id(1)).await.len(), 12);
}

pub async fn the_last_login_never_goes_back(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for (number, seconds, last) in [(11, 10, 10), (12, 5, 10), (13, 20, 20)] {
        let begun = directory
            .begin_session(login(id(1), session(number, at_s(seconds))))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (begun.member.first_login_at, begun.member.last_login_at),
            (Some(at_s(10)), Some(at_s(last)))
        );
    }
}

pub async fn a_session_begins_only_with_the_password_that_still_is(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let old = Begin { knew: "another".to_owned(), ..login(id(1), session(11, START)) };
    assert_eq!(directory.begin_session(old).await.unwrap(), None);
    assert_eq!(directory.begin_session(login(id(2), session(12, START))).await.unwrap(), None);
    assert_eq!(account(&directory, id(1)).await.member.first_login_at, None);
    assert_eq!(living(&directory, id(1)).await, []);
}

pub async fn a_rehashed_password_is_the_new_one(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let begin = Begin { rehashed: Some("anew".to_owned()), ..login(id(1), session(11, START)) };
    assert!(directory.begin_session(begin).await.unwrap().unwrap().first_login);
    assert_eq!(account(&directory, id(1)).await.password_hash, "anew");
}

pub async fn a_repeated_registration_is_no_login(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let begin = Begin { login: false, owed: Some(vec![1]), ..login(id(1), session(11, START)) };
    let begun = directory.begin_session(begin).await.unwrap().unwrap();
    assert_eq!((begun.first_login, begun.owed, begun.member.last_login_at), (false, None, None));
    assert_eq!(living(&directory, id(1)).await, [id(11)]);
}

pub async fn a_refresh_rotates_repeats_and_ends(harness: &mut dyn Harness) {
    let directory = harness.directory();
    let ada = NewMember { session: Some(session(11, START)), ..named(1, "ada") };
    assert_eq!(create(&directory, ada).await, Created::Created);
    let role = Role::Member;
    for (directory, step, seconds, expected) in [
        (directory.clone(), 0, 10, Refreshed::Rotated { step: 1, role }),
        (harness.elsewhere(), 0, 20, Refreshed::Repeated { step: 1, role }),
        (harness.elsewhere(), 1, 30, Refreshed::Rotated { step: 2, role }),
        (directory.clone(), 3, 31, Refreshed::Unknown),
        (directory.clone(), 0, 32, Refreshed::Reused),
        (harness.elsewhere(), 2, 33, Refreshed::Unknown),
    ] {
        assert_eq!(
            directory.refresh(refresh(id(1), 11, step, at_s(seconds))).await.unwrap(),
            expected,
            "step {step} at {seconds} s"
        );
    }
    assert_eq!(ended(&directory, START).await, [(id(11), at_s(32))]);
}

pub async fn of_many_refreshes_at_once_one_rotates(harness: &mut dyn Harness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let ada = NewMember { session: Some(session(11, START)), ..named(1, "ada") };
    assert_eq!(create(&nodes[0], ada).await, Created::Created);
    let all =
        join_all((0..30).map(|n| nodes[n % 2].refresh(refresh(id(1), 11, 0, at_s(10))))).await;
    let all: Vec<Refreshed> = all.into_iter().map(Result::unwrap).collect();
    let role = Role::Member;
    assert_eq!(
        all.iter().filter(|one| **one == Refreshed::Rotated { step: 1, role }).count(),
        1,
        "{all:?}"
    );
    assert_eq!(
        all.iter().filter(|one| **one == Refreshed::Repeated { step: 1, role }).count(),
        29,
        "{all:?}"
    );
}

pub async fn a_refresh_of_what_never_was_is_unknown(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for member in [id(1), id(2)] {
        assert_eq!(
            directory.refresh(refresh(member, 11, 0, at_s(1))).await.unwrap(),
            Refreshed::Unknown
        );
        assert!(!directory.end_session(member, id(11), at_s(1)).await.unwrap());
        assert_eq!(directory.end_sessions(member, None, at_s(1)).await.unwrap(), []);
    }
    assert_eq!(ended(&directory, START).await, []);
}

pub async fn an_ended_session_is_over_and_listed(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for (number, seconds) in [(11, 0), (12, 1), (13, 2)] {
        directory
            .begin_session(login(id(1), session(number, at_s(seconds))))
            .await
            .unwrap()
            .unwrap();
    }
    // The second ends two hours after the first.
    assert!(directory.end_session(id(1), id(11), at_s(10)).await.unwrap());
    assert!(directory.end_session(id(1), id(12), at_s(7200)).await.unwrap());
    assert!(!harness.elsewhere().end_session(id(1), id(12), at_s(7201)).await.unwrap());
    assert_eq!(living(&directory, id(1)).await, [id(13)]);
    let (first, second) = ((id(11), at_s(10)), (id(12), at_s(7200)));
    for directory in [directory, harness.elsewhere()] {
        assert_eq!(ended(&directory, at_s(10)).await, [first, second]);
        assert_eq!(ended(&directory, at_s(11)).await, [second]);
        assert_eq!(ended(&directory, at_s(7201)).await, []);
        assert_eq!(
            directory.refresh(refresh(id(1), 11, 0, at_s(20))).await.unwrap(),
            Refreshed::Unknown
        );
    }
}

pub async fn all_sessions_end_but_the_one_that_is_kept(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    create_named(&directory, 2, "bob").await;
    for number in 11..15 {
        directory.begin_session(login(id(1), session(number, START))).await.unwrap().unwrap();
    }
    directory.begin_session(login(id(2), session(21, START))).await.unwrap().unwrap();
    assert!(directory.end_session(id(1), id(11), at_s(1)).await.unwrap());
    let mut others = directory.end_sessions(id(1), Some(id(13)), at_s(2)).await.unwrap();
    others.sort();
    assert_eq!(others, [id(12), id(14)]);
    assert_eq!(living(&harness.elsewhere(), id(1)).await, [id(13)]);
    assert_eq!(
        directory.refresh(refresh(id(1), 12, 0, at_s(3))).await.unwrap(),
        Refreshed::Unknown
    );
    assert!(!directory.end_session(id(1), id(12), at_s(3)).await.unwrap());
    assert_eq!(
        directory.refresh(refresh(id(1), 13, 0, at_s(3))).await.unwrap(),
        Refreshed::Rotated { step: 1, role: Role::Member }
    );
    assert_eq!(directory.end_sessions(id(1), Some(id(13)), at_s(4)).await.unwrap(), []);
    assert_eq!(harness.elsewhere().end_sessions(id(1), None, at_s(5)).await.unwrap(), [id(13)]);
    assert_eq!(
        (living(&directory, id(1)).await, living(&directory, id(2)).await),
        (vec![], vec![id(21)])
    );
    assert_eq!(
        ended(&directory, START).await,
        [(id(11), at_s(1)), (id(12), at_s(2)), (id(13), at_s(5)), (id(14), at_s(2))]
    );
}

pub async fn a_session_ends_no_earlier_than_its_last_token_was_made(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for number in [11, 12] {
        directory.begin_session(login(id(1), session(number, at_s(3600)))).await.unwrap().unwrap();
    }
    directory.refresh(refresh(id(1), 12, 0, at_s(3700))).await.unwrap();
    // By a clock that is an hour behind.
    assert!(directory.end_session(id(1), id(11), at_s(0)).await.unwrap());
    assert_eq!(directory.end_sessions(id(1), None, at_s(1)).await.unwrap(), [id(12)]);
    assert_eq!(
        ended(&harness.elsewhere(), at_s(3600)).await,
        [(id(11), at_s(3600)), (id(12), at_s(3700))]
    );
}

pub async fn sessions_begun_after_all_were_ended_live(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for round in 0..3u8 {
        let session = session(round + 11, at_s(i64::from(round)));
        directory.begin_session(login(id(1), session)).await.unwrap().unwrap();
        assert_eq!(living(&directory, id(1)).await, [id(round + 11)]);
        assert_eq!(
            directory.end_sessions(id(1), None, at_s(i64::from(round))).await.unwrap(),
            [id(round + 11)]
        );
    }
}

pub async fn living_sessions_come_in_pages(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for number in 11..18 {
        directory.begin_session(login(id(1), session(number, START))).await.unwrap().unwrap();
    }
    assert!(directory.end_session(id(1), id(13), at_s(1)).await.unwrap());
    let page = async |after, limit| {
        let page = directory.sessions(id(1), after, limit, Time(0)).await.unwrap();
        page.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 3).await, [id(11), id(12), id(14)]);
    assert_eq!(page(Some(id(14)), 3).await, [id(15), id(16), id(17)]);
    assert_eq!(page(Some(id(17)), 3).await, []);
    let first = directory.sessions(id(1), None, 1, Time(0)).await.unwrap().remove(0);
    assert_eq!(
        (first.began_at, first.refreshed_at, first.agent.as_deref()),
        (START, START, Some("browser 11"))
    );
}

pub async fn dead_sessions_are_forgotten_and_not_listed(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for (number, seconds) in [(11, 0), (12, 500)] {
        directory
            .begin_session(login(id(1), session(number, at_s(seconds))))
            .await
            .unwrap()
            .unwrap();
    }
    let alive = directory.sessions(id(1), None, 10, at_s(100)).await.unwrap();
    assert_eq!(alive.into_iter().map(|session| session.id).collect::<Vec<_>>(), [id(12)]);
    assert_eq!(
        directory.refresh(refresh(id(1), 11, 0, at_s(1001))).await.unwrap(),
        Refreshed::Unknown
    );
    let begin = Begin { dead_before: at_s(100), ..login(id(1), session(13, at_s(1100))) };
    directory.begin_session(begin).await.unwrap().unwrap();
    assert_eq!(living(&directory, id(1)).await, [id(12), id(13)], "the dead one is forgotten");
}

pub async fn a_password_is_set_only_for_a_reason_that_holds(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let set = async |member, hash: &str, because| {
        let new = NewPassword { member, hash: hash.to_owned(), at: START, because };
        directory.set_password(new).await.unwrap().is_some()
    };
    let knew = |hash: &str| Because::Knew { old_hash: hash.to_owned(), keep: None };
    assert!(!set(id(1), "two", knew("none")).await && !set(id(2), "two", Because::Ordered).await);
    assert!(!set(id(1), "two", Because::Reset { token: [0; 32] }).await);
    assert_eq!(account(&directory, id(1)).await.password_hash, HASH);
    assert!(set(id(1), "two", knew(HASH)).await && !set(id(1), "three", knew(HASH)).await);
    assert!(set(id(1), "three", Because::Ordered).await);
    assert_eq!(account(&harness.elsewhere(), id(1)).await.password_hash, "three");
}

pub async fn a_new_password_ends_the_sessions_it_should(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    for number in 11..14 {
        directory.begin_session(login(id(1), session(number, START))).await.unwrap().unwrap();
    }
    let knew = Because::Knew { old_hash: HASH.to_owned(), keep: Some(id(12)) };
    let new = NewPassword { member: id(1), hash: "two".to_owned(), at: at_s(1), because: knew };
    let mut gone = directory.set_password(new).await.unwrap().unwrap();
    gone.sort();
    assert_eq!((gone, living(&directory, id(1)).await), (vec![id(11), id(13)], vec![id(12)]));
    let ordered = NewPassword {
        member: id(1),
        hash: "three".to_owned(),
        at: at_s(2),
        because: Because::Ordered,
    };
    assert_eq!(directory.set_password(ordered).await.unwrap(), Some(vec![id(12)]));
    assert_eq!(
        ended(&directory, START).await,
        [(id(11), at_s(1)), (id(12), at_s(2)), (id(13), at_s(1))]
    );
}

pub async fn a_reset_is_good_once(harness: &mut dyn Harness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let offer = Reset { token: [7; 32], until: at_s(100) };
    assert!(
        directory.offer_reset(id(1), Reset { token: [6; 32], until: at_s(100) }).await.unwrap()
    );
    assert!(
        directory.offer_reset(id(1), offer).await.unwrap()
            && !directory.offer_reset(id(2), offer).await.unwrap()
    );
    assert_eq!(account(&directory, id(1)).await.reset, Some(offer));
    let reset = |token: u8, seconds| {
        let because = Because::Reset { token: [token; 32] };
        let new = NewPassword { member: id(1), hash: "two".to_owned(), at: at_s(seconds), because };
        [directory.set_password(new.clone()), harness.elsewhere().set_password(new)]
    };
    let good = async |token, seconds| {
        join_all(reset(token, seconds))
            .await
            .into_iter()
            .filter(|set| set.as_ref().unwrap().is_some())
            .count()
    };
    assert_eq!(
        (good(6, 1).await, good(7, 101).await, good(7, 100).await, good(7, 100).await),
        (0, 0, 1, 0)
    );
    assert_eq!(account(&directory, id(1)).await.reset, None);
}

pub async fn what_is_owed_is_listed_until_it_is_settled(harness: &mut dyn Harness) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    for number in 1..6 {
        let member = create_named(&directory, number, &format!("member{number}")).await;
        let owed = (number != 3).then(|| vec![number]);
        let begun = directory
            .begin_session(Begin {
                owed: owed.clone(),
                ..login(member, session(number + 10, at_s(1)))
            })
            .await;
        assert_eq!(begun.unwrap().unwrap().owed, owed);
    }
    let owing = |number: u8, owed: &[u8]| Owing {
        member: id(number),
        first_login_at: at_s(1),
        owed: owed.to_vec(),
    };
    assert_eq!(
        elsewhere.owing(None, 3).await.unwrap(),
        [owing(1, &[1]), owing(2, &[2]), owing(4, &[4])]
    );
    assert_eq!(elsewhere.owing(Some(id(4)), 3).await.unwrap(), [owing(5, &[5])]);
    assert!(!directory.settle_owed(id(1), vec![9], None).await.unwrap());
    assert!(directory.settle_owed(id(1), vec![1], Some(vec![8])).await.unwrap());
    assert!(
        directory.settle_owed(id(2), vec![2], None).await.unwrap()
            && !directory.settle_owed(id(2), vec![2], None).await.unwrap()
    );
    directory.delete_member(id(4), at_s(2)).await.unwrap();
    for directory in [directory.clone(), elsewhere] {
        assert_eq!(directory.owing(None, 10).await.unwrap(), [owing(1, &[8]), owing(5, &[5])]);
    }
    let again = directory
        .begin_session(Begin { owed: Some(vec![7]), ..login(id(2), session(22, at_s(3))) })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.first_login, again.owed), (false, None));
}

pub async fn a_home_is_remembered_until_there_are_too_many_or_its_member_is_deleted(
    harness: &mut dyn Harness,
) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    create_named(&directory, 2, "bob").await;
    let begin = async |number: u8, home| {
        let begin = Begin { home, ..login(id(1), session(number, at_s(i64::from(number)))) };
        directory.begin_session(begin).await.unwrap().unwrap();
    };
    let most = HOMES as u8;
    begin(1, None).await;
    for number in 2..=most + 2 {
        begin(number, Some(id(number))).await;
    }
    // One that is noted again is a late one.
    begin(most + 3, Some(id(3))).await;
    drop(directory);
    harness.reopen();
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    directory.prepare().await.unwrap();
    let knows = async |member, number| elsewhere.knows_home(id(member), id(number)).await.unwrap();
    assert!(!knows(1, 2).await, "the oldest of too many is forgotten");
    for number in 3..=most + 2 {
        assert!(knows(1, number).await && !knows(2, number).await, "{number}");
    }
    let another = Begin { home: Some(id(90)), ..login(id(1), session(90, at_s(90))) };
    directory.begin_session(another).await.unwrap().unwrap();
    assert!(knows(1, 90).await && knows(1, 3).await && !knows(1, 4).await);
    let knew = Begin {
        knew: "another".to_owned(),
        home: Some(id(91)),
        ..login(id(1), session(91, at_s(91)))
    };
    assert_eq!(directory.begin_session(knew).await.unwrap(), None);
    assert!(!knows(1, 91).await, "no login, no home");
    directory.delete_member(id(1), at_s(99)).await.unwrap();
    assert!(!knows(1, 90).await && !knows(1, 3).await);
}

fn keyed(number: u8, username: &str, body: u8) -> NewMember {
    let registration = Some(Registration { key: id(200), body: id(body) });
    NewMember { registration, keys_since: at_s(-10), ..named(number, username) }
}

pub async fn a_key_makes_one_account_whatever_it_is_used_for(harness: &mut dyn Harness) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    assert_eq!(directory.registered(id(200), at_s(-10)).await.unwrap(), None);
    assert_eq!(create(&directory, keyed(1, "ada", 101)).await, Created::Created);
    let ada = account(&directory, id(1)).await;
    // With another name, with the same one, and beside a name that somebody has.
    for again in [keyed(2, "bob", 102), keyed(3, "ada", 101), keyed(4, "eve", 101)] {
        assert_eq!(create(&elsewhere, again).await, Created::Before(Box::new(ada.clone())));
    }
    assert_eq!((owner(&directory, "bob").await, owner(&directory, "eve").await), (None, None));
    assert_eq!(elsewhere.registered(id(200), START).await.unwrap(), Some(ada.clone()));
    assert_eq!(elsewhere.registered(id(201), START).await.unwrap(), None);
    // Another key makes another account, and a key whose time is over can be used again.
    let other = NewMember {
        registration: Some(Registration { key: id(201), body: id(102) }),
        ..keyed(2, "bob", 102)
    };
    assert_eq!(create(&elsewhere, other).await, Created::Created);
    assert_eq!(directory.registered(id(200), at_s(1)).await.unwrap(), None);
    let mut late = NewMember { keys_since: at_s(1), ..keyed(5, "zoe", 105) };
    late.member.created_at = at_s(2);
    assert_eq!(create(&directory, late.clone()).await, Created::Created);
    assert_eq!(
        create(&elsewhere, NewMember { keys_since: at_s(1), ..keyed(6, "max", 106) }).await,
        { Created::Before(Box::new(account(&directory, id(5)).await)) }
    );
    // Whoever is deleted leaves no key.
    directory.delete_member(id(5), at_s(3)).await.unwrap();
    assert_eq!(elsewhere.registered(id(200), at_s(1)).await.unwrap(), None);
    assert_eq!(
        create(&elsewhere, NewMember { keys_since: at_s(1), ..keyed(7, "max", 106) }).await,
        Created::Created
    );
}

pub async fn of_many_accounts_with_one_key_one_is_made(harness: &mut dyn Harness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let all = (1..=20)
        .map(|n| nodes[usize::from(n) % 2].create_member(keyed(n, &format!("member{n}"), n)));
    let all: Vec<Created> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(all.iter().filter(|one| **one == Created::Created).count(), 1, "{all:?}");
    let made = nodes[0].registered(id(200), START).await.unwrap().expect("it was made");
    assert_eq!(
        all.iter().filter(|one| **one == Created::Before(Box::new(made.clone()))).count(),
        19
    );
    assert_eq!(nodes[1].count_members().await.unwrap(), 1);
}

pub async fn a_service_key_is_made_once_and_revoked_once(harness: &mut dyn Harness) {
    let directory = harness.directory();
    let key = |number: u8, name: &str| ServiceKey {
        id: id(number),
        name: name.to_owned(),
        digest: [number; 32],
        created_at: START,
        revoked_at: None,
    };
    assert_eq!(
        directory.create_service_key(key(2, "shop")).await.unwrap(),
        (key(2, "shop"), false)
    );
    let twin = ServiceKey { created_at: at_s(5), ..key(2, "bank") };
    assert_eq!(harness.elsewhere().create_service_key(twin).await.unwrap(), (key(2, "shop"), true));
    assert_eq!(
        directory.create_service_key(key(1, "bank")).await.unwrap(),
        (key(1, "bank"), false)
    );
    assert!(directory.revoke_service_key(id(2), at_s(9)).await.unwrap());
    assert!(
        !directory.revoke_service_key(id(2), at_s(10)).await.unwrap()
            && !directory.revoke_service_key(id(3), at_s(9)).await.unwrap()
    );
    let revoked = ServiceKey { revoked_at: Some(at_s(9)), ..key(2, "shop") };
    assert_eq!(harness.elsewhere().service_keys().await.unwrap(), [key(1, "bank"), revoked]);
}

pub async fn an_outsider_is_noted_as_often_as_one_likes(harness: &mut dyn Harness) {
    assert!(!harness.directory().remembers_outsider(id(1)).await.unwrap());
    for directory in [harness.directory(), harness.elsewhere(), harness.directory()] {
        directory.remember_outsider(id(1), "shop".to_owned(), "seven".to_owned()).await.unwrap();
        assert!(harness.elsewhere().remembers_outsider(id(1)).await.unwrap());
        assert!(!directory.remembers_outsider(id(2)).await.unwrap());
    }
}

pub async fn a_secret_is_made_once_and_replaced_only_by_whoever_knows_it(
    harness: &mut dyn Harness,
) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    assert_eq!(directory.secret("ring", b"one".to_vec()).await.unwrap(), b"one");
    assert_eq!(elsewhere.secret("ring", b"two".to_vec()).await.unwrap(), b"one");
    assert!(!elsewhere.replace_secret("ring", b"two".to_vec(), b"three".to_vec()).await.unwrap());
    assert!(!elsewhere.replace_secret("none", b"two".to_vec(), b"three".to_vec()).await.unwrap());
    assert!(elsewhere.replace_secret("ring", b"one".to_vec(), b"three".to_vec()).await.unwrap());
    assert_eq!(directory.secret("ring", b"four".to_vec()).await.unwrap(), b"three");
    assert!(
        directory.forget_secret("ring").await.unwrap()
            && !elsewhere.forget_secret("ring").await.unwrap()
    );
    assert_eq!(elsewhere.secret("ring", b"five".to_vec()).await.unwrap(), b"five");
    drop((directory, elsewhere));
    harness.reopen();
    harness.directory().prepare().await.unwrap();
    assert_eq!(harness.directory().secret("ring", Vec::new()).await.unwrap(), b"five");
}

pub async fn of_many_who_make_a_secret_all_get_the_same(harness: &mut dyn Harness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let all = join_all((0..20u8).map(|n| nodes[usize::from(n) % 2].secret("ring", vec![n]))).await;
    let all: Vec<Vec<u8>> = all.into_iter().map(Result::unwrap).collect();
    assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
}
