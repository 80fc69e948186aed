//! Side by side: the same crowd asks for the same things here, in Redis behind the same front, and
//! in PostgreSQL: `load-tests/versus/run`.
//!
//! One server answers all of them in turns within one run: a constant reply (same middleware, token
//! checked, body parsed, nothing behind it), claims of one hot campaign, holds of tickets, uses of
//! coupons, and the first two through Redis with every command flushed. Then as many clients do the
//! same in PostgreSQL, and a few do it for a hundred members in one statement. Everybody's promise
//! is the same: once per member, never one too many, on the disk before it is answered.
//! `--members N`, `--rounds N` and `--only TEXT` (beside the constant reply) change the run;
//! `--write FILE` puts the table and the picture there.

mod postgres;
mod redis;
mod report;

use harness::load::connection::{LoadConnection, block_on, call, request, token};
use harness::load::constant;
use harness::load::process::cpu_s;
use harness::load::server::{ADMIN_PASSWORD, Server, serve};
use harness::load::{PASSWORD, said};
use report::{Report, Row, Turn};
use serde_json::{Value, json};
use stampede::http::api::campaigns::bodies::ClaimVoucher;
use std::cell::Cell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;
use tokio::task::LocalSet;

const CONNECTIONS: usize = 256;
const CEILING: &str = "constant reply";
const DAY: &str = "2099-12-31";

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => {
            if let Some(url) = arguments.get(2) {
                let _ = redis::URL.set(url.clone());
            }
            serve(
                &arguments[1],
                |config| config.bcrypt_cost = 4,
                |routes| {
                    constant::serve::<ClaimVoucher>(routes);
                    redis::routes(routes);
                },
            );
        }
        _ => measure(&arguments),
    }
}

/// A thing that is measured, turn by turn.
struct Contest {
    row: Row,
    /// What the members ask in a turn, one request each.
    requests: Box<dyn Fn(usize) -> Vec<Vec<u8>>>,
    expected: u16,
}

impl Contest {
    fn new(
        name: &'static str,
        expected: u16,
        requests: impl Fn(usize) -> Vec<Vec<u8>> + 'static,
    ) -> Contest {
        Contest { row: Row::new(name), requests: Box::new(requests), expected }
    }
}

fn measure(arguments: &[String]) {
    let members = said(arguments, "--members").last().copied().unwrap_or(20_000) as usize;
    let rounds = said(arguments, "--rounds").last().copied().unwrap_or(7) as usize;
    let redis = redis::Redis::start();
    let server = Server::start_with(
        "versus",
        &redis.iter().map(|redis| redis.url.as_str()).collect::<Vec<_>>(),
    );
    let address = server.address.clone();
    let admin = block_on(token(&address, "admin", ADMIN_PASSWORD));
    let members = Rc::new(block_on(register(&address, members)));
    let plan = json!({"closes_on": DAY, "tickets": {"digits": 6, "copies": 10}});
    block_on(call(&address, "POST", "/api/v1/lotteries", &admin, &plan));
    let campaigns: Vec<String> = (0..=rounds)
        .map(|round| campaign(&address, &admin, &format!("hot {round}"), members.len()))
        .collect();
    let sold_out = campaign(&address, &admin, "sold out", 1);
    block_on(call(&address, "POST", &sold_out, &members[0].token, &json!({})));
    let batch = batch(&address, &admin);

    let hold = r#"{"pattern": "*****7"}"#;
    let all = |path: String, body: &str| {
        members.iter().map(|member| request("POST", &path, &member.token, body)).collect::<Vec<_>>()
    };
    let everybody = |path: String, body: &'static str| {
        let requests = all(path, body);
        move |_| requests.clone()
    };
    let in_turn = |path: Box<dyn Fn(usize) -> String>| {
        let members = members.clone();
        move |turn| {
            members.iter().map(|member| request("POST", &path(turn), &member.token, "{}")).collect()
        }
    };
    let others = all(sold_out, "{}").split_off(1);
    let users = members.clone();
    let mut contests = vec![
        Contest::new(CEILING, 201, everybody(constant::PATH.into(), "{}")),
        Contest::new(
            "stampede: claim of one campaign",
            201,
            in_turn(Box::new(move |turn| campaigns[turn].clone())),
        ),
        Contest::new("stampede: refusal, sold out", 409, move |_| others.clone()),
        Contest::new(
            "stampede: hold of a ticket",
            201,
            everybody(format!("/api/v1/lotteries/{DAY}/holds"), hold),
        ),
        Contest::new("stampede: use of a coupon", 200, move |_| {
            uses(&address, &admin, &batch, &users)
        }),
    ];
    if let Some(redis) = &redis {
        (0..=rounds).for_each(|round| redis.new_campaign(&format!("hot{round}"), members.len()));
        let claims = in_turn(Box::new(|turn| format!("/api/v1/redis/claims/hot{turn}")));
        contests.push(Contest::new("Redis: claim of one campaign", 201, claims));
        contests.push(Contest::new(
            "Redis: hold of a ticket",
            201,
            everybody("/api/v1/redis/holds".into(), hold),
        ));
    }
    let only = following(arguments, "--only").cloned().unwrap_or_default();
    contests.retain(|contest| contest.row.name.contains(&only) || contest.row.name == CEILING);
    // The first turn warms everything up and does not count.
    for turn in 0..=rounds {
        for contest in &mut contests {
            let took =
                each_once(&server, redis.as_ref(), (contest.requests)(turn), contest.expected);
            if turn > 0 {
                contest.row.turns.push(took);
            }
        }
    }
    drop((server, redis));
    let report = Report {
        connections: CONNECTIONS,
        members: members.len(),
        rounds,
        rows: contests.into_iter().map(|contest| contest.row).collect(),
        postgres: if only.is_empty() {
            postgres::measure(CONNECTIONS)
        } else {
            Err("it was not asked".into())
        },
    };
    println!("{}", report.table());
    if let Some(file) = following(arguments, "--write") {
        report.write(&PathBuf::from(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

fn following<'a>(arguments: &'a [String], flag: &str) -> Option<&'a String> {
    arguments.iter().position(|argument| argument == flag).and_then(|at| arguments.get(at + 1))
}

/// The path of the claims of a new campaign.
fn campaign(address: &str, admin: &str, name: &str, quota: usize) -> String {
    let body = json!({"name": name, "quota": quota, "discount_percent": 10, "trigger": "claim",
        "ends_at": "2099-12-31T00:00:00Z"});
    let made = block_on(call(address, "POST", "/api/v1/campaigns", admin, &body));
    format!("/api/v1/campaigns/{}/claims", made["id"].as_str().expect("a campaign has an id"))
}

/// The path of a new batch with a coupon for whoever comes.
fn batch(address: &str, admin: &str) -> String {
    let body = json!({"count": 1_000_000_000, "discount_amount": 500,
        "expires_at": "2099-12-31T00:00:00Z"});
    let made = block_on(call(address, "POST", "/api/v1/coupon-batches", admin, &body));
    format!("/api/v1/coupon-batches/{}", made["id"].as_str().expect("a batch has an id"))
}

struct Registered {
    id: String,
    token: String,
}

async fn register(address: &str, members: usize) -> Vec<Registered> {
    let requests = (0..members).map(|i| {
        let who = json!({"username": format!("member{i}"), "password": PASSWORD});
        request("POST", "/api/v1/auth/register", "", &who.to_string())
    });
    // No more at once than the hashing queue takes.
    let answers = crowd(address, requests.collect(), 16).await;
    let field = |field: &Value| field.as_str().expect("a registration says so").to_owned();
    let registered = |made: Value| Registered {
        id: field(&made["member"]["id"]),
        token: field(&made["access_token"]),
    };
    answers.into_iter().map(|answer| registered(answered(answer, 201))).collect()
}

/// Gives everybody a coupon; answers the requests by which each uses his own.
fn uses(address: &str, admin: &str, batch: &str, members: &[Registered]) -> Vec<Vec<u8>> {
    let path = format!("{batch}/assign");
    let given = members
        .iter()
        .map(|member| request("POST", &path, admin, &json!({"member_id": member.id}).to_string()));
    let mut tokens: HashMap<&str, &str> =
        members.iter().map(|member| (&*member.id, &*member.token)).collect();
    let by_its_owner = |answer| {
        let coupon = answered(answer, 201);
        let owner =
            coupon["owner"].as_str().and_then(|owner| tokens.remove(owner)).expect("each has one");
        request(
            "POST",
            &format!("/api/v1/coupons/{}/use", coupon["code"].as_str().expect("a code")),
            owner,
            r#"{"amount": 4990}"#,
        )
    };
    block_on(crowd(address, given.collect(), CONNECTIONS)).into_iter().map(by_its_owner).collect()
}

fn answered((status, body): (u16, Vec<u8>), expected: u16) -> Value {
    assert_eq!(status, expected, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("answers are JSON")
}

/// All of it is asked once. The CPU is that of the server, and of Redis behind it if it was asked.
fn each_once(
    server: &Server,
    redis: Option<&redis::Redis>,
    requests: Vec<Vec<u8>>,
    expected: u16,
) -> Turn {
    let spent = || cpu_s(server.pid()) + redis.map_or(0.0, |redis| cpu_s(redis.pid()));
    let (count, cpu_before, began) = (requests.len() as f64, spent(), Instant::now());
    let answers = block_on(crowd(&server.address, requests, CONNECTIONS));
    let seconds = began.elapsed().as_secs_f64();
    let other = answers.iter().find(|(status, _)| *status != expected);
    assert!(
        other.is_none(),
        "{:?}",
        other.map(|(status, body)| (status, String::from_utf8_lossy(body)))
    );
    Turn { per_second: count / seconds, cpu_us: (spent() - cpu_before) * 1e6 / count }
}

/// Sends all requests over so many connections, each of which takes the next one that nobody has
/// sent.
async fn crowd(address: &str, requests: Vec<Vec<u8>>, connections: usize) -> Vec<(u16, Vec<u8>)> {
    let (requests, next) = (Rc::new(requests), Rc::new(Cell::new(0)));
    let crowd = LocalSet::new();
    let asking: Vec<_> = (0..connections)
        .map(|_| {
            let (address, requests, next) = (address.to_owned(), requests.clone(), next.clone());
            crowd.spawn_local(async move {
                let mut connection = LoadConnection::open(&address).await;
                let mut answers = Vec::new();
                while let Some(request) = requests.get(next.replace(next.get() + 1)) {
                    answers.push(connection.ask(request).await);
                }
                answers
            })
        })
        .collect();
    crowd.await;
    let mut answers = Vec::with_capacity(requests.len());
    for asked in asking {
        answers.extend(asked.await.expect("nobody in the crowd panics"));
    }
    answers
}
