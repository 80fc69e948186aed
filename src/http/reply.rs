//! Answers that are successes: JSON with its status, and the mark of a repeat.
//!
//! A newline ends all JSON, so that answers in a terminal or a file stand on lines of their own.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;

/// What a call came to, before it is written: alone, or as a line of a sheet.
pub struct Success<T> {
    pub status: StatusCode,
    pub body: T,
    pub replayed: bool,
}

impl<T: Serialize> Success<T> {
    pub fn ok(body: T, replayed: bool) -> Success<T> {
        Success { status: StatusCode::OK, body, replayed }
    }

    pub fn created(body: T, replayed: bool) -> Success<T> {
        Success { status: StatusCode::CREATED, body, replayed }
    }

    /// Created now; or what was there, if it had been before.
    pub fn created_or_found(body: T, replayed: bool) -> Success<T> {
        let status = if replayed { StatusCode::OK } else { StatusCode::CREATED };
        Success { status, body, replayed }
    }

    /// The answer to a call that came alone.
    pub fn alone(self) -> HttpResponse {
        mark_replayed(json(self.status, &self.body), self.replayed)
    }
}

pub fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(written(body))
}

/// As long as most answers are.
const USUAL: usize = 512;

/// As it goes out.
pub fn written(body: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut bytes, body).expect("answers are plain data");
    bytes.push(b'\n');
    bytes
}

pub fn ok(body: &impl Serialize) -> HttpResponse {
    json(StatusCode::OK, body)
}

pub fn created(body: &impl Serialize) -> HttpResponse {
    json(StatusCode::CREATED, body)
}

/// Marks an answer that had been given before.
pub fn mark_replayed(mut response: HttpResponse, replayed: bool) -> HttpResponse {
    if replayed {
        let name = HeaderName::from_static("idempotent-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    response
}

/// For an answer with a secret in it, which no cache may keep.
pub fn forbid_storing(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
