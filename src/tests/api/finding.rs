//! Lists of coupons by state, owner, reference and time.

use crate::campaigns::{campaign, claim, voucher};
use crate::coupons::{assign, batch, code, codes, give, my_id};
use harness::{Client, TestApp, pointers};
use serde_json::{Value, json};

fn found(client: &Client, path: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    let sign = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = client.get(&format!("{path}{sign}limit=2{cursor}")).expect(200);
        found.extend(page["items"].as_array().unwrap().iter().map(|one| code(one).to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn redeem(client: &Client, code: &str, body: Value) {
    client.post(&format!("/coupons/{code}/use"), body).expect(200);
}

#[test]
fn claims_are_found_by_state_owner_reference_and_time() {
    let app = TestApp::start();
    let (admin, shop) = (app.admin(), app.service("shop"));
    let campaign = campaign(&app, json!({"quota": 50}));
    let ada = app.member("ada");
    let mut all = Vec::new();
    for n in 0..9 {
        all.push(voucher(&shop.on_behalf_of(&format!("m{n}")), &campaign));
        app.pass_s(60);
    }
    all.push(voucher(&ada, &campaign));
    let order = |n: usize, amount: u64| {
        let body = json!({"amount": amount, "reference": format!("order-{n}")});
        redeem(&shop.on_behalf_of(&format!("m{n}")), &all[n], body);
    };
    (2..5).for_each(|n| order(n, 1000));
    let m4 = shop.on_behalf_of("m4");
    m4.delete(&format!("/coupons/{}/use", all[4])).expect(200);
    app.pass_s(60);
    order(7, 1000);
    let path = format!("/campaigns/{campaign}/claims");
    let of = |query: &str| found(&admin, &format!("{path}?{query}"));
    assert_eq!(found(&admin, &path), all);
    assert_eq!(of("state=used"), [&all[2], &all[3], &all[7]].map(Clone::clone));
    assert_eq!(of("state=expired").len(), 0);
    assert_eq!(of(&format!("member={}", my_id(&ada))), [all[9].clone()]);
    assert_eq!(of("service=shop&their_id=m3"), [all[3].clone()]);
    assert_eq!(of("service=shop&their_id=m3&state=assigned").len(), 0);
    assert_eq!(of("service=bank&their_id=m3").len(), 0);
    assert_eq!(of("reference=order-3"), [all[3].clone()]);
    // Of a use that was cancelled, too.
    assert_eq!(of("reference=order-4"), [all[4].clone()]);
    // Claimed at 12:00, 12:01, …
    assert_eq!(of("from=2026-12-01T12:03:00Z"), all[3..]);
    assert_eq!(of("from=2026-12-01T12:02:59.999Z&to=2026-12-01T12:05:00Z"), all[3..5]);
    assert_eq!(of("to=2026-12-01T12:00:00Z").len(), 0);
    assert_eq!(of("from=2027-01-01T00:00:00Z").len(), 0);
    assert_eq!(of("used_from=2026-12-01T12:10:00Z"), [all[7].clone()]);
    assert_eq!(of("used_to=2026-12-01T12:10:00Z"), all[2..4]);
    let lines = admin.get(&format!("{path}?state=used&format=ndjson"));
    assert_eq!(lines.expect_text(200).lines().count(), 3);
}

#[test]
fn coupons_of_a_batch_are_found_whether_made_or_imported() {
    let app = TestApp::start();
    let (admin, shop, ada) = (app.admin(), app.service("shop"), app.member("ada"));
    // Of more than a million, so in sixteen ranges.
    let huge = batch(&app, json!({"count": 10_000_000_000_u64}));
    let path = format!("/coupon-batches/{huge}/coupons");
    assert_eq!(found(&admin, &path).len(), 0);
    let mut given: Vec<String> = (0..7)
        .map(|n| {
            let member = shop.on_behalf_of(&format!("m{n}"));
            code(&assign(&member, &huge, json!({})).expect(201)).to_owned()
        })
        .collect();
    redeem(&shop.on_behalf_of("m5"), &given[5], json!({"amount": 5000, "reference": "o-5"}));
    let of = |query: &str| found(&admin, &format!("{path}?{query}"));
    assert_eq!(of("state=used"), [given[5].clone()]);
    assert_eq!(of("reference=o-5"), [given[5].clone()]);
    assert_eq!(of("service=shop&their_id=m3"), [given[3].clone()]);
    let free = admin.get(&format!("{path}?state=created&limit=100")).expect(200);
    assert_eq!(free["items"].as_array().unwrap().len(), 100);
    let mut all = found(&admin, &path);
    all.sort();
    given.sort();
    assert_eq!(all, given);

    let (few, codes) = codes(&app, json!({"count": 5}));
    give(&admin, &codes[3], json!({"member_id": my_id(&ada)})).expect(200);
    admin.post(&format!("/coupons/{}/void", codes[1]), json!({})).expect(200);
    let path = format!("/coupon-batches/{few}/coupons");
    assert_eq!(found(&admin, &path), [&codes[1], &codes[3]].map(Clone::clone));
    assert_eq!(found(&admin, &format!("{path}?state=created")), {
        [&codes[0], &codes[2], &codes[4]].map(Clone::clone)
    });
    assert_eq!(found(&admin, &format!("{path}?member={}", my_id(&ada))), [codes[3].clone()]);
    admin.get("/coupon-batches/b_999/coupons").refused(404, "not-found");
}

#[test]
fn a_support_desk_sees_what_a_member_has_and_a_member_only_their_own() {
    let app = TestApp::start();
    let (admin, shop, ada) = (app.admin(), app.service("shop"), app.member("ada"));
    let m1 = shop.on_behalf_of("m1");
    let (campaign, batch) = (campaign(&app, json!({"quota": 5})), batch(&app, json!({})));
    let claimed = voucher(&m1, &campaign);
    app.pass_s(60);
    let given: Vec<String> =
        (0..4).map(|_| code(&assign(&m1, &batch, json!({})).expect(201)).to_owned()).collect();
    redeem(&m1, &given[1], json!({"reference": "o-1"}));
    claim(&ada, &campaign).expect(201);
    let whole: Vec<String> = [claimed.clone()].into_iter().chain(given.clone()).collect();
    for (client, whose) in [
        (&admin, "service=shop&their_id=m1".to_owned()),
        (&admin, format!("member={}", my_id(&m1))),
        (&m1, String::new()),
    ] {
        let of = |query: &str| {
            let path = format!("/coupons?{whose}{query}");
            found(client, path.trim_end_matches('?'))
        };
        let and = if whose.is_empty() { "" } else { "&" };
        assert_eq!(of(""), whole);
        assert_eq!(of(&format!("{and}batch={batch}")), given);
        assert_eq!(of(&format!("{and}batch={campaign}")), std::slice::from_ref(&claimed));
        assert_eq!(of(&format!("{and}state=used")), [given[1].clone()]);
        assert_eq!(of(&format!("{and}reference=o-1")), [given[1].clone()]);
        assert_eq!(of(&format!("{and}from=2026-12-01T12:01:00Z")), given);
        assert_eq!(of(&format!("{and}to=2026-12-01T12:01:00Z")), std::slice::from_ref(&claimed));
    }
    // The number of an order is enough, whoever made it.
    let theirs = voucher(&shop.on_behalf_of("m2"), &campaign);
    redeem(&shop.on_behalf_of("m2"), &theirs, json!({"amount": 1000, "reference": "o-2"}));
    for (reference, code) in [("o-1", &given[1]), ("o-2", &theirs)] {
        assert_eq!(
            found(&admin, &format!("/coupons?reference={reference}")),
            std::slice::from_ref(code)
        );
        assert_eq!(found(&ada, &format!("/coupons?reference={reference}")).len(), 0);
        let elsewhere = format!("/coupons?reference={reference}&batch=c_999");
        assert_eq!(found(&admin, &elsewhere).len(), 0);
    }
    assert_eq!(found(&admin, "/coupons?reference=o-3").len(), 0);
    let table = admin.get("/coupons?service=shop&their_id=m1&format=csv");
    assert_eq!(table.expect_text(200).lines().count(), 6);
    ada.get(&format!("/coupons?member={}", my_id(&m1))).refused(403, "forbidden");
    m1.get("/coupons?service=shop&their_id=m2").refused(403, "forbidden");
    // Whoever names themselves says nothing new.
    assert_eq!(found(&ada, &format!("/coupons?member={}", my_id(&ada))).len(), 1);
}

#[test]
fn every_filter_that_cannot_be_read_is_pointed_at_at_once() {
    let app = TestApp::start();
    let campaign = campaign(&app, json!({}));
    let query = "state=gone&member=x&reference=&from=today&to=x&used_from=x&used_to=x&limit=0";
    let path = format!("/campaigns/{campaign}/claims?{query}");
    let problem = app.admin().get(&path).refused(422, "invalid");
    let mut pointed = pointers(&problem);
    pointed.sort();
    let wrong =
        ["?from", "?limit", "?member", "?reference", "?state", "?to", "?used_from", "?used_to"];
    assert_eq!(pointed, wrong);
    for (path, pointer) in [
        (format!("/campaigns/{campaign}/claims?batch=b_1"), "?batch"),
        ("/coupons?batch=x".to_owned(), "?batch"),
        ("/coupons?service=shop".to_owned(), "?their_id"),
        (format!("/campaigns/{campaign}/claims?cursor=AAAA"), "?cursor"),
    ] {
        let problem = app.admin().get(&path).refused(422, "invalid");
        assert_eq!(pointers(&problem), [pointer], "{path}");
    }
}
