//! The pages that explain the ways in which the API says no: what happened, what to do, whether to
//! repeat, an example, and which calls say it. Made from the table of problems and the endpoints.

use super::api;
use super::endpoint::Endpoint;
use super::problem::{self, ALL, Problem, ProblemKind, Retry};
use super::static_page::StaticPage;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use std::collections::HashMap;
use std::sync::LazyLock;

const PAGE: &str = include_str!("problem.html");
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Problems about which the same has to be done.
struct Group {
    title: &'static str,
    todo: &'static str,
    has: fn(&ProblemKind) -> bool,
}

/// A problem belongs to the first that has it.
const GROUPS: [Group; 6] = [
    Group {
        title: "Send it again",
        todo: "Repeat it with the same <code>Idempotency-Key</code>: nobody knows whether it was \
               done, and it is never done twice.",
        has: |kind| kind.retry == Retry::SameKey,
    },
    Group {
        title: "Wait, then send it again",
        todo: "Nothing was done. The same request may succeed later: after \
               <code>Retry-After</code> where the answer has it, else in a moment.",
        has: |kind| kind.retry == Retry::Later,
    },
    Group {
        title: "Say who you are",
        todo: "Log in again or take another key, or ask somebody who may do it. Repeating the same \
               request will not help.",
        has: |kind| matches!(kind.status, 401 | 403),
    },
    Group {
        title: "Look whether it is there",
        todo: "Compare the path and its names with what a list or a creation has told. Repeating \
               the same request will not help.",
        has: |kind| matches!(kind.status, 404 | 405 | 410),
    },
    Group {
        title: "It is not to be had like this now",
        todo: "Look at the thing as it is now, and choose again. Repeating the same request will \
               not help.",
        has: |kind| kind.status == 409,
    },
    Group {
        title: "Say it otherwise",
        todo: "Mend the request: <code>detail</code> says what is wrong, and <code>errors</code>, \
               where there are some, at which places. Repeating the same request will not help.",
        has: |_| true,
    },
];

fn group_of(kind: &ProblemKind) -> &'static Group {
    GROUPS.iter().find(|group| (group.has)(kind)).expect("the last one has all")
}

pub async fn list(request: &HttpRequest) -> HttpResponse {
    static MADE: LazyLock<StaticPage> = LazyLock::new(|| page("Every way it says no", &listed()));
    with_policy(MADE.answer(request).await)
}

/// None: no problem has that name.
pub async fn one(request: &HttpRequest, name: &str) -> Option<HttpResponse> {
    static MADE: LazyLock<HashMap<&str, StaticPage>> = LazyLock::new(|| {
        let below = api::endpoints().into_iter().map(|one| (format!("/api/v1{}", one.path), one));
        let at_root = api::endpoints_at_root().into_iter().map(|one| (one.path.to_owned(), one));
        let endpoints: Vec<Call> = below.chain(at_root).collect();
        let one = |kind: &&'static ProblemKind| {
            (kind.name, page(kind.title, &explained(kind, &endpoints)))
        };
        ALL.iter().map(one).collect()
    });
    Some(with_policy(MADE.get(name)?.answer(request).await))
}

fn with_policy(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn page(title: &str, text: &str) -> StaticPage {
    let html = PAGE.replace("{{title}}", title).replace("{{text}}", text);
    StaticPage::of("text/html; charset=utf-8", html.into())
}

fn listed() -> String {
    let line = |kind: &&ProblemKind| {
        let ProblemKind { name, address, status, title, .. } = kind;
        format!("<li><a href=\"{address}\">{name}</a> ({status}): {title}</li>")
    };
    let group = |group: &Group| {
        let own = ALL.iter().filter(|kind| group_of(kind).title == group.title);
        let lines: String = own.map(line).collect();
        format!("<h2>{}</h2><p>{}</p><ul>{lines}</ul>", group.title, group.todo)
    };
    GROUPS.iter().map(group).collect()
}

fn explained(kind: &'static ProblemKind, endpoints: &[Call]) -> String {
    format!(
        "<p class=\"quiet\">Status {}, type <code>{}</code></p>\
         <h2>What happened</h2><p>{}</p>\
         <h2>What to do</h2><p><b>{}.</b> {}</p>\
         <h2>An example</h2><pre>{}</pre>\
         <h2>Which calls say it</h2>{}",
        kind.status,
        kind.address,
        code(kind.meaning),
        group_of(kind).title,
        group_of(kind).todo,
        escaped(&example(kind)),
        callers(kind, endpoints)
    )
}

fn example(kind: &'static ProblemKind) -> String {
    let problem = match kind.name == problem::INVALID.name {
        true => Problem::invalid("/count", "1 to 10"),
        false => Problem::plain(kind),
    };
    let body = problem.body("b29052c20000003f");
    serde_json::to_string_pretty(&body).expect("answers are plain data")
}

/// With its whole path.
type Call = (String, Endpoint);

fn callers(kind: &ProblemKind, endpoints: &[Call]) -> String {
    let says = |(_, endpoint): &&Call| endpoint.problems.iter().any(|one| one.name == kind.name);
    let own: Vec<&Call> = endpoints.iter().filter(says).collect();
    if own.is_empty() {
        return "<p>It is said before it is known which call is meant, or of any of them.</p>"
            .into();
    }
    if own.len() == endpoints.len() {
        return "<p>All of them.</p>".into();
    }
    let line = |(path, endpoint): &&Call| {
        let Endpoint { name, method, summary, .. } = endpoint;
        format!("<li><a href=\"/docs/#{name}\">{summary}</a>: <code>{method} {path}</code></li>")
    };
    format!("<ul>{}</ul>", own.iter().map(line).collect::<String>())
}

/// Turns `backticks` into code.
fn code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
