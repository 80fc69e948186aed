//! Services, their keys and their members.

use super::house::{House, unauthenticated};
use crate::{Denied, Error, Reason};
use actors::Id;
use ports::Directory;

#[actix_rt::test]
async fn a_service_acts_for_its_own_members_and_for_itself_without_a_name() {
    let house = House::new().await;
    let made = house.people.service_keys.create("shop").await.unwrap();
    let with = |key: &str, of: Option<&str>| {
        house.people.access.authenticate(Some(&format!("Bearer {key}")), of)
    };
    let ada = with(&made.key, Some("ada")).unwrap();
    let is_noted = async || house.store.outsiders_of(vec![ada.caller.id]).await.unwrap() != [None];
    assert!(ada.is_member() && !is_noted().await);
    let introduction = house.people.outsiders.introduce(&ada).await.unwrap().expect("they are new");
    introduction.await.unwrap();
    assert!(is_noted().await && house.people.outsiders.introduce(&ada).await.unwrap().is_none());
    assert!(!with(&made.key, None).unwrap().is_member());
    assert_eq!(with(&made.key, Some("a b")).err(), Some(Denied::BadOnBehalfOf));
    assert_eq!(
        with("sk_forged", Some("ada")).err(),
        Some(unauthenticated(Reason::UnknownServiceKey))
    );
    let second = house.people.service_keys.create("shop").await.unwrap();
    assert_eq!(with(&second.key, Some("ada")).unwrap().caller, ada.caller);
    let other = house.people.service_keys.create("bank").await.unwrap();
    assert_ne!(with(&other.key, Some("ada")).unwrap().caller, ada.caller);
    assert!(
        house.people.service_keys.revoke(made.id).await.unwrap()
            && !house.people.service_keys.revoke(made.id).await.unwrap()
    );
    assert!(with(&made.key, Some("ada")).is_err());
    let house = house.restart().await;
    let with = |key: &str, of: Option<&str>| {
        house.people.access.authenticate(Some(&format!("Bearer {key}")), of)
    };
    assert!(with(&second.key, Some("ada")).is_ok() && with(&made.key, Some("ada")).is_err());
    let member = house.register("ada").await.tokens;
    let posing = house
        .people
        .access
        .authenticate(Some(&format!("bearer {}", member.access_token)), Some("bob"));
    assert_eq!(posing.err(), Some(Denied::NotAService));
}

#[actix_rt::test]
async fn the_same_idempotency_key_makes_the_same_service_key() {
    let house = House::new().await;
    let ask = |name: &'static str, key: &'static str| {
        house.people.service_keys.create_once(name, Id([1; 16]), key)
    };
    let (one, again, other) = (
        ask("shop", "k").await.unwrap(),
        ask("shop", "k").await.unwrap(),
        ask("shop", "l").await.unwrap(),
    );
    assert!(
        one.key == again.key
            && one.id == again.id
            && again.again
            && !one.again
            && other.key != one.key
    );
    assert_eq!(ask("bank", "k").await.err(), Some(Error::KeyReused));
}
