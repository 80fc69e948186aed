//! `stampede copy`: an installation that outgrew its file goes on in a keyspace, as if nothing had
//! happened.

use config::Choice;
use harness::{PASSWORD, TestApp, TicketBooks, id, numbers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

/// An app on the embedded store that has a keyspace to move into, where the tests have a database.
fn about_to_move() -> Option<TestApp> {
    let app = TestApp::start_with(|config| config.store = Choice::Sqlite);
    let has_keyspace = app.config().cluster_key.is_some();
    if !has_keyspace {
        eprintln!("!! NOT RUN: moving into a keyspace needs STAMPEDE_TEST_STORE=cql");
    }
    has_keyspace.then_some(app)
}

fn log_in(app: &TestApp, name: &str) -> (String, Value) {
    let tokens = app
        .anybody()
        .post("/auth/login", json!({"account": name, "password": PASSWORD}))
        .expect(200);
    (tokens["access_token"].as_str().unwrap().to_owned(), tokens["refresh_token"].clone())
}

#[test]
fn an_installation_goes_on_in_a_keyspace_as_if_nothing_had_happened() {
    let Some(app) = about_to_move() else { return };
    app.lottery(DAY, 1);
    app.member("ada");
    app.member("bob");
    let (ada, refresh) = log_in(&app, "ada");
    let (bob, _) = log_in(&app, "bob");
    let sold =
        app.anybody().bearer(&ada).hold(DAY, json!({"pattern": "****", "count": 3})).expect(201);
    app.anybody().bearer(&ada).confirm(id(&sold)).expect(200);
    let held =
        app.anybody().bearer(&ada).key("k").hold(DAY, json!({"pattern": "1***"})).expect(201);
    app.anybody().bearer(&bob).post("/auth/logout", json!({})).expect(204);
    let (own, named) = (app.anybody().bearer(&ada).get("/me"), json!({"full_name": "Ada"}));
    let own = format!("/users/{}", id(&own.expect(200)));
    app.anybody().bearer(&ada).key("k").patch(&own, named.clone()).expect(200);
    let (me, mine) = (
        app.anybody().bearer(&ada).get("/me").expect(200),
        app.anybody().bearer(&ada).get("/tickets").expect(200),
    );
    app.service("shop");
    assert_eq!(app.books(DAY), TicketBooks { free: 9_996, held: 1, sold: 3 });
    app.stop();
    // A part of it leaves from the archive.
    assert!(app.archive().contains(" in 1 segments"));

    let said = app.copy().unwrap();
    assert!(said.starts_with("copied and compared: 3 members"), "{said}");
    let again = app.copy().unwrap();
    assert!(again.contains("(0 frames written)"), "{again}");

    let app = app.kept_in(Choice::Cql);
    let ada = app.anybody().bearer(&ada);
    assert_eq!((ada.get("/me").expect(200), ada.get("/tickets").expect(200)), (me, mine));
    assert_eq!(app.books(DAY), TicketBooks { free: 9_996, held: 1, sold: 3 });
    let repeated = ada.key("k").hold(DAY, json!({"pattern": "1***"}));
    assert_eq!(numbers(&repeated.expect(201)), numbers(&held), "a key is remembered");
    assert!(ada.key("k").patch(&own, named).was_replayed(), "and so is a deed under one");
    app.anybody().bearer(&bob).get("/me").refused(401, "unauthenticated");
    app.anybody().post("/auth/refresh", json!({"refresh_token": refresh})).expect(200);
    app.anybody()
        .post("/auth/register", json!({"username": "ADA", "password": PASSWORD}))
        .refused(409, "already-taken");
    assert_eq!(app.admin().get("/service-keys").expect(200)["items"].as_array().unwrap().len(), 1);
    ada.confirm(id(&held)).expect(200);
    app.stop();
    assert!(app.verified().is_ok());
    let gone_on = app.copy().unwrap_err().to_string();
    assert!(
        gone_on.contains("copy into an empty keyspace") || gone_on.contains("another member has"),
        "{gone_on}"
    );
}

#[test]
fn a_keyspace_that_holds_another_installation_is_left_alone() {
    let (Some(app), Some(other)) = (about_to_move(), about_to_move()) else { return };
    other.member("ada");
    other.stop();
    other.copy().unwrap();
    app.member("bob");
    app.stop();
    let refused = app.into_the_keyspace_of(&other).copy().unwrap_err().to_string();
    assert!(refused.contains("the keyspace holds another installation"), "{refused}");
    let other = other.kept_in(Choice::Cql);
    other.log_in("ada", PASSWORD).get("/me").expect(200);
    assert_eq!(other.admin().get("/users").expect(200)["items"].as_array().unwrap().len(), 2);
}
