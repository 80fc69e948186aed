//! Once a day, within the configured hours of the configured zone: tells owners of unused coupons
//! that these expire some days later.
//!
//! Each day looks at all days of expiry that lie so near, not only at the one that came near with
//! it. So days that were missed are made up for, and what was given, or given back, after its
//! notice went out is told the next day. What has expired is told to nobody, and where several
//! notices are due for the same day of expiry, only the nearest is given. The coupons' partitions
//! note whom they have told, so that neither another day nor a crash tells anybody twice.

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
    let today = calendar::today(zone, engine.node.now());
    let is_after =
        |time| calendar::at_time(zone, today, time).is_some_and(|then| then <= engine.node.now());
    let has_begun = is_after(config.notices_from);
    let Some(done) = notices::last_day(engine).await? else {
        // Before the first start there was no owner to tell.
        let last = if has_begun { Some(today) } else { today.yesterday().ok() };
        return match last {
            Some(last) => notices::finish(engine, calendar::day(last)).await,
            None => Ok(()),
        };
    };
    if !has_begun || done >= calendar::day(today) {
        return Ok(());
    }
    for (expires_on, days) in due(&config.notice_days, today) {
        // What is left waits for tomorrow.
        if is_after(config.notices_until) {
            return Ok(());
        }
        let Some((since, until)) = calendar::window(zone, expires_on) else { continue };
        let told = coupons.give_notices(&DueNotices { days, since, until }).await?;
        metrics::counter!("stampede_notices_total").increment(told);
    }
    notices::finish(engine, calendar::day(today)).await
}

/// Which days of expiry are so near that they are to be told, and as how many days ahead.
fn due(thresholds: &[u16], today: Date) -> BTreeMap<Date, u16> {
    let mut due = BTreeMap::new();
    for days in thresholds {
        let Some(until) = calendar::days_later(today, *days) else { continue };
        let mut expires_on = today;
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

    #[test]
    fn of_several_notices_for_one_expiry_only_the_nearest_is_given() {
        let due_on_the_tenth = |thresholds: &[u16]| -> Vec<(i8, u16)> {
            let due = due(thresholds, date(2026, 3, 10));
            due.into_iter().map(|(on, days)| (on.day(), days)).collect()
        };
        assert_eq!(due_on_the_tenth(&[]), []);
        assert_eq!(due_on_the_tenth(&[2]), [(10, 2), (11, 2), (12, 2)]);
        let both = [(10, 1), (11, 1), (12, 3), (13, 3)];
        assert_eq!(
            (due_on_the_tenth(&[1, 3]), due_on_the_tenth(&[3, 1])),
            (both.into(), both.into())
        );
    }
}
