//! A route, described once: the router serves it and the OpenAPI document is made from it.

use super::edge::{self, Edge};
use super::problem::{self, Problem, ProblemKind};
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route, web};
use std::collections::BTreeMap;
use std::rc::Rc;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

const JSON: &str = "application/json";

/// What may be wrong with any body.
const OF_BODIES: [&ProblemKind; 5] = [
    &problem::NOT_READABLE,
    &problem::REQUEST_TIMEOUT,
    &problem::TOO_LARGE,
    &problem::INVALID,
    &problem::BUSY,
];

pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub summary: &'static str,
    pub notes: &'static str,
    pub who: Who,
    pub query: Vec<Parameter>,
    pub body: Option<Described>,
    pub answers: Vec<DescribedAnswer>,
    pub problems: Vec<&'static ProblemKind>,
    /// Whether it takes an idempotency key.
    pub repeatable: bool,
    route: Rc<dyn Fn() -> Route>,
}

/// Whom a route serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anybody,
    /// Anybody, too; but whoever says who they are may be told more.
    Optional,
    Member,
    Admin,
}

pub struct Parameter {
    pub name: &'static str,
    pub meaning: &'static str,
}

pub struct DescribedAnswer {
    pub status: u16,
    pub meaning: &'static str,
    pub body: Option<Described>,
}

/// A type as the document has it: a reference, and everything that it leads to.
pub struct Described {
    pub media: &'static str,
    pub reference: RefOr<Schema>,
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    /// A text that is no JSON, and is not read or written whole.
    pub fn text(media: &'static str) -> Described {
        let text = ObjectBuilder::new().schema_type(Type::String);
        Described { media, reference: RefOr::T(text.into()), schemas: Vec::new() }
    }

    /// A JSON object that is written piece by piece, and described elsewhere.
    pub fn object() -> Described {
        let object = ObjectBuilder::new().schema_type(Type::Object);
        Described { media: JSON, reference: RefOr::T(object.into()), schemas: Vec::new() }
    }

    pub fn of<T: ToSchema>() -> Described {
        let name = T::name().into_owned();
        let mut schemas = vec![(name.clone(), T::schema())];
        T::schemas(&mut schemas);
        Described { media: JSON, reference: RefOr::Ref(Ref::from_schema_name(name)), schemas }
    }

    /// A page of a list of `T`.
    pub fn page_of<T: ToSchema>() -> Described {
        let mut described = Described::of::<T>();
        let page = <super::page::Items<T> as PartialSchema>::schema();
        described.reference = page;
        described
    }
}

impl Endpoint {
    pub fn new<F, Args>(method: Method, path: &'static str, handler: F) -> Endpoint
    where
        F: Handler<Args> + 'static,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let verb = method.clone();
        let route = Rc::new(move || web::method(verb.clone()).to(handler.clone()));
        Endpoint {
            method,
            path,
            summary: "",
            notes: "",
            who: Who::Anybody,
            query: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: Vec::new(),
            repeatable: false,
            route,
        }
    }

    pub fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub fn notes(mut self, notes: &'static str) -> Self {
        self.notes = notes;
        self
    }

    pub fn who(mut self, who: Who) -> Self {
        self.who = who;
        if who != Who::Anybody {
            // On several nodes the store may have to say whether the session lives, and a caller
            // may have a rate.
            self.problems.extend([
                &problem::UNAUTHENTICATED,
                &problem::TOO_MANY,
                &problem::UNAVAILABLE,
            ]);
            // A header that says who calls may stand only once.
            self.problems.push(&problem::NOT_READABLE);
        }
        if who == Who::Admin {
            self.problems.push(&problem::FORBIDDEN);
        }
        self
    }

    pub fn query(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.query.push(Parameter { name, meaning });
        self
    }

    /// Takes `limit` and `cursor`, and answers a page of `T`.
    pub fn lists<T: ToSchema>(mut self, meaning: &'static str) -> Self {
        self.answers.push(DescribedAnswer {
            status: 200,
            meaning,
            body: Some(Described::page_of::<T>()),
        });
        self.problems.push(&problem::INVALID);
        self.query("limit", "How many lines, 1 to 100.")
            .query("cursor", "Where the page begins: the `next_cursor` of the one before.")
    }

    /// Takes an idempotency key.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self.problems(&[&problem::BAD_KEY, &problem::KEY_REUSED])
    }

    /// Takes `dry_run` and an idempotency key.
    pub fn decides(mut self) -> Self {
        self = self.repeatable();
        self.problems.extend([
            &problem::BUSY,
            &problem::UNAVAILABLE,
            &problem::MOVED,
            &problem::OUTCOME_UNKNOWN,
            &problem::CLOCK_MOVED,
        ]);
        self.query("dry_run", "`true`: say what would happen and why, change nothing.")
    }

    pub fn body<T: ToSchema>(mut self) -> Self {
        self.body = Some(Described::of::<T>());
        self.problems.extend(OF_BODIES);
        self
    }

    /// Takes a body of that type, which is streamed.
    pub fn streams(mut self, media: &'static str) -> Self {
        self.body = Some(Described::text(media));
        self.problems.extend(OF_BODIES);
        self
    }

    pub fn answer_text(mut self, status: u16, media: &'static str, meaning: &'static str) -> Self {
        self.answers.push(DescribedAnswer { status, meaning, body: Some(Described::text(media)) });
        self
    }

    pub fn answer_object(mut self, status: u16, meaning: &'static str) -> Self {
        self.answers.push(DescribedAnswer { status, meaning, body: Some(Described::object()) });
        self
    }

    pub fn answer<T: ToSchema>(mut self, status: u16, meaning: &'static str) -> Self {
        self.answers.push(DescribedAnswer { status, meaning, body: Some(Described::of::<T>()) });
        self
    }

    pub fn answer_empty(mut self, status: u16, meaning: &'static str) -> Self {
        self.answers.push(DescribedAnswer { status, meaning, body: None });
        self
    }

    pub fn problems(mut self, problems: &[&'static ProblemKind]) -> Self {
        self.problems.extend_from_slice(problems);
        self
    }
}

macro_rules! verbs {
    ($( $name:ident $method:ident )*) => {
        impl Endpoint {
            $( pub fn $name<F, Args>(path: &'static str, handler: F) -> Endpoint
            where
                F: Handler<Args> + 'static,
                Args: FromRequest + 'static,
                F::Output: Responder + 'static,
            {
                Endpoint::new(Method::$method, path, handler)
            } )*
        }
    };
}

verbs! { get GET post POST put PUT patch PATCH delete DELETE }

/// Registers the endpoints: one resource per path, so that a wrong method is told which are right,
/// and one scope for all paths that share a first segment, because the router tries one pattern
/// after the other.
pub fn mount(config: &mut web::ServiceConfig, endpoints: &[Endpoint]) {
    let mut by_segment: BTreeMap<&str, BTreeMap<&'static str, Vec<&Endpoint>>> = BTreeMap::new();
    for endpoint in endpoints {
        by_segment
            .entry(first_segment(endpoint.path))
            .or_default()
            .entry(endpoint.path)
            .or_default()
            .push(endpoint);
    }
    for (segment, by_path) in by_segment {
        let mount_below = |config: &mut web::ServiceConfig, prefix: &str| {
            by_path.iter().for_each(|(path, endpoints)| {
                mount_path(config, path, &path[prefix.len()..], endpoints)
            });
        };
        if by_path.len() == 1 {
            mount_below(config, "");
        } else {
            config.service(
                web::scope(segment)
                    .configure(|scope| mount_below(scope, segment))
                    .configure(edge::nowhere),
            );
        }
    }
}

fn first_segment(path: &str) -> &str {
    path[1..].find('/').map_or(path, |slash| &path[..=slash])
}

/// `below` is what is left of the path where it is mounted.
fn mount_path(
    config: &mut web::ServiceConfig,
    path: &'static str,
    below: &str,
    endpoints: &[&Endpoint],
) {
    let allow: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
    let allow = allow.join(", ");
    let resource = endpoints
        .iter()
        .fold(web::resource(below), |resource, endpoint| resource.route((endpoint.route)()));
    let wrong_method = web::to(move || {
        std::future::ready(Err::<HttpResponse, Problem>(method_not_allowed(&allow)))
    });
    config.service(resource.default_service(wrong_method).wrap(Edge::around(path)));
}

fn method_not_allowed(allow: &str) -> Problem {
    let mut problem =
        Problem::new(&problem::METHOD_NOT_ALLOWED, format!("this path takes {allow}"));
    problem.allow = Some(allow.to_owned());
    problem
}
