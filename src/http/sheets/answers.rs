//! Writes the answers of a sheet, one a line, in the order of its lines.

use crate::http::problem::{Problem, ProblemBody};
use crate::http::reply::{Success, mark_replayed};
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use metrics::counter;
use serde::Serialize;

pub const NDJSON: &str = "application/x-ndjson";

/// What one line is answered.
#[derive(Serialize)]
struct LineAnswer<'a, T> {
    line: usize,
    status: u16,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody<'a>>,
}

impl<'a, T> LineAnswer<'a, T> {
    fn of(line: usize, answer: &'a Result<Success<T>, Problem>, request_id: &'a str) -> Self {
        match answer {
            Ok(Success { status, body, replayed }) => LineAnswer {
                line,
                status: status.as_u16(),
                replayed: *replayed,
                retry_after_s: None,
                body: Some(body),
                problem: None,
            },
            Err(problem) => LineAnswer {
                line,
                status: problem.kind.status,
                replayed: false,
                retry_after_s: problem.retry_after_s,
                body: None,
                problem: Some(problem.body(request_id)),
            },
        }
    }
}

pub fn write<T: Serialize>(
    answers: &[Result<Success<T>, Problem>],
    call: &'static str,
    request_id: &str,
    is_ndjson: bool,
) -> HttpResponse {
    count(answers, call);
    let (before, between, after, media) =
        if is_ndjson { ("", "\n", "\n", NDJSON) } else { ("[", ",\n", "]\n", "application/json") };
    let mut bytes = before.as_bytes().to_vec();
    for (at, answer) in answers.iter().enumerate() {
        if at > 0 {
            bytes.extend_from_slice(between.as_bytes());
        }
        let line = LineAnswer::of(at + 1, answer, request_id);
        serde_json::to_writer(&mut bytes, &line).expect("answers are plain data");
    }
    bytes.extend_from_slice(after.as_bytes());
    let response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static(media)))
        .body(bytes);
    let is_replayed = |answer: &Result<Success<T>, Problem>| {
        answer.as_ref().is_ok_and(|success| success.replayed)
    };
    mark_replayed(response, answers.iter().all(is_replayed))
}

/// As alone: each refusal with its reason. And how the lines of such sheets fare.
fn count<T>(answers: &[Result<Success<T>, Problem>], call: &'static str) {
    let (mut done, mut replayed, mut refused, mut failed) = (0, 0, 0, 0);
    for answer in answers {
        match answer {
            Ok(success) if success.replayed => replayed += 1,
            Ok(_) => done += 1,
            Err(problem) => {
                counter!("stampede_refusals_total", "reason" => problem.kind.name).increment(1);
                *(if problem.kind.status < 500 { &mut refused } else { &mut failed }) += 1;
            }
        }
    }
    for (outcome, lines) in
        [("done", done), ("replayed", replayed), ("refused", refused), ("failed", failed)]
    {
        if lines > 0 {
            counter!("stampede_sheet_lines_total", "call" => call, "outcome" => outcome)
                .increment(lines);
        }
    }
}
