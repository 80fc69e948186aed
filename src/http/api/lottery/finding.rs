//! Which lotteries a list has: those that are not over, or those that close between two days.
//!
//! No list knows the lotteries of the past. Each is a partition of its day, so day after day is
//! looked at, so many a page.

use crate::http::api::lottery::bodies::{self, LotteryBody};
use crate::http::api::pool::parse_day;
use crate::http::endpoint::Endpoint;
use crate::http::mistakes::Mistakes;
use crate::http::page::{Items, Paging, cursor};
use crate::http::problem::Problem;
use crate::http::words::LotteryStates;
use crate::shared::Shared;
use actors::domain::day::Day;
use actors::domain::lottery::LotteryView;
use actors::domain::pool::PoolName;
use base::calendar;
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::Deserialize;

/// Days that one page looks at.
const DAYS: usize = 31;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotteriesQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    state: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

pub struct WantedLotteries {
    paging: Paging,
    state: Option<String>,
    from: Option<Date>,
    to: Option<Date>,
}

/// Takes what a `LotteriesQuery` has beside `limit` and `cursor`.
pub fn filters_lotteries(endpoint: Endpoint) -> Endpoint {
    endpoint
        .choice("state", LotteryStates::ALL, "Only those in this state.")
        .day("from", "Past ones, too: all that close on this day or later.")
        .day(
            "to",
            "Only those that close on this day or before. With `from` a year later, if absent.",
        )
}

impl LotteriesQuery {
    pub fn read(self) -> Result<WantedLotteries, Problem> {
        let paging = Paging::of(self.limit, self.cursor);
        let mut mistakes = Mistakes::default();
        mistakes.check(paging.limit());
        let state = self.state;
        let is_a_state = state.as_deref().is_none_or(|state| LotteryStates::ALL.contains(&state));
        mistakes.expect(is_a_state, "?state", "`open`, `closing`, `closed` or `drawn`");
        let mut date = |text: Option<String>, pointer| {
            mistakes.check(text.map(|text| parse_date(&text, pointer)).transpose()).flatten()
        };
        let (from, to) = (date(self.from, "?from"), date(self.to, "?to"));
        mistakes.end().map(|()| WantedLotteries { paging, state, from, to })
    }
}

fn parse_date(text: &str, pointer: &str) -> Result<Date, Problem> {
    parse_day(text, pointer)?;
    text.parse().map_err(|_| Problem::invalid(pointer, "a day that the calendar has"))
}

impl WantedLotteries {
    pub async fn page(&self, shared: &Shared) -> Result<Items<LotteryBody>, Problem> {
        let (limit, after) = (self.paging.limit()?, self.paging.after_name::<Day>()?);
        let (days, is_more) = match self.from {
            Some(from) => self.days_from(from, after),
            None => {
                let found = shared.lotteries.not_over(after.map(PoolName::Day), limit + 1).await?;
                // Pools with names of their own come after all days.
                let mut days: Vec<Day> = found.iter().filter_map(PoolName::day).collect();
                let is_more = days.len() > limit;
                days.truncate(limit);
                (days, is_more)
            }
        };
        let views =
            try_join_all(days.iter().map(|day| shared.lotteries.view((*day).into()))).await?;
        let mut items = Vec::new();
        let mut seen = None;
        for (day, view) in days.iter().zip(views) {
            if let Some(view) = view.filter(|view| self.has(*day, view)) {
                if items.len() == limit {
                    return Ok(Items { items, next_cursor: seen.map(cursor_of) });
                }
                items.push(LotteryBody::of((*day).into(), &view));
            }
            seen = Some(*day);
        }
        Ok(Items { items, next_cursor: seen.filter(|_| is_more).map(cursor_of) })
    }

    /// The days to look at, and whether there are more.
    fn days_from(&self, from: Date, after: Option<Day>) -> (Vec<Day>, bool) {
        let to = self.to.or_else(|| calendar::days_later(from, 365)).unwrap_or(Date::MAX);
        let next = after.and_then(date_of).and_then(|after| after.tomorrow().ok());
        let first = next.map_or(from, |next| next.max(from));
        let mut days = calendar::days_between(first, to).map(calendar::day);
        let now: Vec<Day> = days.by_ref().take(DAYS).collect();
        let is_more = days.next().is_some();
        (now, is_more)
    }

    fn has(&self, day: Day, view: &LotteryView) -> bool {
        let state = bodies::state(view.phase);
        self.state.as_deref().is_none_or(|wanted| wanted == state)
            && self.to.is_none_or(|to| day <= calendar::day(to))
    }
}

/// None for a day that the calendar does not have.
fn date_of(day: Day) -> Option<Date> {
    let (year, month, day) = day.parts();
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn cursor_of(day: Day) -> String {
    cursor(day.to_string().as_bytes())
}
