//! The rule by which a node believes its wall clock: a steady clock, which cannot be set, must
//! agree.
//!
//! While the two agree, time is what the wall clock says. A wall clock that drifts or is slewed is
//! followed, no faster than a tenth of the time that passes. One that has moved further at once is
//! not followed. Time then goes on by the steady clock, until the wall clock has come back, has
//! stayed where it is for long enough, or an operator accepts it. No clock is read in here.

/// What both clocks said at one moment, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Since 1970 (UTC).
    pub wall: i64,
    /// Since an instant of its own.
    pub steady: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// By how much a wall clock may be off at once and still be followed.
    pub step_us: i64,
    /// For how long it must stay where it has moved to before it is believed.
    pub trust_us: i64,
}

#[derive(Clone, Debug)]
pub struct Belief {
    rules: Rules,
    /// Time is the steady clock and this.
    offset: i64,
    /// Where the wall clock is expected, as an offset; it may be off by one step from here.
    expected: i64,
    read_at: i64,
    away: Option<Away>,
    steps: u64,
}

/// The wall clock is not where it is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Away {
    /// Where it is, as an offset.
    at: i64,
    since: i64,
}

/// How far the wall clock has moved, and for how long it has stayed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Ahead of the time that goes on, or with a minus behind it.
    pub by_us: i64,
    pub for_us: i64,
}

impl Moved {
    /// As people name it.
    pub fn seconds(&self) -> i64 {
        (self.by_us as f64 / 1e6).round() as i64
    }
}

impl Belief {
    pub fn begin(rules: Rules, first: Reading) -> Belief {
        let offset = first.wall - first.steady;
        Belief { rules, offset, expected: offset, read_at: first.steady, away: None, steps: 0 }
    }

    pub fn read(&mut self, reading: Reading) {
        let passed = reading.steady - std::mem::replace(&mut self.read_at, reading.steady);
        let at = reading.wall - reading.steady;
        if self.is_near(self.expected, at) {
            self.expected = followed(self.expected, at, passed);
            self.offset = at;
            self.away = None;
            return;
        }
        let away = match self.away.filter(|away| self.is_near(away.at, at)) {
            Some(away) => Away { at: followed(away.at, at, passed), ..away },
            None => self.note_step(at, reading.steady),
        };
        self.away = Some(away);
        if reading.steady - away.since >= self.rules.trust_us {
            self.believe(at);
        }
    }

    /// Believes the wall clock where it was read last, if it has moved by that much, give or take a
    /// step.
    pub fn accept(&mut self, by_us: i64) -> bool {
        match self.moved().filter(|moved| (moved.by_us - by_us).abs() <= self.rules.step_us) {
            Some(moved) => {
                self.believe(self.offset + moved.by_us);
                true
            }
            None => false,
        }
    }

    /// Time is the steady clock and this.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    pub fn moved(&self) -> Option<Moved> {
        self.away
            .map(|away| Moved { by_us: away.at - self.offset, for_us: self.read_at - away.since })
    }

    /// How often the wall clock was found to have moved.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn note_step(&mut self, at: i64, since: i64) -> Away {
        self.steps += 1;
        Away { at, since }
    }

    fn believe(&mut self, at: i64) {
        (self.offset, self.expected, self.away) = (at, at, None);
    }

    fn is_near(&self, one: i64, other: i64) -> bool {
        (one - other).abs() <= self.rules.step_us
    }
}

/// No faster than clocks are slewed, or many small steps would come to a large one.
fn followed(from: i64, to: i64, passed: i64) -> i64 {
    let most = passed.max(0) / 10;
    from + (to - from).clamp(-most, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;
    const DAY: i64 = 86_400 * S;
    const RULES: Rules = Rules { step_us: 5 * S, trust_us: 300 * S };

    /// Both clocks, moved by the test.
    struct Hands {
        wall: i64,
        steady: i64,
        belief: Belief,
    }

    impl Hands {
        fn new(rules: Rules) -> Hands {
            let (wall, steady) = (20_000 * DAY, 77 * S);
            Hands { wall, steady, belief: Belief::begin(rules, Reading { wall, steady }) }
        }

        /// Time passes for both, as the jobs see it: second by second.
        fn pass(&mut self, seconds: i64) -> &mut Hands {
            (0..seconds).for_each(|_| self.drift(S, S));
            self
        }

        fn drift(&mut self, wall: i64, steady: i64) {
            self.wall += wall;
            self.steady += steady;
            self.belief.read(Reading { wall: self.wall, steady: self.steady });
        }

        fn step(&mut self, by: i64) -> &mut Hands {
            self.drift(by, 0);
            self
        }

        /// How far time is behind the wall clock.
        fn behind(&self) -> i64 {
            self.wall - (self.steady + self.belief.offset())
        }

        fn moved_by(&self) -> Option<i64> {
            self.belief.moved().map(|moved| moved.by_us)
        }
    }

    #[test]
    fn while_the_clocks_agree_time_is_what_the_wall_clock_says() {
        let mut hands = Hands::new(RULES);
        hands.pass(3600);
        assert_eq!((hands.behind(), hands.moved_by(), hands.belief.steps()), (0, None, 0));
    }

    #[test]
    fn a_clock_that_is_ahead_for_seconds_moves_nothing() {
        for by in [DAY, 6 * S, -6 * S, -DAY] {
            let mut hands = Hands::new(RULES);
            hands.pass(10).step(by).pass(20);
            assert_eq!((hands.behind(), hands.moved_by()), (by, Some(by)));
            assert_eq!(hands.belief.moved().unwrap().for_us, 20 * S);
            hands.step(-by).pass(1);
            assert_eq!((hands.behind(), hands.moved_by(), hands.belief.steps()), (0, None, 1));
        }
    }

    #[test]
    fn a_clock_that_stays_where_it_has_moved_is_believed_then_and_not_before() {
        for by in [DAY, -DAY] {
            let mut hands = Hands::new(RULES);
            hands.step(by).pass(299);
            assert_eq!((hands.behind(), hands.moved_by()), (by, Some(by)));
            hands.pass(1);
            assert_eq!((hands.behind(), hands.moved_by()), (0, None));
            // From now on this is where it is expected, and where it was is not.
            hands.pass(1).step(-by);
            assert_eq!((hands.behind(), hands.moved_by()), (-by, Some(-by)));
        }
    }

    #[test]
    fn a_second_step_begins_the_wait_anew() {
        let mut hands = Hands::new(RULES);
        hands.step(DAY).pass(299).step(3600 * S).pass(299);
        assert_eq!((hands.moved_by(), hands.belief.steps()), (Some(DAY + 3600 * S), 2));
        hands.pass(1);
        assert_eq!((hands.behind(), hands.moved_by()), (0, None));
    }

    #[test]
    fn what_somebody_accepts_is_what_they_have_seen() {
        let mut hands = Hands::new(RULES);
        assert!(!hands.belief.accept(0), "it has not moved");
        hands.step(DAY).pass(7);
        assert!(
            !hands.belief.accept(-DAY)
                && !hands.belief.accept(0)
                && !hands.belief.accept(DAY + 6 * S)
        );
        assert_eq!(hands.behind(), DAY);
        assert!(hands.belief.accept(DAY - 2 * S));
        assert_eq!((hands.behind(), hands.moved_by()), (0, None));
        assert!(!hands.belief.accept(DAY), "it is accepted already");
        assert_eq!(hands.pass(10).moved_by(), None);
    }

    #[test]
    fn small_steps_are_followed_but_many_in_a_row_are_a_large_one() {
        let mut hands = Hands::new(RULES);
        hands.step(4 * S);
        assert_eq!((hands.behind(), hands.moved_by()), (0, None));
        hands.pass(60).step(4 * S);
        assert_eq!((hands.behind(), hands.moved_by()), (0, None));
        hands.pass(10).step(4 * S);
        assert_eq!(hands.moved_by(), Some(4 * S), "beside the two before");
    }

    #[test]
    fn a_clock_that_drifts_or_is_slewed_is_followed_for_as_long_as_it_takes() {
        // A leap second smeared over a day, the fastest slews of the kernel and of chrony.
        for parts_per_million in [12, 500, 83_333, -12, -500, -83_333] {
            let mut hands = Hands::new(RULES);
            (0..86_400).for_each(|_| hands.drift(S + parts_per_million, S));
            assert_eq!(
                (hands.behind(), hands.moved_by(), hands.belief.steps()),
                (0, None, 0),
                "{parts_per_million}"
            );
        }
    }

    #[test]
    fn a_clock_that_runs_twice_as_fast_is_not_followed() {
        let mut hands = Hands::new(RULES);
        (0..60).for_each(|_| hands.drift(2 * S, S));
        assert!(hands.behind() > 50 * S && hands.moved_by().is_some());
    }

    #[test]
    fn a_machine_that_slept_has_not_moved_its_clock() {
        let mut hands = Hands::new(RULES);
        hands.drift(8 * 3600 * S, 8 * 3600 * S);
        assert_eq!((hands.behind(), hands.moved_by()), (0, None));
    }

    #[test]
    fn a_clock_that_is_slewed_back_after_a_step_waits_no_shorter() {
        let mut hands = Hands::new(RULES);
        hands.step(DAY);
        (0..299).for_each(|_| hands.drift(S - 80_000, S));
        assert!(hands.moved_by().is_some() && hands.belief.steps() == 1);
        hands.pass(1);
        assert_eq!((hands.behind(), hands.moved_by()), (0, None));
    }

    #[test]
    fn without_a_wait_every_step_is_believed_at_once() {
        let mut hands = Hands::new(Rules { trust_us: 0, ..RULES });
        hands.step(DAY);
        assert_eq!((hands.behind(), hands.moved_by(), hands.belief.steps()), (0, None, 1));
    }

    #[test]
    fn people_are_told_of_whole_seconds() {
        let seconds = |by_us| Moved { by_us, for_us: 0 }.seconds();
        assert_eq!([DAY, 1_600_000, 400_000, -1_600_000].map(seconds), [86_400, 2, 0, -2]);
    }
}
