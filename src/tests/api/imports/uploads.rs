//! The upload itself: its parameters, its limit, and what is left of one that breaks off.

use super::{TERMS, counts, imported, spooled};
use crate::wire;
use harness::{TestApp, pointers};
use serde_json::json;
use std::fs;
use std::io::Write;

#[test]
fn wrong_parameters_are_pointed_at_before_the_file_is_read() {
    let app = TestApp::start();
    let admin = app.admin();
    let expires = "expires_at=2027-01-01T00:00:00Z";
    for (query, pointer) in [
        ("discount_percent=10".to_owned(), "?expires_at"),
        ("discount_percent=10&expires_at=2026-12-01T12:00:00Z".to_owned(), "?expires_at"),
        ("discount_percent=10&expires_at=2027-01-01".to_owned(), "?expires_at"),
        (expires.to_owned(), "?discount_percent"),
        (format!("{expires}&discount_percent=101"), "?discount_percent"),
        (format!("{expires}&discount_percent=12.345"), "?discount_percent"),
        (format!("{expires}&discount_percent=nan"), "?discount_percent"),
        (format!("{expires}&discount_percent=ten"), "?discount_percent"),
        (format!("{expires}&discount_percent=1&no_discount=true"), "?no_discount"),
        (format!("{expires}&discount_percent=1&cancel_by=me"), "?cancel_by"),
        (format!("{expires}&discount_percent=1&discount_amount=1"), "?discount_amount"),
        (format!("{expires}&discount_percent=1&on_duplicate=stop"), "?on_duplicate"),
        (format!("{expires}&discount_percent=1&spelling=sloppy"), "?spelling"),
        (format!("{expires}&discount_percent=1&name="), "?name"),
        (format!("{expires}&discount_percent=1&name=a%0Ab"), "?name"),
        (format!("{expires}&discount_percent=1&dry_run=perhaps"), "?dry_run"),
        (format!("{expires}&discount_percent=1&colour=red"), "?colour"),
    ] {
        let refused = admin
            .send("POST", &format!("/coupon-imports?{query}"), Some(b"code\nA\n".to_vec()))
            .refused(422, "invalid");
        assert_eq!(pointers(&refused), [pointer], "{query}");
    }
    assert!(spooled(&app).is_empty());
}

#[test]
fn a_file_beyond_the_limit_is_refused_and_nothing_is_kept() {
    let app = TestApp::start_with(|config| config.import_limit = 2_000_000);
    let admin = app.admin();
    let fits = [&b"code\nA\n"[..], &vec![b'\n'; 1_999_993]].concat();
    assert_eq!(counts(&imported(&app, &admin, "", &fits)), (1, 0, 0));
    let before = spooled(&app);
    let authorization = admin.header("Authorization").unwrap().as_bytes();
    let path = format!("/api/v1/coupon-imports?{TERMS}");
    let sent = |name: &str, value: &[u8], body: &[u8]| {
        let request = wire::request(
            "POST",
            path.as_bytes(),
            &[("Authorization", authorization), (name, value)],
            body,
        );
        wire::send(&app, &request).unwrap()
    };
    sent("Content-Length", b"2000001", b"").refused(413, "too-large");
    // In pieces, whose sum nobody announced.
    let piece =
        |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    sent("Transfer-Encoding", b"chunked", &[piece(&fits), piece(b"\n"), piece(b"")].concat())
        .refused(413, "too-large");
    assert_eq!(spooled(&app), before);
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing_behind() {
    let app = TestApp::start();
    let admin = app.admin();
    let authorization = admin.header("Authorization").unwrap().as_bytes();
    let path = format!("/api/v1/coupon-imports?{TERMS}");
    let headers: [(&str, &[u8]); 2] =
        [("Authorization", authorization), ("Content-Length", b"1000000")];
    let mut stream = std::net::TcpStream::connect(app.address()).unwrap();
    stream.write_all(&wire::request("POST", path.as_bytes(), &headers, b"code\nA\nB\n")).unwrap();
    app.until("the file arrives", || spooled(&app).len() == 1);
    drop(stream);
    app.until("what arrived is gone", || spooled(&app).is_empty());
    assert_eq!(admin.get("/jobs").expect(200)["items"], json!([]));
}

#[test]
fn what_was_arriving_when_the_process_went_down_is_removed() {
    let app = TestApp::start();
    app.stop();
    fs::write(app.data().join("imports/receiving-7"), "code\nA\n").unwrap();
    app.serve();
    assert!(spooled(&app).is_empty());
}
