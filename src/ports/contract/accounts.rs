//! Accounts and their identifiers: one owner for each, whatever happens at once.

use super::harness::DirectoryHarness;
use super::words::{
    HASH, START, account, at_s, create, create_named, ended, id, living, login, named, new, owner,
    profile, refresh, rename, session,
};
use actors::Id;
use futures_util::future::join_all;
use ports::directory::{
    Account, AccountRole, Changed, Changes, Created, Dismissed, NewMember, Refreshed, Registration,
    Reset,
};
use ports::profile::{IdentifierKind, Profile};

pub async fn an_account_is_found_by_each_of_its_identifiers_and_by_its_id(
    harness: &mut dyn DirectoryHarness,
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

pub async fn what_was_written_survives_reopening(harness: &mut dyn DirectoryHarness) {
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

pub async fn a_taken_identifier_is_named_and_nothing_is_written(
    harness: &mut dyn DirectoryHarness,
) {
    let directory = harness.directory();
    assert_eq!(
        create(&directory, new(id(1), profile("ada", "ada@example.org", ""))).await,
        Created::Created
    );
    create_named(&directory, 2, "bob").await;
    let both =
        create(&directory, new(id(3), profile("BOB", "ada@example.org", "+491701234567"))).await;
    assert_eq!(both, Created::Taken(vec![IdentifierKind::Username, IdentifierKind::Email]));
    assert_eq!(directory.account_of(id(3)).await.unwrap(), None);
    assert_eq!(
        (owner(&directory, "bob").await, owner(&directory, "ada@example.org").await),
        (Some(id(2)), Some(id(1)))
    );
    assert_eq!(directory.members(None, 10).await.unwrap().len(), 2);
}

pub async fn a_free_identifier_beside_a_taken_one_stays_free(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    create_named(&directory, 1, "ada").await;
    let refused =
        create(&directory, new(id(2), profile("ada", "eve@example.org", "+491701234567"))).await;
    assert_eq!(refused, Created::Taken(vec![IdentifierKind::Username]));
    assert_eq!(owner(&directory, "eve@example.org").await, None);
    assert_eq!(
        create(&directory, new(id(3), profile("eve", "eve@example.org", "+491701234567"))).await,
        Created::Created
    );
}

pub async fn one_of_many_that_want_the_same_identifier_gets_it(harness: &mut dyn DirectoryHarness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let all = (1..=40).map(|n| {
        nodes[usize::from(n) % 2].create_member(new(id(n), profile("", "ada@example.org", "")))
    });
    let all: Vec<Created> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    let made: Vec<usize> = (0..all.len()).filter(|n| all[*n] == Created::Created).collect();
    assert_eq!(made.len(), 1, "{all:?}");
    assert_eq!(
        all.iter().filter(|one| **one == Created::Taken(vec![IdentifierKind::Email])).count(),
        39
    );
    assert_eq!(owner(&nodes[0], "ada@example.org").await, Some(id(made[0] as u8 + 1)));
    assert_eq!(nodes[1].count_members().await.unwrap(), 1);
}

/// Each shares the name with one half and the number with the other. So only one can be, or two
/// that share nothing.
pub async fn one_of_many_that_want_overlapping_identifiers_gets_them(
    harness: &mut dyn DirectoryHarness,
) {
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
    // What no account lists is free for the next member.
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
    harness: &mut dyn DirectoryHarness,
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
        Changed::Taken(vec![IdentifierKind::Username])
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
        Created::Taken(vec![IdentifierKind::Username])
    );
    assert_eq!(
        create(&directory, new(id(5), profile("", "", "+491701234567"))).await,
        Created::Created
    );
    assert_eq!(directory.change_member(id(9), rename("zoe")).await.unwrap(), Changed::Unknown);
}

pub async fn a_change_that_leaves_no_identifier_is_refused(harness: &mut dyn DirectoryHarness) {
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
    harness: &mut dyn DirectoryHarness,
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
        assert_eq!(owners, [id(1), id(2)], "each member has one name, and no name two owners");
    }
}

pub async fn a_deleted_member_leaves_nothing_and_frees_everything(
    harness: &mut dyn DirectoryHarness,
) {
    let directory = harness.directory();
    let ada = NewMember {
        session: Some(session(11, START)),
        ..new(id(1), profile("ada", "ada@example.org", "+491701234567"))
    };
    assert_eq!(create(&directory, ada).await, Created::Created);
    directory.begin_session(login(id(1), session(12, at_s(1)))).await.unwrap().unwrap();
    assert_eq!(
        directory.delete_member(id(1), at_s(5)).await.unwrap(),
        Dismissed::Done(vec![id(11), id(12)])
    );
    for directory in [directory.clone(), harness.elsewhere()] {
        assert_eq!(directory.delete_member(id(1), at_s(6)).await.unwrap(), Dismissed::Unknown);
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

pub async fn those_of_many_who_are_there_are_found_at_once(harness: &mut dyn DirectoryHarness) {
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

pub async fn members_come_in_the_order_of_their_ids(harness: &mut dyn DirectoryHarness) {
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

pub async fn members_are_counted_and_administrators_are_not(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    let mut admin = named(1, "admin");
    admin.member.role = AccountRole::Admin;
    assert_eq!(create(&directory, admin).await, Created::Created);
    assert_eq!(account(&directory, id(1)).await.member.role, AccountRole::Admin);
    assert_eq!(directory.count_members().await.unwrap(), 0);
    for number in 2..8 {
        create_named(&directory, number, &format!("member{number}")).await;
    }
    assert_eq!(
        create(&directory, named(8, "member2")).await,
        Created::Taken(vec![IdentifierKind::Username])
    );
    directory.delete_member(id(3), START).await.unwrap();
    assert_eq!(
        (
            directory.count_members().await.unwrap(),
            harness.elsewhere().count_members().await.unwrap()
        ),
        (5, 5)
    );
}
