//! What a kind of partition tells the outside: each declares the events of its facts, as it
//! declares its rows.

use crate::telling::topics::Topic;
use actors::domain::coupons::CouponHome;
use actors::domain::pool::PoolName;
use actors::engine::record::{self, Broken, Entry};
use actors::store::Frame;
use actors::{Machine, Time};
use serde_json::{Map, Value};

/// A machine whose facts the outside may hear of, or that says that nobody need.
pub trait Told: Machine {
    /// From the event alone, so that it can be told again at any time, in the same words and with
    /// the same ids. An event that was told once stays; another may only come behind it.
    fn tell(name: &Self::Name, event: &Self::Event, says: &mut Says);
}

/// The events of one record.
#[derive(Default)]
pub struct Says(Vec<Saying>);

struct Saying {
    topic: &'static Topic,
    data: Map<String, Value>,
    coupon: Option<CouponHome>,
}

/// An event, as far as the log alone tells it.
pub struct Said {
    pub topic: &'static Topic,
    /// Which record of the frame, which event of the record, and which record of the partition.
    pub record: u32,
    pub part: u32,
    pub sequence: u64,
    pub at: Time,
    pub data: Map<String, Value>,
    /// The coupon it is about; the reference that the outside knows it by is looked up.
    pub coupon: Option<CouponHome>,
}

impl Says {
    pub fn say<const N: usize>(&mut self, topic: &'static Topic, data: [(&str, Value); N]) {
        self.push(topic, data, None);
    }

    pub fn say_of<const N: usize>(
        &mut self,
        coupon: CouponHome,
        topic: &'static Topic,
        data: [(&str, Value); N],
    ) {
        self.push(topic, data, Some(coupon));
    }

    fn push<const N: usize>(
        &mut self,
        topic: &'static Topic,
        data: [(&str, Value); N],
        coupon: Option<CouponHome>,
    ) {
        let said = data.into_iter().map(|(name, value)| (name.to_owned(), value));
        let mut data: Map<String, Value> = said.collect();
        if let Some(pool) = data.get("lottery").filter(|name| is_an_own_name(name)).cloned() {
            data.insert("pool".into(), pool);
        }
        self.0.push(Saying { topic, data, coupon });
    }
}

/// Whether a pool is called so that has a name of its own, and not that of a day.
fn is_an_own_name(pool: &Value) -> bool {
    let pool = pool.as_str().and_then(|name| name.parse::<PoolName>().ok());
    pool.is_some_and(|pool| pool.day().is_none())
}

/// Everything that a frame tells.
pub fn tell<M: Told>(name: &str, frame: &Frame) -> Result<Vec<Said>, Broken> {
    let name = name.parse::<M::Name>().map_err(|_| Broken::Name(name.to_owned()))?;
    let mut all = Vec::new();
    for (place, record) in record::records::<M::Event>(frame)?.into_iter().enumerate() {
        let Entry::Fact(event) = &record.entry else { continue };
        let mut says = Says::default();
        M::tell(&name, event, &mut says);
        let sequence = frame.from.seq + 1 + place as u64;
        let said = |(part, Saying { topic, data, coupon })| Said {
            topic,
            record: place as u32,
            part,
            sequence,
            at: record.at,
            data,
            coupon,
        };
        all.extend((0..).zip(says.0).map(said));
    }
    Ok(all)
}
