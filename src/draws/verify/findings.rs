//! What is told of a proof that is in order: what was checked, who was drawn, and what such a proof
//! cannot show.

use super::Known;
use super::beacon::due;
use crate::Receipt;
use crate::beacon::Chain;
use crate::bundle::{Bundle, Round};
use crate::inclusion::Inclusion;
use actors::domain::pool::PoolName;
use serde::Serialize;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Findings {
    title: String,
    checked: Vec<String>,
    drawn: Vec<String>,
    own: Vec<String>,
    not_proved: Vec<String>,
}

/// Printed in full: more would be a second copy of the proof.
const MOST_LOTS: usize = 100;

impl Findings {
    fn titled(title: String) -> Findings {
        Findings {
            title,
            checked: Vec::new(),
            drawn: Vec::new(),
            own: Vec::new(),
            not_proved: Vec::new(),
        }
    }

    pub fn of_draw(bundle: &Bundle) -> Findings {
        Findings::titled(format!("the draw of the lottery {}", bundle.pool()))
    }

    pub fn of_inclusion(inclusion: &Inclusion) -> Findings {
        Findings::titled(format!("the proof of the ballot {}", inclusion.ballot.0))
    }

    fn check(&mut self, said: impl Into<String>) {
        self.checked.push(said.into());
    }

    pub fn ballots_are_in_order(&mut self, bundle: &Bundle) {
        let ballots: usize = bundle.boxes.iter().map(|listed| listed.nonces.len()).sum();
        let boxes = bundle.boxes.len();
        self.check(format!(
            "{ballots} ballots in {boxes} boxes stand where their ids say, and all roots are theirs"
        ));
    }

    pub fn seed_is_the_committed_one(&mut self) {
        self.check("the seed is the one behind the proof's commitment");
    }

    pub fn beacon_is_signed(&mut self, round: &Round, chain: &Chain) {
        self.check(format!(
            "round {} of drand's quicknet was due at {}; the network signed it",
            round.round,
            due(round.round, chain)
        ));
    }

    pub fn lots_are_those_drawn(&mut self, bundle: &Bundle) {
        let (winners, lots) = (bundle.head.winners as usize, bundle.head.lots.len());
        let reserves = lots.saturating_sub(winners);
        self.check(format!(
            "the draw yields these lots, in this order: winners {}, reserves {reserves}",
            lots - reserves
        ));
        let said = |(number, lot): (usize, &crate::Text<_>)| {
            if number < winners {
                format!("winner {}: {}", number + 1, lot.0)
            } else {
                format!("reserve {}: {}", number - winners + 1, lot.0)
            }
        };
        self.drawn = bundle.head.lots.iter().take(MOST_LOTS).enumerate().map(said).collect();
        if lots > MOST_LOTS {
            self.drawn.push(format!("and {} more, as the proof names them", lots - MOST_LOTS));
        }
    }

    pub fn commitment_is_the_given_one(&mut self) {
        self.check("the commitment is the one that was given");
    }

    pub fn receipt_holds(&mut self, name: &str, receipt: &Receipt) {
        let (position, home) = (receipt.position().unwrap_or(0), receipt.ballot.0.name.number);
        self.check(format!(
            "{name} is signed; the first {position} ballots of box {home} are those it was signed \
             over, and what it promises was kept"
        ));
    }

    /// What became of the very ballot that a receipt is of.
    pub fn own_ballot_is_in_the_box(&mut self, receipt: &Receipt, bundle: &Bundle) {
        let (own, winners) = (receipt.ballot.0, bundle.head.winners as usize);
        let outcome = match bundle.head.lots.iter().position(|lot| lot.0 == own) {
            Some(place) if place < winners => format!("has won: winner {}", place + 1),
            Some(place) => format!("is a reserve: reserve {}", place - winners + 1),
            None => "was not drawn".to_owned(),
        };
        self.own.push(format!("your ballot {own} is in the box, and {outcome}"));
    }

    pub fn ballot_is_included(&mut self, inclusion: &Inclusion) {
        self.check(format!("the ballot is one of those under the lottery root {}", inclusion.root));
    }

    pub fn receipt_is_of_this_ballot(&mut self, name: &str) {
        self.check(format!("{name} is signed and is of this ballot"));
    }

    fn cannot(&mut self, said: impl Into<String>) {
        self.not_proved.push(said.into());
    }

    pub fn not_proved_by_draw(&mut self, bundle: &Bundle, known: &Known) {
        if known.commitment.is_none() && known.receipts.is_empty() {
            self.cannot(
                "that the seed was fixed before the ballots came: compare the commitment with the \
                 one published at creation (--commitment)",
            );
        }
        if known.receipts.is_empty() {
            self.cannot(
                "that no ballot was left out, added or exchanged: a proof that is made \
                anew as a whole is in order, too, and only a receipt exposes it (--receipt)",
            );
        } else {
            self.cannot(
                "anything about ballots that came after the position a receipt was signed \
                at, or that lie in other boxes: their own receipts show that",
            );
        }
        match &bundle.head.beacon {
            None => self.cannot(
                "that nobody tried out who would win: no public round was mixed \
                in, so whoever knew the seed could add ballots before the boxes were sealed",
            ),
            Some(_) if known.receipts.is_empty() => self.cannot(
                "that the round was named before \
                it was known: a receipt says which was (--receipt)",
            ),
            Some(_) => {}
        }
        if let (Some(round), PoolName::Own(name)) = (&bundle.head.beacon, bundle.pool()) {
            self.cannot(format!(
                "that round {} was not known before {name} closed, because its name says no day: \
                 whoever got a receipt before the round was due knows that it was not",
                round.round
            ));
        }
        self.not_proved_of_keys(known);
    }

    pub fn not_proved_by_inclusion(&mut self, known: &Known) {
        self.cannot(
            "that this lottery root is the one that was drawn from: compare it with the root of \
             the lottery and of the proof of its draw",
        );
        if known.commitment.is_some() {
            self.cannot(
                "anything about the commitment: the proof of one ballot does not hold it; \
                the proof of the draw does",
            );
        }
        self.not_proved_of_keys(known);
    }

    fn not_proved_of_keys(&mut self, known: &Known) {
        if let (None, Some((_, receipt))) = (known.key, known.receipts.first()) {
            self.cannot(format!(
                "whose key signed the receipts: compare {} with the published one (--key)",
                receipt.key
            ));
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "in order: {}", self.title)?;
        self.checked.iter().try_for_each(|said| writeln!(f, "checked: {said}"))?;
        self.drawn.iter().chain(&self.own).try_for_each(|said| writeln!(f, "{said}"))?;
        self.not_proved.iter().try_for_each(|said| writeln!(f, "not proved: {said}"))
    }
}
