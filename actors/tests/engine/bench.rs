//! A node on a memory store, with a clock that stands still until it is moved.

use actors::domain::day::Day;
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Answer, Question};
use actors::domain::tickets::{
    Command, Event, FirstTerms, Slice, SliceName, SliceTerms, TicketLedger,
};
use actors::engine::record::{self, Entry};
use actors::engine::{By, CommandResult};
use actors::engine::{Key, KeyWindow, Limits, Node, Router};
use actors::machine::partition_id;
use actors::store::Store;
use actors::{Caller, Id, Time};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use testing::memory::MemoryStore;

pub const POOL: PoolName = PoolName::Day(Day(20_261_231));
pub const ADA: Caller = Caller { id: Id([1; 16]), role: actors::Role::Member };
pub const BOB: Caller = Caller { id: Id([2; 16]), role: actors::Role::Member };
pub const START: i64 = 1_798_750_800_000;
pub const TERMS: SliceTerms = FirstTerms {
    digits: 4,
    copies: 1,
    holds_per_member: 1000,
    hold_max_s: 600,
    closes_at: Time(START + 1_000_000_000),
}
.in_full();

pub struct Bench {
    pub node: Arc<Node>,
    pub store: Arc<MemoryStore>,
    pub slices: Router<Slice>,
    clock: Arc<AtomicI64>,
}

pub type Asked = actix_rt::task::JoinHandle<CommandResult<Slice>>;

pub fn slice(lead: u8) -> SliceName {
    SliceName { pool: POOL, digits: 4, lead }
}

pub fn hold(pattern: &str) -> Command {
    Command::Hold {
        pattern: pattern.parse().expect("it is one"),
        count: 1,
        at_least: 0,
        ttl_s: 300,
    }
}

pub fn key(text: &str) -> Option<Key> {
    Some(Key::new(ADA.id, text.as_bytes(), &[b"hold"]))
}

/// Runs a test with the slices 0 to 2 open.
pub fn with_engine(test: impl AsyncFnOnce(Bench)) {
    with_limits(Limits::default(), test);
}

pub fn with_limits(limits: Limits, test: impl AsyncFnOnce(Bench)) {
    in_a_system(async || {
        let store = Arc::new(MemoryStore::default());
        let bench = Bench::on(store.clone(), store, limits);
        for lead in 0..3 {
            bench.open(lead).await;
        }
        test(bench).await;
    });
}

pub fn in_a_system(test: impl AsyncFnOnce()) {
    actix_rt::System::new().block_on(test());
}

/// Lets everything that can go on go on.
pub async fn settle() {
    for _ in 0..100 {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// The answer, which must be there as soon as everything has gone on; a test never hangs.
pub async fn told<T>(asked: actix_rt::task::JoinHandle<T>) -> T {
    settle().await;
    assert!(asked.is_finished(), "nobody answers");
    asked.await.expect("a request does not panic")
}

impl Bench {
    /// `port` is what the node sees of the memory.
    pub fn on(port: Arc<dyn Store>, store: Arc<MemoryStore>, limits: Limits) -> Bench {
        Bench::at(Arc::new(AtomicI64::new(START)), port, store, limits)
    }

    fn at(
        clock: Arc<AtomicI64>,
        port: Arc<dyn Store>,
        store: Arc<MemoryStore>,
        limits: Limits,
    ) -> Bench {
        let time = clock.clone();
        let node = Node::new(
            port,
            Arc::new(move || Time(time.load(Ordering::SeqCst))),
            KeyWindow::new(100_000, 3600),
            limits,
        );
        node.take_seat();
        Bench { slices: Router::new(node.clone()), node, store, clock }
    }

    /// Another process on the same data, after this one has died.
    pub fn restarted(self) -> Bench {
        self.store.crash(|_| false);
        Bench::at(self.clock, self.store.clone(), self.store, self.node.limits)
    }

    pub fn pass_s(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub async fn open(&self, lead: u8) {
        self.command(lead, Command::Open { lead, terms: Box::new(TERMS) }, Caller::SYSTEM, None)
            .await
            .expect("it opens");
    }

    pub async fn command(
        &self,
        lead: u8,
        command: Command,
        caller: Caller,
        key: Option<Key>,
    ) -> CommandResult<Slice> {
        told(self.ask(lead, command, caller, key)).await
    }

    /// Asks, and does not wait for the answer.
    pub fn ask(&self, lead: u8, command: Command, caller: Caller, key: Option<Key>) -> Asked {
        let slices = self.slices.clone();
        actix_rt::spawn(async move {
            slices.command(&slice(lead), command, By::for_good(caller).under(key)).await
        })
    }

    pub async fn look(&self, lead: u8, question: Question) -> Answer {
        let slices = self.slices.clone();
        let asked = actix_rt::spawn(async move { slices.look(&slice(lead), question).await });
        told(asked).await.expect("it can be looked at").answer
    }

    pub async fn ledger(&self, lead: u8) -> TicketLedger {
        match self.look(lead, Question::Ledger).await {
            Answer::Ledger(ledger) => ledger,
            other => panic!("a ledger was asked for: {other:?}"),
        }
    }

    /// Every fact in the log of a slice.
    pub fn facts(&self, lead: u8) -> Vec<Event> {
        let frames = self.store.frames(&partition_id::<Slice>(&slice(lead)));
        let records = frames
            .iter()
            .flat_map(|frame| record::records::<Event>(frame).expect("it can be read"));
        records
            .filter_map(
                |record| if let Entry::Fact(event) = record.entry { Some(event) } else { None },
            )
            .collect()
    }

    pub fn held(&self, lead: u8) -> usize {
        self.facts(lead).iter().filter(|event| matches!(event, Event::Held { .. })).count()
    }
}
