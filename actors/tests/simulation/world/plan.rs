//! What a seed decides before anything happens: how big the world is, and how unkind.

use actors::Time;
use actors::dice::Dice;
use actors::domain::ballots::{self, BoxName};
use actors::domain::coupons::campaign::{self, Trigger};
use actors::domain::coupons::{Discount, Offer, RangeName, Serial, rack, range};
use actors::domain::day::Day;
use actors::domain::draw::{Hash, commitment};
use actors::domain::lottery::{BallotSetup, Beacon, LotteryPlan, TicketSetup};
use actors::domain::pool::PoolName;
use actors::domain::tickets::{Label, Sale, SliceName, SliceTerms, Wave};
use actors::domain::till::{MemberLimits, TillName};

pub const POOL: PoolName = PoolName::Day(Day(20_261_231));
pub const DIGITS: u8 = 4;
/// How long keys are remembered.
pub const SPAN_S: u32 = 3600;
/// 21:00 on the closing day; the lottery closes at midnight, in most worlds long after everything
/// is over.
pub const EVENING: Time = Time(1_798_750_800_000);
const THREE_DAYS_S: u32 = 3 * 3600 * 24;

pub struct Plan {
    pub tickets: Tickets,
    pub orders: Orders,
    pub coupons: Coupons,
    pub ballots: Ballots,
    pub lottery: Lottery,
    /// Who tell a webhook what happens; in every third world nobody does.
    pub couriers: u64,
    /// Who work off imports; in every third world nobody does, but for clients who import parts.
    pub importers: u64,
    pub steps: usize,
    pub snapshot_every: u64,
    /// Memory for cards: none, a little, or enough.
    pub card_bytes: usize,
    /// Of 1000 steps, so many are a misfortune.
    pub misfortunes: u64,
    /// Of 100 messages, so many never arrive, and of as many the reply is lost.
    pub lost: u64,
}

pub struct Tickets {
    pub people: u64,
    pub names: Vec<SliceName>,
    pub pool: LotteryPlan,
    pub patterns: Vec<&'static str>,
    pub seals: bool,
}

pub struct Orders {
    pub people: u64,
    pub tills: Vec<TillName>,
}

pub struct Ballots {
    pub people: u64,
    pub names: Vec<BoxName>,
    pub terms: ballots::BoxTerms,
}

/// What the ballots are for: a draw from all boxes.
pub struct Lottery {
    pub plan: LotteryPlan,
    pub setup: BallotSetup,
    /// Known to nobody before the draw.
    pub seed: Hash,
    pub beacon: Option<Beacon>,
    /// Who bring it to its end; in every other world nobody does while much goes wrong.
    pub closers: u64,
}

pub struct Coupons {
    pub people: u64,
    pub campaigns: Vec<(Serial, campaign::CampaignPlan)>,
    /// First those of the batch of which a member may have many, then those of the batch of one
    /// each.
    pub ranges: Vec<(RangeName, range::RangeTerms)>,
    pub racks: u16,
    pub files: Vec<(Serial, rack::RackTerms)>,
    /// How many lines a file has.
    pub lines: u64,
}

pub const OFFER: Offer =
    Offer { min_amount: Some(1000), max_discount: Some(500), ..Offer::of(Discount::percent(10)) };

impl Plan {
    pub fn drawn(dice: &mut Dice) -> Plan {
        // Who comes for what; in most worlds some for either.
        let (ticket_people, coupon_people) = match dice.below(4) {
            0 => (4 + dice.below(16), 1),
            1 => (1, 4 + dice.below(16)),
            _ => (3 + dice.below(8), 3 + dice.below(8)),
        };
        let ballots = Ballots::drawn(dice);
        Plan {
            tickets: Tickets::drawn(ticket_people, dice),
            orders: Orders::drawn(dice),
            coupons: Coupons::drawn(coupon_people, dice),
            steps: 3000 + dice.below(9000) as usize,
            snapshot_every: 2 + dice.below(30),
            card_bytes: [0, 2_000, 1 << 30][dice.below(3) as usize],
            misfortunes: dice.below(40),
            lost: dice.below(6),
            couriers: dice.below(3),
            importers: dice.below(3),
            lottery: Lottery::of(&ballots, dice),
            ballots,
        }
    }
}

impl Tickets {
    fn drawn(people: u64, dice: &mut Dice) -> Tickets {
        let places = 2 + dice.below(5) as u32;
        // In every other world the last slice has fewer numbers than the others.
        let fewer = if dice.below(2) == 0 { dice.below(1000) as u32 } else { 0 };
        let numbers = Some(places * 1000 - fewer);
        let tickets = TicketSetup {
            digits: DIGITS,
            copies: 1 + dice.below(2) as u16,
            holds_per_member: 3 + dice.below(8) as u16,
            hold_max_s: 1200,
            numbers,
        };
        let label = |pattern: &str| Label {
            name: pattern.into(),
            pattern: pattern.parse().expect("it is one"),
        };
        let pool = LotteryPlan {
            tickets: Some(tickets),
            sale: a_sale(&tickets, dice),
            limits: some_limits(dice),
            labels: ["0***", "*1**", "**2*", "***3"].map(label).into(),
            ..LotteryPlan::named("the pool".into(), an_end(dice))
        };
        // The fewer tickets, the more often a request is passed on and finds that another was
        // faster.
        let patterns = match dice.below(4) {
            0 => vec!["*12*", "*1*3", "**23", "*123"],
            1 => vec!["*123", "*1*3", "*124", "*120"],
            _ => vec!["*123", "*124"],
        };
        let names = SliceName::all(POOL, DIGITS).into_iter().take(places as usize).collect();
        Tickets { people, names, pool, patterns, seals: dice.below(2) == 0 }
    }

    /// What a slice is told. What all of them are told of a wave is that wave.
    pub fn terms(&self, name: &SliceName) -> SliceTerms {
        let of = |name| self.pool.terms(name).expect("it has tickets");
        for (place, wave) in self.pool.sale.waves.iter().enumerate() {
            let shares = self.names.iter().map(|name| of(name).sale.waves[place].tickets);
            assert_eq!(shares.sum::<u64>(), wave.tickets);
        }
        of(name)
    }
}

/// In most worlds at any time; in some it begins later, ends soon, or comes in waves.
fn a_sale(tickets: &TicketSetup, dice: &mut Dice) -> Sale {
    let soon = |dice: &mut Dice, of: u64, from: u32, s: u64| {
        (dice.below(of) == 0).then(|| EVENING.plus_s(from + dice.below(s) as u32))
    };
    let (starts_at, ends_at) = (soon(dice, 6, 0, 300), soon(dice, 8, 60, 600));
    let first = soon(dice, 4, 0, 200);
    let waves = first.map_or_else(Vec::new, |at| {
        let few = 1 + dice.below(30);
        let more = if dice.below(2) == 0 { few + dice.below(60) } else { tickets.stock() };
        let next = at.plus_s(1 + dice.below(400) as u32);
        vec![Wave { at, tickets: few }, Wave { at: next, tickets: more }]
    });
    Sale { starts_at, ends_at, waves }
}

impl Orders {
    fn drawn(dice: &mut Dice) -> Orders {
        let tills = TillName::all(POOL, 1 + dice.below(3) as u8);
        Orders { people: dice.below(7), tills }
    }
}

/// So few that orders meet them.
fn some_limits(dice: &mut Dice) -> MemberLimits {
    let held = (dice.below(5) > 0).then(|| 3 + dice.below(8) as u16);
    let bought = (dice.below(5) > 0).then(|| 5 + dice.below(30) as u32);
    MemberLimits { held, bought }
}

impl Ballots {
    fn drawn(dice: &mut Dice) -> Ballots {
        // Few, so that boxes are soon full and requests are passed on.
        let terms = ballots::BoxTerms { closes_at: an_end(dice), most: 1 + dice.below(20) };
        Ballots { people: dice.below(6), names: BoxName::all(POOL, 2 + dice.below(2) as u8), terms }
    }
}

impl Lottery {
    /// In every other world a public round chooses, too.
    fn of(ballots: &Ballots, dice: &mut Dice) -> Lottery {
        let seed = [dice.below(256) as u8; 32];
        let round = (dice.below(2) == 0).then(|| dice.below(1000));
        let setup = BallotSetup {
            boxes: ballots.names.len() as u8,
            most_per_box: ballots.terms.most,
            winners: 1 + dice.below(5) as u16,
            reserves: dice.below(4) as u16,
            commitment: commitment(&seed),
            round,
        };
        let plan = LotteryPlan {
            ballots: Some(setup),
            ..LotteryPlan::named("the draw".into(), ballots.terms.closes_at)
        };
        let beacon = round.map(|round| Beacon { round, signature: vec![dice.below(256) as u8] });
        Lottery { plan, setup, seed, beacon, closers: 2 * dice.below(2) }
    }
}

impl Coupons {
    fn drawn(people: u64, dice: &mut Dice) -> Coupons {
        let triggers = [Trigger::Claim, Trigger::FirstLogin, Trigger::Code("OPEN".into())];
        let campaigns = (0u32..).zip(triggers).map(|(number, trigger)| {
            let plan = campaign::CampaignPlan {
                name: format!("campaign {number}"),
                quota: 1 + dice.below(people),
                starts_at: EVENING.plus_s(if dice.below(4) == 0 {
                    dice.below(300) as u32
                } else {
                    0
                }),
                ends_at: an_end(dice),
                trigger,
                offer: OFFER,
                valid_s: (dice.below(2) == 0).then(|| 30 + dice.below(1000) as u32),
            };
            (Serial(2 * number + 1), plan)
        });
        let campaigns = campaigns.collect();
        let mut ranges = Vec::new();
        for (batch, one_per_member) in [(Serial(2), false), (Serial(4), true)] {
            let (places, expires_at) = (2 + dice.below(3) as u8, an_end(dice));
            for range in 0..places {
                // Few, so that a batch is soon exhausted and requests are passed on.
                let terms = range::RangeTerms {
                    count: 1 + dice.below(6),
                    offer: OFFER,
                    expires_at,
                    one_per_member,
                };
                ranges.push((RangeName { batch, range }, terms));
            }
        }
        let files = [Serial(6), Serial(8)]
            .map(|batch| (batch, rack::RackTerms { offer: OFFER, expires_at: an_end(dice) }));
        Coupons {
            people,
            campaigns,
            ranges,
            racks: 2 + dice.below(2) as u16,
            files: files.into(),
            lines: 8 + dice.below(25),
        }
    }

    /// The places of a batch among all ranges.
    pub fn places(&self, one_per_member: bool) -> Vec<u16> {
        let of_it = |(_, (_, terms)): &(u16, &(RangeName, range::RangeTerms))| {
            terms.one_per_member == one_per_member
        };
        (0..).zip(&self.ranges).filter(of_it).map(|(place, _)| place).collect()
    }

    /// A line of a file. Some lines bring the code of another line, and some that of another file.
    pub fn line(&self, file: Serial, line: u64) -> rack::CodeLine {
        let code = match line % 7 {
            3 => format!("shared {line}"),
            5 => format!("{file} {}", line - 1),
            _ => format!("{file} {line}"),
        };
        (line, code.into())
    }
}

/// In one world of eight soon, in the others long after everything is over.
fn an_end(dice: &mut Dice) -> Time {
    let soon = dice.below(8) == 0;
    EVENING.plus_s(if soon { 60 + dice.below(600) as u32 } else { THREE_DAYS_S })
}
