//! Sheets: many calls of one kind in one request, one a line, each with its own member, key, body
//! and answer.
//!
//! A line is decided by the code that decides the call alone. All lines are begun in their order
//! and at once, so that those for one partition meet there, and one commit carries them. A sheet is
//! no transaction: no line stops another. `lines` cuts what came, `line` reads one, `answers`
//! writes, `described` says it in the OpenAPI document.

mod answers;
mod described;
mod line;
mod lines;

use crate::http::acts;
use crate::http::api::guessing::CodeGuesser;
use crate::http::body;
use crate::http::caller::{self, SignedIn};
use crate::http::calls::{Calls, PathCall};
use crate::http::flags::{AfterBody, IdempotencyKey};
use crate::http::introductions;
use crate::http::origin::ClientOrigin;
use crate::http::problem::{self, Problem};
use crate::http::reply::Success;
use crate::http::request_id;
use crate::http::room::Held;
use crate::http::unchecked::Unchecked;
use crate::shared::Shared;
use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use actors::Caller;
use actors::engine::PASSED_ON_TOGETHER;
use answers::NDJSON;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{self, StreamExt};
use hashbrown::HashMap;
use line::ReadLine;
use lines::MOST_LINES;
use people::{RequestOrigin, Signed, Via};
use ports::directory::AccountRole;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::Semaphore;

pub use described::{LinesOf, takes_a_sheet};

/// So many times the limit of other bodies a sheet may have.
const BODIES: usize = 16;

/// A sheet that may be sent by who sends it, and is not read yet.
pub struct Sheet {
    request: HttpRequest,
    signed: Signed,
    origin: RequestOrigin,
    key: IdempotencyKey,
    bytes: web::Bytes,
}

/// A line whose caller is let in.
pub struct SheetLine<B> {
    signed: Signed,
    origin: Arc<RequestOrigin>,
    pub key: IdempotencyKey,
    /// What stands in the path of the call alone, where each line has its own.
    pub named: String,
    pub body: Unchecked<B>,
}

type LineCaller = Result<Signed, people::Error>;

/// The lines of a sheet, each of which may be made or is refused already.
pub type LetIn<B> = Vec<Result<SheetLine<B>, Problem>>;

impl<B> SheetLine<B> {
    /// As `SignedIn` of the call alone.
    pub fn signer(&self) -> SignedIn {
        SignedIn(self.signed.clone())
    }

    /// As `AsMember` of the call alone.
    pub fn member(&self) -> Result<Caller, Problem> {
        Ok(self.signer().member()?.caller)
    }

    /// As `CodeGuesser` of the call alone.
    pub fn guesser(&self) -> Result<CodeGuesser, Problem> {
        Ok(CodeGuesser::of(&self.signer().member()?, &self.origin))
    }

    /// As `Operator` of the call alone.
    pub fn operator(&self) -> Result<(), Problem> {
        match self.signed.role >= AccountRole::Operator {
            true => Ok(()),
            false => Err(Problem::only_operators()),
        }
    }
}

impl FromRequest for Sheet {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signer = SignedIn::from_request(request, payload);
        let origin = ClientOrigin::from_request(request, payload);
        let key = IdempotencyKey::from_request(request, payload);
        let (request, payload) = (request.clone(), payload.take());
        let read = Arc::new(Semaphore::new(0));
        request.extensions_mut().insert(AfterBody::Ends(read.clone()));
        Box::pin(async move {
            let signed = signer.await?.0;
            may_send(&signed)?;
            let (origin, key) = (origin.await?.0, key.await?);
            let bytes = read_whole(&request, payload).await;
            read.close();
            Ok(Sheet { signed, origin, key, bytes: bytes?, request })
        })
    }
}

/// Services, whose lines name their members, and whoever runs promotions.
fn may_send(signed: &Signed) -> Result<(), Problem> {
    let may = match &signed.via {
        Via::ServiceKey { on_behalf_of, .. } => on_behalf_of.is_none(),
        Via::Session { .. } => signed.role >= AccountRole::Operator,
    };
    let who = "a sheet is sent by a service, whose lines name the members, or by an operator or an \
        administrator";
    if may { Ok(()) } else { Err(Problem::new(&problem::FORBIDDEN, who)) }
}

async fn read_whole(request: &HttpRequest, payload: Payload) -> Result<web::Bytes, Problem> {
    let shared = request.app_data::<web::Data<Shared>>();
    let shared = shared.ok_or_else(|| Problem::plain(&problem::INTERNAL))?;
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    let limit = shared.config.body_limit.saturating_mul(BODIES);
    let bytes = body::read(shared, payload, announced.unwrap_or(0), limit).await;
    if bytes.is_err() {
        caller::is_known(request).await;
    }
    bytes
}

impl Sheet {
    /// Makes the call of every line, and answers all of them in their order. `named` is what each
    /// line has instead of the path.
    pub async fn answer<B, T>(
        self,
        shared: &web::Data<Shared>,
        named: Option<&'static str>,
        call: impl AsyncFn(SheetLine<B>) -> Result<Success<T>, Problem>,
    ) -> Result<HttpResponse, Problem>
    where
        B: DeserializeOwned,
        T: Serialize,
    {
        // Of lines for other nodes too many at once would leave no room on the way to them.
        let at_once = match shared.engine.node.has_neighbours() {
            true => PASSED_ON_TOGETHER,
            false => MOST_LINES,
        };
        let each = async |lines: LetIn<B>| {
            let calls = lines.into_iter().map(async |line| call(line?).await);
            stream::iter(calls).buffered(at_once).collect().await
        };
        self.answer_together(shared, named, each).await
    }

    /// The same, for calls that are made together.
    pub async fn answer_together<B, T>(
        self,
        shared: &web::Data<Shared>,
        named: Option<&'static str>,
        calls: impl AsyncFnOnce(LetIn<B>) -> Vec<Result<Success<T>, Problem>>,
    ) -> Result<HttpResponse, Problem>
    where
        B: DeserializeOwned,
        T: Serialize,
    {
        let is_ndjson = self.says(&CONTENT_TYPE, NDJSON).unwrap_or(false);
        let lines = lines::cut(&self.bytes, is_ndjson)?;
        let _under_way = self.count_in(shared, lines.len())?;
        let read = lines.iter().map(|line| line::read::<B>(line, named));
        let answers = calls(self.let_in(shared, read.collect()).await?).await;
        let id = acts::request_id(&self.request)
            .unwrap_or_else(|| request_id::request_id(self.request.headers()));
        request_id::tell(&self.request, id.clone());
        let is_ndjson = self.says(&ACCEPT, NDJSON).unwrap_or(is_ndjson);
        Ok(answers::write(
            &answers,
            self.call().map_or("unknown", |call| call.name),
            &id,
            is_ndjson,
        ))
    }

    /// Whether a header names that type; none if it is absent, or any will do.
    fn says(&self, header: &HeaderName, media: &str) -> Option<bool> {
        let said = self.request.headers().get(header)?.to_str().ok()?;
        (!said.contains("*/*")).then(|| said.to_ascii_lowercase().contains(media))
    }

    fn call(&self) -> Option<&PathCall> {
        self.request.app_data::<Calls>()?.of(self.request.method())
    }

    fn count_in(&self, shared: &Shared, lines: usize) -> Result<Held, Problem> {
        let mut held = shared.rooms.lines.enter();
        match held.grow(lines) {
            true => Ok(held),
            false => Err(Problem::new(&problem::BUSY, "too many lines of sheets are under way")),
        }
    }

    /// Lets in whom the lines name, and introduces those of them who are new.
    async fn let_in<B>(
        &self,
        shared: &Shared,
        read: Vec<Result<ReadLine<B>, Problem>>,
    ) -> Result<Vec<Result<SheetLine<B>, Problem>>, Problem> {
        let members =
            read.iter().map(|line| line.as_ref().ok().and_then(|line| line.member.as_deref()));
        let callers = shared.people.access.let_in_lines(&self.signed, members).await;
        let origin = Arc::new(self.origin.clone());
        let let_in = |(at, (read, caller)): (usize, (Result<ReadLine<B>, Problem>, LineCaller))| {
            let signed = caller?;
            self.check_scope(&signed)?;
            let ReadLine { key, named, body, .. } = read?;
            let key = self.key.of_line(key.as_deref(), at + 1)?;
            Ok(SheetLine { signed, origin: origin.clone(), key, named, body })
        };
        let mut lines: LetIn<B> = read.into_iter().zip(callers).enumerate().map(let_in).collect();
        let outsiders = &shared.people.outsiders;
        let signed = lines.iter().flatten().map(|line| &line.signed);
        let unknown: Vec<_> = signed.filter_map(|signed| outsiders.unknown(signed)).collect();
        if !unknown.is_empty() {
            let (too_many, introduction) = outsiders.introduce_all(unknown).await?;
            introduction.into_iter().for_each(|new| introductions::begin(&self.request, new));
            lines.iter_mut().for_each(|line| refuse_who_is_too_many(line, &too_many));
        }
        Ok(lines)
    }

    fn check_scope(&self, signed: &Signed) -> Result<(), Problem> {
        let needed = self.call().map_or(&[][..], |call| call.scopes);
        match needed.is_empty() || signed.is_in_scope(needed, false) {
            true => Ok(()),
            false => Err(Problem::out_of_scope(needed)),
        }
    }
}

fn refuse_who_is_too_many<B>(
    line: &mut Result<SheetLine<B>, Problem>,
    too_many: &HashMap<actors::Id, people::Error>,
) {
    let refused = line.as_ref().ok().and_then(|line| too_many.get(&line.signed.caller.id));
    if let Some(refused) = refused {
        *line = Err(refused.clone().into());
    }
}
