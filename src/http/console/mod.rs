//! The console, the public page of a draw, the page of the API, and the files that they are made
//! of. All of them are part of the binary; they are written as they are served, so nothing has to
//! be built to change one.
//!
//! A page may load its own files and speak to its own server, and nothing else: its policy says
//! so to the browser.

use super::problem::{self, Problem};
use super::static_page::StaticPage;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What all pages have in common.
const FRAME: &str = include_str!("frame.html");

macro_rules! files {
    ($( $name:literal )*) => { &[$( ($name, include_bytes!($name)) ),*] };
}

/// Each by its name below `/console/`.
const FILES: &[(&str, &[u8])] = files! {
    "api.js"
    "app.js"
    "docs/call.js"
    "docs/calls.js"
    "docs/docs.css"
    "docs/docs.js"
    "docs/sample.js"
    "docs/schema.js"
    "docs/shape.js"
    "docs/try.js"
    "draws/before.js"
    "draws/check.js"
    "draws/code.js"
    "draws/draws.css"
    "draws/draws.js"
    "draws/drop.js"
    "draws/keep.js"
    "draws/kept.js"
    "draws/qr.js"
    "draws/steps.js"
    "draws/winners.js"
    "html.js"
    "icon.svg"
    "live.js"
    "pages/all.js"
    "pages/audit.js"
    "pages/batch.js"
    "pages/campaign.js"
    "pages/campaigns.js"
    "pages/coupon.js"
    "pages/coupons.js"
    "pages/find.js"
    "pages/imports.js"
    "pages/keys.js"
    "pages/lotteries.js"
    "pages/lottery.js"
    "pages/lottery_ballots.js"
    "pages/lottery_tickets.js"
    "pages/mine.js"
    "pages/new_batch.js"
    "pages/new_campaign.js"
    "pages/new_import.js"
    "pages/new_lottery.js"
    "pages/new_pool.js"
    "pages/node.js"
    "pages/overview.js"
    "pages/people.js"
    "pages/sessions.js"
    "pages/settings.js"
    "pages/signin.js"
    "pages/void_some.js"
    "pages/webhooks.js"
    "parts/act.js"
    "parts/bar.js"
    "parts/bulletins.js"
    "parts/chart.js"
    "parts/clock.js"
    "parts/confirm.js"
    "parts/curl.js"
    "parts/figures.js"
    "parts/form.js"
    "parts/head.js"
    "parts/ledger.js"
    "parts/life.js"
    "parts/list.js"
    "parts/loaded.js"
    "parts/make.js"
    "parts/map.js"
    "parts/notice.js"
    "parts/query.js"
    "parts/receipt.js"
    "parts/rich.js"
    "parts/save.js"
    "parts/state.js"
    "parts/tile.js"
    "place.js"
    "session.js"
    "stock.js"
    "style.css"
    "theme.js"
    "vendor/hooks.mjs"
    "vendor/htm.LICENSE"
    "vendor/htm.mjs"
    "vendor/preact.LICENSE"
    "vendor/preact.mjs"
    "vendor/signals-core.LICENSE"
    "vendor/signals-core.mjs"
    "vendor/signals.LICENSE"
    "vendor/signals.mjs"
    "verifier/anchored.js"
    "verifier/beacon.js"
    "verifier/bls.js"
    "verifier/bytes.js"
    "verifier/documents.js"
    "verifier/ed25519.js"
    "verifier/field.js"
    "verifier/fraud.js"
    "verifier/hashed.js"
    "verifier/isogeny.js"
    "verifier/json.js"
    "verifier/lots.js"
    "verifier/pairing.js"
    "verifier/proof.js"
    "verifier/sha256.js"
    "verifier/sha512.js"
    "verifier/shape.js"
    "verifier/tree.js"
    "verifier/verify.js"
    "words.js"
    "work.js"
};

/// What a module may be called in another one's `import`.
const MODULES: [(&str, &str); 5] = [
    ("preact", "preact"),
    ("preact/hooks", "hooks"),
    ("htm", "htm"),
    ("@preact/signals", "signals"),
    ("@preact/signals-core", "signals-core"),
];

/// A page as it is sent, and its policy.
struct ModulePage {
    page: StaticPage,
    policy: HeaderValue,
}

impl ModulePage {
    /// Begins with that module, has the files that are its own, and finds through them what it
    /// shares with others. Whoever runs no scripts reads `without_scripts`.
    fn of(
        title: &str,
        module: &str,
        is_own: fn(&str) -> bool,
        without_scripts: &str,
    ) -> ModulePage {
        let map = import_map();
        let html = FRAME
            .replace("{{title}}", title)
            .replace("{{styles}}", &styles(is_own))
            .replace("{{import_map}}", &map)
            .replace("{{preloads}}", &preloads(is_own))
            .replace("{{module}}", module)
            .replace("{{without_scripts}}", without_scripts)
            .replace("{{version}}", env!("CARGO_PKG_VERSION"));
        let policy = HeaderValue::from_str(&policy(&map)).expect("it is plain text");
        ModulePage { page: StaticPage::of("text/html; charset=utf-8", html.into()), policy }
    }

    async fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let mut response = with_manners(self.page.answer(request).await);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        response
    }
}

pub async fn page(request: &HttpRequest) -> HttpResponse {
    static MADE: LazyLock<ModulePage> = LazyLock::new(|| {
        let text = include_str!("without_scripts.html");
        ModulePage::of("stampede", "app.js", |name| !is_of_docs(name) && !is_of_draws(name), text)
    });
    MADE.answer(request).await
}

/// The page of a draw. It is the same for all, and finds out by its address which draw is meant.
pub async fn draw(request: &HttpRequest) -> HttpResponse {
    static MADE: LazyLock<ModulePage> = LazyLock::new(|| {
        let text = include_str!("draws/without_scripts.html");
        ModulePage::of("A draw · stampede", "draws/draws.js", is_of_draws, text)
    });
    MADE.answer(request).await
}

/// The page of the API, made in the browser from its document.
pub async fn docs(request: &HttpRequest) -> HttpResponse {
    static MADE: LazyLock<ModulePage> = LazyLock::new(|| {
        let text = include_str!("docs/without_scripts.html");
        ModulePage::of("The API · stampede", "docs/docs.js", is_of_docs, text)
    });
    MADE.answer(request).await
}

fn is_of_docs(name: &str) -> bool {
    name.starts_with("docs/")
}

fn is_of_draws(name: &str) -> bool {
    name.starts_with("draws/") || name.starts_with("verifier/")
}

/// One of the files.
pub async fn file(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    static PAGES: LazyLock<HashMap<&str, StaticPage>> = LazyLock::new(|| {
        let page = |(name, bytes): &(&'static str, &'static [u8])| {
            (*name, StaticPage::of(kind(name), web::Bytes::from_static(bytes)))
        };
        FILES.iter().map(page).collect()
    });
    let page = PAGES.get(name.as_str()).ok_or_else(|| Problem::plain(&problem::UNKNOWN_ROUTE))?;
    Ok(with_manners(page.answer(&request).await))
}

/// A browser asks each time whether what it has is still so, and is told by the tag.
fn with_manners(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "js" | "mjs")) => "text/javascript; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

fn import_map() -> String {
    let address = |(name, file): (&str, &str)| {
        (name.to_owned(), json!(format!("/console/vendor/{file}.mjs")))
    };
    let imports: serde_json::Map<_, _> = MODULES.into_iter().map(address).collect();
    json!({ "imports": imports }).to_string()
}

/// What all pages look like, and what this one does besides.
fn styles(is_own: fn(&str) -> bool) -> String {
    let is_worn = |name: &str| name == "style.css" || name.ends_with(".css") && is_own(name);
    let styles = FILES.iter().map(|(name, _)| name).filter(|name| is_worn(name)).rev();
    styles.map(|name| format!("<link rel=\"stylesheet\" href=\"/console/{name}\">\n")).collect()
}

/// All modules at once, and not one after the other as each is found in the one before.
fn preloads(is_own: fn(&str) -> bool) -> String {
    let is_module = |name: &str| kind(name).starts_with("text/javascript") && is_own(name);
    let modules = FILES.iter().filter(|(name, _)| is_module(name));
    modules
        .map(|(name, _)| format!("<link rel=\"modulepreload\" href=\"/console/{name}\">\n"))
        .collect()
}

fn policy(import_map: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(import_map));
    format!(
        "default-src 'none'; script-src 'self' 'sha256-{hash}'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
