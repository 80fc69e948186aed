//! What is said of partitions that nobody has opened: which command opens one, which refusal asks
//! for it, and which answer says no more than that.

use super::coupons::{BATCH, RACK_TERMS, TERMS, import, plan, use_it};
use super::given::s;
use super::terms;
use actors::Machine;
use actors::domain::ballots::{self, BallotBox, BoxName, BoxTerms};
use actors::domain::coupons::{Campaign, Rack, Range, campaign, rack, range};
use actors::domain::pool::PoolCommand;
use actors::domain::tickets::{self, Slice};
use actors::domain::till::{self, MemberLimits, Till, TillTerms};

/// Of a machine: commands that open it and one that does not, refusals and answers likewise.
fn is_so_of<M: Machine>(
    opening: &[M::Command],
    other: &M::Command,
    (must_be_opened, other_refusal): (&M::Refusal, &M::Refusal),
    (unopened, other_answer): (&M::Answer, &M::Answer),
) {
    assert!(opening.iter().all(M::is_opening), "{opening:?}");
    assert!(!M::is_opening(other), "{other:?}");
    assert!(M::must_be_opened(must_be_opened), "{must_be_opened:?}");
    assert!(!M::must_be_opened(other_refusal), "{other_refusal:?}");
    assert!(M::is_unopened(unopened), "{unopened:?}");
    assert!(!M::is_unopened(other_answer), "{other_answer:?}");
}

#[test]
fn only_an_opening_opens_a_part_of_a_pool() {
    let terms = Box::new(terms::TERMS);
    let open = tickets::Command::Open { lead: 3, terms };
    is_so_of::<Slice>(
        &[open.clone(), open.of(2), tickets::Command::Withdraw { edition: 0 }],
        &tickets::Command::Seal.of(2),
        (&tickets::Refusal::NotOpened, &tickets::Refusal::Closed),
        (&tickets::Answer::NotOpened, &tickets::Answer::Hold(None)),
    );
    let limits = MemberLimits::default();
    let terms = TillTerms { limits, hold_max_s: 600, closes_at: s(9) };
    let open = till::Command::Open { terms };
    is_so_of::<Till>(
        &[open.clone(), open.of(2), till::Command::Withdraw { edition: 0 }],
        &till::Command::Seal,
        (&till::Refusal::NotOpened, &till::Refusal::Closed),
        (&till::Answer::NotOpened, &till::Answer::Order(None)),
    );
    let terms = BoxTerms { closes_at: s(9), most: 1 };
    let open = ballots::Command::Open { name: BoxName::default(), terms };
    is_so_of::<BallotBox>(
        &[open.clone(), open.of(2), ballots::Command::Withdraw { edition: 0 }],
        &ballots::Command::Submit,
        (&ballots::Refusal::NotOpened, &ballots::Refusal::Full),
        (&ballots::Answer::NotOpened, &ballots::Answer::Path(None)),
    );
}

#[test]
fn only_an_opening_opens_coupons() {
    is_so_of::<Range>(
        &[range::Command::Open(TERMS)],
        &range::Command::Redeem(use_it(0)),
        (&range::Refusal::NotOpened, &range::Refusal::Exhausted),
        (&range::Answer::NotOpened, &range::Answer::Coupon(None)),
    );
    is_so_of::<Campaign>(
        &[campaign::Command::Open(plan())],
        &campaign::Command::Pause,
        (&campaign::Refusal::NotOpened, &campaign::Refusal::SoldOut),
        (&campaign::Answer::NotOpened, &campaign::Answer::Voucher(None)),
    );
    // A rack is there for all batches that are imported, and needs no opening itself.
    let open = rack::Command::Open { batch: BATCH, terms: RACK_TERMS };
    assert!(Rack::is_opening(&open) && !Rack::is_opening(&import(BATCH, &[(1, "aa")])));
}
