//! HTTP/2: what is asked by it is answered as by HTTP/1, and what no decent client would send costs
//! its sender the connection.

use futures_util::FutureExt;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use harness::{Client, TestApp, id, needed};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;
use ureq::http::{HeaderMap, Request};

pub const DAY: &str = "2026-12-31";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A server that never ends a connection fails a test instead of keeping it for ever.
pub const PATIENCE: Duration = Duration::from_secs(60);
const TURNED_OUT: &str = "stampede_http2_turned_out_total ";
/// Streams of one connection that the server allows.
const STREAMS: usize = 64;

pub fn start() -> TestApp {
    start_with(|_| {})
}

pub fn start_with(change: impl FnOnce(&mut config::Config)) -> TestApp {
    TestApp::start_with(|config| {
        config.listen_h2 = Some("127.0.0.1:0".parse().unwrap());
        change(config);
    })
}

pub type Body = actix_web::web::Bytes;

/// A connection, whose task ends with the runtime.
pub async fn connect(app: &TestApp) -> SendRequest<Body> {
    let stream = tokio::net::TcpStream::connect(app.http2_address()).await.unwrap();
    let (caller, connection) = Builder::new().handshake::<_, Body>(stream).await.unwrap();
    actix_web::rt::spawn(async move { drop(connection.await) });
    caller.ready().await.unwrap()
}

/// What somebody would ask by HTTP/1.
pub fn request(by: &Client, method: &str, path: &str) -> Request<()> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://stampede{path}"))
        .header("content-type", "application/json");
    for name in ["Authorization", "Idempotency-Key"] {
        if let Some(value) = by.header(name) {
            request = request.header(name, value);
        }
    }
    request.body(()).unwrap()
}

pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    #[track_caller]
    pub fn refused(&self, status: u16, name: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json()["type"], format!("/problems/{name}"));
        assert!(self.headers.contains_key("x-request-id"));
    }
}

/// Begins to ask. A body that is not there is never ended.
pub async fn begin(
    caller: &mut SendRequest<Body>,
    request: Request<()>,
    body: Option<&str>,
) -> Result<ResponseFuture, h2::Error> {
    *caller = caller.clone().ready().await?;
    let (answer, mut stream) = caller.send_request(request, body == Some(""))?;
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        stream.send_data(body.to_owned().into(), true)?;
    }
    Ok(answer)
}

pub async fn ask(caller: &mut SendRequest<Body>, request: Request<()>, body: &str) -> Answered {
    let answer = begin(caller, request, Some(body)).await.unwrap().await.unwrap();
    let (head, mut body) = answer.into_parts();
    let mut text = String::new();
    while let Some(piece) = next(&mut body).await {
        text += &piece;
    }
    Answered { status: head.status.as_u16(), headers: head.headers, text }
}

pub async fn next(body: &mut RecvStream) -> Option<String> {
    let piece = body.data().await?.unwrap();
    body.flow_control().release_capacity(piece.len()).unwrap();
    Some(String::from_utf8_lossy(&piece).into_owned())
}

pub fn run(work: impl Future<Output = ()>) {
    let in_time = async { actix_web::rt::time::timeout(PATIENCE, work).await };
    actix_web::rt::System::new().block_on(in_time).expect("it comes to an end");
}

#[test]
fn what_is_asked_by_http_2_is_answered_as_by_http_1() {
    let app = start();
    app.lottery(DAY, 1);
    let ada = app.member("ada").key("k-1");
    let holds = format!("/api/v1/lotteries/{DAY}/holds");
    let wanted = json!({"number": "0007"}).to_string();
    run(async {
        let mut caller = connect(&app).await;
        let held = ask(&mut caller, request(&ada, "POST", &holds), &wanted).await;
        assert_eq!(held.status, 201, "{}", held.text);
        assert!(held.headers["content-type"].to_str().unwrap().starts_with("application/json"));
        assert_eq!(held.headers["x-content-type-options"], "nosniff");
        assert!(held.headers.contains_key("date") && !held.headers.contains_key("connection"));
        // The key is one, whichever protocol it comes by.
        let again = ask(&mut caller, request(&ada, "POST", &holds), &wanted).await;
        assert_eq!((again.status, again.json()), (201, held.json()));
        let by_http1 = ada.hold(DAY, json!({"number": "0007"})).expect(201);
        assert_eq!(id(&by_http1), id(&held.json()));
        assert_eq!(app.books(DAY).held, 1);
        let me = ask(&mut caller, request(&ada, "GET", "/api/v1/me"), "").await;
        assert_eq!((me.status, me.json()), (200, ada.get("/me").expect(200)));
        let head = ask(&mut caller, request(&ada, "HEAD", "/api/v1/me"), "").await;
        assert_eq!((head.status, head.text.as_str()), (405, ""));
        // Large, in pieces.
        let page = ask(&mut caller, request(&ada, "GET", "/openapi.json"), "").await;
        let by_http1 = ada.get("//openapi.json");
        assert_eq!((page.status, page.text.len()), (200, by_http1.text.len()));
        let nobody = app.anybody();
        ask(&mut caller, request(&nobody, "GET", "/nowhere"), "")
            .await
            .refused(404, "unknown-route");
        ask(&mut caller, request(&nobody, "GET", "/api/v1/me"), "")
            .await
            .refused(401, "unauthenticated");
        let large = "x".repeat(200_000);
        let login = || request(&nobody, "POST", "/api/v1/auth/login");
        ask(&mut caller, login(), &large).await.refused(413, "too-large");
        ask(&mut caller, login(), "{").await.refused(400, "not-readable");
        ask(&mut caller, request(&ada, "GET", "/api/v1/me"), "").await;
    });
}

#[test]
fn events_are_told_on_a_stream_beside_which_others_are_answered() {
    let app = start();
    app.lottery(DAY, 1);
    let (admin, ada) = (app.admin(), app.member("ada"));
    run(async {
        let mut caller = connect(&app).await;
        let listening = request(&admin, "GET", "/api/v1/events");
        let answer = begin(&mut caller, listening, Some("")).await.unwrap().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let mut events = answer.into_body();
        let mut heard = next(&mut events).await.unwrap();
        let wanted = json!({"number": "0007"}).to_string();
        let holds = format!("/api/v1/lotteries/{DAY}/holds");
        let held = ask(&mut caller, request(&ada, "POST", &holds), &wanted).await.json();
        let confirm = format!("/api/v1/holds/{}/confirm", id(&held));
        assert_eq!(ask(&mut caller, request(&ada, "POST", &confirm), "").await.status, 200);
        while !heard.contains("tickets.confirmed") {
            heard += &next(&mut events).await.unwrap();
        }
    });
}

#[test]
fn a_connection_has_so_many_requests_under_way_and_others_are_served_beside_it() {
    let app = start();
    let nobody = app.anybody();
    let unfinished = || request(&nobody, "POST", "/api/v1/auth/login");
    run(async {
        let mut caller = connect(&app).await;
        ask(&mut caller, request(&nobody, "GET", "/health/live"), "").await;
        assert_eq!(caller.current_max_send_streams(), STREAMS);
        let mut under_way = Vec::new();
        for _ in 0..STREAMS {
            under_way.push(begin(&mut caller, unfinished(), None).await.unwrap());
        }
        // The client keeps to what it was told: the next one waits for a place.
        let lives = || request(&nobody, "GET", "/health/live");
        let mut waiting = begin(&mut caller, lives(), Some("")).await.unwrap();
        let mut other = connect(&app).await;
        assert_eq!(ask(&mut other, lives(), "").await.status, 200);
        assert!((&mut waiting).now_or_never().is_none());
        drop(under_way.pop());
        assert_eq!(waiting.await.unwrap().status(), 200);
    });
}

#[test]
fn who_asks_for_more_at_once_than_they_may_is_refused_the_rest() {
    let app = start();
    let unfinished = |at: usize| frame(HEADERS, END_HEADERS, 2 * at as u32 + 1, &login());
    let asked: Vec<u8> = (0..=STREAMS).flat_map(unfinished).collect();
    let mut stream = TcpStream::connect(app.http2_address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &asked].concat()).unwrap();
    let last = (2 * STREAMS as u32 + 1).to_be_bytes();
    let refused = u32::from(Reason::REFUSED_STREAM).to_be_bytes();
    let mut said = Vec::new();
    while !frames(&said)
        .any(|(kind, stream, payload)| kind == RST_STREAM && stream == last && payload == refused)
    {
        let mut piece = [0; 1024];
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "{said:?}");
        said.extend_from_slice(&piece[..count]);
    }
    app.anybody().get("//health/live").expect(200);
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let app = start_with(|config| config.body_timeout_s = 1);
    run(async {
        let mut caller = connect(&app).await;
        let unfinished = request(&app.anybody(), "POST", "/api/v1/auth/login");
        let answer = begin(&mut caller, unfinished, None).await.unwrap().await.unwrap();
        assert_eq!(answer.status(), 408);
        let next = request(&app.anybody(), "GET", "/health/live");
        assert_eq!(ask(&mut caller, next, "").await.status, 200);
    });
}

#[test]
fn who_gives_up_more_than_they_let_be_answered_is_turned_out() {
    let app = start();
    let admin = app.admin();
    run(async {
        let mut caller = connect(&app).await;
        let mut begun = 0;
        let end = loop {
            let listening = request(&admin, "GET", "/api/v1/events");
            let answer = match begin(&mut caller, listening, Some("")).await {
                Ok(answer) => answer.await,
                Err(error) => break error,
            };
            match answer {
                // Dropped, its stream is reset.
                Ok(answer) => drop(answer),
                Err(error) => break error,
            }
            begun += 1;
            assert!(begun < 1000, "nobody minds");
        };
        // Their next request may have met the end before they heard why.
        let reason = end.reason();
        assert!(reason.is_none_or(|reason| reason == Reason::ENHANCE_YOUR_CALM), "{end}");
        let metrics = app.anybody().get("//metrics").text;
        let turned_out = metrics.lines().find_map(|line| line.strip_prefix(TURNED_OUT));
        assert!(turned_out.is_some_and(|count| count != "0"), "{turned_out:?}");
        assert!(begun >= 100, "only {begun}");
        let lives = request(&admin, "GET", "/health/live");
        assert_eq!(ask(&mut connect(&app).await, lives, "").await.status, 200);
    });
}

/// A frame, byte by byte.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET http://stampede/health/live`, as HPACK writes it without its table.
fn head() -> Vec<u8> {
    written(0x82, b"/health/live")
}

/// The same of a login.
fn login() -> Vec<u8> {
    written(0x83, b"/api/v1/auth/login")
}

fn written(method: u8, path: &[u8]) -> Vec<u8> {
    [&[method, 0x86, 0x04, path.len() as u8][..], path, &[0x01, 8], b"stampede"].concat()
}

/// All frames that have come whole: their kind, stream and payload.
fn frames(mut said: &[u8]) -> impl Iterator<Item = (u8, [u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let [a, b, c, kind, _, stream @ ..] = said.get(..9)? else { return None };
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (payload, rest) = said[9..].split_at_checked(length)?;
        said = rest;
        Some((*kind, stream.try_into().ok()?, payload))
    })
}

/// Sends the same again and again until the server hangs up, and returns what it said.
fn flood(app: &TestApp, begin: &[u8], again: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    const MOST: u32 = 200_000;
    let mut stream = TcpStream::connect(app.http2_address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), begin].concat()).unwrap();
    let mut heard = stream.try_clone().unwrap();
    let heard = std::thread::spawn(move || {
        let mut said = Vec::new();
        let end = heard.read_to_end(&mut said);
        // An end by force is an end, too.
        let is_over = end.map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |_| true);
        (is_over, said)
    });
    for at in 0..MOST {
        if stream.write_all(&again(at)).is_err() {
            break;
        }
    }
    let (is_over, said) = heard.join().unwrap();
    assert!(is_over, "the connection goes on");
    said
}

/// The reason of the GOAWAY frame among these.
fn reason(said: &[u8]) -> Option<u32> {
    let (.., payload) = frames(said).find(|(kind, ..)| *kind == GOAWAY)?;
    Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()))
}

/// CVE-2023-44487.
#[test]
fn a_flood_of_resets_ends_its_connection() {
    let app = start();
    let said = flood(&app, &[], |at| {
        let stream = 2 * at + 1;
        let asked = frame(HEADERS, END_HEADERS | END_STREAM, stream, &head());
        [asked, frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())].concat()
    });
    let reason = reason(&said).map(Reason::from);
    assert!(reason.is_none_or(|reason| reason == Reason::ENHANCE_YOUR_CALM), "{reason:?}");
    app.anybody().get("//health/live").expect(200);
}

/// CVE-2024-27316.
#[test]
fn a_head_without_an_end_ends_its_connection() {
    let app = start();
    let begin = frame(HEADERS, END_STREAM, 1, &head());
    // Literals that nobody keeps: a name of one byte, a value of a thousand.
    let header = [&[0x00, 1, b'x', 0x7f, 0xe9, 0x06][..], &[b'y'; 1000]].concat();
    let said = flood(&app, &begin, |_| frame(CONTINUATION, 0, 1, &header));
    let reason = reason(&said).map(Reason::from);
    assert!(reason.is_none_or(|reason| reason == Reason::ENHANCE_YOUR_CALM), "{reason:?}");
    let empty = flood(&app, &begin, |_| frame(CONTINUATION, 0, 1, &[]));
    assert!(empty.len() < 10_000);
    app.anybody().get("//health/live").expect(200);
}

#[test]
fn a_head_has_so_much_room_and_no_more() {
    let app = start();
    let nobody = app.anybody();
    run(async {
        let mut caller = connect(&app).await;
        let with = |length: usize| {
            let mut large = request(&nobody, "GET", "/health/live");
            large.headers_mut().insert("x-large", "x".repeat(length).parse().unwrap());
            large
        };
        ask(&mut caller, with(20_000), "").await.refused(431, "head-too-large");
        // Of what is larger by far h2 itself says so, without a problem.
        let answer = match begin(&mut caller, with(40_000), Some("")).await {
            Ok(answer) => answer.await.map(|answer| answer.status().as_u16()),
            Err(error) => Err(error),
        };
        assert!(answer.as_ref().map_or(true, |status| *status == 431), "{answer:?}");
        assert_eq!(ask(&mut connect(&app).await, with(10_000), "").await.status, 200);
    });
}

#[test]
fn a_silent_connection_ends_and_so_does_one_that_speaks_http_1() {
    let app = start_with(|config| config.keep_alive_s = 1);
    let mut said = Vec::new();
    let mut stream = TcpStream::connect(app.http2_address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let asked = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head());
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &asked].concat()).unwrap();
    stream.read_to_end(&mut said).unwrap();
    assert_eq!(reason(&said), Some(0));
    let mut stream = TcpStream::connect(app.http2_address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: stampede\r\n\r\n").unwrap();
    said.clear();
    let _ = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"));
}

#[test]
fn curl_speaks_it_without_being_asked() {
    if !needed::are_there(&["curl"], "apt-get install curl") {
        return;
    }
    let app = start();
    let url = format!("http://{}/health/live", app.http2_address());
    let args = ["-sS", "--http2-prior-knowledge", "-o", "/dev/null", "-w"];
    let said =
        Command::new("curl").args(args).args(["%{http_version} %{http_code}", &url]).output();
    assert_eq!(String::from_utf8(said.unwrap().stdout).unwrap(), "2 200");
}
