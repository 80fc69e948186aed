//! What the calls about lotteries answer.

use crate::http::api::figures;
use crate::http::api::known_as::KnownAsBody;
use crate::http::api::pool::own_name;
use crate::http::export::TableLine;
use crate::http::words;
use actors::domain::draw::lottery_root;
use actors::domain::lottery::{BallotSetup, LotteryView, Phase, TicketSetup};
use actors::domain::pool::PoolName;
use actors::domain::tickets::TicketLedger;
use actors::domain::tickets::names::lead_digits;
use base::Hex;
use base::calendar::wire_time;
use draws::QUICKNET;
use products::ballots::InBox;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Lottery)]
pub struct LotteryBody {
    pub closes_on: String,
    /// The closing instant: the end of that day in the configured zone.
    pub closes_at: String,
    pub name: String,
    /// `open`, `closing`, `closed`, or `drawn`, to which only lotteries with ballots come;
    /// `withdrawing` for a moment, and `withdrawn` in the answer of a withdrawal.
    #[schema(value_type = words::LotteryStates)]
    pub state: &'static str,
    pub tickets: Option<TicketsBody>,
    pub ballots: Option<BallotsBody>,
    pub created_at: String,
    /// To whom the ledger, the statistics and the number of free tickets are told.
    #[schema(value_type = words::FigureReaders)]
    pub figures: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryTickets)]
pub struct TicketsBody {
    pub digits: u8,
    pub copies: u16,
    /// How many there are in all.
    pub stock: u64,
    /// Partitions that hand them out side by side; a member's limit of live held tickets counts in
    /// each of them.
    pub slices: u32,
    pub held_per_member_and_slice: u16,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryBallots)]
pub struct BallotsBody {
    pub winners: u16,
    pub reserves: u16,
    /// How many are taken at most.
    pub most: u64,
    /// Partitions that take them side by side.
    pub boxes: u8,
    /// SHA-256 of the seed that the draw will use, and reveal.
    #[schema(value_type = String)]
    pub commitment: Hex<32>,
    /// Null: no public beacon is mixed in.
    pub beacon: Option<BeaconBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryBeacon)]
pub struct BeaconBody {
    /// The hash of drand's network.
    #[schema(value_type = String)]
    pub chain: Hex<32>,
    pub round: u64,
    /// When it is due. The draw waits for it.
    pub due_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryLedger)]
pub struct LotteryLedgerBody {
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
    /// Ballots that were submitted.
    pub ballots: u64,
    /// Zero, always: stock = free + held + sold, and a sealed box holds what was sealed.
    pub imbalance: i64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryStatistics)]
pub struct StatisticsBody {
    pub lottery: String,
    /// The pool, if it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pool: Option<String>,
    #[schema(value_type = words::LotteryStates)]
    pub state: &'static str,
    /// Ballots that were submitted.
    pub ballots: u64,
    /// Box by box; a sealed one has its root.
    pub boxes: Vec<BoxBody>,
    /// Over all boxes, once they are sealed.
    #[schema(value_type = Option<String>)]
    pub root: Option<Hex<32>>,
    pub tickets_sold: u64,
    pub tickets_held: u64,
    pub tickets_free: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LotteryBox)]
pub struct BoxBody {
    pub ballots: u64,
    #[schema(value_type = Option<String>)]
    pub root: Option<Hex<32>>,
}

pub fn state(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Closing => "closing",
        Phase::Closed => "closed",
        Phase::Drawn => "drawn",
        Phase::Withdrawing => "withdrawing",
        Phase::Withdrawn => "withdrawn",
    }
}

impl LotteryBody {
    pub fn of(pool: PoolName, view: &LotteryView) -> LotteryBody {
        LotteryBody {
            closes_on: pool.to_string(),
            closes_at: wire_time(view.plan.closes_at),
            name: view.plan.name.clone(),
            state: state(view.phase),
            tickets: view.plan.tickets.map(TicketsBody::of),
            ballots: view.plan.ballots.map(BallotsBody::of),
            created_at: wire_time(view.created_at),
            figures: figures::written(view.plan.figures),
        }
    }
}

impl TicketsBody {
    fn of(tickets: TicketSetup) -> TicketsBody {
        TicketsBody {
            digits: tickets.digits,
            copies: tickets.copies,
            stock: tickets.stock(),
            slices: 10u32.pow(lead_digits(tickets.digits) as u32),
            held_per_member_and_slice: tickets.holds_per_member,
        }
    }
}

impl BallotsBody {
    pub fn of(ballots: BallotSetup) -> BallotsBody {
        let due_at = |round| wire_time(QUICKNET.time_of(round));
        BallotsBody {
            winners: ballots.winners,
            reserves: ballots.reserves,
            most: ballots.most_per_box * ballots.boxes as u64,
            boxes: ballots.boxes,
            commitment: Hex(ballots.commitment),
            beacon: ballots.round.map(|round| BeaconBody {
                chain: QUICKNET.hash,
                round,
                due_at: due_at(round),
            }),
        }
    }
}

impl LotteryLedgerBody {
    pub fn of(tickets: TicketLedger, boxes: &[InBox]) -> LotteryLedgerBody {
        let TicketLedger { stock, free, held, sold, imbalance, .. } = tickets;
        let lost: i64 =
            boxes.iter().filter_map(|one| Some(one.sealed?.count as i64 - one.count as i64)).sum();
        LotteryLedgerBody {
            stock,
            free,
            held,
            sold,
            ballots: boxes.iter().map(|one| one.count).sum(),
            imbalance: imbalance + lost,
        }
    }
}

impl TableLine for LotteryLedgerBody {
    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("stock", "/stock"),
        ("free", "/free"),
        ("held", "/held"),
        ("sold", "/sold"),
        ("ballots", "/ballots"),
        ("imbalance", "/imbalance"),
    ];
}

impl StatisticsBody {
    pub fn of(
        pool: PoolName,
        view: &LotteryView,
        tickets: TicketLedger,
        boxes: &[InBox],
    ) -> StatisticsBody {
        let root = |one: &InBox| one.sealed.map(|sealed| Hex(sealed.root));
        StatisticsBody {
            lottery: pool.to_string(),
            pool: own_name(pool),
            state: state(view.phase),
            ballots: boxes.iter().map(|one| one.count).sum(),
            boxes: boxes
                .iter()
                .map(|one| BoxBody { ballots: one.count, root: root(one) })
                .collect(),
            root: (!view.boxes.is_empty()).then(|| Hex(lottery_root(&view.boxes))),
            tickets_sold: tickets.sold,
            tickets_held: tickets.held,
            tickets_free: tickets.free,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Draw)]
pub struct DrawBody {
    pub lottery: String,
    /// The pool, if it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pool: Option<String>,
    /// The first of the winners. Null: nobody took part.
    pub winner: Option<LotBody>,
    /// In the order of the draw.
    pub winners: Vec<LotBody>,
    /// Who takes the place of winners who cannot be found, in their order.
    pub reserves: Vec<LotBody>,
    /// What was drawn with; its SHA-256 was published when the lottery was created.
    #[schema(value_type = String)]
    pub seed: Hex<32>,
    /// Over all ballots.
    #[schema(value_type = String)]
    pub root: Hex<32>,
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Lot)]
pub struct LotBody {
    pub ballot: String,
    /// For the public: shortened or masked, and `a member` for whoever is known to a service alone
    /// or has gone.
    #[schema(example = "Ada L.")]
    pub name: String,
    /// Whose ballot it is: for administrators, and for the service whose member it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub member: Option<String>,
    /// What a service calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub known_as: Option<KnownAsBody>,
}

/// What a closing came to.
#[derive(Serialize, ToSchema)]
#[schema(as = ClosedLottery)]
pub struct ClosedBody {
    #[serde(flatten)]
    pub lottery: LotteryBody,
    /// Who has won, as `/winner` tells an administrator. Null as long as nothing is drawn.
    pub draw: Option<DrawBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptKey)]
pub struct ReceiptKeyBody {
    /// Always `ed25519`.
    pub algorithm: &'static str,
    #[schema(value_type = String)]
    pub key: Hex<32>,
    #[schema(format = DateTime)]
    pub since: String,
}
