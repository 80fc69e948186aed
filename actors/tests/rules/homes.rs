//! The three machines in which a coupon can live, seen alike.

use super::coupons::*;
use super::given::{ADA, s};
use actors::Machine;
use actors::domain::coupons::rack::{self, Rack};
use actors::domain::coupons::range::{self, Range};
use actors::domain::coupons::redeem::{Command, Event, Refusal};
use actors::domain::coupons::{Campaign, campaign, coupon::CouponView};
use testing::played::Played;

/// The same coupon, wherever it lives: until 10,000 seconds, Ada's from some moment on.
pub trait Home: Machine {
    const SLOT: u64;
    fn opening() -> Self::Event;
    fn assign() -> Self::Command;
    fn redeem(command: Command) -> Self::Command;
    fn redeemed(event: &Self::Event) -> Option<&Event>;
    fn why(refusal: &Self::Refusal) -> Option<Refusal>;
    fn view(played: &Played<Self>) -> Option<CouponView>;
}

impl Home for Range {
    const SLOT: u64 = 0;

    fn opening() -> range::Event {
        range::Event::Opened(TERMS)
    }

    fn assign() -> range::Command {
        range::Command::Give { slot: 0, member: ADA.id }
    }

    fn redeem(command: Command) -> range::Command {
        range::Command::Redeem(command)
    }

    fn redeemed(event: &range::Event) -> Option<&Event> {
        if let range::Event::Redeemed(event) = event { Some(event) } else { None }
    }

    fn why(refusal: &range::Refusal) -> Option<Refusal> {
        match refusal {
            range::Refusal::Coupon(why) => Some(*why),
            range::Refusal::Expired => Some(Refusal::Expired),
            _ => None,
        }
    }

    fn view(played: &Played<Self>) -> Option<CouponView> {
        match played.look(&range::Question::Coupon(0)) {
            range::Answer::Coupon(view) => view,
            other => panic!("{other:?}"),
        }
    }
}

impl Home for Rack {
    const SLOT: u64 = 0;

    fn opening() -> rack::Event {
        imported(BATCH, &[(1, "aa")])
    }

    fn assign() -> rack::Command {
        rack::Command::In { batch: BATCH, command: Range::assign() }
    }

    fn redeem(command: Command) -> rack::Command {
        rack::Command::In { batch: BATCH, command: range::Command::Redeem(command) }
    }

    fn redeemed(event: &rack::Event) -> Option<&Event> {
        if let rack::Event::In { event, .. } = event { Range::redeemed(event) } else { None }
    }

    fn why(refusal: &rack::Refusal) -> Option<Refusal> {
        if let rack::Refusal::In(refusal) = refusal { Range::why(refusal) } else { None }
    }

    fn view(played: &Played<Self>) -> Option<CouponView> {
        match played
            .look(&rack::Question::In { batch: BATCH, question: range::Question::Coupon(0) })
        {
            rack::Answer::In(range::Answer::Coupon(view)) => view,
            other => panic!("{other:?}"),
        }
    }
}

impl Home for Campaign {
    const SLOT: u64 = 1;

    fn opening() -> campaign::Event {
        campaign::Event::Opened(campaign::CampaignPlan { starts_at: s(0), ..plan() })
    }

    fn assign() -> campaign::Command {
        campaign::Command::Claim { member: ADA.id, code: None }
    }

    fn redeem(command: Command) -> campaign::Command {
        campaign::Command::Redeem(command)
    }

    fn redeemed(event: &campaign::Event) -> Option<&Event> {
        if let campaign::Event::Redeemed(event) = event { Some(event) } else { None }
    }

    fn why(refusal: &campaign::Refusal) -> Option<Refusal> {
        match refusal {
            campaign::Refusal::Coupon(why) => Some(*why),
            campaign::Refusal::Ended => Some(Refusal::Expired),
            _ => None,
        }
    }

    fn view(played: &Played<Self>) -> Option<CouponView> {
        match played.look(&campaign::Question::Voucher(1)) {
            campaign::Answer::Voucher(view) => view,
            other => panic!("{other:?}"),
        }
    }
}
