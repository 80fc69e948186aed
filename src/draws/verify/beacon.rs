//! The round that was mixed in: of the network this program knows, signed by it, and not due before
//! the last ballot could come.

use crate::beacon::Chain;
use crate::bundle::Round;
use crate::fraud::{Fraud, FraudKind};
use actors::Time;
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use jiff::civil::Date;
use jiff::tz::Offset;

pub fn check(pool: PoolName, round: &Round, chain: &Chain) -> Result<(), Fraud> {
    let number = round.round;
    FraudKind::BeaconUnknown.unless(round.chain == chain.hash, || {
        format!(
            "the beacon is of the chain {}, and only drand's quicknet, {}, can be verified",
            round.chain, chain.hash
        )
    })?;
    FraudKind::RandomnessDiffers
        .unless(round.beacon().randomness() == round.randomness.0, || {
            format!("the randomness of round {number} is not the SHA-256 of its signature")
        })?;
    // When a pool with a name of its own closed, its name does not say.
    if let PoolName::Day(day) = pool {
        FraudKind::BeaconEarly.unless(
            first_end_of(day).is_some_and(|end| chain.time_of(number) >= end),
            || {
                format!(
                    "round {number} was known at {}, when the day {day} had ended nowhere on earth",
                    due(number, chain)
                )
            },
        )?;
    }
    FraudKind::BeaconForged.unless(chain.is_signed(number, &round.signature.0), || {
        format!("the signature of round {number} is not that of the network")
    })
}

/// When the day ends where it ends first: 14 hours east of Greenwich.
fn first_end_of(day: Day) -> Option<Time> {
    let next = date(day)?.tomorrow().ok()?;
    let instant =
        Offset::constant(14).to_timestamp(next.to_datetime(jiff::civil::Time::midnight())).ok()?;
    Some(Time(instant.as_millisecond()))
}

/// None: no calendar has that day.
pub fn date(day: Day) -> Option<Date> {
    let (year, month, day) = day.parts();
    Date::new(
        year.try_into().ok().filter(|year| *year > 0)?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()
}

pub fn due(round: u64, chain: &Chain) -> String {
    jiff::Timestamp::from_millisecond(chain.time_of(round).0)
        .map_or_else(|_| "no time that a calendar has".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_first_fourteen_hours_east() {
        let end = first_end_of(Day(20230823)).unwrap();
        assert_eq!(
            jiff::Timestamp::from_millisecond(end.0).unwrap().to_string(),
            "2023-08-23T10:00:00Z"
        );
        assert_eq!(first_end_of(Day(20230231)), None);
    }
}
