//! The small pool: what there is of it, when it closes, and who is who.

use actors::domain::draw::{Hash, commitment};
use actors::domain::lottery::{BallotSetup, LotteryPlan, MemberLimits, TicketSetup};
use actors::domain::pool::PoolName;
use actors::domain::tickets::stock::Ticket;
use actors::domain::tickets::{OrderNumber, Pattern, SliceName};
use actors::domain::till::LimitKey;
use actors::{Caller, Id, Time};

pub const BEGINS_AT: Time = Time(1_000_000);
/// All that lives ends then, too.
pub const CLOSES_AT: Time = BEGINS_AT.plus_s(30);
pub const SEED: Hash = [7; 32];
const COPIES: u16 = 2;
pub const CARD: LimitKey = LimitKey(Id([100; 16]));
/// Its till is sealed first.
pub const TILL_OF_CARD: u8 = 0;
pub const TILL_OF_ORDER: u8 = 1;
pub const ORDER: OrderNumber = OrderNumber { till: TILL_OF_ORDER, number: 0 };
pub const TTL_S: u32 = 60;

pub fn member(number: u8) -> Caller {
    Caller::member(Id([number + 1; 16]))
}

pub fn any() -> Pattern {
    Pattern::any(4)
}

pub fn ticket(copy: u16) -> Ticket {
    Ticket { number: 0, copy }
}

pub fn slice_name() -> SliceName {
    SliceName::all(PoolName::default(), 4)[0]
}

pub fn plan() -> LotteryPlan {
    let tickets = TicketSetup {
        digits: 4,
        copies: COPIES,
        holds_per_member: 9,
        hold_max_s: 600,
        numbers: Some(1),
    };
    let ballots = BallotSetup {
        boxes: 1,
        most_per_box: 2,
        winners: 1,
        reserves: 0,
        commitment: commitment(&SEED),
        round: None,
    };
    LotteryPlan {
        tickets: Some(tickets),
        ballots: Some(ballots),
        limits: MemberLimits { held: Some(1), bought: Some(1) },
        ..LotteryPlan::named("small".into(), CLOSES_AT)
    }
}
