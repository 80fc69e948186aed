//! What the call about acts takes and answers.

use crate::http::fields::parse_instant;
use crate::http::mistakes::Mistakes;
use crate::http::page::Paging;
use crate::http::problem::Problem;
use crate::http::words::{self, ActResults};
use actors::Id;
use actors::domain::acts::ActBy;
use base::calendar::wire_time;
use hashbrown::HashMap;
use ports::directory::Member;
use products::acts::{ActFilter, ActLine, ActResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    who: Option<String>,
    what: Option<String>,
    from: Option<String>,
    to: Option<String>,
    outcome: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl AuditQuery {
    pub fn checked(self) -> Result<(ActFilter, Paging), Problem> {
        let mut mistakes = Mistakes::default();
        let mut instant = |text: Option<String>, pointer: &str| {
            let instant = text.map(|text| parse_instant(&text, pointer)).transpose();
            mistakes.check(instant).flatten()
        };
        let (from, to) = (instant(self.from, "?from"), instant(self.to, "?to"));
        let result = mistakes.check(self.outcome.as_deref().map(parse_result).transpose());
        let paging = Paging::of(self.limit, self.cursor);
        mistakes.check(paging.limit());
        mistakes.end()?;
        let result = result.flatten();
        Ok((ActFilter { who: self.who, what: self.what, from, to, result }, paging))
    }
}

/// In the order of `ActResults`.
const RESULTS: [ActResult; 4] =
    [ActResult::Done, ActResult::Refused, ActResult::Failed, ActResult::Unknown];

fn parse_result(text: &str) -> Result<ActResult, Problem> {
    let place = ActResults::ALL.iter().position(|name| *name == text);
    place.map(|place| RESULTS[place]).ok_or_else(|| {
        Problem::invalid("?outcome", format!("one of {}", ActResults::ALL.join(", ")))
    })
}

fn result_name(result: ActResult) -> &'static str {
    let place = RESULTS.iter().position(|other| *other == result);
    ActResults::ALL[place.unwrap_or_default()]
}

#[derive(Serialize, ToSchema)]
#[schema(as = Act)]
pub struct ActBody {
    pub id: String,
    pub at: String,
    /// The account that acted; null if it was a service.
    pub account: Option<String>,
    /// What the account is called now; null if it was deleted, or has no such name.
    pub username: Option<String>,
    /// The id of the service key that was used; null if it was an account.
    pub service_key: Option<String>,
    pub service: Option<String>,
    /// The name of the call in this document.
    pub what: String,
    /// To what. Where the code of a coupon stood is `{code}`.
    pub path: String,
    pub dry_run: bool,
    /// As the header `Reason` said it.
    pub reason: Option<String>,
    #[schema(value_type = words::ActResults)]
    pub outcome: &'static str,
    /// The status of the answer; null if the outcome is unknown.
    pub status: Option<u16>,
    pub ended_at: Option<String>,
    pub request_id: String,
}

impl ActBody {
    pub fn of(line: ActLine, accounts: &HashMap<Id, Member>) -> ActBody {
        let outcome = result_name(line.result());
        let ActLine { number, at, act, outcome: ended } = line;
        let (account, service_key, service) = match act.by {
            ActBy::Account(id) => (Some(id), None, None),
            ActBy::Key { key, service } => (None, Some(key.to_string()), Some(service)),
        };
        let named = account.and_then(|id| accounts.get(&id)?.profile.username.as_ref());
        ActBody {
            id: number.to_string(),
            at: wire_time(at),
            account: account.map(|id| id.to_string()),
            username: named.map(|username| username.text.clone()),
            service_key,
            service,
            what: act.what,
            path: act.path,
            dry_run: act.dry_run,
            reason: act.reason,
            outcome,
            status: ended.map(|ended| ended.status),
            ended_at: ended.map(|ended| wire_time(ended.at)),
            request_id: act.request,
        }
    }
}
