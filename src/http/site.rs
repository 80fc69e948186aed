//! What stands at the root: the console, the pages of draws and of problems, the document and its
//! page, health and metrics.

use super::api;
use super::console;
use super::edge::Edge;
use super::endpoint::{Endpoint, mount as mount_endpoints};
use super::flags::{self, Params};
use super::openapi;
use super::problem::{self, ALL, Problem};
use super::reply;
use super::static_page::StaticPage;
use super::swagger;
use actix_web::http::header::{ACCEPT, ContentType};
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

const PROBLEM_PAGE: &str = include_str!("problem.html");

pub fn mount(config: &mut web::ServiceConfig) {
    let pages = [
        Endpoint::get("/", front),
        Endpoint::get("/docs", docs),
        Endpoint::get("/draws/{pool}", draw),
        Endpoint::get("/problems", problems),
        Endpoint::get("/problems/{name}", problem_page),
        Endpoint::get("/openapi.json", document),
    ];
    mount_endpoints(config, &pages);
    mount_endpoints(config, &api::endpoints_at_root());
    let pages = web::scope("/docs").wrap(Edge::around("/docs/{file}"));
    config.service(pages.route("/{file:.*}", web::get().to(docs_page)));
    let files = web::scope("/console").wrap(Edge::around("/console/{file}"));
    config.service(files.route("/{file:.*}", web::get().to(console::file)));
}

async fn front(request: HttpRequest, _: Params<flags::Nothing>) -> HttpResponse {
    if wants_json(&request) { reply::ok(&links()) } else { console::page(&request).await }
}

async fn draw(request: HttpRequest, _: Params<flags::Nothing>) -> HttpResponse {
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

/// One of the files that show the document. Only names of such files are kept.
async fn docs_page(request: HttpRequest, file: web::Path<String>) -> Result<HttpResponse, Problem> {
    static FILES: LazyLock<RwLock<HashMap<String, Arc<StaticPage>>>> =
        LazyLock::new(RwLock::default);
    let known = FILES.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&*file).cloned();
    let stock = match known {
        Some(stock) => stock,
        None => {
            let stock =
                Arc::new(docs_file(&file).ok_or_else(|| Problem::plain(&problem::UNKNOWN_ROUTE))?);
            let mut files = FILES.write().unwrap_or_else(|poisoned| poisoned.into_inner());
            files.entry(file.into_inner()).or_insert(stock).clone()
        }
    };
    Ok(stock.answer(&request).await)
}

fn docs_file(name: &str) -> Option<StaticPage> {
    let (kind, bytes) = swagger::file(name)?;
    Some(StaticPage::of(kind, bytes.into()))
}

async fn docs() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/docs/")).finish()
}

async fn document(request: HttpRequest) -> HttpResponse {
    static TEXT: LazyLock<StaticPage> = LazyLock::new(|| {
        let text = openapi::document().to_string() + "\n";
        StaticPage::of("application/json", text.into())
    });
    TEXT.answer(&request).await
}

async fn problems() -> HttpResponse {
    let line = |kind: &&problem::ProblemKind| {
        format!(
            "<li><a href=\"/problems/{0}\">{0}</a> ({1}): {2}</li>",
            kind.name, kind.status, kind.title
        )
    };
    page("Problems", &format!("<ul>{}</ul>", ALL.iter().map(line).collect::<String>()))
}

async fn problem_page(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let known = ALL.iter().find(|kind| kind.name == *name);
    let kind = known.ok_or_else(|| {
        Problem::new(&problem::NOT_FOUND, "no problem has that name; /problems lists them all")
    })?;
    let retry = match kind.retry {
        problem::Retry::Never => "Repeating the same request will not help.",
        problem::Retry::Later => "Nothing was done. The same request may succeed later.",
        problem::Retry::SameKey => {
            "Repeat it with the same <code>Idempotency-Key</code>: it is never done twice."
        }
    };
    let text = format!(
        "<p>Status {}, type <code>/problems/{}</code></p><p>{}</p><p>{retry}</p>",
        kind.status,
        kind.name,
        code(kind.meaning)
    );
    Ok(page(kind.title, &text))
}

fn page(title: &str, text: &str) -> HttpResponse {
    let html = PROBLEM_PAGE.replace("{{title}}", title).replace("{{text}}", text);
    HttpResponse::Ok().content_type(ContentType::html()).body(html)
}

/// Turns `backticks` into code.
fn code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}
