//! Claims: the first so many, one each, in the engine's own order; who may claim, when, and what he
//! gets.

use crate::campaigns::{after_ms, campaign, claim, ledger, show};
use actors::Time;
use harness::{Client, PASSWORD, TestApp, pointers};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

#[test]
fn the_first_so_many_get_a_voucher_and_the_next_one_changes_nothing() {
    let app = TestApp::start();
    let id = campaign(&app, json!({}));
    let first = claim(&app.member("ada"), &id).expect(201);
    assert_eq!(
        (&first["rank"], &first["voucher"]["discount_percent"]),
        (&json!(1), &json!(10)),
        "{first}"
    );
    assert_eq!(claim(&app.member("bob"), &id).expect(201)["rank"], 2);
    let before = (show(&app, &id), ledger(&app, &id));
    claim(&app.member("eve"), &id).refused(409, "sold-out");
    assert_eq!((show(&app, &id), ledger(&app, &id)), before);
    assert_eq!(
        (&before.0["state"], &before.0["granted"], &before.0["remaining"]),
        (&json!("sold_out"), &json!(2), &json!(0))
    );
    assert_eq!(
        (&before.1["issued"], &before.1["available"], &before.1["assigned"]),
        (&json!(2), &json!(0), &json!(2))
    );
}

#[test]
fn the_same_member_again_gets_the_same_rank_and_voucher() {
    let app = TestApp::start();
    let id = campaign(&app, json!({}));
    let first = claim(&app.member("ada"), &id).expect(201);
    app.restart();
    let again = claim(&app.log_in("ada", PASSWORD), &id);
    assert!(again.was_replayed());
    assert_eq!(again.expect(200), first);
    // For ever: also when it is sold out, paused, ended, and every key is forgotten.
    claim(&app.member("bob"), &id).expect(201);
    let ada = app.log_in("ada", PASSWORD);
    assert_eq!(claim(&ada, &id).expect(200), first);
    app.admin().post(&format!("/campaigns/{id}/pause"), json!({})).expect(200);
    assert_eq!(claim(&ada, &id).expect(200), first);
    app.admin().post(&format!("/campaigns/{id}/end"), json!({})).expect(200);
    assert_eq!(claim(&ada.key("late"), &id).expect(200), first);
    app.pass_s(7200);
    assert_eq!(claim(&ada, &id).expect(200), first);
    assert_eq!(ledger(&app, &id)["assigned"], 2);
}

#[test]
fn a_crowd_gets_every_rank_once() {
    const CROWD: usize = 64;
    const QUOTA: u64 = 40;
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": QUOTA}));
    let members: Vec<Client> = (0..CROWD).map(|n| app.member(&format!("member-{n}"))).collect();
    let ranks = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for member in &members {
            scope.spawn(|| {
                // Everybody asks thrice, as clients do who heard nothing.
                let ranked: Vec<Option<u64>> =
                    (0..3).map(|_| claim(member, &id).body["rank"].as_u64()).collect();
                assert!(ranked.windows(2).all(|pair| pair[0] == pair[1]), "{ranked:?}");
                if let Some(rank) = ranked[0] {
                    assert!(ranks.lock().unwrap().insert(rank), "{rank} was had twice");
                }
            });
        }
    });
    assert_eq!(ranks.into_inner().unwrap(), (1..=QUOTA).collect());
    assert_eq!(ledger(&app, &id)["assigned"], QUOTA);
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn a_claim_is_taken_from_the_first_millisecond_to_the_last() {
    let app = TestApp::start();
    let id = campaign(
        &app,
        json!({"quota": 9, "starts_at": "2026-12-01T12:01:00Z", "ends_at": "2026-12-01T12:02:00Z"}),
    );
    let (ada, bob, eve) = (app.member("ada"), app.member("bob"), app.member("eve"));
    app.set_time(after_ms(59_999));
    let refused = claim(&ada, &id).refused(409, "not-yet-open");
    assert_eq!(
        (&refused["detail"], &refused["retry"]),
        (&json!("it begins at 2026-12-01T12:01:00.000Z"), &json!("later"))
    );
    app.set_time(after_ms(60_000));
    claim(&ada, &id).expect(201);
    app.set_time(after_ms(119_999));
    claim(&bob, &id).expect(201);
    app.set_time(after_ms(120_000));
    claim(&eve, &id).refused(409, "ended");
    // A clock that goes back opens nothing again.
    app.set_time(after_ms(60_000));
    claim(&eve, &id).refused(409, "ended");
    assert_eq!(ledger(&app, &id)["expired"], 9);
}

#[test]
fn a_campaign_with_a_code_is_claimed_by_whoever_knows_it_in_any_case() {
    let app = TestApp::start_with(|config| config.failures_per_minute = 4);
    let id = campaign(&app, json!({"trigger": "code", "code": "Sommer Süß"}));
    let path = format!("/campaigns/{id}/claims");
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    assert!(!app.anybody().get("/campaigns").text.to_lowercase().contains("sommer"));
    for code in [json!({}), json!({"code": ""}), json!({"code": "Winter"})] {
        ada.post(&path, code).refused(409, "wrong-code");
    }
    bob.post(&path, json!({"code": " sOMMER SÜß"})).expect(201);
    ada.post(&path, json!({"code": "Frühling"})).refused(409, "wrong-code");
    // The budget is used up: even the right one has to wait, and nobody else has to.
    let waits = ada.post(&path, json!({"code": "Sommer Süß"}));
    assert_eq!(waits.header("retry-after"), Some("5"));
    waits.refused(429, "too-many-requests");
    (0..20).for_each(|_| drop(bob.post(&path, json!({"code": "Sommer Süß"})).expect(200)));
    app.pass_s(5);
    assert_eq!(ada.post(&path, json!({"code": "Sommer Süß"})).expect(201)["rank"], 2);
    ada.post(&path, json!({"code": 7})).refused(422, "invalid");
    assert_eq!(ledger(&app, &id)["assigned"], 2);
}

#[test]
fn administrators_never_claim_and_services_claim_for_their_members() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 4}));
    claim(&app.admin(), &id).refused(403, "forbidden");
    let (shop, bank) = (app.service("shop"), app.service("bank"));
    claim(&shop, &id).refused(403, "forbidden");
    let first = claim(&shop.on_behalf_of("seven"), &id).expect(201);
    assert_eq!(claim(&shop.on_behalf_of("seven"), &id).expect(200), first);
    // Another service's seven is somebody else.
    assert_eq!(claim(&bank.on_behalf_of("seven"), &id).expect(201)["rank"], 2);
    let code = first["voucher"]["code"].as_str().unwrap();
    bank.on_behalf_of("seven").get(&format!("/coupons/{code}")).refused(404, "unknown-coupon");
    assert_eq!(shop.on_behalf_of("seven").get("/coupons").expect(200)["items"][0]["code"], code);
    assert_eq!(ledger(&app, &id)["assigned"], 2);
}

#[test]
fn a_campaign_for_first_logins_is_claimed_in_no_other_way() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"trigger": "first_login"}));
    claim(&app.member("ada"), &id).refused(409, "by-first-login");
    claim(&app.service("shop").on_behalf_of("seven"), &id).refused(409, "by-first-login");
    assert_eq!(ledger(&app, &id)["available"], 2);
}

#[test]
fn the_claims_are_listed_by_rank_page_by_page() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 9}));
    let shop = app.service("shop");
    for member in 0..7 {
        claim(&shop.on_behalf_of(&format!("m{member}")), &id).expect(201);
    }
    let admin = app.admin();
    let (mut ranks, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let page = admin.get(&format!("/campaigns/{id}/claims?{query}")).expect(200);
        ranks.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["rank"].as_u64().unwrap()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=3&cursor={cursor}");
        // Whoever comes meanwhile comes at the end.
        claim(&shop.on_behalf_of(&format!("late-{}", ranks.len())), &id).expect(201);
    }
    assert_eq!(ranks, (1..=9).collect::<Vec<u64>>());
    for query in ["limit=0", "limit=101", "cursor=%21", "cursor=AAAA", "stat=used"] {
        admin.get(&format!("/campaigns/{id}/claims?{query}")).refused(422, "invalid");
    }
}

#[test]
fn a_voucher_is_good_for_its_days_or_until_the_campaign_ends() {
    let app = TestApp::start();
    let (days, end) = (
        campaign(&app, json!({"name": "Days", "voucher_valid_days": 90})),
        campaign(&app, json!({})),
    );
    let ada = app.member("ada");
    assert_eq!(claim(&ada, &days).expect(201)["voucher"]["expires_at"], "2027-03-01T12:00:00.000Z");
    assert_eq!(claim(&ada, &end).expect(201)["voucher"]["expires_at"], "2026-12-31T00:00:00.000Z");
    app.set_time(Time(app.now().0 + 60 * 86_400_000));
    // Long after the campaign, the one with days of its own is still good.
    assert_eq!(
        (&ledger(&app, &days)["assigned"], &ledger(&app, &days)["expired"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&ledger(&app, &end)["assigned"], &ledger(&app, &end)["expired"]),
        (&json!(0), &json!(2))
    );
}

#[test]
fn whether_a_claim_would_succeed_is_asked_before_and_changes_nothing() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 1, "starts_at": "2026-12-01T12:01:00Z"}));
    let (ada, shop) = (app.member("ada"), app.service("shop"));
    let ask = |client: &Client| client.get(&format!("/campaigns/{id}/eligibility")).expect(200);
    let refused = |client: &Client, why: &str| {
        let answer = ask(client);
        let problem = claim(client, &id);
        assert_eq!(answer["reason"]["type"], format!("/problems/{why}"), "{answer}");
        for said in ["type", "title", "detail"] {
            assert_eq!(answer["reason"][said], problem.body[said], "{}", problem.text);
        }
        assert_eq!((&answer["eligible"], &answer["claimed"]), (&json!(false), &json!(false)));
    };
    refused(&ada, "not-yet-open");
    app.pass_s(60);
    for client in [&ada, &shop.on_behalf_of("7")] {
        let free =
            json!({"campaign": id, "eligible": true, "claimed": false, "code_needed": false});
        assert_eq!(ask(client), free);
    }
    assert_eq!(ledger(&app, &id)["assigned"], 0);
    app.admin().post(&format!("/campaigns/{id}/pause"), json!({})).expect(200);
    refused(&ada, "paused");
    app.admin().post(&format!("/campaigns/{id}/resume"), json!({})).expect(200);
    claim(&ada, &id).expect(201);
    let hers = ask(&ada);
    assert_eq!((&hers["eligible"], &hers["claimed"]), (&json!(true), &json!(true)));
    refused(&shop.on_behalf_of("7"), "sold-out");
    refused(&app.admin(), "forbidden");
    ada.get("/campaigns/c_99/eligibility").refused(404, "not-found");
    ada.get(&format!("/campaigns/{id}/eligibility?code=x")).refused(422, "invalid");
    app.set_time(Time(app.now().0 + 60 * 86_400_000));
    refused(&app.member("bob"), "ended");
    app.anybody().get(&format!("/campaigns/{id}/eligibility")).refused(401, "unauthenticated");
    shop.get(&format!("/campaigns/{id}/eligibility")).refused(403, "forbidden");
}

#[test]
fn who_may_claim_with_the_code_is_told_so_without_it() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"trigger": "code", "code": "SUMMER"}));
    let ada = app.member("ada");
    let path = format!("/campaigns/{id}/eligibility");
    let answer = ada.get(&path).expect(200);
    assert_eq!((&answer["eligible"], &answer["code_needed"]), (&json!(true), &json!(true)));
    claim(&ada, &id).refused(409, "wrong-code");
    let viewer = crate::roles::staff_named(&app, "viewer", "vera");
    assert_eq!(viewer.get(&path).expect(200)["eligible"], true, "they claim as members do");
}

#[test]
fn a_service_says_that_its_member_logs_in_for_the_first_time() {
    let app = TestApp::start();
    let first = campaign(&app, json!({"trigger": "first_login"}));
    let asked = campaign(&app, json!({"name": "Asked"}));
    let (ada, shop) = (app.member("ada"), app.service("shop"));
    let path = format!("/campaigns/{first}/claims");
    let says = json!({"first_login": true});
    let eligible = |client: &Client, query: &str| {
        client.get(&format!("/campaigns/{first}/eligibility{query}"))
    };
    let seven = shop.on_behalf_of("7");
    assert_eq!(eligible(&seven, "").expect(200)["reason"]["type"], "/problems/by-first-login");
    assert_eq!(eligible(&seven, "?first_login=true").expect(200)["eligible"], true);
    let dry = seven.post(&format!("{path}?dry_run=true"), says.clone()).expect(201);
    assert_eq!((&dry["rank"], &dry["voucher"]["code"]), (&json!(1), &json!(null)));
    claim(&seven, &first).refused(409, "by-first-login");
    let granted = seven.key("k").post(&path, says.clone()).expect(201);
    assert_eq!(granted["rank"], 1);
    assert_eq!(seven.key("k").post(&path, says.clone()).expect(200), granted);
    assert_eq!(seven.post(&path, says.clone()).expect(200), granted, "one each, for ever");
    seven.key("k").post(&path, json!({})).refused(422, "idempotency-key-reused");
    let code = granted["voucher"]["code"].as_str().unwrap();
    seven.post(&format!("/coupons/{code}/use"), json!({"amount": 500})).expect(200);
    for client in [&ada, &app.admin()] {
        client.post(&path, says.clone()).refused(403, "forbidden");
        eligible(client, "?first_login=true").refused(403, "forbidden");
    }
    let refused = seven.post(&format!("/campaigns/{asked}/claims"), says.clone());
    assert_eq!(pointers(&refused.refused(422, "invalid")), ["/first_login"]);
    assert_eq!(shop.on_behalf_of("8").post(&path, says.clone()).expect(201)["rank"], 2);
    shop.on_behalf_of("9").post(&path, says).refused(409, "sold-out");
}
