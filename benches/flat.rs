//! Whether it stays as it was: `cargo bench --bench flat`. One server, asked over HTTP by a service
//! for its members.
//!
//! First claims in one campaign, each of a new member: a minute at a third of what the crowd can
//! make when little was claimed, then a line for each span, and such a minute again when much was
//! claimed already. Then first claims in another campaign, in turns of members whom
//! the service has named before and of new ones. Then a member's lists, with few lotteries open and
//! with many. Last, nobody asks: what it costs to have many lotteries, campaigns and batches open.
//! `--claims N`, `--lotteries N` and `--turns N` change the run.

use harness::load::connection::{block_on, request};
use harness::load::process::{cpu_s, resident_mib};
use harness::load::server::{Server, serve};
use harness::load::shop::{CrowdSpan, LoadShop};
use harness::load::{median, quantile, said};
use serde_json::json;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;
const SPAN: Duration = Duration::from_secs(10);
const STEADY: Duration = Duration::from_secs(60);
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
    let shop = LoadShop::open(&server, CONNECTIONS);
    grow(&shop, claims);
    compare_new_with_known(&shop, turns);
    compare_lists(&shop, lotteries);
    rest(&shop, lotteries);
}

fn grow(shop: &LoadShop, claims: u64) {
    let path = shop.campaign("one campaign");
    let first = shop.claim(SPAN / 10, &path, "new", 0);
    let mut claimed = first.asked;
    let at_first = claim_for_a_minute(shop, &path, &mut claimed, first.per_second / 3.0);
    let mut spans = Vec::new();
    while claimed < claims {
        let span = shop.claim(SPAN, &path, "new", claimed);
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
    let at_last = claim_for_a_minute(shop, &path, &mut claimed, first.per_second / 3.0);
    println!(
        "a minute at a third, of that when little was claimed: p99 {:.2}, longest {:.2}",
        at_last.0 / at_first.0,
        at_last.1 / at_first.1
    );
    let few = spans.len().min(3);
    let ratio = |part: fn(&CrowdSpan) -> f64| {
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

/// At that rate; answers p99 and the longest, in milliseconds.
fn claim_for_a_minute(
    shop: &LoadShop,
    path: &str,
    claimed: &mut u64,
    per_second: f64,
) -> (f64, f64) {
    let answers = shop.claim_steadily((STEADY, per_second), path, "new", *claimed);
    let took = |share| quantile(answers.iter().map(|answer| answer.took_ms), share);
    let (p99, longest) = (took(0.99), took(1.0));
    println!(
        "{claimed} claimed before, {per_second:.0} a second: p50 {:.2} ms, p99 {p99:.2} ms, p99.9 \
         {:.2} ms, longest {longest:.1} ms",
        took(0.5),
        took(0.999)
    );
    *claimed += answers.len() as u64;
    (p99, longest)
}

fn compare_new_with_known(shop: &LoadShop, turns: u64) {
    let (mut known_before, mut new_before, mut ratios) = (0, 0, Vec::new());
    let path = shop.campaign("another");
    for _ in 0..turns {
        let new = shop.claim(SPAN, &path, "newer", new_before);
        let known = shop.claim(SPAN, &path, "new", known_before);
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

fn compare_lists(shop: &LoadShop, lotteries: u64) {
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

fn rest(shop: &LoadShop, lotteries: u64) {
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
