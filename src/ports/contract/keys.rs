//! What is made once: accounts by a key, service keys, outsiders, secrets.

use super::harness::DirectoryHarness;
use super::words::{START, account, at_s, create, id, named, owner};
use futures_util::future::join_all;
use ports::directory::{Created, NewMember, Outsider, Registration, ServiceKey};
use ports::scopes::{Scope, Scopes};

fn keyed(number: u8, username: &str, body: u8) -> NewMember {
    let registration = Some(Registration { key: id(200), body: id(body) });
    NewMember { registration, keys_since: at_s(-10), ..named(number, username) }
}

pub async fn a_key_makes_one_account_whatever_it_is_used_for(harness: &mut dyn DirectoryHarness) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    assert_eq!(directory.registered(id(200), at_s(-10)).await.unwrap(), None);
    assert_eq!(create(&directory, keyed(1, "ada", 101)).await, Created::Created);
    let ada = account(&directory, id(1)).await;
    // With another name, with the same one, and beside a name that is taken.
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
    // A deleted member leaves no key.
    directory.delete_member(id(5), at_s(3)).await.unwrap();
    assert_eq!(elsewhere.registered(id(200), at_s(1)).await.unwrap(), None);
    assert_eq!(
        create(&elsewhere, NewMember { keys_since: at_s(1), ..keyed(7, "max", 106) }).await,
        Created::Created
    );
}

pub async fn of_many_accounts_with_one_key_one_is_made(harness: &mut dyn DirectoryHarness) {
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

pub async fn a_service_key_is_made_once_and_revoked_once(harness: &mut dyn DirectoryHarness) {
    let directory = harness.directory();
    let key = |number: u8, name: &str| ServiceKey {
        id: id(number),
        name: name.to_owned(),
        purpose: None,
        scopes: Scopes::MEMBERS,
        digest: [number; 32],
        created_at: START,
        expires_at: None,
        revoked_at: None,
    };
    let narrow = ServiceKey {
        purpose: Some("the checkout of the shop at the \u{e9}tang".to_owned()),
        scopes: Scopes::of([Scope::Redeem, Scope::View]),
        expires_at: Some(at_s(20)),
        ..key(2, "shop")
    };
    assert_eq!(
        directory.create_service_key(narrow.clone()).await.unwrap(),
        (narrow.clone(), false)
    );
    let twin = ServiceKey { created_at: at_s(5), ..key(2, "bank") };
    assert_eq!(harness.elsewhere().create_service_key(twin).await.unwrap(), (narrow.clone(), true));
    assert_eq!(
        directory.create_service_key(key(1, "bank")).await.unwrap(),
        (key(1, "bank"), false)
    );
    assert!(directory.revoke_service_key(id(2), at_s(9)).await.unwrap());
    assert!(
        !directory.revoke_service_key(id(2), at_s(10)).await.unwrap()
            && !directory.revoke_service_key(id(3), at_s(9)).await.unwrap()
    );
    let revoked = ServiceKey { revoked_at: Some(at_s(9)), ..narrow };
    assert_eq!(harness.elsewhere().service_keys().await.unwrap(), [key(1, "bank"), revoked]);
}

pub async fn an_outsider_is_noted_as_often_as_one_likes(harness: &mut dyn DirectoryHarness) {
    let outsider = |number, theirs: &str| Outsider {
        member: id(number),
        service: "shop".to_owned(),
        theirs: theirs.to_owned(),
    };
    let (seven, eight) = (outsider(1, "seven"), outsider(3, "eight"));
    let asked = vec![id(1), id(2), id(3), id(1)];
    assert_eq!(harness.directory().outsiders_of(asked.clone()).await.unwrap(), vec![None; 4]);
    for directory in [harness.directory(), harness.elsewhere(), harness.directory()] {
        directory.note_outsider(seven.clone()).await.unwrap();
        let found = [Some(seven.clone()), None, None, Some(seven.clone())];
        assert_eq!(harness.elsewhere().outsiders_of(asked.clone()).await.unwrap(), found);
    }
    harness.elsewhere().note_outsider(eight.clone()).await.unwrap();
    let found = [Some(seven.clone()), None, Some(eight), Some(seven)];
    assert_eq!(harness.directory().outsiders_of(asked).await.unwrap(), found);
    assert_eq!(harness.directory().outsiders_of(Vec::new()).await.unwrap(), []);
}

pub async fn a_secret_is_made_once_and_replaced_only_if_it_is_known(
    harness: &mut dyn DirectoryHarness,
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

pub async fn of_many_who_make_a_secret_all_get_the_same(harness: &mut dyn DirectoryHarness) {
    let nodes = [harness.directory(), harness.elsewhere()];
    let all = join_all((0..20u8).map(|n| nodes[usize::from(n) % 2].secret("ring", vec![n]))).await;
    let all: Vec<Vec<u8>> = all.into_iter().map(Result::unwrap).collect();
    assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
}
