//! Every write of the API, made ready: who may do it, where, and what they say.

use harness::{Answer, Client, PASSWORD, TestApp, id};
use serde_json::{Value, json};
use std::cell::Cell;

const DAY: &str = "2026-12-31";
const END: &str = "2026-12-31T00:00:00Z";
const NEW_PASSWORD: &str = "another one altogether";

/// A call that is ready to be made.
pub struct Write {
    pub caller: Client,
    pub path: String,
    pub body: Value,
}

pub struct Scene {
    pub app: TestApp,
    pub admin: Client,
    made: Cell<u32>,
}

impl Scene {
    pub fn new() -> Scene {
        let app = TestApp::start_with_two_clocks(|config| config.webhook_private_addresses = true);
        let admin = app.admin();
        let both = json!({"closes_on": DAY, "tickets": {"digits": 4}, "ballots": true});
        admin.post("/lotteries", both).expect(201);
        Scene { app, admin, made: Cell::new(0) }
    }

    fn fresh(&self, what: &str) -> String {
        self.made.set(self.made.get() + 1);
        format!("{what}{}", self.made.get())
    }

    /// What an administrator has made there.
    #[track_caller]
    fn make(&self, path: &str, body: Value) -> Value {
        self.admin.post(path, body).expect(201)
    }

    fn campaign(&self) -> String {
        id(&self.make("/campaigns", self.offer())).to_owned()
    }

    fn offer(&self) -> Value {
        json!({"name": self.fresh("campaign"), "quota": 10, "discount_percent": 10,
            "ends_at": END, "trigger": "claim"})
    }

    fn coupons(&self) -> Value {
        json!({"count": 3, "discount_percent": 10, "expires_at": END})
    }

    pub fn member(&self) -> (Client, String) {
        let member = self.app.member(&self.fresh("member"));
        let own = id(&member.get("/me").expect(200)).to_owned();
        (member, own)
    }

    /// A member, and the code of a coupon that is theirs.
    fn owner(&self) -> (Client, String) {
        let (member, own) = self.member();
        let code = self.code();
        let path = format!("/coupons/{code}/assign");
        self.admin.put(&path, json!({"member_id": own})).expect(200);
        (member, code)
    }

    fn service(&self) -> Client {
        self.app.service("shop")
    }

    /// A service, and the code of a coupon that is its member's.
    fn owned_by_m1(&self) -> (Client, String) {
        let (shop, code) = (self.service(), self.code());
        shop.on_behalf_of("m1").put(&format!("/coupons/{code}/assign"), json!({})).expect(200);
        (shop, code)
    }

    fn code(&self) -> String {
        self.make("/coupons", self.coupons())["codes"][0].as_str().unwrap().to_owned()
    }

    /// A member, and a hold of theirs.
    fn holder(&self) -> (Client, String) {
        let (member, _) = self.member();
        let held = id(&member.hold(DAY, json!({"pattern": "****"})).expect(201)).to_owned();
        (member, held)
    }

    fn webhook(&self) -> String {
        let body = json!({"url": "http://127.0.0.1:9/hook", "events": ["coupon.used"]});
        id(&self.make("/webhooks", body)).to_owned()
    }

    /// Somebody's access and refresh token.
    pub fn tokens(&self) -> (Client, String) {
        let body = json!({"username": self.fresh("member"), "password": PASSWORD});
        let made = self.app.anybody().post("/auth/register", body).expect(201);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (self.app.anybody().bearer(&text("access_token")), text("refresh_token"))
    }

    pub fn write(&self, name: &str) -> Option<Write> {
        let (admin, nothing) = (self.admin.clone(), json!({}));
        let by_admin = |path: String, body: Value| (admin.clone(), path, body);
        let (caller, path, body) = match name {
            "setReady" => by_admin("//health/ready".into(), json!({"ready": true})),
            "acceptClock" => {
                self.app.set_ahead_s(3600);
                self.app.anybody().get("//health/ready").refused(503, "not-ready");
                by_admin("/clock/accept".into(), json!({"moved_by_s": 3600}))
            }
            "createLottery" => {
                let day = format!("2027-01-{:02}", self.made.get() % 28 + 1);
                by_admin("/lotteries".into(), json!({"closes_on": day, "ballots": true}))
            }
            "closeLottery" => {
                self.make("/lotteries", json!({"closes_on": "2027-03-01", "ballots": true}));
                by_admin("/lotteries/2027-03-01/close".into(), nothing)
            }
            "withdrawLottery" => {
                self.make("/lotteries", json!({"closes_on": "2027-04-01", "ballots": true}));
                by_admin("/lotteries/2027-04-01".into(), nothing)
            }
            "withdrawPool" => {
                let name = self.fresh("pool");
                self.make("/pools", json!({"id": name, "closes_at": END, "ballots": true}));
                by_admin(format!("/pools/{name}"), nothing)
            }
            "createPool" => {
                by_admin("/pools".into(), json!({"closes_at": END, "tickets": {"count": 9}}))
            }
            "closePool" => {
                let name = self.fresh("pool");
                self.make("/pools", json!({"id": name, "closes_at": END, "ballots": true}));
                by_admin(format!("/pools/{name}/close"), nothing)
            }
            "submitBallot" => (self.member().0, format!("/lotteries/{DAY}/ballots"), nothing),
            "submitBallotInPool" => (self.member().0, format!("/pools/{DAY}/ballots"), nothing),
            "holdTicketsOfPool" => {
                (self.member().0, format!("/pools/{DAY}/holds"), json!({"pattern": "****"}))
            }
            "holdTickets" => {
                (self.member().0, format!("/lotteries/{DAY}/holds"), json!({"pattern": "****"}))
            }
            "confirmHold" => {
                let (member, hold) = self.holder();
                (member, format!("/holds/{hold}/confirm"), nothing)
            }
            "extendHold" => {
                let (member, hold) = self.holder();
                (member, format!("/holds/{hold}/extend"), json!({"ttl_s": 600}))
            }
            "releaseHold" => {
                let (member, hold) = self.holder();
                (member, format!("/holds/{hold}"), nothing)
            }
            "refundTicket" => {
                let (member, hold) = self.holder();
                let bought = member.confirm(&hold).expect(200);
                by_admin(format!("/tickets/{}/refund", id(&bought["tickets"][0])), nothing)
            }
            "refundHold" => {
                let (member, hold) = self.holder();
                let bought = member.confirm(&hold).expect(200);
                let tickets = json!({"tickets": [id(&bought["tickets"][0])]});
                by_admin(format!("/holds/{hold}/refund"), tickets)
            }
            "importCodes" => {
                let query = format!("discount_percent=10&expires_at={END}");
                by_admin(format!("/coupon-imports?{query}"), json!("code\nA-CODE-TO-IMPORT\n"))
            }
            "importMembers" => {
                by_admin("/member-imports".into(), json!("username\nwho-comes-from-elsewhere\n"))
            }
            "cancelJob" => return None,
            "createCoupons" => by_admin("/coupons".into(), self.coupons()),
            "createCouponBatch" => by_admin("/coupon-batches".into(), self.coupons()),
            "assignNextCoupon" => {
                let batch = self.make("/coupon-batches", self.coupons());
                let to = json!({"member_id": self.member().1});
                by_admin(format!("/coupon-batches/{}/assign", id(&batch)), to)
            }
            "assignCoupon" => {
                let to = json!({"member_id": self.member().1});
                by_admin(format!("/coupons/{}/assign", self.code()), to)
            }
            "useCoupon" => {
                let (member, code) = self.owner();
                (member, format!("/coupons/{code}/use"), json!({"amount": 5000}))
            }
            "confirmUse" => {
                let (member, code) = self.owner();
                let held = json!({"amount": 5000, "hold_s": 60});
                member.post(&format!("/coupons/{code}/use"), held).expect(200);
                (member, format!("/coupons/{code}/use/confirm"), nothing)
            }
            "cancelUse" => {
                let (member, code) = self.owner();
                member.post(&format!("/coupons/{code}/use"), json!({"amount": 5000})).expect(200);
                (member, format!("/coupons/{code}/use"), nothing)
            }
            "voidCoupon" => by_admin(format!("/coupons/{}/void", self.code()), nothing),
            "createWebhook" => {
                let body = json!({"url": "http://127.0.0.1:9/hook", "events": ["*"]});
                by_admin("/webhooks".into(), body)
            }
            "deleteWebhook" => by_admin(format!("/webhooks/{}", self.webhook()), nothing),
            "enableWebhook" => {
                let path = format!("/webhooks/{}", self.webhook());
                self.admin.post(&format!("{path}/disable"), json!({})).expect(200);
                by_admin(format!("{path}/enable"), nothing)
            }
            "disableWebhook" => by_admin(format!("/webhooks/{}/disable", self.webhook()), nothing),
            "replayEvents" => {
                let range = json!({"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"});
                by_admin(format!("/webhooks/{}/replay", self.webhook()), range)
            }
            "changeCouponBatch" => {
                let batch = self.make("/coupon-batches", self.coupons());
                let later = json!({"expires_at": "2027-06-30T00:00:00Z"});
                by_admin(format!("/coupon-batches/{}", id(&batch)), later)
            }
            "pauseCouponBatch" | "voidCouponBatch" => {
                let batch = self.make("/coupon-batches", self.coupons());
                let step = name.trim_end_matches("CouponBatch");
                by_admin(format!("/coupon-batches/{}/{step}", id(&batch)), nothing)
            }
            "voidCouponsOfBatch" => {
                let batch = self.make("/coupon-batches", self.coupons());
                let free = json!({"state": "created"});
                by_admin(format!("/coupon-batches/{}/voidings", id(&batch)), free)
            }
            "cancelVoiding" => {
                let batch = self.make(
                    "/coupon-batches",
                    json!({"count": 5_000_000, "discount_amount": 500, "expires_at": END}),
                );
                let path = format!("/coupon-batches/{}/voidings", id(&batch));
                let free = json!({"state": "created"});
                let job = self.admin.post(&path, free).expect(202);
                by_admin(format!("/voidings/{}", id(&job)), nothing)
            }
            "resumeCouponBatch" => {
                let batch = self.make("/coupon-batches", self.coupons());
                let path = format!("/coupon-batches/{}", id(&batch));
                self.admin.post(&format!("{path}/pause"), json!({})).expect(200);
                by_admin(format!("{path}/resume"), nothing)
            }
            "withdrawCouponBatch" => {
                let batch = self.make("/coupon-batches", self.coupons());
                by_admin(format!("/coupon-batches/{}", id(&batch)), nothing)
            }
            "withdrawCampaign" => by_admin(format!("/campaigns/{}", self.campaign()), nothing),
            "createCampaign" => by_admin("/campaigns".into(), self.offer()),
            "changeCampaign" => {
                by_admin(format!("/campaigns/{}", self.campaign()), json!({"quota": 20}))
            }
            "tellFigures" => {
                let path = format!("/campaigns/{}/figures", self.campaign());
                by_admin(path, json!({"figures": "staff"}))
            }
            "pauseCampaign" => by_admin(format!("/campaigns/{}/pause", self.campaign()), nothing),
            "resumeCampaign" => {
                let path = format!("/campaigns/{}", self.campaign());
                self.admin.post(&format!("{path}/pause"), json!({})).expect(200);
                by_admin(format!("{path}/resume"), nothing)
            }
            "endCampaign" => by_admin(format!("/campaigns/{}/end", self.campaign()), nothing),
            "claimVoucher" => {
                (self.member().0, format!("/campaigns/{}/claims", self.campaign()), nothing)
            }
            "claimVoucherSheet" => {
                let path = format!("/campaigns/{}/claims:batch", self.campaign());
                (self.service(), path, json!([{"member": "m1"}, {"member": "m2"}]))
            }
            "assignNextCouponSheet" => {
                let batch = self.make("/coupon-batches", self.coupons());
                let path = format!("/coupon-batches/{}/assign:batch", id(&batch));
                (self.service(), path, json!([{"member": "m1"}, {"member": "m2"}]))
            }
            "useCouponSheet" => {
                let (shop, code) = self.owned_by_m1();
                let uses = json!([{"member": "m1", "code": code, "body": {"amount": 5000}}]);
                (shop, "/coupons/use:batch".into(), uses)
            }
            "confirmUseSheet" => {
                let (shop, code) = self.owned_by_m1();
                let held = json!({"amount": 5000, "hold_s": 60});
                let path = format!("/coupons/{code}/use");
                shop.on_behalf_of("m1").post(&path, held).expect(200);
                let confirms = json!([{"member": "m1", "code": code}]);
                (shop, "/coupons/use/confirm:batch".into(), confirms)
            }
            "voidCouponSheet" => {
                let voids = json!([{"code": self.code()}, {"code": self.code()}]);
                by_admin("/coupons/void:batch".into(), voids)
            }
            "submitBallotSheet" | "submitBallotSheetInPool" => {
                let ballots = json!([{"member": "m1"}, {"member": "m1"}, {"member": "m2"}]);
                let way = if name.ends_with("Pool") { "pools" } else { "lotteries" };
                (self.service(), format!("/{way}/{DAY}/ballots:batch"), ballots)
            }
            "holdTicketsSheet" | "holdTicketsSheetOfPool" => {
                let wanted = json!({"pattern": "****"});
                let holds = json!([{"member": "m1", "body": wanted}]);
                let way = if name.ends_with("Pool") { "pools" } else { "lotteries" };
                (self.service(), format!("/{way}/{DAY}/holds:batch"), holds)
            }
            "confirmHoldSheet" => {
                let shop = self.service();
                let held = shop.on_behalf_of("m1").hold(DAY, json!({"pattern": "****"}));
                let confirms = json!([{"member": "m1", "id": id(&held.expect(201))}]);
                (shop, "/holds/confirm:batch".into(), confirms)
            }
            "register" => {
                let body = json!({"username": self.fresh("member"), "password": PASSWORD});
                (self.app.anybody(), "/auth/register".into(), body)
            }
            "logIn" => {
                let name = self.fresh("member");
                self.app.member(&name);
                let body = json!({"username": name, "password": PASSWORD});
                (self.app.anybody(), "/auth/login".into(), body)
            }
            "refreshTokens" => {
                let (_, refresh) = self.tokens();
                let body = json!({"refresh_token": refresh});
                (self.app.anybody(), "/auth/refresh".into(), body)
            }
            "logOut" => (self.tokens().0, "/auth/logout".into(), nothing),
            "logOutEverywhere" => (self.tokens().0, "/auth/logout-all".into(), nothing),
            "endSession" => {
                let (member, _) = self.tokens();
                let own = member.get("/auth/sessions").expect(200);
                (member, format!("/auth/sessions/{}", id(&own["items"][0])), nothing)
            }
            "changePassword" => {
                let body = json!({"old_password": PASSWORD, "new_password": NEW_PASSWORD});
                (self.tokens().0, "/auth/password".into(), body)
            }
            "resetPassword" => {
                let path = format!("/users/{}/password", self.member().1);
                let token = self.make(&path, json!({}))["token"].clone();
                let body = json!({"token": token, "new_password": NEW_PASSWORD});
                (self.app.anybody(), "/auth/reset".into(), body)
            }
            "createUser" => {
                let body = json!({"username": self.fresh("member"), "password": PASSWORD});
                by_admin("/users".into(), body)
            }
            "replaceUser" => {
                let (member, own) = self.member();
                (member, format!("/users/{own}"), json!({"username": self.fresh("renamed")}))
            }
            "changeUser" => {
                by_admin(format!("/users/{}", self.member().1), json!({"role": "viewer"}))
            }
            "deleteUser" => {
                let (member, own) = self.member();
                (member, format!("/users/{own}"), nothing)
            }
            "endSessionsOf" => by_admin(format!("/users/{}/sessions", self.member().1), nothing),
            "offerPasswordReset" => {
                by_admin(format!("/users/{}/password", self.member().1), nothing)
            }
            "createServiceKey" => by_admin("/service-keys".into(), json!({"name": "shop"})),
            "revokeServiceKey" => {
                let key = self.make("/service-keys", json!({"name": "shop"}));
                by_admin(format!("/service-keys/{}", id(&key)), nothing)
            }
            _ => panic!("{name} has no row here: every write is tried twice under one key"),
        };
        Some(Write { caller, path, body })
    }
}

impl Write {
    pub fn send(&self, method: &str, key: &str) -> Answer {
        let caller = self.caller.key(key);
        match &self.body {
            Value::String(file) => caller.send_file(&self.path, file.as_bytes()),
            _ if method == "DELETE" => caller.delete(&self.path),
            body => caller.send(method, &self.path, Some(body.to_string().into_bytes())),
        }
    }
}

/// Every write of the document: its method, its name and what it takes.
pub fn writes(app: &TestApp) -> Vec<(String, String, Value)> {
    let document = app.anybody().get("//openapi.json").expect(200);
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().clone());
    operations
        .filter(|(method, _)| method != "get")
        .map(|(method, operation)| {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            (method.to_uppercase(), name, operation)
        })
        .collect()
}
