//! How hard challenges are, by how many were solved lately: each doubling of the rate doubles the
//! work, in steps. It rises at once and falls step by step.
//!
//! Only solved ones count. So nobody makes it harder for others without working for it.

use actors::Time;

/// 16 times as hard, and no harder: a slow phone must come through.
pub const MOST_STEPS: u32 = 4;
/// The span in which is counted.
const SPAN_S: i64 = 5;

/// Reads no clock: it is told the time, which may jump.
#[derive(Debug)]
pub struct Difficulty {
    per_second: u32,
    span: i64,
    solved: u64,
    step: u32,
}

impl Difficulty {
    pub fn above(per_second: u32) -> Difficulty {
        Difficulty { per_second, span: i64::MIN, solved: 0, step: 0 }
    }

    /// Another one was solved.
    pub fn count(&mut self, now: Time) {
        self.move_to(now);
        self.solved += 1;
        self.step = self.step.max(self.wanted());
    }

    /// How often the work is doubled.
    pub fn step(&mut self, now: Time) -> u32 {
        self.move_to(now);
        self.step
    }

    /// One step down for each span that was quieter.
    fn move_to(&mut self, now: Time) {
        let span = now.0.div_euclid(SPAN_S * 1000);
        if span == self.span {
            return;
        }
        let passed = span.saturating_sub(self.span);
        // The span that ends here, and those in which nothing was solved.
        let quieter = self.step.saturating_sub(1).max(self.wanted());
        self.step = match passed {
            ..=1 => quieter,
            more => quieter.saturating_sub(u32::try_from(more - 1).unwrap_or(u32::MAX)),
        };
        (self.span, self.solved) = (span, 0);
    }

    fn wanted(&self) -> u32 {
        steps(self.solved, u64::from(self.per_second) * SPAN_S.unsigned_abs())
    }
}

/// The fewest doublings of what is allowed that let so many in.
fn steps(solved: u64, allowed: u64) -> u32 {
    (0..MOST_STEPS).find(|step| solved <= allowed << step).unwrap_or(MOST_STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN_MS: i64 = SPAN_S * 1000;

    fn after(difficulty: &mut Difficulty, spans: i64, solved: u64) -> u32 {
        let now = Time(spans * SPAN_MS);
        (0..solved).for_each(|_| difficulty.count(now));
        difficulty.step(now)
    }

    #[test]
    fn each_doubling_of_the_rate_is_a_step() {
        let of = |solved| steps(solved, 50);
        assert_eq!([0, 50, 51, 100, 101, 200, 201, 400, 401].map(of), [0, 0, 1, 1, 2, 2, 3, 3, 4]);
        assert_eq!(of(u64::MAX), MOST_STEPS);
    }

    #[test]
    fn it_rises_at_once_and_falls_a_step_for_each_quieter_span() {
        // Ten a second are fifty in a span.
        let mut difficulty = Difficulty::above(10);
        assert_eq!(after(&mut difficulty, 0, 50), 0);
        assert_eq!(after(&mut difficulty, 1, 51), 1);
        assert_eq!(after(&mut difficulty, 1, 350), 4);
        // As busy as before, less busy, and quiet.
        assert_eq!(after(&mut difficulty, 2, 401), 4);
        assert_eq!(after(&mut difficulty, 3, 200), 4);
        assert_eq!(after(&mut difficulty, 4, 0), 3);
        assert_eq!(after(&mut difficulty, 5, 0), 2);
        assert_eq!(after(&mut difficulty, 6, 0), 1);
        assert_eq!(after(&mut difficulty, 7, 0), 0);
    }

    #[test]
    fn spans_that_nobody_looked_at_count_and_a_clock_that_jumps_does_no_harm() {
        let mut difficulty = Difficulty::above(10);
        assert_eq!(after(&mut difficulty, 0, 1000), 4);
        assert_eq!(after(&mut difficulty, 3, 0), 2);
        assert_eq!(after(&mut difficulty, 3, 1000), 4);
        assert_eq!(after(&mut difficulty, -5, 0), 4);
        assert_eq!(after(&mut difficulty, i64::MAX / SPAN_MS, 0), 0);
    }
}
