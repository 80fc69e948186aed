//! HTTP: manners that hold everywhere, and the API itself.
//!
//! `edge` stands around every route (request id, log, metrics, problem bodies); `body`, `caller` and `flags` are what handlers take in;
//! `problem` is all they may refuse with; `endpoint` describes a route once, for the router and for the OpenAPI document.

pub mod api;
pub mod body;
pub mod caller;
pub mod cors;
pub mod edge;
pub mod endpoint;
pub mod flags;
pub mod openapi;
pub mod page;
pub mod headers;
pub mod problem;
pub mod reply;
pub mod site;
pub mod switch;
