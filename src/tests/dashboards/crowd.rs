//! Somebody of every kind: whoever buys, claims, uses, comes too late, is mistaken or is turned
//! away, so that every panel has something to show.

use harness::{Client, DAY, PASSWORD, Process, TestReceiver, id};
use serde_json::{Value, json};

const EXPIRY: &str = "2199-12-31T00:00:00Z";
/// The closing day of what is drawn.
const DRAWN: &str = "2199-12-30";
const FORGED: &str = "00000-00000-00000-00000";

pub struct Crowd<'a> {
    server: &'a Process,
    admin: Client,
    campaign: String,
    tiny: String,
    batch: String,
    turns: u64,
    /// Hears of everything.
    _receiver: TestReceiver,
}

impl<'a> Crowd<'a> {
    pub fn gather(server: &'a Process) -> Crowd<'a> {
        let admin = server.admin();
        let receiver = TestReceiver::start();
        admin
            .post(
                "/webhooks",
                json!({"url": receiver.url(), "events": ["tickets.confirmed", "coupon.used"]}),
            )
            .expect(201);
        server.lottery(5);
        admin
            .post("/lotteries", json!({"closes_on": DRAWN, "ballots": {"most": 1_000_000}}))
            .expect(201);
        let campaign = |name: &str, quota: u64, trigger: &str| {
            let wanted = json!({"name": name, "quota": quota, "discount_percent": 10,
                "trigger": trigger, "ends_at": EXPIRY});
            id(&admin.post("/campaigns", wanted).expect(201)).to_owned()
        };
        campaign("Welcome", 1_000_000, "first_login");
        let (open, tiny) = (campaign("Open", 1_000_000, "claim"), campaign("Tiny", 1, "claim"));
        let batch = admin.post(
            "/coupon-batches",
            json!({"count": 1_000_000, "discount_amount": 500, "expires_at": EXPIRY}),
        );
        let batch = id(&batch.expect(201)).to_owned();
        let hall = json!({"id": "hall", "closes_at": EXPIRY, "tickets": {"digits": 5},
            "per_member": {"held": 4}, "labels": [{"name": "stalls", "pattern": "0****"}]});
        admin.post("/pools", hall).expect(201);
        let terms = format!("name=File&discount_percent=10&expires_at={EXPIRY}");
        admin.send_file(&format!("/coupon-imports?{terms}"), b"code\nA-1\nA-2\nA-1\n").expect(202);
        Crowd { server, admin, campaign: open, tiny, batch, turns: 0, _receiver: receiver }
    }

    /// One of each comes.
    pub fn come(&mut self) {
        self.turns += 1;
        let name = format!("member-{}", self.turns);
        let member = self.server.member(&name);
        let me = member.get("/me").expect(200);
        buy(&member);
        self.order(&member);
        // A ballot needs a proof of work here, and is asked for twice.
        let working = member.worked("ballot").key("ballot");
        for _ in 0..2 {
            working.post(&format!("/lotteries/{DRAWN}/ballots"), json!({})).expect(201);
        }
        self.claim(&member);
        self.redeem(&member, id(&me));
        // There is a budget for mistakes, which is not what is looked at here.
        if self.turns <= 5 {
            self.err(&member, &name);
        }
    }

    /// Orders that are bought and taken back, released, left to expire, and one too many.
    fn order(&self, member: &Client) {
        let hold = |ttl_s: u32| {
            let wanted = json!({"label": "stalls", "count": 2, "at_least": 2, "ttl_s": ttl_s});
            member.post("/pools/hall/holds", wanted)
        };
        let order = |ttl_s: u32| id(&hold(ttl_s).expect(201)).to_owned();
        let bought = order(60);
        member.confirm(&bought).expect(200);
        self.admin.post(&format!("/holds/{bought}/refund"), json!({})).expect(200);
        member.release(&order(60)).expect(200);
        order(1);
        order(60);
        hold(60).refused(409, "hold-limit-reached");
    }

    fn claim(&self, member: &Client) {
        let claims = |campaign: &str| format!("/campaigns/{campaign}/claims");
        member.post(&claims(&self.campaign), json!({})).expect(201);
        member.post(&claims(&self.campaign), json!({})).expect(200);
        let late = member.post(&claims(&self.tiny), json!({})).status;
        assert!(late == 201 || late == 409, "{late}");
    }

    fn redeem(&self, member: &Client, me: &str) {
        let assigning = format!("/coupon-batches/{}/assign", self.batch);
        let assign =
            || -> Value { self.admin.post(&assigning, json!({"member_id": me})).expect(201) };
        let path = |coupon: &Value| format!("/coupons/{}/use", coupon["code"].as_str().unwrap());
        let (kept, taken_back) = (path(&assign()), path(&assign()));
        member.post(&kept, json!({"amount": 4990})).expect(200);
        member.post(&taken_back, json!({"amount": 4990})).expect(200);
        member.delete(&taken_back).expect(200);
        let mine = member.get("/coupons").expect(200);
        let voucher = mine["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|coupon| coupon["rank"].is_u64())
            .unwrap();
        member.post(&path(voucher), json!({"amount": 4990})).expect(200);
    }

    fn err(&self, member: &Client, name: &str) {
        let anybody = self.server.anybody();
        anybody
            .post("/auth/login", json!({"username": name, "password": format!("not {PASSWORD}")}))
            .expect(401);
        self.server.anybody().bearer("nonsense").get("/me").expect(401);
        member.get(&format!("/coupons/{FORGED}")).expect(404);
        // A node that an administrator took out of the balancer says 503 when asked whether it is
        // ready.
        self.admin.put("//health/ready", json!({"ready": false})).expect(200);
        anybody.get("//health/ready").expect(503);
        self.admin.put("//health/ready", json!({"ready": true})).expect(200);
    }
}

fn buy(member: &Client) {
    let hold = || {
        let held = member.hold(DAY, json!({"pattern": "****", "ttl_s": 7200})).expect(201);
        id(&held).to_owned()
    };
    hold();
    member.confirm(&hold()).expect(200);
    member.release(&hold()).expect(200);
}
