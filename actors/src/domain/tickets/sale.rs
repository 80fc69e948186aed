//! When tickets are sold and how many of them, and the parts of the number space that have names.

use super::pattern::Pattern;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Holds begin within this window. What is held by its end may still be bought until the closing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// None: as soon as the pool is there.
    pub starts_at: Option<Time>,
    /// None: when the pool closes.
    pub ends_at: Option<Time>,
    /// In the order of their instants, and of their tickets. None: all tickets from the start on.
    pub waves: Vec<Wave>,
}

/// So many tickets may be held and sold from then on, those of the waves before it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    pub at: Time,
    pub tickets: u64,
}

/// A part of the number space that has a name: a block of seats, or what one price buys. A number
/// bears every label whose pattern it matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub name: String,
    pub pattern: Pattern,
}

impl Sale {
    /// How many tickets the waves have let out by then. None: there are no waves, so all.
    pub fn released(&self, at: Time) -> Option<u64> {
        if self.waves.is_empty() {
            return None;
        }
        let last = self.waves.iter().take_while(|wave| wave.at <= at).last();
        Some(last.map_or(0, |wave| wave.tickets))
    }

    /// When more are released than are by then, if ever.
    pub fn next_release(&self, at: Time) -> Option<Time> {
        let released = self.released(at)?;
        self.waves.iter().find(|wave| wave.tickets > released).map(|wave| wave.at)
    }

    /// The same for one of several slices of these sizes, which share each wave.
    pub fn share(&self, sizes: &[u64], place: usize) -> Sale {
        let of_wave =
            |wave: &Wave| Wave { tickets: shares(wave.tickets, sizes)[place], at: wave.at };
        Sale { waves: self.waves.iter().map(of_wave).collect(), ..*self }
    }
}

/// How so many tickets are shared out over stocks of these sizes: one by one, in turns, as long as
/// a stock lasts. So the shares add up to all of them, none is more than its stock, and none is
/// smaller when more are shared out.
fn shares(tickets: u64, sizes: &[u64]) -> Vec<u64> {
    let (mut shares, mut left) = (vec![0; sizes.len()], tickets);
    loop {
        let lasting: Vec<usize> =
            (0..sizes.len()).filter(|place| shares[*place] < sizes[*place]).collect();
        let Some(least) = lasting.iter().map(|place| sizes[*place] - shares[*place]).min() else {
            return shares;
        };
        let turns = least.min(left / lasting.len() as u64);
        if turns == 0 {
            lasting.iter().take(left as usize).for_each(|place| shares[*place] += 1);
            return shares;
        }
        lasting.iter().for_each(|place| shares[*place] += turns);
        left -= turns * lasting.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_never_shrink() {
        for sizes in [vec![1000; 5], vec![1000, 1000, 7], vec![3], vec![1, 2, 3, 4], vec![5, 0, 5]]
        {
            let all: u64 = sizes.iter().sum();
            let mut before = vec![0; sizes.len()];
            for tickets in 0..=all + 3 {
                let shares = shares(tickets, &sizes);
                assert_eq!(shares.iter().sum::<u64>(), tickets.min(all));
                assert!(shares.iter().zip(&before).all(|(now, then)| now >= then));
                assert!(shares.iter().zip(&sizes).all(|(share, size)| share <= size));
                before = shares;
            }
        }
    }

    #[test]
    fn a_wave_counts_from_its_instant_on_until_the_next() {
        let wave = |at, tickets| Wave { at: Time(at), tickets };
        let sale = Sale { waves: vec![wave(10, 3), wave(20, 3), wave(30, 8)], ..Sale::default() };
        let at = |at| (sale.released(Time(at)), sale.next_release(Time(at)));
        assert_eq!(at(9), (Some(0), Some(Time(10))));
        assert_eq!(at(10), (Some(3), Some(Time(30))));
        assert_eq!(at(30), (Some(8), None));
        assert_eq!(Sale::default().released(Time(0)), None);
    }
}
