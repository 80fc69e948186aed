//! An event as the outside sees it: JSON, with an id that is the same whenever and to whomever it
//! is told.
//!
//! The id is its place: the position of its frame in the log, its record in the frame and, where a
//! record tells several, which of them.

use crate::telling::said::Said;
use crate::telling::topics::Topic;
use actors::Time;
use base::calendar::wire_time;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

#[derive(Debug)]
pub struct Event {
    pub place: FeedPlace,
    pub topic: &'static Topic,
    pub at: Time,
    /// The whole event, as it is sent.
    pub body: String,
}

/// `evt_17_3`, or `evt_17_3_2` for a further event of the same record. Events are told in this
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPlace {
    pub position: u64,
    pub record: u32,
    pub part: u32,
}

#[derive(Serialize)]
struct Body<'a> {
    id: String,
    r#type: &'a str,
    timestamp: String,
    partition: &'a str,
    sequence: u64,
    data: Map<String, Value>,
}

impl Event {
    pub fn of(position: u64, partition: &str, said: Said, coupon: Option<Value>) -> Event {
        let Said { topic, record, part, sequence, at, mut data, .. } = said;
        if let Some(coupon) = coupon {
            data.insert("coupon".into(), coupon);
        }
        let place = FeedPlace { position, record, part };
        let body = Body {
            id: place.to_string(),
            r#type: topic.name,
            timestamp: wire_time(at),
            partition,
            sequence,
            data,
        };
        Event {
            place,
            topic,
            at,
            body: serde_json::to_string(&body).expect("an event is plain data"),
        }
    }

    #[cfg(test)]
    pub fn placed(position: u64, record: u32) -> Event {
        let place = FeedPlace { position, record, part: 0 };
        Event {
            place,
            topic: &crate::telling::topics::LOTTERY_CREATED,
            at: Time(0),
            body: String::new(),
        }
    }
}

impl fmt::Display for FeedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evt_{}_{}", self.position, self.record)?;
        if self.part > 0 { write!(f, "_{}", self.part) } else { Ok(()) }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("not the id of an event")]
pub struct NotAPlace;

impl FromStr for FeedPlace {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<FeedPlace, NotAPlace> {
        let mut parts = text.strip_prefix("evt_").ok_or(NotAPlace)?.split('_');
        let position = parts.next().and_then(|part| part.parse().ok()).ok_or(NotAPlace)?;
        let record = parts.next().and_then(|part| part.parse().ok()).ok_or(NotAPlace)?;
        let part = parts.next().map_or(Ok(0), |part| part.parse().map_err(|_| NotAPlace))?;
        let place = FeedPlace { position, record, part };
        (position > 0 && place.to_string() == text).then_some(place).ok_or(NotAPlace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_as_their_places() {
        for text in ["evt_1_0", "evt_17_3", "evt_17_3_2"] {
            assert_eq!(text.parse::<FeedPlace>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "evt_",
            "evt_0_0",
            "evt_1",
            "evt_1_0_0",
            "evt_01_0",
            "evt_1_0_1_1",
            "evt_-1_0",
            "1_0",
            "evt_99999999999999999999_0",
        ] {
            assert!(text.parse::<FeedPlace>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_sort_as_events_are_told() {
        let places = ["evt_2_0", "evt_2_1", "evt_2_1_1", "evt_2_10", "evt_10_0"]
            .map(|text| text.parse::<FeedPlace>().unwrap());
        assert!(places.is_sorted());
    }
}
