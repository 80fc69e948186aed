//! Accounts are made once each.

use super::house::{ELSEWHERE, House, PASSWORD, here, mail, named};
use crate::{Draft, Error};
use actors::Id;
use futures_util::future::join_all;
use ports::directory::{AccountRole, Changes};
use ports::profile;
use ports::profile::Identifier;
use ports::profile::IdentifierKind;

#[actix_rt::test]
async fn a_thousand_parallel_registrations_of_one_address_make_one_account() {
    let house = House::new().await;
    let texts = ["ada@example.org", "ADA@example.org", "Ada@Example.Org"];
    let all = (0..1000).map(|n| {
        house.people.registrations.register(
            mail(texts[n % 3]),
            PASSWORD.to_owned(),
            None,
            ELSEWHERE,
        )
    });
    let all = join_all(all).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(
        all.into_iter()
            .filter_map(Result::err)
            .all(|error| error == Error::Taken(vec![IdentifierKind::Email]))
    );
    assert_eq!(house.people.accounts.count().await.unwrap(), 1);
}

#[actix_rt::test]
async fn absent_identifiers_never_collide_and_present_ones_do_whatever_their_form() {
    let house = House::new().await;
    house.register("zo\u{eb}").await;
    house.register("ada").await;
    house
        .people
        .registrations
        .register(mail("ada@example.org"), PASSWORD.to_owned(), None, &here())
        .await
        .unwrap();
    let again = house
        .people
        .registrations
        .register(named("ZOE\u{308}"), PASSWORD.to_owned(), None, &here())
        .await;
    assert_eq!(again.err(), Some(Error::Taken(vec![IdentifierKind::Username])));
    assert!(house.login("ZOE\u{308}", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn a_repeated_registration_is_the_same_account_with_new_tokens() {
    let house = House::new().await;
    let ask = |draft, password: &str, key| {
        let (people, password) = (house.people.clone(), password.to_owned());
        async move { people.registrations.register(draft, password, Some(key), &here()).await }
    };
    let first = ask(named("ada"), PASSWORD, "k").await.unwrap();
    let again = ask(named("ada"), PASSWORD, "k").await.unwrap();
    assert!(again.again && !first.again && again.member.id == first.member.id);
    assert_ne!(again.tokens.session, first.tokens.session);
    assert_eq!(again.member.first_login_at, None);
    assert_eq!(ask(named("ada"), "another password", "k").await.err(), Some(Error::KeyReused));
    assert_eq!(
        ask(Draft { email: Some("a@b.c".to_owned()), ..named("ada") }, PASSWORD, "k").await.err(),
        Some(Error::KeyReused)
    );
    assert_eq!(
        ask(named("ada"), PASSWORD, "other").await.err(),
        Some(Error::Taken(vec![IdentifierKind::Username]))
    );
    let parallel = join_all((0..50).map(|_| ask(named("bob"), PASSWORD, "b"))).await;
    assert_eq!(parallel.iter().filter(|one| one.as_ref().is_ok_and(|one| !one.again)).count(), 1);
    assert!(parallel.iter().all(Result::is_ok));
}

#[actix_rt::test]
async fn a_key_makes_one_account_whatever_else_is_asked_for_with_it() {
    let house = House::new().await;
    let register = |name: &str, key| {
        let (people, draft) = (house.people.clone(), named(name));
        async move {
            people.registrations.register(draft, PASSWORD.to_owned(), Some(key), ELSEWHERE).await
        }
    };
    let create = |by: u8, name: &str| {
        let (people, draft) = (house.people.clone(), named(name));
        let (role, password) = (AccountRole::Member, PASSWORD.to_owned());
        async move {
            people
                .registrations
                .create(Id([by; 16]), draft, password, role, Some("k"), ELSEWHERE)
                .await
        }
    };
    let ada = register("ada", "k").await.unwrap();
    assert_eq!(register("bob", "k").await.err(), Some(Error::KeyReused));
    let eve = create(1, "eve").await.unwrap();
    assert_eq!(create(1, "max").await.err(), Some(Error::KeyReused));
    // Another administrator's keys are their own.
    assert!(!create(2, "zoe").await.unwrap().again);
    let all = join_all((0..20).map(|n| register(["uma", "ivo"][n % 2], "both"))).await;
    assert_eq!(all.iter().filter(|one| one.as_ref().is_ok_and(|one| !one.again)).count(), 1);
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 10);
    assert!(all.into_iter().filter_map(Result::err).all(|error| error == Error::KeyReused));
    assert_eq!(house.people.accounts.count().await.unwrap(), 4);
    // Also over a restart, and when the account has another name by now.
    let rename =
        Changes { username: Some(Identifier::username("lovelace").ok()), ..Changes::default() };
    house.people.accounts.change(ada.member.id, rename, ELSEWHERE).await.unwrap();
    let house = house.restart().await;
    let ask = |draft, key| {
        house.people.registrations.register(draft, PASSWORD.to_owned(), Some(key), ELSEWHERE)
    };
    let again = ask(named("ada"), "k").await.unwrap();
    assert!(again.again && again.member.id == ada.member.id);
    assert_eq!(ask(named("bob"), "k").await.err(), Some(Error::KeyReused));
    // Until the key is forgotten, or its account is.
    house.people.accounts.delete(eve.member.id).await.unwrap();
    let role = AccountRole::Member;
    let max = house.people.registrations.create(
        Id([1; 16]),
        named("max"),
        PASSWORD.to_owned(),
        role,
        Some("k"),
        ELSEWHERE,
    );
    assert!(!max.await.unwrap().again);
    house.pass_s(i64::from(house.settings.idempotency_s) + 1);
    assert!(!ask(named("bob"), "k").await.unwrap().again);
}

#[actix_rt::test]
async fn all_that_is_wrong_with_a_registration_is_said_at_once() {
    let house = House::new().await;
    let draft = Draft {
        username: Some("a".to_owned()),
        email: Some("x".to_owned()),
        phone: Some("1".to_owned()),
        full_name: Some(String::new()),
        birthday: Some("2999-01-01".to_owned()),
    };
    let Err(Error::Invalid(flaws)) =
        house.people.registrations.register(draft, "short".to_owned(), None, &here()).await
    else {
        panic!()
    };
    let fields: Vec<&str> = flaws.iter().map(|flaw| flaw.field).collect();
    assert_eq!(fields, ["username", "email", "phone", "full_name", "birthday", "password"]);
    let nameless = house
        .people
        .registrations
        .register(Draft::default(), PASSWORD.to_owned(), None, &here())
        .await;
    assert_eq!(nameless.err(), Some(Error::Invalid(vec![profile::NAMELESS])));
}
