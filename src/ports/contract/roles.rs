//! Roles, and that one administrator stays.

use super::harness::DirectoryHarness;
use super::words::{
    START, account, at_s, create, create_named, ended, id, living, login, named, session,
};
use actors::Id;
use futures_util::future::join_all;
use ports::directory::{AccountRole, Created, Directory, Dismissed};
use std::sync::Arc;

async fn create_administrator(directory: &Arc<dyn Directory>, number: u8) {
    let mut new = named(number, &format!("admin{number}"));
    new.member.role = AccountRole::Admin;
    assert_eq!(create(directory, new).await, Created::Created);
}

async fn role_of(directory: &Arc<dyn Directory>, member: Id) -> AccountRole {
    account(directory, member).await.member.role
}

pub async fn another_role_ends_the_sessions_and_is_seen_everywhere(
    harness: &mut dyn DirectoryHarness,
) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    create_named(&directory, 1, "ada").await;
    create_named(&directory, 2, "bob").await;
    create_administrator(&directory, 3).await;
    directory.begin_session(login(id(1), session(11, START))).await.unwrap().unwrap();
    let change = |role| directory.change_role(id(1), role, at_s(2));
    assert_eq!(change(AccountRole::Operator).await.unwrap(), Dismissed::Done(vec![id(11)]));
    assert_eq!(role_of(&elsewhere, id(1)).await, AccountRole::Operator);
    assert_eq!(living(&elsewhere, id(1)).await, []);
    assert_eq!(ended(&directory, START).await, [(id(11), at_s(2))]);
    assert_eq!(elsewhere.count_members().await.unwrap(), 1);
    // The same again ends nothing.
    directory.begin_session(login(id(1), session(12, at_s(3)))).await.unwrap().unwrap();
    assert_eq!(change(AccountRole::Operator).await.unwrap(), Dismissed::Done(vec![]));
    assert_eq!(living(&elsewhere, id(1)).await, [id(12)]);
    for role in [AccountRole::Viewer, AccountRole::Admin, AccountRole::Member] {
        assert!(matches!(change(role).await.unwrap(), Dismissed::Done(_)));
        assert_eq!(role_of(&elsewhere, id(1)).await, role);
    }
    assert_eq!(elsewhere.count_members().await.unwrap(), 2);
    assert_eq!(
        directory.change_role(id(9), AccountRole::Viewer, START).await.unwrap(),
        Dismissed::Unknown
    );
}

pub async fn the_last_administrator_is_neither_deleted_nor_demoted(
    harness: &mut dyn DirectoryHarness,
) {
    let (directory, elsewhere) = (harness.directory(), harness.elsewhere());
    create_administrator(&directory, 1).await;
    create_named(&directory, 2, "ada").await;
    for directory in [&directory, &elsewhere] {
        assert_eq!(
            directory.delete_member(id(1), START).await.unwrap(),
            Dismissed::LastAdministrator
        );
        assert_eq!(
            directory.change_role(id(1), AccountRole::Operator, START).await.unwrap(),
            Dismissed::LastAdministrator
        );
    }
    assert_eq!(role_of(&elsewhere, id(1)).await, AccountRole::Admin);
    // One who was promoted counts as one who was made.
    directory.change_role(id(2), AccountRole::Admin, START).await.unwrap();
    assert_eq!(elsewhere.delete_member(id(1), START).await.unwrap(), Dismissed::Done(vec![]));
    assert_eq!(
        directory.change_role(id(2), AccountRole::Member, START).await.unwrap(),
        Dismissed::LastAdministrator
    );
    create_administrator(&elsewhere, 3).await;
    assert_eq!(
        directory.change_role(id(2), AccountRole::Member, START).await.unwrap(),
        Dismissed::Done(vec![])
    );
    assert_eq!(elsewhere.delete_member(id(3), START).await.unwrap(), Dismissed::LastAdministrator);
}

pub async fn of_many_administrators_who_leave_at_once_one_stays(
    harness: &mut dyn DirectoryHarness,
) {
    let nodes = [harness.directory(), harness.elsewhere()];
    for number in 1..=6 {
        create_administrator(&nodes[0], number).await;
    }
    let leave = |number: u8| {
        let node = &nodes[usize::from(number / 2) % 2];
        match number % 2 {
            0 => node.delete_member(id(number), START),
            _ => node.change_role(id(number), AccountRole::Member, START),
        }
    };
    // Who is in the way of too many others may have to ask again.
    for _ in 0..6 {
        let came = join_all((1..=6).map(leave)).await;
        assert!(came.iter().any(Result::is_ok), "{came:?}");
    }
    let mut left = 0;
    for number in 1..=6 {
        let account = nodes[0].account_of(id(number)).await.unwrap();
        let role = account.map(|account| account.member.role);
        left += usize::from(role == Some(AccountRole::Admin));
    }
    assert_eq!(left, 1);
}
