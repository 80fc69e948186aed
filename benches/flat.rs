//! Whether it stays as it was: `cargo bench --bench flat`. One server, asked over HTTP by a service
//! for its members.
//!
//! First claims in one campaign, each of a new member, with a line for each span: what it costs
//! when much was claimed already. Then first claims in another campaign, in turns of members whom
//! the service has named before and of new ones. Then a member's lists, with few lotteries open and
//! with many. Last, nobody asks: what it costs to have many lotteries, campaigns and batches open.
//! `--claims N`, `--lotteries N` and `--turns N` change the run.

use harness::load::connection::{LoadConnection, block_on, call, request, token};
use harness::load::process::{cpu_s, resident_mib};
use harness::load::server::{ADMIN_PASSWORD, Server, serve};
use harness::load::{median, quantile, said};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

const CONNECTIONS: usize = 64;
const SPAN: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(60);

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let last = |flag, usual| said(&arguments, flag).last().copied().unwrap_or(usual);
    match arguments.first().map(String::as_str) {
        Some("--serve") => serve(
            &arguments[1],
            |config| {
                (config.bcrypt_cost, config.connections_per_address) = (4, 0);
                config.new_members_per_minute = 100_000_000;
            },
            |_| (),
        ),
        _ => measure(last("--claims", 300_000), last("--turns", 3), last("--lotteries", 1_500)),
    }
}

fn measure(claims: u64, turns: u64, lotteries: u64) {
    let server = Server::start("flat");
    let shop = block_on(Shop::open(&server));
    grow(&shop, claims);
    compare_new_with_known(&shop, turns);
    compare_lists(&shop, lotteries);
    rest(&shop, lotteries);
}

struct Shop<'s> {
    server: &'s Server,
    admin: String,
    key: String,
}

/// One span of a crowd.
struct Span {
    asked: u64,
    per_second: f64,
    cpu_us: f64,
    p50_ms: f64,
    p99_ms: f64,
    longest_ms: f64,
}

impl<'s> Shop<'s> {
    async fn open(server: &'s Server) -> Shop<'s> {
        let admin = token(&server.address, "admin", ADMIN_PASSWORD).await;
        let made = json!({"name": "shop"});
        let made = call(&server.address, "POST", "/api/v1/service-keys", &admin, &made).await;
        let key = made["key"].as_str().expect("the key is told once").to_owned();
        Shop { server, admin, key }
    }

    async fn make(&self, path: &str, body: &Value) -> Value {
        call(&self.server.address, "POST", &format!("/api/v1/{path}"), &self.admin, body).await
    }

    /// The path at which it is claimed.
    fn campaign(&self, name: &str) -> String {
        let campaign = json!({
            "name": name,
            "quota": 100_000_000,
            "discount_percent": 30,
            "ends_at": "2099-12-31T00:00:00Z",
            "trigger": "claim",
        });
        let made = block_on(self.make("campaigns", &campaign));
        format!("/api/v1/campaigns/{}/claims", made["id"].as_str().expect("it has an id"))
    }

    /// Each connection asks, waits for the answer and asks again, each time for the next member.
    fn crowd(&self, span: Duration, expected: u16, ask: impl Fn(u64) -> Vec<u8> + 'static) -> Span {
        let (pid, address) = (self.server.pid(), &self.server.address);
        let (took, number) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(0u64)));
        let ask = Rc::new(ask);
        let (cpu_before, began) = (cpu_s(pid), Instant::now());
        block_on(async {
            let crowd = LocalSet::new();
            for _ in 0..CONNECTIONS {
                let (address, took) = (address.clone(), took.clone());
                let (number, ask) = (number.clone(), ask.clone());
                crowd.spawn_local(async move {
                    let mut connection = LoadConnection::open(&address).await;
                    while began.elapsed() < span {
                        let request = ask(number.replace(number.get() + 1));
                        let sent = Instant::now();
                        let (status, answer) = connection.ask(&request).await;
                        took.borrow_mut().push(sent.elapsed().as_secs_f64() * 1000.0);
                        let answer = String::from_utf8_lossy(&answer);
                        assert_eq!(status, expected, "{answer}");
                    }
                });
            }
            crowd.await;
        });
        let elapsed = began.elapsed().as_secs_f64();
        let took = took.take();
        let of = |share| quantile(took.iter().copied(), share);
        Span {
            asked: number.get(),
            per_second: took.len() as f64 / elapsed,
            cpu_us: (cpu_s(pid) - cpu_before) * 1e6 / took.len() as f64,
            p50_ms: of(0.5),
            p99_ms: of(0.99),
            longest_ms: of(1.0),
        }
    }

    /// First claims of the service's members with these names.
    fn claim(&self, path: &str, names: &'static str, first: u64) -> Span {
        let (path, key) = (path.to_owned(), self.key.clone());
        self.crowd(SPAN, 201, move |n| on_behalf(&path, &key, &format!("{names}{}", first + n)))
    }
}

fn on_behalf(path: &str, key: &str, member: &str) -> Vec<u8> {
    request("POST", path, &format!("{key}\r\non-behalf-of: {member}"), "{}")
}

fn grow(shop: &Shop, claims: u64) {
    let path = shop.campaign("one campaign");
    let (mut claimed, mut spans) = (0, Vec::new());
    while claimed < claims {
        let span = shop.claim(&path, "new", claimed);
        println!(
            "{claimed} claimed before: {:.0} claims a second, CPU {:.0} us, p50 {:.1} ms, p99 \
             {:.1} ms, longest {:.0} ms, memory {:.0} MB",
            span.per_second,
            span.cpu_us,
            span.p50_ms,
            span.p99_ms,
            span.longest_ms,
            resident_mib(shop.server.pid())
        );
        claimed += span.asked;
        spans.push(span);
    }
    let few = spans.len().min(3);
    let ratio = |part: fn(&Span) -> f64| {
        let late = median(spans[spans.len() - few..].iter().map(part));
        late / median(spans[..few].iter().map(part))
    };
    println!(
        "the last {few} spans of the first {few}: throughput {:.2}, CPU {:.2}, p99 {:.2}, longest \
         {:.2}",
        ratio(|span| span.per_second),
        ratio(|span| span.cpu_us),
        ratio(|span| span.p99_ms),
        ratio(|span| span.longest_ms)
    );
}

fn compare_new_with_known(shop: &Shop, turns: u64) {
    let (mut known_before, mut new_before, mut ratios) = (0, 0, Vec::new());
    let path = shop.campaign("another");
    for _ in 0..turns {
        let new = shop.claim(&path, "newer", new_before);
        let known = shop.claim(&path, "new", known_before);
        (known_before, new_before) = (known_before + known.asked, new_before + new.asked);
        ratios.push((new.per_second / known.per_second, new.cpu_us / known.cpu_us));
    }
    println!(
        "first claims of new members, of those of known ones, {turns} turns: throughput {:.2}, \
         CPU {:.2}",
        median(ratios.iter().map(|ratio| ratio.0)),
        median(ratios.iter().map(|ratio| ratio.1))
    );
}

fn compare_lists(shop: &Shop, lotteries: u64) {
    let lists = |open: u64| {
        for list in ["holds", "tickets", "coupons"] {
            let asked = format!("/api/v1/{list}");
            let head = format!("{}\r\non-behalf-of: new1", shop.key);
            let span = shop.crowd(SPAN / 2, 200, move |_| request("GET", &asked, &head, ""));
            println!(
                "GET /{list} with {open} lotteries open: CPU {:.0} us, p50 {:.2} ms, p99 {:.2} ms",
                span.cpu_us, span.p50_ms, span.p99_ms
            );
        }
    };
    let tickets = json!({"digits": 4, "copies": 1});
    block_on(shop.make("lotteries", &json!({"closes_on": "2090-01-01", "tickets": tickets})));
    lists(1);
    block_on(async {
        let mut day = jiff::civil::date(2090, 1, 1);
        for _ in 1..lotteries {
            day = day.tomorrow().expect("the calendar goes on");
            let lottery = json!({"closes_on": day.to_string(), "tickets": tickets});
            shop.make("lotteries", &lottery).await;
        }
    });
    lists(lotteries);
}

fn rest(shop: &Shop, lotteries: u64) {
    block_on(async {
        for number in 0..lotteries {
            let batch = json!({
                "count": 1000,
                "discount_percent": 10,
                "expires_at": "2099-12-31T00:00:00Z",
            });
            shop.make("coupons", &batch).await;
            let campaign = json!({
                "name": format!("campaign {number}"),
                "quota": 1000,
                "discount_percent": 10,
                "ends_at": "2099-12-31T00:00:00Z",
                "trigger": "claim",
            });
            shop.make("campaigns", &campaign).await;
        }
    });
    block_on(async { tokio::time::sleep(IDLE / 4).await });
    let pid = shop.server.pid();
    let (cpu_before, began) = (cpu_s(pid), Instant::now());
    block_on(async { tokio::time::sleep(IDLE).await });
    println!(
        "nobody asks, {lotteries} lotteries, campaigns and batches each are open: {:.1} % of a \
         core, memory {:.0} MB",
        (cpu_s(pid) - cpu_before) / began.elapsed().as_secs_f64() * 100.0,
        resident_mib(pid)
    );
}
