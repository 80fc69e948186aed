//! What stands at the root: the console, the pages of draws and of problems, the document and its
//! page, health and metrics.

use super::api;
use super::console;
use super::edge::Edge;
use super::endpoint::{Endpoint, mount as mount_endpoints};
use super::flags::{self, Params};
use super::openapi;
use super::problem::{self, Problem};
use super::problem_pages;
use super::reply;
use super::static_page::StaticPage;
use actix_web::http::header::ACCEPT;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use std::sync::LazyLock;

pub fn mount(config: &mut web::ServiceConfig) {
    let pages = [
        Endpoint::get("/", front),
        Endpoint::get("/docs", to_docs),
        Endpoint::get("/docs/", docs),
        Endpoint::get("/draws/{pool}", draw),
        Endpoint::get("/problems", problems),
        Endpoint::get("/problems/{name}", problem_page),
        Endpoint::get("/openapi.json", document),
    ];
    mount_endpoints(config, &pages);
    mount_endpoints(config, &api::endpoints_at_root());
    let files = web::scope("/console").wrap(Edge::around("/console/{file}"));
    config.service(files.route("/{file:.*}", web::get().to(console::file)));
}

async fn front(request: HttpRequest, _: Params<flags::Nothing>) -> HttpResponse {
    if wants_json(&request) { reply::ok(&links()) } else { console::page(&request).await }
}

/// Links to it come from anywhere, with whatever others hang on them.
async fn draw(request: HttpRequest) -> HttpResponse {
    console::draw(&request).await
}

/// Whether the caller asks for JSON, and does not take a page.
fn wants_json(request: &HttpRequest) -> bool {
    let lines = request.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    let kinds = lines
        .flat_map(|line| line.split(','))
        .map(|item| item.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let kinds: Vec<String> = kinds.collect();
    let takes = |kind: &str| kinds.iter().any(|taken| taken == kind);
    takes("application/json") && !takes("text/html")
}

/// Where to go from here.
fn links() -> serde_json::Value {
    json!({
        "name": "stampede",
        "version": env!("CARGO_PKG_VERSION"),
        "links": {
            "api": "/api/v1",
            "docs": "/docs/",
            "document": "/openapi.json",
            "live": "/health/live",
            "metrics": "/metrics",
            "problems": "/problems",
            "ready": "/health/ready",
        },
    })
}

async fn to_docs() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/docs/")).finish()
}

async fn docs(request: HttpRequest) -> HttpResponse {
    console::docs(&request).await
}

async fn document(request: HttpRequest) -> HttpResponse {
    static TEXT: LazyLock<StaticPage> = LazyLock::new(|| {
        let text = openapi::document().to_string() + "\n";
        StaticPage::of("application/json", text.into())
    });
    TEXT.answer(&request).await
}

async fn problems(request: HttpRequest) -> HttpResponse {
    problem_pages::list(&request).await
}

async fn problem_page(
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    problem_pages::one(&request, &name).await.ok_or_else(|| {
        Problem::new(&problem::NOT_FOUND, "no problem has that name; /problems lists them all")
    })
}
