//! Side by side: the same crowd asks for the same things here, in Redis behind the same front, and in PostgreSQL: `load-tests/versus/run`.
//!
//! One server answers all of them in turns within one run: a constant reply (same middleware, token checked, body parsed, nothing behind it), claims of one hot campaign, holds of tickets,
//! and the same two through Redis with every command flushed. Then as many clients do the same in PostgreSQL. Everybody's promise is the same: once per member, never one too many, on the
//! disk before it is answered. `--members N` and `--rounds N` change the run; `--write FILE` puts the table and the picture there.

#[path = "../../benches/load/mod.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod load;
mod postgres;
mod redis;
mod report;

use load::connection::{Connection, block_on, call, request, token};
use load::process::cpu_s;
use load::said;
use load::server::{ADMIN_PASSWORD, Server, serve};
use report::{Report, Row, Turn};
use serde_json::{Value, json};
use stampede::app::Shared;
use stampede::http::api::campaigns::Claim;
use stampede::http::body::Body;
use stampede::http::caller::Member;
use stampede::http::problem::Problem;
use stampede::http::reply;
use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;
use tokio::task::LocalSet;

const CONNECTIONS: usize = 256;
const DAY: &str = "2099-12-31";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => {
            if let Some(url) = arguments.get(2) {
                let _ = redis::URL.set(url.clone());
            }
            serve(
                &arguments[1],
                |config| config.bcrypt_cost = 4,
                |routes| {
                    redis::routes(routes.route("/constant", actix_web::web::post().to(constant)));
                },
            );
        }
        _ => measure(&arguments),
    }
}

/// A thing that is measured, turn by turn.
struct Contest {
    row: Row,
    /// The path of a turn's requests.
    path: Box<dyn Fn(usize) -> String>,
    body: &'static str,
    expected: u16,
}

fn measure(arguments: &[String]) {
    let members = said(arguments, "--members").last().copied().unwrap_or(20_000) as usize;
    let rounds = said(arguments, "--rounds").last().copied().unwrap_or(7) as usize;
    let redis = redis::Redis::start();
    let server = Server::start_with("versus", &redis.iter().map(|redis| redis.url.as_str()).collect::<Vec<_>>());
    let admin = block_on(token(&server.address, "admin", ADMIN_PASSWORD));
    let tokens = block_on(register(&server.address, members));
    block_on(call(
        &server.address,
        "POST",
        "/api/v1/lotteries",
        &admin,
        &json!({"closes_on": DAY, "tickets": {"digits": 6, "copies": 10}}),
    ));

    let campaigns: Vec<String> =
        (0..=rounds).map(|round| campaign(&server.address, &admin, &format!("hot {round}"), members as u64)).collect();
    let sold_out = campaign(&server.address, &admin, "sold out", 1);
    each_once(&server, redis.as_ref(), &tokens[..1], &sold_out, "{}", 201);
    let hold = r#"{"pattern": "*****7"}"#;
    let fixed = |path: &str| -> Box<dyn Fn(usize) -> String> {
        Box::new({
            let path = path.to_owned();
            move |_| path.clone()
        })
    };
    let mut contests = vec![
        Contest { row: Row::new("constant reply"), path: fixed("/api/v1/constant"), body: "{}", expected: 201 },
        Contest {
            row: Row::new("stampede: claim of one campaign"),
            path: Box::new(move |round| campaigns[round].clone()),
            body: "{}",
            expected: 201,
        },
        Contest { row: Row::new("stampede: refusal, sold out"), path: fixed(&sold_out), body: "{}", expected: 409 },
        Contest {
            row: Row::new("stampede: hold of a ticket"),
            path: fixed(&format!("/api/v1/lotteries/{DAY}/holds")),
            body: hold,
            expected: 201,
        },
    ];
    if let Some(redis) = &redis {
        (0..=rounds).for_each(|round| redis.new_campaign(&format!("hot{round}"), members));
        let claims = |round| format!("/api/v1/redis/claims/hot{round}");
        contests.push(Contest { row: Row::new("Redis: claim of one campaign"), path: Box::new(claims), body: "{}", expected: 201 });
        contests.push(Contest { row: Row::new("Redis: hold of a ticket"), path: fixed("/api/v1/redis/holds"), body: hold, expected: 201 });
    }
    // The first turn warms everything up and does not count.
    for round in 0..=rounds {
        for contest in &mut contests {
            let tokens = if contest.expected == 409 { &tokens[1..] } else { &tokens };
            let turn = each_once(&server, redis.as_ref(), tokens, &(contest.path)(round), contest.body, contest.expected);
            if round > 0 {
                contest.row.turns.push(turn);
            }
        }
    }
    drop((server, redis));
    let report = Report {
        connections: CONNECTIONS,
        members,
        rounds,
        rows: contests.into_iter().map(|contest| contest.row).collect(),
        postgres: postgres::measure(CONNECTIONS),
    };
    println!("{}", report.table());
    if let Some(file) = arguments.iter().position(|argument| argument == "--write").and_then(|at| arguments.get(at + 1)) {
        report.write(&PathBuf::from(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

/// The path of the claims of a new campaign.
fn campaign(address: &str, admin: &str, name: &str, quota: u64) -> String {
    let body = json!({"name": name, "quota": quota, "discount_percent": 10, "trigger": "claim", "ends_at": "2099-12-31T00:00:00Z"});
    let made = block_on(call(address, "POST", "/api/v1/campaigns", admin, &body));
    format!("/api/v1/campaigns/{}/claims", made["id"].as_str().expect("a campaign has an id"))
}

async fn register(address: &str, members: usize) -> Vec<String> {
    let requests = (0..members).map(|i| {
        let who = json!({"username": format!("member{i}"), "password": "correct horse battery"});
        request("POST", "/api/v1/auth/register", "", &who.to_string())
    });
    // No more at once than the hashing queue takes.
    let answers = crowd(address, requests.collect(), 16).await;
    let token = |(status, body): (u16, Vec<u8>)| {
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
        let made: Value = serde_json::from_slice(&body).expect("answers are JSON");
        made["access_token"].as_str().expect("who registers is logged in").to_owned()
    };
    answers.into_iter().map(token).collect()
}

/// Everybody asks once. The CPU is that of the server, and of Redis behind it if it was asked.
fn each_once(server: &Server, redis: Option<&redis::Redis>, tokens: &[String], path: &str, body: &str, expected: u16) -> Turn {
    let requests: Vec<Vec<u8>> = tokens.iter().map(|token| request("POST", path, token, body)).collect();
    let spent = || cpu_s(server.pid()) + redis.map_or(0.0, |redis| cpu_s(redis.pid()));
    let (count, cpu_before, began) = (requests.len() as f64, spent(), Instant::now());
    let answers = block_on(crowd(&server.address, requests, CONNECTIONS));
    let seconds = began.elapsed().as_secs_f64();
    let other = answers.iter().find(|(status, _)| *status != expected);
    assert!(other.is_none(), "{path}: {:?}", other.map(|(status, body)| (status, String::from_utf8_lossy(body))));
    Turn { per_second: count / seconds, cpu_us: (spent() - cpu_before) * 1e6 / count }
}

/// Sends all requests over so many connections, each of which takes the next one that nobody has sent.
async fn crowd(address: &str, requests: Vec<Vec<u8>>, connections: usize) -> Vec<(u16, Vec<u8>)> {
    let (requests, next) = (Rc::new(requests), Rc::new(Cell::new(0)));
    let crowd = LocalSet::new();
    let asking: Vec<_> = (0..connections)
        .map(|_| {
            let (address, requests, next) = (address.to_owned(), requests.clone(), next.clone());
            crowd.spawn_local(async move {
                let mut connection = Connection::open(&address).await;
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

/// The route that the server has beside its own.
async fn constant(_: actix_web::web::Data<Shared>, Member(_): Member, Body(_): Body<Claim>) -> Result<actix_web::HttpResponse, Problem> {
    Ok(reply::created(&json!({"campaign": "c_17", "rank": 17})))
}
