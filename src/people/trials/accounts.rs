//! What becomes of an account after it was made.

use super::house::{ELSEWHERE, House, PASSWORD, here, unauthenticated};
use crate::{Error, Reason};
use actors::Id;
use futures_util::future::join_all;
use ports::directory::{AccountRole, Changes};
use ports::profile;
use ports::profile::Identifier;
use ports::profile::IdentifierKind;

#[actix_rt::test]
async fn a_new_password_ends_the_other_sessions() {
    let house = House::new().await;
    house.register("ada").await;
    let (mine, other) = (
        house.login("ada", PASSWORD).await.unwrap().tokens,
        house.login("ada", PASSWORD).await.unwrap().tokens,
    );
    let signed = house.lets_in(&mine).unwrap();
    let change = |old: &'static str, new: &'static str| {
        house.people.passwords.change(&signed, old, new.to_owned(), ELSEWHERE)
    };
    assert_eq!(change("wrong password", "another sentence").await, Err(Error::WrongCredentials));
    assert!(matches!(change(PASSWORD, "password").await, Err(Error::Invalid(_))));
    change(PASSWORD, "another sentence").await.unwrap();
    assert!(house.lets_in(&mine).is_ok() && house.lets_in(&other).is_err());
    assert!(
        house.login("ada", PASSWORD).await.is_err()
            && house.login("ada", "another sentence").await.is_ok()
    );
}

#[actix_rt::test]
async fn a_reset_is_good_for_one_use_within_a_day() {
    let house = House::new().await;
    let ada = house.register("ada").await;
    let (replaced, offer) = (
        house.people.passwords.offer_reset(ada.member.id).await.unwrap(),
        house.people.passwords.offer_reset(ada.member.id).await.unwrap(),
    );
    let reset = |token: &str, new: &str| {
        let (people, token, new) = (house.people.clone(), token.to_owned(), new.to_owned());
        async move { people.passwords.reset(&token, new, ELSEWHERE).await }
    };
    let refused = Err(Error::Denied(unauthenticated(Reason::BadResetToken)));
    assert_eq!(reset(&replaced.token, "another sentence").await, refused);
    assert_eq!(reset("rp_nonsense", "another sentence").await, refused);
    let both = join_all([
        reset(&offer.token, "another sentence"),
        reset(&offer.token, "another sentence"),
    ])
    .await;
    assert_eq!(both.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(
        house.lets_in(&ada.tokens).is_err() && house.login("ada", "another sentence").await.is_ok()
    );
    let late = house.people.passwords.offer_reset(ada.member.id).await.unwrap();
    house.pass_s(86_401);
    assert_eq!(reset(&late.token, "a third sentence").await, refused);
    assert_eq!(house.people.passwords.offer_reset(Id([7; 16])).await.unwrap_err(), Error::Unknown);
}

#[actix_rt::test]
async fn a_deleted_member_leaves_nothing_but_an_id() {
    let house = House::new().await;
    let ada = house.register("ada").await;
    let tokens = ada.tokens;
    house.people.accounts.delete(ada.member.id).await.unwrap();
    assert_eq!(house.people.accounts.delete(ada.member.id).await, Err(Error::Unknown));
    assert!(
        house.lets_in(&tokens).is_err()
            && house.people.sessions.refresh(&tokens.refresh_token).await.is_err()
    );
    assert_eq!(house.login("ada", PASSWORD).await.unwrap_err(), Error::WrongCredentials);
    assert_eq!(house.people.accounts.find(ada.member.id).await.unwrap(), None);
    assert_eq!(house.people.accounts.count().await.unwrap(), 0);
    let again = house.register("ada").await;
    assert_ne!(again.member.id, ada.member.id);
}

#[actix_rt::test]
async fn a_change_frees_the_old_identifier_and_takes_the_new_one_or_nothing() {
    let house = House::new().await;
    let (ada, _bob) = (house.register("ada").await.member.id, house.register("bob").await);
    let rename = |name: &str| Changes {
        username: Some(Identifier::username(name).ok()),
        ..Changes::default()
    };
    assert_eq!(
        house.people.accounts.change(ada, rename("BOB"), &here()).await,
        Err(Error::Taken(vec![IdentifierKind::Username]))
    );
    let changed = house.people.accounts.change(ada, rename("Eve"), &here()).await.unwrap();
    assert_eq!(changed.profile.username.unwrap().text, "Eve");
    assert!(
        house.login("ada", PASSWORD).await.is_err() && house.login("eve", PASSWORD).await.is_ok()
    );
    let nothing = Changes { username: Some(None), ..Changes::default() };
    assert_eq!(
        house.people.accounts.change(ada, nothing, &here()).await,
        Err(Error::Invalid(vec![profile::NAMELESS]))
    );
    house.register("ada").await;
}

#[actix_rt::test]
async fn a_page_of_members_goes_on_where_the_last_one_ended() {
    let house = House::new().await;
    for n in 0..5 {
        house.pass_s(1);
        house.register(&format!("member{n}")).await;
    }
    let first = house.people.accounts.list(None, 4).await.unwrap();
    let rest = house.people.accounts.list(Some(first[3].id), 4).await.unwrap();
    assert_eq!(first[0].role, AccountRole::Admin);
    let names: Vec<String> = first
        .iter()
        .chain(&rest)
        .map(|member| member.profile.username.clone().unwrap().text)
        .collect();
    assert_eq!(names, ["admin", "member0", "member1", "member2", "member3", "member4"]);
}
