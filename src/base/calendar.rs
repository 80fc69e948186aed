//! Days in the configured zone: when one begins and ends, and which one it is.
//!
//! A zone may skip or repeat hours, even midnight. A day begins at its first instant, and ends
//! where the next one begins, so days neither overlap nor leave a gap.

use actors::Time;
use actors::domain::day::Day;
use actors::plain::text_of;
use jiff::civil::{Date, Time as TimeOfDay};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// From the first instant on, and before the second.
pub type DayWindow = (Time, Time);

pub fn day(date: Date) -> Day {
    Day::new(date.year().max(0) as u32, date.month() as u32, date.day() as u32)
}

/// None for a day that is too far away.
pub fn window(zone: &TimeZone, date: Date) -> Option<DayWindow> {
    Some((begin(zone, date)?, begin(zone, date.tomorrow().ok()?)?))
}

fn begin(zone: &TimeZone, date: Date) -> Option<Time> {
    let first = date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?;
    Some(Time(first.timestamp().as_millisecond()))
}

/// That time of the day; if the zone skips it, the same time after the gap.
pub fn at_time(zone: &TimeZone, date: Date, time: TimeOfDay) -> Option<Time> {
    let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
    Some(Time(at.timestamp().as_millisecond()))
}

pub fn today(zone: &TimeZone, now: Time) -> Date {
    Timestamp::from_millisecond(now.0).unwrap_or_default().to_zoned(zone.clone()).date()
}

pub fn days_later(date: Date, days: u16) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

/// The days from the first to the last, both of them too.
pub fn days_between(first: Date, last: Date) -> impl Iterator<Item = Date> {
    first.series(Span::new().days(1)).take_while(move |date| *date <= last)
}

/// RFC 3339 in UTC, to the millisecond.
pub fn wire_time(time: Time) -> String {
    let instant = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    text_of(&format_args!("{instant:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn hours((since, until): DayWindow) -> i64 {
        (until.0 - since.0) / 3_600_000
    }

    #[test]
    fn a_day_is_as_long_as_its_zone_makes_it() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(hours(window(&berlin, date(2026, 3, 29)).unwrap()), 23);
        assert_eq!(hours(window(&berlin, date(2026, 10, 25)).unwrap()), 25);
        assert_eq!(hours(window(&TimeZone::UTC, date(2026, 3, 29)).unwrap()), 24);
    }

    #[test]
    fn a_day_without_a_midnight_begins_at_its_first_instant() {
        // Beirut skips from 00:00 to 01:00 on the last Sunday of March.
        let beirut = zone("Asia/Beirut");
        let (saturday, sunday) = (
            window(&beirut, date(2026, 3, 28)).unwrap(),
            window(&beirut, date(2026, 3, 29)).unwrap(),
        );
        assert_eq!((saturday.1, hours(sunday)), (sunday.0, 23));
        assert_eq!(today(&beirut, sunday.0), date(2026, 3, 29));
        assert_eq!(today(&beirut, Time(sunday.0.0 - 1)), date(2026, 3, 28));
    }

    #[test]
    fn nine_o_clock_is_nine_o_clock_whatever_the_offset() {
        let berlin = zone("Europe/Berlin");
        let nine =
            |date| at_time(&berlin, date, TimeOfDay::constant(9, 0, 0, 0)).unwrap().0 / 3_600_000;
        assert_eq!(nine(date(2026, 3, 29)) - nine(date(2026, 3, 28)), 23);
        assert_eq!(nine(date(2026, 3, 30)) - nine(date(2026, 3, 29)), 24);
    }
}
