//! A crowd that claims from one campaign, in this process.

use actix_rt::Arbiter;
use actors::domain::coupons::campaign::{Campaign, CampaignPlan, Command, Trigger};
use actors::domain::coupons::{Discount, Offer, Serial};
use actors::engine::{By, CommandResult, KeyWindow, Limits, Node, Router};
use actors::store::Store;
use actors::time::system_clock;
use actors::{Caller, Id, Time};
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const CALLERS: usize = 512;
pub const NAME: Serial = Serial(1);

/// A node of its own on this store, with a campaign that is never empty.
pub async fn open_campaign(store: Arc<dyn Store>) -> Rc<Router<Campaign>> {
    let campaigns = node_on(store);
    campaigns.command(&NAME, Command::Open(plan()), By::SYSTEM).await.expect("the campaign opens");
    campaigns
}

pub fn node_on(store: Arc<dyn Store>) -> Rc<Router<Campaign>> {
    let window = KeyWindow::new(1_000_000, 3600);
    let node = Node::new(store, system_clock(), window, Limits::default());
    node.add_seat(Arbiter::new().handle());
    Rc::new(Router::new(node))
}

pub async fn claim(campaigns: &Router<Campaign>, member: [u8; 16]) -> bool {
    told(campaigns, member).await.is_ok()
}

/// Whether the member had claimed before, and is told the same again.
pub async fn has_claimed(campaigns: &Router<Campaign>, member: [u8; 16]) -> bool {
    told(campaigns, member).await.is_ok_and(|done| done.replayed)
}

async fn told(campaigns: &Router<Campaign>, member: [u8; 16]) -> CommandResult<Campaign> {
    let claim = Command::Claim { member: Id(member), code: None };
    campaigns.command(&NAME, claim, By::for_good(Caller::member(Id(member)))).await
}

fn plan() -> CampaignPlan {
    let offer = Offer::of(Discount::percent(10));
    let (starts_at, ends_at) = (Time(0), Time(i64::MAX / 2));
    CampaignPlan {
        name: "hot".into(),
        quota: u64::MAX / 2,
        starts_at,
        ends_at,
        trigger: Trigger::Claim,
        offer,
        valid_s: None,
    }
}

/// What a crowd got in one turn.
#[derive(Default)]
pub struct Got {
    pub seconds: f64,
    pub failed: usize,
    pub took_ms: Vec<f64>,
}

impl Got {
    pub fn rate(&self) -> f64 {
        self.took_ms.len() as f64 / self.seconds
    }

    pub fn percentile(&self, of_100: usize) -> f64 {
        self.took_ms
            .get((self.took_ms.len() * of_100 / 100).min(self.took_ms.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }
}

impl std::fmt::Display for Got {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (p50, p99) = (self.percentile(50), self.percentile(99));
        write!(
            f,
            "{:.0} claims/s, p50 {p50:.0} ms, p99 {p99:.0} ms, {} without an answer",
            self.rate(),
            self.failed
        )
    }
}

/// Every caller claims for one new member after the other.
pub async fn crowd<F: Future<Output = bool> + 'static>(
    turn: Duration,
    members: &Rc<Cell<u64>>,
    claim: impl Fn([u8; 16]) -> F,
) -> Got {
    let (claim, got) = (&claim, &RefCell::new(Got::default()));
    let began = Instant::now();
    let caller = || async move {
        while began.elapsed() < turn {
            members.set(members.get() + 1);
            let mut member = [0; 16];
            member[..8].copy_from_slice(&members.get().to_be_bytes());
            let asked = Instant::now();
            match claim(member).await {
                true => got.borrow_mut().took_ms.push(asked.elapsed().as_secs_f64() * 1000.0),
                false => got.borrow_mut().failed += 1,
            }
        }
    };
    join_all((0..CALLERS).map(|_| caller())).await;
    let mut got = got.take();
    got.seconds = began.elapsed().as_secs_f64();
    got.took_ms.sort_by(f64::total_cmp);
    got
}
