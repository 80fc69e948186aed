//! Acts of staff are written down before they are done, and what came of them before they are
//! answered.
//!
//! An act is every call that may change something by somebody who is an operator at least. If it
//! cannot be written down it is not done. One call is let through all the same: whoever takes a
//! node out of the balancer may do so because of its broken store.

use super::calls::Calls;
use super::headers::{self, REASON};
use super::problem::{self, Problem};
use super::request_id;
use crate::shared::Shared;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};
use actors::domain::acts::{Act, ActBy};
use base::journal::{self, Value};
use people::{Signed, Via};
use ports::directory::AccountRole;
use products::acts::BegunAct;

const LONGEST_REASON: usize = 200;
const LONGEST_PATH: usize = 200;

/// In a path, where the code of a coupon stands.
const CODE: &str = "{code}";

/// The call that is let through when it cannot be written down.
const EVEN_SO: &str = "setReady";

/// What the edge has to know when the act is answered.
#[derive(Clone)]
struct UnderWay {
    request_id: String,
    begun: Option<BegunAct>,
    role: AccountRole,
}

pub async fn begin(request: &HttpRequest, shared: &Shared, signed: &Signed) -> Result<(), Problem> {
    if request.method().is_safe() || signed.role < AccountRole::Operator {
        return Ok(());
    }
    let request_id = request_id::request_id(request.headers());
    let call = request.app_data::<Calls>().and_then(|calls| calls.of(request.method()));
    let what = call.map_or("unknown", |call| call.name);
    let act = Act {
        by: match &signed.via {
            Via::Session { .. } => ActBy::Account(signed.caller.id),
            Via::ServiceKey { key, service, .. } => {
                ActBy::Key { key: *key, service: service.to_string() }
            }
        },
        what: what.to_owned(),
        path: masked_path(request),
        dry_run: request.query_string().split('&').any(|pair| pair == "dry_run=true"),
        reason: reason(request)?,
        request: request_id.clone(),
    };
    let begun = match shared.acts.begin(act, signed.caller).await {
        Ok(begun) => Some(begun),
        Err(error) if what == EVEN_SO => {
            journal::warn("an act is not in the audit", &[("error", Value::Text(&error))]);
            None
        }
        Err(error) => return Err(error.into()),
    };
    request.extensions_mut().insert(UnderWay { request_id, begun, role: signed.role });
    Ok(())
}

/// The id that the request has in the audit, if it is there.
pub fn request_id(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<UnderWay>().map(|under_way| under_way.request_id.clone())
}

/// The role of whoever acts.
pub fn role(request: &HttpRequest) -> Option<AccountRole> {
    request.extensions().get::<UnderWay>().map(|under_way| under_way.role)
}

/// Writes down what came of the request, if it was an act. What cannot be written down stays
/// unknown.
pub async fn end(request: &HttpRequest, status: u16) {
    let begun = request.extensions_mut().remove::<UnderWay>().and_then(|one| one.begun);
    let (Some(begun), Some(shared)) = (begun, request.app_data::<Data<Shared>>()) else { return };
    if let Err(error) = shared.acts.end(begun, status).await {
        let error = [("error", Value::Text(&error))];
        journal::warn("the audit does not know what came of an act", &error);
    }
}

fn reason(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = headers::only(request, &REASON, &problem::NOT_READABLE)? else {
        return Ok(None);
    };
    let is_printable = |text: &&str| {
        !text.trim().is_empty()
            && text.chars().count() <= LONGEST_REASON
            && !text.chars().any(char::is_control)
    };
    let text = std::str::from_utf8(value.as_bytes()).ok().filter(is_printable);
    let wanted = || {
        let says = format!("the header `reason` is 1 to {LONGEST_REASON} printable characters");
        Problem::new(&problem::NOT_READABLE, says)
    };
    text.map(|text| Some(text.trim().to_owned())).ok_or_else(wanted)
}

/// Codes are as good as coupons, and stand in no audit.
fn masked_path(request: &HttpRequest) -> String {
    let pattern = request.match_pattern().unwrap_or_default();
    let masked = pattern.split('/').zip(request.path().split('/'));
    let parts: Vec<&str> = masked.map(|(of, part)| if of == CODE { of } else { part }).collect();
    parts.join("/").chars().take(LONGEST_PATH).collect()
}
