//! Assigning coupons: the next free one or a given one, to whom, by whom, and how often.

use crate::campaigns::{campaign, voucher};
use crate::coupons::{assign, batch, books, code, codes, give, listed, my_id};
use harness::{TestApp, pointers};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn administrators_assign_to_whom_they_name_and_services_to_their_own() {
    let app = TestApp::start();
    let batch = batch(&app, json!({}));
    let (admin, ada, shop) = (app.admin(), app.member("ada"), app.service("shop"));
    let ada_id = my_id(&ada);
    let given = assign(&admin, &batch, json!({"member_id": ada_id})).expect(201);
    assert_eq!(
        (&given["owner"], &given["state"], &given["discount_amount"]),
        (&json!(ada_id), &json!("assigned"), &json!(500))
    );
    assert_eq!(ada.get(&format!("/coupons/{}", code(&given))).expect(200), given);
    let theirs = assign(&shop.on_behalf_of("seven"), &batch, json!({})).expect(201);
    assert_eq!(listed(&shop.on_behalf_of("seven")), [code(&theirs)]);
    let before = books(&app, &batch);
    assign(&ada, &batch, json!({"member_id": ada_id})).refused(403, "forbidden");
    assign(&ada, &batch, json!({})).refused(403, "forbidden");
    assign(&shop, &batch, json!({})).refused(403, "forbidden");
    assign(&shop.on_behalf_of("seven"), &batch, json!({"member_id": ada_id}))
        .refused(403, "forbidden");
    for (body, pointer) in [
        (json!({}), "/member_id"),
        (json!({"member_id": "nobody"}), "/member_id"),
        (json!({"member_id": "00000000000000000000000000000001"}), "/member_id"),
        (json!({"member_id": ada_id, "source_id": ""}), "/source_id"),
        (json!({"member_id": ada_id, "source_id": "x".repeat(65)}), "/source_id"),
        (json!({"member_id": ada_id, "source_id": "a\nb"}), "/source_id"),
        (json!({"member_id": ada_id, "code": "x"}), "/code"),
    ] {
        assert_eq!(
            pointers(&assign(&admin, &batch, body.clone()).refused(422, "invalid")),
            [pointer],
            "{body}"
        );
    }
    for unknown in ["b_2", "c_1", "b_00", "x", "%00"] {
        assign(&admin, unknown, json!({"member_id": ada_id})).refused(404, "not-found");
        admin.get(&format!("/coupon-batches/{unknown}")).refused(404, "not-found");
        admin.get(&format!("/coupon-batches/{unknown}/ledger")).refused(404, "not-found");
        admin.get(&format!("/coupon-batches/{unknown}/codes")).refused(404, "not-found");
    }
    assert_eq!(books(&app, &batch), before);
}

#[test]
fn a_source_has_one_coupon_for_ever_and_another_members_is_refused() {
    let app = TestApp::start_with(|config| config.idempotency_s = 60);
    let batch = batch(&app, json!({}));
    let (shop, bank) = (app.service("shop"), app.service("bank"));
    let (seven, eight) = (shop.on_behalf_of("seven"), shop.on_behalf_of("eight"));
    let order = json!({"source_id": "order-1"});
    let first = assign(&seven, &batch, order.clone()).expect(201);
    for turn in 0..3 {
        let again = assign(&seven, &batch, order.clone());
        assert!(again.was_replayed());
        assert_eq!(again.expect(200), first, "{turn}");
        assign(&eight, &batch, order.clone()).refused(409, "source-reused");
        match turn {
            0 => app.restart(),
            _ => app.pass_s(61),
        }
    }
    // Sources are a service's own, and a batch's own; an administrator's are his.
    assert_ne!(
        code(&assign(&bank.on_behalf_of("seven"), &batch, order.clone()).expect(201)),
        code(&first)
    );
    let ada = my_id(&app.member("ada"));
    assign(&app.admin(), &batch, json!({"member_id": ada, "source_id": "order-1"})).expect(201);
    assert_eq!(books(&app, &batch)["assigned"], 3);
    // What became of the coupon is said, in a dry run, too.
    let path = format!("/coupon-batches/{batch}/assign?dry_run=true");
    seven.post(&format!("/coupons/{}/use", code(&first)), json!({})).expect(200);
    assert_eq!(assign(&seven, &batch, order.clone()).expect(200)["state"], "used");
    assert_eq!(seven.post(&path, order).expect(200)["state"], "used");
}

#[test]
fn one_per_member_is_exact() {
    let app = TestApp::start();
    for count in [100, 10_000_000_000_u64] {
        let batch = batch(&app, json!({"count": count, "one_per_member": true}));
        let shop = app.service("shop");
        let mut seen = BTreeSet::new();
        for member in 0..20 {
            let member = shop.on_behalf_of(&format!("m{member}"));
            // All of them for the same order: it is the member who counts here.
            let first = assign(&member, &batch, json!({"source_id": "order"})).expect(201);
            assert!(seen.insert(code(&first).to_owned()));
            // Again, under any key or source, after whatever became of it.
            assert_eq!(code(&assign(&member, &batch, json!({})).expect(200)), code(&first));
            assert_eq!(
                code(&assign(&member.key("other"), &batch, json!({})).expect(200)),
                code(&first)
            );
            assert_eq!(
                code(&assign(&member, &batch, json!({"source_id": "another"})).expect(200)),
                code(&first)
            );
            member.post(&format!("/coupons/{}/use", code(&first)), json!({})).expect(200);
            assert_eq!(assign(&member, &batch, json!({})).expect(200)["state"], "used");
        }
        assert_eq!(books(&app, &batch)["used"], 20);
        // A given code would get around the limit.
        let text = app
            .admin()
            .get(&format!("/coupon-batches/{batch}/codes?format=csv&from=90&limit=1"))
            .text;
        let given = text.lines().nth(1).unwrap().split(',').nth(1).unwrap();
        give(&shop.on_behalf_of("m99"), given, json!({})).refused(409, "one-per-member");
        assert_eq!(books(&app, &batch)["assigned"], 0);
    }
}

#[test]
fn a_member_asks_from_everywhere_at_once_and_gets_one() {
    let app = TestApp::start();
    let batch = batch(&app, json!({"count": 2_000_000, "one_per_member": true}));
    let member = app.service("shop").on_behalf_of("seven");
    let codes = std::sync::Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(|| {
                codes
                    .lock()
                    .unwrap()
                    .insert(code(&assign(&member, &batch, json!({})).body).to_owned())
            });
        }
    });
    assert_eq!(codes.into_inner().unwrap().len(), 1);
    assert_eq!(books(&app, &batch)["assigned"], 1);
}

#[test]
fn a_given_code_is_assigned_by_those_who_may_and_to_one() {
    let app = TestApp::start();
    let (batch, codes) = codes(&app, json!({}));
    let (admin, ada, shop) = (app.admin(), app.member("ada"), app.service("shop"));
    let (ada_id, bob_id) = (my_id(&ada), my_id(&app.member("bob")));
    give(&ada, &codes[0], json!({"member_id": ada_id})).refused(403, "forbidden");
    give(&ada, &codes[0], json!({})).refused(403, "forbidden");
    let would_be = admin
        .put(&format!("/coupons/{}/assign?dry_run=true", codes[0]), json!({"member_id": ada_id}))
        .expect(200);
    assert_eq!(
        (&would_be["state"], books(&app, &batch)["assigned"].clone()),
        (&json!("assigned"), json!(0))
    );
    let given =
        give(&admin, &codes[0].to_lowercase().replace('-', "%20"), json!({"member_id": ada_id}))
            .expect(200);
    assert_eq!((code(&given), &given["owner"]), (&*codes[0], &json!(ada_id)));
    let again = give(&admin, &codes[0], json!({"member_id": ada_id}));
    assert!(again.was_replayed());
    assert_eq!(again.expect(200), given);
    give(&admin, &codes[0], json!({"member_id": bob_id})).refused(409, "coupon-assigned");
    // To a service, somebody else's is as unknown as one that does not exist.
    give(&shop.on_behalf_of("seven"), &codes[0], json!({})).refused(404, "unknown-coupon");
    give(&shop.on_behalf_of("seven"), &codes[1], json!({})).expect(200);
    // The next free one passes by those that were given.
    assert_eq!(code(&assign(&admin, &batch, json!({"member_id": bob_id})).expect(201)), codes[2]);
    assign(&admin, &batch, json!({"member_id": bob_id})).refused(409, "sold-out");
    for body in
        [json!({}), json!({"member_id": "nobody"}), json!({"member_id": ada_id, "amount": 1})]
    {
        give(&admin, &codes[0], body).refused(422, "invalid");
    }
    assert_eq!(books(&app, &batch)["assigned"], 3);
    // A voucher of a campaign is nobody's to give.
    let voucher = voucher(&ada, &campaign(&app, json!({})));
    give(&admin, &voucher, json!({"member_id": bob_id})).refused(404, "unknown-coupon");
}
