//! `POST /member-imports`: a file with the members of another system. It is taken in whole, and its
//! rows become accounts while the answer, which says what became of each, goes out.

use crate::http::api::imports::arriving::receive;
use crate::http::api::imports::explain::explain_stop;
use crate::http::api::people::bodies::MemberRowBody;
use crate::http::api::people::member_file::{MemberFile, MemberLine, check_header};
use crate::http::caller::{Admin, stay};
use crate::http::flags::{IdempotencyKey, Params};
use crate::http::problem::{self, Problem};
use crate::http::reply;
use crate::http::streams::download;
use crate::shared::Shared;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes, block};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt, stream};
use metrics::counter;
use people::{ForeignMember, JudgedMember, MemberFate};
use products::imports::seen::Seen;
use serde::Deserialize;
use std::io;
use std::sync::atomic::Ordering;

/// Rows that are decided at a time, and what of a file is in memory.
const AT_ONCE: usize = 250;

const STATES: [&str; 3] = ["imported", "exists", "invalid"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembersQuery {
    state: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

pub async fn import(
    shared: web::Data<Shared>,
    _: Admin,
    // Each row is its own key, so that a file is brought again from its beginning.
    _: IdempotencyKey,
    Params(MembersQuery { state, dry_run }): Params<MembersQuery>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let told = parse_told(state.as_deref())?;
    let seat = shared.streams.reports.take(stay(&shared, &request)?)?;
    let arrived = receive(&shared, body, &request, check_header).await?;
    let open = move || {
        let file = MemberFile::open(arrived)?;
        let seen = file.seen()?;
        Ok::<_, io::Error>((file, seen))
    };
    let (file, seen) = block(open).await.map_err(explain_stop)?.map_err(|error| {
        Problem::new(&problem::UNAVAILABLE, format!("the file cannot be read: {error}"))
    })?;
    let seen = Some(seen);
    let (counts, said, ended) = ([0; 3], 0, false);
    let import = MemberImport { shared, file, seen, dry_run, told, counts, said, ended };
    let head = format!("{{\"dry_run\":{dry_run},\"rows\":[");
    let head = stream::once(async { Ok::<_, io::Error>(Bytes::from(head)) });
    let parts = head.chain(stream::try_unfold(import, MemberImport::next));
    let mut response = HttpResponse::Ok();
    response.content_type(ContentType::json());
    Ok(reply::forbid_storing(response.streaming(download(seat, parts))))
}

/// Which rows the answer tells, by their states.
fn parse_told(state: Option<&str>) -> Result<&'static [&'static str], Problem> {
    Ok(match state {
        None => &STATES,
        Some("imported") => &STATES[..1],
        Some("exists") => &STATES[1..2],
        Some("invalid") => &STATES[2..],
        Some("rejected") => &STATES[1..],
        Some(_) => return Err(Problem::invalid("?state", "imported, exists, invalid or rejected")),
    })
}

struct MemberImport {
    shared: web::Data<Shared>,
    file: MemberFile,
    /// Which names earlier rows have. Elsewhere while it is asked.
    seen: Option<Seen>,
    dry_run: bool,
    told: &'static [&'static str],
    /// How many rows came to each state.
    counts: [u64; 3],
    /// How many were told.
    said: u64,
    ended: bool,
}

impl MemberImport {
    /// The next part of the answer.
    async fn next(mut self) -> io::Result<Option<(Bytes, MemberImport)>> {
        if self.ended {
            return Ok(None);
        }
        if self.shared.draining.load(Ordering::Acquire) {
            return Err(io::Error::other("the server stops"));
        }
        let read = block(move || self.file.read(AT_ONCE).map(|lines| (lines, self))).await;
        let lines: Vec<MemberLine>;
        (lines, self) = read.map_err(io::Error::other)??;
        let text = if lines.is_empty() { self.end() } else { self.take_in(lines).await? };
        Ok(Some((text, self)))
    }

    fn end(&mut self) -> Bytes {
        self.ended = true;
        let [imported, exists, invalid] = self.counts;
        let counts = format!("\"imported\":{imported},\"exists\":{exists},\"invalid\":{invalid}");
        format!("\n],{counts}}}\n").into()
    }

    async fn take_in(&mut self, lines: Vec<MemberLine>) -> io::Result<Bytes> {
        let bodies = self.judge(lines).await?;
        let mut text = Vec::new();
        for body in bodies {
            if let Some(state) = STATES.iter().position(|state| *state == body.state) {
                self.counts[state] += 1;
            }
            if self.told.contains(&body.state) {
                text.extend_from_slice(if self.said == 0 { b"\n" } else { b",\n" });
                self.said += 1;
                serde_json::to_writer(&mut text, &body)?;
            }
        }
        Ok(text.into())
    }

    async fn judge(&mut self, lines: Vec<MemberLine>) -> io::Result<Vec<MemberRowBody>> {
        let (mut bodies, members) = split(lines);
        let imports = &self.shared.people.member_imports;
        let judged = match self.dry_run {
            true => imports.look(members).await,
            false => imports.take_in(members).await,
        };
        let mut judged = judged.map_err(io::Error::other)?.into_iter();
        let mut names = Vec::new();
        for body in bodies.iter_mut().filter(|body| body.why.is_none()) {
            let Some(JudgedMember { fate, names: own }) = judged.next() else { break };
            if matches!(fate, MemberFate::Imported(_)) {
                names.push((body.row, own));
            }
            body.tell(fate, self.dry_run);
        }
        let imported = bodies.iter_mut().filter(|body| body.state == "imported");
        for (body, is_first) in imported.zip(self.first(names).await?) {
            if !is_first {
                body.tell_later();
            }
        }
        if !self.dry_run {
            bodies.iter().for_each(|body| {
                let rows = counter!("stampede_member_import_rows_total", "outcome" => body.state);
                rows.increment(1);
            });
        }
        Ok(bodies)
    }

    /// Whether each row is the first of its file with its names.
    async fn first(&mut self, names: Vec<(u64, Vec<String>)>) -> io::Result<Vec<bool>> {
        let Some(mut seen) = self.seen.take() else { return Ok(Vec::new()) };
        let first = block(move || (seen.all_first(&names), seen)).await;
        let (first, seen) = first.map_err(io::Error::other)?;
        self.seen = Some(seen);
        first.map_err(io::Error::other)
    }
}

/// What is to be said of the rows, and the members of those that have one: the rest have a reason
/// already.
fn split(lines: Vec<MemberLine>) -> (Vec<MemberRowBody>, Vec<ForeignMember>) {
    let mut members = Vec::with_capacity(lines.len());
    let body = |MemberLine { row, reference, member }| {
        let why = member.map(|member| members.push(member)).err().map(str::to_owned);
        MemberRowBody { row, reference, state: "invalid", member: None, why }
    };
    (lines.into_iter().map(body).collect(), members)
}
