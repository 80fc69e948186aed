//! A store in which one write, named beforehand, meets its fate.

use actors::domain::ballots;
use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::engine::record::{self, Entry};
use actors::store::{Append, AppendOutcome, Callback, Store};
use std::sync::{Arc, Mutex};
use testing::around::Around;
use testing::memory::{Fate, MemoryStore};

/// The lottery whose writes these are.
pub const POOL: PoolName = PoolName::Day(Day(20_261_231));

/// The writes of a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 2: it is closed; 3: what the boxes hold is written down; 4: it is drawn.
    Lottery(u64),
    /// The next ballots of that box, while the others close.
    BoxTakes(u8),
    BoxIsSealed(u8),
    /// 1: it is opened; 2: it is sealed.
    Slice(u8, u64),
}

impl Step {
    pub fn all() -> Vec<Step> {
        let lottery = (2..=4).map(Step::Lottery);
        let boxes = (0..4).flat_map(|number| [Step::BoxTakes(number), Step::BoxIsSealed(number)]);
        let slices = (0..10).flat_map(|lead| [Step::Slice(lead, 1), Step::Slice(lead, 2)]);
        lottery.chain(boxes).chain(slices).collect()
    }

    pub fn needs_tickets(self) -> bool {
        matches!(self, Step::Slice(..))
    }

    fn is(self, append: &Append) -> bool {
        let of = |partition: String| *append.partition == *partition;
        match self {
            Step::Lottery(seq) => of(format!("lottery/{POOL}")) && append.frame.to.seq == seq,
            Step::BoxTakes(number) => of(format!("ballots/{POOL}/{number}")),
            Step::BoxIsSealed(number) => of(format!("ballots/{POOL}/{number}")) && seals(append),
            Step::Slice(lead, seq) => {
                of(format!("tickets/{POOL}/{lead}***")) && append.frame.to.seq == seq
            }
        }
    }
}

fn seals(append: &Append) -> bool {
    let records = record::records::<ballots::Event>(&append.frame).expect("it was just made");
    records.iter().any(|record| matches!(record.entry, Entry::Fact(ballots::Event::Sealed(_))))
}

/// What is to happen to which write, until it has happened.
pub type Snare = Arc<Mutex<Option<(Step, Fate)>>>;

pub struct Trap {
    pub memory: MemoryStore,
    pub snare: Snare,
}

impl Around for Trap {
    fn inner(&self) -> &dyn Store {
        &self.memory
    }

    fn append(&self, append: Append, done: Callback<AppendOutcome>) {
        let mut snare = self.snare.lock().unwrap();
        if let Some((_, fate)) = snare.take_if(|(step, _)| step.is(&append)) {
            self.memory.plan(fate);
        }
        drop(snare);
        self.memory.append(append, done);
    }
}
