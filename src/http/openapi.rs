//! The OpenAPI 3.1 document, made from the endpoints that the router serves and the table of
//! problems.

use super::endpoint::{Described, Endpoint, Who};
use super::{api, problem};
use actix_web::http::Method;
use std::collections::BTreeMap;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder,
    Required, ResponseBuilder,
};

const PROBLEM: &str = "application/problem+json";

pub fn document() -> OpenApi {
    let (api, root) = (api::endpoints(), api::endpoints_at_root());
    let mut components = ComponentsBuilder::new().security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(SIGNING)).build(),
        ),
    );
    for (name, schema) in api
        .iter()
        .chain(&root)
        .flat_map(schemas)
        .chain(Described::of::<problem::ProblemBody>().schemas)
    {
        components = components.schema(name, schema);
    }
    let mut paths = PathsBuilder::new();
    for (prefix, endpoint) in api
        .iter()
        .map(|endpoint| ("/api/v1", endpoint))
        .chain(root.iter().map(|endpoint| ("", endpoint)))
    {
        let item = PathItem::new(verb(&endpoint.method), operation(endpoint));
        paths = paths.path(format!("{prefix}{}", endpoint.path), item);
    }
    let info = InfoBuilder::new()
        .title("stampede")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components.build())).build()
}

const ABOUT: &str = "Hands out limited things exactly once, durably, while a crowd is pushing.";
const SIGNING: &str = "An access token from `/auth/login`, or a service key `sk_…` together with \
    the header `On-Behalf-Of: <your member's id>`.";

fn schemas(endpoint: &Endpoint) -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
    let bodies = endpoint
        .body
        .iter()
        .chain(endpoint.answers.iter().filter_map(|answer| answer.body.as_ref()));
    bodies.flat_map(|described| described.schemas.clone()).collect()
}

fn operation(endpoint: &Endpoint) -> utoipa::openapi::path::Operation {
    let tag = endpoint.path.split('/').nth(1).unwrap_or_default();
    let mut operation = OperationBuilder::new()
        .summary(Some(endpoint.summary))
        .tag(tag)
        .operation_id(Some(operation_id(endpoint)));
    if !endpoint.notes.is_empty() {
        operation = operation.description(Some(endpoint.notes));
    }
    if endpoint.who == Who::Optional {
        operation = operation.security(SecurityRequirement::default());
    }
    if endpoint.who != Who::Anybody {
        operation = operation.security(SecurityRequirement::new("bearer", Vec::<String>::new()));
    }
    for parameter in parameters(endpoint) {
        operation = operation.parameter(parameter);
    }
    if let Some(body) = &endpoint.body {
        let content = ContentBuilder::new().schema(Some(body.reference.clone())).build();
        operation = operation.request_body(Some(
            RequestBodyBuilder::new()
                .content(body.media, content)
                .required(Some(Required::True))
                .build(),
        ));
    }
    for answer in &endpoint.answers {
        let mut response = ResponseBuilder::new().description(answer.meaning);
        if let Some(body) = &answer.body {
            response = response.content(
                body.media,
                ContentBuilder::new().schema(Some(body.reference.clone())).build(),
            );
        }
        operation = operation.response(answer.status.to_string(), response.build());
    }
    for (status, meaning) in refusals(endpoint) {
        let problem = Described::of::<problem::ProblemBody>().reference;
        let content = ContentBuilder::new().schema(Some(problem)).build();
        operation = operation.response(
            status.to_string(),
            ResponseBuilder::new().description(meaning).content(PROBLEM, content).build(),
        );
    }
    operation.build()
}

/// One response per status, which lists the problems that have it.
fn refusals(endpoint: &Endpoint) -> BTreeMap<u16, String> {
    let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for kind in &endpoint.problems {
        let line = format!("`{}`: {}", kind.name, kind.title);
        let lines = by_status.entry(kind.status).or_default();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    by_status.into_iter().map(|(status, lines)| (status, lines.join("; "))).collect()
}

fn parameters(endpoint: &Endpoint) -> Vec<Parameter> {
    let in_path =
        endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Parameter> =
        in_path.map(|name| parameter(name, "", ParameterIn::Path, Required::True)).collect();
    parameters.extend(
        endpoint
            .query
            .iter()
            .map(|p| parameter(p.name, p.meaning, ParameterIn::Query, Required::False)),
    );
    if endpoint.repeatable {
        let meaning = "1 to 255 visible characters. The same key and request get the same answer, \
            marked `Idempotent-Replayed: true`.";
        parameters.push(parameter(
            "Idempotency-Key",
            meaning,
            ParameterIn::Header,
            Required::False,
        ));
    }
    parameters
}

fn parameter(name: &str, meaning: &str, place: ParameterIn, required: Required) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let description = (!meaning.is_empty()).then_some(meaning);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(description)
        .schema(Some(text))
        .build()
}

fn operation_id(endpoint: &Endpoint) -> String {
    let path: Vec<&str> = endpoint
        .path
        .split('/')
        .map(|part| part.trim_matches(['{', '}']))
        .filter(|part| !part.is_empty())
        .collect();
    format!("{}_{}", endpoint.method.as_str().to_lowercase(), path.join("_").replace('-', "_"))
}

fn verb(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
