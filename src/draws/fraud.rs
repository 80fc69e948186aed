//! What can be wrong with a proof or a receipt, each under a name and an exit code that stay:
//! programs may rely on them.
//!
//! `docs/verify_draw.py` says the same names.

use std::fmt;

macro_rules! kinds {
    ($($kind:ident = $code:literal $name:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FraudKind { $($kind),* }

        impl FraudKind {
            pub const ALL: &[FraudKind] = &[$(FraudKind::$kind),*];

            pub fn name(self) -> &'static str {
                match self { $(FraudKind::$kind => $name),* }
            }

            /// What the program leaves with.
            pub fn code(self) -> u8 {
                match self { $(FraudKind::$kind => $code),* }
            }
        }
    };
}

kinds! {
    Truncated = 10 "truncated",
    Malformed = 11 "malformed",
    BallotMisplaced = 12 "ballot-misplaced",
    CountDiffers = 13 "count-differs",
    BoxRootDiffers = 14 "box-root-differs",
    LotteryRootDiffers = 15 "lottery-root-differs",
    SeedDiffers = 16 "seed-differs",
    CommitmentDiffers = 17 "commitment-differs",
    BeaconUnknown = 18 "beacon-unknown",
    RandomnessDiffers = 19 "randomness-differs",
    BeaconForged = 20 "beacon-forged",
    BeaconEarly = 21 "beacon-early",
    RoundDiffers = 22 "round-differs",
    WinnersDiffer = 23 "winners-differ",
    LotsDiffer = 24 "lots-differ",
    ReceiptMalformed = 25 "receipt-malformed",
    ReceiptForged = 26 "receipt-forged",
    ReceiptKeyDiffers = 27 "receipt-key-differs",
    ReceiptElsewhere = 28 "receipt-elsewhere",
    BallotRemoved = 29 "ballot-removed",
    BallotAdded = 30 "ballot-added",
    BallotChanged = 31 "ballot-changed",
    BallotMoved = 32 "ballot-moved",
    PathDiffers = 33 "path-differs",
}

/// The first thing that was found wrong, as one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fraud {
    pub kind: FraudKind,
    pub sentence: String,
}

impl FraudKind {
    pub fn because(self, sentence: impl Into<String>) -> Fraud {
        Fraud { kind: self, sentence: sentence.into() }
    }

    /// A fraud, unless that holds.
    pub fn unless(self, holds: bool, sentence: impl FnOnce() -> String) -> Result<(), Fraud> {
        if holds { Ok(()) } else { Err(self.because(sentence())) }
    }
}

impl fmt::Display for Fraud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.sentence)
    }
}

impl std::error::Error for Fraud {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_name_and_an_exit_code_of_its_own() {
        assert_eq!(
            FraudKind::ALL.iter().map(|kind| kind.name()).collect::<HashSet<_>>().len(),
            FraudKind::ALL.len()
        );
        assert_eq!(
            FraudKind::ALL.iter().map(|kind| kind.code()).collect::<HashSet<_>>().len(),
            FraudKind::ALL.len()
        );
        assert!(
            FraudKind::ALL.iter().all(|kind| kind.code() > 3),
            "0 to 3 say that all is in order, that something failed, and how the program was called"
        );
    }

    #[test]
    fn docs_list_every_kind_with_its_code() {
        let page = include_str!("../../docs/draws.md");
        for kind in FraudKind::ALL {
            assert!(
                page.contains(&format!("| `{}` | {} |", kind.name(), kind.code())),
                "{}",
                kind.name()
            );
        }
    }
}
