//! Bytes that no decent client sends: too many of them, or some that are no text.

use crate::bad_input::{DAY, HOLDS, ada, nothing_changed, scene, token};
use crate::wire;
use harness::{Answer, TestApp, id};
use serde_json::json;

#[test]
fn a_body_over_the_limit_is_too_large_whether_or_not_its_length_is_said() {
    let (app, _) = scene();
    let ada = ada(&app);
    let authorization = token(&ada);
    let body = json!({"pattern": "****", "padding": "x".repeat(100_000)}).to_string();
    ada.send("POST", HOLDS, Some(body.clone().into_bytes())).refused(413, "too-large");
    let path = format!("/api/v1{HOLDS}");
    let headers = [("Authorization", authorization.as_bytes()), ("Transfer-Encoding", b"chunked")];
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    wire::send(&app, &wire::request("POST", path.as_bytes(), &headers, chunked.as_bytes()))
        .unwrap()
        .refused(413, "too-large");
    // A lie about the length costs nothing either.
    let headers = [("Authorization", authorization.as_bytes()), ("Content-Length", b"99999999999")];
    wire::send(&app, &wire::request("POST", path.as_bytes(), &headers, b"{}"))
        .unwrap()
        .refused(413, "too-large");
    for path in ["/auth/login", "/auth/register"] {
        app.anybody().send("POST", path, Some(vec![b' '; 100_000])).refused(413, "too-large");
    }
    // Just at the limit it is read, and found wanting for what it says.
    ada.send("POST", HOLDS, Some(vec![b' '; 65_536])).refused(400, "not-readable");
    ada.send("POST", HOLDS, Some(vec![b' '; 65_537])).refused(413, "too-large");
    nothing_changed(&app);
}

#[test]
fn bytes_that_are_not_utf8_in_a_path_or_query_find_nothing() {
    let (app, _) = scene();
    let authorization = token(&ada(&app));
    let ask = |method: &str, path: &[u8]| -> Answer {
        let bytes =
            wire::request(method, path, &[("Authorization", authorization.as_bytes())], b"");
        wire::send(&app, &bytes)
            .unwrap_or_else(|| panic!("no answer to {}", String::from_utf8_lossy(path)))
    };
    ask("GET", b"/api/v1/lotteries/%ff").refused(404, "not-found");
    ask("GET", b"/api/v1/lotteries/%ff%fe/ledger").refused(404, "not-found");
    ask("POST", b"/api/v1/lotteries/%c3%28/holds").refused(404, "not-found");
    ask("GET", b"/api/v1/holds/%ff").refused(404, "not-found");
    ask("POST", b"/api/v1/holds/%ff/confirm").refused(404, "not-found");
    ask("GET", b"/problems/%ff").refused(404, "not-found");
    ask("GET", b"/%ff").refused(404, "unknown-route");
    ask("GET", b"/api/v1/lotteries/2026-12-31/tickets?pattern=%ff%ff%ff%ff")
        .refused(422, "invalid");
    ask("GET", b"/api/v1/holds?cursor=%ff").refused(422, "invalid");
    for path in [&b"/api/v1/lotteries/\xff"[..], b"/api/v1/holds?cursor=\xff"] {
        let answer = ask("GET", path);
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }
    nothing_changed(&app);
}

#[test]
fn headers_without_end_are_cut_off() {
    let (app, _) = scene();
    let authorization = token(&ada(&app));
    for size in [10_000, 300_000] {
        let long = vec![b'x'; size];
        let bytes = wire::request(
            "GET",
            b"/api/v1/holds",
            &[("Authorization", authorization.as_bytes()), ("X-Long", &long)],
            b"",
        );
        if let Some(answer) = wire::send(&app, &bytes) {
            assert!([200, 400, 413, 431].contains(&answer.status), "{}", answer.status);
        }
    }
    let many: Vec<(String, Vec<u8>)> =
        (0..500).map(|n| (format!("X-{n}"), b"x".to_vec())).collect();
    let many: Vec<(&str, &[u8])> =
        many.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    if let Some(answer) = wire::send(&app, &wire::request("GET", b"/api/v1/lotteries", &many, b""))
    {
        assert!([200, 400, 413, 431].contains(&answer.status), "{}", answer.status);
    }
    nothing_changed(&app);
}

#[test]
fn a_data_folder_may_have_a_name_that_is_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let app = TestApp::start_with(|config| {
        config.data = config.data.join(std::ffi::OsStr::from_bytes(b"d\xffta"))
    });
    app.lottery(DAY, 1);
    let held = app.member("ada").hold(DAY, json!({"pattern": "****"})).expect(201);
    app.restart();
    assert_eq!(ada(&app).get(&format!("/holds/{}", id(&held))).expect(200), held);
    app.stop();
    assert!(app.verified().is_ok());
}
