//! Bytes that no decent client sends: heads that never end, requests whose body ends in two places,
//! requests without end behind each other, and bodies that nobody wants. What they hold is bounded,
//! nothing hidden in them is carried out, and others are served meanwhile.

use crate::abuse::{
    CROWD, ask, beside_an_honest_caller, get, growth_kib, start, status, statuses, until,
    until_the_end,
};
use harness::{DAY, Process, TestFolder};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::thread;

const MIB: usize = 1024 * 1024;

fn holds() -> String {
    format!("/api/v1/lotteries/{DAY}/holds")
}

/// Line ends stand in the text as they are sent.
fn hold_with(token: &str, head: &str, body: &str) -> Vec<u8> {
    let path = holds();
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{head}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn honest_hold(token: &str) -> Vec<u8> {
    let body = json!({"pattern": "****"}).to_string();
    hold_with(token, &format!("Content-Length: {}", body.len()), &body)
}

/// Heads of which one reader may think that the body ends here, and another one there.
const HEADS: &[&str] = &[
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: chunked\r\nContent-Length: 0",
    "Content-Length: 0\r\nContent-Length: 400",
    "Content-Length: 400\r\nContent-Length: 0",
    "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: 5, 5",
    "Content-Length: +5",
    "Content-Length: -5",
    "Content-Length: 0x5",
    "Content-Length: 5 5",
    "Content-Length: 5;",
    "Content-Length:",
    "Content-Length: 18446744073709551616",
    "Content-Length: 99999999999999999999999999",
    "Content-Length : 5",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nContent-Length: 5",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding:",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\x0bchunked",
    "Transfer-Encoding: \"chunked\"",
    "X: y\r\n Transfer-Encoding: chunked",
    "X: y\r\n\tContent-Length: 5",
    "Transfer-Encoding:\r\n chunked",
    "X: y\rTransfer-Encoding: chunked",
    "X: y\0\r\nContent-Length: 5",
    "X: y\nTransfer-Encoding: chunked\nContent-Length: 5",
    ": no name\r\nContent-Length: 5",
    "X\r\nContent-Length: 5",
    "X Y: z\r\nContent-Length: 5",
];

/// The same of chunks.
const CHUNKS: &[&str] = &[
    "-5\r\nhello\r\n0\r\n\r\n",
    "+5\r\nhello\r\n0\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    " 5\r\nhello\r\n0\r\n\r\n",
    "5 5\r\nhello\r\n0\r\n\r\n",
    "\r\nhello\r\n0\r\n\r\n",
    "10000000000000000\r\nhello\r\n0\r\n\r\n",
    "fffffffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "5\nhello\n0\n\n",
    "5\r\nhello0\r\n\r\n",
    "5\r\nhello\n0\r\n\r\n",
    "5;a\nb\r\nhello\r\n0\r\n\r\n",
    "5\rhello\r\n0\r\n\r\n",
    "g\r\nhello\r\n0\r\n\r\n",
    "0\r\nX: y\r\n\rZ\r\n\r\n",
];

/// Everything on the connection is refused, the server ends it, and of what stood behind nothing
/// was carried out.
#[track_caller]
fn is_refused(server: &Process, request: &[u8]) {
    let shown = String::from_utf8_lossy(request).into_owned();
    let Some(said) = until_the_end(ask(server, request)) else {
        panic!("the connection is kept after {shown:?}");
    };
    let refused = statuses(&said).iter().all(|status| (400..500).contains(status));
    assert!(refused, "{shown:?} was answered {said}");
    assert_eq!(server.books(), (0, 0), "{shown:?}");
}

#[test]
fn a_body_that_ends_in_two_places_is_refused_and_nothing_behind_it_is_carried_out() {
    let folder = TestFolder::new();
    let server = start(&folder, &[("STAMPEDE_BODY_TIMEOUT_S", "2")]);
    server.lottery(5);
    let ada = server.member("ada");
    let token = ada.token().unwrap();
    let behind = String::from_utf8(honest_hold(token)).unwrap();
    for head in HEADS {
        for body in ["0\r\n\r\n", "hello", ""] {
            is_refused(&server, &hold_with(token, head, &format!("{body}{behind}")));
        }
    }
    for chunks in CHUNKS {
        let chunked = hold_with(token, "Transfer-Encoding: chunked", chunks);
        is_refused(&server, &[&chunked[..], behind.as_bytes()].concat());
    }
    // Chunks are something of a later version.
    let old = hold_with(token, "Transfer-Encoding: chunked", &format!("0\r\n\r\n{behind}"));
    let old = String::from_utf8(old).unwrap().replacen("HTTP/1.1", "HTTP/1.0", 1);
    is_refused(&server, old.as_bytes());
    server.stop();
}

#[test]
fn what_is_odd_and_means_one_thing_is_understood() {
    let folder = TestFolder::new();
    let server = start(&folder, &[]);
    server.lottery(5);
    let ada = server.member("ada");
    let token = ada.token().unwrap();
    let body = json!({"pattern": "****"}).to_string();
    let (one, rest) = body.split_at(3);
    let chunked = format!(
        "3;name=\"a; b\";x\r\n{one}\r\n0{:x} \t\r\n{rest}\r\n0;last\r\nX-Sum: 1\r\n\r\n",
        rest.len()
    );
    let odd = hold_with(token, "transfer-encoding:   Chunked  ", &chunked);
    let last = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let all = [&odd[..], &honest_hold(token), last].concat();
    let said = until_the_end(ask(&server, &all)).expect("the last request closes it");
    assert_eq!(statuses(&said), [201, 201, 200], "{said}");
    assert_eq!(server.books(), (2, 0));
    server.stop();
}

/// A third says nothing, a third half a head, and a third half a head behind a whole request.
#[test]
fn thousands_of_half_open_connections_hold_little_memory_and_are_ended() {
    const EACH: usize = 1000;
    let folder = TestFolder::new();
    let server = start(&folder, &[]);
    let half = b"GET /api/v1/lotteries HTTP/1.1\r\nHost: stampede\r\nX-Slow: ";
    let behind = [&get("/health/live", None)[..], half].concat();
    server.anybody().get("/lotteries").expect(200);
    let memory = server.resident_kib();
    beside_an_honest_caller(&server, "half-open connections", || {
        let open = |request: &[u8]| -> Vec<TcpStream> {
            (0..EACH).map(|_| ask(&server, request)).collect()
        };
        let (silent, slow, second) = (open(b""), open(half), open(&behind));
        let grown = growth_kib(&server, memory, "half-open connections");
        assert!(grown < 3 * EACH as u64 * 24, "{grown} KiB");
        for stream in silent.into_iter().chain(slow) {
            let said = until_the_end(stream).expect("it is ended");
            assert!(statuses(&said).iter().all(|status| *status == 408), "{said}");
        }
        for stream in second {
            let said = until_the_end(stream).expect("it is ended");
            assert_eq!(statuses(&said), [200], "{said}");
        }
    });
    server.stop();
}

#[test]
fn heads_that_never_end_are_cut_off() {
    let folder = TestFolder::new();
    let server = start(&folder, &[]);
    let first = b"GET /api/v1/lotteries HTTP/1.1\r\nHost: stampede\r\n".to_vec();
    let line = |n: usize| format!("X-{n}: {}\r\n", "y".repeat(n % 40)).into_bytes();
    let many = [first.clone(), (0..500).flat_map(line).collect(), b"\r\n".to_vec()].concat();
    let long = [first.clone(), b"X: ".to_vec(), vec![b'y'; MIB]].concat();
    let long_name = [first.clone(), vec![b'y'; MIB]].concat();
    let long_path = [b"GET /".to_vec(), vec![b'y'; MIB]].concat();
    // As much as is kept of a head, and nothing behind it.
    let most = [first, b"X: ".to_vec(), vec![b'y'; 120 * 1024]].concat();
    server.anybody().get("/lotteries").expect(200);
    let memory = server.resident_kib();
    beside_an_honest_caller(&server, "heads without end", || {
        for request in [&many, &long, &long_name, &long_path] {
            let said = until_the_end(ask(&server, request)).expect("it is cut off");
            assert!(statuses(&said).iter().all(|status| (400..500).contains(status)), "{said}");
        }
        for _ in 0..CROWD {
            drop(ask(&server, &long));
        }
        let kept: Vec<TcpStream> = (0..CROWD).map(|_| ask(&server, &most)).collect();
        let grown = growth_kib(&server, memory, "heads without end");
        assert!(grown < CROWD as u64 * 300, "{grown} KiB");
        drop(kept);
    });
    server.stop();
}

#[test]
fn bodies_of_ten_megabytes_are_refused_and_not_kept() {
    const SENDERS: usize = 50;
    let folder = TestFolder::new();
    let server = start(&folder, &[]);
    server.lottery(5);
    let ada = server.member("ada");
    let token = ada.token().unwrap();
    let piece = vec![b' '; 64 * 1024];
    let sized = hold_with(token, &format!("Content-Length: {}", 10 * MIB), "");
    let chunked = hold_with(token, "Transfer-Encoding: chunked", &format!("{:x}\r\n", 10 * MIB));
    let memory = server.resident_kib();
    let send = |head: &[u8]| {
        let mut stream = ask(&server, head);
        let sent = (0..10 * MIB / piece.len()).all(|_| stream.write_all(&piece).is_ok());
        (sent, until_the_end(stream).expect("it is ended"))
    };
    beside_an_honest_caller(&server, "bodies of 10 MB", || {
        for head in [&sized, &chunked] {
            let all: Vec<(bool, String)> = thread::scope(|scope| {
                let sending: Vec<_> = (0..SENDERS).map(|_| scope.spawn(|| send(head))).collect();
                sending.into_iter().map(|one| one.join().unwrap()).collect()
            });
            let refused = all.iter().filter(|(_, said)| statuses(said) == [413]).count();
            println!("bodies of 10 MB: {refused} of {SENDERS} heard 413 before they were cut off");
            assert!(all.iter().all(|(_, said)| [vec![413], vec![]].contains(&statuses(said))));
            assert!(refused > 0);
        }
        let grown = growth_kib(&server, memory, "bodies of 10 MB");
        assert!(grown < 48 * 1024, "{grown} KiB");
    });
    assert_eq!(server.books(), (0, 0));
    server.stop();
}

#[test]
fn a_thousand_requests_behind_each_other_are_answered_in_their_order() {
    const REQUESTS: usize = 1000;
    let folder = TestFolder::new();
    let server = start(&folder, &[]);
    let one = |n: usize| match n % 3 {
        0 => get("/health/live", None),
        1 => get("/nowhere", None),
        _ => get("/api/v1/me", None),
    };
    let last = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec();
    let all: Vec<u8> = (0..REQUESTS).flat_map(one).chain(last).collect();
    let stream = TcpStream::connect(&server.address).unwrap();
    let mut writing = stream.try_clone().unwrap();
    let said = thread::scope(|scope| {
        scope.spawn(move || writing.write_all(&all).unwrap());
        until_the_end(stream).expect("the last request closes it")
    });
    let expected: Vec<u16> = (0..REQUESTS).map(|n| [200, 404, 401][n % 3]).chain([200]).collect();
    assert_eq!(statuses(&said), expected);
    server.stop();
}

/// Bodies longer than what is read at once, of known and of unknown length, and others between.
#[test]
fn bodies_behind_each_other_are_read_to_their_ends_in_their_order() {
    const ROUNDS: usize = 100;
    let folder = TestFolder::new();
    let server = start(&folder, &[]);
    let admin = server.admin();
    let token = admin.token().unwrap();
    let body = format!("{{\"name\": \"{}\"}}", "a".repeat(20_000));
    let head = |length: &str| {
        format!(
            "POST /api/v1/campaigns HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{length}\r\n\r\n"
        )
    };
    let sized = head(&format!("Content-Length: {}", body.len())) + &body;
    let chunked = head("Transfer-Encoding: chunked");
    let chunked = format!("{chunked}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let long =
        format!("GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(9000));
    let last = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let all = (sized + &long + &chunked).repeat(ROUNDS) + last;
    let stream = TcpStream::connect(&server.address).unwrap();
    let mut writing = stream.try_clone().unwrap();
    let said = thread::scope(|scope| {
        scope.spawn(move || writing.write_all(all.as_bytes()).unwrap());
        until_the_end(stream).expect("the last request closes it")
    });
    let expected: Vec<u16> = [422, 200, 422].repeat(ROUNDS).into_iter().chain([200]).collect();
    assert_eq!(statuses(&said), expected);
    server.stop();
}

/// Of what stands behind a request, nothing is parsed before that is answered.
#[test]
fn requests_behind_each_other_by_those_who_read_nothing_cost_little_and_are_cut_off() {
    const PUSHERS: usize = 20;
    const MOST_EACH_KIB: u64 = 2 * 1024;
    let folder = TestFolder::new();
    let server = start(&folder, &[("STAMPEDE_UNREAD_TIMEOUT_S", "2")]);
    let many = get("/openapi.json", None).repeat(2000);
    server.anybody().get("/lotteries").expect(200);
    let (memory, open) = (server.resident_kib(), server.descriptors());
    beside_an_honest_caller(&server, "requests behind each other", || {
        let push = || {
            let stream = TcpStream::connect(&server.address).unwrap();
            stream.set_nonblocking(true).unwrap();
            // As much as the system takes at once.
            let _ = (&stream).write(&many);
            stream.set_nonblocking(false).unwrap();
            stream
        };
        let all: Vec<TcpStream> = (0..PUSHERS).map(|_| push()).collect();
        assert!(all.iter().all(|stream| status(stream).starts_with("HTTP/1.1 200")));
        let grown = growth_kib(&server, memory, "requests behind each other");
        assert!(grown < PUSHERS as u64 * MOST_EACH_KIB, "{grown} KiB");
        until(&server, "they are cut off", || server.descriptors() <= open + 2);
        drop(all);
    });
    server.stop();
}
