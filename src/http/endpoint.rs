//! A route, described once: the router serves it and the OpenAPI document is made from it.

use super::calls::{Calls, PathCall};
use super::edge::{self, Edge};
use super::export::{FORMS, TableColumns, TableLine};
use super::parameters::Parameter;
use super::problem::{self, Problem, ProblemKind};
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route, web};
use ports::scopes::Scope;
use std::collections::BTreeMap;
use std::ops::RangeBounds;
use std::rc::Rc;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

pub const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// What any call may be answered: parameters that it does not take, and whatever a node that is
/// busy, stopping, broken or losing a partition to another says.
const OF_CALLS: [&ProblemKind; 6] = [
    &problem::INVALID,
    &problem::BUSY,
    &problem::UNAVAILABLE,
    &problem::MOVED,
    &problem::STARTING,
    &problem::INTERNAL,
];

/// What may be wrong with any body.
const OF_BODIES: [&ProblemKind; 3] =
    [&problem::NOT_READABLE, &problem::REQUEST_TIMEOUT, &problem::TOO_LARGE];

/// What is said of the header `Proof-Of-Work`.
const PROOF_OF_WORK: &str = "The solution of a challenge (`getWorkChallenge`), where the server \
    asks for one: base64 of a JSON object with `algorithm`, `challenge`, `number`, `salt` and \
    `signature`, as ALTCHA writes it. Staff and service keys need none.";

/// What is said of the parameter `format`.
const EXPORTED: &str = "`json`, if absent. `csv` is a table, in which a text that a spreadsheet \
    would run (it begins with `=`, `+`, `-` or `@`) has an apostrophe in front; `ndjson` has a \
    JSON object on each line. Of a list both have all lines, streamed, and take no `limit`. An \
    export that breaks off has no last chunk, so that a client sees an error and no end.";

pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    /// What a client's method for it is called.
    pub name: &'static str,
    pub summary: &'static str,
    pub notes: &'static str,
    pub who: Who,
    /// Beside those that its path, its callers and its repeats bring.
    pub parameters: Vec<Parameter>,
    pub body: Option<Described>,
    /// In which other forms the body is taken.
    pub other_bodies: Vec<(&'static str, Described)>,
    pub answers: Vec<DescribedAnswer>,
    pub problems: Vec<&'static ProblemKind>,
    /// Whether it takes an idempotency key.
    pub repeatable: bool,
    /// Of which a service key needs one; none where every key will do, or none at all.
    pub scopes: &'static [Scope],
    route: Rc<dyn Fn() -> Route>,
}

/// Whom a route serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anybody,
    /// Anybody, too; but whoever says who they are may be told more.
    Optional,
    Member,
    /// A service that names its members in the lines of a sheet, or an operator at least.
    BackEnd,
    /// Staff: these, and whoever may do more.
    Viewer,
    Operator,
    Admin,
}

impl Who {
    /// Whether it takes a role that somebody has to give.
    pub fn is_staff(self) -> bool {
        matches!(self, Who::Viewer | Who::Operator | Who::Admin)
    }
}

pub struct DescribedAnswer {
    pub status: u16,
    pub meaning: &'static str,
    pub body: Option<Described>,
    /// In which other forms it is given, for who asks for them.
    pub other_media: Vec<&'static str>,
    /// What it has as a table.
    pub columns: TableColumns,
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

    /// The same for a client that knows files and not what is in them.
    pub fn bytes(media: &'static str) -> Described {
        let bytes = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        Described { media, reference: RefOr::T(bytes.into()), schemas: Vec::new() }
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
        let name = format!("{}Page", T::name());
        described.schemas.push((name.clone(), <super::page::Items<T> as PartialSchema>::schema()));
        described.reference = RefOr::Ref(Ref::from_schema_name(name));
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
        let mut problems = OF_CALLS.to_vec();
        if !method.is_safe() {
            problems.push(&problem::CLOCK_MOVED);
        }
        let verb = method.clone();
        let route = Rc::new(move || web::method(verb.clone()).to(handler.clone()));
        Endpoint {
            method,
            path,
            name: "",
            summary: "",
            notes: "",
            who: Who::Anybody,
            parameters: Vec::new(),
            body: None,
            other_bodies: Vec::new(),
            answers: Vec::new(),
            problems,
            repeatable: false,
            scopes: &[],
            route,
        }
    }

    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
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
        match who {
            Who::Viewer => self = self.scopes(&[Scope::View, Scope::Operate]),
            Who::Operator => self = self.scopes(&[Scope::Operate]),
            Who::Anybody | Who::Optional | Who::Member | Who::BackEnd | Who::Admin => {}
        }
        if who != Who::Anybody {
            // A caller may have a rate. Only services act for others, and they for somebody.
            self.problems.extend([
                &problem::UNAUTHENTICATED,
                &problem::SERVICE_KEY_EXPIRED,
                &problem::TOO_MANY,
                &problem::FORBIDDEN,
            ]);
            // A header that says who calls may stand only once.
            self.problems.push(&problem::NOT_READABLE);
        }
        self
    }

    /// A service key needs one of these.
    pub fn scopes(mut self, scopes: &'static [Scope]) -> Self {
        self.scopes = scopes;
        self.problems(&[&problem::OUT_OF_SCOPE])
    }

    /// Any text.
    pub fn query(self, name: &'static str, meaning: &'static str) -> Self {
        self.takes(Parameter::text(name, meaning))
    }

    pub fn number(
        self,
        name: &'static str,
        range: impl RangeBounds<u64>,
        meaning: &'static str,
    ) -> Self {
        self.takes(Parameter::number(name, range, meaning))
    }

    pub fn percent(self, name: &'static str, meaning: &'static str) -> Self {
        self.takes(Parameter::percent(name, meaning))
    }

    pub fn flag(self, name: &'static str, meaning: &'static str) -> Self {
        self.takes(Parameter::flag(name, meaning))
    }

    pub fn choice(self, name: &'static str, words: &[&str], meaning: &'static str) -> Self {
        self.takes(Parameter::choice(name, words, meaning))
    }

    pub fn day(self, name: &'static str, meaning: &'static str) -> Self {
        self.takes(Parameter::day(name, meaning))
    }

    pub fn instant(self, name: &'static str, meaning: &'static str) -> Self {
        self.takes(Parameter::instant(name, meaning))
    }

    pub fn header(self, name: &'static str, meaning: &'static str) -> Self {
        self.takes(Parameter::header(name, meaning))
    }

    /// The parameter named last has to be there.
    pub fn required(mut self) -> Self {
        if let Some(last) = self.parameters.last_mut() {
            last.required = true;
        }
        self
    }

    /// Takes `limit` and `cursor`.
    pub fn paged(self) -> Self {
        self.number("limit", 1..=super::page::MOST as u64, "How many lines.")
            .query("cursor", "Where the page begins: the `next_cursor` of the one before.")
    }

    fn takes(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Takes `limit` and `cursor`, and answers a page of `T`.
    pub fn lists<T: ToSchema>(mut self, meaning: &'static str) -> Self {
        self = self.answers_with(200, meaning, Some(Described::page_of::<T>()));
        self.problems.push(&problem::INVALID);
        self.paged()
    }

    /// Takes `format`: the answer named last can also be a table or lines of JSON, of such lines.
    pub fn exported<Line: TableLine>(mut self) -> Self {
        if let Some(last) = self.answers.last_mut() {
            last.columns = Line::COLUMNS;
        }
        self.choice("format", FORMS, EXPORTED).or_text("text/csv").or_text("application/x-ndjson")
    }

    /// Takes an idempotency key, and is no command of a partition, whose outcome can be in doubt.
    pub fn keyed(mut self) -> Self {
        self.repeatable = true;
        self.problems(&[&problem::BAD_KEY, &problem::KEY_REUSED])
    }

    /// Takes an idempotency key, and is a command of a partition.
    pub fn repeatable(self) -> Self {
        self.keyed().problems(&[&problem::OUTCOME_UNKNOWN])
    }

    /// Takes an idempotency key that is noted for itself, because nothing else would remember it.
    pub fn once(self) -> Self {
        self.keyed().problems(&[&problem::KEY_IN_USE, &problem::UNAVAILABLE])
    }

    /// Takes `dry_run` and an idempotency key.
    pub fn decides(self) -> Self {
        self.repeatable().flag("dry_run", "`true`: say what would happen and why, change nothing.")
    }

    pub fn body<T: ToSchema>(self) -> Self {
        self.described_body(Described::of::<T>())
    }

    pub fn described_body(mut self, body: Described) -> Self {
        self.body = Some(body);
        self.problems.extend(OF_BODIES);
        self
    }

    /// Takes the same body in a form that is no JSON.
    pub fn or_text_body(mut self, media: &'static str) -> Self {
        self.other_bodies.push((media, Described::text(media)));
        self
    }

    /// Takes the same as a body of another type.
    pub fn or_body<T: ToSchema>(mut self, media: &'static str) -> Self {
        self.other_bodies.push((media, Described::of::<T>()));
        self
    }

    /// The body may come in that form, too.
    pub fn or_streams(mut self, media: &'static str) -> Self {
        self.other_bodies.push((media, Described::text(media)));
        self
    }

    /// Takes the same body as a file of any type.
    pub fn or_bytes(mut self) -> Self {
        self.other_bodies.push((BYTES, Described::bytes(BYTES)));
        self
    }

    /// The last answer is given in that form, too.
    pub fn or_text(mut self, media: &'static str) -> Self {
        if let Some(last) = self.answers.last_mut() {
            last.other_media.push(media);
        }
        self
    }

    /// Takes a proof of work where the setting `proof_of_work` names it.
    pub fn guarded(self) -> Self {
        self.header("Proof-Of-Work", PROOF_OF_WORK).problems(&[
            &problem::WORK_NEEDED,
            &problem::WORK_WRONG,
            &problem::WORK_EXPIRED,
            &problem::WORK_USED,
            &problem::NOT_READABLE,
            &problem::TOO_MANY,
            &problem::UNAVAILABLE,
        ])
    }

    pub fn bodies(&self) -> impl Iterator<Item = &Described> {
        self.body.iter().chain(self.other_bodies.iter().map(|(_, described)| described))
    }

    /// Takes a body of that type, which is streamed.
    pub fn streams(mut self, media: &'static str) -> Self {
        self.body = Some(Described::text(media));
        self.problems.extend(OF_BODIES);
        self
    }

    pub fn answer_text(self, status: u16, media: &'static str, meaning: &'static str) -> Self {
        self.answers_with(status, meaning, Some(Described::text(media)))
    }

    pub fn answer_object(self, status: u16, meaning: &'static str) -> Self {
        self.answers_with(status, meaning, Some(Described::object()))
    }

    pub fn answer<T: ToSchema>(self, status: u16, meaning: &'static str) -> Self {
        self.answers_with(status, meaning, Some(Described::of::<T>()))
    }

    pub fn described_answer(self, status: u16, meaning: &'static str, body: Described) -> Self {
        self.answers_with(status, meaning, Some(body))
    }

    pub fn answer_empty(self, status: u16, meaning: &'static str) -> Self {
        self.answers_with(status, meaning, None)
    }

    fn answers_with(mut self, status: u16, meaning: &'static str, body: Option<Described>) -> Self {
        let (other_media, columns): (Vec<&'static str>, TableColumns) = (Vec::new(), &[]);
        self.answers.push(DescribedAnswer { status, meaning, body, other_media, columns });
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
    let call = |one: &&Endpoint| PathCall {
        method: one.method.clone(),
        name: one.name,
        scopes: one.scopes,
    };
    let calls = Calls(endpoints.iter().map(call).collect());
    let resource =
        endpoints.iter().fold(web::resource(below).app_data(calls), |resource, endpoint| {
            resource.route((endpoint.route)())
        });
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
