//! Browsers: pages of the configured origins may call, others may not.

use harness::TestApp;

const SHOP: &str = "https://shop.example";

#[test]
fn a_page_of_a_configured_origin_may_call_and_others_may_not() {
    let app = TestApp::start_with(|config| config.cors_origins = vec![SHOP.into()]);
    let asked = |origin: &str| {
        let browser =
            app.anybody().with("Origin", origin).with("Access-Control-Request-Method", "POST");
        browser.with("Access-Control-Request-Headers", "authorization,idempotency-key").send(
            "OPTIONS",
            "/lotteries",
            None,
        )
    };
    let allowed = asked(SHOP);
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, Some(SHOP)));
    assert_eq!(asked("https://evil.example").header("access-control-allow-origin"), None);
    let read = app.anybody().with("Origin", SHOP).get("/lotteries");
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, Some(SHOP)));
}

#[test]
fn without_configured_origins_no_page_is_named() {
    let app = TestApp::start();
    let read = app.anybody().with("Origin", SHOP).get("/lotteries");
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, None));
}
