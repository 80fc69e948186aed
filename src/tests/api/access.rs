//! Who may do what: `docs/routes.md` has a row for each call and a column for each caller, and
//! every cell is tried.

use harness::{Client, TestApp, id};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

const DAY: &str = "2026-12-31";

/// Where a look at something of their own is refused to others.
const OWNED: [&str; 5] = ["auth/sessions", "ballots", "coupons", "holds", "users"];

/// A caller, as the table's head names them.
struct Column {
    name: &'static str,
    /// Whether the thing that the call is about is theirs.
    owns: bool,
    made: fn(&World) -> Client,
}

const COLUMNS: &[Column] = &[
    Column { name: "nobody", owns: false, made: |world| world.app.anybody() },
    Column { name: "owner", owns: true, made: World::newcomer },
    Column { name: "other member", owns: false, made: World::newcomer },
    Column { name: "service, for the owner", owns: true, made: |w| w.service.on_behalf_of("m1") },
    Column { name: "service, for another", owns: false, made: |w| w.service.on_behalf_of("m2") },
    Column { name: "service itself", owns: false, made: |world| world.service.clone() },
    Column { name: "key, `view`", owns: false, made: |world| world.key("view") },
    Column { name: "key, `operate`", owns: false, made: |world| world.key("operate") },
    Column { name: "viewer", owns: false, made: |world| world.staff("viewer") },
    Column { name: "operator", owns: false, made: |world| world.staff("operator") },
    Column { name: "administrator", owns: false, made: |world| world.app.admin() },
];

struct World {
    app: TestApp,
    service: Client,
    /// One that is claimed by asking, and a batch.
    campaign: String,
    batch: String,
    made: std::cell::Cell<u32>,
}

impl World {
    fn new() -> World {
        let app = TestApp::start();
        let admin = app.admin();
        let both = json!({"closes_on": DAY, "tickets": {"digits": 4}, "ballots": true});
        admin.post("/lotteries", both).expect(201);
        let offer = json!({"name": "First", "quota": 1000, "discount_percent": 10,
            "ends_at": "2026-12-31T00:00:00Z", "trigger": "claim"});
        let campaign = id(&admin.post("/campaigns", offer).expect(201)).to_owned();
        let coupons =
            json!({"count": 1000, "discount_percent": 10, "expires_at": "2026-12-31T00:00:00Z"});
        let batch = id(&admin.post("/coupon-batches", coupons).expect(201)).to_owned();
        let service = app.service("shop");
        World { app, service, campaign, batch, made: std::cell::Cell::new(0) }
    }

    fn next(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// Somebody new with that role. Some calls end a caller's sessions.
    fn staff(&self, role: &str) -> Client {
        crate::roles::staff_named(&self.app, role, &format!("{role}{}", self.next()))
    }

    /// A new key with that scope.
    fn key(&self, scope: &str) -> Client {
        let body = json!({"name": format!("{scope}{}", self.next()), "scopes": [scope]});
        let made = self.app.admin().post("/service-keys", body).expect(201);
        self.app.anybody().bearer(made["key"].as_str().unwrap())
    }

    fn newcomer(&self) -> Client {
        self.app.member(&format!("member{}", self.next()))
    }

    /// The id of something of that kind that is the owner's.
    fn thing(&self, kind: &str, owner: &Client) -> String {
        match kind {
            "holds" => id(&owner.hold(DAY, json!({"pattern": "****"})).expect(201)).to_owned(),
            "ballots" => id(&owner.submit(DAY).expect(201)).to_owned(),
            "users" => id(&owner.get("/me").expect(200)).to_owned(),
            "auth/sessions" => {
                let sessions = owner.get("/auth/sessions").body;
                sessions["items"][0]["id"].as_str().unwrap_or("none-such").to_owned()
            }
            _ => {
                let me = owner.get("/me").expect(200);
                let source = format!("order-{}", self.next());
                let path = format!("/coupon-batches/{}/assign", self.batch);
                let given = match owner.header("On-Behalf-Of") {
                    Some(_) => owner.post(&path, json!({"source_id": source})),
                    None => {
                        let to = json!({"member_id": me["id"], "source_id": source});
                        self.app.admin().post(&path, to)
                    }
                };
                given.expect(201)["code"].as_str().unwrap().to_owned()
            }
        }
    }

    fn body(&self, name: &str) -> Value {
        match name {
            "holdTickets" | "holdTicketsOfPool" => json!({"pattern": "****"}),
            "extendHold" => json!({"ttl_s": 60}),
            "useCoupon" => json!({"amount": 5000}),
            "replaceUser" => json!({"username": format!("renamed{}", self.next())}),
            "changeUser" => json!({"full_name": "Ada Lovelace"}),
            "claimVoucherSheet" | "submitBallotSheet" => json!([{"member": "m1"}]),
            "useCouponSheet" | "confirmUseSheet" | "voidCouponSheet" => json!([{"code": "x"}]),
            "holdTicketsSheet" => json!([{"member": "m1", "body": {"pattern": "****"}}]),
            "confirmHoldSheet" => json!([{"id": "x"}]),
            "assignNextCouponSheet" => json!([{"member": "m1", "body": {}}]),
            "assignNextCoupon" => json!({"source_id": format!("order-{}", self.next())}),
            _ => json!({}),
        }
    }

    /// `yes`, or with what the caller is refused.
    fn cell(&self, method: &str, path: &str, operation: &Value, column: &Column) -> String {
        let caller = (column.made)(self);
        let kind = OWNED.into_iter().find(|kind| {
            path.strip_prefix(&format!("/api/v1/{kind}/")).is_some_and(|rest| rest.starts_with('{'))
        });
        let name = operation["operationId"].as_str().unwrap();
        let one = match kind {
            Some(kind) if column.owns => self.thing(kind, &caller),
            Some(kind) => self.thing(kind, &self.newcomer()),
            None if ["claimVoucher", "claimVoucherSheet", "getEligibility"].contains(&name) => {
                self.campaign.clone()
            }
            None if name.starts_with("assignNextCoupon") => self.batch.clone(),
            None => "none-such".to_owned(),
        };
        let day = if name.starts_with("close") { "none-such" } else { DAY };
        let asked = path.replace("{date}", day).replace("{pool}", day);
        let asked = asked.replace("{id}", &one).replace("{code}", &one);
        // They would not end by themselves.
        let caller =
            if name == "followEvents" { caller.with("Last-Event-ID", "x") } else { caller };
        let endless = ["followBulletins", "followFigures", "followAvailability"].contains(&name);
        let asked = if endless { asked + "?none" } else { asked };
        let body = (method != "GET").then(|| self.body(name).to_string().into_bytes());
        let answer = caller.send(method, &format!("/{asked}"), body);
        match answer.status {
            401 | 403 => answer.status.to_string(),
            // What is somebody else's is not there.
            404 if kind.is_some() => "404".to_owned(),
            _ => "yes".to_owned(),
        }
    }
}

#[test]
fn who_may_do_what_stands_in_the_table_and_every_cell_is_so() {
    let world = World::new();
    let document = world.app.anybody().get("//openapi.json").expect(200);
    let mut table = String::from("| Call |");
    COLUMNS.iter().for_each(|column| write!(table, " {} |", column.name).unwrap());
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(COLUMNS.len()));
    table.push('\n');
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            write!(table, "| `{method} {path}` |").unwrap();
            for column in COLUMNS {
                write!(table, " {} |", world.cell(&method, path, operation, column)).unwrap();
            }
            table.push('\n');
        }
    }
    let written = std::fs::read_to_string(harness::root().join("docs/routes.md")).unwrap();
    let lines: BTreeSet<&str> = written.lines().filter(|line| line.starts_with('|')).collect();
    let tried: BTreeSet<&str> = table.lines().collect();
    let missing: Vec<&&str> = tried.difference(&lines).collect();
    let untrue: Vec<&&str> = lines.difference(&tried).collect();
    assert!(
        missing.is_empty() && untrue.is_empty(),
        "docs/routes.md lacks\n{missing:#?}\nand says what is not so\n{untrue:#?}\n{table}"
    );
}
