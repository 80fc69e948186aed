//! What a member may still have of a pool, and what is taken back of what they have.

use harness::{Answer, TestApp, id, pointers, tickets};
use serde_json::{Value, json};

fn pool(app: &TestApp, name: &str, more: Value) {
    let mut body = json!({"id": name, "closes_at": "2026-12-20T18:00:00Z",
        "tickets": {"digits": 4}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.admin().post("/pools", body).expect(201);
}

fn taken(held: u32, bought: u32, left: u32) -> Value {
    json!({"held": held, "bought": bought, "left": left})
}

#[test]
fn an_allowance_is_told_to_whom_it_is_about_and_to_staff() {
    let app = TestApp::start();
    pool(&app, "gala", json!({"per_member": {"held": 4, "bought": 6}}));
    pool(&app, "open", json!({}));
    let shop = app.service("shop");
    let (ada, bob) = (shop.on_behalf_of("ada"), shop.on_behalf_of("bob"));
    let told = |query: &str| ada.get(&format!("/pools/gala/allowance{query}")).expect(200);
    assert_eq!(
        told(""),
        json!({"pool": "gala", "per_member": {"held": 4, "bought": 6}, "member": taken(0, 0, 4),
            "limit_key": null, "left": 4})
    );
    let wanted = json!({"pattern": "****", "count": 3, "at_least": 3, "limit_key": "card 1"});
    let held = ada.post("/pools/gala/holds", wanted.clone()).expect(201);
    assert_eq!(told("")["member"], taken(3, 0, 1));
    let ledger = app.admin().get("/pools/gala/orders/ledger").expect(200);
    // The member and the card hold something.
    assert_eq!((&ledger["placed"], &ledger["held"]), (&json!(1), &json!(3)), "{ledger}");
    assert_eq!((&ledger["holders"], &ledger["imbalance"]), (&json!(2), &json!(0)), "{ledger}");
    ada.confirm(id(&held)).expect(200);
    assert_eq!(told("")["member"], taken(0, 3, 3));
    let another = bob.post("/pools/gala/holds", wanted).expect(201);
    let both = told("?limit_key=card%201");
    assert_eq!((&both["member"], &both["limit_key"]), (&taken(0, 3, 3), &taken(3, 3, 0)));
    assert_eq!(both["left"], 0);
    bob.release(id(&another)).expect(200);
    assert_eq!(told("?limit_key=card%201")["left"], 3);
    // Another service's card is another one.
    let other = app.service("other").on_behalf_of("ada");
    let key = other.get("/pools/gala/allowance?limit_key=card%201").expect(200);
    assert_eq!(key["limit_key"], taken(0, 0, 4));
    let of_ada = "/pools/gala/allowance?service=shop&their_id=ada";
    assert_eq!(app.admin().get(of_ada).expect(200)["member"], taken(0, 3, 3));
    let own = id(&ada.get("/me").expect(200)).to_owned();
    let by_id = format!("/pools/gala/allowance?member={own}");
    assert_eq!(app.admin().get(&by_id).expect(200)["member"], taken(0, 3, 3));
    assert_eq!(ada.get(&by_id).expect(200)["member"], taken(0, 3, 3));
    bob.get(&by_id).refused(403, "forbidden");
    let eve = app.member("eve");
    let told = eve.get("/pools/gala/allowance?limit_key=card%201").refused(422, "invalid");
    assert_eq!(pointers(&told), ["?limit_key"]);
    eve.get("/pools/none/allowance").refused(404, "not-found");
    // Where there are no limits, nothing is counted.
    ada.post("/pools/open/holds", json!({"pattern": "****", "count": 3})).expect(201);
    let open = ada.get("/pools/open/allowance?limit_key=card%201").expect(200);
    assert!(["member", "limit_key", "left"].iter().all(|name| open[name].is_null()), "{open}");
}

#[test]
fn a_bought_hold_is_taken_back_by_one_call_whichever_kind_it_is() {
    let app = TestApp::start();
    pool(&app, "orders", json!({"per_member": {"bought": 4}}));
    pool(&app, "slices", json!({}));
    for (pool, kind) in [("orders", "o_"), ("slices", "h_")] {
        let (ada, admin) = (app.member(&format!("ada-{pool}")), app.admin());
        let wanted = json!({"pattern": "77**", "count": 4, "at_least": 4});
        let hold = || ada.post(&format!("/pools/{pool}/holds"), wanted.clone());
        let held = hold().expect(201);
        let one = id(&held);
        assert!(one.starts_with(kind), "{held}");
        let path = format!("/holds/{one}/refund");
        let back = |body: Value| -> Answer { admin.post(&path, body) };
        back(json!({})).refused(409, "not-sold");
        ada.confirm(one).expect(200);
        ada.post(&path, json!({})).refused(403, "forbidden");
        let mine = tickets(&held);
        let owned = || ada.all("/tickets").iter().filter(|one| one["pool"] == pool).count();
        let told = back(json!({"tickets": []})).refused(422, "invalid");
        assert_eq!(pointers(&told), ["/tickets"]);
        let told =
            back(json!({"tickets": [mine[0], "t_elsewhere_0000_1"]})).refused(422, "invalid");
        assert_eq!(pointers(&told), ["/tickets/1"]);
        let other = ada.post("/pools/slices/holds", json!({"pattern": "1***"})).expect(201);
        if pool == "slices" {
            back(json!({"tickets": tickets(&other)})).refused(409, "not-sold");
        }
        // Tried first, then some, then all.
        let tried = admin.post(&format!("{path}?dry_run=true"), json!({})).expect(200);
        assert_eq!(tickets(&tried), mine);
        let keyed = admin.key(&format!("first-{pool}"));
        let some = json!({"tickets": [mine[1]]});
        let first = keyed.post(&path, some.clone());
        let said = first.expect(200);
        assert_eq!((tickets(&said), &said["state"]), (vec![mine[1].clone()], &json!("refunded")));
        assert_eq!((&said["pool"], said["left"].as_array().unwrap().len()), (&json!(pool), 3));
        let again = keyed.post(&path, some);
        assert!(again.was_replayed());
        assert_eq!(again.expect(200), said);
        assert_eq!(owned(), 3);
        let rest = back(json!({})).expect(200);
        assert_eq!((tickets(&rest).len(), &rest["left"]), (3, &json!([])));
        let repeated = back(json!({})).expect(200);
        assert_eq!((tickets(&repeated).len(), &repeated["left"]), (4, &json!([])));
        assert_eq!(owned(), 0);
        let books = |name: &str| {
            let path = format!("/pools/{pool}/ledger");
            app.anybody().get(&path).expect(200)[name].clone()
        };
        app.until("the books follow", || books("sold") == 0);
        assert_eq!(books("imbalance"), 0);
        // The allowance is there again.
        hold().expect(201);
        admin.post("/holds/h_slices_4_1_9999/refund", json!({})).refused(404, "not-found");
    }
}
