//! What is shown of lotteries, campaigns and batches, from one look to the next: their lines, and
//! nothing of those that have gone.

use actors::domain::coupons::Serial;
use actors::domain::pool::PoolName;
use base::meters::series::{Series, SeriesLine};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Something that comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Lottery(PoolName),
    Promotion(Serial),
}

/// What the last look has shown. A line is shown for as long as it is kept here.
#[derive(Default)]
pub struct Shown {
    lines: BTreeMap<Thing, Vec<Arc<SeriesLine>>>,
    /// Campaigns and batches that are awake and of which nothing can change any more: asked again,
    /// they would never sleep.
    over: BTreeSet<Serial>,
}

/// A look at everything.
pub struct Pass<'a> {
    series: &'a Series,
    before: Shown,
    next: Shown,
}

impl Pass<'_> {
    pub fn after(before: Shown, series: &Series) -> Pass<'_> {
        Pass { series, before, next: Shown::default() }
    }

    /// What is not shown or kept in this look goes.
    pub fn end(self) -> Shown {
        self.next
    }

    pub fn show(
        &mut self,
        thing: Thing,
        metric: &'static str,
        of: &[(&str, &str)],
        states: &[(&str, u64)],
    ) {
        self.next.lines.insert(thing, Vec::new());
        self.show_more(thing, metric, of, states);
    }

    /// The same beside what is shown of it already.
    pub fn show_more(
        &mut self,
        thing: Thing,
        metric: &'static str,
        of: &[(&str, &str)],
        states: &[(&str, u64)],
    ) {
        let line = |(state, count): &(&str, u64)| {
            let labels: Vec<(&str, &str)> = of.iter().copied().chain([("state", *state)]).collect();
            let line = self.series.line(metric, &labels);
            line.set(*count);
            line
        };
        self.next.lines.entry(thing).or_default().extend(states.iter().map(line));
    }

    /// As it was.
    pub fn keep(&mut self, thing: Thing) {
        if let Some(lines) = self.before.lines.get(&thing) {
            self.next.lines.insert(thing, lines.clone());
        }
    }

    pub fn keep_lotteries(&mut self) {
        let lotteries: Vec<Thing> = self
            .before
            .lines
            .keys()
            .filter(|thing| matches!(thing, Thing::Lottery(_)))
            .copied()
            .collect();
        lotteries.into_iter().for_each(|thing| self.keep(thing));
    }

    /// Whether nothing of it can change any more, as was found in a look before.
    pub fn is_over(&self, serial: Serial) -> bool {
        self.before.over.contains(&serial) || self.next.over.contains(&serial)
    }

    pub fn note_over(&mut self, serial: Serial) {
        self.next.over.insert(serial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::domain::day::Day;

    fn show(pass: &mut Pass<'_>, pool: u32) {
        pass.show(
            Thing::Lottery(Day(pool).into()),
            "tickets",
            &[("lottery", &pool.to_string())],
            &[("free", 1)],
        );
    }

    #[test]
    fn what_a_look_neither_shows_nor_keeps_is_gone_after_it() {
        let series = Series::default();
        let mut pass = Pass::after(Shown::default(), &series);
        (1..=3).for_each(|pool| show(&mut pass, pool));
        let shown = pass.end();
        let mut pass = Pass::after(shown, &series);
        show(&mut pass, 1);
        pass.keep(Thing::Lottery(Day(2).into()));
        pass.keep(Thing::Lottery(Day(9).into()));
        let shown = pass.end();
        let line = |pool: u32| format!("tickets{{lottery=\"{pool}\",state=\"free\"}} 1\n");
        assert_eq!(series.render(), format!("# TYPE tickets gauge\n{}{}", line(1), line(2)));
        drop(Pass::after(shown, &series).end());
        assert_eq!(series.render(), "");
    }
}
