//! Guessing codes: a wrong one is refused without a look-up, an unknown and a foreign one alike,
//! and too many have to wait.

use crate::campaigns::{campaign, claim, voucher};
use crate::coupons::{assign, batch, books, code, codes};
use actors::domain::coupons::Serial;
use actors::domain::coupons::code::{CouponNumber, Keys};
use harness::{Answer, Client, PASSWORD, TestApp};
use serde_json::{Value, json};
use stampede::app::App;
use std::collections::BTreeSet;
use std::sync::Arc;

const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Codes of the same coupons, printed by whoever has another key.
fn of_another_key(batch: &str, count: u64) -> Vec<String> {
    let (keys, serial): (Keys, Serial) = (Keys::new([7; 32]), batch.parse().unwrap());
    (0..count).map(|index| keys.print(CouponNumber { serial, index }).to_string()).collect()
}

/// The codes with one symbol mistyped, each time another.
fn mistyped(codes: &[String]) -> Vec<String> {
    let mistype = |(n, code): (usize, &String)| {
        let place =
            (0..code.len()).filter(|place| code.as_bytes()[*place] != b'-').nth(n % 20).unwrap();
        let right = ALPHABET.find(&code[place..=place]).unwrap();
        let wrong = (right + 1 + n % 31) % 32;
        format!("{}{}{}", &code[..place], &ALPHABET[wrong..=wrong], &code[place + 1..])
    };
    codes.iter().enumerate().map(mistype).collect()
}

#[test]
fn a_thousand_forged_and_a_thousand_mistyped_codes_are_unknown() {
    let app = TestApp::start_with(|config| config.failures_per_minute = 1_000_000);
    let (batch, codes) = codes(&app, json!({"count": 1000}));
    let ada = app.member("ada");
    let wrong: Vec<String> =
        of_another_key(&batch, 1000).into_iter().chain(mistyped(&codes)).collect();
    assert_eq!(wrong.iter().collect::<BTreeSet<_>>().len(), 2000);
    let before = books(&app, &batch);
    for (n, code) in wrong.iter().enumerate() {
        let answer = match n % 4 {
            0 => ada.get(&format!("/coupons/{code}")),
            1 => ada.delete(&format!("/coupons/{code}/use")),
            2 => ada.post(&format!("/coupons/{code}/use/confirm"), json!({})),
            _ => ada.post(&format!("/coupons/{code}/use"), json!({"amount": 5})),
        };
        answer.refused(404, "unknown-coupon");
    }
    assert_eq!(books(&app, &batch), before);
}

/// An app that serves nobody has no thread for partitions, so whatever asks one fails there. A
/// wrong code does not.
#[test]
fn a_wrong_code_is_refused_without_a_look_at_any_partition() {
    let app = TestApp::start();
    let (batch, codes) = codes(&app, json!({"count": 1000}));
    let (config, now) = (app.config(), app.now());
    app.stop();
    actix_web::rt::System::new().block_on(async move {
        let unserved = App::open(config, Arc::new(move || now)).await.unwrap().shared;
        for code in of_another_key(&batch, 1000).into_iter().chain(mistyped(&codes)) {
            assert!(matches!(unserved.coupons.find_home(&code).await, Ok(None)), "{code}");
        }
        assert_eq!(unserved.engine.awake(), 0);
        // A right one asks, and so does a text that an import may have brought.
        for code in [&codes[0], "SUMMER"] {
            assert!(unserved.coupons.find_home(code).await.is_err(), "{code}");
        }
    });
    app.wait_until_free();
}

/// What there is to be seen of an answer, but for the name of its request.
fn seen(answer: &Answer) -> (u16, String, BTreeSet<(String, String)>) {
    let request = answer.body["request_id"].as_str().unwrap();
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    // Their order is by chance, of each answer anew.
    let headers = headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (answer.status, answer.text.replace(request, "…"), headers)
}

#[test]
fn unknown_and_foreign_coupons_are_answered_alike_to_the_byte() {
    let app = TestApp::start();
    let shop = app.service("shop");
    let (batch, codes) = codes(&app, json!({"count": 6}));
    let campaign = campaign(&app, json!({"quota": 1}));
    let bob = app.member("bob");
    let bobs: Vec<String> = (0..5)
        .map(|_| code(&assign(&shop.on_behalf_of("bob"), &batch, json!({})).expect(201)).to_owned())
        .collect();
    let use_of = |code: &str| format!("/coupons/{code}/use");
    shop.on_behalf_of("bob").post(&use_of(&bobs[1]), json!({})).expect(200);
    shop.on_behalf_of("bob").post(&use_of(&bobs[2]), json!({"hold_s": 60})).expect(200);
    app.admin().post(&format!("/coupons/{}/void", bobs[3]), json!({})).expect(200);
    let ada = app.member("ada");
    let own = code(
        &assign(
            &app.admin(),
            &crate::coupons::batch(&app, json!({})),
            json!({"member_id": crate::coupons::my_id(&ada)}),
        )
        .expect(201),
    )
    .to_owned();
    // A key that stands for something else already.
    ada.key("spent").post(&use_of(&own), json!({})).expect(200);
    let ask: [(&str, fn(&Client, &str) -> Answer); 7] = [
        ("look", |ada, code| ada.get(&format!("/coupons/{code}"))),
        ("use", |ada, code| ada.post(&format!("/coupons/{code}/use"), json!({"amount": 5}))),
        ("try", |ada, code| {
            ada.post(&format!("/coupons/{code}/use?dry_run=true"), json!({"hold_s": 5}))
        }),
        ("confirm", |ada, code| ada.post(&format!("/coupons/{code}/use/confirm"), json!({}))),
        ("cancel", |ada, code| ada.delete(&format!("/coupons/{code}/use"))),
        ("use with a new key", |ada, code| {
            ada.key(&format!("new-{code}")).post(&format!("/coupons/{code}/use"), json!({}))
        }),
        ("use with a spent key", |ada, code| {
            ada.key("spent").post(&format!("/coupons/{code}/use"), json!({}))
        }),
    ];
    // Assigned, used, held, void, assigned; created; a voucher; codes that nobody printed, and
    // texts that are no codes.
    let others = [&bobs[..], &[codes[5].clone(), voucher(&bob, &campaign)]].concat();
    let unknown = [
        &of_another_key(&batch, 2)[..],
        &["SUMMER".into(), "x".repeat(64), "x".repeat(65), "%F0%9F%8E%9F".into()],
    ]
    .concat();
    for (what, ask) in ask {
        let expected = seen(&ask(&ada, &unknown[0]));
        assert_eq!(expected.0, 404, "{what}");
        for code in others.iter().chain(&unknown) {
            assert_eq!(seen(&ask(&ada, code)), expected, "{what} {code}");
        }
    }
    // The same key still says so where the coupon is her own.
    ada.key("spent")
        .post(&use_of(&own), json!({"amount": 7}))
        .refused(422, "idempotency-key-reused");
    let books = books(&app, &batch);
    assert_eq!(
        (&books["assigned"], &books["used"], &books["held"], &books["void"]),
        (&json!(2), &json!(1), &json!(1), &json!(1))
    );
}

#[test]
fn whoever_guesses_too_often_waits_and_nobody_else_does() {
    let app = TestApp::start_with(|config| config.failures_per_minute = 5);
    let id = batch(&app, json!({}));
    let shop = app.service("shop");
    let (ada, bob) = (shop.on_behalf_of("ada"), shop.on_behalf_of("bob"));
    let own = code(&assign(&ada, &id, json!({})).expect(201)).to_owned();
    let bobs = code(&assign(&bob, &id, json!({})).expect(201)).to_owned();
    let look = |client: &Client, code: &str| client.get(&format!("/coupons/{code}"));
    // Successes are never counted, however many, nor what is refused for another reason.
    (0..20).for_each(|_| drop(look(&ada, &own).expect(200)));
    ada.post(&format!("/coupons/{own}/use"), json!({})).expect(200);
    (0..20).for_each(|_| {
        drop(ada.post(&format!("/coupons/{own}/use"), json!({})).refused(409, "coupon-used"))
    });
    (0..20).for_each(|_| {
        drop(
            ada.post(&format!("/coupons/{own}/use"), json!({"amount": -1})).refused(422, "invalid"),
        )
    });
    // Five wrong ones in any way: mistyped, somebody else's, foreign.
    look(&ada, &mistyped(std::slice::from_ref(&own))[0]).refused(404, "unknown-coupon");
    look(&ada, &bobs).refused(404, "unknown-coupon");
    ada.post(&format!("/coupons/{bobs}/use"), json!({})).refused(404, "unknown-coupon");
    ada.delete(&format!("/coupons/{bobs}/use")).refused(404, "unknown-coupon");
    ada.put(&format!("/coupons/{bobs}/assign"), json!({})).refused(404, "unknown-coupon");
    for code in [&own, &bobs, &of_another_key(&id, 1)[0]] {
        let waits = look(&ada, code);
        assert_eq!(waits.header("retry-after"), Some("5"));
        let problem: Value = waits.refused(429, "too-many-requests");
        assert_eq!(problem["retry"], "later");
    }
    look(&bob, &bobs).expect(200);
    // What is no guess at a code goes on.
    assert_eq!(ada.get("/coupons").expect(200)["items"].as_array().unwrap().len(), 1);
    claim(&ada, &campaign(&app, json!({}))).expect(201);
    app.pass_s(5);
    look(&ada, &own).expect(200);
}

#[test]
fn a_service_that_guesses_for_ever_new_members_is_slowed_down_and_no_other_is() {
    let app = TestApp::start_with(|config| config.service_guesses_per_minute = 10);
    let id = batch(&app, json!({}));
    let (shop, bank) = (app.service("shop"), app.service("bank").on_behalf_of("ada"));
    let own = code(&assign(&shop.on_behalf_of("honest"), &id, json!({})).expect(201)).to_owned();
    let banks = code(&assign(&bank, &id, json!({})).expect(201)).to_owned();
    let look = |client: &Client, code: &str| client.get(&format!("/coupons/{code}"));
    for (n, forged) in of_another_key(&id, 10).iter().enumerate() {
        // Right ones between them cost nothing.
        look(&shop.on_behalf_of("honest"), &own).expect(200);
        look(&shop.on_behalf_of(&format!("guess-{n}")), forged).refused(404, "unknown-coupon");
    }
    for (member, code) in [("guess-10", &of_another_key(&id, 1)[0]), ("honest", &own)] {
        let waits = look(&shop.on_behalf_of(member), code);
        assert_eq!(waits.header("retry-after"), Some("5"));
        waits.refused(429, "too-many-requests");
    }
    look(&bank, &banks).expect(200);
    app.pass_s(5);
    look(&shop.on_behalf_of("honest"), &own).expect(200);
}

/// New accounts, each seen at an address that a proxy names.
fn member_at(app: &TestApp, name: &str, address: &str) -> Client {
    let anybody = app.anybody().with("X-Forwarded-For", address);
    let made =
        anybody.post("/auth/register", json!({"username": name, "password": PASSWORD})).expect(201);
    anybody.bearer(made["access_token"].as_str().unwrap())
}

fn behind_a_proxy(change: impl FnOnce(&mut config::Config)) -> TestApp {
    TestApp::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        change(config);
    })
}

#[test]
fn new_accounts_of_one_address_have_one_budget_for_wrong_codes() {
    let app = behind_a_proxy(|config| config.failures_per_minute = 5);
    let id = batch(&app, json!({}));
    let look = |client: &Client, code: &str| client.get(&format!("/coupons/{code}"));
    // An address has twice what a caller has, so one who guesses does not pause all who share it.
    for (n, forged) in of_another_key(&id, 10).iter().enumerate() {
        look(&member_at(&app, &format!("guess-{n}"), "203.0.113.9"), forged)
            .refused(404, "unknown-coupon");
    }
    let waits = look(&member_at(&app, "guess-10", "203.0.113.9"), &of_another_key(&id, 1)[0]);
    assert_eq!(waits.header("retry-after"), Some("5"));
    waits.refused(429, "too-many-requests");
    look(&member_at(&app, "ada", "198.51.100.7"), &of_another_key(&id, 1)[0])
        .refused(404, "unknown-coupon");
    app.pass_s(5);
    look(&member_at(&app, "guess-11", "203.0.113.9"), &of_another_key(&id, 1)[0])
        .refused(404, "unknown-coupon");
}

#[test]
fn many_addresses_that_guess_at_one_campaign_are_slowed_down_and_keep_nobody_from_claiming() {
    let app = behind_a_proxy(|config| config.campaign_guesses_per_minute = 6);
    let secret =
        campaign(&app, json!({"name": "Secret", "quota": 100, "trigger": "code", "code": "right"}));
    let other =
        campaign(&app, json!({"name": "Other", "quota": 100, "trigger": "code", "code": "right"}));
    let claim = |client: &Client, id: &str, code: &str| {
        client.post(&format!("/campaigns/{id}/claims"), json!({"code": code}))
    };
    let (early, shop) = (member_at(&app, "early", "198.51.100.1"), app.service("shop"));
    claim(&early, &secret, "wrong").refused(409, "wrong-code");
    for n in 0..5 {
        let guess = member_at(&app, &format!("guess-{n}"), &format!("203.0.113.{n}"));
        claim(&guess, &secret, "wrong").refused(409, "wrong-code");
        claim(&guess, &other, "wrong").refused(409, "wrong-code");
    }
    // From now on one wrong code is enough, for all accounts of its address, with the right code,
    // too.
    let thief = member_at(&app, "thief", "203.0.113.50");
    claim(&thief, &secret, "wrong").refused(409, "wrong-code");
    for again in [&thief, &member_at(&app, "thief-2", "203.0.113.50")] {
        let waits = claim(again, &secret, "right");
        assert_eq!(waits.header("retry-after"), Some("5"));
        waits.refused(429, "too-many-requests");
    }
    // Whoever has guessed nothing, or so before, claims as ever. So does everybody at another
    // campaign.
    claim(&member_at(&app, "honest", "198.51.100.2"), &secret, "right").expect(201);
    claim(&early, &secret, "right").expect(201);
    let clumsy = member_at(&app, "clumsy", "198.51.100.3");
    claim(&clumsy, &other, "wrong").refused(409, "wrong-code");
    claim(&clumsy, &other, "right").expect(201);
    // A customer who mistypes waits alone, and not with the whole shop.
    claim(&shop.on_behalf_of("mistypes"), &secret, "wrong").refused(409, "wrong-code");
    claim(&shop.on_behalf_of("mistypes"), &secret, "right").refused(429, "too-many-requests");
    claim(&shop.on_behalf_of("customer"), &secret, "right").expect(201);
    app.pass_s(5);
    claim(&thief, &secret, "right").expect(201);
}
