//! The OpenAPI 3.1 document, made from the endpoints that the router serves, the table of problems
//! and the table of events.
//!
//! `operations` describes the calls, `examples` what they take and answer, `events` what webhooks
//! are sent, `schemas` what is said of types. The first part of a path below `/api/v1` is the tag
//! of its calls.

mod events;
mod examples;
mod operations;
mod schemas;

use super::api;
use super::endpoint::Endpoint;
use actix_web::http::Method;
use examples::Examples;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

pub fn document() -> Value {
    let (api, root) = (api::endpoints(), api::endpoints_at_root());
    let all: Vec<(&str, &Endpoint)> = api
        .iter()
        .map(|endpoint| ("/api/v1", endpoint))
        .chain(root.iter().map(|endpoint| ("", endpoint)))
        .collect();
    let examples = Examples::read();
    let mut paths: Map<String, Value> = Map::new();
    for (prefix, endpoint) in &all {
        let item = paths.entry(format!("{prefix}{}", endpoint.path)).or_insert_with(|| json!({}));
        item[verb(&endpoint.method)] = operations::operation(endpoint, &examples);
    }
    let endpoints: Vec<&Endpoint> = all.iter().map(|(_, endpoint)| *endpoint).collect();
    let used: BTreeSet<&str> = endpoints.iter().map(|endpoint| operations::tag(endpoint)).collect();
    let mut schemas = schemas::all(&endpoints);
    schemas.extend(events::schemas());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "stampede",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Hands out limited things exactly once, durably, while a crowd is pushing.",
            "description": ABOUT,
            "contact": {"name": "Whoever runs this server"},
            "license": {"name": "Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/", "description": "The server that handed this document out."}],
        "tags": TAGS
            .iter()
            .filter(|(name, _)| used.contains(name) || *name == events::TAG)
            .map(|(name, meaning)| json!({"name": name, "description": meaning}))
            .collect::<Vec<Value>>(),
        "paths": paths,
        "webhooks": events::webhooks(&examples),
        "components": {
            "schemas": schemas,
            "headers": operations::headers(),
            "parameters": operations::shared_parameters(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": SIGNING},
                "login": {
                    "type": "oauth2",
                    "description": "Account and password, as a form. The scopes say nothing.",
                    "flows": {"password": {
                        "tokenUrl": "/api/v1/auth/login",
                        "scopes": {},
                    }},
                },
            },
        },
    })
}

const ABOUT: &str = "Every list is `{items, next_cursor}`. Every refusal is RFC 9457 JSON with a \
    stable `type`, and says whether a repeat makes sense. Every write takes an \
    `Idempotency-Key`, and is then done once however often it is sent.";

const SIGNING: &str = "An access token from `/auth/login`, or a service key `sk_…` together with \
    the header `On-Behalf-Of: <your member's id>`.";

/// The first part of a path below `/api/v1`, and what is to be found there.
const TAGS: &[(&str, &str)] = &[
    (".well-known", "What receipts and access tokens are verified with."),
    ("audit", "What staff did, with reasons."),
    ("auth", "Register, log in and leave; sessions and passwords."),
    ("ballots", "One's own ballots, and that they were counted."),
    ("campaigns", "The first so many get a voucher, exactly."),
    ("clock", "How a node's clocks stand."),
    ("coupon-batches", "Coupons that were made in one go, and their codes."),
    ("coupon-imports", "Codes of others, brought in a file."),
    ("coupons", "Assign, use, hold, cancel and void coupons and vouchers."),
    ("events", "What happens, told as it happens."),
    ("health", "Whether a node answers, and whether traffic is welcome."),
    ("holds", "Tickets that are held for somebody until they buy them."),
    ("jobs", "What takes longer than a call, and how far it has come."),
    ("live", "What goes on at a node, second by second."),
    ("lotteries", "Tickets to buy, ballots to submit, and draws that anybody can repeat."),
    ("me", "Who calls."),
    ("member-imports", "Members of another system, brought in a file."),
    ("metrics", "Figures for Prometheus."),
    ("notices", "Who was told that a coupon expires soon."),
    ("pools", "Tickets and draws of any name: what waits, sells, closes and is drawn."),
    ("proof-of-work", "Challenges for calls that ask for some work."),
    ("service-keys", "The keys of services that act for members of their own."),
    ("settings", "With which settings a node runs."),
    ("tickets", "Tickets that were bought."),
    ("users", "Accounts."),
    ("voidings", "Jobs that void coupons of a batch, and how far they have come."),
    ("webhooks", "Where events are pushed to, and what is pushed."),
];

fn verb(method: &Method) -> &'static str {
    match *method {
        Method::POST => "post",
        Method::PUT => "put",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "get",
    }
}
