//! Each day at 09:00 in the configured zone: tells owners of unused coupons that these expire some
//! days later.
//!
//! Days that were missed are made up for, as far as anything is left to be told: what has expired
//! is told to nobody, and where several notices are due for the same day of expiry, only the
//! nearest is given. The coupons' partitions note whom they have told, so that a crash anywhere
//! tells nobody twice.

use actors::domain::Only;
use actors::domain::notices::Notices;
use actors::machine::partition_id;
use base::journal::Value;
use base::{calendar, journal};
use config::Config;
use jiff::civil::Date;
use products::Engine;
use products::Error;
use products::coupons::Coupons;
use products::coupons::notices::{self, DueNotices};
use std::collections::BTreeMap;

const HOUR: i8 = 9;

pub async fn give_what_is_due(config: &Config, engine: &Engine, coupons: &Coupons) {
    if let Err(error) = all(config, engine, coupons).await {
        let fields = [("error", Value::Text(&error))];
        journal::warn("notices could not all be given yet", &fields);
    }
}

async fn all(config: &Config, engine: &Engine, coupons: &Coupons) -> Result<(), Error> {
    if !engine.should_do(&partition_id::<Notices>(&Only)) {
        return Ok(());
    }
    let zone = &config.time_zone;
    let now = engine.node.now();
    let today = calendar::today(zone, now);
    let has_struck = calendar::at_hour(zone, today, HOUR).is_some_and(|nine| nine <= now);
    let last = if has_struck { Some(today) } else { today.yesterday().ok() };
    let Some(last) = last else { return Ok(()) };
    let done = notices::last_day(engine).await?;
    if done >= Some(calendar::day(last)) {
        return Ok(());
    }
    // Before the first start there was no owner to tell.
    if let Some(done) = done.and_then(calendar::date) {
        for (expires_on, days) in due(&config.notice_days, done, last, today) {
            let Some((since, until)) = calendar::window(zone, expires_on) else { continue };
            let told = coupons.give_notices(&DueNotices { days, since, until }).await?;
            metrics::counter!("stampede_notices_total").increment(told);
        }
    }
    notices::finish(engine, calendar::day(last)).await
}

/// Which days of expiry are to be told, how many days ahead: those whose notice fell on a day after
/// `done`, up to `last`.
fn due(thresholds: &[u16], done: Date, last: Date, today: Date) -> BTreeMap<Date, u16> {
    let mut due = BTreeMap::new();
    for days in thresholds {
        // What expires before today is told to no owner any more.
        let (Some(after), Some(until)) =
            (calendar::days_later(done, *days), calendar::days_later(last, *days))
        else {
            continue;
        };
        let mut expires_on = after.tomorrow().unwrap_or(after).max(today);
        while expires_on <= until {
            due.entry(expires_on)
                .and_modify(|nearest: &mut u16| *nearest = (*nearest).min(*days))
                .or_insert(*days);
            let Ok(next) = expires_on.tomorrow() else { break };
            expires_on = next;
        }
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn due_in_march(thresholds: &[u16], done: i8, last: i8) -> Vec<(i8, u16)> {
        let day = |day| date(2026, 3, day);
        due(thresholds, day(done), day(last), day(last))
            .into_iter()
            .map(|(on, days)| (on.day(), days))
            .collect()
    }

    #[test]
    fn each_day_tells_of_the_day_so_many_days_later() {
        assert_eq!(due_in_march(&[3], 9, 10), [(13, 3)]);
        assert_eq!(due_in_march(&[1, 3], 9, 10), [(11, 1), (13, 3)]);
        assert_eq!(due_in_march(&[3], 10, 10), []);
    }

    #[test]
    fn days_that_were_missed_are_made_up_for_without_what_has_expired() {
        assert_eq!(due_in_march(&[3], 5, 10), [(10, 3), (11, 3), (12, 3), (13, 3)]);
    }

    #[test]
    fn of_several_notices_for_one_expiry_only_the_nearest_is_given() {
        assert_eq!(due_in_march(&[1, 3], 5, 10), [(10, 1), (11, 1), (12, 3), (13, 3)]);
    }
}
