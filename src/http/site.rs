//! What stands at the root: the front page, the problem pages, the document and its page, health and metrics.

use super::api::{draws, operations};
use super::edge::Edge;
use super::endpoint::{Endpoint, mount as mount_endpoints};
use super::flags::{self, Params};
use super::openapi;
use super::problem::{self, ALL, Problem};
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::SwaggerUi;

const FRONT: &str = include_str!("front.html");
const PROBLEM_PAGE: &str = include_str!("problem.html");

pub fn endpoints() -> Vec<Endpoint> {
    [operations::endpoints(), draws::well_known()].into_iter().flatten().collect()
}

pub fn mount(config: &mut web::ServiceConfig) {
    let pages = [
        Endpoint::get("/", front),
        Endpoint::get("/docs", docs),
        Endpoint::get("/problems", problems),
        Endpoint::get("/problems/{name}", problem_page),
        Endpoint::get("/openapi.json", document),
    ];
    mount_endpoints(config, &pages);
    mount_endpoints(config, &endpoints());
    let swagger = SwaggerUi::new("/{_:.*}").config(utoipa_swagger_ui::Config::from("/openapi.json"));
    config.service(web::scope("/docs").wrap(Edge::around("/docs/{file}")).service(swagger));
}

async fn front(_: Params<flags::None>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(FRONT.replace("{{version}}", env!("CARGO_PKG_VERSION")))
}

async fn docs() -> HttpResponse {
    HttpResponse::Found().insert_header(("Location", "/docs/")).finish()
}

async fn document() -> HttpResponse {
    thread_local! {
        static TEXT: String = openapi::document().to_json().expect("the document is plain data");
    }
    HttpResponse::Ok().content_type(ContentType::json()).body(TEXT.with(Clone::clone))
}

async fn problems() -> HttpResponse {
    let line = |kind: &&problem::Kind| format!("<li><a href=\"/problems/{0}\">{0}</a> ({1}): {2}</li>", kind.name, kind.status, kind.title);
    page("Problems", &format!("<ul>{}</ul>", ALL.iter().map(line).collect::<String>()))
}

async fn problem_page(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let known = ALL.iter().find(|kind| kind.name == *name);
    let kind = known.ok_or_else(|| Problem::new(&problem::NOT_FOUND, "no problem has that name; /problems lists them all"))?;
    let retry = match kind.retry {
        problem::Retry::Never => "Repeating the same request will not help.",
        problem::Retry::Later => "Nothing was done. The same request may succeed later.",
        problem::Retry::SameKey => "Repeat it with the same <code>Idempotency-Key</code>: it is never done twice.",
    };
    let text =
        format!("<p>Status {}, type <code>/problems/{}</code></p><p>{}</p><p>{retry}</p>", kind.status, kind.name, code(kind.meaning));
    Ok(page(kind.title, &text))
}

fn page(title: &str, text: &str) -> HttpResponse {
    let html = PROBLEM_PAGE.replace("{{title}}", title).replace("{{text}}", text);
    HttpResponse::Ok().content_type(ContentType::html()).body(html)
}

/// Turns `backticks` into code.
fn code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}
