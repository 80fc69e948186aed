//! Logging in, and those who guess.

use super::house::{self, ELSEWHERE, House, PASSWORD, by, here, named};
use crate::hashing::Busy;
use crate::{Draft, DrawnPassword, Error, Login, RequestOrigin, Settings, passwords};
use futures_util::future::join_all;
use ports::directory::AccountRole;

#[actix_rt::test]
async fn everything_wrong_about_a_login_is_told_the_same() {
    let house = House::new().await;
    house.register("ada").await;
    for (account, password) in [
        ("ada", "wrong password"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("a b", PASSWORD),
        ("ada", ""),
        ("+49", "x"),
    ] {
        assert_eq!(
            house.login(account, password).await.unwrap_err(),
            Error::WrongCredentials,
            "{account} {password}"
        );
    }
    for bytes in [70, 71, 72, 256] {
        assert_eq!(
            house
                .people
                .logins
                .log_in(by("ada", &"x".repeat(bytes)), ELSEWHERE, &|_| None)
                .await
                .unwrap_err(),
            Error::WrongCredentials
        );
    }
}

#[actix_rt::test]
async fn a_paused_account_refuses_the_right_password_for_a_while() {
    let house = House::new().await;
    house.register("ada").await;
    for _ in 0..5 {
        assert!(house.login("ada", "wrong password").await.is_err());
    }
    assert_eq!(house.login("ada", PASSWORD).await.unwrap_err(), Error::WrongCredentials);
    house.pass_s(15);
    assert!(house.login("ada", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn an_address_that_fails_too_often_waits() {
    let house = House::new().await;
    house.register("ada").await;
    let guesses = (0..600).map(|n| {
        house.people.logins.log_in(by(&format!("guess{n}"), PASSWORD), ELSEWHERE, &|_| None)
    });
    join_all(guesses).await;
    assert!(matches!(
        house.people.logins.log_in(by("ada", PASSWORD), ELSEWHERE, &|_| None).await,
        Err(Error::TooMany { retry_after_s: 1..=6 })
    ));
    assert!(house.login("ada", PASSWORD).await.is_ok());
    house.pass_s(6);
    assert!(house.people.logins.log_in(by("ada", PASSWORD), ELSEWHERE, &|_| None).await.is_ok());
}

#[actix_rt::test]
async fn all_identifiers_of_a_login_must_name_one_account() {
    let house = House::new().await;
    let ada = Draft {
        email: Some("ada@example.org".to_owned()),
        phone: Some("+49 170 1234567".to_owned()),
        ..named("ada")
    };
    house.people.registrations.register(ada, PASSWORD.to_owned(), None, &here()).await.unwrap();
    house.register("bob").await;
    let login = |username: Option<&str>, email: Option<&str>, phone: Option<&str>| Login {
        username: username.map(str::to_owned),
        email: email.map(str::to_owned),
        phone: phone.map(str::to_owned),
        password: PASSWORD.to_owned(),
        ..Login::default()
    };
    for good in [
        login(Some("ADA"), None, None),
        login(None, Some("Ada@example.org"), Some("+491701234567")),
    ] {
        assert!(house.people.logins.log_in(good, &here(), &|_| None).await.is_ok());
    }
    for bad in [
        login(Some("bob"), Some("ada@example.org"), None),
        login(Some("ada@example.org"), None, None),
        login(Some("ada"), Some("x"), None),
    ] {
        assert_eq!(
            house.people.logins.log_in(bad, &here(), &|_| None).await.unwrap_err(),
            Error::WrongCredentials
        );
    }
    let nameless = house.people.logins.log_in(login(None, None, None), &here(), &|_| None).await;
    assert!(matches!(nameless, Err(Error::Invalid(_))));
}

#[actix_rt::test]
async fn strangers_do_not_shut_out_an_owner_at_home_after_a_restart_either() {
    let house = House::new().await;
    let ada = house.register("ada").await;
    house.login("ada", PASSWORD).await.unwrap();
    let house = house.restart().await;
    let from = |address: &str, password: &'static str| {
        let origin = RequestOrigin { address: address.to_owned(), agent: None };
        let people = house.people.clone();
        async move { people.logins.log_in(by("ada", password), &origin, &|_| None).await.map(drop) }
    };
    for n in 0..21 {
        assert_eq!(
            from(&format!("thief {n}"), "wrong password").await,
            Err(Error::WrongCredentials)
        );
    }
    assert_eq!(from("elsewhere", PASSWORD).await, Err(Error::WrongCredentials));
    assert_eq!(from(&here().address, PASSWORD).await, Ok(()));
    // No address is written down.
    let homes: Vec<Vec<u8>> = house
        .store
        .read(|db| db.prepare("SELECT home FROM homes")?.query_map([], |row| row.get(0))?.collect())
        .await
        .unwrap();
    assert!(homes.len() == 1 && homes[0].len() == 16);
    // Home has a budget, too.
    for _ in 0..5 {
        assert_eq!(from(&here().address, "wrong password").await, Err(Error::WrongCredentials));
    }
    assert_eq!(from(&here().address, PASSWORD).await, Err(Error::WrongCredentials));
    house.people.accounts.delete(ada.member.id).await.unwrap();
    let left: i64 = house
        .store
        .read(|db| db.query_row("SELECT count(*) FROM homes", [], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[actix_rt::test]
async fn a_changed_cost_hashes_anew_at_the_next_login() {
    let mut house = House::new().await;
    house.register("ada").await;
    house.settings.bcrypt_cost = 5;
    let house = house.restart().await;
    house.login("ada", PASSWORD).await.unwrap();
    let hash: String = house
        .store
        .read(|db| {
            db.query_row("SELECT password_hash FROM members WHERE username = 'ada'", [], |row| {
                row.get(0)
            })
        })
        .await
        .unwrap();
    assert_eq!(passwords::cost(&hash), Some(5));
    assert!(house.login("ada", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn the_first_start_makes_an_administrator_and_no_other_start_does() {
    let house = House::new().await;
    let password = house.admin_password.clone().unwrap();
    let admin = house.login("admin", &password).await.unwrap();
    let signed = house.lets_in(&admin.tokens).unwrap();
    assert_eq!(signed.caller.role, actors::Role::Admin);
    let house = house.restart().await;
    assert_eq!(house.admin_password, None);
    let new = house.people.administrator.draw_password().await.unwrap().password;
    assert!(house.lets_in(&admin.tokens).is_err());
    assert!(
        house.login("admin", &password).await.is_err() && house.login("admin", &new).await.is_ok()
    );
    let deleted = house.people.accounts.delete(admin.member.id).await;
    assert_eq!(deleted, Err(Error::LastAdministrator));
    let house = house.restart().await;
    assert!(house.admin_password.is_none() && house.login("admin", &new).await.is_ok());
}

#[actix_rt::test]
async fn there_is_a_way_in_although_somebody_else_is_called_admin() {
    let house = House::new().await;
    let first = house.people.accounts.list(None, 1).await.unwrap().remove(0).id;
    let make = house.people.registrations.create(
        first,
        named("bob"),
        PASSWORD.to_owned(),
        AccountRole::Admin,
        None,
        ELSEWHERE,
    );
    make.await.unwrap();
    house.people.accounts.delete(first).await.unwrap();
    house.register("admin").await;
    let mut names = vec!["admin".to_owned()];
    for _ in 0..2 {
        let DrawnPassword { username, password } =
            house.people.administrator.draw_password().await.unwrap();
        let drawn = house.login(&username, &password).await.unwrap();
        assert_eq!(drawn.member.role, AccountRole::Admin);
        assert!(!names.contains(&username));
        names.push(username);
    }
    assert_eq!(house.login("admin", PASSWORD).await.unwrap().member.role, AccountRole::Member);
}

#[actix_rt::test]
async fn what_cannot_be_hashed_in_time_is_refused_and_nothing_is_done() {
    let mut house = House::new().await;
    house.settings =
        Settings { hash_threads: 1, hash_queue_s: 1, bcrypt_cost: 9, ..house.settings.clone() };
    let house = house.restart().await;
    let crowd = join_all((0..500).map(|n| {
        house.people.registrations.register(
            named(&format!("member{n}")),
            PASSWORD.to_owned(),
            None,
            ELSEWHERE,
        )
    }))
    .await;
    let made = crowd.iter().filter(|one| one.is_ok()).count();
    let busy = crowd
        .iter()
        .filter(|one| matches!(one, Err(Error::Busy(Busy { retry_after_s: 1.. }))))
        .count();
    assert!(made > 0 && busy > 0 && made + busy == 500);
    assert_eq!(house.people.accounts.count().await.unwrap(), made as u64);
}

#[actix_rt::test]
async fn the_first_administrator_is_called_as_the_settings_say() {
    let named = Settings {
        admin_username: "Root.Ops".to_owned(),
        admin_email: Some("ops@example.org".to_owned()),
        ..house::settings()
    };
    let house = House::with(named).await;
    let password = house.admin_password.clone().unwrap();
    for account in ["root.ops", "ops@example.org"] {
        let admin = house.login(account, &password).await.unwrap().member;
        assert_eq!(admin.role, AccountRole::Admin);
        assert_eq!(admin.profile.username.unwrap().text, "Root.Ops");
    }
    assert!(house.login("admin", &password).await.is_err());
    let drawn = house.people.administrator.draw_password().await.unwrap();
    assert_eq!(drawn.username, "Root.Ops");
    assert!(house.login("root.ops", &drawn.password).await.is_ok());
}
