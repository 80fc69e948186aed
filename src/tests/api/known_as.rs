//! What a service calls its members: told beside their ids here to administrators and to the very
//! service, wherever an owner is named, and to nobody else.

use crate::campaigns::{campaign, claim, voucher};
use crate::coupons::{assign, batch, code, my_id};
use harness::{Client, TestApp, TestReceiver, id, pointers};
use serde_json::{Value, json};

const DAY: &str = "2026-12-31";

fn shop(member: &str) -> Value {
    json!({"service": "shop", "id": member})
}

fn first(page: &Value) -> &Value {
    &page["items"][0]
}

fn close(app: &TestApp) -> Value {
    app.admin().post(&format!("/lotteries/{DAY}/close"), json!({})).expect(200)
}

fn winner(client: &Client) -> Value {
    client.get(&format!("/lotteries/{DAY}/winner")).expect(200)
}

#[test]
fn an_administrator_reads_it_wherever_an_owner_is_named() {
    let app = TestApp::start_with(|config| {
        config.notice_days = vec![3];
        config.job_interval_ms = 10;
    });
    let (admin, m1) = (app.admin(), app.service("shop").on_behalf_of("m1"));
    app.ballots(DAY, json!({}));
    let ballot = m1.submit(DAY).expect(201);
    let campaign = campaign(&app, json!({"quota": 5}));
    let (theirs, ada) = (voucher(&m1, &campaign), app.member("ada"));
    claim(&ada, &campaign).expect(201);
    let given = assign(&m1, &batch(&app, json!({"expires_at": "2026-12-05T10:00:00Z"})), json!({}));
    let coupon = code(&given.expect(201)).to_owned();
    m1.post(&format!("/coupons/{theirs}/use"), json!({"amount": 100})).expect(200);
    let member = my_id(&m1);
    for _ in 0..2 {
        let claims = admin.get(&format!("/campaigns/{campaign}/claims")).expect(200);
        assert_eq!(
            (&first(&claims)["owner"], &first(&claims)["known_as"]),
            (&json!(member), &shop("m1"))
        );
        let of_ada = &claims["items"][1];
        assert!(of_ada["owner"] == my_id(&ada) && of_ada.get("known_as").is_none(), "{of_ada}");
        let seen = admin.get(&format!("/coupons/{theirs}")).expect(200);
        assert_eq!(seen["known_as"], shop("m1"));
        let steps: Vec<(&Value, Option<&Value>)> = seen["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| (&step["step"], step.get("known_as")))
            .collect();
        let named = Some(&shop("m1")).cloned();
        assert_eq!(
            steps,
            [
                (&json!("created"), None),
                (&json!("assigned"), named.as_ref()),
                (&json!("used"), named.as_ref())
            ]
        );
        let expires = admin.get("/coupons/expired?on=2026-12-05&state=assigned").expect(200);
        assert_eq!(
            (&first(&expires)["code"], &first(&expires)["known_as"]),
            (&json!(coupon), &shop("m1"))
        );
        let ballots = admin.get(&format!("/lotteries/{DAY}/ballots")).expect(200);
        let line = json!({"id": id(&ballot), "member": member, "known_as": shop("m1")});
        assert_eq!(ballots["items"], json!([line]));
        app.restart();
    }
    app.set_time(actors::Time(app.now().0 + 86_400_000));
    app.until("notice is given", || first(&admin.get("/notices").expect(200))["code"] == coupon);
    assert_eq!(first(&admin.get("/notices").expect(200))["known_as"], shop("m1"));
}

#[test]
fn a_service_reads_its_own_and_members_read_none() {
    let app = TestApp::start();
    let (service, ada) = (app.service("shop"), app.member("ada"));
    let (m1, m2) = (service.on_behalf_of("m1"), service.on_behalf_of("m2"));
    let batch = batch(&app, json!({}));
    let given = assign(&m1, &batch, json!({})).expect(201);
    assert_eq!((&given["owner"], &given["known_as"]), (&json!(my_id(&m1)), &shop("m1")));
    assign(&m2, &batch, json!({})).expect(201);
    assign(&app.admin(), &batch, json!({"member_id": my_id(&ada)})).expect(201);
    for _ in 0..2 {
        let seen = m1.get(&format!("/coupons/{}", code(&given))).expect(200);
        assert_eq!(seen["known_as"], shop("m1"));
        assert_eq!(first(&m2.get("/coupons").expect(200))["known_as"], shop("m2"));
        let mine = ada.get("/coupons").expect(200);
        assert!(first(&mine)["owner"] == my_id(&ada), "{mine}");
        assert!(first(&mine).get("known_as").is_none(), "{mine}");
        app.restart();
    }
}

#[test]
fn whoever_must_pay_hears_who_has_won_and_the_public_no_more_than_before() {
    let app = TestApp::start();
    let (service, bank, ada) = (app.service("shop"), app.service("bank"), app.member("ada"));
    app.ballots(DAY, json!({"winners": 2, "reserves": 2}));
    let all = [service.on_behalf_of("m1"), bank.on_behalf_of("b1"), ada.clone()];
    let ballots: Vec<Value> = all.iter().map(|one| one.submit(DAY).expect(201)).collect();
    let at_ballot = |draw: &Value, ballot: &Value| {
        let lots = draw["winners"].as_array().unwrap().iter();
        let mut lots = lots.chain(draw["reserves"].as_array().unwrap());
        lots.find(|lot| lot["ballot"] == ballot["id"]).unwrap().clone()
    };
    let told = |draw: &Value| -> Vec<(Value, Value)> {
        let lots = ballots.iter().map(|ballot| at_ballot(draw, ballot));
        lots.map(|lot| (lot["member"].clone(), lot["known_as"].clone())).collect()
    };
    let ids: Vec<Value> = all.iter().map(|one| json!(my_id(one))).collect();
    let of_shop = (ids[0].clone(), shop("m1"));
    let of_bank = (ids[1].clone(), json!({"service": "bank", "id": "b1"}));
    let of_ada = (ids[2].clone(), Value::Null);
    let nothing = (Value::Null, Value::Null);
    let closed = close(&app);
    assert_eq!(told(&closed["draw"]), [of_shop.clone(), of_bank.clone(), of_ada.clone()]);
    for _ in 0..2 {
        assert_eq!(winner(&app.admin()), closed["draw"]);
        for client in [&service, &service.on_behalf_of("m2")] {
            assert_eq!(told(&winner(client)), [of_shop.clone(), nothing.clone(), nothing.clone()]);
        }
        assert_eq!(told(&winner(&bank)), [nothing.clone(), of_bank.clone(), nothing.clone()]);
        let public = winner(&app.anybody());
        assert_eq!(told(&public), vec![nothing.clone(); 3]);
        assert!(!public.to_string().contains("known_as"), "{public}");
        assert_eq!(winner(&ada), public);
        app.restart();
    }
    let path = format!("/lotteries/{DAY}/winner");
    let table = service.get(&format!("{path}?format=csv"));
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    let of_m1 = format!("{},a member,{},shop,m1", id(&ballots[0]), my_id(&all[0]));
    let of_ada = format!("{},ada,{}", id(&ballots[2]), my_id(&ada));
    let lines = table.expect_text(200).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines[0], "drawn_as,place,ballot,name,member,service,their_id");
    assert!(lines.len() == 4 && lines.iter().any(|line| line.ends_with(&of_m1)), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains(&of_ada)), "{lines:?}");
    for client in [&app.anybody(), &ada] {
        client.get(&format!("{path}?format=csv")).refused(403, "forbidden");
        let refused = client.get(&format!("{path}?format=xml")).refused(422, "invalid");
        assert_eq!(pointers(&refused), ["?format"]);
    }
    app.anybody().bearer("sk_nonsense").get(&path).refused(401, "unauthenticated");
    ada.on_behalf_of("m1").get(&path).refused(403, "forbidden");
}

#[test]
fn events_that_leave_name_the_members_of_services() {
    let app = TestApp::start_with(|config| config.webhook_private_addresses = true);
    let (m1, ada) = (app.service("shop").on_behalf_of("m1"), app.member("ada"));
    app.ballots(DAY, json!({"winners": 1, "reserves": 5}));
    let receiver = TestReceiver::start();
    let events = json!(["campaign.claimed", "coupon.used", "lottery.drawn"]);
    let plan = json!({"url": receiver.url(), "events": events});
    let webhook = app.admin().post("/webhooks", plan).expect(201);
    let campaign = campaign(&app, json!({"quota": 5}));
    let theirs = voucher(&m1, &campaign);
    m1.post(&format!("/coupons/{theirs}/use"), json!({"amount": 100})).expect(200);
    claim(&ada, &campaign).expect(201);
    let ballots = [m1.submit(DAY).expect(201), ada.submit(DAY).expect(201)];
    close(&app);
    app.until("all of it arrives", || receiver.events().len() == 4);
    let told = receiver.events();
    let data = |event: &Value| event["data"].clone();
    assert_eq!(
        (&data(&told[0])["member"], &data(&told[0])["known_as"]),
        (&json!(my_id(&m1)), &shop("m1"))
    );
    assert_eq!(
        (&data(&told[1])["known_as"], &data(&told[1])["by_known_as"]),
        (&shop("m1"), &shop("m1"))
    );
    assert!(data(&told[2])["member"] == my_id(&ada) && data(&told[2]).get("known_as").is_none());
    let lots = data(&told[3])["lots"].as_array().unwrap().clone();
    let won = winner(&app.anybody())["winner"]["ballot"].clone();
    let drawn_as = |ballot: &Value| if won == ballot["id"] { "winner" } else { "reserve" };
    let expected = [
        json!({"ballot": id(&ballots[0]), "member": my_id(&m1), "known_as": shop("m1"),
            "drawn_as": drawn_as(&ballots[0])}),
        json!({"ballot": id(&ballots[1]), "member": my_id(&ada),
            "drawn_as": drawn_as(&ballots[1])}),
    ];
    assert!(lots.len() == 2 && expected.iter().all(|lot| lots.contains(lot)), "{lots:?}");
    assert!(lots[0]["ballot"] == won && lots[1]["drawn_as"] == "reserve", "{lots:?}");
    // What is told again is told in the same words, also by a process that has just begun.
    app.restart();
    let again = json!({"from": "2026-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"});
    app.admin().post(&format!("/webhooks/{}/replay", id(&webhook)), again).expect(202);
    app.until("all of it arrives again", || receiver.heard().len() == 8);
    let again: Vec<Value> = receiver.heard().into_iter().map(|heard| heard.body).collect();
    assert_eq!(again[4..], told);
}
