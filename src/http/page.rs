//! Lists: `?limit=1..100&cursor=…` in, `{items, next_cursor}` out. A cursor is the key of the last
//! line, so lists are stable under writes.

use super::mistakes::Mistakes;
use super::problem::Problem;
use actors::Id;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

pub const MOST: usize = 100;
/// Lines that an export reads at a time: what it holds in memory while nobody reads on.
const OF_EXPORT: usize = 250;
const NO_CURSOR: &str = "not a cursor of this list";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    limit: Option<usize>,
    cursor: Option<String>,
    #[serde(skip)]
    is_of_export: bool,
}

impl Paging {
    /// For lists that take parameters of their own beside these.
    pub fn of(limit: Option<usize>, cursor: Option<String>) -> Paging {
        Paging { limit, cursor, is_of_export: false }
    }

    /// For whoever reads a list to its end.
    pub fn of_export(cursor: Option<String>) -> Paging {
        Paging { limit: Some(OF_EXPORT), cursor, is_of_export: true }
    }

    /// How many lines. A cursor that is none is told, too, so that both mistakes are told at once.
    pub fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(MOST);
        let mut mistakes = Mistakes::default();
        let is_right = self.is_of_export || (1..=MOST).contains(&limit);
        mistakes.expect(is_right, "?limit", format!("a whole number from 1 to {MOST}"));
        mistakes.check(self.after());
        mistakes.end().map(|()| limit)
    }

    /// The key after which the page begins.
    pub fn after(&self) -> Result<Option<Vec<u8>>, Problem> {
        let decode = |cursor: &String| {
            URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Problem::invalid("?cursor", NO_CURSOR))
        };
        self.cursor.as_ref().map(decode).transpose()
    }

    /// The same, where lines are named by ids.
    pub fn after_id(&self) -> Result<Option<Id>, Problem> {
        let id = |key: Vec<u8>| {
            key.try_into().map(Id).map_err(|_| Problem::invalid("?cursor", NO_CURSOR))
        };
        self.after()?.map(id).transpose()
    }

    /// The same, where the next page begins at a place that is plain data.
    pub fn after_value<P: DeserializeOwned>(&self) -> Result<Option<P>, Problem> {
        let read = |key: Vec<u8>| {
            postcard::from_bytes(&key).map_err(|_| Problem::invalid("?cursor", NO_CURSOR))
        };
        self.after()?.map(read).transpose()
    }

    /// The same, where lines are named by something that can be written and read.
    pub fn after_name<N: FromStr>(&self) -> Result<Option<N>, Problem> {
        let name = |key: Vec<u8>| String::from_utf8(key).ok()?.parse().ok();
        let read = |key| name(key).ok_or_else(|| Problem::invalid("?cursor", NO_CURSOR));
        self.after()?.map(read).transpose()
    }
}

#[derive(Serialize, ToSchema)]
pub struct Items<T> {
    pub items: Vec<T>,
    /// Null at the end.
    pub next_cursor: Option<String>,
}

/// A key as it is handed out, to be handed in again.
pub fn cursor(key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

impl<T> Items<T> {
    /// A page from what was found when one more than `limit` was asked for. `key` names a line.
    pub fn page<L>(
        mut found: Vec<L>,
        limit: usize,
        key: impl Fn(&L) -> Vec<u8>,
        item: impl Fn(L) -> Option<T>,
    ) -> Items<T> {
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|last| cursor(&key(last)));
        Items { items: found.into_iter().filter_map(item).collect(), next_cursor }
    }
}
