//! What limits, orders and many pools cost: `cargo bench --bench pools`.
//!
//! First, on one server, four ways to hold and to let go again, in turns within one run: of one
//! slice of a lottery, of one slice of a pool without limits, of a pool with limits, and an order
//! over ten slices. What counts are the ratios to the first. Then a server with ten pools of a
//! thousand tickets, and one with ten thousand, in each of which somebody has bought: its memory
//! while all are awake, its memory and CPU once nobody has asked for a while and they sleep (after
//! 20 seconds here, and not after 300), and how long the first and the last page of the list take.
//! `--seconds N`, `--turns N`, `--connections N` and `--pools N` change the run.

use harness::load::connection::{LoadConnection, block_on, call, request, token};
use harness::load::process::{cpu_s, resident_mib};
use harness::load::server::{ADMIN_PASSWORD, Server, serve};
use harness::load::{median, register, said};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

const DAY: &str = "2099-12-31";
const CLOSES: &str = "2099-12-31T12:00:00Z";
const FEW: u64 = 10;
const TICKETS: u64 = 1000;
const PAGE: usize = 100;
/// How often each page is asked for.
const LOOKS: usize = 20;
const ASLEEP_AFTER_S: u32 = 20;
/// So long nobody asks until what they did is written and all sleep, and then for so long.
const SETTLED: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(60);
/// So many at a time make the pools.
const MAKERS: u64 = 16;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => {
            let change = |config: &mut config::Config| {
                (config.bcrypt_cost, config.connections_per_address) = (4, 0);
                config.partition_idle_s = ASLEEP_AFTER_S;
            };
            serve(&arguments[1], change, |_| {});
        }
        _ => {
            let last =
                |name: &str, usual: u64| said(&arguments, name).last().copied().unwrap_or(usual);
            let plan = Plan {
                seconds: last("--seconds", 3),
                turns: last("--turns", 5) as usize,
                connections: last("--connections", 64) as usize,
            };
            measure_holds(&plan);
            measure_many(last("--pools", 10_000));
        }
    }
}

struct Plan {
    seconds: u64,
    turns: usize,
    connections: usize,
}

/// A way to hold: the path, and what connection number `n` asks for.
struct Way {
    name: &'static str,
    path: String,
    wanted: fn(usize) -> Value,
    tickets: usize,
}

/// What one hold with its release took.
struct Taken {
    per_second: f64,
    cpu_us: f64,
}

fn measure_holds(plan: &Plan) {
    let server = Server::start("pools");
    let tokens = block_on(prepare(&server.address, plan.connections));
    let of_one_slice = |_: usize| json!({"pattern": "1*****"});
    // Each connection has ten numbers of its own, one in each slice.
    let of_ten = |n: usize| json!({"pattern": format!("*{n:05}"), "count": 10, "at_least": 10});
    let way = |name, pool: &str, wanted, tickets| {
        let path = format!("/api/v1/{pool}/holds");
        Way { name, path, wanted, tickets }
    };
    let ways = [
        way("one slice of a lottery", &format!("lotteries/{DAY}"), of_one_slice, 1),
        way("one slice of a pool", "pools/plain", of_one_slice, 1),
        way("the same, with limits", "pools/limited", of_one_slice, 1),
        way("an order over ten slices", "pools/plain", of_ten, 10),
    ];
    let mut taken: Vec<Vec<Taken>> = ways.iter().map(|_| Vec::new()).collect();
    for way in &ways {
        run(&server, way, &tokens, 1);
    }
    for _ in 0..plan.turns {
        for (way, taken) in ways.iter().zip(&mut taken) {
            taken.push(run(&server, way, &tokens, plan.seconds));
        }
    }
    println!("{} connections, medians of {} turns", plan.connections, plan.turns);
    println!(
        "{:<28} {:>10} {:>8} {:>12} {:>8}",
        "held and let go", "per second", "ratio", "CPU µs each", "ratio"
    );
    for (way, own) in ways.iter().zip(&taken) {
        let of = |figure: fn(&Taken) -> f64| median(own.iter().map(figure));
        // The ratio of each pair of one turn: its neighbour on the machine is the same for both.
        let ratio = |figure: fn(&Taken) -> f64| {
            median(own.iter().zip(&taken[0]).map(|(one, first)| figure(one) / figure(first)))
        };
        println!(
            "{:<28} {:>10.0} {:>8.2} {:>12.1} {:>8.2}",
            way.name,
            of(|taken| taken.per_second),
            ratio(|taken| taken.per_second),
            of(|taken| taken.cpu_us),
            ratio(|taken| taken.cpu_us)
        );
    }
}

async fn prepare(address: &str, members: usize) -> Vec<String> {
    let admin = token(address, "admin", ADMIN_PASSWORD).await;
    let tickets = json!({"digits": 6, "copies": 1});
    let lottery = json!({"closes_on": DAY, "tickets": tickets});
    call(address, "POST", "/api/v1/lotteries", &admin, &lottery).await;
    let plain = json!({"id": "plain", "closes_at": CLOSES, "tickets": tickets});
    call(address, "POST", "/api/v1/pools", &admin, &plain).await;
    let limits = json!({"held": 60_000, "bought": 60_000});
    let limited =
        json!({"id": "limited", "closes_at": CLOSES, "tickets": tickets, "per_member": limits});
    call(address, "POST", "/api/v1/pools", &admin, &limited).await;
    register(address, members).await
}

/// Each connection holds, lets go, and holds again.
fn run(server: &Server, way: &Way, tokens: &[String], seconds: u64) -> Taken {
    let (cpu_before, began) = (cpu_s(server.pid()), Instant::now());
    let until = began + Duration::from_secs(seconds);
    let done = Rc::new(Cell::new(0u64));
    block_on(async {
        let crowd = LocalSet::new();
        for (n, token) in tokens.iter().enumerate() {
            let hold = request("POST", &way.path, token, &(way.wanted)(n).to_string());
            let (address, token) = (server.address.clone(), token.clone());
            let (done, tickets) = (done.clone(), way.tickets);
            crowd.spawn_local(async move {
                let mut connection = LoadConnection::open(&address).await;
                while Instant::now() < until {
                    let (status, held) = connection.ask(&hold).await;
                    let held: Value = serde_json::from_slice(&held).expect("answers are JSON");
                    assert_eq!(status, 201, "{held}");
                    let had = held["tickets"].as_array().expect("a hold has tickets");
                    assert_eq!(had.len(), tickets, "{held}");
                    let id = held["id"].as_str().expect("a hold has an id");
                    let back = request("DELETE", &format!("/api/v1/holds/{id}"), &token, "");
                    assert_eq!(connection.ask(&back).await.0, 200, "{id}");
                    done.set(done.get() + 1);
                }
            });
        }
        crowd.await;
    });
    let done = done.get() as f64;
    Taken {
        per_second: done / began.elapsed().as_secs_f64(),
        cpu_us: (cpu_s(server.pid()) - cpu_before) * 1e6 / done,
    }
}

/// What a server with so many pools takes.
struct Standing {
    awake_mib: f64,
    asleep_mib: f64,
    idle_percent: f64,
    first_ms: f64,
    last_ms: f64,
}

fn measure_many(many: u64) {
    println!("\npools of {TICKETS} tickets, all open, each with a ticket sold");
    println!(
        "{:>8} {:>10} {:>11} {:>12} {:>14} {:>13}",
        "pools", "awake, MiB", "asleep, MiB", "CPU idle, %", "first page, ms", "last page, ms"
    );
    for pools in [FEW, many] {
        let Standing { awake_mib, asleep_mib, idle_percent, first_ms, last_ms } = stand(pools);
        println!(
            "{pools:>8} {awake_mib:>10.1} {asleep_mib:>11.1} {idle_percent:>12.2} {first_ms:>14.2} \
             {last_ms:>13.2}"
        );
    }
}

fn stand(pools: u64) -> Standing {
    let server = Server::start(&format!("pools-{pools}"));
    let address = server.address.as_str();
    block_on(async {
        let admin = token(address, "admin", ADMIN_PASSWORD).await;
        let member = register(address, 1).await.remove(0);
        let crowd = LocalSet::new();
        for maker in 0..MAKERS {
            let (address, admin, member) = (address.to_owned(), admin.clone(), member.clone());
            crowd.spawn_local(async move {
                for pool in (maker..pools).step_by(MAKERS as usize) {
                    make(&address, &admin, &member, pool).await;
                }
            });
        }
        crowd.await;
        let awake_mib = resident_mib(server.pid());
        tokio::time::sleep(SETTLED).await;
        let (cpu_before, began) = (cpu_s(server.pid()), Instant::now());
        tokio::time::sleep(IDLE).await;
        let idle = (cpu_s(server.pid()) - cpu_before) / began.elapsed().as_secs_f64();
        // To walk through the list wakes all of them.
        let asleep_mib = resident_mib(server.pid());
        let first = format!("/api/v1/pools?limit={PAGE}");
        let last = last_page(address, &first).await;
        Standing {
            awake_mib,
            asleep_mib,
            idle_percent: 100.0 * idle,
            first_ms: ms_of(address, &first).await,
            last_ms: ms_of(address, &last).await,
        }
    })
}

async fn make(address: &str, admin: &str, member: &str, pool: u64) {
    let name = format!("pool-{pool:06}");
    let wanted = json!({"id": name, "closes_at": CLOSES, "tickets": {"count": TICKETS}});
    call(address, "POST", "/api/v1/pools", admin, &wanted).await;
    let path = format!("/api/v1/pools/{name}/holds");
    let held = call(address, "POST", &path, member, &json!({"pattern": "****"})).await;
    let id = held["id"].as_str().expect("a hold has an id");
    call(address, "POST", &format!("/api/v1/holds/{id}/confirm"), member, &json!({})).await;
}

async fn last_page(address: &str, first: &str) -> String {
    let (mut page, mut connection) = (first.to_owned(), LoadConnection::open(address).await);
    loop {
        let (_, told) = connection.ask(&request("GET", &page, "", "")).await;
        let told: Value = serde_json::from_slice(&told).expect("answers are JSON");
        match told["next_cursor"].as_str() {
            Some(cursor) => page = format!("{first}&cursor={cursor}"),
            None => return page,
        }
    }
}

/// The median of some looks at a page, by one connection.
async fn ms_of(address: &str, page: &str) -> f64 {
    let mut connection = LoadConnection::open(address).await;
    let asked = request("GET", page, "", "");
    let mut took = Vec::new();
    for _ in 0..LOOKS {
        let began = Instant::now();
        let (status, _) = connection.ask(&asked).await;
        assert_eq!(status, 200, "{page}");
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    median(took.into_iter())
}
