//! What one connection may do: say headers once, end where it said so, bring its body in time, and
//! be one of so many of its address.

use crate::wire;
use harness::{PASSWORD, TestApp};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

const DAY: &str = "2026-12-31";

/// A server that never ends a connection fails a test instead of keeping it for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// All that comes on a connection of its own until the server ends it.
fn until_the_end(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(request);
    let mut said = Vec::new();
    // An end by force is an end, too.
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

fn statuses(said: &str) -> Vec<&str> {
    said.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

#[test]
fn nothing_behind_a_request_that_closes_the_connection_is_carried_out() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let ada = app.member("ada");
    let token = ada.header("Authorization").unwrap().as_bytes();
    let hold = format!("/api/v1/lotteries/{DAY}/holds");
    let body = json!({"pattern": "****"}).to_string();
    let last = wire::request("GET", b"/health/live", &[("Connection", b"close")], b"");
    let behind =
        wire::request("POST", hold.as_bytes(), &[("Authorization", token)], body.as_bytes());
    let said = until_the_end(&app, &[&last[..], &behind[..], &behind[..]].concat());
    assert_eq!(statuses(&said)[0], "200", "{said}");
    assert!(statuses(&said)[1..].iter().all(|status| *status == "400"), "{said}");
    assert!(said.contains("connection: close"), "{said}");
    assert_eq!(app.books(DAY).held, 0);
    // Without that word both are answered.
    let first = wire::request("GET", b"/health/live", &[], b"");
    let end = wire::request("GET", b"/health/live", &[("Connection", b"close")], b"");
    let said = until_the_end(&app, &[&first[..], &behind[..], &end[..]].concat());
    assert_eq!(statuses(&said), ["200", "201", "200"], "{said}");
    assert_eq!(app.books(DAY).held, 1);
}

/// A proxy could believe one of the two, and the server the other. Then they do not agree on where
/// the next request begins.
#[test]
fn a_request_whose_length_can_be_read_in_two_ways_is_refused() {
    let app = TestApp::start();
    let (length, coding) = ("Content-Length", "Transfer-Encoding");
    let behind = wire::request("GET", b"/health/live", &[], b"");
    let body = [&b"0\r\n\r\n"[..], &behind].concat();
    let whole = body.len().to_string().into_bytes();
    let chunked = b"chunked".to_vec();
    for headers in [
        vec![(length, whole.clone()), (coding, chunked.clone())],
        vec![(coding, chunked.clone()), (length, whole.clone())],
        vec![(length, b"5".to_vec()), (length, whole.clone())],
        vec![(length, b"5, 5".to_vec())],
        vec![(length, b"+5".to_vec())],
        vec![(coding, b"gzip, chunked".to_vec())],
        vec![(coding, b"xchunked".to_vec()), (length, whole)],
        vec![(coding, chunked.clone()), (coding, b"identity".to_vec())],
        vec![("Transfer-Encoding ", chunked)],
    ] {
        let said: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let request = wire::request("POST", b"/api/v1/auth/login", &said, &body);
        let answered = until_the_end(&app, &request);
        assert_eq!(statuses(&answered), ["400"], "{said:?}: {answered}");
        assert!(answered.contains("connection: close"), "{answered}");
    }
}

#[test]
fn a_header_that_decides_something_stands_once() {
    let app = TestApp::start();
    app.lottery(DAY, 1);
    let (admin, shop) = (app.admin(), app.service("shop"));
    let header = |client: &harness::Client| client.header("Authorization").unwrap().to_owned();
    let (admin, shop, ada) = (header(&admin), header(&shop), header(&app.member("ada")));
    let wanted = json!({"pattern": "****"}).to_string();
    let holds = format!("/api/v1/lotteries/{DAY}/holds");
    let of =
        |name: &'static str, one: &'static [u8], two: &'static [u8]| [(name, one), (name, two)];
    for (path, who, twice, named) in [
        ("/api/v1/me", &ada, [("Authorization", b"Bearer x".as_slice()); 2], "authorization"),
        (holds.as_str(), &shop, of("On-Behalf-Of", b"seven", b"eight"), "on-behalf-of"),
        (holds.as_str(), &shop, of("on-behalf-of", b"seven", b"seven"), "on-behalf-of"),
        (holds.as_str(), &ada, of("Idempotency-Key", b"k-1", b"k-2"), "idempotency-key"),
        ("/api/v1/auth/register", &ada, of("Idempotency-Key", b"k-1", b"k-1"), "idempotency-key"),
        ("/api/v1/events", &admin, of("Last-Event-ID", b"evt_1_0", b"evt_1_0"), "last-event-id"),
    ] {
        let mut headers = twice.to_vec();
        headers.push(("Authorization", who.as_bytes()));
        headers.push(("Connection", b"close"));
        let method = if path == holds || path.ends_with("register") { "POST" } else { "GET" };
        let body = if path.ends_with("register") {
            json!({"username": "bob", "password": PASSWORD}).to_string()
        } else {
            wanted.clone()
        };
        let answer =
            wire::send(&app, &wire::request(method, path.as_bytes(), &headers, body.as_bytes()))
                .unwrap();
        let name = if named == "idempotency-key" { "bad-idempotency-key" } else { "not-readable" };
        let problem = answer.refused(400, name);
        assert!(problem["detail"].as_str().unwrap().contains(named), "{problem}");
    }
    assert_eq!(app.books(DAY).held, 0);
    // Also where a refresh token would do.
    let both = [("Authorization", ada.as_bytes()), ("Authorization", ada.as_bytes())];
    let body = json!({"refresh_token": "x"}).to_string();
    let answer =
        wire::send(&app, &wire::request("POST", b"/api/v1/auth/logout", &both, body.as_bytes()));
    answer.unwrap().refused(400, "not-readable");
}

#[test]
fn a_body_that_does_not_come_is_given_up_and_its_connection_ends() {
    let app = TestApp::start_with(|config| config.body_timeout_s = 1);
    let admin = app.admin();
    let token = admin.header("Authorization").unwrap().as_bytes();
    let import = b"/api/v1/coupon-imports?expires_at=2030-01-01T00:00:00Z&discount_percent=5";
    let (sized, chunked) =
        (("Content-Length", b"2000".as_slice()), ("Transfer-Encoding", b"chunked".as_slice()));
    for (path, length, begun) in [
        (&b"/api/v1/auth/login"[..], sized, &b"{\"username\":"[..]),
        (b"/api/v1/auth/login", sized, b""),
        (b"/api/v1/auth/register", chunked, b"5\r\n{\"use\r\n"),
        (b"/api/v1/auth/register", chunked, b""),
        (import, sized, b"code\nA1\n"),
        (import, chunked, b"5\r\ncode\n\r\n"),
    ] {
        let request = wire::request("POST", path, &[("Authorization", token), length], begun);
        let said = until_the_end(&app, &request);
        assert_eq!(statuses(&said), ["408"], "{said}");
        assert!(said.contains("/problems/request-timeout"), "{said}");
    }
    // A body of unknown length that nobody wants does not keep its connection either.
    let unread = wire::request("POST", b"/api/v1/nowhere", &[chunked], b"5\r\n{\"use\r\n");
    assert_eq!(statuses(&until_the_end(&app, &unread)), ["404"]);
    app.anybody().get("//health/live").expect(200);
}

#[test]
fn bodies_that_arrive_have_so_much_room_together_and_give_it_back() {
    let app = TestApp::start_with(|config| {
        (config.unfinished_bodies, config.body_timeout_s) = (64 * 1024, 3);
    });
    let half =
        wire::request("POST", b"/api/v1/auth/login", &[("Content-Length", b"2000")], b"{\"user");
    let flood = || -> Vec<String> {
        thread::scope(|scope| {
            let senders: Vec<_> =
                (0..16).map(|_| scope.spawn(|| until_the_end(&app, &half))).collect();
            // Whoever brings a whole body is served meanwhile.
            app.member(&format!("member-{}", app.now().0));
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        })
    };
    for _ in 0..2 {
        let said = flood();
        let count = |status: &str| said.iter().filter(|said| statuses(said) == [status]).count();
        assert!(count("503") > 0 && count("408") > 0, "{said:?}");
        assert_eq!(count("503") + count("408"), 16, "{said:?}");
        app.pass_s(1);
    }
}

#[test]
fn an_address_has_so_many_connections_at_once() {
    let app = TestApp::start_with(|config| config.connections_per_address = 5);
    let alive = wire::request("GET", b"/health/live", &[], b"");
    let open = || {
        let mut stream = TcpStream::connect(app.address()).unwrap();
        let _ = stream.write_all(&alive);
        let answered = matches!(stream.read(&mut [0; 12]), Ok(12));
        (stream, answered)
    };
    let all: Vec<(TcpStream, bool)> = (0..12).map(|_| open()).collect();
    let answered = all.iter().filter(|(_, answered)| *answered).count();
    assert_eq!(answered, 5);
    drop(all);
    app.until("there is room again", || open().1);
    let metrics = app.anybody().get("//metrics").text;
    let refused =
        metrics.lines().find_map(|line| line.strip_prefix("stampede_connections_refused_total "));
    assert!(refused.is_some_and(|count| count.parse::<u64>().unwrap() >= 7), "{refused:?}");
}

#[test]
fn a_connection_that_nobody_uses_ends_and_one_that_waits_for_its_answer_does_not() {
    let app = TestApp::start_with(|config| config.keep_alive_s = 1);
    let admin = app.admin();
    let token = admin.header("Authorization").unwrap().as_bytes();
    let mut waiting = TcpStream::connect(app.address()).unwrap();
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    let events = wire::request("GET", b"/api/v1/events", &[("Authorization", token)], b"");
    waiting.write_all(&events).unwrap();
    let alive = wire::request("GET", b"/health/live", &[], b"");
    let half = &alive[..alive.len() - 2];
    for idle in [alive.clone(), alive.repeat(2)] {
        let said = until_the_end(&app, &idle);
        assert!(statuses(&said).iter().all(|status| *status == "200"), "{said}");
    }
    // Of that one the next request has begun; who goes on with it is answered.
    let mut slow = TcpStream::connect(app.address()).unwrap();
    slow.write_all(&[&alive[..], half].concat()).unwrap();
    assert_eq!(statuses(&until_the_end(&app, &alive)), ["200"]);
    slow.write_all(&alive[alive.len() - 2..]).unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = String::new();
    slow.read_to_string(&mut said).unwrap();
    assert_eq!(statuses(&said), ["200", "200"]);
    app.lottery(DAY, 1);
    let mut heard = String::new();
    while !heard.contains("lottery.created") {
        let mut piece = [0; 1024];
        let read = waiting.read(&mut piece).unwrap();
        assert!(read > 0, "the stream was ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
}
