//! One hot campaign, and what the same costs elsewhere: `cargo bench --bench claims`.
//!
//! A crowd claims from one campaign, each member once, in turns with a constant reply of the same server (same middleware, token checked, body parsed)
//! and with refusals of a campaign that is sold out. Then as many clients do the same in PostgreSQL, if it is installed: a guarded UPDATE of one row and the claim
//! beside it, in one transaction, flushed to the disk (`pgbench`). `--members N` and `--rounds N` change the run.

#[allow(dead_code, reason = "each bench uses its part")]
mod load;
#[path = "claims/postgres.rs"]
mod postgres;

use load::connection::{Connection, block_on, call, request, token};
use load::server::{ADMIN_PASSWORD, Server, serve};
use load::{cpu_s, median, said};
use serde_json::{Value, json};
use stampede::app::Shared;
use stampede::http::api::campaigns::Claim;
use stampede::http::body::Body;
use stampede::http::caller::Member;
use stampede::http::problem::Problem;
use stampede::http::reply;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;
use tokio::task::LocalSet;

const CONNECTIONS: usize = 256;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(
            &arguments[1],
            |config| config.bcrypt_cost = 4,
            |routes| {
                routes.route("/constant", actix_web::web::post().to(constant));
            },
        ),
        _ => measure(&arguments),
    }
}

struct Turn {
    per_second: f64,
    cpu_us: f64,
}

fn measure(arguments: &[String]) {
    let members = said(arguments, "--members").last().copied().unwrap_or(20_000) as usize;
    let rounds = said(arguments, "--rounds").last().copied().unwrap_or(7) as usize;
    let server = Server::start("claims");
    let admin = block_on(token(&server.address, "admin", ADMIN_PASSWORD));
    let tokens = block_on(register(&server.address, members));
    let sold_out = campaign(&server.address, &admin, "sold out", 1);
    each_once(&server, &tokens[..1], &sold_out, 201);

    let (mut constant, mut claims, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    // The first turn warms the server up and does not count.
    for round in 0..=rounds {
        let hot = campaign(&server.address, &admin, &format!("hot {round}"), members as u64);
        constant.push(each_once(&server, &tokens, "/api/v1/constant", 201));
        claims.push(each_once(&server, &tokens, &hot, 201));
        refusals.push(each_once(&server, &tokens[1..], &sold_out, 409));
    }
    println!("{CONNECTIONS} connections, {members} members, each claims once; medians of {rounds} turns");
    println!("{:<28} {:>10} {:>8} {:>12} {:>8}", "request", "per second", "ratio", "CPU µs each", "ratio");
    report("constant reply", &constant[1..], &constant[1..]);
    report("claim on one campaign", &claims[1..], &constant[1..]);
    report("refusal (sold out)", &refusals[1..], &constant[1..]);
    let claimed = median(claims[1..].iter().map(|turn| turn.per_second));
    drop(server);
    postgres::report(claimed, CONNECTIONS);
}

fn report(name: &str, turns: &[Turn], constant: &[Turn]) {
    let rate = median(turns.iter().map(|turn| turn.per_second));
    let cpu = median(turns.iter().map(|turn| turn.cpu_us));
    let rate_ratio = median(turns.iter().zip(constant).map(|(turn, constant)| turn.per_second / constant.per_second));
    let cpu_ratio = median(turns.iter().zip(constant).map(|(turn, constant)| turn.cpu_us / constant.cpu_us));
    println!("{name:<28} {rate:>10.0} {rate_ratio:>8.2} {cpu:>12.1} {cpu_ratio:>8.2}");
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

/// Everybody asks once.
fn each_once(server: &Server, tokens: &[String], path: &str, expected: u16) -> Turn {
    let requests: Vec<Vec<u8>> = tokens.iter().map(|token| request("POST", path, token, "{}")).collect();
    let (count, cpu_before, began) = (requests.len() as f64, cpu_s(server.pid()), Instant::now());
    let answers = block_on(crowd(&server.address, requests, CONNECTIONS));
    let seconds = began.elapsed().as_secs_f64();
    let other = answers.iter().find(|(status, _)| *status != expected);
    assert!(other.is_none(), "{path}: {:?}", other.map(|(status, body)| (status, String::from_utf8_lossy(body))));
    Turn { per_second: count / seconds, cpu_us: (cpu_s(server.pid()) - cpu_before) * 1e6 / count }
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
