//! What a while of the feed came to: how many events of each type, how many about each thing, and
//! the newest of them whole.
//!
//! It is made for many readers at once, so its size does not grow with what has happened. Events
//! that are only counted are never completed: nobody is asked for their members' names and codes.

use crate::feed::{Event, FRAMES, FedSaid, Feed, tell};
use crate::telling::said::Said;
use crate::telling::topics;
use actors::Time;
use actors::domain::coupons::CouponHome;
use actors::store::StoreError;
use base::calendar::wire_time;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many events are told whole, and how many bytes they may have together.
const NEWEST: usize = 20;
const NEWEST_BYTES: usize = 32 * 1024;

/// Things with counts of their own. Events about others are counted by their type alone.
const MOST_THINGS: usize = 100;

/// What events are about: the word in their data, and the word for all of that kind.
const KINDS: [(&str, &str); 4] =
    [("campaign", "campaigns"), ("batch", "batches"), ("lottery", "lotteries"), ("job", "jobs")];

#[derive(Debug)]
pub struct Bulletin {
    pub until: u64,
    told: Counted,
    newest: Vec<Arc<Event>>,
    at: Time,
}

/// What goes out, but for the events.
#[derive(Debug, Serialize)]
struct Head<'a> {
    at: String,
    /// Where the bulletin before ended, and where this one does. They are places in the log, and
    /// good for nothing but to be compared. Texts, because a script's numbers end at 2^53.
    after: String,
    until: String,
    counts: &'a TypeCounts,
    things: &'a BTreeMap<&'static str, BTreeMap<String, ThingCounts>>,
    left_out: LeftOut,
}

type TypeCounts = BTreeMap<&'static str, u64>;

#[derive(Debug, Default, Serialize)]
struct ThingCounts {
    counts: TypeCounts,
    /// Of a campaign: the highest rank that was claimed meanwhile, and so how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<u64>,
}

#[derive(Debug, Serialize)]
struct LeftOut {
    /// That are not told whole.
    events: u64,
    /// About things that have no counts of their own here.
    of_things: u64,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Counted {
    after: u64,
    all: u64,
    counts: TypeCounts,
    things: BTreeMap<&'static str, BTreeMap<String, ThingCounts>>,
    of_other_things: u64,
}

impl Feed {
    /// What has happened after that position and until now.
    pub async fn bulletin(&self, after: u64) -> Result<Bulletin, StoreError> {
        let mut counted = Counted { after, ..Counted::default() };
        let (mut until, mut goal) = (after, None);
        let mut newest = VecDeque::with_capacity(NEWEST + 1);
        loop {
            let page = self.frames(until, FRAMES).await?;
            // What is written meanwhile is for the next one, so this one comes to an end.
            let goal = *goal.get_or_insert(page.end);
            for frame in &page.frames {
                for fed in tell(frame)?.filter(|fed| !fed.said.topic.is_audit()) {
                    counted.take(&fed.said);
                    newest.push_back(fed);
                    newest.drain(..newest.len().saturating_sub(NEWEST));
                }
                until = frame.position;
            }
            if page.frames.is_empty() || until >= goal {
                break;
            }
        }
        let newest = self.complete(newest.into_iter().collect::<Vec<FedSaid>>()).await?;
        let at = self.engine.node.now();
        Ok(Bulletin { until, told: counted, newest: those_with_room(newest), at })
    }

    /// Of nothing yet: from there on it is told what happens.
    pub async fn first_bulletin(&self) -> Result<Bulletin, StoreError> {
        let until = self.end().await?;
        Ok(Bulletin::of_nothing(until, self.engine.node.now()))
    }
}

impl Bulletin {
    fn of_nothing(until: u64, at: Time) -> Bulletin {
        let told = Counted { after: until, ..Counted::default() };
        Bulletin { until, told, newest: Vec::new(), at }
    }

    /// One that goes on from where this one ends, and tells nothing.
    pub fn after_this(&self) -> Bulletin {
        Bulletin::of_nothing(self.until, self.at)
    }

    pub fn is_empty(&self) -> bool {
        self.told.all == 0
    }

    /// As it is sent: one line of JSON.
    pub fn write(&self) -> String {
        let Counted { after, all, counts, things, of_other_things } = &self.told;
        let head = Head {
            at: wire_time(self.at),
            after: after.to_string(),
            until: self.until.to_string(),
            counts,
            things,
            left_out: LeftOut {
                events: all - self.newest.len() as u64,
                of_things: *of_other_things,
            },
        };
        let mut text = serde_json::to_string(&head).expect("counts are plain data");
        // The events are JSON already.
        let events: Vec<&str> = self.newest.iter().map(|event| event.body.as_str()).collect();
        text.truncate(text.len() - 1);
        text + ",\"events\":[" + &events.join(",") + "]}"
    }
}

impl Counted {
    fn take(&mut self, said: &Said) {
        self.all += 1;
        *self.counts.entry(said.topic.name).or_default() += 1;
        let Some((kind, id)) = thing_of(said) else { return };
        let has_room = self.things.values().map(BTreeMap::len).sum::<usize>() < MOST_THINGS;
        let known = self.things.entry(kind).or_default();
        if !has_room && !known.contains_key(&id) {
            self.of_other_things += 1;
            return;
        }
        let thing = known.entry(id).or_default();
        *thing.counts.entry(said.topic.name).or_default() += 1;
        if *said.topic == topics::CAMPAIGN_CLAIMED {
            thing.granted = thing.granted.max(said.data.get("rank").and_then(Value::as_u64));
        }
    }
}

/// What an event is about: the campaign or batch of a coupon, where it is about one.
fn thing_of(said: &Said) -> Option<(&'static str, String)> {
    let named = KINDS.iter().find_map(|(one, kind)| {
        said.data.get(*one).and_then(Value::as_str).map(|id| (*kind, id.to_owned()))
    });
    named.or_else(|| {
        let home = said.coupon.as_ref()?;
        let is_voucher = matches!(home, CouponHome::Campaign { .. });
        let kind = if is_voucher { "campaigns" } else { "batches" };
        Some((kind, home.serial().to_string()))
    })
}

/// The newest that fit, all that follow on one another.
fn those_with_room(mut events: Vec<Arc<Event>>) -> Vec<Arc<Event>> {
    let mut bytes = 0;
    let fit = events.iter().rev().take_while(|event| {
        bytes += event.body.len();
        bytes <= NEWEST_BYTES
    });
    let fit = fit.count();
    events.split_off(events.len() - fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telling::topics::Topic;
    use serde_json::json;

    fn said(topic: &'static Topic, data: Value) -> Said {
        let Value::Object(data) = data else { panic!("data are an object") };
        Said { topic, record: 0, part: 0, sequence: 1, at: Time(0), data, coupon: None }
    }

    #[test]
    fn the_highest_rank_says_how_many_have_claimed() {
        let mut counted = Counted::default();
        for rank in [7, 9, 8] {
            counted.take(&said(&topics::CAMPAIGN_CLAIMED, json!({"campaign": "c", "rank": rank})));
        }
        counted.take(&said(&topics::CAMPAIGN_PAUSED, json!({"campaign": "c"})));
        let told = &counted.things["campaigns"]["c"];
        assert_eq!(told.granted, Some(9));
        assert_eq!(told.counts, [("campaign.claimed", 3), ("campaign.paused", 1)].into());
    }

    #[test]
    fn so_many_things_have_counts_of_their_own_and_the_rest_is_counted_together() {
        let mut counted = Counted::default();
        for _ in 0..2 {
            for n in 0..MOST_THINGS + 3 {
                counted.take(&said(&topics::LOTTERY_CLOSED, json!({"lottery": n.to_string()})));
            }
        }
        assert_eq!(counted.things["lotteries"].len(), MOST_THINGS);
        assert!(counted.things["lotteries"].values().all(|one| one.counts["lottery.closed"] == 2));
        assert_eq!((counted.of_other_things, counted.all), (6, 2 * (MOST_THINGS as u64 + 3)));
    }

    #[test]
    fn events_that_are_told_whole_have_a_bound_in_bytes_and_leave_no_gap() {
        let event = |position, bytes| {
            let mut event = Event::placed(position, 0);
            event.body = "x".repeat(bytes);
            Arc::new(event)
        };
        let half = NEWEST_BYTES / 2;
        let events = vec![event(1, 1), event(2, half + 1), event(3, half), event(4, half - 9)];
        let fit = those_with_room(events);
        assert_eq!(fit.iter().map(|event| event.place.position).collect::<Vec<_>>(), [3, 4]);
        assert!(those_with_room(vec![event(1, 1), event(2, NEWEST_BYTES + 1)]).is_empty());
    }
}
