//! Sessions: they go on, are stolen, and end.

use super::house::{ELSEWHERE, House, PASSWORD, START, by, unauthenticated};
use crate::{Error, LoggedIn, Reason, Tokens};
use actors::Id;
use actors::time::Time;
use futures_util::future::join_all;
use ports::directory::AccountRole;
use std::sync::atomic::Ordering;

#[actix_rt::test]
async fn twenty_parallel_first_logins_have_one_first() {
    let house = House::new().await;
    let ada = house.register("ada").await;
    assert_eq!(ada.member.first_login_at, None);
    house.pass_s(1);
    let owes: Vec<_> = (0..20u8).map(|n| move |_| Some(vec![n])).collect();
    let logins =
        owes.iter().map(|owes| house.people.logins.log_in(by("ada", PASSWORD), ELSEWHERE, owes));
    let logins: Vec<LoggedIn> = join_all(logins).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(logins.iter().filter(|login| login.first_login).count(), 1);
    let first = logins.iter().position(|login| login.first_login).unwrap() as u8;
    let owed: Vec<u8> = house
        .store
        .read(|db| {
            db.query_row("SELECT owed FROM members WHERE username = 'ada'", [], |row| row.get(0))
        })
        .await
        .unwrap();
    assert_eq!(owed, [first]);
    house.pass_s(1);
    let house = house.restart().await;
    let later = house.login("ada", PASSWORD).await.unwrap();
    assert!(!later.first_login);
    assert_eq!(later.member.first_login_at, Some(Time(START + 1000)));
    assert_eq!(later.member.last_login_at, Some(Time(START + 2000)));
}

#[actix_rt::test]
async fn a_thousand_parallel_refreshes_of_one_token_have_one_successor() {
    let house = House::new().await;
    let old = house.register("ada").await.tokens;
    let all = join_all((0..1000).map(|_| house.people.sessions.refresh(&old.refresh_token))).await;
    let successors: Vec<String> =
        all.into_iter().map(|tokens| tokens.unwrap().refresh_token).collect();
    assert!(successors.iter().all(|one| *one == successors[0] && *one != old.refresh_token));
    house.pass_s(30);
    assert_eq!(
        house.people.sessions.refresh(&old.refresh_token).await.unwrap().refresh_token,
        successors[0]
    );
    let newest = house.people.sessions.refresh(&successors[0]).await.unwrap();
    assert!(house.lets_in(&newest).is_ok());
    let reused = house.people.sessions.refresh(&old.refresh_token).await;
    assert_eq!(reused, Err(Error::Denied(unauthenticated(Reason::RefreshTokenReused))));
    assert_eq!(house.lets_in(&newest).err(), Some(unauthenticated(Reason::Revoked)));
    assert_eq!(
        house.people.sessions.refresh(&newest.refresh_token).await,
        Err(Error::Denied(unauthenticated(Reason::SessionOver)))
    );
}

#[actix_rt::test]
async fn a_session_that_ended_while_the_clock_was_behind_stays_ended() {
    let house = House::new().await;
    let (one, other) =
        (house.register("ada").await.tokens, house.login("ada", PASSWORD).await.unwrap());
    let (member, both) = (other.member.id, [one, other.tokens]);
    house.pass_s(-3600);
    assert!(house.people.sessions.end(member, both[0].session).await.unwrap());
    assert_eq!(house.people.sessions.end_all(member).await.unwrap(), 1);
    house.pass_s(3600 + 10);
    house.people.tidy().await.unwrap();
    for tokens in &both {
        assert_eq!(house.lets_in(tokens).err(), Some(unauthenticated(Reason::Revoked)));
    }
    let house = house.restart().await;
    for tokens in &both {
        assert_eq!(house.lets_in(tokens).err(), Some(unauthenticated(Reason::Revoked)));
    }
    // As long as their tokens live, and no longer.
    house.pass_s(i64::from(house.settings.token_s) + 60);
    house.people.tidy().await.unwrap();
    assert_eq!(house.people.ended.count(), 0);
    assert_eq!(house.lets_in(&both[0]).err(), Some(unauthenticated(Reason::Expired)));
}

#[actix_rt::test]
async fn a_clock_that_is_set_back_brings_no_ended_session_to_life() {
    let house = House::new().await;
    let (one, other) =
        (house.register("ada").await.tokens, house.login("ada", PASSWORD).await.unwrap());
    assert!(house.people.sessions.end(other.member.id, one.session).await.unwrap());
    house.pass_s(3600);
    house.people.tidy().await.unwrap();
    assert_eq!(house.people.ended.count(), 0);
    house.pass_s(-3500);
    knows_which_has_ended(&house, &one, &other.tokens).await;
    house.pass_s(3500);
    let house = house.restart().await;
    house.pass_s(-3500);
    knows_which_has_ended(&house, &one, &other.tokens).await;
}

async fn knows_which_has_ended(house: &House, ended: &Tokens, living: &Tokens) {
    let let_in = async |tokens: &Tokens| {
        let signed = house
            .people
            .access
            .let_in(Some(&format!("Bearer {}", tokens.access_token)), None)
            .await;
        signed.map(|signed| signed.session())
    };
    assert_eq!(let_in(ended).await, Err(Error::Denied(unauthenticated(Reason::Revoked))));
    assert_eq!(let_in(living).await, Ok(Some(living.session)));
}

#[actix_rt::test]
async fn a_late_repeat_of_a_refresh_is_a_theft() {
    let house = House::new().await;
    let old = house.register("ada").await.tokens;
    let new = house.people.sessions.refresh(&old.refresh_token).await.unwrap();
    house.pass_s(31);
    assert!(house.people.sessions.refresh(&old.refresh_token).await.is_err());
    assert!(house.people.sessions.refresh(&new.refresh_token).await.is_err());
    assert!(house.login("ada", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn a_session_lives_thirty_days_from_its_last_refresh() {
    let house = House::new().await;
    let mut tokens = house.register("ada").await.tokens;
    for _ in 0..3 {
        house.pass_s(29 * 86_400);
        tokens = house.people.sessions.refresh(&tokens.refresh_token).await.unwrap();
    }
    house.pass_s(30 * 86_400 + 1);
    assert!(house.people.sessions.refresh(&tokens.refresh_token).await.is_err());
    let login = house.login("ada", PASSWORD).await.unwrap();
    let living: Vec<Id> = house
        .people
        .sessions
        .list(login.member.id, None, 10)
        .await
        .unwrap()
        .iter()
        .map(|session| session.id)
        .collect();
    assert_eq!(living, [login.tokens.session]);
}

#[actix_rt::test]
async fn sessions_go_on_over_a_restart_and_ended_ones_stay_ended() {
    let house = House::new().await;
    house.register("ada").await;
    let kept = house.login("ada", PASSWORD).await.unwrap().tokens;
    let ended = house.login("ada", PASSWORD).await.unwrap().tokens;
    let signed = house.lets_in(&ended).unwrap();
    house.people.sessions.log_out(Some(&signed), None).await.unwrap();
    let house = house.restart().await;
    assert!(house.lets_in(&kept).is_ok());
    assert_eq!(house.lets_in(&ended).err(), Some(unauthenticated(Reason::Revoked)));
    assert!(house.people.sessions.refresh(&ended.refresh_token).await.is_err());
    assert!(house.people.sessions.refresh(&kept.refresh_token).await.is_ok());
}

#[actix_rt::test]
async fn a_refresh_token_alone_is_enough_to_log_out() {
    let house = House::new().await;
    let tokens = house.register("ada").await.tokens;
    house.people.sessions.log_out(None, Some(&tokens.refresh_token)).await.unwrap();
    assert!(
        house.lets_in(&tokens).is_err()
            && house.people.sessions.refresh(&tokens.refresh_token).await.is_err()
    );
    assert!(house.people.sessions.log_out(None, Some("rt_forged")).await.is_err());
}

#[actix_rt::test]
async fn logging_out_everywhere_ends_every_session_of_one_member_only() {
    let house = House::new().await;
    let (ada, bob) = (house.register("ada").await, house.register("bob").await);
    let logins = [house.login("ada", PASSWORD).await.unwrap().tokens, ada.tokens];
    assert_eq!(house.people.sessions.end_all(ada.member.id).await.unwrap(), 2);
    assert!(logins.iter().all(|tokens| house.lets_in(tokens).is_err()));
    assert!(house.lets_in(&bob.tokens).is_ok());
    house.pass_s(901);
    assert!(house.login("ada", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn a_rotation_keeps_old_tokens_alive_until_they_expire() {
    let house = House::new().await;
    let old = house.register("ada").await.tokens;
    house.people.rotate_token_keys().await.unwrap();
    let new = house.login("ada", PASSWORD).await.unwrap().tokens;
    let header = |tokens: &Tokens| tokens.access_token.split_once('.').unwrap().0.to_owned();
    assert_ne!(header(&old), header(&new));
    assert!(house.lets_in(&old).is_ok() && house.lets_in(&new).is_ok());
    let house = house.restart().await;
    assert!(house.lets_in(&old).is_ok() && house.lets_in(&new).is_ok());
    assert!(house.people.sessions.refresh(&old.refresh_token).await.is_ok());
    house.pass_s(901);
    assert_eq!(house.lets_in(&old).err(), Some(unauthenticated(Reason::Expired)));
}

/// A token that whoever has the key that signs could write.
async fn lets_in_written(house: &House, member: Id, session: Id) -> bool {
    let now = Time(house.now.load(Ordering::Relaxed));
    let token = house.people.access.keys.issue(member, session, AccountRole::Admin, now);
    house.people.access.let_in(Some(&format!("Bearer {token}")), None).await.is_ok()
}

#[actix_rt::test]
async fn a_token_of_a_member_or_a_session_that_never_was_lets_nobody_in() {
    let house = House::new().await;
    let tokens = house.register("ada").await.tokens;
    let (ada, session) = (house.lets_in(&tokens).unwrap().caller.id, tokens.session);
    let (nobody, nowhere) = (Id([7; 16]), Id([8; 16]));
    let is_right = async |house: &House| {
        for _ in 0..2 {
            for (member, session) in [(nobody, session), (ada, nowhere), (nobody, nowhere)] {
                assert!(!lets_in_written(house, member, session).await);
            }
            assert!(lets_in_written(house, ada, session).await);
        }
    };
    is_right(&house).await;
    // The directory knows what a process that has just begun does not.
    is_right(&house.restart().await).await;
}
