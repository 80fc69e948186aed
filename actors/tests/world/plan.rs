//! What a seed decides before anything happens: how big the world is, and how unkind.

use actors::Time;
use actors::dice::Dice;
use actors::domain::day::Day;
use actors::domain::tickets::{SliceName, Terms};

pub const DAY: Day = Day(20_261_231);
pub const DIGITS: u8 = 4;
/// How long keys are remembered.
pub const SPAN_S: u32 = 3600;
/// 21:00 on the closing day; the lottery closes at midnight, in most worlds long after everything is over.
pub const EVENING: Time = Time(1_798_750_800_000);

pub struct Plan {
    pub names: Vec<SliceName>,
    pub terms: Terms,
    pub patterns: Vec<&'static str>,
    pub clients: usize,
    pub steps: usize,
    pub snapshot_every: u64,
    /// Of 1000 steps, so many are a misfortune.
    pub misfortunes: u64,
    /// Of 100 messages, so many never arrive, and of as many the reply is lost.
    pub lost: u64,
    pub seals: bool,
}

impl Plan {
    pub fn drawn(dice: &mut Dice) -> Plan {
        let places = 2 + dice.below(5) as usize;
        let closes_soon = dice.below(8) == 0;
        let closes_at = EVENING.plus_s(if closes_soon { 60 + dice.below(600) as u32 } else { 3 * 3600 * 24 });
        let copies = 1 + dice.below(2) as u16;
        let terms = Terms { digits: DIGITS, copies, holds_per_member: 3 + dice.below(8) as u16, hold_max_s: 1200, closes_at };
        // The fewer tickets, the more often a request is passed on and finds that somebody was faster.
        let patterns = match dice.below(4) {
            0 => vec!["*12*", "*1*3", "**23", "*123"],
            1 => vec!["*123", "*1*3", "*124", "*120"],
            _ => vec!["*123", "*124"],
        };
        Plan {
            names: SliceName::all(DAY, DIGITS).into_iter().take(places).collect(),
            terms,
            patterns,
            clients: 4 + dice.below(16) as usize,
            steps: 1000 + dice.below(3000) as usize,
            snapshot_every: 2 + dice.below(30),
            misfortunes: dice.below(40),
            lost: dice.below(6),
            seals: dice.below(2) == 0,
        }
    }
}
