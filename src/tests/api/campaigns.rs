//! Campaigns as a whole: made, listed, changed, paused and ended; and their books.

use actors::Time;
use harness::{Answer, Client, NOON, PASSWORD, TestApp, id, pointers};
use serde_json::{Value, json};

pub const END: &str = "2026-12-31T00:00:00Z";

/// `base` with some fields changed; null takes one away.
pub fn with(mut base: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

fn plan(changes: Value) -> Value {
    with(
        json!({"name": "Welcome", "quota": 2, "discount_percent": 10, "ends_at": END,
            "trigger": "claim"}),
        changes,
    )
}

/// Its id.
pub fn campaign(app: &TestApp, changes: Value) -> String {
    id(&app.admin().post("/campaigns", plan(changes)).expect(201)).to_owned()
}

/// The books of a campaign, which balance, or the test is over.
#[track_caller]
pub fn ledger(app: &TestApp, campaign: &str) -> Value {
    balanced(app.anybody().get(&format!("/campaigns/{campaign}/ledger")).expect(200))
}

#[track_caller]
pub fn balanced(ledger: Value) -> Value {
    let states = ["available", "held", "assigned", "used", "expired", "void"];
    let all: u64 = states.iter().map(|state| ledger[state].as_u64().unwrap()).sum();
    assert_eq!((&ledger["imbalance"], &ledger["issued"]), (&json!(0), &json!(all)), "{ledger}");
    ledger
}

pub fn claim(client: &Client, campaign: &str) -> Answer {
    client.post(&format!("/campaigns/{campaign}/claims"), json!({}))
}

/// The code of the voucher that the client claims.
pub fn voucher(client: &Client, campaign: &str) -> String {
    claim(client, campaign).expect(201)["voucher"]["code"].as_str().unwrap().to_owned()
}

pub fn show(app: &TestApp, campaign: &str) -> Value {
    app.anybody().get(&format!("/campaigns/{campaign}")).expect(200)
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

pub fn after_ms(millis: i64) -> Time {
    Time(NOON.0 + millis)
}

#[test]
fn what_cannot_be_a_campaign_is_pointed_at_and_none_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    for (changes, pointer) in [
        (json!({"name": ""}), "/name"),
        (json!({"name": "  "}), "/name"),
        (json!({"name": "x".repeat(101)}), "/name"),
        (json!({"name": "tab\tbed"}), "/name"),
        (json!({"name": 7}), "/name"),
        (json!({"quota": 0}), "/quota"),
        (json!({"quota": 100_000_001}), "/quota"),
        (json!({"quota": -1}), "/quota"),
        (json!({"quota": 1.5}), "/quota"),
        (json!({"quota": "2"}), "/quota"),
        (json!({"discount_percent": 0}), "/discount_percent"),
        (json!({"discount_percent": 101}), "/discount_percent"),
        (json!({"discount_percent": 256}), "/discount_percent"),
        (json!({"discount_percent": 12.345}), "/discount_percent"),
        (json!({"discount_percent": "12"}), "/discount_percent"),
        (json!({"no_discount": true}), "/no_discount"),
        (
            json!({"discount_percent": null, "no_discount": true, "max_discount": 5}),
            "/max_discount",
        ),
        (json!({"cancel_by": "nobody"}), "/cancel_by"),
        (json!({"discount_percent": null}), "/discount_percent"),
        (json!({"discount_amount": 5}), "/discount_amount"),
        (json!({"discount_percent": null, "discount_amount": 0}), "/discount_amount"),
        (
            json!({"discount_percent": null, "discount_amount": 1_000_000_000_000_001_u64}),
            "/discount_amount",
        ),
        (json!({"min_amount": 0}), "/min_amount"),
        (json!({"max_discount": 0}), "/max_discount"),
        (json!({"starts_at": "tomorrow"}), "/starts_at"),
        (json!({"starts_at": "2026-12-24T00:00:00"}), "/starts_at"),
        (json!({"starts_at": 5}), "/starts_at"),
        (json!({"starts_at": END}), "/ends_at"),
        (json!({"ends_at": "2026-12-01T12:00:00Z"}), "/ends_at"),
        (json!({"ends_at": "1999-12-31T00:00:00Z"}), "/ends_at"),
        (json!({"ends_at": "10000-01-01T00:00:00Z"}), "/ends_at"),
        (json!({"trigger": "raffle"}), "/trigger"),
        (json!({"trigger": "code"}), "/code"),
        (json!({"trigger": "code", "code": ""}), "/code"),
        (json!({"trigger": "code", "code": "  "}), "/code"),
        (json!({"trigger": "code", "code": "x".repeat(65)}), "/code"),
        (json!({"trigger": "claim", "code": "SUMMER"}), "/code"),
        (json!({"trigger": "first_login", "code": "SUMMER"}), "/code"),
        (json!({"voucher_valid_days": 0}), "/voucher_valid_days"),
        (json!({"voucher_valid_days": 3651}), "/voucher_valid_days"),
        (json!({"voucher_valid_days": 4_294_967_296_u64}), "/voucher_valid_days"),
        (json!({"colour": "red"}), "/colour"),
    ] {
        let refused = admin.post("/campaigns", plan(changes.clone())).refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer], "{changes}");
    }
    for missing in ["name", "quota", "ends_at", "trigger"] {
        admin.post("/campaigns", plan(json!({ missing: null }))).refused(422, "invalid");
    }
    for instant in ["-009999-01-02T01:59:59Z", "9999-12-30T22:00:00Z"] {
        let answer = admin.post("/campaigns?dry_run=true", plan(json!({"starts_at": instant})));
        assert!([201, 422].contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(
        app.anybody().get("/campaigns").expect(200),
        json!({"items": [], "next_cursor": null})
    );
}

#[test]
fn only_administrators_make_and_change_campaigns() {
    let app = TestApp::start();
    let id = campaign(&app, json!({}));
    let before = show(&app, &id);
    for (caller, why) in [
        (app.member("ada"), "forbidden"),
        (app.service("shop").on_behalf_of("ada"), "out-of-scope"),
    ] {
        caller.post("/campaigns", plan(json!({"name": "Mine"}))).refused(403, why);
        caller.patch(&format!("/campaigns/{id}"), json!({"quota": 3})).refused(403, why);
        for step in ["pause", "resume", "end"] {
            caller.post(&format!("/campaigns/{id}/{step}"), json!({})).refused(403, why);
        }
        caller.get(&format!("/campaigns/{id}/claims")).refused(403, why);
    }
    app.anybody().post("/campaigns", plan(json!({"name": "Mine"}))).refused(401, "unauthenticated");
    claim(&app.anybody(), &id).refused(401, "unauthenticated");
    assert_eq!(show(&app, &id), before);
}

#[test]
fn a_name_is_unique_whatever_its_case() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"name": "Ärger im Büro"}));
    for name in ["Ärger im Büro", "ÄRGER IM BÜRO", " ärger im büro "] {
        let refused =
            app.admin().post("/campaigns", plan(json!({"name": name}))).refused(409, "name-taken");
        assert!(refused["detail"].as_str().unwrap().contains(&id), "{refused}");
    }
    app.restart();
    app.admin()
        .post("/campaigns?dry_run=true", plan(json!({"name": "ärger IM büro"})))
        .refused(409, "name-taken");
    // An ended campaign keeps its name, and a batch may have the same.
    app.admin().post(&format!("/campaigns/{id}/end"), json!({})).expect(200);
    app.admin()
        .post("/campaigns", plan(json!({"name": "Ärger im Büro"})))
        .refused(409, "name-taken");
    let batch =
        json!({"name": "Ärger im Büro", "count": 1, "discount_amount": 5, "expires_at": END});
    app.admin().post("/coupon-batches", batch).expect(201);
    assert_eq!(names(&app.anybody().get("/campaigns").expect(200)), ["Ärger im Büro"]);
}

#[test]
fn a_dry_run_says_what_would_be_and_changes_nothing() {
    let app = TestApp::start();
    let admin = app.admin();
    let would_be = admin.post("/campaigns?dry_run=true", plan(json!({}))).expect(201);
    assert_eq!((&would_be["state"], &would_be["remaining"]), (&json!("open"), &json!(2)));
    assert_eq!(app.anybody().get("/campaigns").expect(200)["items"], json!([]));
    let id = campaign(&app, json!({}));
    let before = (show(&app, &id), ledger(&app, &id));
    let ada = app.member("ada");
    let would_get =
        ada.post(&format!("/campaigns/{id}/claims?dry_run=true"), json!({})).expect(201);
    for (step, state) in [("pause", "paused"), ("end", "ended"), ("resume", "open")] {
        let would_be =
            admin.post(&format!("/campaigns/{id}/{step}?dry_run=true"), json!({})).expect(200);
        assert_eq!(would_be["state"], state, "{step}");
    }
    let would_be =
        admin.patch(&format!("/campaigns/{id}?dry_run=true"), json!({"quota": 5})).expect(200);
    assert_eq!((&would_be["quota"], &would_be["remaining"]), (&json!(5), &json!(5)));
    admin
        .patch(&format!("/campaigns/{id}?dry_run=true"), json!({"quota": 0}))
        .refused(409, "only-more");
    assert_eq!((show(&app, &id), ledger(&app, &id)), before);
    app.restart();
    assert_eq!((show(&app, &id), ledger(&app, &id)), before);
    let mut got = claim(&app.log_in("ada", PASSWORD), &id).expect(201);
    // Only whose it is knows the code.
    assert!(got["voucher"]["code"].is_string(), "{got}");
    got["voucher"]["code"] = json!(null);
    assert_eq!(got, would_get);
}

#[test]
fn a_key_stands_for_one_campaign_whether_or_not_its_start_was_said() {
    let app = TestApp::start();
    let admin = app.admin();
    for (key, changes) in [
        ("now", json!({"name": "Now"})),
        ("then", json!({"name": "Then", "starts_at": "2026-12-24T00:00:00Z"})),
    ] {
        let first = admin.key(key).post("/campaigns", plan(changes.clone())).expect(201);
        app.pass_s(5);
        let again = admin.key(key).post("/campaigns", plan(changes.clone()));
        assert!(again.was_replayed(), "{key}");
        assert_eq!(again.expect(201), first, "{key}");
        admin
            .key(key)
            .post("/campaigns", plan(with(changes.clone(), json!({"quota": 3}))))
            .refused(422, "idempotency-key-reused");
        let other_start = with(changes, json!({"starts_at": "2026-12-25T00:00:00Z"}));
        admin.key(key).post("/campaigns", plan(other_start)).refused(422, "idempotency-key-reused");
    }
    assert_eq!(names(&app.anybody().get("/campaigns").expect(200)), ["Now", "Then"]);
}

#[test]
fn campaigns_are_listed_page_by_page_in_the_order_of_their_creation() {
    let app = TestApp::start();
    let create = |n: u32| drop(campaign(&app, json!({"name": format!("Campaign {n}")})));
    (0..7).for_each(create);
    let (mut seen, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let page = app.anybody().get(&format!("/campaigns?{query}")).expect(200);
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=3&cursor={cursor}");
        if seen.len() == 3 {
            create(7);
            app.restart();
        }
    }
    assert_eq!(seen, (0..8).map(|n| format!("Campaign {n}")).collect::<Vec<_>>());
    for query in ["limit=0", "limit=101", "cursor=%21", "cursor=AAAA", "of=all"] {
        app.anybody().get(&format!("/campaigns?{query}")).refused(422, "invalid");
    }
}

#[test]
fn a_campaign_is_scheduled_open_paused_sold_out_and_ended() {
    let app = TestApp::start();
    let id = campaign(
        &app,
        json!({"quota": 1, "starts_at": "2026-12-01T12:01:00Z", "ends_at": "2026-12-01T12:02:00Z"}),
    );
    let state = || show(&app, &id)["state"].clone();
    assert_eq!(state(), "scheduled");
    app.set_time(after_ms(60_000));
    assert_eq!(state(), "open");
    app.admin().post(&format!("/campaigns/{id}/pause"), json!({})).expect(200);
    assert_eq!(state(), "paused");
    app.admin().post(&format!("/campaigns/{id}/resume"), json!({})).expect(200);
    claim(&app.member("ada"), &id).expect(201);
    assert_eq!(state(), "sold_out");
    app.set_time(after_ms(120_000));
    assert_eq!(state(), "ended");
    app.restart();
    assert_eq!(
        (state(), app.anybody().get("/campaigns").expect(200)["items"][0]["state"].clone()),
        (json!("ended"), json!("ended"))
    );
}

#[test]
fn until_the_first_claim_everything_can_be_mended() {
    let app = TestApp::start();
    let (admin, ada) = (app.admin(), app.member("ada"));
    let id = campaign(&app, json!({"name": "Wellcome", "min_amount": 10}));
    campaign(&app, json!({"name": "Spring"}));
    let path = format!("/campaigns/{id}");
    admin.patch(&path, json!({"name": "SPRING"})).refused(409, "name-taken");
    let wrong = json!({"discount_percent": 101, "quota": 100_000_001, "ends_at": "x",
        "voucher_valid_days": 0, "name": ""});
    let problem = admin.patch(&path, wrong).refused(422, "invalid");
    let mut said = pointers(&problem);
    said.sort_unstable();
    assert_eq!(said, ["/discount_percent", "/ends_at", "/name", "/quota", "/voucher_valid_days"]);
    let early = json!({"starts_at": "2027-01-02T00:00:00Z"});
    assert_eq!(pointers(&admin.patch(&path, early).refused(422, "invalid")), ["/ends_at"]);
    let changes = json!({"name": "Welcome", "discount_amount": 700, "min_amount": null,
        "max_discount": 650, "starts_at": "2026-11-01T00:00:00Z", "quota": 5,
        "voucher_valid_days": 7, "cancel_by": "admin"});
    let would = admin.patch(&format!("{path}?dry_run=true"), changes.clone()).expect(200);
    assert_eq!((&would["name"], &show(&app, &id)["name"]), (&json!("Welcome"), &json!("Wellcome")));
    let changed = admin.key("mend").patch(&path, changes.clone()).expect(200);
    assert!(admin.key("mend").patch(&path, changes).was_replayed());
    assert_eq!(changed, show(&app, &id));
    for (field, value) in [
        ("name", json!("Welcome")),
        ("quota", json!(5)),
        ("discount_amount", json!(700)),
        ("discount_percent", json!(null)),
        ("min_amount", json!(null)),
        ("max_discount", json!(650)),
        ("voucher_valid_days", json!(7)),
        ("cancel_by", json!("admin")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    // The old name is free, and the new one is taken.
    admin.post("/campaigns", plan(json!({"name": "welcome"}))).refused(409, "name-taken");
    campaign(&app, json!({"name": "wellcome"}));
    app.restart();
    let voucher = claim(&ada, &id).expect(201)["voucher"].clone();
    assert_eq!((&voucher["discount_amount"], &voucher["max_discount"]), (&json!(700), &json!(650)));
    let code = voucher["code"].as_str().unwrap();
    let seen = ada.get(&format!("/coupons/{code}")).expect(200);
    assert_eq!((&seen["name"], &seen["discount_amount"]), (&json!("Welcome"), &json!(700)));
    let used = ada.post(&format!("/coupons/{code}/use"), json!({"amount": 5})).expect(200);
    assert_eq!(used["payable"], 0);
    ada.delete(&format!("/coupons/{code}/use")).refused(403, "forbidden");
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn a_rename_that_is_repeated_is_answered_as_before_whoever_has_that_name_now() {
    let app = TestApp::start();
    let admin = app.admin();
    let id = campaign(&app, json!({"name": "First"}));
    let path = format!("/campaigns/{id}");
    let rename = |name: &str| admin.key(name).patch(&path, json!({"name": name}));
    let second = rename("Second").expect(200);
    rename("Third").expect(200);
    campaign(&app, json!({"name": "second"}));
    let again = rename("Second");
    assert!(again.was_replayed());
    assert_eq!((again.expect(200), &second["name"]), (second.clone(), &json!("Second")));
    assert_eq!(show(&app, &id)["name"], "Third");
    let would = format!("{path}?dry_run=true");
    admin.patch(&would, json!({"name": "SECOND"})).refused(409, "name-taken");
    assert_eq!(admin.patch(&would, json!({"name": "THIRD"})).expect(200)["name"], "THIRD");
    admin.post("/campaigns", plan(json!({"name": "third"}))).refused(409, "name-taken");
    campaign(&app, json!({"name": "first"}));
}

#[test]
fn a_campaign_that_nobody_has_claimed_is_withdrawn_and_its_name_is_free() {
    let app = TestApp::start();
    let admin = app.admin();
    let id = campaign(&app, json!({"name": "Oops"}));
    let path = format!("/campaigns/{id}");
    let would = admin.delete(&format!("{path}?dry_run=true")).expect(200);
    assert_eq!((&would["state"], &show(&app, &id)["state"]), (&json!("withdrawn"), &json!("open")));
    assert_eq!(admin.delete(&path).expect(200)["state"], "withdrawn");
    assert!(admin.delete(&path).was_replayed());
    app.restart();
    claim(&app.member("ada"), &id).refused(409, "ended");
    admin.patch(&path, json!({"name": "Again"})).refused(409, "ended");
    assert_eq!(names(&app.anybody().get("/campaigns").expect(200)), Vec::<&str>::new());
    assert_eq!(show(&app, &id)["state"], "withdrawn");
    let again = campaign(&app, json!({"name": "oops"}));
    admin.delete(&path).expect(200);
    admin.post("/campaigns", plan(json!({"name": "OOPS"}))).refused(409, "name-taken");
    admin.delete("/campaigns/c_999").refused(404, "not-found");
    // Whoever is first: a claim, or the withdrawal.
    let members: Vec<Client> = (0..8).map(|n| app.member(&format!("member{n}"))).collect();
    let (claimed, withdrawn) = std::thread::scope(|scope| {
        let claims: Vec<_> =
            members.iter().map(|member| scope.spawn(|| claim(member, &again).status)).collect();
        let withdrawn = scope.spawn(|| admin.delete(&format!("/campaigns/{again}")).status);
        let claims: Vec<u16> = claims.into_iter().map(|claim| claim.join().unwrap()).collect();
        (claims.contains(&201), withdrawn.join().unwrap() == 200)
    });
    assert!(claimed != withdrawn, "claimed: {claimed}, withdrawn: {withdrawn}");
    app.stop();
    assert!(app.verified().is_ok());
}

#[test]
fn a_quota_grows_and_an_end_moves_later_until_it_has_come() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 1, "ends_at": "2026-12-01T12:02:00Z"}));
    let path = format!("/campaigns/{id}");
    let admin = app.admin();
    let (ada, bob) = (app.member("ada"), app.member("bob"));
    let voucher = claim(&ada, &id).expect(201)["voucher"].clone();
    claim(&bob, &id).refused(409, "sold-out");
    for less in [
        json!({"quota": 0}),
        json!({"ends_at": "2026-12-01T12:01:59.999Z"}),
        json!({"quota": 5, "ends_at": "1999-01-01T00:00:00Z"}),
    ] {
        admin.patch(&path, less).refused(409, "only-more");
    }
    for (wrong, pointer) in [
        (json!({"quota": 100_000_001}), "/quota"),
        (json!({"quota": -5}), "/quota"),
        (json!({"ends_at": "later"}), "/ends_at"),
        (json!({"trigger": "claim"}), "/trigger"),
    ] {
        assert_eq!(pointers(&admin.patch(&path, wrong).refused(422, "invalid")), [pointer]);
    }
    for built_on in
        [json!({"name": "Other"}), json!({"min_amount": 5}), json!({"quota": 9, "starts_at": END})]
    {
        admin.patch(&path, built_on).refused(409, "in-use");
    }
    admin.delete(&path).refused(409, "in-use");
    let unchanged = admin.patch(&path, json!({})).expect(200);
    assert_eq!((&unchanged["quota"], &unchanged["state"]), (&json!(1), &json!("sold_out")));
    let changed = admin
        .key("more")
        .patch(&path, json!({"quota": 2, "ends_at": "2026-12-01T12:03:00Z"}))
        .expect(200);
    assert_eq!(
        (&changed["quota"], &changed["remaining"], &changed["state"]),
        (&json!(2), &json!(1), &json!("open"))
    );
    assert!(
        admin
            .key("more")
            .patch(&path, json!({"quota": 2, "ends_at": "2026-12-01T12:03:00Z"}))
            .was_replayed()
    );
    admin.key("more").patch(&path, json!({"quota": 3})).refused(422, "idempotency-key-reused");
    app.set_time(after_ms(179_999));
    assert_eq!(claim(&bob, &id).expect(201)["rank"], 2);
    // Vouchers that were granted keep their expiry.
    assert_eq!(claim(&ada, &id).expect(200)["voucher"], voucher);
    app.set_time(after_ms(180_000));
    admin.patch(&path, json!({"ends_at": "2026-12-24T00:00:00Z"})).refused(409, "ended");
    admin.patch(&path, json!({"quota": 9})).refused(409, "ended");
    assert_eq!(ledger(&app, &id)["expired"], 2);
}

#[test]
fn until_the_first_claim_a_quota_may_shrink_and_an_end_come_earlier() {
    let app = TestApp::start();
    let id = campaign(&app, json!({"quota": 100}));
    let path = format!("/campaigns/{id}");
    let admin = app.admin();
    let mended = json!({"quota": 1, "ends_at": "2026-12-01T12:02:00Z"});
    assert_eq!(
        admin.patch(&format!("{path}?dry_run=true"), mended.clone()).expect(200)["quota"],
        1
    );
    assert_eq!(show(&app, &id)["quota"], 100);
    let changed = admin.patch(&path, mended).expect(200);
    assert_eq!((&changed["quota"], &changed["remaining"]), (&json!(1), &json!(1)));
    for nothing in [json!({"quota": 0}), json!({"ends_at": "2026-12-01T12:00:00Z"})] {
        admin.patch(&path, nothing).refused(409, "only-more");
    }
    let voucher = claim(&app.member("ada"), &id).expect(201)["voucher"].clone();
    assert_eq!(voucher["expires_at"], "2026-12-01T12:02:00.000Z");
    claim(&app.member("bob"), &id).refused(409, "sold-out");
    app.restart();
    app.admin().patch(&path, json!({"quota": 2})).expect(200);
    app.admin().patch(&path, json!({"quota": 1})).refused(409, "only-more");
    assert_eq!(ledger(&app, &id)["issued"], 2);
}

#[test]
fn pausing_resuming_and_ending_can_be_repeated() {
    let app = TestApp::start();
    let id = campaign(&app, json!({}));
    let admin = app.admin();
    let step = |name: &str| admin.post(&format!("/campaigns/{id}/{name}"), json!({}));
    let ada = app.member("ada");
    assert_eq!(step("resume").expect(200)["state"], "open");
    for _ in 0..2 {
        assert_eq!(step("pause").expect(200)["state"], "paused");
        claim(&ada, &id).refused(409, "paused");
    }
    for _ in 0..2 {
        assert_eq!(step("resume").expect(200)["state"], "open");
    }
    let code = voucher(&ada, &id);
    for _ in 0..2 {
        assert_eq!(step("end").expect(200)["state"], "ended");
    }
    claim(&app.member("bob"), &id).refused(409, "ended");
    for name in ["pause", "resume"] {
        step(name).refused(409, "ended");
    }
    admin.patch(&format!("/campaigns/{id}"), json!({"quota": 9})).refused(409, "ended");
    // What was granted stays good.
    assert_eq!(
        (&ledger(&app, &id)["assigned"], &ledger(&app, &id)["expired"]),
        (&json!(1), &json!(1))
    );
    ada.post(&format!("/coupons/{code}/use"), json!({"amount": 100})).expect(200);
    app.restart();
    assert_eq!(
        (&show(&app, &id)["state"], &ledger(&app, &id)["used"]),
        (&json!("ended"), &json!(1))
    );
}

#[test]
fn what_names_no_campaign_is_not_found() {
    let app = TestApp::start();
    campaign(&app, json!({}));
    app.admin()
        .post("/coupon-batches", json!({"count": 1, "discount_amount": 5, "expires_at": END}))
        .expect(201);
    let (admin, ada) = (app.admin(), app.member("ada"));
    for id in [
        "c_3",
        "c_01",
        "b_0",
        "b_1",
        "c_0",
        "1",
        "x",
        "%00",
        "c_1%20",
        "c_1073741825",
        "c_99999999999",
    ] {
        let path = format!("/campaigns/{id}");
        app.anybody().get(&path).refused(404, "not-found");
        app.anybody().get(&format!("{path}/ledger")).refused(404, "not-found");
        claim(&ada, id).refused(404, "not-found");
        admin.patch(&path, json!({"quota": 9})).refused(404, "not-found");
        admin.get(&format!("{path}/claims")).refused(404, "not-found");
        for step in ["pause", "resume", "end"] {
            admin.post(&format!("{path}/{step}"), json!({})).refused(404, "not-found");
        }
    }
    ada.post("/campaigns/c_1/claims", json!({"amount": 1})).refused(422, "invalid");
    ada.send("POST", "/campaigns/c_1/claims", Some(b"{".to_vec())).refused(400, "not-readable");
    assert_eq!(ledger(&app, "c_1")["available"], 2);
}
