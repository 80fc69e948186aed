//! Sessions: who is let in and who waits, refreshing, leaving, and what a restart does to all of
//! it.

use crate::members::crowd;
use harness::{Answer, Binary, Client, PASSWORD, Process, TestApp, TestFolder, id};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc::sync_channel;
use std::thread;

const WRONG: &str = "wrong horse battery";

fn ask(client: &Client, account: &str, password: &str) -> Answer {
    client.post("/auth/login", json!({"account": account, "password": password}))
}

fn log_in(app: &TestApp, account: &str) -> Value {
    ask(&app.anybody(), account, PASSWORD).expect(200)
}

fn refresh(app: &TestApp, token: &Value) -> Answer {
    app.anybody().post("/auth/refresh", json!({"refresh_token": token}))
}

fn bearer(app: &TestApp, tokens: &Value) -> Client {
    app.anybody().bearer(tokens["access_token"].as_str().unwrap())
}

#[track_caller]
fn assert_alive(app: &TestApp, tokens: &Value) {
    bearer(app, tokens).get("/me").expect(200);
}

/// Neither token lets anybody in.
#[track_caller]
fn assert_dead(app: &TestApp, tokens: &Value) {
    bearer(app, tokens).get("/me").refused(401, "unauthenticated");
    refresh(app, &tokens["refresh_token"]).refused(401, "unauthenticated");
}

/// Somebody who calls through the balancer, from an address of his own.
fn from(app: &TestApp, address: &str) -> Client {
    app.anybody().with("X-Forwarded-For", address)
}

fn behind_a_balancer(failures: u32) -> TestApp {
    TestApp::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.account_failures_per_minute = failures;
    })
}

/// All that a caller sees of an answer, except the id of his request.
fn seen(answer: Answer) -> (u16, Value, BTreeSet<String>) {
    let mut body = answer.body;
    body.as_object_mut().unwrap().remove("request_id");
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date", "content-length"].contains(&name.as_str()));
    (
        answer.status,
        body,
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect(),
    )
}

#[test]
fn an_unknown_account_a_wrong_password_and_a_locked_account_are_answered_alike() {
    let app = behind_a_balancer(3);
    app.member("ada");
    app.member("gone").delete(&format!("/users/{}", id(&log_in_as(&app, "gone")))).expect(204);
    let login = |account: &str, password: &str| seen(ask(&app.anybody(), account, password));
    let wrong = login("ada", WRONG);
    assert_eq!((wrong.0, &wrong.1["type"]), (401, &json!("/problems/wrong-credentials")));
    for (account, password) in [
        ("nobody", PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("+491700000000", PASSWORD),
        ("no name", ""),
        ("", ""),
        ("gone", PASSWORD),
    ] {
        assert_eq!(login(account, password), wrong, "{account}");
    }
    (0..2).for_each(|_| assert_eq!(login("ada", WRONG), wrong));
    // Now it is locked.
    assert_eq!(login("ada", PASSWORD), wrong);
    assert_eq!(login("ada", WRONG), wrong);
    app.pass_s(15);
    log_in(&app, "ada");
}

fn log_in_as(app: &TestApp, account: &str) -> Value {
    bearer(app, &log_in(app, account)).get("/me").expect(200)
}

#[test]
fn an_account_that_is_guessed_at_waits_ever_longer_but_never_for_good() {
    let app = behind_a_balancer(3);
    app.member("ada");
    for (round, pause_s) in [15, 30, 60, 120, 240, 480, 900, 900, 900].into_iter().enumerate() {
        let thief = from(&app, &format!("203.0.113.{round}"));
        (0..3).for_each(|_| drop(ask(&thief, "ada", WRONG).refused(401, "wrong-credentials")));
        app.pass_s(pause_s - 1);
        ask(&from(&app, "198.51.100.1"), "ada", PASSWORD).refused(401, "wrong-credentials");
        app.pass_s(1);
        ask(&from(&app, &format!("198.51.100.{}", round + 2)), "ada", PASSWORD).expect(200);
    }
}

#[test]
fn a_stranger_cannot_lock_out_an_owner_who_comes_from_where_he_always_does() {
    let app = behind_a_balancer(3);
    app.member("ada");
    let (home, thief) = (from(&app, "192.0.2.1"), from(&app, "203.0.113.9"));
    ask(&home, "ada", PASSWORD).expect(200);
    (0..10).for_each(|_| drop(ask(&thief, "ada", WRONG).refused(401, "wrong-credentials")));
    ask(&thief, "ada", PASSWORD).refused(401, "wrong-credentials");
    ask(&home, "ada", PASSWORD).expect(200);
}

#[test]
fn an_address_that_fails_too_often_is_told_when_to_come_back() {
    let app = TestApp::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.failures_per_minute = 10;
    });
    app.member("ada");
    let (thief, home) = (from(&app, "203.0.113.9"), from(&app, "192.0.2.1"));
    // A company is one address: what succeeds is never counted.
    (0..30).for_each(|_| drop(ask(&thief, "ada", PASSWORD).expect(200)));
    (0..10).for_each(|n| {
        drop(ask(&thief, &format!("guess{n}"), PASSWORD).refused(401, "wrong-credentials"))
    });
    for account in ["ada", "nobody"] {
        let refused = ask(&thief, account, PASSWORD);
        assert_eq!(refused.header("retry-after"), Some("5"));
        assert_eq!(refused.refused(429, "too-many-requests")["retry"], "later");
    }
    ask(&home, "ada", PASSWORD).expect(200);
    app.pass_s(4);
    ask(&thief, "ada", PASSWORD).refused(429, "too-many-requests");
    app.pass_s(1);
    ask(&thief, "ada", PASSWORD).expect(200);
}

#[test]
fn of_guesses_sent_at_once_no_more_are_told_apart_than_the_budget_has() {
    let app = TestApp::start_with(|config| config.account_failures_per_minute = 5);
    app.member("ada");
    // The right one is among the last.
    let answers =
        crowd(10, 10, |n| ask(&app.anybody(), "ada", if n % 10 == 9 { PASSWORD } else { WRONG }));
    assert!(answers.iter().all(|answer| answer.status == 401));
}

#[test]
fn a_full_hashing_queue_refuses_at_once_and_changes_nothing_and_holds_go_on() {
    let app = TestApp::start_with(|config| {
        config.bcrypt_cost = 11;
        config.hash_threads = 1;
        config.hash_queue_s = 1;
    });
    app.lottery("2026-12-31", 1);
    let ada = app.member("ada");
    let answers: Vec<Answer> = thread::scope(|scope| {
        let newcomer = |n: usize| json!({"username": format!("member{n}"), "password": PASSWORD});
        let app = &app;
        let crowd: Vec<_> = (0..80)
            .map(|n| scope.spawn(move || app.anybody().post("/auth/register", newcomer(n))))
            .collect();
        (0..20).for_each(|_| drop(ada.hold("2026-12-31", json!({"pattern": "****"})).expect(201)));
        crowd.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert!(!made.is_empty() && !refused.is_empty(), "{} {}", made.len(), refused.len());
    for answer in refused {
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
        assert_eq!(answer.refused(503, "busy")["retry"], "later");
    }
    let users = app.admin().get("/users").expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 2 + made.len());
}

#[test]
fn logging_out_kills_both_tokens_at_once() {
    let app = TestApp::start();
    app.member("ada");
    let out = |client: Client, body: Value| client.post("/auth/logout", body);
    let ways: [fn(&TestApp, &Value) -> (String, Value); 3] = [
        |_, tokens| (tokens["access_token"].as_str().unwrap().to_owned(), json!({})),
        |_, tokens| (String::new(), json!({"refresh_token": tokens["refresh_token"]})),
        |_, tokens| {
            (
                tokens["access_token"].as_str().unwrap().to_owned(),
                json!({"refresh_token": tokens["refresh_token"]}),
            )
        },
    ];
    let other = log_in(&app, "ada");
    for way in ways {
        let tokens = log_in(&app, "ada");
        assert_alive(&app, &tokens);
        let (token, body) = way(&app, &tokens);
        let client = if token.is_empty() { app.anybody() } else { app.anybody().bearer(&token) };
        out(client.clone(), body.clone()).expect(204);
        assert_dead(&app, &tokens);
        assert_alive(&app, &other);
    }
    out(app.anybody(), json!({})).refused(401, "unauthenticated");
    out(app.anybody(), json!({"refresh_token": "rt_nonsense"})).refused(401, "unauthenticated");
}

#[test]
fn logging_out_with_the_refresh_token_alone_is_enough_when_the_access_token_has_expired() {
    let app = TestApp::start_with(|config| config.token_s = 900);
    app.member("ada");
    let tokens = log_in(&app, "ada");
    app.pass_s(900);
    bearer(&app, &tokens).post("/auth/logout", json!({})).refused(401, "unauthenticated");
    bearer(&app, &tokens)
        .post("/auth/logout", json!({"refresh_token": tokens["refresh_token"]}))
        .expect(204);
    assert_dead(&app, &tokens);
}

#[test]
fn logging_out_everywhere_ends_every_session_of_that_member_only() {
    let app = TestApp::start();
    ["ada", "bob"].iter().for_each(|name| drop(app.member(name)));
    let (mine, bobs): (Vec<Value>, Value) =
        ((0..5).map(|_| log_in(&app, "ada")).collect(), log_in(&app, "bob"));
    bearer(&app, &mine[2]).post("/auth/logout-all", json!({})).expect(204);
    mine.iter().for_each(|tokens| assert_dead(&app, tokens));
    assert_alive(&app, &bobs);
    app.restart();
    mine.iter().for_each(|tokens| assert_dead(&app, tokens));
    assert_alive(&app, &log_in(&app, "ada"));
}

#[test]
fn an_administrator_ends_all_sessions_of_a_member_who_can_log_in_again() {
    let app = TestApp::start();
    ["ada", "bob"].iter().for_each(|name| drop(app.member(name)));
    let (tokens_of_ada, bobs): (Vec<Value>, Value) =
        ((0..3).map(|_| log_in(&app, "ada")).collect(), log_in(&app, "bob"));
    let me = bearer(&app, &tokens_of_ada[0]).get("/me").expect(200);
    let path = format!("/users/{}/sessions", id(&me));
    bearer(&app, &bobs).delete(&path).refused(403, "forbidden");
    tokens_of_ada.iter().for_each(|tokens| assert_alive(&app, tokens));
    app.admin().delete(&path).expect_text(204);
    tokens_of_ada.iter().for_each(|tokens| assert_dead(&app, tokens));
    assert_alive(&app, &bobs);
    let anew = log_in(&app, "ada");
    // Whose they are may do so, too.
    bearer(&app, &anew).delete(&path).expect_text(204);
    assert_dead(&app, &anew);
    app.admin().delete("/users/nobody/sessions").refused(404, "not-found");
}

#[test]
fn a_login_that_failed_is_a_line_of_the_journal_without_what_was_typed() {
    const STAMPEDE: Binary = Binary::at(env!("CARGO_BIN_EXE_stampede"));
    let data = TestFolder::new();
    let mut command = STAMPEDE.command(&data);
    command.env("STAMPEDE_LOG", "plain");
    let (server, _) = Process::start_with(command, &data);
    let ada = server.member("ada").get("/me").expect(200);
    ask(&server.anybody(), "ada", WRONG).refused(401, "wrong-credentials");
    ask(&server.anybody(), "no-such-name", WRONG).refused(401, "wrong-credentials");
    server.tell_to_stop();
    let mut server = server;
    server.wait();
    let log = server.whole_log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("a login failed")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains(id(&ada)) && lines[0].contains("127.0.0.1"), "{log}");
    assert!(lines[1].contains("none") && lines[1].contains("127.0.0.1"), "{log}");
    assert!(!log.contains(WRONG) && !log.contains("no-such-name"), "{log}");
}

#[test]
fn a_member_sees_his_sessions_and_ends_one_of_them() {
    let app = TestApp::start();
    app.member("bob");
    app.anybody()
        .with("User-Agent", "the phone")
        .post("/auth/register", json!({"username": "ada", "password": PASSWORD}))
        .expect(201);
    let mut mine = Vec::new();
    for agent in ["the desk", "the train"] {
        app.pass_s(60);
        mine.push(ask(&app.anybody().with("User-Agent", agent), "ada", PASSWORD).expect(200));
    }
    let list = |tokens: &Value| {
        bearer(&app, tokens).get("/auth/sessions").expect(200)["items"].as_array().unwrap().clone()
    };
    let sessions = list(&mine[1]);
    let agents: Vec<&str> =
        sessions.iter().map(|session| session["agent"].as_str().unwrap()).collect();
    assert_eq!(agents, ["the phone", "the desk", "the train"]);
    assert_eq!(
        sessions.iter().map(|session| session["current"] == true).collect::<Vec<_>>(),
        [false, false, true]
    );
    assert_eq!(sessions[1]["began_at"], "2026-12-01T12:01:00.000Z");

    let first = bearer(&app, &mine[1]).get("/auth/sessions?limit=2").expect(200);
    let rest = bearer(&app, &mine[1])
        .get(&format!("/auth/sessions?limit=2&cursor={}", first["next_cursor"].as_str().unwrap()))
        .expect(200);
    assert_eq!(
        (first["items"].as_array().unwrap(), rest["items"].as_array().unwrap()),
        (&sessions[..2].to_vec(), &sessions[2..].to_vec())
    );
    assert_eq!(rest["next_cursor"], Value::Null);

    app.pass_s(60);
    refresh(&app, &mine[0]["refresh_token"]).expect(200);
    assert_eq!(list(&mine[1])[1]["refreshed_at"], "2026-12-01T12:03:00.000Z");
    let end = |tokens: &Value, session: &Value| {
        bearer(&app, tokens).delete(&format!("/auth/sessions/{}", id(session)))
    };
    end(&log_in(&app, "bob"), &sessions[1]).refused(404, "not-found");
    assert_alive(&app, &mine[0]);
    end(&mine[1], &sessions[1]).expect(204);
    assert_dead(&app, &mine[0]);
    end(&mine[1], &sessions[1]).refused(404, "not-found");
    bearer(&app, &mine[1]).delete("/auth/sessions/nonsense").refused(404, "not-found");
    assert_eq!(list(&mine[1]).len(), 2);
    end(&mine[1], &sessions[2]).expect(204);
    assert_dead(&app, &mine[1]);
}

#[test]
fn a_refresh_token_is_used_up_and_its_successor_goes_on() {
    let app = TestApp::start_with(|config| config.token_s = 900);
    app.member("ada");
    let mut tokens = log_in(&app, "ada");
    for _ in 0..5 {
        app.pass_s(900);
        bearer(&app, &tokens).get("/me").refused(401, "unauthenticated");
        let answer = refresh(&app, &tokens["refresh_token"]);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let next = answer.expect(200);
        assert_eq!((&next["token_type"], &next["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert_ne!(next["refresh_token"], tokens["refresh_token"]);
        assert_alive(&app, &next);
        tokens = next;
    }
}

#[test]
fn the_repeat_of_a_lost_answer_gives_the_same_successor_for_thirty_seconds() {
    let app = TestApp::start();
    app.member("ada");
    let old = log_in(&app, "ada")["refresh_token"].clone();
    let first = refresh(&app, &old).expect(200);
    app.pass_s(29);
    assert_eq!(refresh(&app, &old).expect(200)["refresh_token"], first["refresh_token"]);
    app.restart();
    app.pass_s(1);
    assert_eq!(refresh(&app, &old).expect(200)["refresh_token"], first["refresh_token"]);
    app.pass_s(1);
    refresh(&app, &old).refused(401, "unauthenticated");
    assert_dead(&app, &first);
}

#[test]
fn a_refresh_token_used_again_after_its_successor_ends_the_whole_family() {
    let app = TestApp::start();
    app.member("ada");
    let (stolen, other) = (log_in(&app, "ada"), log_in(&app, "ada"));
    let second = refresh(&app, &stolen["refresh_token"]).expect(200);
    let third = refresh(&app, &second["refresh_token"]).expect(200);
    assert_alive(&app, &third);
    refresh(&app, &stolen["refresh_token"]).refused(401, "unauthenticated");
    for tokens in [&stolen, &second, &third] {
        assert_dead(&app, tokens);
    }
    assert_alive(&app, &other);
    app.restart();
    assert_dead(&app, &third);
    assert_alive(&app, &other);
}

#[test]
fn a_thousand_parallel_refreshes_of_one_token_have_one_successor() {
    let app = TestApp::start();
    app.member("ada");
    let old = log_in(&app, "ada")["refresh_token"].clone();
    let answers = crowd(50, 20, |_| refresh(&app, &old));
    let successors: BTreeSet<String> =
        answers.into_iter().map(|answer| answer.expect(200)["refresh_token"].to_string()).collect();
    assert_eq!(successors.len(), 1);
    let successor: Value = serde_json::from_str(successors.first().unwrap()).unwrap();
    let next = refresh(&app, &successor).expect(200);
    assert_alive(&app, &next);
    refresh(&app, &old).refused(401, "unauthenticated");
    assert_dead(&app, &next);
}

#[test]
fn in_a_crowd_that_passes_on_its_tokens_none_ever_has_two_different_successors() {
    let app = TestApp::start();
    app.member("ada");
    let first = log_in(&app, "ada")["refresh_token"].clone();
    // Each goes on with what he got, so sooner or later somebody comes too late and ends it for
    // all.
    let chain = || {
        let next = |token: &Value| Some(refresh(&app, token)).filter(|answer| answer.status == 200);
        let mut links = Vec::new();
        let mut token = first.clone();
        while let Some(answer) = next(&token).filter(|_| links.len() < 20) {
            links.push((token.to_string(), answer.body["refresh_token"].to_string()));
            token = answer.body["refresh_token"].clone();
        }
        links
    };
    let links: BTreeSet<(String, String)> = thread::scope(|scope| {
        let people: Vec<_> = (0..50).map(|_| scope.spawn(chain)).collect();
        people.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let tokens: BTreeSet<&String> = links.iter().map(|(token, _)| token).collect();
    assert_eq!(tokens.len(), links.len(), "{links:?}");
}

#[test]
fn a_session_that_is_not_refreshed_for_thirty_days_is_over() {
    let app = TestApp::start_with(|config| config.token_s = 900);
    app.member("ada");
    let (kept, forgotten) = (log_in(&app, "ada"), log_in(&app, "ada"));
    app.pass_s(86_400);
    let kept = refresh(&app, &kept["refresh_token"]).expect(200);
    app.pass_s(29 * 86_400 + 1);
    refresh(&app, &forgotten["refresh_token"]).refused(401, "unauthenticated");
    let kept = refresh(&app, &kept["refresh_token"]).expect(200);
    let sessions = bearer(&app, &kept).get("/auth/sessions").expect(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1, "{sessions}");
}

#[test]
fn a_session_has_a_last_day_where_the_operator_says_so() {
    let app = TestApp::start_with(|config| {
        (config.token_s, config.session_max_s) = (900, Some(10 * 86_400));
    });
    app.member("ada");
    let mut tokens = log_in(&app, "ada");
    for _ in 0..9 {
        app.pass_s(86_400);
        tokens = refresh(&app, &tokens["refresh_token"]).expect(200);
    }
    let later = log_in(&app, "ada");
    app.pass_s(86_400 - 1);
    tokens = refresh(&app, &tokens["refresh_token"]).expect(200);
    assert_alive(&app, &tokens);
    app.pass_s(1);
    refresh(&app, &tokens["refresh_token"]).refused(401, "unauthenticated");
    assert_dead(&app, &tokens);
    refresh(&app, &later["refresh_token"]).expect(200);
}

/// What one client of a crowd has seen when the server went away under him.
struct Left {
    /// Alive, for all he knows.
    kept: Value,
    /// Refreshed, and perhaps he did not hear of it.
    unsure: Option<Value>,
    logged_out: Vec<Value>,
}

/// Logs in, refreshes and logs out in turns until the server is gone.
fn busy(app: &TestApp, address: &str, name: &str, began: impl Fn()) -> Left {
    let send = |path: &str, body: Value| {
        let answer = app.anybody().at(address).try_to_post(path, body);
        answer.filter(|answer| answer.status < 300)
    };
    let mut left = Left { kept: log_in(app, name), unsure: None, logged_out: Vec::new() };
    for turn in 0.. {
        if turn == 3 {
            began();
        }
        let token = left.kept["refresh_token"].clone();
        let Some(next) = send("/auth/refresh", json!({"refresh_token": token})) else {
            left.unsure = Some(token);
            break;
        };
        left.kept = next.body;
        let Some(other) = send("/auth/login", json!({"account": name, "password": PASSWORD}))
        else {
            break;
        };
        if send("/auth/logout", json!({"refresh_token": other.body["refresh_token"]})).is_none() {
            break;
        }
        left.logged_out.push(other.body);
    }
    left
}

#[test]
fn a_restart_in_the_middle_of_everything_ends_no_session_and_revives_none() {
    let app = TestApp::start();
    let names: Vec<String> = (0..8).map(|n| format!("member{n}")).collect();
    names.iter().for_each(|name| drop(app.member(name)));
    let address = app.address();
    let left: Vec<Left> = thread::scope(|scope| {
        let (began, begins) = sync_channel(names.len());
        let clients = names.iter().map(|name| {
            let (app, address, began) = (&app, &address, began.clone());
            scope.spawn(move || busy(app, address, name, || began.send(()).unwrap()))
        });
        let crowd: Vec<_> = clients.collect();
        // A client that fails is not waited for.
        drop(began);
        names.iter().for_each(|_| begins.recv().unwrap());
        app.stop();
        crowd.into_iter().map(|one| one.join().unwrap()).collect()
    });
    app.serve();
    for Left { kept, unsure, logged_out } in &left {
        assert_alive(&app, kept);
        assert!(logged_out.len() >= 2);
        logged_out.iter().for_each(|tokens| assert_dead(&app, tokens));
        let next = refresh(&app, unsure.as_ref().unwrap_or(&kept["refresh_token"])).expect(200);
        assert_alive(&app, &refresh(&app, &next["refresh_token"]).expect(200));
    }
}

#[test]
fn what_happens_to_logins_and_sessions_is_measured() {
    let app = TestApp::start_with(|config| config.failures_per_minute = 5);
    app.member("ada");
    let value = |line: &str| {
        let text = app.anybody().get("//metrics").text;
        text.lines()
            .find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse::<f64>().ok())
    };
    // Other tests of this process count into the same meters, so they only grow.
    let grows = |line: &str, happens: &dyn Fn()| {
        let before = value(line).unwrap_or(0.0);
        happens();
        // A histogram that somebody is just folding in is not to be seen for an instant.
        app.until(line, || value(line).is_some_and(|after| after > before));
    };
    let outcome = |outcome: &str| format!("stampede_logins_total{{outcome=\"{outcome}\"}}");
    let login = || drop(log_in(&app, "ada"));
    grows(&outcome("first"), &login);
    grows(&outcome("success"), &login);
    grows(&outcome("invalid"), &|| {
        drop(app.anybody().post("/auth/login", json!({"password": "x"})).refused(422, "invalid"))
    });
    grows("stampede_hash_seconds_count", &login);
    grows("stampede_sessions_begun_total", &login);
    let tokens = log_in(&app, "ada");
    grows("stampede_refreshes_total{outcome=\"rotated\"}", &|| {
        drop(refresh(&app, &tokens["refresh_token"]).expect(200))
    });
    grows("stampede_refreshes_total{outcome=\"repeated\"}", &|| {
        drop(refresh(&app, &tokens["refresh_token"]).expect(200))
    });
    grows("stampede_sessions_ended_total", &|| {
        drop(bearer(&app, &tokens).post("/auth/logout", json!({})).expect(204))
    });
    grows("stampede_refreshes_total{outcome=\"unknown\"}", &|| {
        drop(refresh(&app, &tokens["refresh_token"]).refused(401, "unauthenticated"))
    });
    grows(&outcome("wrong"), &|| {
        (0..5)
            .for_each(|_| drop(ask(&app.anybody(), "ada", WRONG).refused(401, "wrong-credentials")))
    });
    grows(&outcome("paused"), &|| {
        drop(ask(&app.anybody(), "ada", PASSWORD).refused(429, "too-many-requests"))
    });
    app.until("the gauges are there", || {
        ["stampede_members", "stampede_sessions_revoked", "stampede_hash_queue_depth"]
            .iter()
            .all(|name| value(name).is_some())
    });
}
