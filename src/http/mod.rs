//! HTTP: manners that hold everywhere, and the API itself.
//!
//! `edge` stands around every route (request id, log, metrics, problem bodies); `body`, `caller`
//! and `flags` are what handlers take in; `unparsed`, `mistake` and `mistakes` tell what is wrong;
//! `problem` is all they may refuse with, and `explain` makes it of a refusal; `listeners`,
//! `porter` and `workers` take connections in, and `server` says what serves them; `worker` answers
//! each, by `tls` or not, in HTTP/1 or `http2`; `connection`, `stream_in_parts`, `read_ahead`,
//! `idle`, `room`, `pieces` and `streams` bound what a caller who does not read or send holds;
//! `sealing` says what browsers may make of an answer;
//! `work` is the proof of work that a request shows;
//! `telling` is a stream of events, `live` what it tells of the node, `board` what it tells of the
//! feed each second; `console` is what people see;
//! `endpoint` describes a route once, for the router and for the OpenAPI document.

pub mod accepted;
mod acts;
pub mod api;
pub mod board;
pub mod body;
pub mod caller;
mod calls;
pub mod cluster;
pub mod connection;
mod console;
pub mod cors;
pub mod edge;
pub mod endpoint;
pub mod explain;
pub mod export;
pub mod fields;
pub mod flags;
pub mod fresh;
pub mod headers;
pub mod http2;
pub mod idle;
mod introductions;
pub mod last_call;
pub mod left_of_pool;
pub mod listeners;
pub mod live;
mod mistake;
pub mod mistakes;
pub mod moment;
pub mod openapi;
pub mod origin;
pub mod page;
pub mod parameters;
pub mod peer_stream;
pub mod pieces;
pub mod porter;
pub mod problem;
mod problem_pages;
pub mod read_ahead;
pub mod reply;
mod request_id;
pub mod room;
mod sealing;
pub mod server;
pub mod sheets;
pub mod site;
pub mod static_page;
pub mod stream_in_parts;
pub mod streams;
pub mod switch;
pub mod telling;
pub mod tls;
pub mod together;
pub mod unchecked;
pub mod unparsed;
pub mod words;
pub mod work;
pub mod worker;
pub mod workers;
