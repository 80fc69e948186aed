//! Identity on the embedded store: crowds, thieves, restarts.

use super::hashing::Busy;
use super::*;
use actors::Id;
use futures_util::future::join_all;
use ports::directory::{Changes, Role};
use ports::profile;
use sqlite::SqliteStore;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

const START: i64 = 1_800_000_000_000;
const PASSWORD: &str = "correct horse battery staple";

/// An identity in a folder of its own, which is gone when the test is.
struct House {
    folder: PathBuf,
    now: Arc<AtomicI64>,
    settings: Settings,
    store: Arc<SqliteStore>,
    identity: Arc<Identity>,
    admin_password: Option<String>,
}

fn settings() -> Settings {
    Settings {
        token_s: 900,
        refresh_s: 2_592_000,
        bcrypt_cost: 4,
        hash_threads: 2,
        hash_queue_s: 60,
        failures_per_minute: 600,
        account_failures_per_minute: 5,
        service_guesses_per_minute: 3000,
        campaign_guesses_per_minute: 600,
        requests_per_minute: 0,
        new_members_per_minute: 60_000,
        idempotency_s: 3600,
        key_delay_s: 0,
        time_zone: TimeZone::UTC,
        admin_password: None,
    }
}

impl House {
    async fn new() -> House {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("stampede-identity-{}-{number}", std::process::id()));
        House::open(folder, Arc::new(AtomicI64::new(START)), settings()).await
    }

    async fn open(folder: PathBuf, now: Arc<AtomicI64>, settings: Settings) -> House {
        let store = Arc::new(SqliteStore::open(&folder, &|_, _| Vec::new()).unwrap());
        let clock = now.clone();
        let clock: Clock = Arc::new(move || Time(clock.load(Ordering::Relaxed)));
        let (identity, admin_password) =
            Identity::open(store.clone(), settings.clone(), Sharing::Alone, clock).await.unwrap();
        House { folder, now, settings, store, identity, admin_password }
    }

    async fn restart(mut self) -> House {
        let (folder, now, settings) =
            (std::mem::take(&mut self.folder), self.now.clone(), self.settings.clone());
        drop(self);
        House::open(folder, now, settings).await
    }

    fn pass_s(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    async fn register(&self, name: &str) -> Registered {
        self.identity.register(named(name), PASSWORD.to_owned(), None, &here()).await.unwrap()
    }

    async fn login(&self, account: &str, password: &str) -> Result<LoggedIn, Error> {
        self.identity.login(by(account, password), &here(), &|_| None).await
    }

    fn lets_in(&self, tokens: &Tokens) -> Result<Signed, Denied> {
        self.identity.authenticate(Some(&format!("Bearer {}", tokens.access_token)), None)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !self.folder.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// An address beside `here`, with budgets of its own.
static ELSEWHERE: &Origin = &Origin { address: String::new(), agent: None };

fn here() -> Origin {
    Origin { address: "192.0.2.1".to_owned(), agent: Some("test".to_owned()) }
}

fn named(name: &str) -> Draft {
    Draft { username: Some(name.to_owned()), ..Draft::default() }
}

fn mail(email: &str) -> Draft {
    Draft { email: Some(email.to_owned()), ..Draft::default() }
}

fn by(account: &str, password: &str) -> Login {
    Login { account: Some(account.to_owned()), password: password.to_owned(), ..Login::default() }
}

fn unauthenticated(reason: Reason) -> Denied {
    Denied::Unauthenticated(reason)
}

#[actix_rt::test]
async fn twenty_parallel_first_logins_have_one_first() {
    let house = House::new().await;
    let ada = house.register("ada").await;
    assert_eq!(ada.member.first_login_at, None);
    house.pass_s(1);
    let owes: Vec<_> = (0..20u8).map(|n| move |_| Some(vec![n])).collect();
    let logins = owes.iter().map(|owes| house.identity.login(by("ada", PASSWORD), ELSEWHERE, owes));
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
async fn a_thousand_parallel_registrations_of_one_address_make_one_account() {
    let house = House::new().await;
    let texts = ["ada@example.org", "ADA@example.org", "Ada@Example.Org"];
    let all = (0..1000)
        .map(|n| house.identity.register(mail(texts[n % 3]), PASSWORD.to_owned(), None, ELSEWHERE));
    let all = join_all(all).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(
        all.into_iter()
            .filter_map(Result::err)
            .all(|error| error == Error::Taken(vec![Kind::Email]))
    );
    assert_eq!(house.identity.count_members().await.unwrap(), 1);
}

#[actix_rt::test]
async fn absent_identifiers_never_collide_and_present_ones_do_whatever_their_form() {
    let house = House::new().await;
    house.register("zo\u{eb}").await;
    house.register("ada").await;
    house
        .identity
        .register(mail("ada@example.org"), PASSWORD.to_owned(), None, &here())
        .await
        .unwrap();
    let again =
        house.identity.register(named("ZOE\u{308}"), PASSWORD.to_owned(), None, &here()).await;
    assert_eq!(again.err(), Some(Error::Taken(vec![Kind::Username])));
    assert!(house.login("ZOE\u{308}", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn a_thousand_parallel_refreshes_of_one_token_have_one_successor() {
    let house = House::new().await;
    let old = house.register("ada").await.tokens.unwrap();
    let all = join_all((0..1000).map(|_| house.identity.refresh(&old.refresh_token))).await;
    let successors: Vec<String> =
        all.into_iter().map(|tokens| tokens.unwrap().refresh_token).collect();
    assert!(successors.iter().all(|one| *one == successors[0] && *one != old.refresh_token));
    house.pass_s(30);
    assert_eq!(
        house.identity.refresh(&old.refresh_token).await.unwrap().refresh_token,
        successors[0]
    );
    let newest = house.identity.refresh(&successors[0]).await.unwrap();
    assert!(house.lets_in(&newest).is_ok());
    let reused = house.identity.refresh(&old.refresh_token).await;
    assert_eq!(reused, Err(Error::Denied(unauthenticated(Reason::RefreshTokenReused))));
    assert_eq!(house.lets_in(&newest).err(), Some(unauthenticated(Reason::Revoked)));
    assert_eq!(
        house.identity.refresh(&newest.refresh_token).await,
        Err(Error::Denied(unauthenticated(Reason::SessionOver)))
    );
}

#[actix_rt::test]
async fn a_session_that_ended_while_the_clock_was_behind_stays_ended() {
    let house = House::new().await;
    let (one, other) =
        (house.register("ada").await.tokens.unwrap(), house.login("ada", PASSWORD).await.unwrap());
    let (member, both) = (other.member.id, [one, other.tokens]);
    house.pass_s(-3600);
    assert!(house.identity.end_session(member, both[0].session).await.unwrap());
    assert_eq!(house.identity.logout_all(member).await.unwrap(), 1);
    house.pass_s(3600 + 10);
    house.identity.tidy().await.unwrap();
    for tokens in &both {
        assert_eq!(house.lets_in(tokens).err(), Some(unauthenticated(Reason::Revoked)));
    }
    let house = house.restart().await;
    for tokens in &both {
        assert_eq!(house.lets_in(tokens).err(), Some(unauthenticated(Reason::Revoked)));
    }
    // As long as their tokens live, and no longer.
    house.pass_s(i64::from(house.settings.token_s) + 60);
    house.identity.tidy().await.unwrap();
    assert_eq!(house.identity.revoked.count(), 0);
    assert_eq!(house.lets_in(&both[0]).err(), Some(unauthenticated(Reason::Expired)));
}

#[actix_rt::test]
async fn a_clock_that_is_set_back_brings_no_ended_session_to_life() {
    let house = House::new().await;
    let (one, other) =
        (house.register("ada").await.tokens.unwrap(), house.login("ada", PASSWORD).await.unwrap());
    assert!(house.identity.end_session(other.member.id, one.session).await.unwrap());
    house.pass_s(3600);
    house.identity.tidy().await.unwrap();
    assert_eq!(house.identity.revoked.count(), 0);
    house.pass_s(-3500);
    knows_which_has_ended(&house, &one, &other.tokens).await;
    house.pass_s(3500);
    let house = house.restart().await;
    house.pass_s(-3500);
    knows_which_has_ended(&house, &one, &other.tokens).await;
}

async fn knows_which_has_ended(house: &House, ended: &Tokens, living: &Tokens) {
    let let_in = async |tokens: &Tokens| {
        let signed =
            house.identity.let_in(Some(&format!("Bearer {}", tokens.access_token)), None).await;
        signed.map(|signed| signed.session())
    };
    assert_eq!(let_in(ended).await, Err(Error::Denied(unauthenticated(Reason::Revoked))));
    assert_eq!(let_in(living).await, Ok(Some(living.session)));
}

#[actix_rt::test]
async fn a_late_repeat_of_a_refresh_is_a_theft() {
    let house = House::new().await;
    let old = house.register("ada").await.tokens.unwrap();
    let new = house.identity.refresh(&old.refresh_token).await.unwrap();
    house.pass_s(31);
    assert!(house.identity.refresh(&old.refresh_token).await.is_err());
    assert!(house.identity.refresh(&new.refresh_token).await.is_err());
    assert!(house.login("ada", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn a_session_lives_thirty_days_from_its_last_refresh() {
    let house = House::new().await;
    let mut tokens = house.register("ada").await.tokens.unwrap();
    for _ in 0..3 {
        house.pass_s(29 * 86_400);
        tokens = house.identity.refresh(&tokens.refresh_token).await.unwrap();
    }
    house.pass_s(30 * 86_400 + 1);
    assert!(house.identity.refresh(&tokens.refresh_token).await.is_err());
    let login = house.login("ada", PASSWORD).await.unwrap();
    let living: Vec<Id> = house
        .identity
        .sessions(login.member.id, None, 10)
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
    house.identity.logout(Some(&signed), None).await.unwrap();
    let house = house.restart().await;
    assert!(house.lets_in(&kept).is_ok());
    assert_eq!(house.lets_in(&ended).err(), Some(unauthenticated(Reason::Revoked)));
    assert!(house.identity.refresh(&ended.refresh_token).await.is_err());
    assert!(house.identity.refresh(&kept.refresh_token).await.is_ok());
}

#[actix_rt::test]
async fn a_refresh_token_alone_is_enough_to_log_out() {
    let house = House::new().await;
    let tokens = house.register("ada").await.tokens.unwrap();
    house.identity.logout(None, Some(&tokens.refresh_token)).await.unwrap();
    assert!(
        house.lets_in(&tokens).is_err()
            && house.identity.refresh(&tokens.refresh_token).await.is_err()
    );
    assert!(house.identity.logout(None, Some("rt_forged")).await.is_err());
}

#[actix_rt::test]
async fn logging_out_everywhere_ends_every_session_of_one_member_only() {
    let house = House::new().await;
    let (ada, bob) = (house.register("ada").await, house.register("bob").await);
    let logins = [house.login("ada", PASSWORD).await.unwrap().tokens, ada.tokens.unwrap()];
    assert_eq!(house.identity.logout_all(ada.member.id).await.unwrap(), 2);
    assert!(logins.iter().all(|tokens| house.lets_in(tokens).is_err()));
    assert!(house.lets_in(&bob.tokens.unwrap()).is_ok());
    house.pass_s(901);
    assert!(house.login("ada", PASSWORD).await.is_ok());
}

#[actix_rt::test]
async fn whoever_gets_something_wrong_is_told_the_same() {
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
                .identity
                .login(by("ada", &"x".repeat(bytes)), ELSEWHERE, &|_| None)
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
    let guesses = (0..600)
        .map(|n| house.identity.login(by(&format!("guess{n}"), PASSWORD), ELSEWHERE, &|_| None));
    join_all(guesses).await;
    assert!(matches!(
        house.identity.login(by("ada", PASSWORD), ELSEWHERE, &|_| None).await,
        Err(Error::TooMany { retry_after_s: 1..=6 })
    ));
    assert!(house.login("ada", PASSWORD).await.is_ok());
    house.pass_s(6);
    assert!(house.identity.login(by("ada", PASSWORD), ELSEWHERE, &|_| None).await.is_ok());
}

#[actix_rt::test]
async fn all_identifiers_of_a_login_must_name_one_account() {
    let house = House::new().await;
    let ada = Draft {
        email: Some("ada@example.org".to_owned()),
        phone: Some("+49 170 1234567".to_owned()),
        ..named("ada")
    };
    house.identity.register(ada, PASSWORD.to_owned(), None, &here()).await.unwrap();
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
        assert!(house.identity.login(good, &here(), &|_| None).await.is_ok());
    }
    for bad in [
        login(Some("bob"), Some("ada@example.org"), None),
        login(Some("ada@example.org"), None, None),
        login(Some("ada"), Some("x"), None),
    ] {
        assert_eq!(
            house.identity.login(bad, &here(), &|_| None).await.unwrap_err(),
            Error::WrongCredentials
        );
    }
    let nobody = house.identity.login(login(None, None, None), &here(), &|_| None).await;
    assert!(matches!(nobody, Err(Error::Invalid(_))));
}

#[actix_rt::test]
async fn a_repeated_registration_is_the_same_account_with_new_tokens() {
    let house = House::new().await;
    let ask = |draft, password: &str, key| {
        let (identity, password) = (house.identity.clone(), password.to_owned());
        async move { identity.register(draft, password, Some(key), &here()).await }
    };
    let first = ask(named("ada"), PASSWORD, "k").await.unwrap();
    let again = ask(named("ada"), PASSWORD, "k").await.unwrap();
    assert!(again.again && !first.again && again.member.id == first.member.id);
    assert_ne!(again.tokens.unwrap().session, first.tokens.unwrap().session);
    assert_eq!(again.member.first_login_at, None);
    assert_eq!(ask(named("ada"), "another password", "k").await.err(), Some(Error::KeyReused));
    assert_eq!(
        ask(Draft { email: Some("a@b.c".to_owned()), ..named("ada") }, PASSWORD, "k").await.err(),
        Some(Error::KeyReused)
    );
    assert_eq!(
        ask(named("ada"), PASSWORD, "other").await.err(),
        Some(Error::Taken(vec![Kind::Username]))
    );
    let parallel = join_all((0..50).map(|_| ask(named("bob"), PASSWORD, "b"))).await;
    assert_eq!(parallel.iter().filter(|one| one.as_ref().is_ok_and(|one| !one.again)).count(), 1);
    assert!(parallel.iter().all(Result::is_ok));
}

#[actix_rt::test]
async fn a_key_makes_one_account_whatever_else_is_asked_for_with_it() {
    let house = House::new().await;
    let register = |name: &str, key| {
        let (identity, draft) = (house.identity.clone(), named(name));
        async move { identity.register(draft, PASSWORD.to_owned(), Some(key), ELSEWHERE).await }
    };
    let create = |by: u8, name: &str| {
        let (identity, draft) = (house.identity.clone(), named(name));
        let (role, password) = (Role::Member, PASSWORD.to_owned());
        async move {
            identity.create_user(Id([by; 16]), draft, password, role, Some("k"), ELSEWHERE).await
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
    assert_eq!(house.identity.count_members().await.unwrap(), 4);
    // Also over a restart, and of whoever has another name by now.
    let rename = Changes {
        username: Some(profile::Identifier::username("lovelace").ok()),
        ..Changes::default()
    };
    house.identity.change_member(ada.member.id, rename, ELSEWHERE).await.unwrap();
    let house = house.restart().await;
    let ask =
        |draft, key| house.identity.register(draft, PASSWORD.to_owned(), Some(key), ELSEWHERE);
    let again = ask(named("ada"), "k").await.unwrap();
    assert!(again.again && again.member.id == ada.member.id);
    assert_eq!(ask(named("bob"), "k").await.err(), Some(Error::KeyReused));
    // Until the key is forgotten, or its account is.
    house.identity.delete_member(eve.member.id).await.unwrap();
    let role = Role::Member;
    let max = house.identity.create_user(
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
async fn strangers_do_not_shut_out_an_owner_at_home_after_a_restart_either() {
    let house = House::new().await;
    let ada = house.register("ada").await;
    house.login("ada", PASSWORD).await.unwrap();
    let house = house.restart().await;
    let from = |address: &str, password: &'static str| {
        let origin = Origin { address: address.to_owned(), agent: None };
        let identity = house.identity.clone();
        async move { identity.login(by("ada", password), &origin, &|_| None).await.map(drop) }
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
    house.identity.delete_member(ada.member.id).await.unwrap();
    let left: i64 = house
        .store
        .read(|db| db.query_row("SELECT count(*) FROM homes", [], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(left, 0);
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
        house.identity.register(draft, "short".to_owned(), None, &here()).await
    else {
        panic!()
    };
    let fields: Vec<&str> = flaws.iter().map(|flaw| flaw.field).collect();
    assert_eq!(fields, ["username", "email", "phone", "full_name", "birthday", "password"]);
    let nameless =
        house.identity.register(Draft::default(), PASSWORD.to_owned(), None, &here()).await;
    assert_eq!(nameless.err(), Some(Error::Invalid(vec![profile::NAMELESS])));
}

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
        house.identity.change_password(&signed, old, new.to_owned(), ELSEWHERE)
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
        house.identity.offer_reset(ada.member.id).await.unwrap(),
        house.identity.offer_reset(ada.member.id).await.unwrap(),
    );
    let reset = |token: &str, new: &str| {
        let (identity, token, new) = (house.identity.clone(), token.to_owned(), new.to_owned());
        async move { identity.reset_password(&token, new, ELSEWHERE).await }
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
        house.lets_in(&ada.tokens.unwrap()).is_err()
            && house.login("ada", "another sentence").await.is_ok()
    );
    let late = house.identity.offer_reset(ada.member.id).await.unwrap();
    house.pass_s(86_401);
    assert_eq!(reset(&late.token, "a third sentence").await, refused);
    assert_eq!(house.identity.offer_reset(Id([7; 16])).await.unwrap_err(), Error::Unknown);
}

#[actix_rt::test]
async fn a_deleted_member_leaves_nothing_but_his_id() {
    let house = House::new().await;
    let ada = house.register("ada").await;
    let tokens = ada.tokens.unwrap();
    assert!(house.identity.delete_member(ada.member.id).await.unwrap());
    assert!(!house.identity.delete_member(ada.member.id).await.unwrap());
    assert!(
        house.lets_in(&tokens).is_err()
            && house.identity.refresh(&tokens.refresh_token).await.is_err()
    );
    assert_eq!(house.login("ada", PASSWORD).await.unwrap_err(), Error::WrongCredentials);
    assert_eq!(house.identity.member(ada.member.id).await.unwrap(), None);
    assert_eq!(house.identity.count_members().await.unwrap(), 0);
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
    use ports::profile::Identifier;
    assert_eq!(
        house.identity.change_member(ada, rename("BOB"), &here()).await,
        Err(Error::Taken(vec![Kind::Username]))
    );
    let changed = house.identity.change_member(ada, rename("Eve"), &here()).await.unwrap();
    assert_eq!(changed.profile.username.unwrap().text, "Eve");
    assert!(
        house.login("ada", PASSWORD).await.is_err() && house.login("eve", PASSWORD).await.is_ok()
    );
    let nothing = Changes { username: Some(None), ..Changes::default() };
    assert_eq!(
        house.identity.change_member(ada, nothing, &here()).await,
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
    let first = house.identity.members(None, 4).await.unwrap();
    let rest = house.identity.members(Some(first[3].id), 4).await.unwrap();
    assert_eq!(first[0].role, Role::Admin);
    let names: Vec<String> = first
        .iter()
        .chain(&rest)
        .map(|member| member.profile.username.clone().unwrap().text)
        .collect();
    assert_eq!(names, ["admin", "member0", "member1", "member2", "member3", "member4"]);
}

#[actix_rt::test]
async fn a_rotation_keeps_old_tokens_alive_until_they_expire() {
    let house = House::new().await;
    let old = house.register("ada").await.tokens.unwrap();
    house.identity.rotate_token_keys().await.unwrap();
    let new = house.login("ada", PASSWORD).await.unwrap().tokens;
    let header = |tokens: &Tokens| tokens.access_token.split_once('.').unwrap().0.to_owned();
    assert_ne!(header(&old), header(&new));
    assert!(house.lets_in(&old).is_ok() && house.lets_in(&new).is_ok());
    let house = house.restart().await;
    assert!(house.lets_in(&old).is_ok() && house.lets_in(&new).is_ok());
    assert!(house.identity.refresh(&old.refresh_token).await.is_ok());
    house.pass_s(901);
    assert_eq!(house.lets_in(&old).err(), Some(unauthenticated(Reason::Expired)));
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
async fn a_service_acts_for_its_own_members_and_for_nobody_without_a_name() {
    let house = House::new().await;
    let made = house.identity.create_service_key("shop").await.unwrap();
    let with = |key: &str, of: Option<&str>| {
        house.identity.authenticate(Some(&format!("Bearer {key}")), of)
    };
    let ada = with(&made.key, Some("ada")).unwrap();
    let is_noted = async || house.store.remembers_outsider(ada.caller.id).await.unwrap();
    assert!(ada.is_somebody() && !is_noted().await);
    house.identity.introduce(&ada).await.unwrap();
    assert!(is_noted().await);
    assert!(!with(&made.key, None).unwrap().is_somebody());
    assert_eq!(with(&made.key, Some("a b")).err(), Some(Denied::BadOnBehalfOf));
    assert_eq!(
        with("sk_forged", Some("ada")).err(),
        Some(unauthenticated(Reason::UnknownServiceKey))
    );
    let second = house.identity.create_service_key("shop").await.unwrap();
    assert_eq!(with(&second.key, Some("ada")).unwrap().caller, ada.caller);
    let other = house.identity.create_service_key("bank").await.unwrap();
    assert_ne!(with(&other.key, Some("ada")).unwrap().caller, ada.caller);
    assert!(
        house.identity.revoke_service_key(made.id).await.unwrap()
            && !house.identity.revoke_service_key(made.id).await.unwrap()
    );
    assert!(with(&made.key, Some("ada")).is_err());
    let house = house.restart().await;
    let with = |key: &str, of: Option<&str>| {
        house.identity.authenticate(Some(&format!("Bearer {key}")), of)
    };
    assert!(with(&second.key, Some("ada")).is_ok() && with(&made.key, Some("ada")).is_err());
    let member = house.register("ada").await.tokens.unwrap();
    let posing =
        house.identity.authenticate(Some(&format!("bearer {}", member.access_token)), Some("bob"));
    assert_eq!(posing.err(), Some(Denied::NotAService));
}

#[actix_rt::test]
async fn the_same_idempotency_key_makes_the_same_service_key() {
    let house = House::new().await;
    let ask = |name: &'static str, key: &'static str| {
        house.identity.create_service_key_once(name, Id([1; 16]), key)
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

#[actix_rt::test]
async fn the_first_start_makes_an_administrator_and_no_other_start_does() {
    let house = House::new().await;
    let password = house.admin_password.clone().unwrap();
    let admin = house.login("admin", &password).await.unwrap();
    let signed = house.lets_in(&admin.tokens).unwrap();
    assert_eq!(signed.caller.role, actors::Role::Admin);
    let house = house.restart().await;
    assert_eq!(house.admin_password, None);
    let new = house.identity.set_admin_password().await.unwrap();
    assert!(house.lets_in(&admin.tokens).is_err());
    assert!(
        house.login("admin", &password).await.is_err() && house.login("admin", &new).await.is_ok()
    );
    house.identity.delete_member(admin.member.id).await.unwrap();
    let house = house.restart().await;
    assert!(house.admin_password.is_none() && house.login("admin", &new).await.is_err());
}

#[actix_rt::test]
async fn what_cannot_be_hashed_in_time_is_refused_and_nothing_is_done() {
    let mut house = House::new().await;
    house.settings =
        Settings { hash_threads: 1, hash_queue_s: 1, bcrypt_cost: 9, ..house.settings.clone() };
    let house = house.restart().await;
    let crowd = join_all((0..500).map(|n| {
        house.identity.register(named(&format!("member{n}")), PASSWORD.to_owned(), None, ELSEWHERE)
    }))
    .await;
    let made = crowd.iter().filter(|one| one.is_ok()).count();
    let busy = crowd
        .iter()
        .filter(|one| matches!(one, Err(Error::Busy(Busy { retry_after_s: 1.. }))))
        .count();
    assert!(made > 0 && busy > 0 && made + busy == 500);
    assert_eq!(house.identity.count_members().await.unwrap(), made as u64);
}
